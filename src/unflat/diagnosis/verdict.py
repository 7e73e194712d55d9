"""What is seen of a model: flat, failing or healthy, judged against what other learners find in the same data."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, isnan, nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from unflat.diagnosis.causes import find_causes
from unflat.diagnosis.causes.pairing import misaligned_pairs
from unflat.diagnosis.measured.standing import (
    FLAT_SHARE,
    MATTERS,
    NO_BETTER,
    STANDARD_ERRORS,
    TOO_WIDE,
    border_of,
    errors_needed,
    figures_of,
    past_of,
)
from unflat.diagnosis.references import GAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unflat.diagnosis.material import Past
    from unflat.diagnosis.measured import Examination, Figures
    from unflat.diagnosis.records import Verdict

__all__ = ["LET_PASS", "Judgement", "OutputVerdict", "judge"]

_BY_CHANCE = 1.645
"""Standard errors up to which a distance may be chance, one in twenty: of an R² above 0 where no other learner finds
anything, of a failure that no cause explains, of flatness in a few sequences."""

_INTERPOLATED_NOISE = -1.0
"""R² of a model that learned noise by heart, on other noise; lower ones have other reasons."""

_SUREST = 0.999
_DETECTION_Z = 2.8
"""Deviations that a correlation must reach to count as more than chance: one in a hundred of four learners does."""

_PROVEN = 0.6
"""Confidence in a cause from which on what a model lacks is its fault, and not what one network has and another not."""

_WITH_REASON = 2.0
"""Standard errors that a difference must reach beside such a cause: two signs that go together need less than one."""

_SAME_SIGN = ("overfit",)
"""Causes that are read off the same held-out errors as the difference itself: no second sign beside it."""

_ENOUGH_TO_TELL = 30
"""Sequences below which two standard errors of a difference are not those of a normal law."""

_NO_PROOF = ("no_signal",)
"""Causes that are known by the lack itself; `overfit` is another, unless noise was learned by heart."""

_BY_HEART = 0.3
"""Share of the training part's variance beyond what other learners find that nobody explains but by heart."""

LET_PASS = ("healthy", "no_signal")
"""Verdicts that find no fault with a model."""

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


