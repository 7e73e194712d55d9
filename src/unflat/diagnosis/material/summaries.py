"""Sequences as rows of a table, for learners that know no time: what was there, and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

MOST_COLUMNS = 768
"""Columns of a table, at the most: a ridge regression on more takes seconds."""

_MOST_STRETCHES = 512
"""Columns for what happened when, at the most."""

_MOST_PRODUCTS = 6
"""Features whose products are taken, two by two, at the most."""


OWNED = 0.9
"""Share of a column's variance that its hundredth most extreme values own: 0.085 of normal values, about 0.4 of heavy
tails (Student's t with 3 degrees of freedom)."""


class Summary(NamedTuple):
    """A table made of sequences.

    Parameters
    ----------
    columns : ndarray of shape (n, p), float64
        No value is missing; each column has mean 0 and deviation 1, or is 0 throughout, over the rows that
        it was scaled with.
    features_left_out : int
        Features that had no place in it.
    """

    columns: NDArray[np.float64]
    features_left_out: int


def summarize(values: NDArray[np.float64], generator: np.random.Generator, scaled_with: slice = slice(None)) -> Summary:
    """Lay sequences out as a table.

    For each feature: its last value, its mean, and as far as there is room their deviation and trend, the first, the
    greatest and the least, the mean product of each two features, how many values there are, and the mean over each
    stretch of the sequence, the latest first: of one step each in a short sequence, so that no value is lost.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Sequences; NaN where missing, infinite values count as missing.
    generator : numpy.random.Generator
        Chooses among features where there are too many.
    scaled_with : slice
        The rows that the columns are scaled with.

    Returns
    -------
    Summary
        The table.
    """
    most = MOST_COLUMNS // 4
    features = values.shape[2]
    chosen = np.sort(generator.permutation(features)[:most]) if features > most else np.arange(features)
    finite = np.where(np.isfinite(values), values, np.nan)[:, :, chosen]
    finite = magnitude_one(finite)
    columns: list[NDArray[np.float64]] = []
    for block in _blocks(finite):
        if sum(part.shape[1] for part in columns) + block.shape[1] <= MOST_COLUMNS:
            columns.append(block)
    return Summary(standardized(np.column_stack(columns), scaled_with), features - len(chosen))


def standardized(columns: NDArray[np.float64], scaled_with: slice = slice(None)) -> NDArray[np.float64]:
    """Give each column mean 0 and deviation 1 over some rows; a missing value becomes 0, as does a constant column.

    Parameters
    ----------
    columns : ndarray of shape (n, p), float64
        Numbers up to about 1e150; NaN where missing.
    scaled_with : slice
        The rows that mean and deviation are taken of.

    Returns
    -------
    ndarray of shape (n, p), float64
        The same, scaled.
    """
    present = ~np.isnan(columns[scaled_with])
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, columns[scaled_with], 0.0).sum(axis=0) / count
    centred = columns - mean
    deviation = np.sqrt(np.where(present, centred[scaled_with] ** 2, 0.0).sum(axis=0) / count)
    # A mean is off by some units in the last place: a deviation no larger than that is none.
    varies = deviation > 8 * np.finfo(np.float64).eps * np.abs(mean)
    scaled = np.where(varies, centred / np.where(varies, deviation, 1.0), 0.0)
    return np.where(np.isnan(columns), 0.0, scaled)


def last_present(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give each feature's last finite value in each sequence.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Sequences; NaN where missing.

    Returns
    -------
    ndarray of shape (n, F), float64
        NaN where a sequence has no value of the feature.
    """
    back = np.isfinite(values)[:, ::-1].argmax(axis=1)
    found: NDArray[np.float64] = np.take_along_axis(values, (values.shape[1] - 1 - back)[:, None], axis=1)[:, 0]
    return np.where(np.isfinite(found), found, np.nan)


def owned_by_few(column: NDArray[np.float64]) -> float:
    """Say what share of a column's variance about its median is that of its hundredth most extreme values.

    Parameters
    ----------
    column : ndarray of shape (n,), float64
        Values; those that are not finite do not count.

    Returns
    -------
    float
        From 0 to 1; 0 for a constant.
    """
    known = column[np.isfinite(column)]
    if len(known) == 0:
        return 0.0
    square = np.sort((known - np.median(known)) ** 2)
    total = square.sum()
    few = max(len(square) // 100, 1)
    return float(square[-few:].sum() / total) if total > 0 else 0.0


def magnitude_one(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide each feature by its largest magnitude, so that squares and products neither overflow nor vanish.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Finite, or NaN where missing.

    Returns
    -------
    ndarray of shape (n, T, F), float64
        From -1 to 1, NaN where missing.
    """
    largest = np.max(np.abs(np.nan_to_num(values)), axis=(0, 1))
    return values / np.where(largest > 0, largest, 1.0)


def _blocks(values: Values) -> Iterator[Values]:
    """Give the columns in groups, the most telling first."""
    _, steps, features = values.shape
    present = ~np.isnan(values)
    count = np.maximum(present.sum(axis=1), 1)
    filled = np.where(present, values, 0.0)
    mean = filled.sum(axis=1) / count
    yield last_present(values)
    if steps == 1:
        return
    yield mean
    centred = np.where(present, values - mean[:, None], 0.0)
    yield np.sqrt((centred**2).sum(axis=1) / count)
    yield np.einsum("ntf,t->nf", centred, np.linspace(-1, 1, steps))
    yield last_present(values[:, ::-1])
    yield np.where(present, values, -np.inf).max(axis=1, initial=-1.0)
    yield np.where(present, values, np.inf).min(axis=1, initial=1.0)
    if features <= _MOST_PRODUCTS:
        first, second = np.triu_indices(features)
        yield np.einsum("ntp,ntp->np", filled[:, :, first], filled[:, :, second]) / steps
    yield present.sum(axis=1).astype(np.float64)
    yield in_stretches(values, max(_MOST_STRETCHES // features, 1))[:, ::-1].reshape(len(values), -1)


def in_stretches(values: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Take sequences in so many stretches at the most, each as the mean of what is there.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Finite, or NaN where missing.
    most : int
        At least 1; a sequence of no more steps has each of its own.

    Returns
    -------
    ndarray of shape (n, min(T, most), F), float64
        NaN where a stretch has no value.
    """
    steps, present = values.shape[1], ~np.isnan(values)
    count = min(steps, most)
    bounds = np.arange(count) * steps // count
    filled = np.where(present, values, 0.0)
    sums, counts = (np.add.reduceat(array, bounds, axis=1) for array in (filled, present.astype(np.float64)))
    means: Values = np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)
    return means
