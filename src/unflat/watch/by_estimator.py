"""A watch as a callback of our own estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.diagnosis.subjects import Settings
from unflat.diagnosis.subjects.regressor import PredictorSubject
from unflat.network import Predictor
from unflat.training.callbacks import Callback
from unflat.training.losses import Loss
from unflat.watch.records import Course

if TYPE_CHECKING:
    from torch import nn

    from unflat.config import TrainingConfig
    from unflat.history import EpochRecord, History
    from unflat.training.callbacks import Plan
    from unflat.watch.observer import Observer


class EstimatorEvents(Callback):
    """What the loop of `LSTMRegressor` calls.

    A network that begins without a line, beside one that begins at it, is not looked at: it counts only as far as held
    out data vouch for it, and what it fails to learn does no harm. Nor are those that come after one that fails: the
    fault is the fit's, and has been said.
    """

    _observer: Observer
    _stop: bool
    _trained: PredictorSubject | None = None
    _config: TrainingConfig | None = None

    def on_model(self, model: nn.Module, config: TrainingConfig) -> None:
        """Take the model and how it is trained."""
        self._trained = None
        if config is not self._config:  # a new fit: all networks of one are trained by the same
            self._config = config
            self._observer.forget()
        if self._observer.finding is not None:
            return
        if isinstance(model, Predictor) and not all(member.is_without_line for member in model.network.members):
            settings = Settings(
                config.loss, "adamw", config.learning_rate, config.epochs, config.batch_size, None,
                config.clip_norm, config.weight_decay or None,
            )  # fmt: skip
            self._trained = PredictorSubject(model, Loss.of(config), settings)
            self._highest = config.learning_rate

    def on_start(self, plan: Plan) -> None:
        """See the model before its first step."""
        self._steps, self._at = plan.steps, 0
        self._epoch_loss: float | None = None
        if self._trained is None:
            return
        course = Course(plan.epochs * plan.steps, self._highest, adaptive=True)
        self._observer.begin(self._trained, course)

    def on_step(self, step: int, rate: float) -> None:
        """Look within an epoch."""
        self._at = step
        if self._trained is not None and step % self._steps:  # at its end, the loss is known
            self._observer.after(step, step // self._steps + 1, self._epoch_loss)

    def on_epoch(self, record: EpochRecord) -> bool:
        """Look at the end of an epoch; True ends the training."""
        self._epoch_loss = record.loss
        if self._trained is not None:
            self._observer.after(self._at, record.epoch, record.loss)
        return self._stop and self._observer.failing

    def on_end(self, history: History) -> None:
        """Look for the last time, at the weights that are kept, and let the model go."""
        if self._trained is not None:
            self._observer.end(self._at, len(history.epochs) or None, self._epoch_loss)
        self._trained = None
