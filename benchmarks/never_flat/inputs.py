"""How features move over the steps of a sequence, each with mean 0 and deviation 1 over all sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Process = Callable[[tuple[int, int], np.random.Generator], Array]

_MEMORY = 0.9
_JUMP = 0.1
_EVENTS = 2.0
_JITTER = 0.2


def white(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Draw every value anew."""
    return random.normal(size=shape)


def smooth(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Remember nine tenths of the value before."""
    values = random.normal(size=shape)
    for step in range(1, shape[1]):
        values[:, step] = _MEMORY * values[:, step - 1] + np.sqrt(1 - _MEMORY**2) * values[:, step]
    return values


def walk(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Add a step to the value before, from a start of its own."""
    steps = random.normal(size=shape) / np.sqrt(shape[1])
    return steps.cumsum(axis=1) + random.normal(size=(shape[0], 1))


def waves(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Oscillate with a size, a pace and a phase of its own, and a little noise."""
    size, pace, phase = random.uniform([[0.5], [0.1], [0.0]], [[2.0], [1.0], [2 * np.pi]], (shape[0], 3, 1)).swapaxes(
        0, 1
    )
    return size * np.sin(pace * np.arange(shape[1]) + phase) + _JITTER * random.normal(size=shape)


def switching(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Keep a value until it jumps to another, one step in ten."""
    values = random.normal(size=shape)
    jumps = random.random(shape) < _JUMP
    jumps[:, 0] = True
    kept = np.maximum.accumulate(np.where(jumps, np.arange(shape[1]), 0), axis=1)
    return np.take_along_axis(values, kept, axis=1)


def counts(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Count events, two a step on average."""
    return random.poisson(_EVENTS, shape).astype(np.float64)


def level(shape: tuple[int, int], random: np.random.Generator) -> Array:
    """Stay at a level of the sequence's own, but for a little noise."""
    return random.normal(size=(shape[0], 1)) + _JITTER * random.normal(size=shape)


PROCESSES: Mapping[str, Process] = {
    "white": white,
    "smooth": smooth,
    "walk": walk,
    "waves": waves,
    "switching": switching,
    "counts": counts,
    "level": level,
}
"""Every process, by its name."""


def draw(process: str, shape: tuple[int, int, int], random: np.random.Generator) -> Array:
    """Draw the features of sequences.

    Parameters
    ----------
    process : str
        One of `PROCESSES` for all features, or "mixed": each draws its own.
    shape : tuple of int
        Sequences, steps, features.
    random : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of shape (n, T, F)
        Features of mean 0 and deviation 1.
    """
    names = random.choice(list(PROCESSES), shape[2]) if process == "mixed" else [process] * shape[2]
    values = np.stack([PROCESSES[name](shape[:2], random) for name in names], axis=2)
    return (values - values.mean(axis=(0, 1))) / values.std(axis=(0, 1))
