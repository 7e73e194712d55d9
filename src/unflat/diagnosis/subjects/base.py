"""What a diagnosis sees of a model: predictions always, and as far as the framework allows, its inside.

A subject never changes the user's model: weights, optimizer, mode, hooks and random state are as they were after each
call, also when it ends in an error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from unflat.diagnosis.records import Framework, NotExamined
    from unflat.diagnosis.subjects.outputs import Outputs

LayerKind = Literal["recurrent", "dense", "activation", "dropout", "norm", "pooling", "line", "other"]


@dataclass(frozen=True)
class Settings:
    """How a model was trained, as far as is known; None for what is not.

    Parameters
    ----------
    loss : str or None
        Name of the loss, such as "mse".
    optimizer : str or None
        Name of the optimizer in lower case, such as "adam".
    learning_rate : float or None
        Its rate; the highest one of a schedule.
    epochs, batch_size, steps : int or None
        Passes over the data, sequences in a step, and steps in all.
    clip_norm : float or None
        Largest norm of a gradient; None also where nothing is clipped.
    weight_decay : float or None
        Decay of the weights; None where there is none.
    planned_epochs : int or None
        Passes that there were to be, of which a training that is ended early makes fewer.
    """

    loss: str | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    epochs: int | None = None
    batch_size: int | None = None
    steps: int | None = None
    clip_norm: float | None = None
    weight_decay: float | None = None
    planned_epochs: int | None = None


@dataclass(frozen=True)
class Layer:
    """One layer, in the order in which data pass through.

    Parameters
    ----------
    name : str
        What the framework calls it; keys of `Subject.activations` are these. Recurrent layers that a framework
        stacks in one object are layers of their own: "lstm[0]", "lstm[1]".
    kind : str
        What it does; "line" is a regression around the others, fitted at once and not by gradients alone.
    units : int or None
        Values that it gives for a sequence or for each step.
    activation : str or None
        Its output activation in lower case, such as "linear", "relu", "sigmoid", "tanh" or "softmax".
    trainable, parameters : int
        How many of its parameters are trained, of how many. Parameters that an optimizer does not hold are not
        trained; statistics of norms are not parameters.
    rate : float
        Share of values that dropout leaves out; 0 for other layers.
    returns_sequences : bool or None
        Whether a recurrent layer passes on all steps; None for other layers.
    penalty : float
        Factor of the penalty on its squared weights, where the framework keeps one with the layer.
    """

    name: str
    kind: LayerKind
    units: int | None = None
    activation: str | None = None
    trainable: int = 0
    parameters: int = 0
    rate: float = 0.0
    returns_sequences: bool | None = None
    penalty: float = 0.0


@dataclass(frozen=True, eq=False)
class Gates:
    """The gates of a recurrent layer on some sequences, after their sigmoid or tanh.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n, T, units)
        An LSTM's "i", "f", "g", "o"; a GRU's "r", "z", "n". Of the first n sequences, which may be fewer than were
        given where they are long; both directions side by side; NaN at steps that are masked or padded.
    states : ndarray of shape (n, T, units) or None
        The hidden states that follow from them.
    """

    values: Mapping[str, NDArray[Any]]
    states: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of the loss on some sequences, dropout off, before any clipping.

    Parameters
    ----------
    by_parameter : mapping of str to float
        The norm of the gradient of each trained parameter, relative to the parameter's own norm; nan where that is 0.
    by_layer : mapping of str to float
        The norm of the gradient of each layer's weights, by the layer's name, in the order of the layers.
    by_step : ndarray of shape (T,) or None
        The norm of the gradient with respect to the inputs of each time step.
    loss : str
        The loss they are of: the model's own, or "mse" where none is known.
    value : float
        What that loss came to.
    norm : float
        The norm of the whole gradient, over all trained parameters.
    """

    by_parameter: Mapping[str, float]
    by_layer: Mapping[str, float]
    by_step: NDArray[Any] | None
    loss: str = "mse"
    value: float = float("nan")
    norm: float = float("nan")


