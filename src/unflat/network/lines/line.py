"""The line that training begins at: what it reads, and how strongly it is held back, by errors held out.

A ridge regression on a sequence's last and mean step says where a level or a trend goes on. Where more of the recent
past tells more (a season, a delayed effect, a change of pace), the line reads that too; where the highest or the lowest
value counts, these; where it counts how all began, the first step; and where effects multiply or the spread of a
feature counts, products of pairs. What it may read is settled before training, by cross-validation: windows that share
time steps are held out in stretches, because errors of windows whose neighbours were learned from would praise the
richest line whatever the data. It is held back towards the mean, or towards the last value where the target is a later
value of a feature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unflat.network.lines.anchor import Anchor
from unflat.network.lines.sums import Sums, counts_of
from unflat.network.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unflat.sequences.folds import Fold

PENALTIES = np.logspace(-4, 4, 9)
"""Penalties to choose from, each beside sums over all sequences: from hardly any to one that leaves next to nothing of
what a few hundred of them say."""

MOST_WIDE = 1024
"""Numbers of a sequence that a line reads, at most: more would cost more than they tell."""

_NEARLY_NOTHING = 0.15
"""Share of a line's error below which products are read in its stead.

On training parts, where they left .03 to .14 of it (NARMA10), or less, they helped; where they left .19 (Mackey-Glass,
84 steps ahead), they were in the way.
"""

MOST_CURVED = 512
"""Numbers read at most where there are products among them, whose number grows with the square of the steps."""

_STANDARD_ERRORS = 0.5
"""How many of its own errors a difference must exceed to speak for the richer choice.

A whole one is usual (Breiman et al. 1984, 3.4.3: the one standard error rule); a line so weak that it is flat helps
nobody, so that only half of it is asked.
"""

_ROUNDING = float(8 * np.finfo(np.float32).eps) ** 2
"""The square of what a few float32 operations may be off by, on scaled targets."""


class Line(NamedTuple):
    """A linear map of terms.

    Parameters
    ----------
    terms : Terms
        What it reads beside the last and the mean step, and the context.
    weight : ndarray of shape (outputs, width), float64
        Of each column of the summary of these terms.
    bias : ndarray of shape (outputs,), float64
        Its value where all of them are zero.
    """

    terms: Terms
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    def predict(self, read: NDArray[np.float32]) -> NDArray[np.float64]:
        """Map the summary of its terms, (n, width), to scaled targets (n, outputs)."""
        return read.astype(np.float64) @ self.weight.T + self.bias

    @property
    def silent(self) -> Line:
        """The line of the same terms that gives the mean whatever it reads."""
        return self._replace(weight=np.zeros_like(self.weight), bias=np.zeros_like(self.bias))

    def beside(self, anchor: Anchor) -> Line:
        """Add an anchor's map to it."""
        weight = self.weight.copy()
        weight[:, : anchor.weight.shape[1]] += anchor.weight
        return self._replace(weight=weight, bias=self.bias + anchor.bias)

    def nearer_to(self, anchor: Anchor, share: NDArray[np.float64]) -> Line:
        """Go only a share of the way from an anchor to this line, one for each output: shape (outputs,)."""
        staying = Anchor((1 - share)[:, None] * anchor.weight, (1 - share) * anchor.bias)
        return self._replace(weight=share[:, None] * self.weight, bias=share * self.bias).beside(staying)


