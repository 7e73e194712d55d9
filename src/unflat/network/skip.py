"""The linear skip: a straight line around the recurrence, along which a trend goes on outside the training range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.linear_model import Ridge, RidgeCV
from torch import nn

from unflat.network.dense import linear
from unflat.network.steps import last_step, mean_over_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_PENALTIES = np.logspace(-4, 4, 9)

_STANDARD_ERRORS = 0.5
"""How many of its own errors a difference must exceed to speak for the smaller penalty.

A whole one is usual (Breiman et al. 1984, 3.4.3: the one standard error rule); a line so weak that it is flat helps
nobody, so that only half of it is asked.
"""


class LinearSkip(nn.Module):
    """A linear map of a sequence's last and mean step, and of what stands beside it.

    Parameters
    ----------
    features : int
        Features of a step.
    outputs : int
        Outputs of the network.
    context : int
        Numbers beside a sequence.
    """

    def __init__(self, features: int, outputs: int, context: int = 0) -> None:
        super().__init__()
        self.map = linear(2 * features + context, outputs, None)

    def forward(self, x: Tensor, lengths: Tensor | None, context: Tensor | None = None) -> Tensor:
        """Map scaled sequences of shape (B, T, features), and their context (B, context), to (B, outputs)."""
        mapped: Tensor = self.map(summary(x, lengths, context))
        return mapped

    def start_at_ridge(self, summaries: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any] | None) -> None:
        """Set the map to the ridge regression of the targets.

        Parameters
        ----------
        summaries : ndarray of shape (n, 2 * features + context)
            What `summary` gives of the training sequences.
        targets : ndarray of shape (n, outputs)
            Scaled targets.
        weights : ndarray of shape (n,) or None
            Weight of each sequence.

        Notes
        -----
        Leave-one-out errors are found without leaving any out (Golub, Heath & Wahba, Technometrics 21, 1979). Of the
        penalties whose errors are not clearly above the least, the largest is taken, as in the rule of one standard
        error (Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984, section 3.4.3); here it is
        half of one, of the differences sequence by sequence. Where chance would choose, among few sequences, the line
        stays nearer to the mean; an exact line is found all the same.
        """
        tried = RidgeCV(_PENALTIES, store_cv_results=True).fit(summaries, targets, sample_weight=weights)
        errors = tried.cv_results_.reshape(len(summaries), -1, len(_PENALTIES)).mean(axis=1)
        ridge = Ridge(_PENALTIES[largest_as_good(errors)]).fit(summaries, targets, sample_weight=weights)
        with torch.no_grad():
            self.map.weight.copy_(torch.from_numpy(np.reshape(ridge.coef_, self.map.weight.shape)))
            self.map.bias.copy_(torch.from_numpy(np.reshape(ridge.intercept_, self.map.bias.shape)))


def largest_as_good(errors: NDArray[np.float64]) -> int:
    """Choose the last of several choices, in the order of their simplicity, that is not clearly worse than the best.

    Parameters
    ----------
    errors : ndarray of shape (n, choices)
        Squared errors of each sequence under each choice.

    Returns
    -------
    int
        The last choice whose errors are on average at most half a standard error above those of the best.
    """
    above = errors - errors[:, [errors.mean(axis=0).argmin()]]
    allowed = _STANDARD_ERRORS * above.std(axis=0) / np.sqrt(len(errors))
    return int(np.flatnonzero(above.mean(axis=0) <= allowed)[-1])


def summary(x: Tensor, lengths: Tensor | None, context: Tensor | None = None) -> Tensor:
    """Put each sequence's last and mean step side by side, then its context: (B, T, F) and (B, C) to (B, 2 F + C)."""
    parts = [last_step(x, lengths), mean_over_steps(x, lengths)]
    return torch.cat(parts if context is None else [*parts, context], dim=-1)