@dataclass(frozen=True, eq=False)
class TargetScale:
    """The scale that a model itself puts targets on before it learns them.

    Parameters
    ----------
    center, scale : ndarray of shape (n_outputs,)
        In units of y, or of its logarithm: scaled = (y - center) / scale.
    logarithmic : bool
        Whether the logarithm is taken first.
    """

    center: NDArray[Any]
    scale: NDArray[Any]
    logarithmic: bool = False

    def scaled(self, y: NDArray[Any]) -> NDArray[np.float64]:
        """Put targets (n, k) on it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log(y) if self.logarithmic else y
        found: NDArray[np.float64] = (values - self.center) / self.scale
        return found


class Scaling(Protocol):
    """What a model itself does to targets before it learns them."""

    def scaled(self, y: NDArray[Any]) -> NDArray[np.float64]:
        """Put targets (n, k) on the scale that the model learns."""


class Relearned(NamedTuple):
    """What copies of a model explain of some targets that they learned, in both ways of giving them.

    Parameters
    ----------
    as_given, standardized : float
        R² on these targets, averaged over outputs.
    """

    as_given: float
    standardized: float


class Subject(ABC):
    """A model under examination.

    Attributes
    ----------
    framework : str
        What it was made with.
    not_examined : tuple of NotExamined
        What this subject cannot show, each with the reason.
    """

    framework: Framework

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call the model."""

    @property
    @abstractmethod
    def not_examined(self) -> tuple[NotExamined, ...]:
        """What this subject cannot show, and why."""

    @abstractmethod
    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the model takes
        """Predict as the model does, in the shape that it gives."""

    def outputs(self) -> Outputs | None:
        """Give what the model returned at last, where the prediction was taken from among several; else None."""
        return None

    def layers(self) -> tuple[Layer, ...] | None:
        """Give the layers, from input to output; None where there are none to be seen."""
        return None

    def settings(self) -> Settings | None:
        """Give how the model was trained; None where nothing is known."""
        return None

    def activations(self, X: Any) -> Mapping[str, NDArray[Any]] | None:  # noqa: ANN401 - as `predict`
        """Give what each layer passes on, by its name; None where it cannot be seen."""
        return None

    def gates(self, X: Any) -> Mapping[str, Gates] | None:  # noqa: ANN401 - as `predict`
        """Give the gates of each recurrent layer, by its name; None where they cannot be seen."""
        return None

    def gradients(self, X: Any, y: NDArray[Any]) -> Gradients | None:  # noqa: ANN401 - as `predict`
        """Give the gradients of the loss; None where there are none."""
        return None

    def layer_inputs(self, X: Any) -> Mapping[str, NDArray[Any]] | None:  # noqa: ANN401 - as `predict`
        """Give what each layer reads, by its name; None where it cannot be seen.

        The first trained layer's are the inputs as the network gets them, after whatever scale is part of the model;
        the last dense layer's are the states h of the reach.
        """
        return None

    def target_scale(self) -> Scaling | None:
        """Give the scale that is part of the model; None where it learns targets as they are given."""
        return None

    def relearned(self, X: Any, y: NDArray[Any]) -> Relearned | None:  # noqa: ANN401 - as `predict`
        """Fit copies to targets as given and standardized; None where how it learns shows what a scale does."""
        return None

    def loss_of(self, prediction: NDArray[Any], y: NDArray[Any]) -> float | None:
        """Give the model's own loss of predictions, the two shaped as they come; None where none is known."""
        return None

    def loss_curve(self) -> tuple[float, ...]:
        """Give the training loss by epoch, where the model remembers it; else nothing."""
        return ()

    def parameters_named(self, parameter: str) -> tuple[str, ...]:
        """Give the names by which the model takes a parameter of the regressor at its heart."""
        return (parameter,)

    def gives_other_in_training(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Give how far predictions move when norms use the batch's statistics instead of their own.

        The root mean square of the difference over the larger of both deviations; None where there are no such norms.
        """
        return None

    def gives_other_in_evaluation(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Give how far predictions as the model stands are from those in evaluation mode.

        In the same measure; 0 where it stands in that mode, None where there are no modes.
        """
        return None

    def draws(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Give how far two predictions of the same sequences, in evaluation mode where there is one, are apart.

        In the same measure; None where that is not asked.
        """
        return None

    def mixes_sequences(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Give how far predictions move when the same sequences come in other company.

        In the same measure; None where no layer could read the sequences of a batch as its steps.
        """
        return None


_SAME = 1e-4
"""Relative difference below which an activation is the prediction itself, in float32 and another order of sums."""


def last_activated(layers: Sequence[Layer]) -> Layer | None:
    """Give the last layer that has an activation; None where none has."""
    return next((layer for layer in reversed(layers) if layer.activation is not None), None)


def output_activation(
    layers: Sequence[Layer], activations: Mapping[str, NDArray[Any]], prediction: NDArray[Any]
) -> str | None:
    """Name the activation that the predictions come out of.

    It is measured: what the last layer with an activation passes on must be the predictions themselves.

    Parameters
    ----------
    layers : sequence of Layer
        From input to output.
    activations : mapping of str to ndarray
        What each passes on, for some sequences.
    prediction : ndarray
        Predictions for the same sequences.

    Returns
    -------
    str or None
        Such as "linear" or "sigmoid"; None where something else follows the last activation.
    """
    last = last_activated(layers)
    if last is None or last.name not in activations:
        return None
    values, wanted = np.ravel(activations[last.name]), np.ravel(prediction)
    if values.size != wanted.size:
        return None
    largest = float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0))
    close = np.allclose(values, wanted, rtol=_SAME, atol=_SAME * largest, equal_nan=True)
    return last.activation if close else None
