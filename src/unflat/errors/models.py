"""Models that cannot be diagnosed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from os import PathLike

from unflat.errors.base import UnflatError

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""What a message for terminals is coloured with."""


class ModelError(UnflatError):
    """A model that was given for diagnosis cannot be used."""


class UnknownModelError(ModelError, TypeError):
    """The object is none of the kinds of models that can be diagnosed.

    Parameters
    ----------
    model : object
        What was given.
    """

    def __init__(self, model: object) -> None:
        kind = type(model)
        self.received_type = f"{kind.__module__}.{kind.__qualname__}"
        super().__init__(
            "The model",
            "an LSTMRegressor, a Keras 3 model, a torch.nn.Module, a fitted scikit-learn regressor or Pipeline, "
            "or a function from X to predictions",
            f"an object of {self.received_type}" + (f", {model!r}" if isinstance(model, type) else ""),
            _way_to_a_model(model),
        )


def _way_to_a_model(model: object) -> str:
    if isinstance(model, type):
        return f"Give an object of it that was trained, not {model.__qualname__} itself."
    if isinstance(model, str | PathLike):
        return "Load the model and give that, or name the file on the command line: unflat diagnose FILE --data DATA."
    if isinstance(model, Mapping):
        return "Load these weights into the model, with load_state_dict if they are PyTorch's, and give the model."
    if hasattr(model, "history") and hasattr(model, "model"):  # Keras' fit does not return the model
        return "That is what fit returned: give the model that was fitted, and this as history=."
    if hasattr(model, "__array__"):
        return "These are numbers, such as predictions: give what makes them, as in diagnose(model, X, y)."
    return "Wrap it in a function: diagnose(lambda X: ..., X, y)."


class ModelFailedError(ModelError, RuntimeError):
    """The model raised an error of its own.

    Parameters
    ----------
    model : str
        The model, as the diagnosis calls it.
    shape : tuple of int
        The shape of the sequences that it was given.
    error : Exception
        What it raised.
    """

    def __init__(self, model: str, shape: tuple[int, ...], error: Exception) -> None:
        self.model = model
        self.shape = shape
        lines = [line.strip(" .") for line in _COLOUR.sub("", str(error)).splitlines() if line.strip()] or [
            "no message"
        ]
        super().__init__(
            f"The model {model}",
            f"a prediction for sequences of shape {shape}",
            f"{type(error).__name__}: {': '.join(lines[:2])}",  # Keras says where in the first line, what in the second
            "Check that X is what the model was trained on, in shape, scale and type.",
        )


class ModelSourceError(ModelError, ValueError):
    """No model can be loaded from where it was said to be.

    Parameters
    ----------
    source : str
        What was named: a file, or `module:object`.
    expected : str
        What could have been loaded.
    received : str
        What was found.
    remedy : str
        What to do about it.
    """

    def __init__(self, source: str, expected: str, received: str, remedy: str) -> None:
        self.source = source
        super().__init__(f"The model {source}", expected, received, remedy)


class KerasBackendError(ModelError, ImportError):
    """Keras is installed, and what it is going to compute with is not.

    Parameters
    ----------
    backend : str
        The backend that it was told to take, or takes unless it is told.
    """

    def __init__(self, backend: str) -> None:
        self.backend = backend
        super().__init__(
            "The backend of Keras", "one that is installed", f"{backend}, which is not",
            "Set the environment variable KERAS_BACKEND=torch before Keras is imported: unflat brings that one.",
        )  # fmt: skip
