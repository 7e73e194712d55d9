"""A watch as a callback of Keras 3, whose lists of callbacks ask for methods, not for a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat._optional import require
from unflat.diagnosis.subjects.keras_arrays import array_of
from unflat.diagnosis.subjects.keras_model import KerasSubject
from unflat.diagnosis.subjects.keras_settings import highest_rate
from unflat.diagnosis.subjects.optimizers import ADAPTIVE
from unflat.watch.rate import SeenRate
from unflat.watch.records import Course

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unflat.diagnosis.subjects import Gates
    from unflat.watch.observer import Observer


class KerasInTraining(KerasSubject):
    """A Keras model while it is trained.

    On JAX, weights are held outside the model within an epoch, and whatever is not compiled once and for all is
    compiled anew each time, which takes longer than many epochs: there, predictions are those of Keras's own compiled
    function, and the inside is not looked at.
    """

    @property
    def _in_jax(self) -> bool:
        return self._backend == "jax"

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the model takes
        """Predict with the weights as they are now."""
        if not self._in_jax:
            return super().predict(X)
        self._model.jax_state_sync()
        if self._fixed_batch():
            return super().predict(X)
        with self._pass(X):
            return np.asarray(self._model.predict_on_batch(np.array(X)))

    def activations(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - as `predict`
        """Give what each layer passes on."""
        return {} if self._in_jax else super().activations(X)

    def layer_inputs(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - as `predict`
        """Give what each layer reads."""
        return {} if self._in_jax else super().layer_inputs(X)

    def gates(self, X: Any) -> dict[str, Gates] | None:  # noqa: ANN401 - as `predict`
        """Give the gates of recurrent layers."""
        return None if self._in_jax else super().gates(X)


def _pass_over(self: object, *_: object, **__: object) -> None:
    """Let an event go by."""


_pass_over._is_default = True  # type: ignore[attr-defined]  # noqa: SLF001 - so Keras need not wait for it in every step


class KerasEvents:
    """What Keras calls; steps are counted where they begin, which costs Keras no wait for their results."""

    _observer: Observer
    _stop: bool

    def set_params(self, params: Mapping[str, Any] | None) -> None:
        """Take how many epochs and steps there will be."""
        self._params = dict(params or {})

    def set_model(self, model: Any) -> None:  # noqa: ANN401 - Keras is optional
        """Take the model."""
        self._model = model

    def on_train_begin(self, logs: object = None) -> None:
        """See the model before its first step."""
        self._steps, self._epoch, self._in_epoch = 0, 0, 0
        self._loss: float | None = None
        self._first_epoch: int | None = None
        subject = KerasInTraining(self._model)
        course = self._course(subject, 0)
        self._observer.begin(subject, course, SeenRate(course, self._rate_of_keras))

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Note the epoch; only the first says at which number training starts."""
        if self._first_epoch is None:
            self._first_epoch = epoch
        self._epoch, self._in_epoch = epoch + 1, 0

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        """Look after the step before this one."""
        self._in_epoch = batch
        self._look(self._steps + batch)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Look at the end of an epoch, whose loss is known."""
        self._loss = (logs or {}).get("loss")
        self._steps += self._of_epoch()
        if not self._params.get("steps"):  # a generator that did not say how many
            self._params["steps"] = self._of_epoch()
            self._observer.plan(self._course(KerasInTraining(self._model), self._first_epoch or 0))
        self._in_epoch = 0
        self._look(self._steps)

    def on_train_end(self, logs: object = None) -> None:
        """Look for the last time, and let the model go."""
        self._observer.end(self._steps, self._epoch or None, self._loss)
        self._model = None

    on_batch_begin = on_batch_end = on_train_batch_end = _pass_over
    on_test_begin = on_test_end = on_test_batch_begin = on_test_batch_end = _pass_over
    on_predict_begin = on_predict_end = on_predict_batch_begin = on_predict_batch_end = _pass_over

    def _look(self, step: int) -> None:
        self._observer.after(step, self._epoch, self._loss)
        if self._stop and self._observer.failing:
            self._model.stop_training = True

    def _of_epoch(self) -> int:
        """Count the steps of this epoch: where they are run together, only their planned number tells."""
        return int(self._params.get("steps") or self._in_epoch + 1)

    def _compiled_optimizer(self) -> Any:  # noqa: ANN401 - Keras is optional
        optimizer = getattr(self._model, "optimizer", None)
        return getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales losses for half precision

    def _rate_of_keras(self) -> float | None:
        """Read the rate, which a callback may have set; of a schedule, the highest is known from the beginning."""
        optimizer = self._compiled_optimizer()
        if optimizer is None or isinstance(optimizer.get_config().get("learning_rate"), dict):
            return None
        return float(array_of(require("keras", extra="keras"), optimizer.learning_rate))

    def _course(self, subject: KerasSubject, first_epoch: int) -> Course:
        epochs, of_epoch = self._params.get("epochs"), self._params.get("steps")
        steps = (int(epochs) - first_epoch) * int(of_epoch) if epochs and of_epoch else None
        settings, optimizer = subject.settings(), self._compiled_optimizer()
        if settings is None or optimizer is None:
            return Course(steps, reports_by_epoch=True)
        rate = highest_rate(require("keras", extra="keras"), optimizer, steps or 0, None)
        return Course(steps, rate, settings.optimizer in ADAPTIVE, reports_by_epoch=True)
