"""The document's experiment: one network, six ways to give it the data, and what each way does to its predictions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from unflat.errors import FitWarning
from unflat.estimator import LSTMRegressor
from unflat.metrics import FLAT_SPREAD, mae, mse, r2, spread
from unflat.recipes.document import EPOCHS, TEST, TRAIN, article, generate_data, standardize
from unflat.training.callbacks import Callback

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from unflat.history import EpochRecord
    from unflat.training.callbacks import Plan

Way = Literal["raw", "inputs", "target", "document", "own", "default"]
Verdict = Literal[
    "diverged", "flat", "no better than the mean", "hardly cured", "half cured", "cured in range", "cured"
]

WAYS: tuple[Way, ...] = get_args(Way)
"""Six ways to give the data to a network: five scalings of the document's model, and this package's own defaults."""

CLOSE = 0.02
"""Predictions whose mean absolute error is below this share of the training target's deviation are close."""


_HALF = 0.5
"""Less than this share of the variance explained is hardly a cure."""

_EVERY = 10
"""One in so many training sequences is looked at after each epoch."""


@dataclass(frozen=True)
class Progress:
    """How far the experiment is.

    Parameters
    ----------
    way : str
        Which way of giving the data is being trained.
    done, total : int
        Sequences that trainings have seen so far, counted in every epoch, and how many they will have seen.
    """

    way: Way
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class Result:
    """What one way of giving the data led to, in the target's raw units.

    Parameters
    ----------
    way : str
        Which way.
    numbers, fitted : ndarray of shape (n,)
        Training targets, and what was predicted for them.
    later_numbers, beyond : ndarray of shape (m,)
        Test targets, and what was predicted for them.
    course : tuple of float
        Mean squared error before the first epoch and after each one, as a share of the target's variance; on every
        tenth training sequence, with dropout off.
    seconds : float
        Wall time of the training.
    warned : tuple of str
        Names of the warnings that the package itself gave of the model.
    model : LSTMRegressor
        The fitted model. What it takes and gives is scaled as this way says.
    """

    way: Way
    numbers: NDArray[np.float64]
    fitted: NDArray[np.float64]
    later_numbers: NDArray[np.float64]
    beyond: NDArray[np.float64]
    course: tuple[float, ...]
    seconds: float
    warned: tuple[str, ...]
    model: LSTMRegressor

    @property
    def spread(self) -> float:
        """Standard deviation of the training predictions as a share of the target's."""
        return float(spread(self.numbers, self.fitted)[0])

    @property
    def r2(self) -> float:
        """Share of the training target's variance that is explained."""
        return float(r2(self.numbers, self.fitted)[0])

    @property
    def train_mae(self) -> float:
        """Mean absolute error on the training sequences."""
        return float(mae(self.numbers, self.fitted)[0])

    @property
    def test_mae(self) -> float:
        """Mean absolute error on the test sequences."""
        return float(mae(self.later_numbers, self.beyond)[0])

    @property
    def verdict(self) -> Verdict:
        """The figures in one word or two, by the rules of `judge`."""
        deviation = float(self.numbers.std())
        return judge(self.spread, self.r2, self.train_mae / deviation, self.test_mae / deviation)


def judge(spread: float, r2: float, train_error: float, test_error: float) -> Verdict:
    """Say in words what four figures mean.

    Parameters
    ----------
    spread, r2 : float
        On the training data.
    train_error, test_error : float
        Mean absolute errors, as shares of the training target's standard deviation.

    Returns
    -------
    str
        "diverged" where a figure is not finite; else "flat" where the spread is below 0.1; else "no better than the
        mean" where R² is not above 0; else "hardly cured" where it is below 0.5; else "half cured" where the
        training error is not below 0.02; else "cured in range" where the test error is not; else "cured".
    """
    if not all(map(isfinite, (spread, r2, train_error, test_error))):
        return "diverged"
    if spread < FLAT_SPREAD:
        return "flat"
    if r2 < _HALF:
        return "no better than the mean" if r2 <= 0 else "hardly cured"
    if train_error >= CLOSE:
        return "half cured"
    return "cured in range" if test_error >= CLOSE else "cured"


