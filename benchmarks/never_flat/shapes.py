"""Distributions of targets and inputs: what normal numbers are turned into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Shape = Callable[[Array], Array]

_FURTHEST = 6.0
"""Deviations beyond which values are brought back before an exponential is taken of them."""


def plain(values: Array) -> Array:
    """Leave them as they are."""
    return values


def heavy(values: Array) -> Array:
    """Stretch what is far out: a hyperbolic sine."""
    return np.sinh(1.2 * np.clip(values, -_FURTHEST, _FURTHEST))


def skewed(values: Array) -> Array:
    """Take the exponential: all are positive, a few large."""
    return np.exp(np.clip(values, -_FURTHEST, _FURTHEST))


def two_modes(values: Array) -> Array:
    """Part them at zero."""
    return values + 3 * np.sign(values)


def mostly_zero(values: Array) -> Array:
    """Let nothing be below zero: seven in ten are zero."""
    return np.maximum(values - 0.5, 0.0)


def whole(values: Array) -> Array:
    """Count: whole numbers from zero."""
    return np.floor(np.exp(np.clip(values, -_FURTHEST, _FURTHEST)))


def bounded(values: Array) -> Array:
    """Press them between two bounds, at which many lie."""
    return np.tanh(2 * values)


SHAPES: Mapping[str, Shape] = {
    "plain": plain,
    "heavy": heavy,
    "skewed": skewed,
    "two modes": two_modes,
    "mostly zero": mostly_zero,
    "whole": whole,
    "bounded": bounded,
}
"""Distributions of targets, by their names."""

TAILS: Mapping[str, Shape] = {"plain": plain, "heavy": heavy, "skewed": skewed}
"""Distributions of inputs, by their names."""