def judge(examination: Examination) -> Judgement:
    """Say what is seen of a model, on held-out data where there are any.

    Each output is judged by these rules, the first that holds:

    diverged
        A prediction is NaN or infinite.
    flat, no_signal
        The spread is below a quarter of √R² of the best other learner (a healthy fit has a spread of about
        √R²), of fewer than 30 sequences by more than chance, 1.645 deviations; or below 0.1 where no learner
        finds more than chance, and neither does the model. In that case it is flat rightly, `no_signal`, unless
        predictions on the training part lie more than half a deviation beside the targets' mean, or R² is below
        -1: then it is not even the right constant.
    copies_last
        A feature surely holds the target's past, and predictions are nearer to its last value than that is to the
        target, go with it more closely than with the target, and have no skill against it.
    failing
        R² is no more than 0.001, or less than half of what other learners reach, or leaves three times as much
        unexplained as they do, either by more than chance, 1.645 standard errors beyond the border; and it is
        lower than that by more than 0.1 and more than three standard errors, or by 0.1 here and by as many
        errors on the training part. Without a signal, only an R² below -1 counts, which learning noise by heart
        does not explain; others are `no_signal`.
        Beside that, the difference is taken sequence by sequence to the learner that found most in the training part:
        it is then known more closely, since what is hard for one is hard for the other.
        Where a model predicts for every time step what has one target, the predictions of all steps are judged.
        A model also fails that lags behind, not half as much, if a rule names the cause with a confidence of 0.6 (but
        for `no_signal`, which is known by the lack itself, as is `overfit` where no more than 0.3 of the training part
        is explained beyond what others explain). It lags behind that explains less by 0.05 than the best learner, than
        all of them with a smooth kernel, or than a line that reads the model's own states, by
        more than two standard errors here, or by 0.05 both here and on the training part and two standard errors for
        both together (Stouffer 1949); three for `overfit`, which is read off the same errors and no second sign. Where
        noise was learned by heart, so does one whose predictions explain 0.05 more once they are made smaller. What
        ridge reaches that learns from the held-out part counts as well: if these lie outside of what training saw,
        nobody who learned from that does
        well. Where all targets held out are one number, errors count in the variance of the training part.

    `no_signal` is `flat` or `failing` after all where sequences are paired with targets of other sequences.
    healthy
        Whatever is left. A weak signal, weakly learned, is.

    Of a model that comes out `healthy` or `no_signal`, this is asked again once a small recurrent network is among the
    other learners (see `second_opinion`).

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
    figures = figures_of(examination, output)
    verdict, confidence = _judged(figures, examination.references.n, past_of(examination, output))
    mispaired = misaligned_pairs(examination) if verdict == "no_signal" and not isnan(figures.spread) else None
    if mispaired is not None:
        verdict, confidence = "flat" if figures.flatness > 0 else "failing", mispaired.confidence
    if verdict in LET_PASS and (proof := _proven_fault(examination, figures)) is not None:
        verdict, confidence = "failing", proof
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


def _proven_fault(examination: Examination, figures: Figures) -> float | None:
    """Say how surely a model falls behind others for a reason that stands in its data, settings or weights.

    Neither alone would do: one network in twenty explains a tenth of the variance less than trees do, and is none the
    worse for it; and a rate may look wrong, and do.
    """
    if figures.n < _ENOUGH_TO_TELL:
        return None
    by_heart = _knows_noise(examination, figures)
    if not list(_material(figures, by_heart=by_heart)):
        return None
    unproven = _NO_PROOF if by_heart else (*_NO_PROOF, "overfit")
    cause = next((cause for cause in find_causes(examination) if cause.id not in unproven), None)
    if cause is None or cause.confidence < _PROVEN:
        return None
    errors = STANDARD_ERRORS if cause.id in _SAME_SIGN else _WITH_REASON
    sure = max(_material(figures, by_heart=by_heart, errors=errors), default=0.0)
    return cause.confidence * sure if sure else None


def _material(figures: Figures, *, by_heart: bool, errors: float = _WITH_REASON) -> Iterator[float]:
    """Give how surely each of several comparisons shows a loss that matters, by so many standard errors."""
    for gap in (*figures.behind, *figures.lacking, *figures.shifted):
        # Who finds nothing either shows only that predictions are worse than the mean, as those of noise learned are.
        if gap.reached > NO_BETTER and gap.width > max(MATTERS, errors * gap.error):
            yield _probability(gap.width / gap.error)
    for new, known in zip(figures.lacking, figures.trained, strict=False):  # what few leave in doubt, many may prove
        together = (new.width / new.error + known.width / known.error) / sqrt(2)
        if min(new.width, known.width) > MATTERS and together > errors:
            yield _probability(together)
    if by_heart and figures.too_wide > TOO_WIDE:
        yield _probability(figures.too_wide)


def _knows_noise(examination: Examination, figures: Figures) -> bool:
    """Whether a model explains far more of its training data than anything lets expect: it knows noise by heart."""
    known = float(np.max(np.nan_to_num(examination.training.r2, nan=-np.inf)))
    return figures.signal.beyond_chance and known - figures.signal.r2 > _BY_HEART


def _judged(figures: Figures, seen: int, past: Past | None) -> tuple[Verdict, float]:
    if figures.not_finite:
        return "diverged", 1.0
    if isnan(figures.spread):
        return "no_signal", 1.0
    if figures.flatness > _chance_of_flatness(figures) and not figures.found_more:
        return _flat(figures, seen)
    if figures.repeats and past is not None:
        return "copies_last", past.sureness
    return _by_r2(figures, seen)


def _chance_of_flatness(figures: Figures) -> float:
    """Give the deviations below the border that a spread of few sequences may lie by chance; 0 of many."""
    return 0.0 if figures.n >= _ENOUGH_TO_TELL or not figures.signal.beyond_chance else _BY_CHANCE


def _flat(figures: Figures, seen: int) -> tuple[Verdict, float]:
    """Tell a model that is flat wrongly from one that is flat rightly."""
    sure = _probability(figures.flatness)
    if figures.signal.beyond_chance:
        return "flat", sure * (1 - figures.signal.p_value)
    off = max(figures.beside, (_INTERPOLATED_NOISE - figures.r2) / figures.error)
    if off > STANDARD_ERRORS:
        return "flat", sure * _probability(off)
    if not figures.signal.examined:
        return "flat", sure / 2
    return "no_signal", sure * _would_be_found(seen)


def _by_r2(figures: Figures, seen: int) -> tuple[Verdict, float]:
    """Judge what is not flat by how much it explains."""
    if figures.signal.beyond_chance:
        return _against_others(figures)
    floor = _INTERPOLATED_NOISE if figures.signal.examined else 0.0
    distance = (floor - figures.r2) / figures.error
    if distance > STANDARD_ERRORS:
        return "failing", _probability(distance)
    if figures.r2 <= max(NO_BETTER, _BY_CHANCE * figures.error) and figures.signal.examined:
        return "no_signal", _would_be_found(seen)
    return "healthy", _probability(figures.r2 / figures.error)


def _against_others(figures: Figures) -> tuple[Verdict, float]:
    """Judge by what other learners reach: no better than the mean, or far short of them."""
    reached = 1 - figures.rest
    paired = figures.behind[0] if figures.behind else None
    least = 0.0 if paired is None else GAIN if figures.r2 <= NO_BETTER else border_of(paired.reached)
    if paired is not None and paired.is_beyond(least + _margin(figures) * paired.error):
        distance = (paired.width - least) / paired.error
        return "failing", _probability(distance) * (1 - figures.signal.p_value)
    gap, border = figures.attainable - reached, border_of(figures.attainable)
    if figures.r2 <= NO_BETTER:
        gap, border = float(np.fmax(figures.attainable, figures.signal.r2)) - reached, GAIN
    border_and_chance = border + _margin(figures) * figures.error_of_rest
    needed = max(border_and_chance, errors_needed(figures.n) * figures.error_of_rest)
    if gap > needed or (gap > border and figures.short_in_training):
        return "failing", _probability((gap - border) / figures.error_of_rest) * (1 - figures.signal.p_value)
    short_of_flat = _chance_of_flatness(figures) - figures.flatness
    return "healthy", min(_probability((needed - gap) / figures.error_of_rest), _probability(short_of_flat))


def _margin(figures: Figures) -> float:
    """Give the standard errors beyond a border from which on a model that does learn something fails without a cause.

    One that is no better than the mean fails by the word's own meaning, whatever lies between it and others.
    """
    return 0.0 if figures.r2 <= NO_BETTER else _BY_CHANCE


def _probability(deviations: float) -> float:
    """Give the normal distribution's probability of lying below; an approximation is never certain."""
    return min((1 + erf(deviations / sqrt(2))) / 2, _SUREST)


def _would_be_found(n: int) -> float:
    """Say how likely a signal of R² 0.1 would have been found: its correlation lies √(0.1 n) deviations from 0."""
    return _probability(sqrt(GAIN * n) - _DETECTION_Z)
