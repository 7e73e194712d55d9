"""A PyTorch module under examination."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.subjects.base import Subject
from unflat.diagnosis.subjects.described import loss_name, settings_of, without_rate
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keeping import kept_module, uncompiled
from unflat.diagnosis.subjects.measures import batch_size_for, shape_of, shift, taken
from unflat.diagnosis.subjects.outputs import CALL, outputs_of, several_outputs
from unflat.diagnosis.subjects.recurrences import sequences_inside
from unflat.diagnosis.subjects.torch_gates import gates_of
from unflat.diagnosis.subjects.torch_gradients import measured
from unflat.diagnosis.subjects.torch_inside import as_array, passed_on, was_read
from unflat.diagnosis.subjects.torch_layers import describe
from unflat.diagnosis.subjects.torch_losses import compared, objective, squared_error
from unflat.diagnosis.subjects.torch_trace import first_tensor, traced
from unflat.diagnosis.subjects.torch_units import NORMS, owners, units_of
from unflat.network.gradients import taking_gradients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.diagnosis.subjects.base import Gates, Gradients, Layer, Settings
    from unflat.diagnosis.subjects.outputs import Outputs
    from unflat.diagnosis.subjects.torch_trace import Call, Trace

_SAMPLE = 512
"""Sequences that two modes are compared on."""

_FEWEST_FOR_STATISTICS = 2


class TorchSubject(Subject):
    """A PyTorch module.

    Predictions are those of the module as it stands, in training mode where it was left there. Its inside is looked
    at in evaluation mode.

    Parameters
    ----------
    module : torch.nn.Module
        The module; it is left as it was by everything here.
    loss : torch.nn.Module, callable, str or None
        What it was trained with.
    optimizer : torch.optim.Optimizer, str or None
        Likewise. Parameters that an optimizer does not hold count as not trained.
    """

    framework = "torch"

    def __init__(self, module: nn.Module, loss: object = None, optimizer: object = None) -> None:
        self._module: nn.Module = getattr(module, "_orig_mod", module)  # a compiled module's own, which can be traced
        self._loss = loss
        self._objective = objective(loss)
        self._optimizer = optimizer
        self._scripted = isinstance(module, torch.jit.ScriptModule)
        self._units = {} if self._scripted else units_of(self._module)
        self._calls: list[Call] = []
        self._outputs: Outputs | None = None
        groups = getattr(optimizer, "param_groups", None)
        self._held = None if groups is None else {id(p) for group in groups for p in group["params"]}

    @property
    def name(self) -> str:
        """The module's class."""
        return type(self._module).__name__

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        """What cannot be seen of this module."""
        found = []
        if self._scripted:
            found.append(NotExamined("layers, activations and gates", "the module is compiled to TorchScript"))
        elif not any(isinstance(unit, nn.LSTM | nn.GRU | nn.LSTMCell | nn.GRUCell) for unit in self._units.values()):
            found.append(NotExamined("gates", "the module has no LSTM or GRU layer of torch's"))
        if self._loss is None:
            why = "no loss was given (pass loss=...); gradients are those of the mean squared error"
            found.append(NotExamined("the model's own loss", why))
        if self._optimizer is None:
            found.append(NotExamined("optimizer and learning rate", "no optimizer was given (pass optimizer=...)"))
        found.extend(without_rate(self._optimizer))
        if self._outputs is not None and self._outputs.alike is not None:
            why = f"the model returns {self._outputs.kind}, of which {self._outputs.taken} was taken for the prediction"
            ask = f"of another, give diagnose(lambda X: {CALL}{self._outputs.alike}, X, y)"
            found.append(NotExamined("the model's other outputs", f"{why}; {ask}"))
        return tuple(found)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the module takes
        """Predict in batches, with the module as it stands."""
        with self._pass(X), torch.no_grad():
            return self._predicted(X)

    def outputs(self) -> Outputs | None:
        """Give what the last pass returned, where that was several tensors."""
        return self._outputs

    def layers(self) -> tuple[Layer, ...] | None:
        """Give the layers in the order of the last pass; before the first, in the order they were made in."""
        if self._scripted:
            return None
        return describe(self._module, self._calls, self._is_trained)

    def settings(self) -> Settings | None:
        """Give what loss and optimizer say."""
        return settings_of(self._loss, self._optimizer)

    def activations(self, X: Any) -> dict[str, NDArray[Any]] | None:  # noqa: ANN401 - as `predict`
        """Give what each layer passes on, in evaluation mode; a cell's steps are joined along time."""
        return None if self._scripted else passed_on(self._inside(X))

    def layer_inputs(self, X: Any) -> dict[str, NDArray[Any]] | None:  # noqa: ANN401 - as `predict`
        """Give what each layer reads, in evaluation mode."""
        return None if self._scripted else was_read(self._inside(X))

    def gates(self, X: Any) -> dict[str, Gates] | None:  # noqa: ANN401 - as `predict`
        """Give the gates of torch's LSTM and GRU layers."""
        if self._scripted:
            return None
        shape = shape_of(X)
        looked_at = X[: sequences_inside(shape[1] if len(shape) > 1 else 1)]
        found: dict[str, Gates] = {}
        for calls in self._inside(looked_at).named().values():
            found.update(gates_of(calls))
        return found or None

    def gradients(self, X: Any, y: NDArray[Any]) -> Gradients | None:  # noqa: ANN401 - as `predict`
        """Give the gradients of the loss, or of the mean squared error where none was given."""
        # cuDNN's recurrences have no backward pass in evaluation mode.
        with self._pass(X), taking_gradients(), torch.backends.cudnn.flags(enabled=False):
            self._module.eval()
            inputs = self.tensor(X)
            leaf = inputs.requires_grad_() if inputs.is_floating_point() else None
            prediction = self._output(inputs.clone())  # a copy: a forward pass may write into what it is given
            loss = self._compared(prediction, _like(y, prediction), self._objective or squared_error)
            layer_of = owners(self._module, self._units)
            trained = {name: p for name, p in self._module.named_parameters() if self._is_trained(p)}
            order = {layer.name: place for place, layer in enumerate(self.layers() or ())}
            by_layer = sorted(trained.items(), key=lambda item: order.get(layer_of[item[0]], -1))
            return measured(loss, loss_name(self._loss) or "mse", dict(by_layer), layer_of, leaf)

    def loss_of(self, prediction: NDArray[Any], y: NDArray[Any]) -> float | None:
        """Give the loss of predictions."""
        if self._objective is None:
            return None
        with self._pass(prediction), torch.no_grad():
            device = next((p.device for p in self._module.parameters()), torch.device("cpu"))
            predicted = torch.tensor(np.asarray(prediction), dtype=torch.float32, device=device)
            return float(self._compared(predicted, _like(y, predicted), self._objective))

    def gives_other_in_training(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Compare the norms' own statistics with those of one batch."""
        norms = [part for part in self._module.modules() if isinstance(part, NORMS) and part.track_running_stats]
        X = X[:_SAMPLE]
        if not norms or len(X) < _FEWEST_FOR_STATISTICS:
            return None
        with self._pass(X), torch.no_grad():
            self._module.eval()
            own = self._predicted(X)
            for norm in norms:
                norm.train()
            return shift(own, self._predicted(X))

    def gives_other_in_evaluation(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Compare the module as it stands with evaluation mode."""
        X = X[:_SAMPLE]
        with self._pass(X), torch.no_grad():
            standing = self._predicted(X)
            self._module.eval()
            return shift(standing, self._predicted(X))

    def draws(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Compare two predictions in evaluation mode."""
        X = X[:_SAMPLE]
        with self._pass(X), torch.no_grad():
            self._module.eval()
            return shift(self._predicted(X), self._predicted(X))

    def mixes_sequences(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Compare predictions with those of the later half alone, from last to first; only of layers that read so."""
        layers = [part for part in self._module.modules() if isinstance(part, nn.RNNBase | nn.MultiheadAttention)]
        if not layers or all(layer.batch_first for layer in layers):
            return None
        X = X[:_SAMPLE]
        later = list(range(len(X) // 2, len(X)))
        with self._pass(X), torch.no_grad():
            self._module.eval()
            return shift(self._predicted(X)[later], self._predicted(taken(X, later[::-1]))[::-1])

    def tensor(self, X: Any) -> Tensor:  # noqa: ANN401 - as `predict`
        """Copy sequences to where the module is, in its precision; whole numbers stay so for an embedding."""
        tensor = X.detach() if isinstance(X, torch.Tensor) else torch.from_numpy(np.array(X))
        weight = next((p for p in self._module.parameters() if p.is_floating_point()), torch.empty(0))
        whole = not tensor.is_floating_point() and any(isinstance(u, nn.Embedding) for u in self._units.values())
        return tensor.to(weight.device, torch.int64 if whole else weight.dtype, copy=True)

    @contextmanager
    def _pass(self, X: object) -> Iterator[None]:
        """Run the module's code, tell its errors as such, and leave it as it was."""
        with guarded(self.name, X), kept_module(self._module), uncompiled():
            yield

    def _predicted(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - as `predict`
        size = batch_size_for(X)
        parts = [self._batch(X[first : first + size]) for first in range(0, max(1, len(X)), size)]
        return np.concatenate(parts)

    def _batch(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - as `predict`
        if self._calls:
            return np.atleast_1d(as_array(self._output(self.tensor(X))))
        with traced(self._units, keep=False) as trace:
            prediction = self._output(self.tensor(X))
        self._calls = trace.calls
        return np.atleast_1d(as_array(prediction))

    def _inside(self, X: Any) -> Trace:  # noqa: ANN401 - as `predict`
        with self._pass(X), torch.no_grad(), traced(self._units, keep=True) as trace:
            self._module.eval()
            self._output(self.tensor(X))
        return trace

    def _output(self, X: Tensor) -> Tensor:
        gave = self._module(X)
        found = first_tensor(gave)
        if found is None:
            raise several_outputs(gave, CALL) if isinstance(gave, Mapping) else TypeError("It returned no tensor")
        self._outputs = outputs_of(gave, len(X))
        return found

    def _compared(self, prediction: Tensor, target: Tensor, loss: Any) -> Tensor:  # noqa: ANN401 - a loss
        with warnings.catch_warnings():
            # Whether shapes fit is a question of the diagnosis, which has an answer of its own.
            warnings.filterwarnings("ignore", "Using a target size")
            try:
                return compared(loss, prediction, target)
            except (ValueError, RuntimeError):
                if target.shape == prediction.shape or target.numel() != prediction.numel():
                    raise
                # A loss that broadcasts nothing: training brought both into one shape.
                return compared(loss, prediction, target.reshape(prediction.shape))

    def _is_trained(self, parameter: nn.Parameter) -> bool:
        return parameter.requires_grad and (self._held is None or id(parameter) in self._held)


def _like(y: NDArray[Any], prediction: Tensor) -> Tensor:
    return torch.tensor(np.asarray(y), dtype=prediction.dtype, device=prediction.device)
