"""From a data set to a trained predictor: scales, initial weights, the loop, and how it did on what was held out."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, fields, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from unflat.batches import BatchSource
from unflat.config import NetworkConfig, TrainingConfig
from unflat.dataset import places_apart
from unflat.errors import ConfigurationError, ConstantTargetError, MissingValuesWarning, OutOfRangeWarning
from unflat.history import History
from unflat.limits import limits_of
from unflat.metrics import assess
from unflat.moderation import is_moderated, share_of_way
from unflat.network import Predictor, make_network, predict_all
from unflat.network.embedding import MOST_ONE_HOT
from unflat.ranges import FAR, FAR_ON_A_LINE, in_words, missing_in_words
from unflat.scaling import fit_affine, fit_context_scaling, fit_input_scaling, fit_target_scaler
from unflat.starting import start_of
from unflat.strangers import levels_of
from unflat.training import Examples, Runtime, errors_on, train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unflat.baselines import Baselines
    from unflat.callbacks import Callback
    from unflat.config import LossName, ScalingConfig
    from unflat.dataset import Dataset
    from unflat.metrics import Assessment
    from unflat.network import Network
    from unflat.ranges import InputRange
    from unflat.scaling import InputScaling
    from unflat.sequences import Sequences

_STEPS, _FEWEST_EPOCHS, _MOST_EPOCHS = 1500, 10, 100
_SMALLEST_BATCH, _LARGEST_BATCH = 16, 256


def batch_size_for(n: int) -> int:
    """Choose a batch size: the power of two nearest to three times the root of n, between 16 and 256."""
    nearest = 1 << round(math.log2(3 * math.sqrt(n)))
    return min(max(nearest, _SMALLEST_BATCH), _LARGEST_BATCH)


def epochs_for(n: int, batch_size: int) -> int:
    """Choose a number of epochs: as many as make about 1,500 steps, between 10 and 100."""
    return min(max(math.ceil(_STEPS * batch_size / n), _FEWEST_EPOCHS), _MOST_EPOCHS)


def network_config(parameters: Mapping[str, Any]) -> NetworkConfig:
    """Take what concerns the network from an estimator's parameters; raises as `training_config`."""
    chosen = {field.name: parameters[field.name] for field in fields(NetworkConfig) if field.name in parameters}
    chosen["units"] = tuple(chosen["units"])
    if chosen["input_noise"] == "auto":
        chosen["input_noise"] = None
    chosen["readout"] = (chosen["readout"],) if isinstance(chosen["readout"], str) else tuple(chosen["readout"])
    return NetworkConfig(**chosen)


