"""What each network learns from, and what is held out of it: to choose its epoch, and to judge it afterwards.

One network holds out one part. Several hold out each another, so that together they have learned from everything, and
what is held out is judged by networks that never saw it (Breiman, Bagging predictors, Machine Learning 24, 1996; van
der Laan, Polley & Hubbard, Super learner, 2007). Of few sequences a single part of three or ten would decide by chance
what all that follows rests on. Of a short series that stays around a level they hold out one stretch each, and learn
from what comes before and after it, but for what shares steps with it (Bergmeir, Hyndman & Koo, A note on the validity
of cross-validation for evaluating autoregressive time series prediction, Computational Statistics & Data Analysis 120,
2018); one that goes on to where it has not been is judged by its end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from unflat.config import OWNER, AtLeast, Interval
from unflat.dataset import as_validation
from unflat.errors import ConfigurationError, TooFewSamplesError
from unflat.sequences.folds import places_apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from unflat.dataset import Dataset

FEWEST_TO_HOLD_OUT = 20
"""With fewer sequences than this, none is held out: two or three say nothing about the rest."""

FEW = 300
"""With fewer sequences than this, or series that are held out whole, a tenth is too few to decide by."""

_MOST_IN_FEW_SERIES = 50_000
"""Sequences of few series, beyond which several networks would take too long."""

_MOST_FOR_BOTH = 2_000
"""Sequences of a training part up to which a single network has one beside it that begins without a line."""

_MOST_STEPS_FOR_BOTH = 200_000
"""Steps of all these sequences, beyond which twice the time is minutes."""

_SEVERAL = 5
"""Networks, where there are few: each holds out a fifth, and all together everything."""

_TENTH = 0.1
"""What a single network holds out."""

_LEAST_LEFT = 0.5
"""Share of a series that must be left to learn from where a stretch of it is held out: of few long windows nearly all
share steps with any of them."""

_MOST_BETWEEN = 0.5
"""Share of a target's variance that lies between stretches of a series, at the most, where it stays around a level."""

_LARGEST_GAP = 0.25
"""Share of the training part that is left out between it and what is set aside, at the most: of few long windows all
share steps, and too few would be left to learn from."""


@dataclass(frozen=True, eq=False)
class Part:
    """What some networks learn from, and what is held out of them.

    Parameters
    ----------
    training : Dataset
        The training part.
    held_out : Dataset or None
        The other; None if there is none.
    members : tuple of int
        The networks' places among all.
    places : ndarray of int
        Where the training part stands in the whole that networks learn from.
    free : tuple of int
        The places of those networks that begin without a line.
    inside : ndarray of int or None
        Where what is held out stands in that whole; None where it is no part of it.
    """

    training: Dataset
    held_out: Dataset | None
    members: tuple[int, ...]
    places: NDArray[Any]
    free: tuple[int, ...] = ()
    inside: NDArray[Any] | None = None

    @property
    def at_line(self) -> tuple[int, ...]:
        """The places of the networks that begin at a line."""
        return tuple(place for place in self.members if place not in self.free)


