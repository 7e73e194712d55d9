"""The document's network as people write it in PyTorch: for a plain loop, for skorch and for Lightning."""

from __future__ import annotations

import common
import torch
from torch import nn


class Network(nn.Module):
    """Two LSTM layers, dropout after each, and one linear unit on the last state."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.LSTM(1, common.UNITS[0], batch_first=True)
        self.second = nn.LSTM(common.UNITS[0], common.UNITS[1], batch_first=True)
        self.dropout = nn.Dropout(common.DROPOUT)
        self.head = nn.Linear(common.UNITS[1], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (B, T, 1) to (B, 1)."""
        states, _ = self.first(x)
        states, _ = self.second(self.dropout(states))
        prediction: torch.Tensor = self.head(self.dropout(states[:, -1]))
        return prediction
