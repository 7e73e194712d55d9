"""Categories with many values as a few learned numbers each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from unflat.network.restoring import place_of_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

MOST_ONE_HOT = 10
"""With more categories than this, a column is embedded; with fewer, its one-hot indicators are few enough."""

_WIDEST = 16


def embedding_width(categories: int) -> int:
    """Choose how many numbers a category becomes: 1.6 times the number of categories to the power 0.56, at most 16.

    The rule of fastai (Howard & Gugger, Information 11, 2020), which was fitted to what did well in practice; its
    limit of 600 is for far more data.
    """
    width: int = min(_WIDEST, round(1.6 * categories**0.56))
    return width


class Embedding(nn.Module):
    """Replaces the one-hot indicators of columns by numbers that are learned; everything else stays.

    The numbers of a category are a row of a matrix, and a product with indicators takes it: so that the shares of an
    unseen category, which has all indicators a little, become the mean of the rows, and a missing one, which has none,
    zeros (Guo & Berkhahn, arXiv:1604.06737).

    Parameters
    ----------
    features : int
        Features of a step.
    places : sequence of tuple of (int, int)
        First indicator of each column, and how many it has, ascending.
    generator : torch.Generator
        Draws the initial numbers.
    """

    _kept: Tensor

    def __init__(self, features: int, places: Sequence[Sequence[int]], generator: torch.Generator) -> None:
        super().__init__()
        self._places = [(int(first), int(count)) for first, count in places]
        embedded = {first + i for first, count in self._places for i in range(count)}
        columns = [column for column in range(features) if column not in embedded]
        # Beside the weights, on whatever device they are; it follows from the network's shape and is not stored.
        kept = torch.tensor(columns, dtype=torch.int64, device="cpu")
        self.register_buffer("_kept", kept, persistent=False)
        self.tables = nn.ParameterList(
            nn.init.xavier_uniform_(
                torch.empty(count, embedding_width(count), dtype=torch.float32, device=place_of_weights()),
                generator=generator,
            )
            for _, count in self._places
        )
        self.width = len(self._kept) + sum(table.shape[1] for table in self.tables)

    def forward(self, x: Tensor) -> Tensor:
        """Turn scaled steps (B, T, features) into (B, T, width): what is kept, then what each column becomes."""
        pairs = zip(self._places, self.tables, strict=True)
        rows = [x[..., first : first + count] @ table for (first, count), table in pairs]
        return torch.cat([x[..., self._kept], *rows], dim=-1)

    def matrix(self) -> Tensor:
        """Give the matrix (features, width) that does the same."""
        features = len(self._kept) + sum(count for _, count in self._places)
        matrix: Tensor = self(torch.eye(features, dtype=torch.float32, device=self.tables[0].device)[None])[0].detach()
        return matrix
