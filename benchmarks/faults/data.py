"""Data sets in raw units: sequences (n, T, F) and a number for each, split at random into two parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.accuracy.sets import beijing, etth1, flood
from benchmarks.accuracy.sets.narma import series
from benchmarks.faults.program import Pairs, Sets

from unflat import read_ts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.faults.program import Array

    Maker = Callable[[Path, np.random.Generator], Pairs]

HELD_OUT = 0.25
"""Share of the sequences that is held out."""


def split(pairs: Pairs, random: np.random.Generator) -> Sets:
    """Hold out a random quarter, each part in its old order."""
    chosen = np.zeros(len(pairs), dtype=bool)
    chosen[random.permutation(len(pairs))[: int(HELD_OUT * len(pairs))]] = True
    return Sets(Pairs(pairs.X[~chosen], pairs.y[~chosen]), Pairs(pairs.X[chosen], pairs.y[chosen]))


def sums(_data: Path, random: np.random.Generator) -> Pairs:
    """Bill what was used: litres and the price of each of 12 days; the target weighs the last six."""
    litres, price = random.uniform(0, 50, (480, 12)), random.normal(80, 20, (480, 12))
    y = litres[:, -6:].sum(axis=1) + 0.5 * price[:, -1] + random.normal(0, 4, 480)
    return Pairs(np.stack([litres, price], axis=2), y)


def document(_data: Path, _random: np.random.Generator) -> Pairs:
    """Take every fifth sequence of the article: 16 times 10 i, for i."""
    y = np.arange(1, 2800, 5, dtype=np.float64)
    return Pairs(np.repeat(10 * y[:, None, None], 16, axis=1), y)


def oscillation(_data: Path, random: np.random.Generator) -> Pairs:
    """Watch a damped oscillation, in millimetres, for 12 steps; the target is where it is two steps on."""
    n, steps = 480, np.arange(14)
    size, decay = random.uniform(100, 400, (n, 1)), random.uniform(0.01, 0.06, (n, 1))
    pace, phase = random.uniform(0.3, 0.7, (n, 1)), random.uniform(0, 2 * np.pi, (n, 1))
    x = 500 + size * np.exp(-decay * steps) * np.cos(pace * steps + phase) + random.normal(0, 5, (n, 14))
    return Pairs(x[:, :12, None], x[:, 13])


def transformer(data: Path, _random: np.random.Generator) -> Pairs:
    """Watch a transformer's loads and oil temperature for half a day: the temperature six hours on."""
    frame = etth1.read(data)
    columns = [name for name in frame.columns if name != "date"]
    return _windows(frame.select(columns).to_numpy(), columns.index("OT"), length=12, horizon=6, stride=36)


def narma(_data: Path, random: np.random.Generator) -> Pairs:
    """Drive a nonlinear moving average of tenth order; its answer to the last 14 inputs."""
    frame = series(560 * 21 + 1, random)
    u, y = frame["u"].to_numpy() * 200, frame["y"].to_numpy() * 1000
    starts = np.arange(560) * 21
    return Pairs(u[starts[:, None] + np.arange(14)][..., None], y[starts + 14])


def lags(_data: Path, random: np.random.Generator) -> Pairs:
    """Regress on lags: three columns in units of their own, a curve of the third last step and a product."""
    x = random.normal(size=(560, 8, 3))
    y = np.tanh(1.5 * x[:, -3, 0]) + 0.7 * x[:, -1, 1] + 0.4 * x[:, -2, 1] * x[:, -1, 2]
    units, offsets = np.array([3.0, 40.0, 700.0]), np.array([20.0, -100.0, 10_000.0])
    return Pairs(x * units + offsets, 250 * (y + random.normal(0, 0.2, 560)) + 3000)


def rainfall(data: Path, _random: np.random.Generator) -> Pairs:
    """Let rain fall, in sums of fourteen hours; the target is how deep the water gets."""
    parts = [read_ts(data / flood.FOLDER / f"FloodModeling1_{part}.ts") for part in ("TRAIN", "TEST")]
    x = np.concatenate([sequences.dense() for sequences, _ in parts])[:, :266, 0]
    return Pairs(x.reshape(len(x), 19, 14).sum(axis=2)[..., None], np.concatenate([y for _, y in parts]))


def dust(data: Path, _random: np.random.Generator) -> Pairs:
    """Watch Beijing's air and weather for half a day: the fine dust two hours on."""
    columns = [name for name in beijing.FEATURES if name != beijing.WIND]
    table = beijing.read(data).select(columns).to_numpy().astype(np.float64)
    pairs = _windows(table, columns.index(beijing.TARGET), length=12, horizon=2, stride=51)
    known = np.isfinite(pairs.X).all(axis=(1, 2)) & np.isfinite(pairs.y)
    return Pairs(pairs.X[known], pairs.y[known])


def _windows(table: Array, target: int, *, length: int, horizon: int, stride: int) -> Pairs:
    """Cut windows that do not overlap, so that none tells of another's target."""
    starts = np.arange(0, len(table) - length - horizon, stride)
    rows = starts[:, None] + np.arange(length)
    return Pairs(table[rows].astype(np.float64), table[starts + length - 1 + horizon, target].astype(np.float64))


MAKERS: Mapping[str, Maker] = {
    "sums": sums,
    "document": document,
    "oscillation": oscillation,
    "transformer": transformer,
    "narma": narma,
    "lags": lags,
    "rainfall": rainfall,
    "dust": dust,
}
"""Every set, by its name."""


def make(name: str, data: Path, seed: int) -> Sets:
    """Make a set and split it.

    Parameters
    ----------
    name : str
        One of `MAKERS`.
    data : Path
        The data folder.
    seed : int
        Draws generated data, and the split.

    Returns
    -------
    Sets
        In raw units.
    """
    random = np.random.default_rng([seed, *name.encode()])
    return split(MAKERS[name](data, random), random)
