"""From a data set to a trained predictor: scales, initial weights, the loop, and how it did on what was held out."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.baselines import Baselines
from unflat.config import OWNER, NetworkConfig, TrainingConfig
from unflat.errors import ConfigurationError, ConstantTargetError, MissingValuesWarning, OutOfRangeWarning
from unflat.fitting.starting import starts_of
from unflat.fitting.strangers import levels_of
from unflat.intervals import describe
from unflat.metrics import assess
from unflat.network import Predictor, make_network, predict_all
from unflat.network.embedding import MOST_ONE_HOT
from unflat.network.reading import scaled_targets
from unflat.scaling.limits import Trial, ends_of, limits_of
from unflat.scaling.ranges import far, in_words, missing_in_words
from unflat.scaling.scales import fit_affine, fit_context_scaling, fit_input_scaling, fit_target_scaler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unflat.config import ScalingConfig
    from unflat.dataset import Dataset
    from unflat.metrics import Assessment
    from unflat.parting import Part, Parting
    from unflat.scaling.ranges import InputRange
    from unflat.scaling.scales import InputScaling
    from unflat.sequences import Sequences

_STEPS, _STEPS_OF_SEVERAL, _FEWEST_EPOCHS, _MOST_EPOCHS = 1500, 1000, 10, 100
_SMALLEST_BATCH, _LARGEST_BATCH = 16, 256


def batch_size_for(n: int) -> int:
    """Choose a batch size: the power of two nearest to three times the root of n, between 16 and 256."""
    nearest = 1 << round(math.log2(3 * math.sqrt(n)))
    return min(max(nearest, _SMALLEST_BATCH), _LARGEST_BATCH)


def epochs_for(n: int, batch_size: int, steps: int = _STEPS) -> int:
    """Choose a number of epochs: as many as make about so many steps, between 10 and 100."""
    return min(max(math.ceil(steps * batch_size / n), _FEWEST_EPOCHS), _MOST_EPOCHS)


def network_config(parameters: Mapping[str, Any]) -> NetworkConfig:
    """Take what concerns the network from an estimator's parameters; raises as `training_config`."""
    chosen = {field.name: parameters[field.name] for field in fields(NetworkConfig) if field.name in parameters}
    chosen["units"] = _as_tuple("units", chosen["units"], "whole numbers, such as (50, 100), or (50,) for one layer")
    if chosen["n_members"] == "auto":
        del chosen["n_members"]  # which follows from the data
    if chosen["input_noise"] == "auto":
        chosen["input_noise"] = None
    readout = chosen["readout"]
    chosen["readout"] = (readout,) if isinstance(readout, str) else _as_tuple("readout", readout, "names")
    return NetworkConfig(**chosen)


def _as_tuple(name: str, value: Any, of: str) -> tuple[Any, ...]:  # noqa: ANN401 - what a user set
    try:
        return tuple(value)
    except TypeError as error:
        raise ConfigurationError(OWNER, name, f"a tuple of {of}", value) from error


