"""Several networks as one: each with initial weights of its own, and their mean as the prediction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from unflat.network.body import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from unflat.config import NetworkConfig


class Ensemble(nn.Module):
    """Networks of one shape that predict the mean of their predictions, on the target's scale.

    The errors of networks that differ by chance alone differ by chance too, and average out (Hansen & Salamon, IEEE
    TPAMI 12, 1990).

    Parameters
    ----------
    networks : sequence of Network
        Two or more.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        super().__init__()
        self.config = replace(networks[0].config, n_members=len(networks))
        self.networks = nn.ModuleList(networks)

    @property
    def members(self) -> tuple[Network, ...]:
        """The networks."""
        return tuple(self.networks)  # type: ignore[arg-type]  # as it was made

    @property
    def outputs(self) -> int:
        """Numbers predicted for a sequence."""
        return self.members[0].outputs

    @property
    def width(self) -> int:
        """Numbers that the recurrences make of a sequence."""
        return sum(member.width for member in self.members)

    @property
    def linear_outputs(self) -> tuple[bool, ...]:
        """Of each output, whether no recurrence adds anything to it."""
        of_each = (member.linear_outputs for member in self.members)
        return tuple(map(all, zip(*of_each, strict=True)))

    @property
    def is_straight(self) -> bool:
        """Whether it is a straight line, as all of its networks are."""
        return all(member.is_straight for member in self.members)

    def forward(self, x: Tensor, lengths: Tensor | None = None, *, context: Tensor | None = None) -> Tensor:
        """Predict; arguments and result as `Network.forward` has them, without dropout."""
        return self.with_states(x, lengths, context=context)[0]

    def with_states(
        self, x: Tensor, lengths: Tensor | None = None, *, context: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Predict, and give what the recurrences made of each sequence, side by side: shape (B, width)."""
        each = (member.with_states(x, lengths, context=context) for member in self.members)
        predictions, states = zip(*each, strict=True)
        return torch.stack(predictions).mean(dim=0), torch.cat(states, dim=1)


def assembled(networks: Sequence[Network]) -> Network | Ensemble:
    """Give one network as it is, and several as an ensemble."""
    return networks[0] if len(networks) == 1 else Ensemble(networks)


def make_network(
    config: NetworkConfig, *, features: int, outputs: int, generator: torch.Generator, context: int = 0
) -> Network | Ensemble:
    """Make the network, or the ensemble, that a configuration asks for.

    Parameters
    ----------
    config : NetworkConfig
        Shape, and how many.
    features : int
        Features of a step.
    outputs : int
        Numbers predicted for a sequence.
    generator : torch.Generator
        Draws the initial weights, of one network after the other.
    context : int
        Numbers beside a sequence.

    Returns
    -------
    Network or Ensemble
        With its initial weights.
    """
    alone = replace(config, n_members=1)
    networks = [
        Network(alone, features=features, outputs=outputs, generator=generator, context=context)
        for _ in range(config.n_members)
    ]
    return assembled(networks)
