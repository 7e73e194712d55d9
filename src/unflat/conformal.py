"""Split-conformal calibration: how far errors reach that a model made on data which it had not learned from.

If the next sequence is exchangeable with those of the calibration, its score lies at or below the k-th smallest of
their n scores, k = ceil((n + 1) · coverage), with a probability of at least that coverage (Vovk, Gammerman & Shafer,
Algorithmic Learning in a Random World, 2005; Romano, Patterson & Candès, NeurIPS 2019, theorem 1). What a score is does
not matter to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from unflat.config import Interval
from unflat.errors import ConfigurationError, CoverageWarning, InputError, ShapeError
from unflat.errors.telling import warn_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ENOUGH_OF_A_GROUP = 20
"""With fewer scores than this a group has no quantile of its own: it could promise no more than 0.95."""

MOST_SCORES = 10_000
"""Scores kept at the most: of more, a quantile is known to half a percent, and a file stays small."""

_ROUNDING = 1e-9
"""Shares that differ by less are equal: they are sums of many."""

_WHOLE = re.compile(r"^(-?\d+)\.0$")

_MIDNIGHT = re.compile(r"^(\d{4}-\d\d-\d\d)[T ]00(:00(:00(\.0+)?)?)?$")

_YES_OR_NO = {"True": "1", "False": "0"}

_OPEN = Interval(0, 1, "neither")


class PredictionInterval(NamedTuple):
    """Bounds between which targets are expected.

    Parameters
    ----------
    lower, upper : ndarray of shape (n,) or (n, n_outputs), float64
        In the target's units, in the form of the predictions; infinite where no finite bound keeps the promise.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ranked:
    """Scores in order, and the share of probability up to each of them.

    Parameters
    ----------
    scores : ndarray of shape (m,), float64
        Ascending.
    shares : ndarray of shape (m,), float64
        The probability that a new score is at or below each; what the last leaves to 1 belongs to infinity.
    """

    scores: NDArray[np.float64]
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, scores: NDArray[np.float64], weights: NDArray[np.float64] | None, units: float | None = None) -> Ranked:
        """Rank scores.

        Parameters
        ----------
        scores : ndarray of shape (m,)
            In any order.
        weights : ndarray of shape (m,) or None
            What each counts, all positive; None where all count the same.
        units : float or None
            How many independent pieces of evidence the scores are: one more is set at infinity for the score that is
            to come. None for (sum of weights)² / sum of squares (Kish, Survey Sampling, 1965), which is m where all
            count the same.

        Returns
        -------
        Ranked
            In order.
        """
        order = np.argsort(scores, kind="stable")
        if weights is None:
            shares = np.arange(1, len(scores) + 1) / len(scores)
            units = float(len(scores)) if units is None else units
        else:
            shares = np.cumsum(weights[order]) / weights.sum()
            units = float(weights.sum() ** 2 / np.square(weights).sum()) if units is None else units
        return cls(scores[order], shares * (units / (units + 1)))

    @property
    def most(self) -> float:
        """The largest coverage that a finite score can promise."""
        return float(self.shares[-1])

    def quantile(self, coverage: float) -> float:
        """Give the least score that promises a coverage; infinity where none does."""
        place = int(np.searchsorted(self.shares, coverage - _ROUNDING))
        return float(self.scores[place]) if place < len(self.scores) else np.inf