def training_config(parameters: Mapping[str, Any], n: int, *, crossed: bool = False) -> TrainingConfig:
    """Take what concerns training from an estimator's parameters, and settle what is "auto" among them.

    Parameters
    ----------
    parameters : mapping
        The estimator's parameters.
    n : int
        Training sequences.
    crossed : bool
        Whether several networks hold out different parts: each of them then makes fewer steps, since their mean is
        smoother than any of them.

    Returns
    -------
    TrainingConfig
        Checked.

    Raises
    ------
    ConfigurationError
        If a parameter is outside what it may be.
    """
    _refuse_other_callbacks(parameters.get("callbacks", ()))
    chosen = {field.name: parameters[field.name] for field in fields(TrainingConfig)}
    if chosen["batch_size"] == "auto":
        chosen["batch_size"] = batch_size_for(n)
    if chosen["epochs"] == "auto":
        chosen["epochs"] = epochs_for(n, chosen["batch_size"], _STEPS_OF_SEVERAL if crossed else _STEPS)
    if chosen["patience"] == "auto":
        # A cycle does its best work at its end, and weights from before are kept where it does not.
        chosen["patience"] = max(1, chosen["epochs"] // 2) if chosen["schedule"] == "constant" else None
    return TrainingConfig(**chosen)


def _refuse_other_callbacks(callbacks: object) -> None:
    """Raise `ConfigurationError` before training if one of them could not look on."""
    given = callbacks if isinstance(callbacks, list | tuple) else [None]
    if any(isinstance(each, type) or not hasattr(each, "on_model") for each in given):
        words = "a list of objects of unflat.Callback, such as [Watch(X, y)]"
        raise ConfigurationError(OWNER, "callbacks", words, callbacks)


def one_pass_config(parameters: Mapping[str, Any], n: int) -> TrainingConfig:
    """Take the configuration of one pass over more data, at a constant rate: a tenth of the usual one.

    Nothing is averaged: a pass may be a few steps long, and the next goes on from where they led.
    """
    config = training_config(parameters, n)
    return replace(config, epochs=1, schedule="constant", learning_rate=config.learning_rate / 10, averaging=0.0)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A predictor before its first step, its scales fitted.

    Parameters
    ----------
    predictor : Predictor
        Scales and initial weights.
    constant : tuple of str
        Features with one value in all training rows.
    """

    predictor: Predictor
    constant: tuple[str, ...]


def prepare(parting: Parting, config: NetworkConfig, scales: ScalingConfig, generator: torch.Generator) -> Prepared:
    """Fit the scales on what is learned from, and draw the initial weights.

    Parameters
    ----------
    parting : Parting
        What networks learn from; all of it is what scales are fitted on, and what each begins at, on its own part.
        What all hold out may speak against the line that training would begin at, and for the last value; and against
        limits of the target.
    config : NetworkConfig
        The network's shape.
    scales : ScalingConfig
        Which scales.
    generator : torch.Generator
        Draws the weights.

    Returns
    -------
    Prepared
        The predictor, and what was noticed.

    Raises
    ------
    ConstantTargetError
        If an output has one value throughout.
    """
    training, validation = parting.whole, None if parting.crossed else parting.held_out
    _refuse_constant(training)
    inputs, constant = fit_input_scaling(training.sequences, scales.scale_inputs)
    judged = None if validation is None else validation.y
    limits = limits_of(training.y, scales.target_range, training.names, judged)
    target = fit_target_scaler(training.y, scales.scale_target, training.names, limits)
    context, constant_beside = fit_context_scaling(training.sequences, scales.scale_inputs)
    starts = starts_of(inputs, context, target, parting) if config.skip else ()
    asks = config.input_noise is None and training.for_other_series
    levels = levels_of(inputs, target, training) if asks or config.input_noise else None
    if config.input_noise is None:
        config = replace(config, input_noise=0.0 if levels is None else levels.noise)
    read = starts[0].line.terms._asdict() if starts else {}
    config = replace(config, n_members=len(parting.of_each), embedded=_embedded(inputs), **read)
    network = make_network(
        config,
        features=inputs.width,
        outputs=training.y.shape[1],
        generator=generator,
        context=0 if context is None else context.width,
    )
    for place, (member, start) in enumerate(zip(network.members, starts, strict=bool(starts))):
        if place in parting.at_line:
            member.start_at(start.line, start.bounds)
        else:
            member.start_at(start.line.silent, start.bounds, generator)
    for member in network.members:
        if member.noise is not None and levels is not None:
            member.noise.deviations[: len(levels.between)] = torch.from_numpy(levels.between)
    names = [repr(training.sequences.context_names[column]) for column in constant_beside]
    predictor = Predictor(inputs, network, target, context)
    return Prepared(predictor, (*map(training.sequences.feature, constant), *names))


def _embedded(inputs: InputScaling) -> tuple[tuple[int, int], ...]:
    """Find the columns of many categories: the first indicator of each, and how many it has."""
    columns, counts = np.unique(inputs.code_columns.numpy(), return_counts=True)
    firsts = len(inputs.numeric) + len(inputs.with_missing) + np.concatenate([[0], np.cumsum(counts)[:-1]])
    many = counts[: len(columns)] > MOST_ONE_HOT
    return tuple(zip(firsts[many].astype(int).tolist(), counts[many].tolist(), strict=True))


def _refuse_constant(training: Dataset) -> None:
    for name, column in zip(training.names, training.y.T, strict=True):
        if fit_affine(column, "standard").constant:
            raise ConstantTargetError(name, float(column[0]), len(column))


def hold(predictor: Predictor, parting: Parting) -> None:
    """Hold predictions within the range of the targets, unless what was held out vouches for what lies beyond.

    Only where every sequence was held out by networks that learned from others: then the largest and the smallest
    target were predicted by somebody who had seen none like it, and a trend that goes on shows.

    Parameters
    ----------
    predictor : Predictor
        Trained; it is changed in place.
    parting : Parting
        What its networks learned from, and what they held out.
    """
    if not parting.crossed or parting.held_out is None or len(parting.held_out) < len(parting.whole):
        return
    trials = [
        _trial(predictor, part, part.training, part.held_out) for part in parting.parts if part.held_out is not None
    ]
    predictor.hold.between(ends_of(trials))


def _trial(predictor: Predictor, part: Part, training: Dataset, held_out: Dataset) -> Trial:
    learned, true = (scaled_targets(predictor.target, data) for data in (training, held_out))
    predicted = describe(predictor.only(part.members), held_out.sequences)[:, : predictor.network.outputs]
    return Trial(learned, predicted.double().numpy(), true, held_out.weights)


def assess_on(predictor: Predictor, baselines: Baselines, data: Dataset) -> Assessment:
    """Hold a predictor against the baselines on a part of the data."""
    prediction = predict_all(predictor, data.sequences)
    references, reasons = baselines.predict(data.sequences), baselines.reasons_for(data.sequences)
    return assess(data.y, prediction, references, reasons, data.weights)


def assess_held_out(predictor: Predictor, baselines: Baselines, parting: Parting) -> Assessment | None:
    """Hold a predictor against the baselines on what was held out; None where nothing was.

    Where networks held out different parts, each part is predicted by the network that did not learn from it, and by
    baselines that did not.
    """
    if parting.held_out is None:
        return None
    if not parting.crossed:
        return assess_on(predictor, baselines, parting.held_out)
    predicted = [_unseen(predictor, part, part.held_out) for part in parting.parts if part.held_out is not None]
    prediction = np.concatenate([own for own, _ in predicted])
    names = [name for name in predicted[0][1] if all(name in of_part for _, of_part in predicted)]
    references = {name: np.concatenate([of_part[name] for _, of_part in predicted]) for name in names}
    held_out = parting.held_out
    return assess(held_out.y, prediction, references, baselines.reasons_for(held_out.sequences), held_out.weights)


def _unseen(
    predictor: Predictor, part: Part, held_out: Dataset
) -> tuple[NDArray[np.float64], Mapping[str, NDArray[np.float64]]]:
    """Predict what a part holds out, by its networks and by baselines of what they learned from."""
    training = part.training
    baselines = Baselines.fit(training.sequences, training.y, training.past, sample_weight=training.weights)
    return predict_all(predictor.only(part.members), held_out.sequences), baselines.predict(held_out.sequences)


def warn_of_inputs(predictor: Predictor, ranges: InputRange, sequences: Sequences, *, stacklevel: int) -> None:
    """Warn of inputs that training saw nothing like.

    Parameters
    ----------
    predictor : Predictor
        What is to predict for them.
    ranges : InputRange
        The ranges of its training part.
    sequences : Sequences
        The inputs.
    stacklevel : int
        Frames between this function and the user's call, for the warning's line.
    """
    if missing := missing_where_complete(predictor, sequences):
        warnings.warn(missing_in_words(missing), MissingValuesWarning, stacklevel=stacklevel)
    findings = ranges.outside(sequences, far(predictor.beyond))
    if findings is not None:
        told = in_words(findings, len(sequences), predictor.beyond)
        warnings.warn(told, OutOfRangeWarning, stacklevel=stacklevel)


def missing_where_complete(predictor: Predictor, sequences: Sequences) -> list[str]:
    """Name the features in which values are missing although training saw none missing there."""
    missing = [sequences.feature(column) for column in _missing_in_rows(predictor.inputs, sequences)]
    beside = [] if predictor.context is None else _complete(predictor.context)
    names = sequences.context_names
    return missing + [repr(names[column]) for column in beside if np.isnan(sequences.context_column(column)).any()]


def _missing_in_rows(scaling: InputScaling, sequences: Sequences) -> list[int]:
    anywhere = sequences.columns_with_missing()
    if not anywhere:  # as nearly always: one look at each value, and nothing else
        return []
    covered = sequences.covered()  # padding, too, is written as NaN
    suspects = [column for column in _complete(scaling) if column in anywhere]
    return [column for column in suspects if np.isnan(sequences.rows[covered, column]).any()]


def _complete(scaling: InputScaling) -> list[int]:
    """Give the numeric columns that had no value missing in training."""
    complete: list[int] = np.setdiff1d(scaling.numeric.numpy(), scaling.numeric[scaling.with_missing].numpy()).tolist()
    return complete


def choose_device(name: str) -> torch.device:
    """Find the device of a name.

    Parameters
    ----------
    name : str
        "auto" for CUDA, else Apple's MPS, else the processor; or any name that torch knows.

    Returns
    -------
    torch.device
        A device that is there.

    Raises
    ------
    ConfigurationError
        If it is not.
    """
    if name == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(str(name).partition(":")[0], False):
        here = ", ".join(repr(device) for device, there in available.items() if there)
        raise ConfigurationError("LSTMRegressor", "device", f"'auto' or a device of this machine ({here})", name)
    return torch.device(name)
