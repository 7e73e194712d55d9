"""Sequences and targets that do not belong together: shuffled, sorted or shifted one without the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unflat.diagnosis.causes.network import steps_made
from unflat.diagnosis.causes.optimisation import FAR, FEW_STEPS
from unflat.diagnosis.causes.rule import cure_for
from unflat.diagnosis.causes.symptoms import worse_than_it_should
from unflat.diagnosis.measured.examination import SAMPLE
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.references import GAIN
from unflat.diagnosis.references.linear import FEWEST, linear_r2, ranks, squared_correlation, summary
from unflat.diagnosis.subjects.optimizers import is_adaptive, usual_rate
from unflat.metrics import FLAT_SPREAD
from unflat.sequences.folds import places_apart_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination, Part

_CODE: Code = dict.fromkeys(
    ("unflat", "keras", "torch", "sklearn", "function"),
    "import numpy as np\n"
    "order = np.random.default_rng(0).permutation(len(X))  # X and y as they were cut, before either was shuffled\n"
    "X, y = X[order], y[order]                             # one order for both",
)

_SIGNAL = 0.2
"""R² that counts as a signal where several pairings are tried: twice deepchecks' smallest gain."""

_OF_THE_REST = 0.5
"""Share of what pairs as they are leave unexplained that others must explain where that is less than `_SIGNAL`: twice
the error, by `GAIN` at least, is a model that lags behind."""

_SHIFTS = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)
_ENOUGH_FOR_TEN = 100
"""Sequences from which on noise hardly ever shows as `_SIGNAL` in the best of ten pairings."""

_AT_MOST = 2000
"""Sequences that a pairing is tried on."""

_EXACT = 1e-5
"""1 - R² below which two sorted columns are one line. Independent samples of one law stay above: about 1/n for n."""


class _Finding(NamedTuple):
    evidence: tuple[Evidence, ...]
    confidence: float


def misaligned_pairs(examination: Examination) -> Cause | None:
    """Find that sequences hold no signal about the targets they are paired with, but do about others."""
    training = examination.training
    usable = np.isfinite(training.y).all() and len(training) >= FEWEST and training.y.std(axis=0).max() > 0
    if not usable:
        return None
    nothing_found = not examination.references.beyond_chance.any()
    wrong = nothing_found or worse_than_it_should(examination)
    finding = _first(examination, (_order_differs_from_raw,)) if wrong else None
    if finding is None and nothing_found:
        finding = _first(examination, (_values_stand_elsewhere, _only_held_out, _shifted, _sorted))
    if finding is None and wrong:
        finding = _first(examination, (_in_order_of_targets, _shifted))
    if finding is None:
        return None
    return Cause(
        "misaligned_pairs",
        "Sequences are paired with targets of other sequences, so that nothing in them tells of the target.",
        finding.evidence,
        cure_for(
            examination, "Pair each sequence with its own target: shuffle, sort, shift and drop both alike.", _CODE
        ),
        finding.confidence,
    )


def _first(examination: Examination, searches: tuple[Callable[[Examination], _Finding | None], ...]) -> _Finding | None:
    found = (search(examination) for search in searches)
    return next((finding for finding in found if finding is not None), None)


def _order_differs_from_raw(examination: Examination) -> _Finding | None:
    """Compare with the data before they were scaled: a scale changes no order."""
    if examination.raw is None or len(examination.raw[1]) != len(examination.training):
        return None
    y, raw = examination.training.y[:, :1], examination.raw[1][:, :1]
    as_paired, both_sorted = squared_correlation(y, raw), squared_correlation(np.sort(y, axis=0), np.sort(raw, axis=0))
    if as_paired > 0.5 or both_sorted < 0.99:  # noqa: PLR2004 - no line, and a line
        return None
    return _Finding(
        (
            Evidence("R² of the targets on the raw targets, in the order given", as_paired, "1"),
            Evidence("R² of the targets on the raw targets, both sorted", both_sorted, "1"),
        ),
        0.95,
    )


