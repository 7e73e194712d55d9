"""What other learners find in the data: whether there is anything to learn, and how much of it a model should reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from unflat.diagnosis.learners import ECHOES, NEIGHBOURS, RIDGE, SMOOTH, TREES, neighbours, ridge, smooth, trees
from unflat.diagnosis.padding import without_padding
from unflat.diagnosis.past import Past, find_past
from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.reservoir import echoes
from unflat.diagnosis.summaries import OWNED, owned_by_few, standardized, summarize
from unflat.folds import folds_of, overlap, shuffled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from unflat.diagnosis.learners import Learner

    _Places = tuple[NDArray[np.int64] | None, int]
    from unflat.folds import Fold

CHANCE = 0.01
"""The largest p-value at which a signal counts as more than chance: so many healthy data sets of noise may be taken
for others."""

_MOST_SEQUENCES = 1500
_FEWEST_SEQUENCES = 10
_FEWEST_WITHIN = 50
"""Held-out sequences from which on a fifth of them is something to be judged by."""

_PERMUTATIONS = 999
_MOST_TREE_OUTPUTS = 3
_TOGETHER = 3
"""Lengths of a window that stay together when overlapping windows are shuffled: series remember longer than that."""

_FAR_OUT = 3.0
"""Widths of a column's middle half from its quartiles to the outer fence (Tukey 1977): one in a million normal values
lies beyond."""

_ENOUGH = 0.95
"""Trees are left out where a quicker learner explains this much."""

_MOST_COLUMNS_BESIDE = 256
"""Columns beside the states of a random recurrence, the first ones."""

WHAT = "what other learners reach"
TOGETHER = "all of them"


@dataclass(frozen=True, eq=False)
class Reference:
    """What one learner reaches.

    Parameters
    ----------
    name : str
        The learner.
    r2 : ndarray of shape (k,), float64
        Share of each output's variance that it explains on training sequences that it was not fitted on; nan where it
        was not tried, or the target is constant.
    held_out_r2 : ndarray of shape (k,), float64
        The same on the held-out part; nan where there is none.
    p_value : ndarray of shape (k,), float64
        How often a shuffled target goes with its predictions as closely.
    prediction : ndarray of shape (n, k), float64, or None
        What it predicts for training sequences that it was not fitted on, in the targets' units; nan for those that it
        was not asked about. None where it was not kept.
    held_out_prediction : ndarray of shape (m, k), float64, or None
        The same for the held-out part.
    """

    name: str
    r2: NDArray[np.float64]
    held_out_r2: NDArray[np.float64]
    p_value: NDArray[np.float64]
    prediction: NDArray[np.float64] | None = None
    held_out_prediction: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Signal:
    """What can be learned of one output, as far as any learner found.

    Parameters
    ----------
    r2 : float
        The best learner's share of the variance explained, cross-validated; nan where none was tried.
    held_out_r2 : float
        The best learner's share on the held-out part; nan where there is none.
    learner : str
        Who reached `r2`; empty where none was tried.
    p_value : float
        How likely chance alone makes one of the learners do as well.
    """

    r2: float = nan
    held_out_r2: float = nan
    learner: str = ""
    p_value: float = 1.0

    @property
    def examined(self) -> bool:
        """Whether any learner was tried."""
        return bool(self.learner)

    @property
    def beyond_chance(self) -> bool:
        """Whether there is more than chance would give."""
        return self.p_value <= CHANCE and self.r2 > 0


@dataclass(frozen=True, eq=False)
class References:
    """What other learners find in the training part.

    Parameters
    ----------
    n : int
        Sequences that they were given.
    learners : tuple of Reference
        What each reaches; empty where none was tried.
    signal : tuple of k Signal
        What there is to learn of each output.
    past : tuple of k Past or None
        The feature that holds each output's past, if one seems to.
    not_examined : tuple of NotExamined
        What was left out, and why.
    within : Reference or None
        What ridge reaches on the held-out part when it learns from that part itself, in folds: what there is to learn
        of it, also where it lies outside of what training saw. None where it was not tried.
    together : Reference or None
        What all of them, and a smooth kernel and an echo state network beside them, reach together: how much there is
        to learn, as far as anyone can tell. A model need not reach as much to be healthy. None where none was tried.
    """

    n: int
    learners: tuple[Reference, ...]
    signal: tuple[Signal, ...]
    past: tuple[Past | None, ...]
    not_examined: tuple[NotExamined, ...] = ()
    within: Reference | None = None
    together: Reference | None = None

    def best(self, output: int) -> Reference | None:
        """Give the learner that an output's signal is taken from; None where none was tried."""
        name = self.signal[output].learner
        return next((learner for learner in self.learners if learner.name == name), None)

    @property
    def r2(self) -> NDArray[np.float64]:
        """The best learner's cross-validated R² of each output, (k,); nan where none was tried."""
        return np.array([signal.r2 for signal in self.signal])

    @property
    def beyond_chance(self) -> NDArray[np.bool_]:
        """Whether there is more to learn of each output than chance would give, (k,)."""
        return np.array([signal.beyond_chance for signal in self.signal], dtype=bool)


