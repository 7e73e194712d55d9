"""One recurrent layer, reading forward or both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from unflat.network import kernel
from unflat.network.restoring import place_of_weights
from unflat.network.steps import last_step, reverse_steps

if TYPE_CHECKING:
    from torch import Tensor

    from unflat.config import Cell

_CELLS = {"lstm": kernel.LSTM, "gru": nn.GRU}


class Recurrence(nn.Module):
    """One recurrent layer.

    An LSTM's step, for input x and state h, c (Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al.
    2000)::

        i, f, g, o = W x + U h + b          each of `units` values
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)

    It has one bias, as the equation: torch's second is held at zero. The GRU is Cho et al. 2014 with the reset
    gate after the product, and needs both.

    Parameters
    ----------
    cell : {"lstm", "gru"}
        The cell.
    features : int
        Features read at each step.
    units : int
        Hidden units of each direction.
    bidirectional : bool
        Whether the sequence is also read from its end.
    generator : torch.Generator
        Draws the initial weights.
    """

    def __init__(
        self, cell: Cell, features: int, units: int, *, bidirectional: bool, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.units = units
        self.forward_cell = _initialised(cell, features, units, generator)
        self.backward_cell = _initialised(cell, features, units, generator) if bidirectional else None

    @property
    def width(self) -> int:
        """Values of each step's state, of all directions."""
        return self.units * (1 if self.backward_cell is None else 2)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Read sequences.

        Parameters
        ----------
        x : Tensor of shape (B, T, features)
            The sequences, padded at their end.
        lengths : Tensor of shape (B,) or None
            Steps of each; None where all have T.

        Returns
        -------
        Tensor of shape (B, T, width)
            The state after each step. Beyond a sequence's end it has no meaning; since padding comes last, it
            never reaches a step that has.
        """
        states: Tensor = self.forward_cell(x)[0]
        if self.backward_cell is None:
            return states
        # Each sequence is turned around in its own length, so this direction too meets its padding last.
        backward = reverse_steps(self.backward_cell(reverse_steps(x, lengths))[0], lengths)
        return torch.cat([states, backward], dim=-1)

    def final(self, states: Tensor, lengths: Tensor | None) -> Tensor:
        """Take the state that each direction ends with: (B, T, width) to (B, width)."""
        last = last_step(states[..., : self.units], lengths)
        if self.backward_cell is None:
            return last
        return torch.cat([last, states[:, 0, self.units :]], dim=-1)


def _initialised(cell: Cell, features: int, units: int, generator: torch.Generator) -> nn.RNNBase:
    """Make a layer with Keras's initial weights: Glorot, orthogonal, and a forget bias of one.

    Glorot & Bengio 2010 over all gates at once; Saxe et al. 2014 for the recurrent weights; Jozefowicz et al. 2015
    for the forget bias. The layer is made without storage first, because torch would draw its own initial weights
    from the global generator.
    """
    layer: nn.RNNBase = _CELLS[cell](features, units, batch_first=True, device="meta")
    weights = {
        name: torch.empty(parameter.shape, dtype=torch.float32, device=place_of_weights())
        for name, parameter in layer.named_parameters()
    }
    nn.init.xavier_uniform_(weights["weight_ih_l0"], generator=generator)
    nn.init.orthogonal_(weights["weight_hh_l0"], generator=generator)
    nn.init.zeros_(weights["bias_ih_l0"])
    nn.init.zeros_(weights["bias_hh_l0"])
    if cell == "lstm":
        nn.init.ones_(weights["bias_ih_l0"][units : 2 * units])
    layer.load_state_dict(weights, assign=True)
    if cell == "lstm":
        layer.bias_hh_l0.requires_grad = False
    return layer
