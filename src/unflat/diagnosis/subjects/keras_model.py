"""A Keras 3 model under examination, on any backend."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat._optional import require
from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.subjects.base import Subject
from unflat.diagnosis.subjects.described import loss_name, without_rate
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keras_arrays import array_of
from unflat.diagnosis.subjects.keras_layers import describe, gates_of, has_gates, units_of
from unflat.diagnosis.subjects.keras_settings import compiled_loss, settings
from unflat.diagnosis.subjects.keras_trace import kept_model, replaced, traced
from unflat.diagnosis.subjects.measures import batch_size_for, shape_of, shift
from unflat.diagnosis.subjects.outputs import several_outputs
from unflat.diagnosis.subjects.recurrences import sequences_inside
from unflat.diagnosis.subjects.torch_gradients import measured
from unflat.diagnosis.subjects.torch_inside import as_array
from unflat.diagnosis.subjects.torch_losses import squared_error
from unflat.errors import ConfigurationError, ModelError
from unflat.network.gradients import taking_gradients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.diagnosis.subjects.base import Gates, Gradients, Layer, Settings
    from unflat.diagnosis.subjects.keras_trace import KerasCall

_SAMPLE = 512
"""Sequences that two modes are compared on."""

_FEWEST_FOR_STATISTICS = 2


class KerasSubject(Subject):
    """A Keras 3 model.

    Predictions, and its inside, are those of inference: `model(X, training=False)`.

    Parameters
    ----------
    model : keras.Model
        Built; it is left as it was by everything here.
    loss, optimizer : str, Keras's own objects or None
        What it was trained with; None for what it is compiled with.

    Raises
    ------
    ModelError
        If the model has never been built, and so has no weights.
    ConfigurationError
        If the loss is a name that Keras does not know.
    """

    framework = "keras"

    def __init__(self, model: Any, loss: object = None, optimizer: object = None) -> None:  # noqa: ANN401 - Keras is optional
        if not model.built:
            raise ModelError(
                f"The model {model.name}", "a built model", "one without weights", "Build and train it first."
            )
        self._keras = require("keras", extra="keras")
        self._model = model
        if isinstance(loss, str):
            try:
                self._keras.losses.get(loss)
            except ValueError as error:
                raise ConfigurationError("diagnose", "loss", "a loss that Keras knows, such as 'mse'", loss) from error
        self._loss = compiled_loss(model, loss)
        self._optimizer = getattr(model, "optimizer", None) if optimizer is None else optimizer
        self._units = units_of(self._keras, model)
        self._widths: dict[str, int | None] = {}

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self._model.name)

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        """What cannot be seen of this model."""
        found = []
        if not any(has_gates(self._keras, layer) for layer in self._units.values()):
            found.append(NotExamined("gates", "the model has no LSTM or GRU layer of Keras's"))
        if self._backend != "torch":
            why = f"the model runs on {self._backend}; gradients are taken where Keras runs on torch"
            found.append(NotExamined("gradients", why))
        if self._loss is None:
            why = "the model is not compiled with one loss (pass loss=...)"
            found.append(NotExamined("the model's own loss", why))
        if self._optimizer is None:
            why = "the model is not compiled (pass optimizer=...)"
            found.append(NotExamined("optimizer and learning rate", why))
        found.extend(without_rate(getattr(self._optimizer, "inner_optimizer", self._optimizer)))
        return tuple(found)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the model takes
        """Predict in batches."""
        with self._pass(X):
            return self._predicted(X)

    def layers(self) -> tuple[Layer, ...]:
        """Give the layers in the order of the last look inside; before the first, in the model's own."""
        names = [*self._widths, *(name for name in self._units if name not in self._widths)]
        return tuple(describe(self._keras, name, self._units[name], self._widths.get(name)) for name in names)

    def settings(self) -> Settings | None:
        """Give the compiled loss and optimizer, and what the last `fit` left."""
        return settings(self._keras, self._model, self._loss, self._optimizer)

    def activations(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - as `predict`
        """Give what each layer passes on; of a layer that is used several times, the last."""
        return {call.name: call.gave for call in self._inside(X)}

    def layer_inputs(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - as `predict`
        """Give what each layer reads."""
        return {call.name: call.read for call in self._inside(X)}

    def gates(self, X: Any) -> dict[str, Gates] | None:  # noqa: ANN401 - as `predict`
        """Give the gates of LSTM and GRU layers, both directions side by side."""
        shape = shape_of(X)
        calls = self._inside(X[: sequences_inside(shape[1] if len(shape) > 1 else 1)])
        found = {call.name: gates_of(self._keras, call) for call in calls if has_gates(self._keras, call.layer)}
        return found or None

    def gradients(self, X: Any, y: NDArray[Any]) -> Gradients | None:  # noqa: ANN401 - as `predict`
        """Give the gradients of the compiled loss, without penalties of layers; None on other backends than torch."""
        if self._backend != "torch":
            return None
        with self._pass(X), taking_gradients(), torch.backends.cudnn.flags(enabled=False):
            X = X[: self._fixed_batch()]
            inputs = self._keras.ops.convert_to_tensor(_array(X)).detach().clone()
            if not inputs.is_floating_point():
                leaf = None
            else:
                leaf = inputs = inputs.to(torch.float32).requires_grad_()
            filled = torch.cat([inputs, *[inputs[-1:]] * ((self._fixed_batch() or len(X)) - len(X))])  # always a copy
            prediction = self._model(filled, training=False)[: len(X)]
            target = torch.tensor(np.asarray(y[: len(X)]), dtype=prediction.dtype, device=prediction.device)
            objective = squared_error if self._loss is None else self._objective
            owners = {v.path: name for name, layer in self._units.items() for v in layer.trainable_variables}
            trained = {v.path: v.value for v in self._model.trainable_variables if v.path in owners}
            return measured(objective(prediction, target), loss_name(self._loss) or "mse", trained, owners, leaf)

    def loss_of(self, prediction: NDArray[Any], y: NDArray[Any]) -> float | None:
        """Give the loss of predictions, the target's rank brought to the prediction's as in Keras's `fit`."""
        if self._loss is None:
            return None
        with self._pass(prediction):
            pair = (np.asarray(values, dtype=np.float32) for values in (prediction, y))
            value = self._objective(*map(self._keras.ops.convert_to_tensor, pair))
            return float(array_of(self._keras, value))

    def loss_curve(self) -> tuple[float, ...]:
        """Give the loss by epoch of the last `fit`, while the model is the object that was fitted."""
        recorded = getattr(getattr(self._model, "history", None), "history", {})
        return tuple(map(float, recorded.get("loss", ())))

    def gives_other_in_training(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Compare batch norms' own statistics with those of one batch; all else stays in inference."""
        kind = self._keras.layers.BatchNormalization
        norms = {name: layer for name, layer in self._units.items() if isinstance(layer, kind)}
        X = X[:_SAMPLE]
        if not norms or len(X) < _FEWEST_FOR_STATISTICS:
            return None
        with self._pass(X):
            own = self._predicted(X)
            with replaced(norms, _in_training):
                return shift(own, self._predicted(X))

    def draws(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Compare two predictions of the same sequences."""
        X = X[:_SAMPLE]
        with self._pass(X):
            return shift(self._predicted(X), self._predicted(X))

    @property
    def _backend(self) -> str:
        return str(self._keras.backend.backend())

    @contextmanager
    def _pass(self, X: object) -> Iterator[None]:
        """Run the model's code, tell its errors as such, and leave it as it was."""
        with guarded(self.name, X), kept_model(self._keras, self._model, self._units), torch.no_grad():
            yield

    def _predicted(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - as `predict`
        fixed = self._fixed_batch()
        size = fixed or batch_size_for(X)
        parts = []
        for first in range(0, len(X), size):
            batch = _array(X[first : first + size])
            gave = self._model(self._filled(batch), training=False)
            if isinstance(gave, dict | list | tuple):
                raise several_outputs(gave, "model.predict(X)")
            parts.append(array_of(self._keras, gave)[: len(batch)])
        return np.concatenate(parts)

    def _fixed_batch(self) -> int | None:
        shape = getattr(self._model, "input_shape", None)
        size = shape[0] if isinstance(shape, tuple) and shape else None
        return size if isinstance(size, int) else None

    def _filled(self, batch: NDArray[Any]) -> NDArray[Any]:
        """Repeat the last sequence up to the size of batches, where a model takes those of one size only."""
        short = (self._fixed_batch() or len(batch)) - len(batch)
        return np.concatenate([batch, np.repeat(batch[-1:], short, axis=0)]) if short > 0 else batch

    def _inside(self, X: Any) -> list[KerasCall]:  # noqa: ANN401 - as `predict`
        batch = _array(X[: self._fixed_batch()])
        with self._pass(X), traced(self._keras, self._units) as calls:
            self._model(self._filled(batch), training=False)
        size = self._fixed_batch() or len(batch)
        calls = [_cut(call, len(batch), size) for call in calls] if size > len(batch) else calls
        self._widths = {call.name: call.gave.shape[-1] if call.gave.ndim > 1 else None for call in calls}
        return calls

    def _objective(self, prediction: Tensor, target: Tensor) -> Tensor:
        loss = self._keras.losses.get(self._loss)
        if not isinstance(loss, self._keras.losses.Loss):  # a function, which `fit` wraps so that both are of one rank
            target, prediction = _of_one_rank(target, prediction)
        value: Tensor = self._keras.ops.mean(loss(target, prediction))
        return value


def _cut(call: KerasCall, n: int, size: int) -> KerasCall:
    """Leave of a batch that was filled up what is of its first sequences; a layer may have folded time into them."""

    def first(values: NDArray[Any]) -> NDArray[Any]:
        return values[: n * (len(values) // size)] if values.ndim and len(values) % size == 0 else values

    mask = None if call.mask is None else first(call.mask)
    return replace(call, read=first(call.read), gave=first(call.gave), mask=mask, start=tuple(map(first, call.start)))


def _array(X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the model takes
    """Copy sequences; a tensor of torch's may take gradients, which no array does."""
    return as_array(X) if isinstance(X, torch.Tensor) else np.array(X)


def _of_one_rank(target: Tensor, prediction: Tensor) -> tuple[Tensor, Tensor]:
    """Bring one of the two to the rank of the other, where that has an axis of length 1 more at its end."""
    if target.ndim == prediction.ndim + 1 and target.shape[-1] == 1:
        return target, prediction[..., None]
    if prediction.ndim == target.ndim + 1 and prediction.shape[-1] == 1:
        return target[..., None], prediction
    return target, prediction


def _in_training(_name: str, _layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - Keras is optional
    """Have a norm use the statistics of the batch."""

    @wraps(call)
    def train(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a layer's own signature
        return call(*args, **{**kwargs, "training": True})

    return train
