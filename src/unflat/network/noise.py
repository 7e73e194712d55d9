"""Noise on what the recurrence reads in training, so that it does not know a series by its level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

_VALUE = 0.6
"""How much of what moves a whole sequence moves each value by itself.

The first hides which series a sequence is of, the second which of its sequences it is.
"""


class InputNoise(nn.Module):
    """Moves sequences by random numbers, in training.

    To train with noise is to learn from a smoothed density of what was seen (Holmström & Koistinen, IEEE Transactions
    on Neural Networks 3, 1992), and holds back what depends on small differences (Bishop, Neural Computation 7, 1995).

    Parameters
    ----------
    strength : float
        So many deviations of each feature move all steps of a sequence alike, and six tenths of them each value by
        itself.
    features : int
        Features of a step.
    """

    deviations: Tensor

    def __init__(self, strength: float, features: int) -> None:
        super().__init__()
        self._strength = strength
        self.register_buffer("deviations", torch.zeros(features, dtype=torch.float32, device="cpu"))

    def forward(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Move scaled sequences, (B, T, features), of which features without a deviation stay as they are."""
        level = torch.empty_like(x[:, :1]).normal_(generator=generator)
        value = torch.empty_like(x).normal_(generator=generator)
        return x + self._strength * self.deviations * (level + _VALUE * value)
