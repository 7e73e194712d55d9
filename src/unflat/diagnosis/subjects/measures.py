"""Small measures that subjects of several frameworks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

STEPS_TOGETHER = 1 << 17
"""Time steps predicted together: large enough to be fast, small enough for long sequences in little memory."""

MIXED = 0.01
"""Difference to predictions in other company, in their deviation, that is none of rounding: that of float32 is 1e-6."""


def shape_of(X: object) -> tuple[int, ...]:
    """Give the shape of sequences for a message, that of a list by its length."""
    shape = getattr(X, "shape", None)
    return (len(X) if hasattr(X, "__len__") else 0,) if shape is None else tuple(map(int, shape))


def batch_size_for(X: object) -> int:
    """Count the sequences that are predicted together."""
    shape = shape_of(X)
    return max(1, STEPS_TOGETHER // max(1, shape[1] if len(shape) > 2 else 1))  # noqa: PLR2004 - (n, T, F)


def taken(X: Any, index: Sequence[int] | NDArray[np.int64]) -> Any:  # noqa: ANN401 - whatever a model takes
    """Select sequences, in the kind that they came in.

    Parameters
    ----------
    X : array-like
        Sequences: a list of them, an array, a tensor or a frame.
    index : sequence of int
        Their places.

    Returns
    -------
    array-like
        A list, a frame of these rows, or an array or tensor.
    """
    if isinstance(X, list | tuple):
        return [X[i] for i in index]
    if hasattr(X, "iloc"):  # a frame of pandas, which takes an index for columns
        return X.iloc[index]
    return X[index] if hasattr(X, "shape") and hasattr(X, "ndim") else np.asarray(X)[index]


def shift(standing: NDArray[Any], other: NDArray[Any]) -> float:
    """Measure how far two predictions of the same sequences are apart.

    Parameters
    ----------
    standing, other : ndarray of shape (n, ...)
        Predictions.

    Returns
    -------
    float
        The root mean square of the difference over the larger of both standard deviations, of the output where it is
        largest; 0 where both are the same, infinite where they differ and both are constant.
    """
    a, b = (np.reshape(values, (len(values), -1)).astype(np.float64) for values in (standing, other))
    apart = np.sqrt(np.mean((a - b) ** 2, axis=0))
    deviation = np.maximum(a.std(axis=0), b.std(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(apart > 0, apart / deviation, 0.0).max(initial=0))
