"""What is seen of a model: flat, failing or healthy, judged against what other learners find in the same data."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, inf, isnan, log, nan, prod, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import stats

from unflat.diagnosis.causes.pairing import misaligned_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.examination import Examination, Part
    from unflat.diagnosis.past import Past
    from unflat.diagnosis.records import Verdict
    from unflat.diagnosis.reference import Signal

    Column = NDArray[np.float64]

FLAT_SHARE = 0.25
"""Share of the spread that a healthy fit has, √R², below which predictions are flat.

Of the causes measured in small LSTMs, those that flatten left a spread of up to 0.19 where R² was near 1, those
that fail otherwise 0.3 and more: the border lies midway.
"""

FLAT_SPREAD = 0.1
"""The same where no learner says what a healthy fit would have: of 30 real programs that failed, 20 were below it."""

GAIN = 0.1
"""The share of the variance that a model must gain to matter (deepchecks asks it of a model against the mean)."""

NO_BETTER = 1e-3
"""R² up to which a model is no better than the mean, and skill up to which it is no better than the last value."""

FAR_SHORT = 0.5
"""A model fails that explains less than this share of what another learner explains, by `GAIN` at least."""

TIMES_THE_ERROR = 3.0
"""A model fails, too, that leaves this many times as much unexplained as another learner, by `GAIN` at least: half of
an order of magnitude. Where nearly all can be explained, half is no measure: R² 0.6 where a straight line has 0.98."""

_STANDARD_ERRORS = 3.0
"""How far beyond its error a difference must lie: by chance, one in 700 does."""

_INTERPOLATED_NOISE = -1.0
"""R² of a model that learned noise by heart, on other noise; lower ones have other reasons."""

_FEWEST = 2
_BLOCKS = 30
_WORST = 9.0
"""Squared error, in variances of the target, beyond which more is no worse: where a few errors are beyond measure,
their mean says nothing, and how many are large says all."""

_SUREST = 0.999
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

_DETECTION_Z = 2.7
"""Deviations that a correlation must reach to count as more than chance: one in a hundred of three learners does."""

_RANK: tuple[Verdict, ...] = ("diverged", "flat", "failing", "copies_last", "healthy", "no_signal")
"""Which of several outputs' verdicts is the model's: the worst; one that learned something outweighs one that rightly
did not."""


@dataclass(frozen=True)
class OutputVerdict:
    """What is seen of one output, and the figures that it rests on.

    Parameters
    ----------
    verdict : str
        What is seen.
    confidence : float
        From 0 to 1.
    n : int
        Sequences judged: those with a finite target and prediction.
    spread : float
        Deviation of the predictions over that of the targets; nan for a constant target.
    flat_below : float
        The spread below which it counts as flat.
    r2 : float
        Share of the target's variance explained.
    attainable : float
        The highest R² that other learners reach on the same part; nan where none was tried.
    signal : bool
        Whether other learners find more than chance.
    last_value_skill : float
        Skill against repeating the last value, nan where no feature surely holds the target's past.
    not_finite : int
        Predictions that are NaN or infinite.
    """

    verdict: Verdict
    confidence: float
    n: int
    spread: float
    flat_below: float
    r2: float
    attainable: float
    signal: bool
    last_value_skill: float = nan
    not_finite: int = 0

    @property
    def healthy_spread(self) -> float:
        """The spread of a fit as good as other learners'; nan where they find nothing."""
        return self.flat_below / FLAT_SHARE if self.signal else nan


