"""How hidden states over time become one vector.

Reading only the last state goes flat on long sequences: what came early is forgotten, and no gradient says so.
The mean and the maximum over time keep a short path to every step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from unflat.network.dense import linear
from unflat.network.steps import max_over_steps, mean_over_steps, valid_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from unflat.config import Pooling


class ReadOut(nn.Module):
    """Pools states over time, in one way or several side by side.

    Parameters
    ----------
    poolings : sequence of {"last", "mean", "max", "attention"}
        The ways, in order.
    width : int
        Values of each step's state.
    generator : torch.Generator
        Draws the initial weights of attention.
    """

    def __init__(self, poolings: Sequence[Pooling], width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.poolings = tuple(poolings)
        self.width = width * len(self.poolings)
        self.attention = Attention(width, generator) if "attention" in self.poolings else None

    def forward(self, states: Tensor, final: Tensor, lengths: Tensor | None) -> Tensor:
        """Pool states.

        Parameters
        ----------
        states : Tensor of shape (B, T, H)
            The state after each step.
        final : Tensor of shape (B, H)
            The state that each direction of reading ends with.
        lengths : Tensor of shape (B,) or None
            Steps of each sequence; None where all have T.

        Returns
        -------
        Tensor of shape (B, width)
            The poolings, concatenated.
        """
        pooled = [self._pool(pooling, states, final, lengths) for pooling in self.poolings]
        return torch.cat(pooled, dim=-1)

    def _pool(self, pooling: Pooling, states: Tensor, final: Tensor, lengths: Tensor | None) -> Tensor:
        if pooling == "last":
            return final
        if pooling == "mean":
            return mean_over_steps(states, lengths)
        if pooling == "max":
            return max_over_steps(states, lengths)
        attended: Tensor = self.attention(states, lengths)  # type: ignore[misc]  # made when named
        return attended


class Attention(nn.Module):
    """A mean over time whose weights depend on the states (Yang et al., NAACL 2016, equations 5 to 7).

    Parameters
    ----------
    width : int
        Values of each step's state.
    generator : torch.Generator
        Draws the initial weights.
    """

    def __init__(self, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.project = linear(width, width, generator)
        self.context = linear(width, 1, generator)

    def forward(self, states: Tensor, lengths: Tensor | None) -> Tensor:
        """Average states (B, T, H) to (B, H) by softmax(context · tanh(project(state)))."""
        scores = self.context(torch.tanh(self.project(states)))  # (B, T, 1)
        if lengths is not None:
            scores = scores.masked_fill(~valid_steps(lengths, states.shape[1]), -torch.inf)
        # Beyond a sequence's end the weight is exactly 0 and the state is finite, so it adds nothing.
        attended: Tensor = (scores.softmax(dim=1) * states).sum(dim=1)
        return attended
