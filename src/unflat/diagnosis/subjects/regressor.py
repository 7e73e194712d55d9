"""Our own estimator under examination, fitted or while it is."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.config import OWNER
from unflat.contract import check_is_fitted
from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.subjects.base import Layer, Settings, Subject, TargetScale
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keeping import kept_module
from unflat.diagnosis.subjects.recurrences import run, sequences_inside, side_by_side
from unflat.diagnosis.subjects.torch_gradients import measured
from unflat.diagnosis.subjects.torch_inside import passed_on, was_read
from unflat.diagnosis.subjects.torch_trace import traced
from unflat.diagnosis.subjects.torch_units import cell_of
from unflat.errors import ModelError, UnflatWarning
from unflat.network import predict_all
from unflat.network.gradients import taking_gradients
from unflat.network.steps import valid_steps
from unflat.sequences import as_sequences
from unflat.sequences.batches import BatchSource
from unflat.training.losses import Loss
from unflat.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from unflat.diagnosis.subjects.base import Gates, Gradients
    from unflat.diagnosis.subjects.torch_trace import Call, Trace
    from unflat.estimator import LSTMRegressor
    from unflat.network import Predictor
    from unflat.sequences.batches import Batch


class PredictorSubject(Subject):
    """The network of an `LSTMRegressor` between its scales, whether its training is over or not.

    Its layers are those between the scales: "layers.0" and on, "readout", "head", and "skip" where it has one; "mix"
    where columns stand beside sequences. What stands beyond a short sequence's end in an activation has no meaning.

    Parameters
    ----------
    predictor : Predictor
        Scales and network.
    loss : Loss
        What is made small, on the scaled target.
    settings : Settings
        How it is trained.
    """

    framework = "unflat"

    def __init__(self, predictor: Predictor, loss: Loss, settings: Settings) -> None:
        # One that is like the others in all but its luck: what is inside of it stands for what is inside of them.
        self._predictor = predictor.members[0]
        (self._network,) = self._predictor.network.members
        self._others = len(predictor.members) - 1
        self._loss = loss
        self._settings = settings
        self._units: dict[str, nn.Module] = {f"layers.{i}": layer for i, layer in enumerate(self._network.layers)}
        self._units["readout"] = self._network.readout
        if self._network.mix is not None:
            self._units["mix"] = self._network.mix
        self._units["head"] = self._network.head
        if self._network.embedding is not None:
            self._units = {"embedding": self._network.embedding} | self._units
        if self._network.skip is not None:
            self._units["skip"] = self._network.skip

    @property
    def name(self) -> str:
        """The estimator's class."""
        return OWNER

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        """The members of an ensemble but the first; otherwise nothing, all of it can be seen."""
        if not self._others:
            return ()
        what = f"the inside of {self._others} of {self._others + 1} members"
        return (NotExamined(what, "they are trained alike; the first is looked into, and all of them predict"),)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the estimator takes
        """Predict in raw units."""
        with guarded(self.name, X):
            return predict_all(self._predictor, X.sequences if isinstance(X, Windows) else as_sequences(X))

    def layers(self) -> tuple[Layer, ...]:
        """Give the layers, dropout among them where there is some."""
        config = self._network.config
        depth = len(self._network.layers)
        every_step = [True] * (depth - 1) + [set(config.readout) != {"last"}]
        found: list[Layer] = []
        if self._network.embedding is not None:
            found.append(self._layer("embedding", "other", self._network.embedding.width))
        for place, onward in enumerate(every_step):
            if place:
                found.extend(self._dropout(f"dropout.{place}"))
            layer: Any = self._network.layers[place]
            found.append(self._layer(f"layers.{place}", "recurrent", layer.width, "tanh", returns_sequences=onward))
        found.append(self._layer("readout", "pooling", self._network.readout.width))
        found.extend(self._dropout(f"dropout.{depth}"))
        if self._network.mix is not None:
            found.append(self._layer("mix", "dense", self._network.mix.out_features, "linear"))
            found.append(Layer("mix.tanh", "activation", self._network.mix.out_features, "tanh"))
        outputs = self._network.head.out_features
        found.append(self._layer("head", "dense", outputs, "linear"))
        if "skip" in self._units:
            found.append(self._layer("skip", "line", outputs))
        return tuple(found)

    def settings(self) -> Settings:
        """Give how it is trained."""
        return self._settings

    def activations(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - as `predict`
        """Give what each layer passes on, in the network's units."""
        return passed_on(self._inside(_batch(X)))

    def layer_inputs(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - as `predict`
        """Give what each layer reads, in the network's units."""
        return was_read(self._inside(_batch(X)))

    def gates(self, X: Any) -> dict[str, Gates]:  # noqa: ANN401 - as `predict`
        """Give the gates of each recurrent layer."""
        batch = _batch(X)
        most = sequences_inside(batch.values.shape[1])
        batch = type(batch)(*(None if part is None else part[:most] for part in batch))  # type: ignore[arg-type]  # as drawn
        calls = self._inside(batch).named()
        return {name: _gates(calls[name][0]) for name in calls if name.startswith("layers.")}

    def gradients(self, X: Any, y: NDArray[Any]) -> Gradients:  # noqa: ANN401 - as `predict`
        """Give the gradients of the estimator's loss on the scaled target."""
        with self._pass(X), taking_gradients():
            batch = _batch(X)
            leaf = self._predictor.inputs(batch.values).to(self._predictor.device).requires_grad_()
            prediction = self._network(leaf, batch.lengths, context=self._beside(batch))
            loss = self._loss(prediction, self._scaled(y).to(prediction))
            trained = {name: p for name, p in self._network.named_parameters() if p.requires_grad}
            trained = dict(sorted(trained.items(), key=lambda item: list(self._units).index(self._owner(item[0]))))
            return measured(loss, self._loss.name, trained, {name: self._owner(name) for name in trained}, leaf)

    def target_scale(self) -> TargetScale:
        """Give the scale of the target."""
        target = self._predictor.target
        return TargetScale(target.center.numpy().copy(), target.scale.numpy().copy(), target.logarithmic)

    def loss_of(self, prediction: NDArray[Any], y: NDArray[Any]) -> float:
        """Give the loss of predictions in raw units; the estimator lets neither of them broadcast."""
        return float(self._loss(self._scaled(prediction), self._scaled(y)))

    @contextmanager
    def _pass(self, X: object) -> Iterator[None]:
        with guarded(self.name, X), kept_module(self._predictor):
            yield

    def _inside(self, batch: Batch) -> Trace:
        with self._pass(batch.values), torch.no_grad(), traced(self._units, keep=True) as trace:
            self._predictor(*batch)
        return trace

    def _beside(self, batch: Batch) -> Tensor | None:
        """Scale what stands beside sequences; None where nothing does."""
        scaling = self._predictor.context
        return None if scaling is None else scaling(batch.context).to(self._predictor.device)

    def _scaled(self, y: NDArray[Any]) -> Tensor:
        outputs = len(self._predictor.target.center)
        scaled: Tensor = self._predictor.target(torch.tensor(np.reshape(y, (-1, outputs)), dtype=torch.float64))
        return scaled

    def _owner(self, parameter: str) -> str:
        return next(name for name in self._units if parameter.startswith(f"{name}."))

    def _dropout(self, name: str) -> list[Layer]:
        rate = self._network.config.dropout
        return [Layer(name, "dropout", rate=rate)] if rate else []

    def _layer(
        self,
        name: str,
        kind: Any,  # noqa: ANN401 - a LayerKind
        units: int,
        activation: str | None = None,
        *,
        returns_sequences: bool | None = None,
    ) -> Layer:
        # The second bias of an LSTM is held at zero; it is no parameter of the model.
        size = sum(p.numel() for p in self._units[name].parameters() if p.requires_grad or bool(p.any()))
        trained = sum(p.numel() for p in self._units[name].parameters() if p.requires_grad)
        return Layer(name, kind, units, activation, trained, size, returns_sequences=returns_sequences)


class RegressorSubject(PredictorSubject):
    """A fitted `LSTMRegressor`.

    Parameters
    ----------
    estimator : LSTMRegressor
        Fitted.

    Raises
    ------
    ModelError
        If columns stand beside its sequences: other learners, which a diagnosis holds it against, do not see them.
    """

    def __init__(self, estimator: LSTMRegressor) -> None:
        check_is_fitted(estimator)
        _refuse_columns_beside(estimator.predictor_)
        super().__init__(estimator.predictor_, Loss(estimator.loss, estimator.quantile), _settings(estimator))
        self._estimator = estimator

    @property
    def name(self) -> str:
        """The estimator's class."""
        return type(self._estimator).__name__

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the estimator takes
        """Predict in raw units; what the estimator warns of, it has warned of before."""
        with guarded(self.name, X), warnings.catch_warnings():
            warnings.simplefilter("ignore", UnflatWarning)
            return self._estimator.predict(X)

    def loss_curve(self) -> tuple[float, ...]:
        """Give the training loss of each epoch."""
        return tuple(record.loss for record in self._estimator.history_.epochs)


def _refuse_columns_beside(predictor: Predictor) -> None:
    if predictor.context is not None:
        raise ModelError(
            "The model to diagnose", "one that reads sequences alone", "one with known or static columns",
            "Fit and diagnose it without known= and static=: what makes it flat is most likely the same.",
        )  # fmt: skip


def _settings(estimator: LSTMRegressor) -> Settings:
    """Give the estimator's parameters; sizes that it chose itself ("auto") are known as far as it recorded them."""
    batch_size = estimator.batch_size
    return Settings(
        loss=estimator.loss,
        optimizer="adamw",
        learning_rate=float(estimator.learning_rate),
        epochs=len(estimator.history_.epochs),
        batch_size=None if isinstance(batch_size, str) else int(batch_size),
        clip_norm=None if estimator.clip_norm is None else float(estimator.clip_norm),
        weight_decay=float(estimator.weight_decay) or None,
    )


def _batch(X: Any) -> Batch:  # noqa: ANN401 - whatever the estimator takes
    """Gather all sequences side by side."""
    sequences = X.sequences if isinstance(X, Windows) else as_sequences(X)
    return BatchSource(sequences).draw(torch.arange(len(sequences)))


def _gates(call: Call) -> Gates:
    """Recompute the gates of a `Recurrence` from its call, `forward(x, lengths)`."""
    x, lengths = call.read
    layer: Any = call.unit
    mask = None if lengths is None else valid_steps(lengths, x.shape[1])[..., 0].numpy()
    values = x.double().numpy()
    forward = run(cell_of(layer.forward_cell, "_l0"), values, mask=mask)  # type: ignore[arg-type]  # ours have gates
    if layer.backward_cell is None:
        return forward
    backward = run(cell_of(layer.backward_cell, "_l0"), values, mask=mask, backward=True)  # type: ignore[arg-type]  # as above
    return side_by_side(forward, backward)