def _values_stand_elsewhere(examination: Examination) -> _Finding | None:
    """Look for the targets among the last steps: windows of one series hold each other's targets, a fixed way ahead."""
    y, last = examination.training.y[:, 0], examination.training.values[:, -1]
    for feature in range(last.shape[1]):
        column = last[:, feature].astype(np.float32)
        order = np.argsort(column, kind="stable")
        if len(np.unique(column)) < 0.9 * len(column):
            continue
        place = np.minimum(np.searchsorted(column[order], y.astype(np.float32)), len(column) - 1)
        there = column[order][place] == y.astype(np.float32)
        offsets = (order[place] - np.arange(len(y)))[there]
        if there.mean() < 0.5:  # noqa: PLR2004 - most
            continue
        commonest = float(np.unique(offsets, return_counts=True)[1].max() / len(offsets))
        if commonest < 0.1:  # noqa: PLR2004 - shuffled ones agree in about 1/n
            found = Evidence("share of targets that stand in the series at one fixed distance", commonest, "1")
            return _Finding((found, Evidence("share that stand in it at all", float(there.mean()), "1")), 0.95)
    return None


def _only_held_out(examination: Examination) -> _Finding | None:
    """Compare with held-out pairs, which may have been made rightly."""
    part = examination.held_out
    if part is None or not np.isfinite(part.y).all() or (found := _among(part, examination)) < _SIGNAL:
        return None
    as_paired = linear_r2(ranks(summary(examination.training.values)), ranks(examination.training.y))
    if as_paired >= _SIGNAL / 2:
        return None
    return _Finding(
        (
            Evidence("R² of a linear learner among training pairs", as_paired, "as among held-out pairs"),
            Evidence("R² of a linear learner among held-out pairs", found, "as among training pairs"),
        ),
        0.85,
    )


def _among(held_out: Part, examination: Examination) -> float:
    """Say what is found among held-out pairs by a straight line, or by one in the other learners' table.

    That table holds products and deviations, too, of which no straight line tells.
    """
    within = examination.references.within
    in_table = 0.0 if within is None else float(np.max(np.nan_to_num(within.r2)))
    return max(linear_r2(ranks(summary(held_out.values)), ranks(held_out.y)), in_table)


def _in_order_of_targets(examination: Examination) -> _Finding | None:
    """Find targets that rise or fall throughout, of sequences that tell nothing of held-out ones.

    Data in the order of time hold a trend or a season, so that sorted targets may be told from them to some extent.
    """
    part, references, y = examination.held_out, examination.references, examination.training.y[:, 0]
    if part is None or not np.isfinite(part.y).all() or len(np.unique(y)) < FEWEST:
        return None
    change, held_out = np.diff(y), np.diff(part.y[:, 0])
    in_order = (change >= 0).all() or (change <= 0).all()
    if not in_order or (held_out >= 0).all() or (held_out <= 0).all():
        return None
    learned, found = references.signal[0].held_out_r2, _among(part, examination)
    if learned > found - _SIGNAL:
        return None
    return _Finding(
        (
            Evidence("share of the targets that follow on a lower one", 1.0, "about half"),
            Evidence(
                "R² on held-out pairs of what learners learned from training pairs", learned, f"about {found:.2g}"
            ),
            Evidence("R² of a linear learner among held-out pairs", found, "as among training pairs"),
        ),
        0.9,
    )


def _shifted(examination: Examination) -> _Finding | None:
    """Pair each sequence with the target of a neighbour; of few sequences, one of ten such pairings tells by chance."""
    if len(examination.training) < _ENOUGH_FOR_TEN:
        return None
    columns, y = ranks(summary(examination.training.values[:_AT_MOST])), ranks(examination.training.y[:_AT_MOST])
    # What others find in the pairs as they are counts, too: they see every step, and a quick line perhaps three.
    known = np.where(examination.references.beyond_chance, examination.references.r2, 0.0)
    as_paired = max(linear_r2(columns, y), float(np.max(known)))
    # Windows of a series that come later hold what earlier ones are to predict: that is no sign of wrong pairs.
    series = any(past is not None and past.sure for past in examination.references.past)
    windows = series or places_apart_in(examination.training.values[:_AT_MOST]) > 1
    scores = [0.0 if windows and shift < 0 else linear_r2(*_paired_at(columns, y, shift)) for shift in _SHIFTS]
    best = int(np.argmax(scores))
    more = max(GAIN, min(_SIGNAL, (1 - as_paired) * _OF_THE_REST))
    if scores[best] < max(_SIGNAL, as_paired + more):
        return None
    return _Finding(
        (
            Evidence(f"R² of a linear learner with targets shifted by {_SHIFTS[best]}", scores[best], "not above that"),
            Evidence("R² of a linear learner, or of others, with targets as paired", as_paired, "above that"),
        ),
        0.85,
    )


