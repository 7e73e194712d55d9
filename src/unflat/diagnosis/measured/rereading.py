"""What a network's own states tell when they are read anew: how much its training, or its last layers, left lying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.material.summaries import standardized
from unflat.diagnosis.references import Reference
from unflat.diagnosis.references.learners import ridge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from unflat.diagnosis.subjects import Layer

    Values = NDArray[np.float64]

READ_ANEW = "its own states, read anew"

_FEWEST = 50
"""Sequences below which a line through as many states as a network has says nothing."""

_MOST_COLUMNS = 512
_FOLDS = 5
_WITH_STEPS = 3


def columns_of(layers: Sequence[Layer], activations: Mapping[str, NDArray[Any]], n: int) -> Values | None:
    """Lay out side by side what the hidden layers pass on.

    Of a layer that passes on all steps, these are its last, mean and greatest values; last ones of all layers come
    first.

    Parameters
    ----------
    layers : sequence of Layer
        From input to output; the last dense one gives the prediction, and is left out.
    activations : mapping of str to ndarray
        What each passes on for n sequences.
    n : int
        The sequences.

    Returns
    -------
    ndarray of shape (n, p), or None
        At most 512 columns; None where there is nothing to read, or some of it is not finite.
    """
    hidden = [layer.name for layer in layers if layer.kind in {"recurrent", "dense"}][:-1]
    given = [np.asarray(activations[name], dtype=np.float64) for name in hidden if name in activations]
    given = [values for values in given if values.ndim in {2, _WITH_STEPS} and len(values) == n]
    if not given:
        return None
    columns = np.concatenate([*_last(given), *_pooled(given)], axis=1)[:, :_MOST_COLUMNS]
    return columns if np.isfinite(columns).all() else None


def read_anew(columns: Values, y: Values, asked: Values) -> Reference | None:
    """Let ridge read the targets from a network's states.

    A trained network's last layer reads them about as well as any line does. Where a line reads far more of the same
    states, or of earlier ones, then training did not get there, or what lies between loses it. Even the states of a
    recurrence with random weights tell much (Jaeger, The echo state approach, GMD report 148, 2001).

    Parameters
    ----------
    columns : ndarray of shape (n, p)
        States for training sequences.
    y : ndarray of shape (n, k)
        Their targets.
    asked : ndarray of shape (m, p)
        States for held-out sequences; m may be 0.

    Returns
    -------
    Reference or None
        Predictions for training sequences from five neighbouring folds, and for the others from all; None for fewer
        than 50 sequences, or targets that are not finite.
    """
    n = len(y)
    if n < _FEWEST or not np.isfinite(y).all():
        return None
    table = standardized(np.concatenate([columns, asked]), slice(n))
    center, scale = y.mean(axis=0), np.where(np.ptp(y, axis=0) > 0, y.std(axis=0), 1.0)
    known, targets = table[:n], (y - center) / scale
    found = np.empty_like(targets)
    for fold in np.array_split(np.arange(n), _FOLDS):
        others = np.setdiff1d(np.arange(n), fold)
        found[fold] = ridge(known[others], targets[others], known[fold])
    new = ridge(known, targets, table[n:]) if len(asked) else np.empty((0, y.shape[1]))
    r2 = 1 - np.mean((targets - found) ** 2, axis=0)
    nothing = np.full_like(r2, np.nan)
    return Reference(READ_ANEW, r2, nothing, nothing, found * scale + center, new * scale + center)


def _last(given: Sequence[Values]) -> Iterator[Values]:
    yield from (values[:, -1] if values.ndim == _WITH_STEPS else values for values in given)


def _pooled(given: Sequence[Values]) -> Iterator[Values]:
    for values in given:
        if values.ndim == _WITH_STEPS:
            yield values.mean(axis=1)
            yield values.max(axis=1)
