"""A predictor as plain arrays: what an exported file and a stream are made from.

It is read from `state_dict`, whose names are those of the model file, so that how the network computes may change
without either of them noticing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.scaling.remarks import complete_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch.nn import Module

    from unflat.config import NetworkConfig
    from unflat.network.body import Network
    from unflat.network.predictor import Predictor
    from unflat.scaling.ranges import Beyond
    from unflat.scaling.scales import InputScaling

    Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class InputArrays:
    """From raw features to the network's: see `unflat.scaling.scales.InputScaling`.

    Parameters
    ----------
    numeric : ndarray of int64
        The columns that hold numbers.
    center, scale : ndarray of float64
        Of each of these.
    with_missing : ndarray of int64
        Which of these have a missing-indicator, counted among them.
    code_columns : ndarray of int64
        The column of each category.
    codes : ndarray of float64
        The code of each category.
    unseen : ndarray of float32
        The share of each category in one that training never saw.
    """

    numeric: Array
    center: Array
    scale: Array
    with_missing: Array
    code_columns: Array
    codes: Array
    unseen: Array

    @property
    def together(self) -> Array:
        """Which categories are of one column, (categories, categories), float32."""
        same: Array = (self.code_columns[:, None] == self.code_columns).astype(np.float32)
        return same

    @property
    def width(self) -> int:
        """Features that the network reads."""
        return len(self.numeric) + len(self.with_missing) + len(self.codes)

    @property
    def complete(self) -> list[int]:
        """The numeric columns that had no missing value in training."""
        return complete_of(self.numeric, self.with_missing)


@dataclass(frozen=True, eq=False)
class CellArrays:
    """One direction of one recurrent layer, float32; gates in torch's order: i, f, g, o or r, z, n.

    Parameters
    ----------
    weight_input : ndarray of shape (gates * units, features)
        What multiplies the input.
    weight_hidden : ndarray of shape (gates * units, units)
        What multiplies the state.
    bias_input, bias_hidden : ndarray of shape (gates * units,)
        What is added to each product.
    """

    weight_input: Array
    weight_hidden: Array
    bias_input: Array
    bias_hidden: Array

    @property
    def units(self) -> int:
        """Hidden units."""
        return int(self.weight_hidden.shape[1])


@dataclass(frozen=True, eq=False)
class DenseArrays:
    """A dense layer, float32.

    Parameters
    ----------
    weight : ndarray of shape (outputs, inputs)
        What multiplies the input.
    bias : ndarray of shape (outputs,)
        What is added.
    """

    weight: Array
    bias: Array


@dataclass(frozen=True, eq=False)
class NetworkArrays:
    """What one network makes of a sequence, before its head.

    Parameters
    ----------
    layers : tuple of tuple of CellArrays
        The directions of each layer, forward first.
    attention : tuple of two DenseArrays, or None
        Projection and context of the attention, where the read-out has one.
    mix : DenseArrays or None
        From the poolings and what stands beside a sequence to what its tanh mixes of both; None where nothing does.
    """

    layers: tuple[tuple[CellArrays, ...], ...]
    attention: tuple[DenseArrays, DenseArrays] | None
    mix: DenseArrays | None

    @classmethod
    def of(cls, network: Network) -> NetworkArrays:
        """Copy the numbers of a network."""
        state, config = _state(network), network.config
        directions = ("forward_cell", "backward_cell") if config.bidirectional else ("forward_cell",)
        layers = tuple(
            tuple(_cell(state, f"layers.{depth}.{name}") for name in directions) for depth in range(len(config.units))
        )
        attention, attends = "readout.attention", "attention" in config.readout
        return cls(
            layers if network.embedding is None else _embedded(layers, network.embedding.matrix().cpu().numpy()),
            (_dense(state, f"{attention}.project"), _dense(state, f"{attention}.context")) if attends else None,
            None if network.mix is None else _dense(state, "mix"),
        )


@dataclass(frozen=True, eq=False)
class PredictorArrays:
    """A whole predictor.

    Parameters
    ----------
    config : NetworkConfig
        The networks' shape, and how many there are.
    inputs : InputArrays
        The scale of the features.
    context : InputArrays or None
        The scale of what stands beside a sequence; None where nothing does.
    networks : tuple of NetworkArrays
        Each makes its part of the vector that the head reads.
    head : DenseArrays
        From that vector to scaled predictions, the mean of all networks'. The vector holds, network by network, the
        poolings in the order of the read-out and what was mixed of them and the context; then, with a skip, its
        summary of the scaled sequence and the context: so that all heads and skips are one product.
    bounds : tuple of two ndarrays of shape (features,), float32, or None
        The range of each scaled feature that enters the products in the summary; None where there are none.
    target_center, target_scale : ndarray of shape (outputs,), float64
        The scale of the outputs.
    held : tuple of two ndarrays of shape (outputs,), float32, or None
        What scaled predictions are held between; None where none are.
    lowest, highest : ndarray of shape (outputs,), float64
        The target's limits, in raw units, which predictions keep within too; infinite where there is none.
    logarithmic : bool
        Whether the target's logarithm was taken before its scale.
    beyond : {"straight", "on a line", "held", "no further"}
        What predictions do outside of the range of training.
    """

    config: NetworkConfig
    inputs: InputArrays
    context: InputArrays | None
    networks: tuple[NetworkArrays, ...]
    head: DenseArrays
    bounds: tuple[Array, Array] | None
    target_center: Array
    target_scale: Array
    held: tuple[Array, Array] | None
    lowest: Array
    highest: Array
    logarithmic: bool
    beyond: Beyond

    @classmethod
    def of(cls, predictor: Predictor) -> PredictorArrays:
        """Copy the numbers of a predictor.

        Parameters
        ----------
        predictor : Predictor
            On any device.

        Returns
        -------
        PredictorArrays
            The same, independent of it.
        """
        target, hold = _state(predictor.target), _state(predictor.hold)
        members = predictor.network.members
        states = [_state(member) for member in members]
        return cls(
            predictor.network.config,
            _inputs(predictor.inputs),
            None if predictor.context is None else _inputs(predictor.context),
            tuple(map(NetworkArrays.of, members)),
            _head(states, skip=predictor.network.config.skip),
            (states[0]["skip.low"], states[0]["skip.high"]) if "skip.low" in states[0] else None,
            target["center"],
            target["scale"],
            (hold["low"], hold["high"]) if predictor.hold.holds else None,
            target["lowest"],
            target["highest"],
            predictor.target.logarithmic,
            predictor.beyond,
        )

    @property
    def outputs(self) -> int:
        """Numbers predicted for a sequence."""
        return len(self.target_center)

    @property
    def limited(self) -> bool:
        """Whether an output has a limit."""
        return bool(np.isfinite(self.lowest).any() or np.isfinite(self.highest).any())


def _state(module: Module) -> dict[str, Array]:
    return {name: np.array(tensor.cpu().numpy()) for name, tensor in module.state_dict().items()}


def _inputs(scaling: InputScaling) -> InputArrays:
    state = _state(scaling)
    names = ("numeric", "scaler.center", "scaler.scale", "with_missing", "code_columns", "codes", "unseen")
    return InputArrays(*(state[name] for name in names))


def _cell(state: dict[str, Array], prefix: str) -> CellArrays:
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return CellArrays(*(state[f"{prefix}.{name}"] for name in names))


def _embedded(layers: tuple[tuple[CellArrays, ...], ...], embedding: Array) -> tuple[tuple[CellArrays, ...], ...]:
    """Let the first layer read indicators itself: an embedding is linear, and so one product with its weights."""
    first = tuple(replace(cell, weight_input=cell.weight_input @ embedding.T) for cell in layers[0])
    return (first, *layers[1:])


def _dense(state: dict[str, Array], prefix: str) -> DenseArrays:
    return DenseArrays(state[f"{prefix}.weight"], state[f"{prefix}.bias"])


def _head(states: Sequence[dict[str, Array]], *, skip: bool) -> DenseArrays:
    """Join the heads side by side, and the mean of the skips, which all read the same."""
    heads = [_dense(state, "head") for state in states]
    weights, biases = [head.weight / np.float32(len(heads)) for head in heads], [head.bias for head in heads]
    if skip:
        skips = [_dense(state, "skip.map") for state in states]
        weights.append(np.mean([of.weight for of in skips], axis=0))
        biases = [bias + of.bias for bias, of in zip(biases, skips, strict=True)]
    return DenseArrays(np.hstack(weights), np.mean(biases, axis=0))
