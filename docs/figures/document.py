"""The document's network on its own data, trained once for all pictures that show it."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from training import few

from unflat.errors import FitWarning
from unflat.metrics import spread
from unflat.recipes import TRAIN, Scaling, article, generate_data, standardize
from unflat.training.callbacks import Callback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from unflat.history import EpochRecord
    from unflat.training.callbacks import Plan

EPOCHS = 30


@dataclass(frozen=True)
class Run:
    """What a training led to, in the target's raw units.

    Parameters
    ----------
    y, prediction : ndarray of shape (n,)
        Training targets, and what the network answers in the end.
    steps : tuple of int
        Steps of the optimizer after each epoch, beginning with 0.
    spreads, means, states : tuple of float
        After each epoch: spread of the predictions, their mean, and the sum of |h| that the last layer reads.
    rate : float
        The learning rate.
    """

    y: NDArray[np.float64]
    prediction: NDArray[np.float64]
    steps: tuple[int, ...]
    spreads: tuple[float, ...]
    means: tuple[float, ...]
    states: tuple[float, ...]
    rate: float


class _Watch(Callback):
    """Measures a model after each epoch."""

    def __init__(self) -> None:
        self.measure: Callable[[], tuple[float, float, float]]
        self.pace = 0
        self.found: list[tuple[int, float, float, float]] = []

    def on_start(self, plan: Plan) -> None:
        self.pace = plan.steps
        self._look(0)

    def on_epoch(self, record: EpochRecord) -> None:
        self._look(record.epoch * self.pace)

    def _look(self, steps: int) -> None:
        self.found.append((steps, *self.measure()))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Compute with as many threads as the figures of the README were made with: their number shows in last digits."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def trained_on(scaling: Scaling, share: float) -> Run:
    """Train the document's network with its data scaled in one way.

    Parameters
    ----------
    scaling : str
        One of the document's experiment's.
    share : float
        Of the document's 30 epochs.

    Returns
    -------
    Run
        What came of it; the same call trains once.
    """
    X, y = generate_data(*TRAIN)
    by_hand = standardize(scaling, X, y)
    inputs = by_hand.inputs(X)
    watch = _Watch()
    model = article(random_state=0, epochs=few(share, EPOCHS), callbacks=(watch,), progress=False)
    model.set_params(device="cpu")

    def answers() -> NDArray[np.float64]:
        return by_hand.original(model.predict(inputs))

    def measure() -> tuple[float, float, float]:
        read: list[float] = []
        hook = model.predictor_.network.head.register_forward_pre_hook(
            lambda _, given: read.append(float(given[0].detach().abs().sum(-1).mean()))
        )
        try:
            prediction = answers()
        finally:
            hook.remove()
        return float(spread(y, prediction)[0]), float(prediction.mean()), float(np.mean(read))

    watch.measure = measure
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)  # that it is flat is what the picture shows
        with _threads(2):
            model.fit(inputs, by_hand.target(y))
    steps, spreads, means, states = zip(*watch.found, strict=True)
    return Run(y.astype(np.float64), answers(), steps, spreads, means, states, model.learning_rate)