@dataclass(frozen=True)
class Judgement:
    """What is seen of a model.

    Parameters
    ----------
    part : {"held-out", "training"}
        The data that it is judged on.
    outputs : tuple of k OutputVerdict
        What is seen of each output.
    """

    part: Literal["held-out", "training"]
    outputs: tuple[OutputVerdict, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the outputs' verdicts."""
        return min((output.verdict for output in self.outputs), key=_RANK.index)

    @property
    def decisive(self) -> int:
        """The output that the verdict is about: of those that share it, the surest."""
        sharing = [i for i, output in enumerate(self.outputs) if output.verdict == self.verdict]
        return max(sharing, key=lambda i: self.outputs[i].confidence)

    @property
    def confidence(self) -> float:
        """How sure the verdict is, from 0 to 1; for a healthy model, that of its least sure output."""
        if self.verdict == "healthy":
            return min(output.confidence for output in self.outputs)
        return self.outputs[self.decisive].confidence


@dataclass(frozen=True)
class _Figures:
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
        return not self.signal.beyond_chance and self.r2 > max(NO_BETTER, _STANDARD_ERRORS * self.error)


def judge(examination: Examination) -> Judgement:
    """Say what is seen of a model, on held-out data where there are any.

    Each output is judged by these rules, the first that holds:

    diverged
        A prediction is NaN or infinite.
    flat, no_signal
        The spread is below a quarter of √R² of the best other learner (a healthy fit has a spread of about √R²); or
        below 0.1 where no learner finds more than chance, and neither does the model. In that case it is flat
        rightly, `no_signal`, unless predictions on the training part lie more than half a deviation beside the
        targets' mean, or R² is below -1: then it is not even the right constant.
    copies_last
        A feature surely holds the target's past, and predictions are nearer to its last value than that is to the
        target, go with it more closely than with the target, and have no skill against it.
    failing
        R² is no more than 0.001, or less than half of what other learners reach, or leaves three times as much
        unexplained as they do; and it is lower than that by more than 0.1 and more than three standard errors, or by
        0.1 here and by as many errors on the training part. Without a signal, only an R² below -1 counts, which
        learning noise by heart does not explain; others are `no_signal`.
        Where a model predicts for every time step what has one target, the predictions of all steps are judged.

    `no_signal` is `flat` or `failing` after all where sequences are paired with targets of other sequences.
    healthy
        Whatever is left. A weak signal, weakly learned, is.

    An output whose targets are all the same on the part judged is judged on the training part; if they are there, too,
    it is `no_signal`.

    Confidence is the probability, by a normal approximation, that the figures lie on their side of the border: for a
    spread the logarithm of its ratio to the border, with a deviation of √(0.25² + 1/n), since the border is
    a convention; for R² its distance to the border in standard errors. These are taken from the means of 30
    stretches of sequences where neighbours' errors go together. It is multiplied by the probability that the signal is
    none of chance, or, for `no_signal`, that a signal of R² 0.1 would have been found in as many
    sequences; for `copies_last`, by how surely the past was recognised.

    Parameters
    ----------
    examination : Examination
        What was measured.

    Returns
    -------
    Judgement
        Verdict, confidence, and the figures that they rest on.
    """
    outputs = tuple(_output(examination, output) for output in range(examination.training.y.shape[1]))
    return Judgement("training" if examination.held_out is None else "held-out", outputs)


def _output(examination: Examination, output: int) -> OutputVerdict:
    figures = _figures(examination, output)
    verdict, confidence = _judged(figures, examination.references.n, _past(examination, output))
    mispaired = misaligned_pairs(examination) if verdict == "no_signal" and not isnan(figures.spread) else None
    if mispaired is not None:
        verdict, confidence = "flat" if figures.flatness > 0 else "failing", mispaired.confidence
    return OutputVerdict(
        verdict,
        min(max(confidence, 0.0), 1.0),
        figures.n,
        figures.spread,
        figures.flat_below,
        figures.r2,
        figures.attainable,
        figures.signal.beyond_chance,
        figures.skill,
        figures.not_finite,
    )


def _judged(figures: _Figures, seen: int, past: Past | None) -> tuple[Verdict, float]:
    if figures.not_finite:
        return "diverged", 1.0
    if isnan(figures.spread):
        return "no_signal", 1.0
    if figures.flatness > 0 and not figures.found_more:
        return _flat(figures, seen)
    if figures.repeats and past is not None:
        return "copies_last", past.sureness
    return _by_r2(figures, seen)


def _flat(figures: _Figures, seen: int) -> tuple[Verdict, float]:
    """Tell a model that is flat wrongly from one that is flat rightly."""
    sure = _probability(figures.flatness)
    if figures.signal.beyond_chance:
        return "flat", sure * (1 - figures.signal.p_value)
    off = max(figures.beside, (_INTERPOLATED_NOISE - figures.r2) / figures.error)
    if off > _STANDARD_ERRORS:
        return "flat", sure * _probability(off)
    if not figures.signal.examined:
        return "flat", sure / 2
    return "no_signal", sure * _would_be_found(seen)


def _by_r2(figures: _Figures, seen: int) -> tuple[Verdict, float]:
    """Judge what is not flat by how much it explains."""
    if figures.signal.beyond_chance:
        return _against_others(figures)
    floor = _INTERPOLATED_NOISE if figures.signal.examined else 0.0
    distance = (floor - figures.r2) / figures.error
    if distance > _STANDARD_ERRORS:
        return "failing", _probability(distance)
    if figures.r2 <= NO_BETTER and figures.signal.examined:
        return "no_signal", _would_be_found(seen)
    return "healthy", _probability(figures.r2 / figures.error)


def _against_others(figures: _Figures) -> tuple[Verdict, float]:
    """Judge by what other learners reach: no better than the mean, or far short of them."""
    reached = 1 - figures.rest
    gap, border = figures.attainable - reached, _border(figures.attainable)
    if figures.r2 <= NO_BETTER:
        gap, border = float(np.fmax(figures.attainable, figures.signal.r2)) - reached, GAIN
    needed = max(border, _errors_needed(figures.n) * figures.error_of_rest)
    if gap > needed or (gap > border and figures.short_in_training):
        return "failing", _probability((gap - border) / figures.error_of_rest) * (1 - figures.signal.p_value)
    return "healthy", min(_probability((needed - gap) / figures.error_of_rest), _probability(-figures.flatness))


def _border(attainable: float) -> float:
    """Say by how much a model may explain less than another learner before it fails."""
    return max(GAIN, min((1 - FAR_SHORT) * attainable, (TIMES_THE_ERROR - 1) * (1 - attainable)))


def _errors_needed(n: int) -> float:
    """Give the deviations that Student's t of n values exceeds as rarely as a normal value does three."""
    return float(stats.t.isf(stats.norm.sf(_STANDARD_ERRORS), max(n - 1, 1)))


def _short_in_training(training: Part, output: int, signal: Signal) -> bool:
    """Whether a model explains far less than other learners of what it was trained on, beyond error."""
    y, prediction = training.y[:, output], training.prediction[:, output]
    both = np.isfinite(y) & np.isfinite(prediction)
    if not signal.beyond_chance or both.sum() < _FEWEST:
        return False
    true, predicted = _scaled(y[both], prediction[both])
    rest = np.minimum((true - predicted) ** 2, _WORST)
    gap = signal.r2 - (1 - float(rest.mean()))
    return gap > max(_border(signal.r2), _errors_needed(len(rest)) * _standard_error(rest))


def _figures(examination: Examination, output: int) -> _Figures:
    part = _part(examination, output)
    signal, past = examination.references.signal[output], _past(examination, output)
    y, prediction = part.y[:, output], part.prediction[:, output]
    both = np.isfinite(y) & np.isfinite(prediction)
    last = np.full(len(y), nan) if past is None else past.predict(part.values)
    true, predicted, repeated = _scaled(y[both], prediction[both], last[both])
    gains = _gains_of_steps(examination, part, both) if part.y.shape[1] == 1 else None
    gains = _gains(true, predicted) if gains is None else gains
    skill, repeats = _against_last(true, predicted, repeated)
    rest = np.minimum(true**2 - gains, _WORST)
    return _Figures(
        n=int(both.sum()),
        not_finite=int((~np.isfinite(prediction)).sum()),
        spread=_spread(true, predicted),
        r2=float(gains.mean()) if len(gains) else nan,
        error=_standard_error(gains),
        rest=float(rest.mean()) if len(rest) else nan,
        error_of_rest=_standard_error(rest),
        short_in_training=_short_in_training(examination.training, output, signal),
        beside=_beside(examination.training, output),
        signal=signal,
        attainable=signal.held_out_r2 if part is examination.held_out else signal.r2,
        skill=skill,
        repeats=repeats,
    )


def _part(examination: Examination, output: int) -> Part:
    """Choose the part judged; the training part where the other has but one target."""
    judged = examination.judged.y[:, output]
    judged = judged[np.isfinite(judged)]
    return examination.judged if len(judged) and np.ptp(judged) > 0 else examination.training


def _past(examination: Examination, output: int) -> Past | None:
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


def _standard_error(gains: Column) -> float:
    """Estimate the standard error of their mean, from stretches where neighbours go together."""
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


def _probability(deviations: float) -> float:
    """Give the normal distribution's probability of lying below; an approximation is never certain."""
    return min((1 + erf(deviations / sqrt(2))) / 2, _SUREST)


def _would_be_found(n: int) -> float:
    """Say how likely a signal of R² 0.1 would have been found: its correlation lies √(0.1 n) deviations from 0."""
    return _probability(sqrt(GAIN * n) - _DETECTION_Z)
