"""The linear skip: a straight line around the recurrence, along which a trend goes on outside the training range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from unflat.network.dense import linear
from unflat.network.steps import last_step, mean_over_steps, steps_before_last

if TYPE_CHECKING:
    from torch import Tensor

    from unflat.network.line import Line


class LinearSkip(nn.Module):
    """A linear map of a sequence's last and mean step, of steps before the last, and of what stands beside it.

    One that reads steps before the last is held as it is fitted: neighbouring steps are so alike that the small moves
    of training, each of all its weights, would add up to large ones of its prediction.

    Parameters
    ----------
    features : int
        Features of a step.
    outputs : int
        Outputs of the network.
    context : int
        Numbers beside a sequence.
    lags : int
        Steps before the last.
    """

    def __init__(self, features: int, outputs: int, context: int = 0, lags: int = 0) -> None:
        super().__init__()
        self.lags = lags
        self.map = linear((2 + lags) * features + context, outputs, None).requires_grad_(lags == 0)

    def forward(self, x: Tensor, lengths: Tensor | None, context: Tensor | None = None) -> Tensor:
        """Map scaled sequences of shape (B, T, features), and their context (B, context), to (B, outputs)."""
        mapped: Tensor = self.map(summary(x, lengths, context, self.lags))
        return mapped

    @torch.no_grad()
    def start_at(self, line: Line) -> None:
        """Set the map to a line of as many lags."""
        self.map.weight.copy_(torch.from_numpy(line.weight))
        self.map.bias.copy_(torch.from_numpy(line.bias))


def summary(x: Tensor, lengths: Tensor | None, context: Tensor | None = None, lags: int = 0) -> Tensor:
    """Put what a line reads of each sequence side by side.

    Parameters
    ----------
    x : Tensor of shape (B, T, F)
        Scaled sequences.
    lengths : Tensor of shape (B,) or None
        Steps of each; None where all have T.
    context : Tensor of shape (B, C) or None
        What stands beside each.
    lags : int
        How many steps before the last are read; the first step stands for those before it.

    Returns
    -------
    Tensor of shape (B, (2 + lags) * F + C)
        The last step, the mean step, the steps before the last beginning with the latest, and the context.
    """
    parts = [last_step(x, lengths), mean_over_steps(x, lengths)]
    if lags:
        parts.append(steps_before_last(x, lengths, lags).flatten(1))
    return torch.cat(parts if context is None else [*parts, context], dim=-1)
