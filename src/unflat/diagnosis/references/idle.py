"""Idle steps at the end of long sequences: what follows after all that tells of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.diagnosis.references.linear import linear_r2, summary
from unflat.diagnosis.references.signal import GAIN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONG = 30
"""Steps below which an LSTM remembers all of a sequence: plateaus are known from about a hundred steps."""

NEXT_TO_NOTHING = 0.25
"""Share of what early steps tell below which late ones are idle."""

_BORDERS = (0.25, 0.5, 0.75)


def steps_that_tell(values: NDArray[np.float64], y: NDArray[np.float64]) -> int:
    """Say how many of the first steps hold what there is to tell of the targets.

    Where nothing more comes, the rest only hides it from whoever reads all: what can be learned of such sequences is
    what can be learned of their first steps.

    Parameters
    ----------
    values : ndarray of shape (n, T, F)
        Sequences.
    y : ndarray of shape (n, k)
        Targets, finite.

    Returns
    -------
    int
        A quarter, a half or three quarters of T, where a linear learner finds next to nothing in the steps after it;
        else T, as for fewer than 30 steps.
    """
    steps: int = values.shape[1]
    for share in _BORDERS if steps >= LONG else ():
        border = round(share * steps)
        early, late = (linear_r2(summary(part), y) for part in (values[:, :border], values[:, border:]))
        if early > late + GAIN and late < NEXT_TO_NOTHING * early:
            return border
    return steps
