"""Dense layers whose initial weights come from a given generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    import torch


def linear(width_in: int, width_out: int, generator: torch.Generator | None) -> nn.Linear:
    """Make a dense layer with Glorot's initial weights, or zeros where no randomness is given.

    Parameters
    ----------
    width_in, width_out : int
        Values read and given.
    generator : torch.Generator or None
        Draws the initial weights.

    Returns
    -------
    torch.nn.Linear
        The layer; its bias starts at zero.
    """
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, width_in, width_out)
    if generator is None:
        nn.init.zeros_(layer.weight)
    else:
        nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
