"""Dense layers whose initial weights come from a given generator."""

from __future__ import annotations

import torch
from torch import nn

from unflat.network.restoring import place_of_weights


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
    # Made without storage, because torch would draw initial weights of its own from the global generator.
    layer = nn.Linear(width_in, width_out, device="meta")
    weights = {
        name: torch.zeros(parameter.shape, dtype=torch.float32, device=place_of_weights())
        for name, parameter in layer.named_parameters()
    }
    if generator is not None:
        nn.init.xavier_uniform_(weights["weight"], generator=generator)
    layer.load_state_dict(weights, assign=True)
    return layer