def _paired_at(
    columns: NDArray[np.float64], y: NDArray[np.float64], shift: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return (columns[:-shift], y[shift:]) if shift > 0 else (columns[-shift:], y[:shift])


def _sorted(examination: Examination) -> _Finding | None:
    """Sort targets and what is known of the sequences: only what is one line then belonged together."""
    y = examination.training.y[:, :1]
    if len(np.unique(y)) < len(y) / 2:  # classes sort into a line whatever they belong to
        return None
    ordered = np.sort(y, axis=0)
    columns = np.sort(summary(examination.training.values), axis=0)
    both_sorted = max(squared_correlation(ordered, columns[:, [column]]) for column in range(columns.shape[1]))
    if 1 - both_sorted > _EXACT or len(y) < 1 / _EXACT**0.5:
        return None
    as_paired = linear_r2(ranks(summary(examination.training.values)), ranks(examination.training.y))
    return _Finding(
        (
            Evidence("R² of the targets on a feature, both sorted", both_sorted, "as in the order given"),
            Evidence("R² of a linear learner in the order given", as_paired, "as with both sorted"),
        ),
        0.85,
    )


_AT_REST = 0.05
"""Share of the loss that its last half may rise or fall by where training has come to rest."""

_PULLS = 3.0
"""Times the gradient on shuffled pairs that one on the pairs as they are must be to lead somewhere."""

_SHUFFLES = 5


def trained_on_other_pairs(examination: Examination) -> Cause | None:
    """Find a training that came to rest at the mean, though the pairs given here pull it away from there.

    Two loaders, each with an order of its own, pair sequences with targets of others while it trains; what is given to
    the diagnosis is paired rightly, and others learn from it. Asked last: whatever cuts, slows or forbids steps does
    the same.
    """
    training = examination.training
    if not _rests_at_the_mean(examination) or not examination.references.beyond_chance.any():
        return None
    if misaligned_pairs(examination) is not None:  # the pairs as given are wrong themselves
        return None
    as_given = _pull_of(examination, np.arange(len(training)))
    random = np.random.default_rng(0)
    shuffled = [_pull_of(examination, random.permutation(len(training))) for _ in range(_SHUFFLES)]
    if as_given is None or None in shuffled:
        return None
    by_chance = float(np.mean([pull for pull in shuffled if pull is not None]))
    if as_given < _PULLS * by_chance:
        return None
    return Cause(
        "misaligned_pairs",
        "Training came to rest at the mean of the targets, where the pairs given here would not let it rest: it seems "
        "to have seen others, as from two loaders that shuffle each for itself.",
        (
            Evidence("gradient on the pairs as given", as_given, "near 0 where training came to rest"),
            Evidence("mean gradient on shuffled pairs", by_chance, "as on those given, where nothing can be learned"),
            Evidence("spread", float(np.nanmax(training.spread)), f"below {FLAT_SPREAD}, where pairs say nothing"),
        ),
        cure_for(examination, "Draw both from one loader, and shuffle them alike.", _CODE),
        0.8,
    )


def _rests_at_the_mean(examination: Examination) -> bool:
    """Whether predictions are flat, the loss lay still for the last half of the epochs, and no setting explains it."""
    losses, steps = np.asarray(examination.losses), steps_made(examination)
    settings, spread = examination.settings, examination.training.spread
    rate = None if settings is None else settings.learning_rate
    if settings is None or rate is None or steps is None or len(losses) < _TWO_HALVES or not np.isfinite(losses).all():
        return False
    usual = is_adaptive(settings.optimizer) and rate * FAR >= usual_rate(settings.optimizer)
    second = losses[len(losses) // 2 :]
    still = np.abs(np.polyfit(np.linspace(0, 1, len(second)), second, 1)[0]) <= _AT_REST * losses[0]
    return bool(usual and still and steps >= FEW_STEPS and (spread < FLAT_SPREAD).all() and examination.training.finite)


def _pull_of(examination: Examination, order: NDArray[np.int64]) -> float | None:
    """Measure the gradient of the loss on the first sequences with targets in another order."""
    part = examination.training
    y = part.y[order][:SAMPLE].reshape((-1, *part.y_shape[1:]))
    gradients = examination.subject.gradients(part.X[:SAMPLE], y)
    return None if gradients is None else gradients.norm


_TWO_HALVES = 6
"""Epochs from which on a loss has a second half."""
