"""How a Keras model was trained, read off its compiled state and what its last `fit` left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.subjects.base import Settings
from unflat.diagnosis.subjects.described import loss_name, settings_of
from unflat.diagnosis.subjects.keras_arrays import array_of
from unflat.diagnosis.subjects.optimizers import optimizer_name

if TYPE_CHECKING:
    from types import ModuleType

_POINTS = 65
"""Steps at which a schedule is asked for its rate."""


def compiled_loss(model: Any, given: object) -> Any:  # noqa: ANN401 - Keras is optional
    """Give the loss: what the user says, else the compiled one; None where there is none, or one for each output."""
    loss = getattr(model, "loss", None) if given is None else given
    if isinstance(loss, dict):
        loss = list(loss.values())
    if isinstance(loss, list | tuple):
        return loss[0] if len(loss) == 1 else None
    return loss


def settings(keras: ModuleType, model: Any, loss: object, optimizer: Any) -> Settings | None:  # noqa: ANN401 - as above
    """Describe a training.

    Parameters
    ----------
    keras : module
        Keras.
    model : keras.Model
        The model.
    loss : str, callable or None
        What `compiled_loss` gave.
    optimizer : keras.optimizers.Optimizer, str or None
        What the user gave, else the compiled one.

    Returns
    -------
    Settings or None
        None where nothing is known.
    """
    history = getattr(model, "history", None)
    epochs = len(getattr(history, "epoch", ())) or None
    planned = (getattr(history, "params", None) or {}).get("epochs")
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales losses for half precision
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        said = settings_of(loss, optimizer)
        return said if said is None else replace(said, epochs=epochs, planned_epochs=planned)
    steps = int(array_of(keras, optimizer.iterations))
    clip = optimizer.global_clipnorm or optimizer.clipnorm
    known = optimizer_name(type(optimizer))
    return Settings(
        loss=loss_name(loss),
        optimizer=known,
        learning_rate=None if known is None else highest_rate(keras, optimizer, steps, history),
        epochs=epochs,
        steps=steps or None,
        clip_norm=float(clip) if clip else None,
        weight_decay=float(optimizer.weight_decay) if optimizer.weight_decay else None,
        planned_epochs=planned,
    )


def highest_rate(keras: ModuleType, optimizer: Any, steps: int, history: Any) -> float:  # noqa: ANN401 - as above
    """Give the highest rate of a schedule over so many steps, or of those that a callback recorded.

    Parameters
    ----------
    keras : module
        Keras.
    optimizer : keras.optimizers.Optimizer
        What has the rate.
    steps : int
        Steps from the first.
    history : keras.callbacks.History or None
        What was recorded.

    Returns
    -------
    float
        The highest rate.
    """
    recorded = getattr(history, "history", {}).get("learning_rate", ())
    rates = [float(rate) for rate in recorded] + [float(array_of(keras, optimizer.learning_rate))]
    configured = optimizer.get_config().get("learning_rate")
    if isinstance(configured, dict):
        schedule = keras.optimizers.schedules.deserialize(configured)
        points = np.unique(np.linspace(0, steps, _POINTS).astype(int))
        rates.extend(float(array_of(keras, schedule(int(point)))) for point in points)
    return max(rates)