@dataclass(frozen=True, eq=False)
class Calibration:
    """The scores of calibration data, ranked for all of them and for each group that has enough.

    Parameters
    ----------
    scores : ndarray of shape (m, k), float64
        The score of each sequence, by output: at least 0.
    weights : ndarray of shape (m,) or None
        What each sequence counts, all positive.
    members : ndarray of shape (m,), int64, or None
        The group of each sequence, by its place among the labels.
    labels : tuple of int, float or str
        What the groups are called.
    """

    scores: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None
    members: NDArray[np.int64] | None = None
    labels: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return f"<Calibration by {len(self.scores)} sequences>"

    @classmethod
    def of(
        cls, scores: NDArray[np.float64], weights: NDArray[np.float64] | None, groups: NDArray[Any] | None
    ) -> Calibration:
        """Take scores of sequences, of `MOST_SCORES` of them at the most; those of weight 0 do not count.

        Parameters
        ----------
        scores : ndarray of shape (n, k)
            Of each sequence, by output.
        weights : ndarray of shape (n,) or None
            What each sequence counts.
        groups : ndarray of shape (n,) or None
            The group of each.

        Returns
        -------
        Calibration
            Ready to be asked.
        """
        scores = np.where(np.isnan(scores), np.inf, scores)  # a target that the scale cannot take
        index = np.arange(len(scores)) if weights is None else np.flatnonzero(weights)
        # Chosen by place and not by score, so that those kept are exchangeable as all are.
        index = index[np.linspace(0, len(index) - 1, min(len(index), MOST_SCORES)).astype(np.int64)]
        kept = None if weights is None else weights[index]
        if groups is None:
            return cls(scores[index], kept)
        labels, members = np.unique(groups[index], return_inverse=True)
        return cls(scores[index], kept, members.astype(np.int64), tuple(labels.tolist()))

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def outputs(self) -> int:
        """Numbers that are predicted for a sequence."""
        return int(self.scores.shape[1])

    @cached_property
    def pooled(self) -> tuple[Ranked, ...]:
        """The scores of all sequences, for one of no known group.

        Where there are groups each counts the same, and they are the pieces of evidence: what the sequences of one
        group have in common says nothing of another (Lee, Barber & Willett, Distribution-free inference with
        hierarchical data, 2023: the quantile of sum over groups and their members of delta / ((K + 1) n_g), and
        1 / (K + 1) at infinity).
        """
        if self.members is None:
            return tuple(Ranked.of(column, self.weights) for column in self.scores.T)
        ones = np.ones(len(self.scores)) if self.weights is None else self.weights
        totals = np.bincount(self.members, ones)
        return tuple(Ranked.of(c, ones / totals[self.members], float(len(self.labels))) for c in self.scores.T)

    @cached_property
    def of_group(self) -> Mapping[int, tuple[Ranked, ...]]:
        """The scores of each group that has enough of them, by its place among the labels."""
        if self.members is None:
            return {}
        counts = np.bincount(self.members)
        return {int(g): self._ranked(self.members == g) for g in np.flatnonzero(counts >= ENOUGH_OF_A_GROUP)}

    def _ranked(self, inside: NDArray[np.bool_]) -> tuple[Ranked, ...]:
        weights = None if self.weights is None else self.weights[inside]
        return tuple(Ranked.of(column[inside], weights) for column in self.scores.T)

    def quantiles(self, coverage: float, n: int, groups: NDArray[Any] | None) -> NDArray[np.float64]:
        """Give the scores that promise a coverage to sequences.

        A sequence of a group that has enough scores gets the group's own quantile (Vovk's Mondrian predictor), any
        other the pooled one. Quantiles rise with the coverage: a group that can promise no more goes on with the
        pooled quantile, where that is larger than all its scores; so do groups together with their largest score.

        Parameters
        ----------
        coverage : float
            In (0, 1).
        n : int
            How many sequences.
        groups : ndarray of shape (n,) or None
            The group of each; None where it is not known.

        Returns
        -------
        ndarray of shape (n, k), float64
            At least 0; infinite where too few sequences were calibrated on.
        """
        pooled = np.array([self._of_all(output, coverage) for output in range(self.outputs)])
        if groups is None or not self.of_group:
            return np.broadcast_to(pooled, (n, self.outputs))
        own = np.tile(pooled, (len(self.labels) + 1, 1))  # the last for a group that is not known
        for group, ranked in self.of_group.items():
            finite = np.array([r.quantile(coverage) for r in ranked])
            beyond = np.maximum(pooled, [r.scores[-1] for r in ranked])
            own[group] = np.where(np.isfinite(finite), finite, beyond)
        quantiles: NDArray[np.float64] = own[self.places(groups)]
        return quantiles

    def asked(self, coverage: float, n: int, groups: NDArray[Any] | None) -> NDArray[np.float64]:
        """Give `quantiles` for a coverage that a user asks for, which has been checked.

        Parameters
        ----------
        coverage, n, groups
            As of `quantiles`.

        Returns
        -------
        ndarray of shape (n, k), float64
            As of `quantiles`.

        Warns
        -----
        CoverageWarning
            If the scores are too few for this coverage, or those of a group; it says which they can promise.
        """
        if coverage > self.most + _ROUNDING and self.lacking(groups):
            warn_user(CoverageWarning(self._too_few(coverage)))
        elif groups is not None and (short := self._short_of(coverage, groups)):
            warn_user(CoverageWarning(self._too_few_of_groups(coverage, short)))
        return self.quantiles(coverage, n, groups)

    def _short_of(self, coverage: float, groups: NDArray[Any]) -> dict[int, float]:
        """Say what those groups can promise that have a quantile of their own, and promise less than a coverage."""
        known = ((place, self.of_group.get(place, ())) for place in np.unique(self.places(groups)).tolist())
        most = {place: min(ranked.most for ranked in own) for place, own in known if own}
        return {place: promise for place, promise in most.items() if coverage > promise + _ROUNDING}

    def _too_few_of_groups(self, coverage: float, short: Mapping[int, float]) -> str:
        least = min(short, key=lambda place: short[place])
        others = f" (one of {len(short)} such groups)" if len(short) > 1 else ""
        return (
            f"A coverage of {coverage:g} takes at least {_needed(coverage)} calibration sequences of a group, and "
            f"group {self.labels[least]!r} has {np.count_nonzero(self.members == least)}{others}, so it may be "
            f"covered less often. It can promise {short[least]:.3g}. "
            "Call model.calibrate(X, y, groups=groups) with more."
        )

    def _too_few(self, coverage: float) -> str:
        of_what = "sequences" if self.members is None else "groups"
        have = len(self) if self.members is None else len(self.labels)
        outcome = "so the bounds are infinite" if self.members is None else "so new groups may be covered less often"
        return (
            f"A coverage of {coverage:g} takes at least {_needed(coverage)} calibration {of_what}, and there are "
            f"{have}, {outcome}. They can promise {self.most:.3g}. Call model.calibrate(X, y) with more."
        )

    def lacking(self, groups: NDArray[Any] | None) -> bool:
        """Whether some of these sequences are of no group that has a quantile of its own."""
        if groups is None:
            return True
        return not np.isin(np.unique(self.places(groups)), list(self.of_group)).all()

    def places(self, groups: NDArray[Any]) -> NDArray[np.int64]:
        """Find labels' places; the number of all labels for one that is not among them.

        Labels are compared as text, for a table may hold the same ones as numbers, as text or as categories.
        """
        known = {_in_text(label): place for place, label in enumerate(self.labels)}
        known |= {str(label): place for place, label in enumerate(self.labels)}
        values, inverse = np.unique(groups, return_inverse=True)
        found = (known.get(str(value), known.get(_in_text(value), len(self.labels))) for value in values.tolist())
        return np.array(list(found), dtype=np.int64)[inverse]

    def _of_all(self, output: int, coverage: float) -> float:
        ranked = self.pooled[output]
        quantile = ranked.quantile(coverage)
        # Few groups of many sequences each do say something, though not about another group.
        return float(ranked.scores[-1]) if np.isinf(quantile) and self.members is not None else quantile

    @property
    def most(self) -> float:
        """The largest coverage that is promised to a sequence of no known group."""
        return min(ranked.most for ranked in self.pooled)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Give the numbers, for a file."""
        arrays = {"scores": self.scores, "weights": self.weights, "members": self.members}
        return {name: array for name, array in arrays.items() if array is not None}

    @classmethod
    def from_saved(cls, arrays: Mapping[str, NDArray[Any]], labels: tuple[Any, ...]) -> Calibration:
        """Read what `to_arrays` gave, with the labels."""
        return cls(arrays["scores"], arrays.get("weights"), arrays.get("members"), labels)


def _needed(coverage: float) -> int:
    """Count the scores that a coverage takes for a finite bound."""
    return int(np.ceil(coverage / (1 - coverage) - _ROUNDING))


def refuse_other_coverage(coverage: object, owner: str) -> None:
    """Raise `ConfigurationError` if the coverage that something is called with is not in (0, 1)."""
    if not _OPEN.admits(coverage):
        remedy = "Give the share of targets that are to lie inside, such as 0.9."
        raise ConfigurationError(owner, "coverage", str(_OPEN), coverage, remedy)


def labels(groups: NDArray[Any]) -> NDArray[Any]:
    """Write labels so that they can be compared and kept in a file: numbers as they are, anything else as text."""
    return groups if groups.dtype.kind in "biuf" else groups.astype(str)


def _in_text(label: object) -> str:
    """Write a label as text alike whatever type holds it: 7, 7.0 and "7.0" as "7", True as "1", midnight as its day."""
    text = str(label)
    return _YES_OR_NO.get(text, _MIDNIGHT.sub(r"\1", _WHOLE.sub(r"\1", text)))


def labels_of(groups: object, n: int) -> NDArray[Any]:
    """Take the labels that a user gives, as `label_of_each` does, written as `labels` writes them."""
    return labels(label_of_each(groups, n))


def label_of_each(groups: object, n: int) -> NDArray[Any]:
    """Take the labels that a user gives, one for each sequence.

    Parameters
    ----------
    groups : array-like of shape (n,)
        The labels.
    n : int
        How many sequences there are.

    Returns
    -------
    ndarray of shape (n,)
        The same.

    Raises
    ------
    ShapeError
        If they are of another number.
    InputError
        If one is missing: None, NaN, or what pandas writes for it.
    """
    given = np.asarray(groups)
    if given.shape != (n,):
        raise ShapeError("groups", f"shape ({n},)", given.shape, "Give one label for each sequence.")
    if missing := _places_without(given):
        raise InputError(
            "groups", "a label for each sequence", f"{len(missing)} missing, the first at {missing[0]}",
            "Leave these sequences out, or give each a label of its own.",
        )  # fmt: skip
    return given


def _places_without(given: NDArray[Any]) -> list[int]:
    """Find the places at which no label stands."""
    if given.dtype.kind in "fmM":
        return np.flatnonzero(np.isnan(given)).tolist()
    can_lack = given.dtype.kind == "O"
    return [place for place, label in enumerate(given.tolist()) if _is_missing(label)] if can_lack else []


def _is_missing(label: object) -> bool:
    return label is None or type(label).__name__ in {"NAType", "NaTType"} or (isinstance(label, float) and isnan(label))
