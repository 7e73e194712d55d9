"""How one output's predictions stand beside the targets, the last value, and what other learners make of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, nan, prod, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from unflat.diagnosis.references import GAIN
from unflat.metrics import FLAT_SPREAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from unflat.diagnosis.material import Past
    from unflat.diagnosis.measured.examination import Examination, Part
    from unflat.diagnosis.references import Reference, Signal

    Column = NDArray[np.float64]

FLAT_SHARE = 0.25
"""Share of the spread that a healthy fit has, √R², below which predictions are flat.

Of the causes measured in small LSTMs, those that flatten left a spread of up to 0.19 where R² was near 1, those
that fail otherwise 0.3 and more: the border lies midway.
"""

NO_BETTER = 1e-3
"""R² up to which a model is no better than the mean, and skill up to which it is no better than the last value."""

FAR_SHORT = 0.5
"""A model fails that explains less than this share of what another learner explains, by `GAIN` at least."""

TIMES_THE_ERROR = 3.0
"""A model fails, too, that leaves this many times as much unexplained as another learner, by `GAIN` at least: half of
an order of magnitude. Where nearly all can be explained, half is no measure: R² 0.6 where a straight line has 0.98."""

MATTERS = GAIN / 2
"""The width of a gap from which on it matters beside a cause that is known: two signs go together."""

TWICE = 2.0
"""Times as much unexplained as by other learners from which on a model lags behind them, where they leave little."""

TOO_WIDE = 2.5
"""Standard errors that the slope from predictions to targets must lie below 1 where noise was learned by heart."""

STANDARD_ERRORS = 3.0
"""How far beyond its error a difference must lie: by chance, one in 700 does."""

_FEWEST = 2
_BLOCKS = 30
_WORST = 9.0
"""Squared error, in variances of the target, beyond which more is no worse: where a few errors are beyond measure,
their mean says nothing, and how many are large says all."""

_ENORMOUS = 1e50
"""Predictions beyond this many times the largest target are as bad as these; their squares stay finite."""

_LEAST_ERROR = 1e-9
"""Of an R² without error, so that a distance can be divided by it."""

_BESIDE = 0.5
"""Deviations by which predictions may lie beside the targets' mean: after half-done training, say."""

_AS_CLOSE = 0.25
"""Squared distance to the last value, over the last value's to the target, up to which a model repeats it."""

_LOSS_TO_LAST = -0.5
"""Skill against the last value down to which a model is as good as it: repeating it takes some precision."""

_TOLERANCE = 0.25
"""How sharply a border is drawn, as the logarithm of a ratio: a spread 25 % below it is one deviation away."""


class Gap(NamedTuple):
    """By how much more of the variance another learner explains of the same sequences: `width`, its standard error.

    `reached` is what that learner explains, of `n` sequences.
    """

    width: float
    error: float
    reached: float
    n: int

    def is_beyond(self, border: float) -> bool:
        """Whether it is surely none of chance, and wider than a border."""
        return self.width > max(border, errors_needed(self.n) * self.error)


@dataclass(frozen=True)
class Figures:
    """What one output is judged by: `error` of R², the unexplained `rest`, `beside` the right level in errors."""

    n: int
    not_finite: int
    spread: float
    r2: float
    error: float
    rest: float
    error_of_rest: float
    short_in_training: bool
    beside: float
    signal: Signal
    attainable: float
    skill: float
    repeats: bool
    behind: tuple[Gap, ...] = ()
    """The differences to the learner that finds most in the training part: large errors counted as `_WORST`, and as
    they are; none without a signal."""
    lacking: tuple[Gap, ...] = ()
    """The same to all learners together, who may know more than is asked of a model, and to a line that reads the
    model's own states."""
    shifted: tuple[Gap, ...] = ()
    """The same to a learner of the held-out part itself."""
    trained: tuple[Gap, ...] = ()
    """The last on the training part, of which other learners are asked about sequences that they did not learn from."""
    slope: float = nan
    """Of the straight line from predictions to targets: below 1 where predictions differ more than they know."""
    slope_error: float = inf

    @property
    def too_wide(self) -> float:
        """Standard errors by which predictions surely differ more than they know; 0 where that matters little.

        It matters where the line explains half of `GAIN` beyond what predictions do, their level aside.
        """
        gained = (1 - self.slope) ** 2 * self.spread**2
        return (1 - self.slope) / self.slope_error if gained > GAIN / 2 else 0.0

    @property
    def flat_below(self) -> float:
        """The spread below which it counts as flat."""
        if not self.signal.beyond_chance:
            return FLAT_SPREAD
        return FLAT_SHARE * sqrt(np.fmax(self.signal.r2, self.signal.held_out_r2))

    @property
    def flatness(self) -> float:
        """How far below that border the spread lies, in deviations."""
        if self.spread == 0:
            return inf
        return log(self.flat_below / self.spread) / sqrt(_TOLERANCE**2 + 1 / self.n)

    @property
    def found_more(self) -> bool:
        """Whether the model surely explains something where no other learner does."""
        return not self.signal.beyond_chance and self.r2 > max(NO_BETTER, STANDARD_ERRORS * self.error)