def lags_to_try(features: int, steps: int, n: int) -> tuple[int, ...]:
    """Say how many steps before the last are worth trying.

    Parameters
    ----------
    features : int
        Features of a step.
    steps : int
        Steps of a usual sequence.
    n : int
        Training sequences.

    Returns
    -------
    tuple of int
        All of them, a quarter, a sixteenth and none, in this order and without repetition. All are as many as
        there are, as fit into the widest line, and as leave two sequences for each number read.
    """
    most = min(steps - 1, (min(MOST_WIDE, n // 2) // features) - 2)
    return tuple(dict.fromkeys(max(count, 0) for count in (most, most // 4, most // 16, 0)))


def products_to_try(features: int, steps: int, n: int) -> tuple[Terms, ...]:
    """Say which products are worth trying.

    Parameters
    ----------
    features, steps, n
        As for `lags_to_try`.

    Returns
    -------
    tuple of Terms
        Mean products over steps, and beside them products of as many latest steps as there are and as fit; less,
        where these do not fit.
    """
    room = min(MOST_CURVED, n // 2)
    curved = [Terms(0, moments=True)]
    curved += [Terms(latest - 1, moments=True, products=latest) for latest in range(1, min(steps, room) + 1)]
    fitting = [terms for terms in curved if terms.width(features) <= room]
    return tuple(dict.fromkeys((*fitting[-1:], *fitting[:1])))


def _others_to_try(features: int, steps: int, n: int) -> list[Terms]:
    """Give extremes, and the first step, beside the last and the mean one, as they fit; of two steps these tell all."""
    others = Terms(extremes=True), Terms(first=True)
    fitting = [terms for terms in others if terms.width(features) <= min(MOST_WIDE, n // 2)]
    return fitting if steps > len(("last", "other")) else []


def terms_to_try(features: int, steps: int, n: int) -> tuple[Terms, ...]:
    """Say what is worth trying to read, the most columns first: lags, products, extremes, and the first step."""
    lines = [Terms(lags) for lags in lags_to_try(features, steps, n)]
    choices = [*products_to_try(features, steps, n), *_others_to_try(features, steps, n), *lines]
    return tuple(sorted(choices, key=lambda terms: terms.width(features), reverse=True))


def richest(choices: Sequence[Terms]) -> Terms:
    """Give the terms among which all of several choices are."""
    lags, moments, products, extremes, first = zip(*choices, strict=True)
    return Terms(max(lags), any(moments), max(products), any(extremes), any(first))


def least_of(lines: Sequence[Line], features: int, context: int) -> list[Line]:
    """Leave out what none of several lines of the same terms reads.

    Parameters
    ----------
    lines : sequence of Line
        One at least.
    features : int
        Features of a step.
    context : int
        Numbers beside a sequence.

    Returns
    -------
    list of Line
        The same lines, of fewer terms.
    """
    terms = lines[0].terms
    least = terms.least(np.any([line.weight.any(axis=0) for line in lines], axis=0), features)
    columns = least.columns_among(terms, features, context)
    return [Line(least, line.weight[:, columns], line.bias) for line in lines]


def choose_line(
    summaries: NDArray[np.float32],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    choices: Sequence[tuple[Terms, NDArray[np.int64]]],
    folds: Sequence[Fold],
    *,
    anchor: Anchor | None = None,
) -> Choice:
    """Choose how much a ridge regression reads, and its penalty, and fit it to all sequences.

    Of the richest choices whose errors are not clearly above the least, the simplest is taken, as in the rule of one
    standard error (Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984, section 3.4.3); here
    it is half of one, of the differences sequence by sequence. Where chance would choose, among few sequences, the
    line stays nearer to the mean; an exact line is found all the same. Products are read only where they leave less
    than 0.15 of the error. Held back towards the last value a line is as simple as towards the mean, and goes on
    where a series drifts: so it is, unless that is clearly worse.

    Parameters
    ----------
    summaries : ndarray of shape (n, width), float32
        What the richest line reads of each sequence.
    targets : ndarray of shape (n, outputs), float64
        Scaled targets.
    weights : ndarray of shape (n,) or None
        Weight of each sequence.
    choices : sequence of (Terms, ndarray of int)
        Terms, and the columns that they are in; the most columns first.
    folds : sequence of Fold
        What to learn from and what to judge on.
    anchor : Anchor or None
        The last value, where it is worth trying; None for the mean alone.

    Returns
    -------
    Choice
        What was chosen, and the line.
    """
    outputs = targets.shape[1]
    counts = counts_of(weights, len(targets))
    anchors = [Anchor.mean(outputs, 0), *([] if anchor is None or anchor.at_mean else [anchor])]
    # Side by side, as if they were more outputs: what is read is summed and decomposed once.
    beyond = np.concatenate([targets - towards.predict(summaries) for towards in anchors], axis=1)
    whole = Sums.of(summaries, beyond, counts)
    errors = np.zeros((len(choices), len(PENALTIES), beyond.shape[1], len(targets)))
    judged = np.zeros(len(targets), dtype=bool)
    for fold in folds:
        learned = whole.without(fold, summaries, beyond, counts)
        judged[fold.held_out] = True
        for place, (_, columns) in enumerate(choices):
            errors[place][..., fold.held_out] = _errors(
                learned.only(columns), summaries, beyond, columns, fold.held_out
            )
    of_each = np.split((errors * counts)[..., judged], len(anchors), axis=2)
    settled = [_settle([terms for terms, _ in choices], own.mean(axis=2)) for own in of_each]
    towards = simplest_as_good(np.column_stack([np.maximum(chosen.errors, _ROUNDING) for chosen in settled]))
    (terms, columns), penalty = choices[settled[towards].choice], settled[towards].penalty
    own = whole.of_outputs(slice(towards * outputs, (towards + 1) * outputs))
    line = _solved(own.only(columns), terms, PENALTIES[penalty], anchors[towards])
    return Choice(terms, columns, PENALTIES[penalty], anchors[towards], line)


class Choice(NamedTuple):
    """What a line reads, and how strongly it is held back, towards what.

    Parameters
    ----------
    terms : Terms
        What it reads.
    columns : ndarray of int
        Where these stand in what the richest line reads.
    penalty : float
        On squared weights.
    anchor : Anchor
        What it is held back towards.
    line : Line
        Fitted to the sequences that all of this was chosen on.
    """

    terms: Terms
    columns: NDArray[np.int64]
    penalty: float
    anchor: Anchor
    line: Line

    def fitted_to(
        self, summaries: NDArray[np.float32], targets: NDArray[np.float64], weights: NDArray[np.float64] | None
    ) -> Line:
        """Fit the same line to some of these sequences; arguments as for `choose_line`."""
        beyond = targets - self.anchor.predict(summaries)
        sums = Sums.of(summaries[:, self.columns], beyond, counts_of(weights, len(targets)))
        return _solved(sums, self.terms, self.penalty, self.anchor)


def _solved(sums: Sums, terms: Terms, penalty: float, anchor: Anchor) -> Line:
    coefficients, bias = sums.solve(np.array([penalty]))
    return Line(terms, coefficients[..., 0].T, bias[..., 0]).beside(anchor)


class _Settled(NamedTuple):
    """Places of the terms and of the penalty that were chosen, and the error of each sequence under them."""

    choice: int
    penalty: int
    errors: NDArray[np.float64]


def _settle(choices: Sequence[Terms], errors: NDArray[np.float64]) -> _Settled:
    """Choose terms and a penalty by the errors of each sequence, (choices, penalties, n)."""
    best = errors.mean(axis=2).argmin(axis=1)
    # What is smaller than rounding is no reason to read more; steps that are all alike would differ by it.
    choice = _choice(choices, np.maximum(errors[np.arange(len(choices)), best], _ROUNDING).T)
    penalty = simplest_as_good(errors[choice].T)
    return _Settled(choice, penalty, errors[choice, penalty])


def _choice(choices: Sequence[Terms], errors: NDArray[np.float64]) -> int:
    """Choose among terms by the errors of each sequence under each: a line, unless products leave nearly nothing.

    What a line leaves for the recurrence is as smooth as the target. What products leave is not, and the recurrence may
    get no further after them, while after the line it would come to much less.
    """
    lines, curves = (
        [place for place, terms in enumerate(choices) if terms.curved == curved] for curved in (False, True)
    )
    line = lines[simplest_as_good(errors[:, lines])]
    if not curves:
        return line
    curve = curves[simplest_as_good(errors[:, curves])]
    return curve if errors[:, curve].mean() < _NEARLY_NOTHING * errors[:, line].mean() else line


def simplest_as_good(errors: NDArray[np.float64]) -> int:
    """Choose the last of several choices, in the order of their simplicity, that is not clearly worse than the best.

    Parameters
    ----------
    errors : ndarray of shape (n, choices)
        Squared errors of each sequence under each choice.

    Returns
    -------
    int
        The last choice whose errors are on average at most half a standard error above those of the best.
    """
    above = errors - errors[:, [errors.mean(axis=0).argmin()]]
    allowed = _STANDARD_ERRORS * above.std(axis=0) / np.sqrt(len(errors))
    return int(np.flatnonzero(above.mean(axis=0) <= allowed)[-1])


def _errors(
    learned: Sums,
    summaries: NDArray[np.float32],
    targets: NDArray[np.float64],
    columns: NDArray[np.int64],
    held_out: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Square the errors on what is held out: (penalties, outputs, m)."""
    coefficients, bias = learned.solve(PENALTIES)
    width, outputs, penalties = coefficients.shape
    read = summaries[held_out][:, columns].astype(np.float64)
    predicted = (read @ coefficients.reshape(width, -1)).reshape(-1, outputs, penalties) + bias
    errors: NDArray[np.float64] = np.square(targets[held_out][:, :, None] - predicted).transpose(2, 1, 0)
    return errors
