"""What a target may depend on: straight lines, curves, and things that take memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_RECENT = 10
_HIGH = 0.5
_LEAK = 0.95
_SLOWEST, _FASTEST = 0.1, 1.5
_WAVE_NOISE = 0.3


class Seen(NamedTuple):
    """Sequences as a task reads them.

    Parameters
    ----------
    values : ndarray of shape (n, T, F)
        The relevant features first; a task may write marks into them.
    lengths : ndarray of shape (n,)
        Steps of each sequence.
    weights : ndarray of shape (F,)
        How much each feature matters: 0 for the irrelevant ones.
    """

    values: Array
    lengths: NDArray[np.int64]
    weights: Array

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which steps belong to a sequence, (n, T)."""
        return np.arange(self.values.shape[1]) < self.lengths[:, None]

    @property
    def index(self) -> Array:
        """The relevant features as one, (n, T)."""
        return self.values @ self.weights

    def last(self, values: Array, back: int = 0) -> Array:
        """Take the last step of each sequence, or one so many steps before it: (n, T, ...) to (n, ...)."""
        return values[np.arange(len(values)), np.maximum(self.lengths - 1 - back, 0)]

    def mean(self, values: Array) -> Array:
        """Average over the steps of each sequence: (n, T) to (n,)."""
        return np.where(self.inside, values, 0.0).sum(axis=1) / self.lengths


def last_step(seen: Seen, _random: np.random.Generator) -> Array:
    """Weigh the last step."""
    return seen.last(seen.index)


def mean_step(seen: Seen, _random: np.random.Generator) -> Array:
    """Weigh the mean over time."""
    return seen.mean(seen.index)


def recent_steps(seen: Seen, random: np.random.Generator) -> Array:
    """Weigh each of the last ten steps differently."""
    lags = min(_RECENT, seen.values.shape[1])
    return sum(weight * seen.last(seen.index, back) for back, weight in enumerate(random.normal(size=lags)))


def difference(seen: Seen, _random: np.random.Generator) -> Array:
    """Subtract the first step from the last."""
    return seen.last(seen.index) - seen.index[:, 0]


def curve(seen: Seen, random: np.random.Generator) -> Array:
    """Bend the last step: a hyperbolic tangent and a square."""
    last = seen.last(seen.index)
    return np.tanh(2 * last) + random.uniform(0.3, 1.0) * last**2


def product(seen: Seen, _random: np.random.Generator) -> Array:
    """Multiply what the last step holds with the mean over time of the first feature."""
    return seen.last(seen.index) * (seen.mean(seen.values[:, :, 0]) + 0.5)


def gate(seen: Seen, _random: np.random.Generator) -> Array:
    """Answer with one feature where another is high, with its opposite where it is low."""
    last = seen.last(seen.values)
    return last[:, 0] * np.sign(last[:, 1])


def maximum(seen: Seen, _random: np.random.Generator) -> Array:
    """Take the greatest value over time."""
    return np.where(seen.inside, seen.index, -np.inf).max(axis=1)


def share_high(seen: Seen, _random: np.random.Generator) -> Array:
    """Count the steps at which something is high."""
    return seen.mean((seen.index > _HIGH).astype(np.float64))


def restlessness(seen: Seen, random: np.random.Generator) -> Array:
    """Make each sequence as restless as a number of its own, and ask for that number."""
    number = random.normal(size=len(seen.values))
    seen.values[:, :, 0] = random.normal(size=seen.values.shape[:2]) * np.exp(number / 2)[:, None]
    return number


def leaky_sum(seen: Seen, _random: np.random.Generator) -> Array:
    """Fill by what is above zero, and lose a twentieth at each step."""
    filled = np.zeros(len(seen.values))
    for step, flow in enumerate(np.maximum(seen.index, 0.0).T):
        filled = np.where(seen.inside[:, step], _LEAK * filled + flow, filled)
    return filled


def first_step(seen: Seen, _random: np.random.Generator) -> Array:
    """Remember the first step to the end."""
    return seen.index[:, 0]


def lagged(seen: Seen, random: np.random.Generator) -> Array:
    """Remember one step, as many before the last for all sequences."""
    return seen.last(seen.index, int(random.integers(1, seen.values.shape[1])))


def recalled(seen: Seen, random: np.random.Generator) -> Array:
    """Remember the value at the one step that is marked."""
    return _at_marks(seen, 1, random)