def border_of(attainable: float) -> float:
    """Say by how much a model may explain less than another learner before it fails."""
    return max(GAIN, min((1 - FAR_SHORT) * attainable, (TIMES_THE_ERROR - 1) * (1 - attainable)))


def errors_needed(n: int) -> float:
    """Give the deviations that Student's t of n values exceeds as rarely as a normal value does three."""
    return float(stats.t.isf(stats.norm.sf(STANDARD_ERRORS), max(n - 1, 1)))


def _short_in_training(training: Part, output: int, signal: Signal) -> bool:
    """Whether a model explains far less than other learners of what it was trained on, beyond error."""
    y, prediction = training.y[:, output], training.prediction[:, output]
    both = np.isfinite(y) & np.isfinite(prediction)
    if not signal.beyond_chance or both.sum() < _FEWEST:
        return False
    true, predicted = _scaled(y[both], prediction[both])
    rest = np.minimum((true - predicted) ** 2, _WORST)
    gap = signal.r2 - (1 - float(rest.mean()))
    return gap > max(border_of(signal.r2), errors_needed(len(rest)) * standard_error(rest))


def figures_of(examination: Examination, output: int) -> Figures:
    """Measure what one output is judged by.

    Parameters
    ----------
    examination : Examination
        What was measured of the model.
    output : int
        Which output.

    Returns
    -------
    Figures
        On held-out data where there are any, and where their targets vary.
    """
    part = _part(examination, output)
    signal, past = examination.references.signal[output], past_of(examination, output)
    best = examination.references.best(output)
    y, prediction = part.y[:, output], part.prediction[:, output]
    both = np.isfinite(y) & np.isfinite(prediction)
    last = np.full(len(y), nan) if past is None else past.predict(part.values)
    true, predicted, repeated = _scaled(y[both], prediction[both], last[both])
    gains = _gains_of_steps(examination, part, both) if part.y.shape[1] == 1 else None
    gains = _gains(true, predicted) if gains is None else gains
    skill, repeats = _against_last(true, predicted, repeated)
    slope, slope_error = slope_of(true, predicted)
    every = true**2 - gains
    rest = np.minimum(every, _WORST)
    return Figures(
        n=int(both.sum()),
        not_finite=int((~np.isfinite(prediction)).sum()),
        spread=_spread(true, predicted),
        r2=float(gains.mean()) if len(gains) else nan,
        error=standard_error(gains),
        rest=float(rest.mean()) if len(rest) else nan,
        error_of_rest=standard_error(rest),
        short_in_training=_short_in_training(examination.training, output, signal),
        beside=_beside(examination.training, output),
        signal=signal,
        attainable=signal.held_out_r2 if part is examination.held_out else signal.r2,
        skill=skill,
        repeats=repeats,
        behind=tuple(_gaps(examination, part, output, both=both, rest=every, other=best)),
        lacking=gaps(examination, part, output),
        shifted=(*_gap_within(examination, part, output, both, every), *_gap_of_one_target(examination, output)),
        trained=() if part is examination.training else gaps(examination, examination.training, output),
        slope=slope,
        slope_error=slope_error,
    )


def _gaps(
    examination: Examination, part: Part, output: int, *, both: NDArray[np.bool_], rest: Column, other: Reference | None
) -> Iterator[Gap]:
    """Compare with another learner, sequence by sequence, where there is a signal."""
    if other is None or not examination.references.signal[output].beyond_chance:
        return
    found = other.held_out_prediction if part is examination.held_out else other.prediction
    yield from _gap(part, output, both, rest, found)


