"""A Keras model, trained again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat._optional import require
from unflat.diagnosis.programs.base import Program
from unflat.diagnosis.programs.edits import KEPT_OUT, LAYERS_LEFT, LONGER, Edit
from unflat.diagnosis.programs.keras_surgery import STRUCTURAL, rebuilt, recurrent_layers
from unflat.diagnosis.programs.preparing import prepare
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keras_arrays import array_of
from unflat.diagnosis.subjects.keras_trace import kept_model
from unflat.diagnosis.subjects.measures import batch_size_for
from unflat.diagnosis.subjects.optimizers import optimizer_name, usual_rate

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from unflat.diagnosis.programs.base import Job, Training


class KerasProgram(Program):
    """A model that is made of layers, compiled and fitted as the user's was.

    Parameters
    ----------
    model : keras.Model
        The user's; models made of its configuration are trained.
    training : Training
        How it was trained; with a loss and an optimizer.
    """

    def __init__(self, model: Any, training: Training) -> None:  # noqa: ANN401 - Keras is optional
        self._keras = require("keras", extra="keras")
        self._model = model
        self._training = training
        self.epochs = training.passes
        self.assumed = tuple(training.assumptions())

    def refuses(self, edit: Edit) -> str | None:
        """Say why a change cannot be made to this model."""
        sequential = isinstance(self._model, self._keras.Sequential)
        if edit in STRUCTURAL and not sequential:
            return "its layers do not stand in one row (keras.Sequential)"
        layers = self._model.get_config()["layers"]
        if edit is Edit.FEWER_LAYERS and len(recurrent_layers(layers)) <= LAYERS_LEFT:
            return "it has no more than two recurrent layers"
        if edit in {Edit.POOL_STATES, Edit.LAST_STATE} and not recurrent_layers(layers):
            return "it has no recurrent layer"
        if edit is Edit.MASK_PADDING and self._training.padding is None:
            return "what value pads the sequences is not known"
        return None

    def run(self, job: Job, edits: Collection[Edit]) -> NDArray[Any]:
        """Train a new model, and predict."""
        data = prepare(job, edits)
        with guarded(str(self._model.name), job.X), kept_model(self._keras, self._model, {}):
            # All three are put back when the context ends; Keras draws the seeds of layers from the first.
            random.seed(job.seed)
            np.random.seed(job.seed % 2**32)  # noqa: NPY002 - as above
            torch.manual_seed(job.seed)
            model = rebuilt(self._keras, self._model, edits, self._training.padding)
            model.compile(optimizer=self._optimizer_for(edits), loss=self._keras.losses.get(self._training.loss))
            y = self._targets(model, data.y, edits)
            epochs = (job.epochs or self._training.passes) * (LONGER if Edit.MORE_EPOCHS in edits else 1)
            self._fit(model, data.X, y, epochs, np.random.default_rng(job.seed), keep_best=Edit.KEEP_BEST in edits)
            return data.back(self._predicted(model, data.X_new))

    def _optimizer_for(self, edits: Collection[Edit]) -> Any:  # noqa: ANN401 - Keras is optional
        given = self._training.optimizer
        own = self._keras.optimizers.get(getattr(given, "inner_optimizer", given))
        config = own.get_config()
        if Edit.USUAL_RATE in edits:
            config["learning_rate"] = usual_rate(optimizer_name(type(own)))
        if Edit.CLIP_AT_ONE in edits:
            config |= {"clipnorm": None, "clipvalue": None, "global_clipnorm": 1.0}
        if Edit.NO_REGULARISATION in edits and config.get("weight_decay") is not None:
            config["weight_decay"] = 0.0
        return type(own).from_config(config)

    def _targets(self, model: Any, y: NDArray[Any], edits: Collection[Edit]) -> NDArray[Any]:  # noqa: ANN401 - as above
        wanted = tuple(model.output_shape[1:])
        if Edit.ALIGN_LOSS not in edits or None in wanted or int(np.prod(wanted)) != y[0].size:
            return y
        return y.reshape(len(y), *wanted)

    def _fit(
        self,
        model: Any,  # noqa: ANN401 - Keras is optional
        X: NDArray[Any],
        y: NDArray[Any],
        epochs: int,
        generator: np.random.Generator,
        *,
        keep_best: bool,
    ) -> None:
        """Pass over the data epoch by epoch, in an order of our own: backends shuffle by randomness of their own."""
        order = generator.permutation(len(X))
        kept_out = round(KEPT_OUT * len(X)) if keep_best else 0
        judged, learned = order[:kept_out], order[kept_out:]
        best, weights = np.inf, None
        for _ in range(epochs):
            batch = generator.permutation(learned)
            model.fit(X[batch], y[batch], batch_size=self._training.batch_size, epochs=1, shuffle=False, verbose=0)
            if kept_out and (error := float(model.evaluate(X[judged], y[judged], verbose=0))) < best:
                best, weights = error, model.get_weights()
        if weights is not None:
            model.set_weights(weights)

    def _predicted(self, model: Any, X: NDArray[Any]) -> NDArray[Any]:  # noqa: ANN401 - as above
        size = batch_size_for(X)
        with torch.no_grad():
            parts = [model(X[first : first + size], training=False) for first in range(0, len(X), size)]
            return np.concatenate([array_of(self._keras, part) for part in parts])


def why_not(keras: Any, model: Any, training: Training) -> str | None:  # noqa: ANN401 - as above
    """Say why a model cannot be trained again; None where it can."""
    if training.loss is None or training.optimizer is None:
        return "the model is not compiled: pass loss= and optimizer=, or fit="
    made_of_layers = isinstance(model, keras.Sequential) or _is_functional(model)
    if not made_of_layers:
        return "the model is a class of its own, which cannot be made anew: pass fit="
    if any(getattr(layer, "stateful", False) for layer in model.layers):
        return "the model carries states from batch to batch"
    return None


def _is_functional(model: Any) -> bool:  # noqa: ANN401 - as above
    return type(model).__name__ == "Functional"