class _Tables(NamedTuple):
    """Training sequences and held-out ones as tables of one scale, targets in the training part's deviation.

    `units` are the center and scale that bring targets back.
    """

    columns: NDArray[np.float64]
    y: NDArray[np.float64]
    asked: NDArray[np.float64]
    asked_y: NDArray[np.float64]
    units: tuple[NDArray[np.float64], NDArray[np.float64]]

    def in_units(self, found: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bring predictions into the targets' units."""
        center, scale = self.units
        return found * scale + center


def find_references(
    training: tuple[NDArray[np.float64], NDArray[np.float64]],
    held_out: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    generator: np.random.Generator,
    past: tuple[Past | None, ...] | None = None,
) -> References:
    """Let ridge, nearest neighbours and boosted trees learn the targets, and test each against a shuffled target.

    At most 1,500 sequences are looked at, as a table (see `summarize`), in five folds. The target is
    shuffled 999 times beside the fixed predictions for sequences that were not learned from: where targets do not
    depend on sequences, every order is as likely, whatever the predictions. (Learning anew from each shuffled
    target, Ojala and Garriga 2010, JMLR 11, 1833, tests the same and takes 999 times as long.) Overlapping windows of
    one series are held out and shuffled in blocks. The p-value of the best of several learners is that of the
    least likely, times their number (Bonferroni). Padding counts as missing, and a few extreme values that own a column
    are brought nearer.

    Parameters
    ----------
    training : tuple of ndarray of shape (n, T, F) and (n, k), float64
        Sequences and targets, in the order given; NaN where missing. Sequences without a finite target are left out.
    held_out : tuple of the same, or None
        Data that the model was not trained on.
    generator : numpy.random.Generator
        Chooses sequences, folds and shuffles.
    past : tuple of k Past or None
        Where the targets' past stands, where that is known; else it is looked for.

    Returns
    -------
    found : References
        What they reach.
    """
    values, y = training
    past = tuple(find_past(values, output) for output in y.T) if past is None else past
    places = _sample(y, generator)
    if len(places) < _FEWEST_SEQUENCES:
        return _nothing(len(places), past)
    apart = overlap(values)
    asked = None if held_out is None else _sample(held_out[1], generator)
    new = None if held_out is None or asked is None else (held_out[0][asked], held_out[1][asked])
    tables, left_out = _tables(values[places], y[places], new, generator)
    folds = folds_of(places, apart, generator)
    length = 1 if apart == 1 else max(1, min(_TOGETHER * apart * len(places) // len(y), len(places) // 10))
    orders = [shuffled(len(places), length, generator) for _ in range(_PERMUTATIONS)]
    with threadpool_limits(1):  # threads that wait for each other make small tables slower, not faster
        learners = tuple(_reference(*task, tables, folds, orders) for task in _cheap())
        best = _best([reference.r2 for reference in learners])
        examined = np.flatnonzero(~(best >= _ENOUGH))[:_MOST_TREE_OUTPUTS]
        if len(examined):
            learners += (_some_outputs(examined, tables, folds, orders),)
        within = None if new is None else _within(*new, generator)
        beside = (
            _reference(SMOOTH, smooth, tables, folds, []),
            _reference(ECHOES, ridge, _with_echoes(tables, values[places], new, generator), folds, []),
        )
        together = _together((*learners, *beside), tables)
    elsewhere = asked, 0 if held_out is None else len(held_out[1])
    return References(
        len(places),
        tuple(_in_place(learner, (places, len(y)), elsewhere) for learner in learners),
        _signals(learners),
        past,
        (*_left_out(left_out), *_without_trees(best, examined)),
        None if within is None else _in_place(within, (None, 0), elsewhere),
        _in_place(together, (places, len(y)), elsewhere),
    )


def _sample(y: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.int64]:
    places = np.flatnonzero(np.isfinite(y).all(axis=1))
    if len(places) <= _MOST_SEQUENCES:
        return places
    return np.sort(generator.choice(places, _MOST_SEQUENCES, replace=False))


def _together(learners: tuple[Reference, ...], tables: _Tables) -> Reference:
    """Weigh what the learners predict so that it errs least on training sequences that they did not learn from.

    Weights are not negative (Breiman, Stacked regressions, Machine Learning 1996), and so few that no sequences must be
    held out for them.
    """
    y, (center, _) = tables.in_units(tables.y), tables.units
    found, asked = np.full_like(y, nan), np.full_like(tables.asked_y, nan)
    for output in range(y.shape[1]):
        tried = [learner for learner in learners if not np.isnan(learner.r2[output])]
        if tried:
            known, new = (
                np.column_stack([part[:, output] for part in parts if part is not None]) - center[output]
                for parts in zip(*((learner.prediction, learner.held_out_prediction) for learner in tried), strict=True)
            )
            weights, _ = nnls(known, y[:, output] - center[output])
            found[:, output], asked[:, output] = (center[output] + columns @ weights for columns in (known, new))
    nothing = np.full(y.shape[1], nan)
    return Reference(TOGETHER, _r2(y, found), nothing, nothing, found, asked)


def _in_place(learner: Reference, known: _Places, asked: _Places) -> Reference:
    """Put predictions for some sequences where these stand among all."""
    return replace(
        learner,
        prediction=_among_all(learner.prediction, *known),
        held_out_prediction=_among_all(learner.held_out_prediction, *asked),
    )


def _among_all(
    found: NDArray[np.float64] | None, places: NDArray[np.int64] | None, n: int
) -> NDArray[np.float64] | None:
    if found is None or places is None:
        return None
    everyone = np.full((n, found.shape[1]), nan)
    everyone[places] = found
    return everyone


def _tables(
    values: NDArray[np.float64],
    y: NDArray[np.float64],
    held_out: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    generator: np.random.Generator,
) -> tuple[_Tables, int]:
    n = len(y)
    asked_y = y[:0] if held_out is None else held_out[1]
    summary = summarize(_padded_alike(values, held_out), generator, slice(n))
    columns = standardized(_without_outliers(summary.columns, summary.columns[:n]), slice(n))
    targets = _without_outliers(np.concatenate([y, asked_y]), y)
    largest = np.abs(targets).max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    scaled = standardized(targets / largest, slice(n))
    known = targets[:n] / largest
    units = known.mean(axis=0) * largest, np.where(scaled.any(axis=0), known.std(axis=0), 0.0) * largest
    return _Tables(columns[:n], scaled[:n], columns[n:], scaled[n:], units), summary.features_left_out


def _with_echoes(
    tables: _Tables,
    values: NDArray[np.float64],
    held_out: tuple[NDArray[np.float64], NDArray[np.float64]] | None,
    generator: np.random.Generator,
) -> _Tables:
    """Put the states of a random recurrence before the columns, as far as these are few."""
    states = echoes(_padded_alike(values, held_out), generator, slice(len(values)))
    known, asked = (
        np.hstack([part, columns[:, :_MOST_COLUMNS_BESIDE]])
        for part, columns in ((states[: len(values)], tables.columns), (states[len(values) :], tables.asked))
    )
    return tables._replace(columns=known, asked=asked)


def _padded_alike(
    values: NDArray[np.float64], held_out: tuple[NDArray[np.float64], NDArray[np.float64]] | None
) -> NDArray[np.float64]:
    """Put all sequences together, of one length, NaN where they end."""
    n, asked = len(values), values[:0] if held_out is None else held_out[0]
    together = np.full((n + len(asked), max(values.shape[1], asked.shape[1]), values.shape[2]), np.nan)
    together[:n, : values.shape[1]], together[n:, : asked.shape[1]] = values, asked
    return without_padding(together)


def _within(values: NDArray[np.float64], y: NDArray[np.float64], generator: np.random.Generator) -> Reference | None:
    """Let ridge learn the held-out part in folds of its own."""
    if len(y) < _FEWEST_WITHIN:
        return None
    tables, _ = _tables(values, y, None, generator)
    folds = folds_of(np.arange(len(y)), overlap(values), generator)
    found = _out_of_fold(ridge, tables, folds)
    r2 = _r2(tables.y, found)
    return Reference(RIDGE, r2, r2, np.full_like(r2, nan), held_out_prediction=tables.in_units(found))


def _without_outliers(targets: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring a few extreme targets that own a column's variance nearer, so that there is more than these to learn.

    Errors in the data would hide the signal of all others. Heavy tails are left as they are.
    """
    low, high = np.quantile(known, [0.25, 0.75], axis=0)
    owned = np.array([owned_by_few(column) >= OWNED for column in known.T])
    room = np.where(owned & (high > low), _FAR_OUT * (high - low), np.inf)
    return np.clip(targets, low - room, high + room)


def _cheap() -> Iterator[tuple[str, Learner]]:
    yield RIDGE, ridge
    yield NEIGHBOURS, neighbours


def _reference(
    name: str, learner: Learner, tables: _Tables, folds: tuple[Fold, ...], orders: list[NDArray[np.int64]]
) -> Reference:
    y, found = tables.y, _out_of_fold(learner, tables, folds)
    answered = learner(tables.columns, y, tables.asked) if len(tables.asked) else tables.asked_y
    held_out = _r2(tables.asked_y, answered) if len(answered) else np.full(y.shape[1], nan)
    return Reference(
        name,
        _r2(y, found),
        held_out,
        _p_values(y, found, orders),
        tables.in_units(found),
        tables.in_units(answered),
    )


def _out_of_fold(learner: Learner, tables: _Tables, folds: tuple[Fold, ...]) -> NDArray[np.float64]:
    """Predict for each fold from the others."""
    found = np.empty_like(tables.y)
    for training, judged in folds:
        found[judged] = learner(tables.columns[training], tables.y[training], tables.columns[judged])
    return found


def _some_outputs(
    outputs: NDArray[np.int64], tables: _Tables, folds: tuple[Fold, ...], orders: list[NDArray[np.int64]]
) -> Reference:
    """Try the trees on some outputs; nan stands for the others."""
    center, scale = tables.units
    units = center[outputs], scale[outputs]
    some = tables._replace(y=tables.y[:, outputs], asked_y=tables.asked_y[:, outputs], units=units)
    reference = _reference(TREES, trees, some, folds, orders)

    def of_all(found: NDArray[np.float64] | None) -> NDArray[np.float64]:
        some_found = np.empty((0, len(outputs))) if found is None else found
        every = np.full((*some_found.shape[:-1], tables.y.shape[1]), nan)
        every[..., outputs] = some_found
        return every

    return Reference(
        TREES,
        of_all(reference.r2),
        of_all(reference.held_out_r2),
        of_all(reference.p_value),
        of_all(reference.prediction),
        of_all(reference.held_out_prediction),
    )


def _r2(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> NDArray[np.float64]:
    variance = np.var(y, axis=0)
    error = np.mean((y - prediction) ** 2, axis=0)
    return np.where(variance > 0, 1 - error / np.where(variance > 0, variance, 1.0), nan)


def _p_values(
    y: NDArray[np.float64], found: NDArray[np.float64], orders: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Count the shuffled targets that go with the predictions as closely as the true ones; they count as one of all."""
    centred = found - found.mean(axis=0)
    true = (y * centred).sum(axis=0)
    as_close = np.zeros(y.shape[1], dtype=np.int64)
    for order in orders:
        as_close += (y[order] * centred).sum(axis=0) >= true
    shares: NDArray[np.float64] = (1.0 + as_close) / (1 + len(orders))
    return shares


def _best(scores: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    best: NDArray[np.float64] = np.max(np.where(np.isnan(scores), -np.inf, scores), axis=0)
    return best


def _signals(learners: tuple[Reference, ...]) -> tuple[Signal, ...]:
    return tuple(_signal(learners, output) for output in range(len(learners[0].r2)))


def _signal(learners: tuple[Reference, ...], output: int) -> Signal:
    """Take the best learner among those beyond chance; where none is, the best of all."""
    tried = [reference for reference in learners if not np.isnan(reference.r2[output])]
    if not tried:
        return Signal()
    likely = [ref for ref in tried if ref.p_value[output] * len(tried) <= CHANCE and ref.r2[output] > 0]
    best = max(likely or tried, key=lambda reference: reference.r2[output])
    p_value = min(1.0, len(tried) * min(reference.p_value[output] for reference in (likely or tried)))
    held_out = float(max(reference.held_out_r2[output] for reference in tried))
    return Signal(float(best.r2[output]), held_out, best.name, float(p_value))


def _nothing(n: int, past: tuple[Past | None, ...]) -> References:
    why = f"there are {n} sequences with a finite target, and they need {_FEWEST_SEQUENCES}"
    return References(n, (), (Signal(),) * len(past), past, (NotExamined(WHAT, why),))


def _left_out(features: int) -> Iterator[NotExamined]:
    if features:
        yield NotExamined(f"{features} features, by other learners", "so many features take them too long")


def _without_trees(best: NDArray[np.float64], examined: NDArray[np.int64]) -> Iterator[NotExamined]:
    missing = int((~(best >= _ENOUGH)).sum()) - len(examined)
    if missing:
        yield NotExamined(f"{missing} outputs, by boosted trees", "each output takes them too long")