def gaps(examination: Examination, part: Part, output: int) -> tuple[Gap, ...]:
    """Compare a part's predictions with what other learners know together, and with what its own states tell.

    Both are compared sequence by sequence.

    Parameters
    ----------
    examination : Examination
        What was measured of the model.
    part : Part
        The training part, where other learners are asked about what they did not learn from, or the held-out part.
    output : int
        Which output.

    Returns
    -------
    tuple of Gap
        With large errors counted as `_WORST`, and as they are, for each of the two; none without a signal.
    """
    y, prediction = part.y[:, output], part.prediction[:, output]
    both = np.isfinite(y) & np.isfinite(prediction)
    if both.sum() < _FEWEST or np.ptp(y[both]) == 0:
        return ()
    true, predicted = _scaled(y[both], prediction[both])
    steps = _gains_of_steps(examination, part, both) if part.y.shape[1] == 1 else None
    rest = (true - predicted) ** 2 if steps is None else true**2 - steps
    together = examination.references.together or examination.references.best(output)
    others = (together, examination.own)
    return tuple(gap for other in others for gap in _gaps(examination, part, output, both=both, rest=rest, other=other))


def _gap_of_one_target(examination: Examination, output: int) -> Iterator[Gap]:
    """Compare errors with what other learners leave of the training part, in its variance.

    This is done where all targets held out are one number, which has no variance of its own.
    """
    held_out, training, signal = examination.held_out, examination.training, examination.references.signal[output]
    if held_out is None or not signal.beyond_chance:
        return
    y, known = held_out.y[:, output], training.y[:, output]
    known = known[np.isfinite(known)]
    left = (y - held_out.prediction[:, output]) ** 2 / known.var()
    left = np.minimum(left[np.isfinite(left)], _WORST)
    if len(left) >= _FEWEST and np.ptp(y[np.isfinite(y)]) == 0:
        width = float(left.mean()) - (1 - signal.r2)
        yield Gap(width, standard_error(left), signal.r2, len(left))


def _gap_within(
    examination: Examination, part: Part, output: int, both: NDArray[np.bool_], rest: Column
) -> Iterator[Gap]:
    """Compare with a learner that learned from the held-out part itself."""
    within = examination.references.within
    if within is not None and part is examination.held_out:
        yield from _gap(part, output, both, rest, within.held_out_prediction)


def _gap(
    part: Part, output: int, both: NDArray[np.bool_], rest: Column, found: NDArray[np.float64] | None
) -> Iterator[Gap]:
    """Give the difference with large errors counted as `_WORST`, and as they are."""
    if found is None or len(found) > len(both):
        return
    found = np.concatenate([found, np.full((len(both) - len(found), found.shape[1]), nan)])  # who saw the first only
    true, other = _scaled(part.y[both, output], found[both, output])
    known = np.isfinite(other)
    if known.sum() < _FEWEST:
        return
    for most in (_WORST, inf):
        left = np.minimum((true - other)[known] ** 2, most)
        wider = np.minimum(rest[known], most) - left
        yield Gap(float(wider.mean()), standard_error(wider), float(1 - left.mean()), int(known.sum()))


def _part(examination: Examination, output: int) -> Part:
    """Choose the part judged; the training part where the other has but one target."""
    judged = examination.judged.y[:, output]
    judged = judged[np.isfinite(judged)]
    return examination.judged if len(judged) and np.ptp(judged) > 0 else examination.training


def past_of(examination: Examination, output: int) -> Past | None:
    """Give the feature that surely holds an output's past; None where none does."""
    past = examination.references.past[output]
    return past if past is not None and past.sure else None


def _scaled(y: Column, *others: Column) -> tuple[Column, ...]:
    """Subtract the targets' mean and divide by their deviation; a prediction that is enormous stays so, and finite."""
    if len(y) == 0:
        return (y, *others)
    largest = float(np.abs(y).max()) or 1.0
    mean, deviation = (y / largest).mean(), (y / largest).std() if np.ptp(y) > 0 else 1.0
    return tuple((np.clip(values / largest, -_ENORMOUS, _ENORMOUS) - mean) / deviation for values in (y, *others))


