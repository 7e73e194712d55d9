"""Features that tell the target all by themselves: often what is known only when the target is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.sequences.drawing import evenly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from unflat.sequences import PastTarget, Sequences

_UNTOLD = 1e-4
"""Share of the target's variance that such a feature leaves, at the most: a thing measured tells less of another."""

_FEWEST, _MOST = 20, 100_000
"""Sequences, below which a correlation says little, and above which more of them say the same."""

_LESS = 0.5
"""Share of what the target's own past leaves: of a slow series, anything as slow tells nearly as much."""


def told_by_one_feature(
    sequences: Sequences, targets: NDArray[np.float64], names: Sequence[str], past: PastTarget | None
) -> tuple[str, ...]:
    """Say which feature's last step leaves next to nothing of a target's variance to be told.

    A column that was made from the target, or that becomes known with it, makes any model look perfect until it is
    used (Kaufman, Rosset, Perlich & Stitelman, Leakage in data mining, ACM TKDD 6, 2012).

    Parameters
    ----------
    sequences : Sequences
        What is predicted from.
    targets : ndarray of shape (n, outputs)
        What is predicted.
    names : sequence of str
        Of the outputs.
    past : PastTarget or None
        Where the target's own past stands: it may tell as much as it likes.

    Returns
    -------
    tuple of str
        A sentence for each output that is told so.
    """
    if len(sequences) < _FEWEST:
        return ()
    drawn = evenly(len(sequences), _MOST)
    last, targets = _last_steps(sequences.take(drawn)), targets[drawn]
    return tuple(
        f"The last step of feature {sequences.feature(feature)} alone tells {100 * share:.2f} % of the variance of "
        f"{name}: leave the feature out if it is known only when the target is."
        for name, (feature, share) in zip(names, _telling(last, targets, past), strict=True)
        if feature is not None
    )


def _telling(
    last: NDArray[np.float64], targets: NDArray[np.float64], past: PastTarget | None
) -> Iterator[tuple[int | None, float]]:
    """Find each output's feature that tells nearly all of it, if there is one, and the share that it tells."""
    for output, target in enumerate(targets.T):
        untold = 1 - _squared_correlations(last, target)
        bar = _UNTOLD
        if past is not None:
            own = past.columns[output]
            bar = min(bar, _LESS * untold[own])
            untold[own] = 1.0
        best = int(untold.argmin())
        yield (best, 1 - untold[best]) if untold[best] <= bar else (None, 0.0)


def _last_steps(sequences: Sequences) -> NDArray[np.float64]:
    last = np.array(sequences.rows[sequences.starts + sequences.lengths - 1], dtype=np.float64)
    last[:, list(sequences.categorical)] = np.nan  # codes of labels have no order
    return last


def _squared_correlations(columns: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Square the correlation of each column with the target; 0 where a value is missing, or nothing varies."""
    columns, target = columns - columns.mean(axis=0), target - target.mean()
    with np.errstate(over="ignore"):  # beyond 1e150, where nothing is told
        together = np.square(target @ columns)
        apart = np.square(columns).sum(axis=0) * np.square(target).sum()
    shares: NDArray[np.float64] = np.zeros_like(apart)
    np.divide(together, apart, out=shares, where=np.isfinite(apart) & (apart > 0))
    return shares