def run_experiment(
    *,
    seed: int = 0,
    epochs: int | None = None,
    ways: Sequence[Way] = WAYS,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[Result, ...]:
    """Train the network once for each way of giving it the data.

    The package's own warnings of bad models are recorded in the results and not shown: bad models are the point.

    Parameters
    ----------
    seed : int
        Seed of every training.
    epochs : int or None
        Passes over the training data; None for the document's 30 and the package's default.
    ways : sequence of str
        Which of `WAYS` to try, in this order.
    on_progress : callable or None
        Called after every epoch, and when a training has ended.

    Returns
    -------
    tuple of Result
        One for each way.

    Raises
    ------
    KeyboardInterrupt
        If a training was stopped by hand: an experiment with a cut training would mislead.
    """
    counter = _Counter(ways, on_progress or _ignore)
    return tuple(_try(way, _model(way, seed, epochs), counter) for way in ways)


def _model(way: Way, seed: int, epochs: int | None) -> LSTMRegressor:
    model = LSTMRegressor(random_state=seed) if way == "default" else article(random_state=seed)
    model.set_params(progress=False, device="cpu")  # so small a network is fastest there
    return model if epochs is None else model.set_params(epochs=epochs)


def _ignore(progress: Progress) -> None:
    """Report to nobody."""


class _Counter:
    """Counts the sequences that trainings have seen."""

    def __init__(self, ways: Sequence[Way], report: Callable[[Progress], None]) -> None:
        # What a training has before it has started is a guess: the document's 30 epochs.
        self._sizes = dict.fromkeys(ways, EPOCHS * TRAIN[1])
        self._report = report
        self._over = 0

    def start(self, way: Way, size: int) -> None:
        """Learn how many sequences a training is going to see."""
        self._sizes[way] = size
        self.tell(way, 0)

    def tell(self, way: Way, seen: int) -> None:
        """Report how many sequences one training has seen."""
        self._report(Progress(way, self._over + seen, sum(self._sizes.values())))

    def close(self, way: Way) -> None:
        """Report that a training has ended, early or not."""
        self._over += self._sizes[way]
        self.tell(way, 0)


class _Watch(Callback):
    """Measures a model at work, and hands its epochs to the counter."""

    def __init__(self, way: Way, counter: _Counter, error: Callable[[], float]) -> None:
        self._way = way
        self._counter = counter
        self._error = error
        self._sequences = 0
        self.course: list[float] = []

    def on_start(self, plan: Plan) -> None:
        """Measure the initial weights, and tell how long the training will be."""
        self._sequences = plan.sequences
        self._counter.start(self._way, plan.epochs * plan.sequences)
        self.course.append(self._error())

    def on_epoch(self, record: EpochRecord) -> None:
        """Measure the weights that an epoch has led to, and tell how far the training is."""
        self._counter.tell(self._way, record.epoch * self._sequences)
        self.course.append(self._error())


def _try(way: Way, model: LSTMRegressor, counter: _Counter) -> Result:
    X, y = generate_data(*TRAIN)
    X_test, y_test = generate_data(*TEST)
    # The package's defaults are given raw numbers: scaling is its own affair.
    by_hand = standardize("raw" if way == "default" else way, X, y)

    def predict(X: NDArray[np.float64]) -> NDArray[np.float64]:
        return by_hand.original(model.predict(by_hand.inputs(X)))

    def error() -> float:
        # The loss that training reports would not do: dropout's noise is in it, and in the document's cure, whose
        # target is far from 0, it is as large as the signal.
        return float(mse(y[::_EVERY], predict(X[::_EVERY]))[0] / y[::_EVERY].var())

    watch = _Watch(way, counter, error)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FitWarning)
        model.set_params(callbacks=(watch,)).fit(by_hand.inputs(X), by_hand.target(y))
    _pass_on(caught)
    if model.history_.stopped == "interrupted":
        raise KeyboardInterrupt
    counter.close(way)
    return Result(
        way,
        y.astype(np.float64),
        predict(X),
        y_test.astype(np.float64),
        predict(X_test),
        tuple(watch.course),
        model.history_.seconds,
        tuple(warning.category.__name__ for warning in caught if issubclass(warning.category, FitWarning)),
        model.set_params(callbacks=()),
    )


def _pass_on(caught: Sequence[warnings.WarningMessage]) -> None:
    """Give again what was caught beside the warnings of bad models."""
    for warning in caught:
        if not issubclass(warning.category, FitWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