def _spread(y: Column, prediction: Column) -> float:
    """Measure the deviation of the predictions; both are in that of the targets."""
    if len(y) == 0 or np.ptp(y) == 0:
        return nan
    return float(prediction.std()) if np.ptp(prediction) > 0 else 0.0


def _gains(y: Column, prediction: Column) -> Column:
    """Subtract each squared error from that of the mean: their own mean is R²; nan throughout for a constant target."""
    gains: Column = y**2 - (y - prediction) ** 2
    return gains if len(y) and np.ptp(y) > 0 else np.full(len(y), nan)


def _gains_of_steps(examination: Examination, part: Part, both: NDArray[np.bool_]) -> Column | None:
    """Take the mean gain of all steps where a model predicts for each; None where it does not."""
    steps = part.values.shape[1]
    if len(part.prediction_shape) == 1 or steps == 1 or prod(part.prediction_shape[1:]) != steps:
        return None
    every = np.asarray(examination.subject.predict(part.X), dtype=np.float64).reshape(len(part), steps)[both].T
    true, *predicted = _scaled(part.y[both, 0], *every)
    gains: Column = np.mean([_gains(true, step) for step in predicted], axis=0)
    return gains if np.isfinite(gains).all() else None


def slope_of(y: Column, prediction: Column) -> tuple[float, float]:
    """Fit a straight line from predictions to targets.

    Parameters
    ----------
    y, prediction : ndarray of shape (n,)
        In the targets' deviation.

    Returns
    -------
    slope : float
        nan for a constant prediction.
    error : float
        Its standard error, whatever errors look like (White, A heteroskedasticity-consistent covariance matrix
        estimator, Econometrica 1980), from stretches of neighbours.
    """
    if len(y) < _FEWEST or np.ptp(prediction) == 0:
        return nan, inf
    x = (prediction - prediction.mean()) / prediction.std()
    rest = y - y.mean() - (prediction - prediction.mean())
    pull = x * rest / prediction.std()
    return 1 + float(pull.mean()), standard_error(pull)


def standard_error(gains: Column) -> float:
    """Estimate the standard error of a mean, from stretches where neighbours go together.

    Parameters
    ----------
    gains : ndarray of shape (n,)
        What the mean is of, in order.

    Returns
    -------
    float
        The larger of the usual one and that of the means of 30 stretches; inf for one value.
    """
    if len(gains) < _FEWEST:
        return inf
    error = gains.std(ddof=1) / sqrt(len(gains))
    if len(gains) >= _FEWEST * _BLOCKS:
        means = np.array([block.mean() for block in np.array_split(gains, _BLOCKS)])
        error = np.fmax(error, means.std(ddof=1) / sqrt(_BLOCKS))
    return float(np.fmax(error, _LEAST_ERROR))


def _beside(training: Part, output: int) -> float:
    """Say how far beyond half a deviation predictions lie beside the targets on training data, in standard errors."""
    y, prediction = training.y[:, output], training.prediction[:, output]
    both = np.isfinite(y) & np.isfinite(prediction)
    if both.sum() < _FEWEST:
        return 0.0
    true, predicted = _scaled(y[both], prediction[both])
    return float((abs((predicted - true).mean()) - _BESIDE) * sqrt(len(true)))


def _against_last(y: Column, prediction: Column, last: Column) -> tuple[float, bool]:
    """Give skill against the last value, and whether predictions repeat it without any."""
    known = np.isfinite(last)
    y, prediction, last = y[known], prediction[known], last[known]
    error = float(np.mean((y - last) ** 2)) if len(y) else 0.0
    if error == 0:
        return nan, False
    skill = 1 - float(np.mean((y - prediction) ** 2)) / error
    close = float(np.mean((prediction - last) ** 2)) <= _AS_CLOSE * error
    follows = _correlation(prediction, last) > _correlation(prediction, y)
    return skill, close and follows and _LOSS_TO_LAST <= skill <= NO_BETTER


def _correlation(first: Column, second: Column) -> float:
    first, second = first - first.mean(), second - second.mean()
    scale = sqrt(float(np.sum(first**2)) * float(np.sum(second**2)))
    return float(np.sum(first * second)) / scale if scale > 0 else 0.0
