"""The estimator's methods that concern intervals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

import numpy as np
import torch

from unflat._arrays import shaped_as_targets
from unflat.config import Interval
from unflat.conformal import PredictionInterval, refuse_other_coverage
from unflat.contract import check_is_fitted
from unflat.dataset import as_dataset, refuse_other_data, series_known, windowed
from unflat.errors import ConfigurationError, NotCalibratedError, TargetLimitWarning
from unflat.errors.telling import warn_user
from unflat.intervals.adaptive import AdaptiveInterval
from unflat.intervals.bands import Bands, bounds
from unflat.scaling.limits import Limits, opened, refuse_beyond

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.config import TargetRange
    from unflat.conformal import Calibration
    from unflat.intervals.bands import Expected
    from unflat.network import Predictor
    from unflat.sequences import Sequences
    from unflat.windows import WindowSchema


class IntervalMixin(ABC):
    """Prediction intervals, for an estimator with the attributes below, which gives `_sequences`."""

    target_range: TargetRange
    predictor_: Predictor
    bands_: Bands
    schema_: WindowSchema | None
    n_features_in_: int
    n_outputs_: int
    target_names_: tuple[str, ...]
    flat_target_: bool

    @abstractmethod
    def _sequences(self, X: object) -> Sequences:
        """Take what a user gave as sequences with the features of the training."""

    def predict_interval(self, X: object, coverage: float = 0.9, *, groups: object = None) -> PredictionInterval:
        """Predict bounds between which a target lies with a given probability.

        The errors' reach below and above a prediction is learned from the network's states on the training part;
        then it is multiplied by the one number that makes the intervals cover the held-out part as often as they
        should (conformalized quantile regression in its scaled form, after Romano, Patterson & Candès 2019 and
        Kivaranovic, Johnson & Leeb 2020). For sequences exchangeable with those held out, the probability that a
        target lies inside is at least `coverage`, up to what the choice of the epoch by the same part may cost,
        against which that choice is cross-validated. It is an average over sequences: not for every kind of them.

        The prediction always lies inside; bounds of one sequence never cross, and widen with the coverage. Any
        coverage may be asked for at any time: `fit` has prepared them all, in the time of two or three passes.

        Parameters
        ----------
        X : array, list, Windows, or table
            As for `predict`.
        coverage : float
            The probability, in (0, 1).
        groups : array-like of shape (n,) or None
            The series or group that each sequence belongs to; windows of a table know theirs. A group with at least
            20 sequences in the calibration gets bounds of its own, any other those for a new group.

        Returns
        -------
        PredictionInterval
            `lower` and `upper`, float64 of shape (n,) or (n, n_outputs), in the target's units. Infinite where the
            calibration has fewer than coverage / (1 - coverage) sequences: 9 for 0.9, 99 for 0.99. Where it has groups,
            and a group or the number of groups is too small, as far as the largest error.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        NotCalibratedError
            If nothing was held out, or the model has learned since.
        ConfigurationError
            If the coverage is not in (0, 1).
        InputError
            If sequences cannot be used, or have other features than in training.

        Warns
        -----
        CoverageWarning
            If the calibration is too small for this coverage; it says which it can promise.

        Notes
        -----
        A series in time is not exchangeable: see `track_interval`.
        """
        calibration = self._calibration(coverage, "predict_interval")
        X = windowed(X, self.schema_)
        expected = self._expect(X)
        n = len(expected.center)
        quantiles = calibration.asked(coverage, n, series_known(X, groups, n))
        interval = self._bounds(expected, quantiles)
        return PredictionInterval(*(shaped_as_targets(bound, one_dimensional=self.flat_target_) for bound in interval))

    def calibrate(self, X: object, y: object = None, *, sample_weight: object = None, groups: object = None) -> Self:
        """Calibrate intervals anew, on sequences that the model has not learned from.

        `fit` does this with what it holds out. This is for a model that held nothing out, that has gone on learning
        by `partial_fit`, that meets other data now, or whose intervals are to rest on more.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`; or, if the model was fitted on windows of a table, another such table. Weights say how much
            like the sequences to come each one is; one of weight 0 does not count.
        groups : array-like of shape (n,) or None
            The series or group of each sequence, for bounds by group; windows of a table know theirs.

        Returns
        -------
        LSTMRegressor
            This estimator.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        InputError
            If sequences or targets cannot be used, or differ from the training's in features, outputs or categories.
        ConfigurationError
            If a target lies beyond a `target_range` that was given.

        Warns
        -----
        TargetLimitWarning
            If a target lies beyond a limit that those of the training pile up at, which is none: it is let go.
        """
        check_is_fitted(self)
        X = windowed(X, self.schema_, targets=True)
        data = as_dataset(X, y, sample_weight=sample_weight, groups=groups)
        refuse_other_data(data, self.schema_, self.n_features_in_, self.n_outputs_)
        self.predictor_.target.refuse(data.y, self.target_names_)
        self._admit(data.counted().y)
        self.bands_ = self.bands_.calibrated(self.predictor_, data)
        return self

    def track_interval(self, coverage: float = 0.9, *, gamma: float = 0.01) -> AdaptiveInterval:
        """Begin to follow one series with intervals that learn from every truth that arrives.

        Adaptive conformal inference (Gibbs & Candès, NeurIPS 2021): what share of truths lies inside comes to
        `coverage` in the long run, however the series changes. The scores that quantiles are taken of are the latest.

        Parameters
        ----------
        coverage : float
            The share of truths that are to lie inside, in (0, 1).
        gamma : float
            How far one miss moves the next interval, in (0, 1]. Larger adapts faster and wavers more.

        Returns
        -------
        AdaptiveInterval
            Ask its `predict`, tell its `update`.

        Raises
        ------
        NotFittedError, NotCalibratedError, ConfigurationError
            As for `predict_interval`.
        """
        calibration = self._calibration(coverage, "track_interval")
        if not Interval(0, 1, "right").admits(gamma):
            raise ConfigurationError("track_interval", "gamma", "a number in (0, 1]", gamma)
        return AdaptiveInterval(
            self._expect,
            self._bounds,
            self._scaled,
            calibration.scores,
            limits=self._ends,
            admit=self._admit,
            coverage=coverage,
            gamma=gamma,
            one_dimensional=self.flat_target_,
        )

    def _expect(self, X: object) -> Expected:
        return self.bands_.expect(self.predictor_, self._sequences(X))

    def _bounds(self, expected: Expected, quantiles: NDArray[np.float64]) -> PredictionInterval:
        return bounds(self.predictor_, expected, quantiles)

    def _ends(self) -> NDArray[np.float64]:
        ends: NDArray[np.float64] = np.transpose(self.predictor_.limits)
        return ends

    def _scaled(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        refuse_beyond(targets, self.target_range, self.target_names_)
        scaled: NDArray[np.float64] = self.predictor_.target(torch.from_numpy(targets)).numpy()
        return scaled

    def _admit(self, targets: NDArray[np.float64]) -> None:
        """Open the limits that targets lie beyond, and warn the user; refuse those beyond a user's own."""
        refuse_beyond(targets, self.target_range, self.target_names_)
        known = self.predictor_.limits
        for name, limits, of_one in zip(self.target_names_, known, targets.T, strict=True):
            if limits.lies_beyond(of_one):
                warn_user(TargetLimitWarning(_beyond(name, limits, of_one)))
        self.predictor_.target.set_limits(opened(known, targets, self.target_range))

    def _calibration(self, coverage: float, asked: str) -> Calibration:
        check_is_fitted(self)
        refuse_other_coverage(coverage, asked)
        if self.bands_.calibration is None:
            raise NotCalibratedError("one that held nothing out, or has learned since")
        return self.bands_.calibration


def _beyond(name: str, limits: Limits, targets: NDArray[np.float64]) -> str:
    """Say which targets lie beyond which ends."""
    least, largest = float(targets.min()), float(targets.max())
    passed = Limits(
        limits.lowest if least < limits.lowest else -np.inf, limits.highest if largest > limits.highest else np.inf
    )
    reached = [target for target, end in ((least, passed.lowest), (largest, passed.highest)) if np.isfinite(end)]
    return (
        f"Targets {name} reach {' and '.join(f'{target:g}' for target in reached)}, and those of the training pile up "
        f"at a limit of {passed}: it is none, and predictions and intervals are not held there any more. "
        "Fit again with such targets, for the model to learn from them."
    )