def training_config(parameters: Mapping[str, Any], n: int) -> TrainingConfig:
    """Take what concerns training from an estimator's parameters, and settle what is "auto" among them.

    Parameters
    ----------
    parameters : mapping
        The estimator's parameters.
    n : int
        Training sequences.

    Returns
    -------
    TrainingConfig
        Checked.

    Raises
    ------
    ConfigurationError
        If a parameter is outside what it may be.
    """
    chosen = {field.name: parameters[field.name] for field in fields(TrainingConfig)}
    if chosen["batch_size"] == "auto":
        chosen["batch_size"] = batch_size_for(n)
    if chosen["epochs"] == "auto":
        chosen["epochs"] = epochs_for(n, chosen["batch_size"])
    if chosen["patience"] == "auto":
        # A cycle does its best work at its end, and weights from before are kept where it does not.
        chosen["patience"] = max(1, chosen["epochs"] // 2) if chosen["schedule"] == "constant" else None
    return TrainingConfig(**chosen)


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


def prepare(
    training: Dataset,
    config: NetworkConfig,
    scales: ScalingConfig,
    generator: torch.Generator,
    validation: Dataset | None = None,
) -> Prepared:
    """Fit the scales on the training part and draw the initial weights.

    Parameters
    ----------
    training : Dataset
        The training part, and nothing else.
    config : NetworkConfig
        The network's shape.
    scales : ScalingConfig
        Which scales.
    generator : torch.Generator
        Draws the weights.
    validation : Dataset or None
        What is held out: it may speak against the line that training would begin at, and for the last value; and
        against limits of the target.

    Returns
    -------
    Prepared
        The predictor, and what was noticed.

    Raises
    ------
    ConstantTargetError
        If an output has one value throughout.
    """
    _refuse_constant(training)
    inputs, constant = fit_input_scaling(training.sequences, scales.scale_inputs)
    judged = None if validation is None else validation.y
    limits = limits_of(training.y, scales.target_range, training.names, judged)
    target = fit_target_scaler(training.y, scales.scale_target, training.names, limits)
    context, constant_beside = fit_context_scaling(training.sequences, scales.scale_inputs)
    start = start_of(inputs, context, target, training, validation) if config.skip else None
    asks = config.input_noise is None and training.for_other_series
    levels = levels_of(inputs, target, training) if asks or config.input_noise else None
    if config.input_noise is None:
        config = replace(config, input_noise=0.0 if levels is None else levels.noise)
    config = replace(config, embedded=_embedded(inputs), **({} if start is None else start.line.terms._asdict()))
    network = make_network(
        config,
        features=inputs.width,
        outputs=training.y.shape[1],
        generator=generator,
        context=0 if context is None else context.width,
    )
    for member in network.members:
        if start is not None:
            member.skip.start_at(*start)  # type: ignore[union-attr]  # there where it is configured
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


def examples(data: Dataset, predictor: Predictor) -> Examples:
    """Make a data set ready to be drawn from, its targets scaled once."""
    return Examples(
        BatchSource(data.sequences),
        predictor.inputs,
        predictor.target(torch.from_numpy(data.y)).float(),
        None if data.weights is None else torch.from_numpy(data.weights / data.weights.mean()).float(),
        predictor.context,
    )


def learn(
    predictor: Predictor,
    training: Dataset,
    validation: Dataset | None,
    config: TrainingConfig,
    *,
    generator: torch.Generator,
    device: torch.device,
    callbacks: Sequence[Callback],
    moments: Sequence[dict[str, Any]] | None = None,
    errors: Sequence[list[torch.Tensor]] | None = None,
) -> tuple[History, ...]:
    """Train a predictor's networks, one after the other, on a device and bring them back.

    They differ by their initial weights, and by the order in which each sees the sequences.

    Parameters
    ----------
    predictor : Predictor
        What `prepare` made; its networks are trained in place.
    training, validation : Dataset
        The parts; None for no validation.
    config : TrainingConfig
        How to train.
    generator : torch.Generator
        Order and dropout.
    device : torch.device
        Where to compute.
    callbacks : sequence of Callback
        Who looks on, at each training.
    moments : sequence of dict, or None
        Of each network, the optimizer's moments of an earlier training to go on from; replaced by this one's.
    errors : sequence of lists of Tensor, or None
        Of each network, filled with the errors on the validation part, as `train` says.

    Returns
    -------
    tuple of History
        What happened, training by training; none follows one that was interrupted.
    """
    histories: list[History] = []
    for place, member in enumerate(predictor.members):
        histories.append(
            _learn_one(
                member,
                training,
                validation,
                config,
                generator=generator,
                device=device,
                callbacks=callbacks,
                moments=None if moments is None else moments[place],
                errors=None if errors is None else errors[place],
            )
        )
        if histories[-1].stopped == "interrupted":
            break
    return tuple(histories)


def _learn_one(
    predictor: Predictor,
    training: Dataset,
    validation: Dataset | None,
    config: TrainingConfig,
    *,
    generator: torch.Generator,
    device: torch.device,
    callbacks: Sequence[Callback],
    moments: dict[str, Any] | None,
    errors: list[torch.Tensor] | None,
) -> History:
    (network,) = predictor.network.members
    network.to(device)
    judged = None if validation is None else examples(validation, predictor)
    runtime = Runtime(device, config.precision)
    line = _Line.of(network, judged, config.loss, runtime)
    try:
        for callback in callbacks:
            callback.on_model(predictor, config)
        history = train(
            network,
            examples(training, predictor),
            judged,
            config,
            generator=generator,
            runtime=runtime,
            callbacks=callbacks,
            moments=moments,
            errors=errors,
        )
        if line is not None and validation is not None and history.best_epoch:
            line.moderate(network, validation)
    finally:
        network.to("cpu")
    return history


class _Line(NamedTuple):
    """The skip that a training began at, and its errors on the validation part.

    Parameters
    ----------
    map : dict of str to Tensor
        The skip's.
    errors : Tensor of shape (n, outputs)
        On the validation part.
    judged : Examples
        That part.
    runtime : Runtime
        Where and how to compute.
    """

    map: dict[str, torch.Tensor]
    errors: torch.Tensor
    judged: Examples
    runtime: Runtime

    @classmethod
    def of(cls, network: Network, judged: Examples | None, loss: LossName, runtime: Runtime) -> _Line | None:
        """Remember it; None where there is none, or where squares are not what errors are judged by."""
        if judged is None or network.skip is None or not is_moderated(network.config, loss):
            return None
        start = {name: tensor.clone() for name, tensor in network.skip.map.state_dict().items()}
        return cls(start, errors_on(network, judged, runtime), judged, runtime)

    def moderate(self, network: Network, validation: Dataset) -> None:
        """Move a trained network back towards the line, as far as the validation part does not vouch for it."""
        after = errors_on(network, self.judged, self.runtime)
        apart = places_apart(validation.sequences)
        share = share_of_way(self.errors, after, self.judged.weights, apart, ends_series=validation.goes_on)
        network.moderate(share.vouched_for, self.map)


def continued(histories: Sequence[History], later: Sequence[History]) -> tuple[History, ...]:
    """Append trainings that went on from earlier ones; after Ctrl-C there are fewer of them."""
    return tuple(before + after for before, after in zip_longest(histories, later, fillvalue=History()))


def assess_on(predictor: Predictor, baselines: Baselines, data: Dataset) -> Assessment:
    """Hold a predictor against the baselines on a part of the data."""
    prediction = predict_all(predictor, data.sequences)
    references, reasons = baselines.predict(data.sequences), baselines.reasons_for(data.sequences)
    return assess(data.y, prediction, references, reasons, data.weights)


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
    goes_on = predictor.network.config.skip
    findings = ranges.outside(sequences, FAR_ON_A_LINE if goes_on else FAR)
    if findings is not None:
        told = in_words(findings, len(sequences), goes_on=goes_on)
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