def adding(seen: Seen, random: np.random.Generator) -> Array:
    """Add the values at the two steps that are marked."""
    return _at_marks(seen, 2, random)


def frequency(seen: Seen, random: np.random.Generator) -> Array:
    """Oscillate at a pace of each sequence's own, and ask for it."""
    n, steps = seen.values.shape[:2]
    pace, phase = random.uniform(_SLOWEST, _FASTEST, n), random.uniform(0, 2 * np.pi, n)
    noise = _WAVE_NOISE * random.normal(size=(n, steps))
    seen.values[:, :, 0] = np.sin(pace[:, None] * np.arange(steps) + phase[:, None]) + noise
    return pace


def _at_marks(seen: Seen, marks: int, random: np.random.Generator) -> Array:
    """Write marks into the second feature and add up the first there."""
    order = np.where(seen.inside, random.random(seen.inside.shape), np.inf).argsort(axis=1)[:, :marks]
    seen.values[:, :, 1] = 0.0
    np.put_along_axis(seen.values[:, :, 1], order, 1.0, axis=1)
    return np.take_along_axis(seen.values[:, :, 0], order, axis=1).sum(axis=1)


def seasonal(length: int, random: np.random.Generator) -> Array:
    """Go through a season, with noise that remembers."""
    noise = np.zeros(length)
    for place, shock in enumerate(random.normal(size=length)):
        noise[place] = 0.7 * noise[place - 1] + shock
    return random.uniform(0.5, 3.0) * np.sin(2 * np.pi * np.arange(length) / random.integers(4, 50)) + noise


def chaotic(length: int, random: np.random.Generator) -> Array:
    """Follow the logistic map, and a little noise that it does not remember."""
    values = np.empty(length)
    state = random.uniform(0.1, 0.9)
    for place in range(length):
        state = 3.8 * state * (1 - state)
        values[place] = state
    return values + 0.02 * random.normal(size=length)


def threshold(length: int, random: np.random.Generator) -> Array:
    """Return from high values faster than from low ones: a threshold autoregression (Tong and Lim 1980)."""
    values = np.zeros(length)
    for place, shock in enumerate(random.normal(size=length)):
        before = values[place - 1]
        values[place] = (-0.5 if before > 0 else 0.9) * before + 0.5 * shock
    return values


@dataclass(frozen=True)
class Task:
    """One dependence.

    Parameters
    ----------
    kind : {"linear", "nonlinear", "memory", "series"}
        What it takes.
    target : callable
        From what is seen and a generator to a number for each sequence; of a series, from a length to the series.
    steps, features : int
        The fewest that it needs.
    alone : bool
        Whether there can be but one output: the task writes its own features.
    """

    kind: str
    target: Callable[..., Array]
    steps: int = 1
    features: int = 1
    alone: bool = False

    def fits(self, steps: int, features: int) -> bool:
        """Whether sequences of this size can hold it."""
        return steps >= self.steps and features >= self.features


TASKS: Mapping[str, Task] = {
    "last step": Task("linear", last_step),
    "mean step": Task("linear", mean_step),
    "recent steps": Task("linear", recent_steps, steps=2),
    "difference": Task("linear", difference, steps=2),
    "curve": Task("nonlinear", curve),
    "product": Task("nonlinear", product),
    "gate": Task("nonlinear", gate, features=2),
    "maximum": Task("nonlinear", maximum, steps=2),
    "share high": Task("nonlinear", share_high, steps=4),
    "restlessness": Task("nonlinear", restlessness, steps=8, alone=True),
    "leaky sum": Task("memory", leaky_sum, steps=4),
    "first step": Task("memory", first_step, steps=2),
    "lagged": Task("memory", lagged, steps=3),
    "recalled": Task("memory", recalled, steps=3, features=2, alone=True),
    "adding": Task("memory", adding, steps=4, features=2, alone=True),
    "frequency": Task("memory", frequency, steps=8, alone=True),
    "seasonal": Task("series", seasonal, steps=2, alone=True),
    "chaotic": Task("series", chaotic, alone=True),
    "threshold": Task("series", threshold, alone=True),
}
"""Every task, by its name."""

SERIES = tuple(name for name, task in TASKS.items() if task.kind == "series")
"""Tasks in which sequences are overlapping windows of one series, and the target is its next value."""
