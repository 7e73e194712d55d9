"""Noise on what the recurrence reads in training, so that it does not know a series by its level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

_LEVEL, _VALUE = 0.75, 0.5
"""Shares of the noise that move a whole sequence, and each value by itself: the first hides which series it is of, the
second which window of it."""


class InputNoise(nn.Module):
    """Moves sequences by random numbers, in training.

    To train with noise is to learn from a smoothed density of what was seen (Holmström & Koistinen, IEEE Transactions
    on Neural Networks 3, 1992), and holds back what depends on small differences (Bishop, Neural Computation 7, 1995).

    Parameters
    ----------
    strength : float
        Deviation of the noise, in deviations of each feature: three quarters of it moves all steps of a sequence alike,
        half of it each value by itself.
    features : int
        Features of a step.
    """

    deviations: Tensor

    def __init__(self, strength: float, features: int) -> None:
        super().__init__()
        self._strength = strength
        self.register_buffer("deviations", torch.zeros(features))

    def forward(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Move scaled sequences, (B, T, features), of which features without a deviation stay as they are."""
        level = torch.empty_like(x[:, :1]).normal_(generator=generator)
        value = torch.empty_like(x).normal_(generator=generator)
        return x + self._strength * self.deviations * (_LEVEL * level + _VALUE * value)
