"""The halves, fixed beforehand: what rules may be fixed on, and what figures are reported on.

The second was held back until it had been run once; rules were mended on it afterwards, so that it is a half to develop
on as the first is. The third took its place, was run once, and went the same way, as did those after it, up to the
tenth; the name stayed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmarks.faults.program import FRAMEWORKS, Network, Program, Training

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.faults.program import Framework, Sets

Half = Literal["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]

SETS: Mapping[Half, tuple[str, ...]] = {
    "first": ("sums", "document", "oscillation", "transformer"),
    "second": ("narma", "lags", "rainfall", "dust"),
    "third": ("glass", "pendulum", "seas", "engines"),
    "fourth": ("convection", "marked", "spots", "sugar"),
    "fifth": ("rabbits", "boiler", "demand", "airfield"),
    "sixth": ("queue", "doses", "reef", "roads"),
    "seventh": ("epidemic", "beam", "calls", "riders"),
    "eighth": ("swings", "yeast", "storms", "births"),
    "ninth": ("walks", "synapse", "houses", "delays"),
    "tenth": ("lessons", "snow", "careers", "ride"),
}
"""Data sets of each half."""

SOUND: Mapping[str, float] = {
    "sums": 0.8, "document": 0.9, "oscillation": 0.8, "transformer": 0.5,
    "narma": 0.6, "lags": 0.6, "rainfall": 0.3, "dust": 0.7,
    "glass": 0.85, "pendulum": 0.8, "seas": 0.65, "engines": 0.6,
    "convection": 0.85, "marked": 0.8, "spots": 0.6, "sugar": 0.6,
    "rabbits": 0.85, "boiler": 0.85, "demand": 0.85, "airfield": 0.65,
    "queue": 0.85, "doses": 0.9, "reef": 0.97, "roads": 0.55,
    "epidemic": 0.8, "beam": 0.95, "calls": 0.9, "riders": 0.85,
    "swings": 0.8, "yeast": 0.9, "storms": 0.8, "births": 0.8,
    "walks": 0.85, "synapse": 0.95, "houses": 0.85, "delays": 0.6,
    "lessons": 0.85, "snow": 0.8, "careers": 0.77, "ride": 0.93,
}  # fmt: skip
"""R² on held-out data that a program must reach to count as healthy: said here, before any diagnosis is asked."""

NETWORKS: Mapping[Half, Mapping[Framework, tuple[Network, Network]]] = {
    "first": {
        "keras": (Network(units=(24,)), Network(units=(24, 16), dropout=0.1)),
        "torch": (Network(units=(24,)), Network(units=(20, 20))),
        "sklearn": (Network(units=(), dense=(64,)), Network(units=(), dense=(50, 25))),
        "unflat": (Network(units=(24,), readout="all", skip=True), Network(units=(16, 16))),
    },
    "second": {
        "keras": (Network("gru", units=(24,)), Network(units=(32,), dense=(16,))),
        "torch": (Network("gru", units=(24,)), Network(units=(32,), dense=(16,))),
        "sklearn": (Network(units=(), dense=(100,), dense_activation="tanh"), Network(units=(), dense=(32, 32))),
        "unflat": (Network("gru", units=(20,), readout="all", skip=True), Network(units=(28,), dropout=0.1)),
    },
    "third": {
        "keras": (Network(units=(16,), bidirectional=True), Network(units=(24,), filters=16)),
        "torch": (Network(units=(16, 16, 16)), Network("gru", units=(24,), filters=16)),
        "sklearn": (Network(units=(), dense=(48, 24, 12)), Network(units=(), dense=(60,), dense_activation="logistic")),
        "unflat": (Network(units=(16,), readout="all", bidirectional=True), Network("gru", units=(20, 12))),
    },
    "fourth": {
        "keras": (
            Network("gru", units=(20, 12), dropout=0.1),
            Network(units=(20,), dense=(16,), dense_activation="tanh"),
        ),
        "torch": (Network("gru", units=(16,), bidirectional=True), Network(units=(24,), dense=(24, 12))),
        "sklearn": (Network(units=(), dense=(80, 40)), Network(units=(), dense=(40, 20), dense_activation="tanh")),
        "unflat": (Network(units=(24, 12), readout="all", skip=True), Network("gru", units=(16,), bidirectional=True)),
    },
    "fifth": {
        "keras": (Network(units=(20, 16), bidirectional=True), Network("gru", units=(28,), filters=12)),
        "torch": (Network("gru", units=(24, 16)), Network(units=(20,), dense=(32,), bidirectional=True)),
        "sklearn": (Network(units=(), dense=(64, 32)), Network(units=(), dense=(40,), dense_activation="tanh")),
        "unflat": (Network("gru", units=(32,), readout="all"), Network(units=(20,), skip=True, dropout=0.1)),
    },
    "sixth": {
        "keras": (Network("gru", units=(20,), dense=(12,), bidirectional=True), Network(units=(28, 14))),
        "torch": (Network(units=(24,), filters=12), Network("gru", units=(20, 20), dropout=0.1)),
        "sklearn": (Network(units=(), dense=(72,)), Network(units=(), dense=(36, 18), dense_activation="tanh")),
        "unflat": (Network(units=(20, 10), readout="all", skip=True), Network("gru", units=(24,), dropout=0.1)),
    },
    "seventh": {
        "keras": (Network("gru", units=(32,), dense=(16,)), Network(units=(16, 16), bidirectional=True)),
        "torch": (Network(units=(32,), dropout=0.1), Network("gru", units=(18,), filters=10)),
        "sklearn": (Network(units=(), dense=(50,), dense_activation="tanh"), Network(units=(), dense=(64, 32, 16))),
        "unflat": (Network("gru", units=(36,), readout="all", skip=True), Network(units=(24, 24))),
    },
    "eighth": {
        "keras": (
            Network("gru", units=(24, 12), dense=(12,)),
            Network(units=(22,), bidirectional=True, filters=8),
        ),
        "torch": (
            Network("gru", units=(30,), dense=(15,), dense_activation="tanh"),
            Network(units=(18, 18), bidirectional=True),
        ),
        "sklearn": (Network(units=(), dense=(90,)), Network(units=(), dense=(54, 27))),
        "unflat": (
            Network(units=(18,), readout="all", skip=True, bidirectional=True),
            Network("gru", units=(18, 18), dropout=0.1),
        ),
    },
    "ninth": {
        "keras": (Network(units=(30,), dense=(20,), dropout=0.1), Network("gru", units=(18, 12), bidirectional=True)),
        "torch": (
            Network(units=(26, 13), dense=(10,)),
            Network("gru", units=(22,), bidirectional=True, filters=8),
        ),
        "sklearn": (Network(units=(), dense=(84,)), Network(units=(), dense=(45, 45))),
        "unflat": (
            Network("gru", units=(22,), readout="all", skip=True, bidirectional=True),
            Network(units=(30,), dropout=0.15),
        ),
    },
    "tenth": {
        "keras": (
            Network("gru", units=(26,), dropout=0.1),
            Network(units=(24,), dense=(18,), bidirectional=True),
        ),
        "torch": (
            Network(units=(22, 22), dense=(11,)),
            Network("gru", units=(20, 10), filters=8),
        ),
        "sklearn": (Network(units=(), dense=(96,)), Network(units=(), dense=(60, 30))),
        "unflat": (
            Network("gru", units=(22, 11), readout="all", skip=True),
            Network(units=(26,), bidirectional=True, dropout=0.1),
        ),
    },
}
"""Architectures of each half, one for each of the two ways of writing a program."""

TRAINING: Mapping[Framework, Training] = {
    "keras": Training(rate=1e-2, epochs=25),
    "torch": Training(rate=5e-3, epochs=45),
    "sklearn": Training(rate=1e-3, epochs=150, decay=1e-4),
    "unflat": Training(rate=5e-3, epochs=40, decay=1e-4, clip=1.0),
}
"""How programs of each framework are trained."""


def bases(half: Half, name: str, sets: Sets, seed: int) -> Iterator[Program]:
    """Give the healthy programs on one data set: each framework, each of its two ways."""
    for framework in FRAMEWORKS:
        for style, network in enumerate(NETWORKS[half][framework]):
            training = TRAINING[framework]
            yield Program(framework, name, style, seed, sets, network=network, training=training, sound=SOUND[name])
