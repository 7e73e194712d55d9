"""Programs with nothing wrong, on data that make a careless diagnosis raise the alarm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.data import in_time, split
from benchmarks.faults.halves import NETWORKS, TRAINING
from benchmarks.faults.program import FRAMEWORKS, Pairs, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.faults.halves import Half
    from benchmarks.faults.program import Array, Training


@dataclass(frozen=True)
class Control:
    """One kind of data.

    Parameters
    ----------
    n : int
        Sequences.
    signal : float
        R² of the best possible prediction.
    tails : float or None
        Degrees of freedom of Student's t, which the noise has; None for normal noise.
    passes : float
        How many times as many epochs, without stopping early; 0 for as many with stopping.
    of_a_series : bool
        Whether sequences are overlapping windows of one series of noise, and targets its next values.
    """

    n: int
    signal: float
    tails: float | None = None
    passes: float = 0
    of_a_series: bool = False

    def bar(self, half: Half) -> float:
        """R² that a program must reach to count as one with nothing wrong.

        From the sixth half on it is half of what can be known, where that is most of the target and sequences are many;
        a perceptron that explains a hundredth where seven tenths can be known is not one with nothing wrong. From the
        seventh on it is 0 where less can be known: what is worse than the mean is *failing* by the word's own meaning,
        and has learned noise. From the eighth on it is 0 where sequences are few, too: what explains nothing where
        nearly all can be explained is *flat*. Where nothing can be known, nothing is asked.
        """
        if half in UNASKED or self.signal == 0:
            return -np.inf
        if self.signal >= _MUCH and self.n >= _MANY:
            return self.signal / 2
        unasked = UNASKED_OF_WEAK if self.n >= _MANY else UNASKED_OF_FEW
        return -np.inf if half in unasked else 0.0


CONTROLS = {
    "pure noise": Control(600, 0.0),
    "R² 0.02": Control(800, 0.02),
    "R² 0.05": Control(800, 0.05),
    "R² 0.1": Control(800, 0.1),
    "R² 0.2": Control(800, 0.2),
    "heavy tails": Control(600, 0.7, tails=2.5),
    "28 sequences": Control(28, 0.95),
    "48 sequences": Control(48, 0.95),
    "to convergence": Control(600, 0.98, passes=4),
    "returns": Control(600, 0.0, of_a_series=True),
}
"""Every kind, by its name."""

LATER = ("returns",)
"""Kinds that came with the third half, and are no part of those before."""

BEFORE = ("first", "second")
"""The halves before."""

UNASKED = ("first", "second", "third", "fourth", "fifth")
"""The halves in which every control counted, whatever it reached."""

UNASKED_OF_WEAK = (*UNASKED, "sixth")
"""Those in which every control with a weak signal counted."""

UNASKED_OF_FEW = (*UNASKED_OF_WEAK, "seventh")
"""Those in which every control of few sequences counted."""

_STEPS, _FEATURES = 10, 2
_MUCH, _MANY = 0.5, 100


def controls(half: Half, name: str, seed: int) -> Iterator[Program]:
    """Give the programs of one kind: each framework, each of its two ways.

    Parameters
    ----------
    half : str
        Whose architectures, and whose function of the sequences.
    name : str
        One of `CONTROLS`.
    seed : int
        Draws data, and seeds the programs.

    Yields
    ------
    Program
        A program with nothing wrong.
    """
    control = CONTROLS[name]
    random = np.random.default_rng([seed, *name.encode()])
    if control.of_a_series:
        sets = in_time(_of_a_series(control, random))
    else:
        sets = split(draw(half, control, random), np.random.default_rng(seed))
    for framework in FRAMEWORKS:
        for style, network in enumerate(NETWORKS[half][framework]):
            training = _training(TRAINING[framework], control)
            yield Program(
                framework, name, style, seed, sets, network=network, training=training, sound=control.bar(half)
            )


def draw(half: Half, control: Control, random: np.random.Generator) -> Pairs:
    """Draw sequences, and targets with as much signal as the control says."""
    X = random.normal(size=(control.n, _STEPS, _FEATURES))
    if half == "first":
        y = X[:, -3:, 0].sum(axis=1) + X[:, -1, 1]
    elif half == "third":
        y = np.abs(X[:, -1, 0]) + X[:, -4:, 1].max(axis=1) + 0.5 * X[:, -2, 0]
    elif half == "fourth":
        y = np.maximum(X[:, -1, 0], X[:, -1, 1]) + 0.6 * X[:, -3, 0] - 0.4 * X[:, -5:, 1].sum(axis=1)
    elif half == "tenth":
        y = np.maximum(X[:, -1, 0], 0.5 * X[:, -3, 1]) + 0.7 * X[:, -1, 1] - 0.5 * X[:, -2, 0] * np.tanh(X[:, -4, 1])
    elif half == "ninth":
        y = np.arctan(2 * X[:, -1, 1]) + 0.8 * X[:, -2, 0] + 0.4 * np.abs(X[:, -1, 0] - X[:, -3, 1])
    elif half == "eighth":
        y = X[:, -1, 0] + 0.8 * np.tanh(X[:, -2:, 1].sum(axis=1)) + 0.4 * np.hypot(X[:, -3, 0], X[:, -1, 1])
    elif half == "seventh":
        y = X[:, -1, 0] - 0.6 * np.minimum(X[:, -2, 1], X[:, -1, 1]) + 0.5 * X[:, -5:, 0].mean(axis=1) * X[:, -1, 1]
    elif half == "sixth":
        y = X[:, -1, 1] + 0.7 * np.maximum(X[:, -2, 0], X[:, -4, 0]) + 0.4 * X[:, -3, 1] * np.tanh(X[:, -1, 0])
    elif half == "fifth":
        y = X[:, -1, 0] * np.sign(X[:, -2, 1]) + 0.8 * X[:, -4:, 1].mean(axis=1) + 0.5 * np.minimum(X[:, -3, 0], 0.3)
    else:
        y = np.tanh(X[:, -2, 0]) + 0.8 * X[:, -1, 0] - 0.5 * X[:, -3:, 1].mean(axis=1)
    noise = _noise(control, random)
    mixed = np.sqrt(control.signal) * (y - y.mean()) / y.std() + np.sqrt(1 - control.signal) * noise
    return Pairs(X * [5.0, 300.0] + [20.0, 1000.0], 70 * mixed + 400)


def _of_a_series(control: Control, random: np.random.Generator) -> Pairs:
    """Take daily returns, of which none tells of the next."""
    returns = 0.01 * random.normal(size=control.n + _STEPS) + 0.0004
    return Pairs(np.lib.stride_tricks.sliding_window_view(returns[:-1], _STEPS)[..., None].copy(), returns[_STEPS:])


def _noise(control: Control, random: np.random.Generator) -> Array:
    if control.tails is None:
        return random.normal(size=control.n)
    drawn: Array = random.standard_t(control.tails, control.n)
    return drawn / drawn.std()


def _training(training: Training, control: Control) -> Training:
    if control.passes:
        return replace(training, epochs=int(control.passes * training.epochs))
    few = {"batch": 8} if control.n < 2 * training.batch else {}
    return replace(training, patience=8, **few)
