"""The linear skip: a straight line around the recurrence, along which a trend goes on outside the training range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from torch import nn

from unflat.network.dense import linear
from unflat.network.steps import last_step, mean_over_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_PENALTIES = np.logspace(-4, 4, 9)


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
        The penalty is chosen by efficient leave-one-out error (Golub, Heath & Wahba, Technometrics 21, 1979).
        """
        ridge = RidgeCV(_PENALTIES).fit(summaries, targets, sample_weight=weights)
        with torch.no_grad():
            self.map.weight.copy_(torch.from_numpy(np.reshape(ridge.coef_, self.map.weight.shape)))
            self.map.bias.copy_(torch.from_numpy(np.reshape(ridge.intercept_, self.map.bias.shape)))


def summary(x: Tensor, lengths: Tensor | None, context: Tensor | None = None) -> Tensor:
    """Put each sequence's last and mean step side by side, then its context: (B, T, F) and (B, C) to (B, 2 F + C)."""
    parts = [last_step(x, lengths), mean_over_steps(x, lengths)]
    return torch.cat(parts if context is None else [*parts, context], dim=-1)
