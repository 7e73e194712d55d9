"""Models that cannot be diagnosed."""

from __future__ import annotations

from unflat.errors.base import UnflatError


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
            f"an object of {self.received_type}",
            "Wrap it in a function: diagnose(lambda X: ..., X, y).",
        )


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
        lines = str(error).strip().splitlines() or ["no message"]
        super().__init__(
            f"The model {model}",
            f"a prediction for sequences of shape {shape}",
            f"{type(error).__name__}: {lines[0].rstrip('.')}",
            "Check that X is what the model was trained on, in shape, scale and type.",
        )
