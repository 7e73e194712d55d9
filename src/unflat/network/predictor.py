"""Raw units in, raw units out: the one thing that `predict`, the file and every export share."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from unflat.memory import memory_kept
from unflat.network.ensemble import assembled, make_network
from unflat.network.restoring import restored
from unflat.scaling.limits import Limits
from unflat.scaling.ranges import beyond_of
from unflat.scaling.scales import Affine, Hold, InputScaling, Scaler, TargetScaler
from unflat.sequences import sequences_together
from unflat.sequences.batches import BatchSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.config import NetworkConfig
    from unflat.network.body import Network
    from unflat.network.ensemble import Ensemble
    from unflat.scaling.ranges import Beyond
    from unflat.sequences import Sequences


class Predictor(nn.Module):
    """Scale, network, unscale, in one module: nothing is left to forget.

    The scales are float64, which some accelerators lack; they stay on the processor, and only the network moves.

    Parameters
    ----------
    inputs : InputScaling
        From raw features to the network's.
    network : Network or Ensemble
        Between the scales.
    target : TargetScaler
        From raw targets to the network's, and back.
    context : InputScaling or None
        The same as `inputs`, of what stands beside sequences; None where nothing does.
    hold : Hold or None
        What holds the network's predictions; None for one that does not yet.
    """

    def __init__(
        self,
        inputs: InputScaling,
        network: Network | Ensemble,
        target: TargetScaler,
        context: InputScaling | None = None,
        hold: Hold | None = None,
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.context = context
        self.network = network
        self.target = target
        self.hold = Hold(len(target.center)) if hold is None else hold

    @property
    def members(self) -> tuple[Predictor, ...]:
        """Each network between the same scales."""
        return tuple(self.only([place]) for place in range(len(self.network.members)))

    def only(self, places: Sequence[int]) -> Predictor:
        """Give some of the networks between the same scales."""
        network = assembled([self.network.members[place] for place in places])
        return Predictor(self.inputs, network, self.target, self.context, self.hold)

    def keep(self, count: int) -> None:
        """Keep the first networks, and let the others go."""
        self.network = assembled(self.network.members[:count])

    @property
    def beyond(self) -> Beyond:
        """What predictions do outside of the range of training."""
        network = self.network
        return beyond_of(holds=self.hold.holds, skip=network.config.skip, straight=network.is_straight)

    @property
    def limits(self) -> tuple[Limits, ...]:
        """What predictions are limited to, output by output."""
        return tuple(map(Limits, self.target.lowest.tolist(), self.target.highest.tolist()))

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    def forward(self, values: Tensor, lengths: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        """Predict.

        Parameters
        ----------
        values : Tensor of shape (B, T, F)
            Raw features, NaN where missing; anything beyond a sequence's end.
        lengths : Tensor of shape (B,), int64, or None
            Steps of each sequence; None where all have T.
        context : Tensor of shape (B, C) or None
            What stands beside each sequence, raw, NaN where missing; None where nothing does.

        Returns
        -------
        Tensor of shape (B, outputs), float64
            Predictions in the target's units.
        """
        return self.target.inverse(self.with_states(values, lengths, context)[0].cpu())

    def with_states(
        self, values: Tensor, lengths: Tensor | None = None, context: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Give scaled predictions for raw values, held where they are, and the states that they are made of."""
        device, beside = self.device, self.beside(context)
        scaled, states = self.network.with_states(
            self.inputs(values).to(device),
            None if lengths is None else lengths.to(device),
            context=None if beside is None else beside.to(device),
        )
        return self.hold(scaled), states

    def beside(self, context: Tensor | None) -> Tensor | None:
        """Scale what stands beside sequences; None where nothing does."""
        if self.context is None or context is None:
            return None
        scaled: Tensor = self.context(context)
        return scaled

    @classmethod
    def restore(cls, config: NetworkConfig, state: Mapping[str, Tensor], *, logarithmic: bool) -> Predictor:
        """Make a predictor again from its numbers.

        Parameters
        ----------
        config : NetworkConfig
            The network's shape.
        state : mapping of str to Tensor
            What `state_dict` gave, all of it.
        logarithmic : bool
            Whether the target's scale takes the logarithm first.

        Returns
        -------
        Predictor
            Equal to the one whose numbers they are.
        """

        def make() -> Predictor:
            inputs = _input_scaling(state, "inputs")
            context = _input_scaling(state, "context") if "context.numeric" in state else None
            network = make_network(
                config,
                features=inputs.width,
                outputs=len(state["target.center"]),
                generator=torch.Generator(),
                context=0 if context is None else context.width,
            )
            return cls(inputs, network, TargetScaler(_affines(state, "target"), logarithmic=logarithmic), context)

        return restored(make, state)


def _input_scaling(state: Mapping[str, Tensor], prefix: str) -> InputScaling:
    categories = zip(state[f"{prefix}.code_columns"].tolist(), state[f"{prefix}.codes"].tolist(), strict=True)
    return InputScaling(
        state[f"{prefix}.numeric"].tolist(),
        Scaler(_affines(state, f"{prefix}.scaler")),
        state[f"{prefix}.with_missing"].tolist(),
        list(categories),
    )


def _affines(state: Mapping[str, Tensor], prefix: str) -> list[Affine]:
    centers, scales = state[f"{prefix}.center"].tolist(), state[f"{prefix}.scale"].tolist()
    return [Affine(center, scale) for center, scale in zip(centers, scales, strict=True)]


@torch.no_grad()
def predict_all(predictor: Predictor, sequences: Sequences) -> NDArray[np.float64]:
    """Predict for every sequence.

    Parameters
    ----------
    predictor : Predictor
        In raw units.
    sequences : Sequences
        Raw features.

    Returns
    -------
    ndarray of shape (n, outputs), float64
        Predictions in the target's units, in the sequences' order.
    """
    predictions = np.empty((len(sequences), len(predictor.target.center)))
    together = sequences_together(sequences.longest)
    with memory_kept() if len(sequences) > together else nullcontext():  # what one batch lets go of, the next takes
        for part, batch in BatchSource(sequences).in_order(together):
            predictions[part] = predictor(*batch).numpy()
    return predictions
