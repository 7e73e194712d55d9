"""What a line is held back towards where it is not the mean: the last value of what the target is a later value of.

A series that wanders is best told by its last value, and what else a line reads should only correct it: a line that
is shrunk towards the mean instead forecasts a return to it that never need come (Doan, Litterman & Sims, Forecasting
and conditional projection using realistic prior distributions, 1984, shrink regressions towards random walks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.scaling.scales import Scaler


class Anchor(NamedTuple):
    """A map of a sequence's last step alone.

    Parameters
    ----------
    weight : ndarray of shape (outputs, features), float64
        Of each scaled feature of the last step.
    bias : ndarray of shape (outputs,), float64
        Its value where all of them are zero.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def mean(cls, outputs: int, features: int) -> Anchor:
        """Give the map to the mean of scaled targets, zero."""
        return cls(np.zeros((outputs, features)), np.zeros(outputs))

    @property
    def at_mean(self) -> bool:
        """Whether it gives the mean whatever it reads."""
        return not self.weight.any()

    def predict(self, summaries: NDArray[np.float32]) -> NDArray[np.float64]:
        """Map what a line reads, (n, width) with the last step first, to scaled targets (n, outputs)."""
        last = summaries[:, : self.weight.shape[1]].astype(np.float64)
        return last @ self.weight.T + self.bias


def last_value(
    last: NDArray[np.float64], targets: NDArray[np.float64], features: Scaler, outputs: Scaler, width: int
) -> Anchor:
    """Find the feature whose last value each target is nearest to, in units of its own.

    Parameters
    ----------
    last : ndarray of shape (n, numbers), float64
        The last step of each sequence, raw; NaN where missing.
    targets : ndarray of shape (n, outputs), float64
        Raw targets.
    features, outputs : Scaler
        Of these numbers, and of the targets.
    width : int
        Scaled features of a step, of which the numbers are the first.

    Returns
    -------
    Anchor
        The map to the last value, in scaled numbers; to the mean, for outputs that it is nearer to, and for those
        whose logarithm is what is scaled.
    """
    anchor = Anchor.mean(targets.shape[1], width)
    if outputs.logarithmic or not last.shape[1]:
        return anchor
    centers, scales = features.center.numpy(), features.scale.numpy()
    levels, spreads = outputs.center.numpy(), outputs.scale.numpy()
    carried = np.where(np.isnan(last), centers, last)  # as the network reads it
    for place, target in enumerate(targets.T):
        with np.errstate(over="ignore"):  # what is that far apart is as far as anything
            apart = np.square(carried - target[:, None]).mean(axis=0)
        nearest = int(apart.argmin())
        if apart[nearest] < target.var():
            anchor.weight[place, nearest] = scales[nearest] / spreads[place]
            anchor.bias[place] = (centers[nearest] - levels[place]) / spreads[place]
    return anchor
