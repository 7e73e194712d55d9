"""The skip: a weighted sum around the recurrence, along which a trend goes on outside the training range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from unflat.network.dense import linear
from unflat.network.lines.line import Line, richest
from unflat.network.terms import Terms, summary

if TYPE_CHECKING:
    from torch import Tensor

_NEXT_TO_NOTHING = 0.01
"""Of a scaled target, whose deviation is 1: a line with products that add less is straight to the eye."""


class LinearSkip(nn.Module):
    """A linear map of a sequence's last and mean step, of further terms, and of what stands beside it.

    One that reads further terms is held as it is fitted: neighbouring steps are so alike that the small moves of
    training, each of all its weights, would add up to large ones of its prediction. Products are of values within the
    range of training: beyond it the skip goes on as a line.

    Parameters
    ----------
    features : int
        Features of a step.
    outputs : int
        Outputs of the network.
    context : int
        Numbers beside a sequence.
    terms : Terms or None
        What is read beside the last and the mean step.
    """

    low: Tensor
    high: Tensor

    def __init__(self, features: int, outputs: int, context: int = 0, terms: Terms | None = None) -> None:
        super().__init__()
        self.features, self.context = features, context
        self.terms = terms or Terms()
        width = self.terms.width(features) + context
        self.map = linear(width, outputs, None).requires_grad_(not self.terms.many)
        if self.terms.curved:
            self.register_buffer("low", torch.zeros(features, dtype=torch.float32, device="cpu"))
            self.register_buffer("high", torch.zeros(features, dtype=torch.float32, device="cpu"))

    def forward(self, x: Tensor, lengths: Tensor | None, context: Tensor | None = None) -> Tensor:
        """Map scaled sequences of shape (B, T, features), and their context (B, context), to (B, outputs)."""
        mapped: Tensor = self.map(summary(x, lengths, context, self.terms, self.bounds))
        return mapped

    @property
    def bounds(self) -> tuple[Tensor, Tensor] | None:
        """The range of values that enter products; None where there are none."""
        return (self.low, self.high) if self.terms.curved else None

    @property
    def is_straight(self) -> bool:
        """Whether products, if it reads any, add next to nothing wherever they are."""
        if not self.terms.curved:
            return True
        weight = self.map.weight[:, self.terms.products_among(self.features)].abs()
        most = self.terms.most_of_products(torch.maximum(self.low.abs(), self.high.abs()))
        return bool((weight @ most < _NEXT_TO_NOTHING).all())

    @torch.no_grad()
    def start_at(self, line: Line, bounds: tuple[Tensor, Tensor] | None = None) -> None:
        """Set the map to a line of the same terms, and the range of values that enter its products."""
        self.map.weight.copy_(torch.from_numpy(line.weight))
        self.map.bias.copy_(torch.from_numpy(line.bias))
        if self.terms.curved and bounds is not None:
            self.low.copy_(bounds[0])
            self.high.copy_(bounds[1])

    def beside(self, line: Line, bounds: tuple[Tensor, Tensor], share: Tensor) -> LinearSkip:
        """Make a skip that adds a share of a line to this one, and reads the terms of both.

        Parameters
        ----------
        line : Line
            What to add.
        bounds : tuple of two Tensors of shape (features,)
            The range of values that enter products, of both.
        share : Tensor of shape (outputs,)
            How much of it, output by output.

        Returns
        -------
        LinearSkip
            The sum.
        """
        outputs = self.map.out_features
        terms, of_each = richest([self.terms, line.terms]), share.double().numpy()
        joined = LinearSkip(self.features, outputs, self.context, terms)
        weight, own = np.zeros((outputs, joined.map.in_features)), self.map.weight.detach().cpu().double().numpy()
        weight[:, self.terms.columns_among(terms, self.features, self.context)] = own
        weight[:, line.terms.columns_among(terms, self.features, self.context)] += of_each[:, None] * line.weight
        bias = self.map.bias.detach().cpu().double().numpy() + of_each * line.bias
        joined.start_at(Line(terms, weight, bias), bounds)
        return joined