class Parting(NamedTuple):
    """All data, and the parts that networks make of them.

    Parameters
    ----------
    whole : Dataset
        What any of the networks learns from.
    held_out : Dataset or None
        What any of them holds out, part after part.
    parts : tuple of Part
        One that all networks share; or one for each network, or for each pair of one at a line and one without.
    """

    whole: Dataset
    held_out: Dataset | None
    parts: tuple[Part, ...]

    @classmethod
    def alike(cls, training: Dataset, held_out: Dataset | None = None, members: int = 1, free: int = 0) -> Parting:
        """Let all networks learn from the same: some that begin at a line, and then some that begin without."""
        places = tuple(range(members + free))
        return cls(training, held_out, (Part(training, held_out, places, np.arange(len(training)), places[members:]),))

    @property
    def crossed(self) -> bool:
        """Whether networks hold out different parts."""
        return len(self.parts) > 1

    @property
    def held_out_parts(self) -> tuple[tuple[Part, Dataset], ...]:
        """The parts of which something is held out, each with that."""
        return tuple((part, part.held_out) for part in self.parts if part.held_out is not None)

    @property
    def latest(self) -> Part | None:
        """The part that holds out what comes last: the only one, or the last of a series; else None."""
        return self.parts[-1] if not self.crossed or _are_in_order(self.whole) else None

    @property
    def of_each(self) -> tuple[Part, ...]:
        """The part of each network."""
        by_place = {place: part for part in self.parts for place in part.members}
        return tuple(by_place[place] for place in sorted(by_place))

    @property
    def at_line(self) -> tuple[int, ...]:
        """The places of all networks that begin at a line: they come first."""
        return tuple(sorted(place for part in self.parts for place in part.at_line))

    @property
    def part_of_each(self) -> NDArray[np.int64]:
        """The number of the part that each sequence is of that is held out."""
        sizes = [0 if part.held_out is None else len(part.held_out) for part in self.parts]
        return np.repeat(np.arange(len(sizes)), sizes)

    @property
    def firsts(self) -> NDArray[np.int64]:
        """Where each sequence stands first among all held out, which several networks may hold out alike."""
        return np.sort(np.unique(self._inside, return_index=True)[1])

    def once(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average what was found of all held out, (m, outputs), over the parts that hold it out; as `firsts`."""
        _, first, which = np.unique(self._inside, return_index=True, return_inverse=True)
        counts = np.bincount(which)
        means = np.column_stack([np.bincount(which, column) / counts for column in values.T])
        return means[np.argsort(first)]

    @property
    def _inside(self) -> NDArray[Any]:
        return np.concatenate([part.inside for part in self.parts if part.inside is not None])

    def kept(self, members: int) -> Parting:
        """Keep the first networks' parts, and the data."""
        if members == len(self.of_each):
            return self
        parts = tuple(
            replace(
                part,
                members=tuple(place for place in part.members if place < members),
                free=tuple(place for place in part.free if place < members),
            )
            for part in self.parts
            if part.members[0] < members
        )
        return self._replace(held_out=_together(self, parts), parts=parts)


def _together(parting: Parting, parts: Sequence[Part]) -> Dataset | None:
    """Take what the first parts hold out, which comes first among all that is held out."""
    if parting.held_out is None or len(parts) == len(parting.parts):
        return parting.held_out
    return parting.held_out.take(np.arange(sum(len(part.held_out or ()) for part in parts)))


def parted(
    data: Dataset,
    validation: object,
    share: float | Literal["auto"],
    random: np.random.RandomState,
    members: int | Literal["auto"] = 1,
    *,
    free: bool = False,
) -> Parting:
    """Tell what networks are trained on from what is held out.

    Parameters
    ----------
    data : Dataset
        What a fit was given.
    validation : tuple of (X, y), Windows or None
        The part to hold out, where a user gave one; then all data are trained on.
    share : float or "auto"
        The share that a network holds out otherwise. "auto" is a tenth for one network, a fifth for each of five, and
        less for each of more, so that all sequences are held out.
    random : numpy.random.RandomState
        Draws what is held out.
    members : int or "auto"
        How many networks there are. "auto" is five where what one could hold out is little, one otherwise.
    free : bool
        Whether "auto" is to have as many again that begin without a line, where there are five that hold out whole
        series, of which a line knows few too well; and one, where there are few enough sequences for twice the time,
        and enough held out to say whether it pays: what a line cannot tell is sometimes learned better without it.

    Returns
    -------
    Parting
        One part for all networks where a validation part is given or nothing is held out, and of a long series, whose
        end is held out; else one for each network, or for each pair of one at a line and one without.

    Raises
    ------
    ConfigurationError
        If the share is not in [0, 1), or the number of networks is none.
    InputError
        As for `as_validation`.
    """
    constraint = Interval(0, 1, "left")
    if share != "auto" and not constraint.admits(share):
        raise ConfigurationError(OWNER, "validation_fraction", f"'auto', or {constraint}", share)
    if members != "auto" and not AtLeast(1).admits(members):
        raise ConfigurationError(OWNER, "n_members", f"'auto', or {AtLeast(1)}", members)
    can_cross = _can_cross(data, validation, share)
    count = (_SEVERAL if can_cross and _is_little(data) else 1) if members == "auto" else int(members)
    free = free and members == "auto"
    if validation is not None:
        return _alike(data, as_validation(validation, data), count, free=free)
    crossed = count > 1 and can_cross
    share = (1 / max(count, _SEVERAL) if crossed else _TENTH) if share == "auto" else float(share)
    if not crossed:
        return _alike(*hold_out(data, share, random), count, free=free)
    places = list(_crossed(data, share, random, count))
    twice = free and data.for_other_series
    parts = tuple(
        Part(
            data.take(training),
            data.take(inside),
            (place, count + place) if twice else (place,),
            training,
            (count + place,) if twice else (),
            inside,
        )
        for place, (training, inside) in enumerate(places)
    )
    return Parting(data, data.take(np.concatenate([inside for _, inside in places])), parts)


def _alike(training: Dataset, held_out: Dataset | None, count: int, *, free: bool) -> Parting:
    steps = int(training.sequences.lengths.sum())
    few = len(training) <= _MOST_FOR_BOTH and steps <= _MOST_STEPS_FOR_BOTH
    # Fewer than say anything cannot vouch for a second kind of network.
    judged = held_out is not None and len(held_out) >= FEWEST_TO_HOLD_OUT
    return Parting.alike(training, held_out, count, free=int(free and few and judged and count == 1))


def hold_out(data: Dataset, share: float, random: np.random.RandomState) -> tuple[Dataset, Dataset | None]:
    """Set one validation part aside.

    By whole groups where groups are given; windows otherwise by their natural split. Sequences of an array are drawn at
    random, unless neighbours share time steps, as windows that a user has cut do: then the last are set aside, without
    those before them that share a step with any of them, since training on these would show a part of the answers; but
    a quarter of the rest is left out at the most.

    Parameters
    ----------
    data : Dataset
        What there is to learn from.
    share : float
        The share to set aside, in [0, 1).
    random : numpy.random.RandomState
        Draws what is set aside.

    Returns
    -------
    training : Dataset
        The rest.
    validation : Dataset or None
        The part; None if the share is 0 or there are too few sequences for a part to say anything.
    """
    if share == 0 or len(data) < FEWEST_TO_HOLD_OUT:
        return data, None
    training, validation = _two_parts(data, share, random)
    return data.take(training), data.take(validation)


def _two_parts(data: Dataset, share: float, random: np.random.RandomState) -> tuple[NDArray[Any], NDArray[Any]]:
    if data.groups is not None:
        inside = _whole_groups(data.groups, share, random)
    elif data.windows is not None:
        parts = data.windows.split_positions(
            test=0, validation=share, by=data.windows.natural_split, random_state=random.randint(2**31)
        )
        return parts.train, parts.validation
    else:
        count = min(max(1, round(share * len(data))), len(data) - 1)
        rest = len(data) - count
        apart = places_apart(data.sequences)
        if apart > 1:
            gap = min(apart - 1, int(_LARGEST_GAP * rest))
            return np.arange(rest - gap), np.arange(rest, len(data))
        inside = random.permutation(len(data))[:count]
    return np.setdiff1d(np.arange(len(data)), inside), np.sort(inside)


def _whole_groups(groups: NDArray[Any], share: float, random: np.random.RandomState) -> NDArray[Any]:
    labels, members = np.unique(groups, return_inverse=True)
    if len(labels) == 1:
        raise TooFewSamplesError("The groups to hold a validation part out of", 2, 1)
    count = min(max(1, round(share * len(labels))), len(labels) - 1)
    return np.flatnonzero(np.isin(members, random.permutation(len(labels))[:count]))


def _can_cross(data: Dataset, validation: object, share: float | Literal["auto"]) -> bool:
    """Whether networks can hold out different parts: none is given, and some are wanted."""
    if validation is not None or share == 0 or len(data) < FEWEST_TO_HOLD_OUT:
        return False
    if data.for_other_series:
        return _units(data)[1] > 1
    return not _are_in_order(data) or _is_short_series(data)


def _are_in_order(data: Dataset) -> bool:
    """Whether sequences come one after the other in time."""
    return not data.for_other_series and (data.windows is not None or data.goes_on)


def _is_short_series(data: Dataset) -> bool:
    """Whether the end of a series would say too little, and any stretch of it can be held out instead."""
    is_one = data.windows is None or data.windows.timeline.labels is None
    left = len(data) - len(data) // _SEVERAL - 2 * (places_apart(data.sequences) - 1)
    return is_one and _is_little(data) and left >= _LEAST_LEFT * len(data) and _stays_around_a_level(data.y)


def _stays_around_a_level(y: NDArray[np.float64]) -> bool:
    """Whether the levels of stretches differ less than what is within them, in each target."""
    levels = [stretch.mean(axis=0) for stretch in np.array_split(y, _SEVERAL)]
    return bool((np.var(levels, axis=0) <= _MOST_BETWEEN * y.var(axis=0)).all())


def _is_little(data: Dataset) -> bool:
    """Whether a tenth of the data would decide by chance what all that follows rests on."""
    return _units(data)[1] < FEW and len(data) <= _MOST_IN_FEW_SERIES


def _units(data: Dataset) -> tuple[NDArray[np.int64], int]:
    """Give the number of what each sequence is held out with, its series or itself alone, and how many these are."""
    if data.for_other_series and data.series is not None:
        labels, units = np.unique(data.series, return_inverse=True)
        return units, len(labels)
    return np.arange(len(data)), len(data)


def _crossed(
    data: Dataset, share: float, random: np.random.RandomState, members: int
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Give the places that each network learns from, and those that it holds out: other ones, while there are any."""
    if _are_in_order(data):
        yield from _stretches(len(data), min(share, 1 / members), members, places_apart(data.sequences) - 1)
        return
    units, count = _units(data)
    order = random.permutation(count)
    for member in range(members):
        first, end = round(member * share * count), round((member + 1) * share * count)
        end = min(max(end, first + 1), first + count - 1)
        inside = np.isin(units, order[np.arange(first, end) % count])
        yield np.flatnonzero(~inside), np.flatnonzero(inside)


def _stretches(
    count: int, share: float, members: int, gap: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Give the same of a series: stretches up to its end, and all that shares no step with each."""
    places = np.arange(count)
    for member in range(members):
        first, end = (count - round(after * share * count) for after in (members - member, members - member - 1))
        yield places[(places < first - gap) | (places >= end + gap)], places[first:end]
