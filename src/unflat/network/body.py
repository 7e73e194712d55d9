"""The network between the scales: scaled sequences in, scaled predictions out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from unflat.network.dense import linear
from unflat.network.embedding import Embedding
from unflat.network.noise import InputNoise
from unflat.network.readout import ReadOut
from unflat.network.recurrence import Recurrence
from unflat.network.skip import LinearSkip
from unflat.network.steps import drop, valid_steps
from unflat.network.terms import Terms

if TYPE_CHECKING:
    from torch import Tensor

    from unflat.config import NetworkConfig
    from unflat.network.lines.line import Line


class Network(nn.Module):
    """Stacked recurrence, read-out over time, dense head, and a linear skip around them.

    Categories with many values are embedded for the recurrence; the skip reads their indicators.

    What stands beside a sequence joins after the read-out: a dense layer of tanh units mixes it with the pooled
    states, so that the one can change what the other means, and the head reads both; the skip reads it as it is.

    With a skip the head starts at zero: training begins at the skip's ridge regression and adds what the
    recurrence finds. Noise stands before the recurrence, dropout after each layer's states and after the read-out; they
    act where a generator is passed to `forward`, so there is no mode to forget. The skip reads no noise.

    Parameters
    ----------
    config : NetworkConfig
        Its shape.
    features : int
        Features of a step.
    outputs : int
        Numbers predicted for a sequence.
    generator : torch.Generator
        Draws the initial weights; no other generator is touched.
    context : int
        Numbers beside a sequence.
    """

    def __init__(
        self, config: NetworkConfig, *, features: int, outputs: int, generator: torch.Generator, context: int = 0
    ) -> None:
        super().__init__()
        self.config = config
        self.noise = InputNoise(config.input_noise, features) if config.input_noise else None
        self.embedding = Embedding(features, config.embedded, generator) if config.embedded else None
        self.layers = nn.ModuleList()
        width = features if self.embedding is None else self.embedding.width
        for units in config.units:
            layer = Recurrence(config.cell, width, units, bidirectional=config.bidirectional, generator=generator)
            self.layers.append(layer)
            width = layer.width
        self.readout = ReadOut(config.readout, width, generator)
        pooled = self.readout.width
        self.mix = linear(pooled + context, config.units[-1], generator) if context else None
        read = pooled + (config.units[-1] if context else 0)
        self.head = linear(read, outputs, None if config.skip else generator)
        self.skip = LinearSkip(features, outputs, context, Terms.of(config)) if config.skip else None

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        generator: torch.Generator | None = None,
        context: Tensor | None = None,
    ) -> Tensor:
        """Predict.

        Parameters
        ----------
        x : Tensor of shape (B, T, features), float32
            Scaled sequences, padded at their end with anything.
        lengths : Tensor of shape (B,), int64, or None
            Steps of each sequence; None where all have T.
        generator : torch.Generator or None
            Given in training: draws noise, and what dropout leaves out.
        context : Tensor of shape (B, C), float32, or None
            What stands beside each sequence, scaled; None where nothing does.

        Returns
        -------
        Tensor of shape (B, outputs), float32
            Scaled predictions.
        """
        return self.with_states(x, lengths, generator, context)[0]

    def with_states(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        generator: torch.Generator | None = None,
        context: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Predict, and give what the recurrence made of each sequence.

        Parameters
        ----------
        x, lengths, generator, context
            As for `forward`.

        Returns
        -------
        prediction : Tensor of shape (B, outputs), float32
            Scaled predictions.
        pooled : Tensor of shape (B, head.in_features), float32
            The states over time as one vector, and what was mixed from it and the context.
        """
        if lengths is not None:
            # What no mask removes later: 0 times infinity, in attention and in every gradient.
            x = x.masked_fill(~valid_steps(lengths, x.shape[1]), 0.0)
        read = x if self.noise is None or generator is None else self.noise(x, generator)
        states = read if self.embedding is None else self.embedding(read)
        for depth, layer in enumerate(self.layers):
            if depth:
                states = drop(states, self.config.dropout, generator)
            states = layer(states, lengths)
        final = self.layers[-1].final(states, lengths)  # type: ignore[operator]  # a Recurrence
        pooled = drop(self.readout(states, final, lengths), self.config.dropout, generator)
        if self.mix is not None:
            pooled = torch.cat([pooled, torch.tanh(self.mix(torch.cat([pooled, context], dim=-1)))], dim=-1)  # type: ignore[list-item]  # given where there is a mix
        prediction: Tensor = self.head(pooled)
        return prediction if self.skip is None else prediction + self.skip(x, lengths, context), pooled

    def start_at(
        self, line: Line, bounds: tuple[Tensor, Tensor] | None = None, generator: torch.Generator | None = None
    ) -> None:
        """Begin at a line: set the skip to it, and draw the head's weights where the line alone would say nothing.

        Parameters
        ----------
        line : Line
            Of the skip's terms.
        bounds : tuple of two Tensors of shape (features,), or None
            The range of values that enter its products.
        generator : torch.Generator or None
            Draws the head's weights; None leaves them at zero.
        """
        if self.skip is not None:
            self.skip.start_at(line, bounds)
        if generator is not None:
            self.head = linear(self.head.in_features, self.outputs, generator)

    @torch.no_grad()
    def weigh(self, counts: Tensor) -> None:
        """Multiply the predictions of each output, by counts of shape (outputs,)."""
        for layer in (self.head, *(() if self.skip is None else (self.skip.map,))):
            _scale_rows(layer, counts)

    @torch.no_grad()
    def moderate(self, share: Tensor, start: dict[str, Tensor]) -> None:
        """Move predictions to a share of the way from a skip alone to what they are.

        Parameters
        ----------
        share : Tensor of shape (outputs,)
            Of each output, between 0, for the skip alone, and 1, to change nothing.
        start : dict of str to Tensor
            The skip's map, as `state_dict` gives it.
        """
        if self.skip is not None:
            _scale_rows(self.head, share)
            for name, parameter in self.skip.map.named_parameters():
                parameter.copy_(torch.lerp(start[name].to(parameter), parameter, _by_row(share, parameter)))

    @torch.no_grad()
    def mix_with(self, line: Line, bounds: tuple[Tensor, Tensor], share: Tensor) -> None:
        """Move predictions a share of the way to a line, which may read other terms than the skip.

        Parameters
        ----------
        line : Line
            Where to go.
        bounds : tuple of two Tensors of shape (features,)
            The range of values that enter products.
        share : Tensor of shape (outputs,)
            Of each output, between 0, to change nothing, and 1, for the line alone.
        """
        if self.skip is not None:
            self.weigh(1 - share)
            self.skip = self.skip.beside(line, bounds, share)
            self.config = replace(self.config, **self.skip.terms._asdict())

    @property
    def members(self) -> tuple[Network, ...]:
        """Itself, as the only one."""
        return (self,)

    @property
    def outputs(self) -> int:
        """Numbers predicted for a sequence."""
        return self.head.out_features

    @property
    def width(self) -> int:
        """Numbers that the recurrence makes of a sequence, and of what stands beside it."""
        return self.head.in_features

    @property
    def is_without_line(self) -> bool:
        """Whether it has a skip of which it makes no use: it began without a line, and is to learn all by itself."""
        return self.skip is not None and not bool(self.skip.map.weight.any()) and bool(self.head.weight.any())

    @property
    def linear_outputs(self) -> tuple[bool, ...]:
        """Of each output, whether the recurrence adds nothing to the skip: the head is the zero it started from."""
        return tuple((~self.head.weight.any(dim=1)).tolist()) if self.skip is not None else (False,) * self.outputs

    @property
    def is_straight(self) -> bool:
        """Whether it is a straight line: nothing but a skip, in which products count for next to nothing."""
        return all(self.linear_outputs) and self.skip is not None and self.skip.is_straight


def _scale_rows(layer: nn.Module, counts: Tensor) -> None:
    """Multiply what a layer gives for each output."""
    for parameter in layer.parameters():
        parameter.mul_(_by_row(counts, parameter))


def _by_row(counts: Tensor, parameter: Tensor) -> Tensor:
    """Let numbers of outputs stand beside the rows of a weight, or the numbers of a bias."""
    return counts.to(parameter).reshape(-1, *[1] * (parameter.ndim - 1))
