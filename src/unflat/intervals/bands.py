"""Intervals of a fitted predictor: distances that were learned, times a quantile that was calibrated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from unflat.conformal import Calibration, PredictionInterval
from unflat.intervals.distances import Distances, fit_distances
from unflat.intervals.held_out import describe, errors_of, errors_unseen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.dataset import Dataset
    from unflat.network import Predictor
    from unflat.parting import Parting
    from unflat.sequences import Sequences
    from unflat.training.losses import Loss

_MOST_SEQUENCES, _MOST_STEPS, _FEWEST_SEQUENCES = 10_000, 1 << 20, 500
"""The distances are fitted on so many sequences, or time steps, at the most: they have few coefficients."""

_JUDGED_AT, _WORTH = 0.9, 0.99
"""Learned distances are used where they bring the interval score at this coverage below this share."""


class Expected(NamedTuple):
    """What is known of a target before its interval has a coverage.

    Parameters
    ----------
    center : ndarray of shape (n, outputs), float64
        Predictions, on the target's scale.
    distances : ndarray of shape (n, 2, outputs), float64
        Distances below and above, all positive.
    """

    center: NDArray[np.float64]
    distances: NDArray[np.float64]

    def scores(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measure how many distances targets lie from their prediction, each on its own side: at least 0."""
        return scores_of(targets - self.center, self.distances)


