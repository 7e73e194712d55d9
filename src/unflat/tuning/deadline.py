"""A budget that holds while a training goes on."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from unflat.errors import InterruptedWarning
from unflat.errors.telling import warn_user
from unflat.training.callbacks import Callback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unflat.estimator import LSTMRegressor
    from unflat.history import EpochRecord
    from unflat.training.callbacks import Plan

SLACK = 1.5
"""So many times its budget a call may take before trainings are ended: what is nearly done is worth a little more."""


class Deadline(Callback):
    """Ends trainings when time is up; each has at least one epoch, and of several networks each an even share.

    Parameters
    ----------
    until : float
        The time on the clock by which all networks of one fit are to be trained.
    clock : callable
        Tells the time in seconds.
    """

    def __init__(self, until: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._until = until
        self._clock = clock
        self._epochs = 0
        self._own = until
        self.cut = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of a search with a budget>"

    def on_start(self, plan: Plan) -> None:
        """Give the network that begins its share of the time that is left."""
        now = self._clock()
        self._epochs = plan.epochs
        self._own = now + (self._until - now) / (plan.networks - plan.network + 1)

    def on_epoch(self, record: EpochRecord) -> bool:
        """End the training if its time is up and epochs are left."""
        over = self._clock() >= self._own and record.epoch < self._epochs
        self.cut = self.cut or over
        return over


@contextmanager
def within(model: LSTMRegressor, budget: float | None, began: float) -> Iterator[None]:
    """Keep the fit of a model, in the block, to what a budget leaves for it.

    Parameters
    ----------
    model : LSTMRegressor
        To be fitted; its callbacks are afterwards what they were.
    budget : float or None
        Seconds in all; None for any number.
    began : float
        When they began to count, on `time.perf_counter`.

    Warns
    -----
    InterruptedWarning
        If training was ended before its last epoch.
    """
    if budget is None:
        yield
        return
    deadline, callbacks = Deadline(began + SLACK * budget), model.callbacks
    model.set_params(callbacks=(*callbacks, deadline))
    try:
        yield
    finally:
        model.set_params(callbacks=callbacks)
    if deadline.cut:
        done = " and ".join(str(len(history.epochs)) for history in model.histories_)
        told = (
            f"The budget of {budget:g} s was too short for one model: its training was ended after {done} epochs, and "
            "the best weights until then are kept. For all of its training give more time, or fewer units or epochs."
        )
        warn_user(InterruptedWarning(told))
