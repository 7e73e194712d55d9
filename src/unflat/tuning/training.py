"""One trial: the estimator fitted with other parameters, watched, and scored on the part that is held out."""

from __future__ import annotations

import hashlib
import time
import warnings
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import torch
from sklearn.base import clone
from sklearn.utils import check_random_state

from unflat.dataset import as_dataset
from unflat.errors import ConfigurationError, LoneValueWarning, TooFewSamplesError, UnflatWarning
from unflat.estimator.mistakes import without_lone_values
from unflat.fitting.settings import choose_device, network_config, parting_for, scaling_config, training_config
from unflat.network import predict_all
from unflat.parting import FEWEST_TO_HOLD_OUT
from unflat.sequences.columnar import CHUNK_ROWS, blocks_of
from unflat.training.callbacks import Callback
from unflat.training.losses import Loss
from unflat.tuning.deadline import Deadline
from unflat.tuning.space import changes_at
from unflat.tuning.study import MILESTONES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from unflat.dataset import Dataset
    from unflat.estimator import LSTMRegressor
    from unflat.history import EpochRecord
    from unflat.parting import Parting
    from unflat.training.callbacks import Plan
    from unflat.tuning.space import Point

    Report = Callable[[int, float], bool]
    """Takes a milestone and the best loss so far; whether to give the training up."""


class Milestones(Callback):
    """Reports the best validation loss so far at each tenth of a training, so that it can be given up.

    Of an ensemble it reports the first member's training.

    Parameters
    ----------
    report : callable or None
        Takes the number of the milestone, 1 to 10, and the loss; returns whether to give up. None never does.
    """

    def __init__(self, report: Report | None = None) -> None:
        self._report = report
        self._reached = 0
        self._best = inf
        self.gave_up = False

    def on_start(self, plan: Plan) -> None:
        """Learn how long the training is going to be."""
        self._epochs = plan.epochs

    def on_epoch(self, record: EpochRecord) -> bool:
        """Report where a milestone is passed; the end is judged by the model itself."""
        if isfinite(record.judged_loss):
            self._best = min(self._best, record.judged_loss)
        reached = MILESTONES * record.epoch // self._epochs
        for milestone in range(self._reached + 1, min(reached, MILESTONES - 1) + 1):
            if self._report is not None and not self.gave_up:
                self.gave_up = self._report(milestone, self._best)
        self._reached = max(self._reached, reached)
        return self.gave_up


@dataclass(frozen=True)
class Trained:
    """What became of one training.

    Parameters
    ----------
    loss : float
        On the validation part; infinite where predictions are no numbers.
    epochs : int
        Passes that were made.
    seconds : float
        How long it took.
    gave_up, interrupted : bool
        Whether it was ended early, and by whom: the search, or Ctrl-C.
    linear : bool
        Whether the recurrence added nothing on what was held out.
    cut : bool
        Whether it was ended early because time was up.
    """

    loss: float
    epochs: int
    seconds: float
    gave_up: bool
    interrupted: bool
    linear: bool = False
    cut: bool = False


