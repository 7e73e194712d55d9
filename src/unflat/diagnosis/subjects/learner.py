"""A scikit-learn regressor under examination: any predicts, and a multi-layer perceptron shows its inside."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from torch import nn

from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.subjects.base import Relearned, Settings, Subject
from unflat.diagnosis.subjects.described import loss_name, settings_of
from unflat.diagnosis.subjects.function import predicted
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keeping import kept_randomness
from unflat.diagnosis.subjects.module import TorchSubject
from unflat.diagnosis.subjects.opening import opened, parameters_named
from unflat.errors import UnflatWarning
from unflat.network.gradients import taking_gradients

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.subjects.base import Gradients, Layer, TargetScale

_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "logistic": nn.Sigmoid}


class LearnerSubject(Subject):
    """A fitted scikit-learn regressor.

    Pipelines, searches and transformed targets are opened: what is examined is the regressor at their heart, on what
    the steps before it give.

    Parameters
    ----------
    model : estimator
        Fitted; anything with a method `predict`.
    loss, optimizer : str or None
        What the user says of its training; a perceptron's own word goes first.
    """

    framework = "sklearn"

    def __init__(self, model: Any, loss: object = None, optimizer: object = None) -> None:  # noqa: ANN401 - scikit-learn has no types
        self._model = model
        self._said = settings_of(loss, optimizer)
        self._inner = opened(model)
        self._network = _as_network(self._inner.regressor)

    @property
    def name(self) -> str:
        """The regressor's class, within its wrappers'."""
        outer, inner = type(self._model).__name__, type(self._inner.regressor).__name__
        return outer if outer == inner else f"{outer}({inner})"

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        """What cannot be seen of this regressor."""
        if self._network is not None:
            return (NotExamined("gates", "a multi-layer perceptron has none"),)
        why = f"a {type(self._inner.regressor).__name__} has no layers, or shows none"
        return (NotExamined("layers, activations, gates and gradients", why),)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the estimator takes
        """Predict with the whole model, from a copy of an array; what our own in it warn of, they have warned of."""
        with guarded(self.name, X), kept_randomness(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UnflatWarning)
            return predicted(self._model.predict(np.array(X) if isinstance(X, np.ndarray) else X))

    def layers(self) -> tuple[Layer, ...] | None:
        """Give a perceptron's layers."""
        return None if self._network is None else self._network.layers()

    def settings(self) -> Settings | None:
        """Give a perceptron's parameters; of any other, what the user says."""
        return self._said if self._network is None else _settings(self._inner.regressor)

    def activations(self, X: Any) -> dict[str, NDArray[Any]] | None:  # noqa: ANN401 - as `predict`
        """Give what a perceptron's layers pass on."""
        return None if self._network is None else self._network.activations(self._read(X))

    def layer_inputs(self, X: Any) -> dict[str, NDArray[Any]] | None:  # noqa: ANN401 - as `predict`
        """Give what a perceptron's layers read, after the pipeline's steps."""
        return None if self._network is None else self._network.layer_inputs(self._read(X))

    def gradients(self, X: Any, y: NDArray[Any]) -> Gradients | None:  # noqa: ANN401 - as `predict`
        """Give the gradients of a perceptron's loss, without its penalty."""
        if self._network is None:
            return None
        return self._network.gradients(self._read(X), self._inner.scaled(y))

    def parameters_named(self, parameter: str) -> tuple[str, ...]:
        """Name a parameter wherever it stands in a pipeline."""
        return parameters_named(self._model, parameter)

    def target_scale(self) -> TargetScale | None:
        """Give the scale of a transformed target, where it is a shift and a stretch."""
        return self._inner.target_scale()

    def relearned(self, X: Any, y: NDArray[Any]) -> Relearned | None:  # noqa: ANN401 - as `predict`
        """Fit copies of any but a perceptron, whose steps are known, and ensembles of regressors that scale targets."""
        if self._network is not None or self.parameters_named("scale_target"):
            return None
        inputs, targets = self._read(X), np.reshape(self._inner.scaled(y), np.shape(y))
        deviation = targets.std(axis=0)
        standardized = (targets - targets.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
        with guarded(self.name, X), kept_randomness(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of fits that nobody asked for
            return Relearned(*(_r2_of_copy(self._inner.regressor, inputs, y) for y in (targets, standardized)))

    def loss_curve(self) -> tuple[float, ...]:
        """Give a perceptron's loss by epoch."""
        return tuple(map(float, getattr(self._inner.regressor, "loss_curve_", ())))

    def _read(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - as `predict`
        with guarded(self.name, X), kept_randomness():
            X = self._inner.read(X)
            X = X.toarray() if hasattr(X, "toarray") else X  # steps that mark places give matrices of few values
            return np.asarray(X, dtype=np.float64)


def _r2_of_copy(regressor: Any, X: NDArray[Any], y: NDArray[Any]) -> float:  # noqa: ANN401 - as above
    """Fit a copy, and say what share of the variance it explains of what it learned."""
    copy = clone(regressor)
    copy.set_params(**dict.fromkeys(parameters_named(copy, "random_state"), 0))  # so that only the targets differ
    copy.fit(X, y)
    return float(r2_score(y, np.reshape(predicted(copy.predict(X)), y.shape)))


def _as_network(regressor: Any) -> TorchSubject | None:  # noqa: ANN401 - as above
    """Rebuild a fitted perceptron in torch, which can be looked into."""
    if not isinstance(regressor, MLPRegressor) or not hasattr(regressor, "coefs_"):
        return None
    loss = loss_name(getattr(regressor, "loss", "squared_error"))
    if loss != "mse" or regressor.out_activation_ != "identity":
        return None
    with taking_gradients():  # weights that are made where gradients are off can never take any
        return TorchSubject(_layers_of(regressor), "mse")


def _layers_of(regressor: MLPRegressor) -> nn.Sequential:
    """Make a perceptron's layers, with its weights."""
    parts: list[nn.Module] = []
    for place, (weights, bias) in enumerate(zip(regressor.coefs_, regressor.intercepts_, strict=True)):
        if place and regressor.activation in _ACTIVATIONS:
            parts.append(_ACTIVATIONS[regressor.activation]())
        dense = nn.utils.skip_init(nn.Linear, *weights.shape, dtype=torch.float64)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(np.ascontiguousarray(weights.T)))
            dense.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias)))
        parts.append(dense)
    return nn.Sequential(*parts)


def _settings(regressor: MLPRegressor) -> Settings:
    """Read a perceptron's parameters; of its steps it counts passes and sequences."""
    batches = regressor.solver != "lbfgs"
    n = regressor.t_ // regressor.n_iter_ if batches and regressor.n_iter_ else 0
    size = min(200, n) if regressor.batch_size == "auto" else min(int(regressor.batch_size), n)
    return Settings(
        loss="mse",
        optimizer=regressor.solver,
        learning_rate=float(regressor.learning_rate_init) if batches else None,
        epochs=int(regressor.n_iter_),
        batch_size=size or None,
        steps=int(regressor.n_iter_) * -(-n // size) if size else None,
        weight_decay=float(regressor.alpha) or None,
    )