def scores_of(errors: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide errors by the distance of their side.

    Parameters
    ----------
    errors : ndarray of shape (n, outputs)
        Target less prediction.
    distances : ndarray of shape (n, 2, outputs)
        Distances below and above.

    Returns
    -------
    ndarray of shape (n, outputs)
        max(-error / below, error / above), at least 0.
    """
    scores: NDArray[np.float64] = np.abs(errors) / np.where(errors < 0, distances[:, 0], distances[:, 1])
    return scores


@dataclass(frozen=True, eq=False)
class Bands:
    """What intervals are made of.

    Parameters
    ----------
    distances : Distances
        The distances.
    calibration : Calibration or None
        The scores of data that the model had not learned from; None if there are none.
    """

    distances: Distances
    calibration: Calibration | None = None

    def __repr__(self) -> str:
        return "<Bands, not calibrated>" if self.calibration is None else f"<Bands: {self.calibration!r}>"

    @classmethod
    def of(cls, predictor: Predictor, training: Dataset) -> Bands:
        """Learn the distances from the errors that a predictor makes on its training part."""
        part = training.take(_evenly(len(training), training.sequences.longest))
        described = describe(predictor, part.sequences)
        return cls(fit_distances(described, errors_of(predictor, part, described), part.weights))

    @classmethod
    def crossed(
        cls, predictor: Predictor, data: Dataset, unseen: NDArray[np.float64], parts: NDArray[np.int64]
    ) -> Bands:
        """Learn the distances and calibrate on the same sequences, each held out of a network that others learned.

        Distances are learned from errors that nobody's training knows of, and what calibrates those of one part are
        distances learned from the others: known errors make distances that fit them, and promise too much.

        Parameters
        ----------
        predictor : Predictor
            The mean of all networks.
        data : Dataset
            What they held out, part after part.
        unseen : ndarray of shape (n, outputs)
            Its errors, each of the network that held the sequence out.
        parts : ndarray of shape (n,), int
            The part of each sequence.

        Returns
        -------
        Bands
            With scores, as `calibrated` gives them.
        """
        described = describe(predictor, data.sequences)
        learned = np.empty((len(data), 2, unseen.shape[1]))
        for part in np.unique(parts):
            own = np.flatnonzero(parts == part)
            distances = _learned(described, unseen, data, np.flatnonzero(parts != part))
            learned[own] = _distances_of(distances, described[own])
        distances = _learned(described, unseen, data, np.arange(len(data)))
        return _with_scores(distances, unseen, learned, _distances_of(distances.even(), described), data)

    @classmethod
    def unlearned(cls, predictor: Predictor) -> Bands:
        """Take the same distances everywhere: for a predictor whose training part is not at hand."""
        network = predictor.network
        return cls(Distances(network.outputs + network.width, network.outputs))

    def calibrated(self, predictor: Predictor, data: Dataset, unseen: NDArray[np.float64] | None = None) -> Bands:
        """Calibrate on data that the predictor has not learned from.

        Parameters
        ----------
        predictor : Predictor
            Whose errors are measured.
        data : Dataset
            The sequences, with targets.
        unseen : ndarray of shape (n, outputs) or None
            The errors on these, where the predictor's own would know more of them than of others; see `errors_unseen`.

        Returns
        -------
        Bands
            With scores, and with the distances that were learned, or one that is the same everywhere where these
            make no narrower intervals on the data.

        Notes
        -----
        Distances are learned from errors on the training part, and on a series that has changed since they can be
        worse than none: on ETTh1, 24 hours ahead, intervals for 0.9 then covered 0.64, and 0.94 with one distance
        for all. The held-out part saw it coming.
        """
        described = describe(predictor, data.sequences)
        missed = errors_of(predictor, data, described) if unseen is None else unseen
        learned, even = (_distances_of(s, described) for s in (self.distances.uneven(), self.distances.even()))
        return _with_scores(self.distances, missed, learned, even, data)

    def outdated(self) -> Bands:
        """Keep the distances, and forget scores of weights that have changed since."""
        return replace(self, calibration=None)

    def expect(self, predictor: Predictor, sequences: Sequences) -> Expected:
        """Predict, and say how far errors reach, before any coverage is asked for."""
        described = describe(predictor, sequences)
        outputs = predictor.network.outputs
        return Expected(described[:, :outputs].double().numpy(), _distances_of(self.distances, described))

    def interval(
        self, predictor: Predictor, sequences: Sequences, quantiles: NDArray[np.float64]
    ) -> PredictionInterval:
        """Give bounds of shape (n, outputs) in raw units, so many distances from predictions; nothing is warned of."""
        return bounds(predictor, self.expect(predictor, sequences), quantiles)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give the numbers, for a file."""
        arrays = {f"spread.{name}": tensor.numpy() for name, tensor in self.distances.state_dict().items()}
        scores = {} if self.calibration is None else self.calibration.to_arrays()
        return arrays | {f"calibration.{name}": array for name, array in scores.items()}

    @classmethod
    def from_saved(cls, arrays: Mapping[str, NDArray[Any]], labels: tuple[Any, ...]) -> Bands:
        """Read what `to_arrays` gave, with the labels of the calibration's groups."""
        distances = Distances.restore({n: torch.from_numpy(a) for n, a in _under("spread.", arrays).items()})
        scores = _under("calibration.", arrays)
        return cls(distances, Calibration.from_saved(scores, labels) if scores else None)


def bands_of(
    predictor: Predictor,
    parting: Parting,
    errors: Sequence[Sequence[Tensor]],
    loss: Loss,
    picked: Sequence[Tensor] = (),
) -> Bands:
    """Learn how far a trained predictor's errors reach, and calibrate on what its networks held out.

    Parameters
    ----------
    predictor, parting, errors, loss, picked
        As for `errors_unseen`.

    Returns
    -------
    Bands
        Without scores where nothing was held out.
    """
    if parting.held_out is None:
        return Bands.of(predictor, parting.whole)
    unseen = errors_unseen(predictor, parting, errors, loss, picked)
    if parting.crossed:
        # A sequence that two networks hold out is one sequence: its scores twice would promise too much.
        held_out, parts = parting.held_out.take(parting.firsts), parting.part_of_each[parting.firsts]
        return Bands.crossed(predictor, held_out, parting.once(unseen), parts)
    return Bands.of(predictor, parting.whole).calibrated(predictor, parting.held_out, unseen)


def bounds(predictor: Predictor, expected: Expected, quantiles: NDArray[np.float64]) -> PredictionInterval:
    """Go a number of distances to either side of predictions, and back to raw units.

    Parameters
    ----------
    predictor : Predictor
        Whose target scale it is.
    expected : Expected
        Predictions and distances.
    quantiles : ndarray of shape (n, outputs)
        How many distances; at least 0, may be infinite.

    Returns
    -------
    PredictionInterval
        Of shape (n, outputs).
    """
    reach = quantiles[:, None] * expected.distances
    scaled = np.stack([expected.center - reach[:, 0], expected.center + reach[:, 1]])
    lower, upper = predictor.target.inverse(torch.from_numpy(scaled)).numpy()
    return PredictionInterval(lower, upper)


def _with_scores(
    distances: Distances,
    missed: NDArray[np.float64],
    learned: NDArray[np.float64],
    even: NDArray[np.float64],
    data: Dataset,
) -> Bands:
    """Choose between distances that were learned and those that are the same everywhere, and keep the scores."""
    is_better = _cost(missed, learned, data.weights) < _WORTH * _cost(missed, even, data.weights)
    scores = scores_of(missed, learned if is_better else even)
    return Bands(
        distances.uneven() if is_better else distances.even(), Calibration.of(scores, data.weights, data.series)
    )


def _evenly(n: int, steps: int) -> NDArray[np.int64]:
    """Choose sequences for distances to be learned from, evenly over n of them."""
    most = min(_MOST_SEQUENCES, max(_FEWEST_SEQUENCES, _MOST_STEPS // steps))
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.int64)


def _learned(described: Tensor, errors: NDArray[np.float64], data: Dataset, places: NDArray[np.int64]) -> Distances:
    """Learn distances from the errors of some sequences."""
    chosen = places[_evenly(len(places), data.sequences.longest)]
    return fit_distances(described[chosen], errors[chosen], None if data.weights is None else data.weights[chosen])


def _distances_of(distances: Distances, described: Tensor) -> NDArray[np.float64]:
    values: NDArray[np.float64] = distances(described).double().numpy()
    return values


def _cost(errors: NDArray[np.float64], distances: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    """Score the intervals that just cover their share of errors; the mean over outputs, on the target's scale."""
    reach = np.nan_to_num(np.nanquantile(scores_of(errors, distances), _JUDGED_AT, axis=0))[None, None] * distances
    outside = np.fmax(np.fmax(-errors - reach[:, 0], errors - reach[:, 1]), 0.0)
    costs = (reach.sum(axis=1) + 2 / (1 - _JUDGED_AT) * outside).mean(axis=1)
    return float(np.average(costs, weights=weights))


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