@dataclass(frozen=True, eq=False)
class Task:
    """What all trials of a search have in common: the data, and the model that is varied.

    Parameters
    ----------
    model : LSTMRegressor
        As it was given; it is never changed.
    X, y, sample_weight, groups, validation
        As for `LSTMRegressor.fit`.

    Raises
    ------
    InputError
        If they cannot be used, or leave nothing to score trials on.
    """

    model: LSTMRegressor
    X: object
    y: object = None
    sample_weight: object = None
    groups: object = None
    validation: object = None

    def parts(self, seed: int) -> tuple[Dataset, Dataset]:
        """Give the training and the validation part, as `fit` makes them for one network with this seed."""
        training, held_out, _ = self._parting(seed, n_members=1)
        share = self.model.validation_fraction
        if held_out is None and share == 0:
            raise ConfigurationError(
                "tune", "validation_fraction", "a share above 0, to score trials on", share,
                "Let the model hold something out, or give tune a part of its own: validation=(X, y).",
            )  # fmt: skip
        if held_out is None:
            raise TooFewSamplesError("The sequences to tune on", FEWEST_TO_HOLD_OUT, len(training))
        return training, held_out

    def networks(self, seed: int) -> int:
        """Say how many networks `fit` trains for the model that is kept; a trial has one."""
        return len(self._parting(seed).of_each)

    def _parting(self, seed: int, **changed: object) -> Parting:
        """Part the data as `fit` does with this seed and with some parameters changed."""
        data = as_dataset(self.X, self.y, sample_weight=self.sample_weight, groups=self.groups).counted()
        parameters = self.model.get_params(deep=False) | changed
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LoneValueWarning)  # the fit of the model that is kept tells of them
            data = without_lone_values(data, scaling_config(parameters))
        return parting_for(parameters, data, self.validation, check_random_state(seed))

    def check(self, seed: int) -> None:
        """Raise what a training with these data and parameters would raise before its first step.

        Parameters
        ----------
        seed : int
            What parts are drawn by.

        Raises
        ------
        InputError
            If the data cannot be used, or leave nothing to score trials on.
        ConfigurationError
            If a parameter is outside what it may be, or the device is not there.
        """
        given: dict[str, Any] = self.model.get_params(deep=False)
        network_config(given)
        scaling_config(given)
        choose_device(given["device"])
        training_config(given, len(self.parts(seed)[0]))

    def parameters_at(self, point: Point, n: int) -> dict[str, Any]:
        """Turn a point of the space into parameters of the estimator.

        Parameters
        ----------
        point : mapping
            A value for each dimension.
        n : int
            Training sequences.

        Returns
        -------
        dict of str to object
            What the point sets.
        """
        given = self.model.get_params(deep=False)
        changes = changes_at(point, given)
        if "epochs_factor" in point:
            epochs = training_config(given | changes, n).epochs
            changes["epochs"] = max(1, round(point["epochs_factor"] * epochs))
        return changes

    def given_parameters(self, n: int) -> dict[str, Any]:
        """Give the parameters of the model as given, with what is "auto" settled for n sequences."""
        given: dict[str, Any] = self.model.get_params(deep=False)
        return given | {"batch_size": training_config(given, n).batch_size}

    def changed(self, parameters: Mapping[str, Any], seed: int) -> LSTMRegressor:
        """Copy the model, not fitted, with other parameters."""
        model: LSTMRegressor = clone(self.model)
        # A clone has copies of the callbacks; those that were given are to look on.
        model.set_params(**{"callbacks": self.model.callbacks, **parameters, "random_state": seed})
        return model

    def fit(self, model: LSTMRegressor) -> LSTMRegressor:
        """Fit a model on all that was given, as anybody would."""
        return model.fit(
            self.X, self.y, sample_weight=self.sample_weight, groups=self.groups, validation=self.validation
        )

    def train(
        self, parameters: Mapping[str, Any], seed: int, report: Report | None = None, until: float = inf
    ) -> Trained:
        """Train one network, however many the model is to have, and score it.

        Parameters
        ----------
        parameters : mapping
            What differs from the model as given.
        seed : int
            Seed of the model; it holds out the part that is scored on, too, where none was given.
        report : callable or None
            Told of each milestone.
        until : float
            When time is up, on `time.perf_counter`: the training is then ended after the epoch that it is in.

        Returns
        -------
        Trained
            The loss, and what it took.
        """
        began = time.perf_counter()
        milestones, deadline = Milestones(report), Deadline(until)
        # The model's own callbacks and its bar are for the one training that is kept.
        model = self.changed(
            {**parameters, "n_members": 1, "callbacks": (milestones, deadline), "progress": False}, seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnflatWarning)  # a trial may fail; the model that is kept speaks for itself
            self.fit(model)
        history = model.history_
        loss = inf if milestones.gave_up else loss_on(model, self.parts(seed)[1])
        seconds, interrupted = time.perf_counter() - began, history.stopped == "interrupted"
        return Trained(loss, len(history.epochs), seconds, milestones.gave_up, interrupted, model.linear_, deadline.cut)


def loss_on(model: LSTMRegressor, part: Dataset) -> float:
    """Measure a fitted model's own loss on a part, on the scaled target.

    Parameters
    ----------
    model : LSTMRegressor
        Fitted.
    part : Dataset
        What it has not learned from.

    Returns
    -------
    float
        The loss; infinite where predictions are no numbers.
    """
    loss = Loss.of(training_config(model.get_params(deep=False), len(part)))
    scale = model.predictor_.target
    predicted = scale(torch.from_numpy(predict_all(model.predictor_, part.sequences)))
    weights = None if part.weights is None else torch.from_numpy(part.weights / part.weights.mean())
    value = float(loss(predicted, scale(torch.from_numpy(part.y)), weights))
    return value if isfinite(value) else inf


def fingerprint(task: Task, seed: int) -> str:
    """Give a number that tells data sets apart: of all values, targets, names, groups and parts.

    Parameters
    ----------
    task : Task
        What is trained on.
    seed : int
        What parts are drawn by.

    Returns
    -------
    str
        The first sixteen hexadecimal digits of a SHA-256.
    """
    digest = hashlib.sha256()
    rows = None
    for part in task.parts(seed):
        sequences = part.sequences
        digest.update(repr((sequences.feature_names, sequences.context_names)).encode())
        blocks = [] if sequences.rows is rows else blocks_of(sequences.rows)  # parts of one table share its rows
        rows = sequences.rows
        beside = (context.at(slice(None)) for context in sequences.context)
        for array in (*blocks, sequences.starts, sequences.lengths, part.y, part.weights, part.series, *beside):
            if array is not None:
                _enter(digest, array)
    return digest.hexdigest()[:16]


def _enter(digest: hashlib._Hash, array: NDArray[Any]) -> None:
    """Add all values piece by piece, since an array may be far larger than what is left of memory."""
    for first in range(0, len(array), CHUNK_ROWS):
        digest.update(array[first : first + CHUNK_ROWS].tobytes())
