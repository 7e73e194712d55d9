"""From an estimator's parameters to what they mean here: checked configurations, what "auto" stands for, a device."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.config import OWNER, Interval, NetworkConfig, ScalingConfig, TrainingConfig
from unflat.errors import ConfigurationError
from unflat.parting import parted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unflat.dataset import Dataset
    from unflat.parting import Parting

_STEPS, _STEPS_OF_SEVERAL, _FEWEST_EPOCHS, _MOST_EPOCHS = 1500, 1000, 10, 100
_SMALLEST_BATCH, _LARGEST_BATCH = 16, 256
_NOISE = Interval(0, math.inf, "left")


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
    chosen["input_noise"] = _noise(chosen["input_noise"])
    readout = chosen["readout"]
    chosen["readout"] = (readout,) if isinstance(readout, str) else _as_tuple("readout", readout, "names")
    return NetworkConfig(**chosen)


def scaling_config(parameters: Mapping[str, Any]) -> ScalingConfig:
    """Take what concerns scales from an estimator's parameters; raises as `training_config`."""
    chosen = {field.name: parameters[field.name] for field in fields(ScalingConfig)}
    if isinstance(chosen["target_range"], list):  # as JSON writes a pair
        chosen["target_range"] = tuple(chosen["target_range"])
    return ScalingConfig(**chosen)


def parting_for(
    parameters: Mapping[str, Any], data: Dataset, validation: object, random: np.random.RandomState
) -> Parting:
    """Say what each network of a fit with these parameters learns from, and what is held out of it.

    Parameters
    ----------
    parameters : mapping
        The estimator's parameters.
    data : Dataset
        What the fit was given.
    validation : tuple of (X, y), Windows or None
        What to hold out, where a user gave it.
    random : numpy.random.RandomState
        Draws what is held out otherwise.

    Returns
    -------
    Parting
        Of "auto", as many networks as the data ask for; where squared errors say how far networks go from their lines,
        some of them may begin without any.

    Raises
    ------
    ConfigurationError, InputError
        As for `parted`.
    """
    free = parameters["skip"] and parameters["loss"] == "mse"
    return parted(data, validation, parameters["validation_fraction"], random, parameters["n_members"], free=free)


def _noise(value: Any) -> float | None:  # noqa: ANN401 - what a user set
    """Give how much noise there is to be; None where that follows from the data."""
    if isinstance(value, str) and value == "auto":
        return None
    if not _NOISE.admits(value):  # also None, which reads as if there were to be none
        raise ConfigurationError(OWNER, "input_noise", f"'auto', or {_NOISE}", value)
    return float(value)


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
    _refuse_other_progress(parameters.get("progress", "auto"))
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


def _refuse_other_progress(choice: object) -> None:
    """Raise `ConfigurationError` for words that read as no and would count as yes."""
    is_auto = isinstance(choice, str) and choice == "auto"
    if not (is_auto or isinstance(choice, bool | np.bool_)):
        raise ConfigurationError(OWNER, "progress", "'auto', True or False", choice)


def one_pass_config(parameters: Mapping[str, Any], n: int) -> TrainingConfig:
    """Take the configuration of one pass over more data, at a constant rate: a tenth of the usual one.

    Nothing is averaged: a pass may be a few steps long, and the next goes on from where they led.
    """
    config = training_config(parameters, n)
    return replace(config, epochs=1, schedule="constant", learning_rate=config.learning_rate / 10, averaging=0.0)


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
    if not available.get(str(name).partition(":")[0], False) or not _is_device(name):
        here = ", ".join(repr(device) for device, there in available.items() if there)
        raise ConfigurationError(
            OWNER, "device", f"'auto' or a device of this machine ({here})", name,
            "Leave it at 'auto', which takes the fastest that there is.",
        )  # fmt: skip
    return torch.device(name)


def _is_device(name: str) -> bool:
    try:
        torch.device(name)
    except RuntimeError:  # of "cpu:first", say
        return False
    return True
