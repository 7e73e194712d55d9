"""Intervals of a fitted predictor: a spread that was learned, times a quantile that was calibrated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from unflat.batches import BatchSource
from unflat.conformal import Calibration, PredictionInterval
from unflat.dataset import places_apart
from unflat.intervals.held_out import MOST_FOLDED, cross_chosen, folds_of
from unflat.intervals.spread import Spread, fit_spread
from unflat.moderation import is_moderated, share_of_way
from unflat.sequences import sequences_together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.dataset import Dataset
    from unflat.losses import Loss
    from unflat.network import Predictor
    from unflat.sequences import Sequences

_MOST_SEQUENCES, _MOST_STEPS, _FEWEST_SEQUENCES = 10_000, 1 << 20, 500
"""The spread is fitted on so many sequences, or time steps, at the most: it has few coefficients."""

_JUDGED_AT, _WORTH = 0.9, 0.99
"""Learned distances are used where they bring the interval score at this coverage below this share."""


class Expected(NamedTuple):
    """What is known of a target before its interval has a coverage.

    Parameters
    ----------
    center : ndarray of shape (n, outputs), float64
        Predictions, on the target's scale.
    spread : ndarray of shape (n, 2, outputs), float64
        Distances below and above, all positive.
    """

    center: NDArray[np.float64]
    spread: NDArray[np.float64]

    def scores(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Measure how many distances targets lie from their prediction, each on its own side: at least 0."""
        return scores_of(targets - self.center, self.spread)


def scores_of(errors: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide errors by the distance of their side.

    Parameters
    ----------
    errors : ndarray of shape (n, outputs)
        Target less prediction.
    spread : ndarray of shape (n, 2, outputs)
        Distances below and above.

    Returns
    -------
    ndarray of shape (n, outputs)
        max(-error / below, error / above), at least 0.
    """
    scores: NDArray[np.float64] = np.abs(errors) / np.where(errors < 0, spread[:, 0], spread[:, 1])
    return scores


@dataclass(frozen=True, eq=False)
class Bands:
    """What intervals are made of.

    Parameters
    ----------
    spread : Spread
        The distances.
    calibration : Calibration or None
        The scores of data that the model had not learned from; None if there are none.
    """

    spread: Spread
    calibration: Calibration | None = None

    @classmethod
    def of(cls, predictor: Predictor, training: Dataset) -> Bands:
        """Learn the distances from the errors that a predictor makes on its training part."""
        n = len(training)
        most = min(_MOST_SEQUENCES, max(_FEWEST_SEQUENCES, _MOST_STEPS // training.sequences.longest))
        part = training if n <= most else training.take(np.linspace(0, n - 1, most).astype(np.int64))
        described = describe(predictor, part.sequences)
        errors = _scaled(predictor, part.y) - described[:, : part.y.shape[1]].double().numpy()
        return cls(fit_spread(described, errors, part.weights))

    @classmethod
    def unlearned(cls, predictor: Predictor) -> Bands:
        """Take the same distances everywhere: for a predictor whose training part is not at hand."""
        network = predictor.network
        return cls(Spread(network.outputs + network.width, network.outputs))

    def calibrated(
        self,
        predictor: Predictor,
        data: Dataset,
        errors: Sequence[Sequence[Tensor]] | None = None,
        loss: Loss | None = None,
    ) -> Bands:
        """Calibrate on data that the predictor has not learned from.

        Parameters
        ----------
        predictor : Predictor
            Whose errors are measured.
        data : Dataset
            The sequences, with targets.
        errors : sequence of sequences of Tensor, or None
            If the data chose the epoch: of each member of the predictor, the errors of every epoch.
        loss : Loss or None
            If they did: what it was chosen by.

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
        missed = _scaled(predictor, data.y) - described[:, : data.y.shape[1]].double().numpy()
        if errors and loss is not None:
            folds = folds_of(data)
            moderated = is_moderated(predictor.network.config, loss.name)
            share_of = partial(share_of_way, apart=places_apart(data.sequences), ends_series=data.goes_on)
            chosen = (
                cross_chosen(of_one, folds, loss, data.weights, share_of if moderated else None) for of_one in errors
            )
            missed = np.mean(list(chosen), axis=0)  # the error of a mean is the mean of the errors
        learned, even = (_distances(s, described) for s in (self.spread.uneven(), self.spread.even()))
        is_better = _cost(missed, learned, data.weights) < _WORTH * _cost(missed, even, data.weights)
        spread = self.spread.uneven() if is_better else self.spread.even()
        scores = scores_of(missed, learned if is_better else even)
        return Bands(spread, Calibration.of(scores, data.weights, data.series))

    def outdated(self) -> Bands:
        """Keep the distances, and forget scores of weights that have changed since."""
        return replace(self, calibration=None)

    def expect(self, predictor: Predictor, sequences: Sequences) -> Expected:
        """Predict, and say how far errors reach, before any coverage is asked for."""
        described = describe(predictor, sequences)
        outputs = predictor.network.outputs
        return Expected(described[:, :outputs].double().numpy(), _distances(self.spread, described))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give the numbers, for a file."""
        arrays = {f"spread.{name}": tensor.numpy() for name, tensor in self.spread.state_dict().items()}
        scores = {} if self.calibration is None else self.calibration.to_arrays()
        return arrays | {f"calibration.{name}": array for name, array in scores.items()}

    @classmethod
    def from_saved(cls, arrays: Mapping[str, NDArray[Any]], labels: tuple[Any, ...]) -> Bands:
        """Read what `to_arrays` gave, with the labels of the calibration's groups."""
        spread = Spread.restore({n: torch.from_numpy(a) for n, a in _under("spread.", arrays).items()})
        scores = _under("calibration.", arrays)
        return cls(spread, Calibration.from_saved(scores, labels) if scores else None)


def worth_folding(held_out: Dataset | None) -> bool:
    """Whether a held-out part is so small that its choice of the epoch shows in its errors."""
    return held_out is not None and len(held_out) <= MOST_FOLDED


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
    reach = quantiles[:, None] * expected.spread
    scaled = np.stack([expected.center - reach[:, 0], expected.center + reach[:, 1]])
    lower, upper = predictor.target.inverse(torch.from_numpy(scaled)).numpy()
    return PredictionInterval(lower, upper)


@torch.no_grad()
def describe(predictor: Predictor, sequences: Sequences) -> Tensor:
    """Give scaled predictions and pooled states, side by side: shape (n, outputs + width), float32."""
    batches = BatchSource(sequences).in_order(sequences_together(sequences.longest))
    return torch.cat([torch.cat(predictor.with_states(*batch), dim=1).cpu() for _, batch in batches])


def _distances(spread: Spread, described: Tensor) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = spread(described).double().numpy()
    return distances


def _cost(errors: NDArray[np.float64], spread: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    """Score the intervals that just cover their share of errors; the mean over outputs, on the target's scale."""
    reach = np.nan_to_num(np.nanquantile(scores_of(errors, spread), _JUDGED_AT, axis=0))[None, None] * spread
    outside = np.fmax(np.fmax(-errors - reach[:, 0], errors - reach[:, 1]), 0.0)
    costs = (reach.sum(axis=1) + 2 / (1 - _JUDGED_AT) * outside).mean(axis=1)
    return float(np.average(costs, weights=weights))


def _scaled(predictor: Predictor, y: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = predictor.target(torch.from_numpy(y)).numpy()
    return scaled


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
