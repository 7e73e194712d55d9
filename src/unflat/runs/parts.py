"""From a file to the parts that a run needs: one to train on, one to choose by, one to judge by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

import numpy as np

from unflat.config import AtLeast, Interval
from unflat.errors import ConfigurationError, TooFewSamplesError, WindowTooLongError
from unflat.tables import read_ts
from unflat.windows import Windows, apply_schema, make_windows

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from unflat.sequences import Sequences


@dataclass(frozen=True)
class Cut:
    """How windows are cut from a table, as `make_windows` takes it.

    Parameters
    ----------
    target : tuple of str
        The columns to predict.
    length : int
        Rows in a window.
    horizon : int or tuple of int
        How many rows after a window's last row its target lies; 0 is that row itself. Several are ascending.
    features : tuple of str or None
        The columns that a window holds; None for all but time and group.
    time : str or None
        The column that orders the rows; None for the only column of dates, where there is one.
    group : str or tuple of str, or None
        The column that tells series apart, or those that do together.
    stride : int
        Rows from one window's start to the next one's.
    calendar : tuple of str
        Features to make of the time column.
    known : tuple of str
        The columns that are known in advance.
    static : tuple of str
        The columns that are constant within a group.
    labels : tuple of str
        Columns of numbers that are labels.
    missing : tuple of float
        Numbers that stand for a missing value.
    """

    target: tuple[str, ...]
    length: int
    horizon: int | tuple[int, ...] = 1
    features: tuple[str, ...] | None = None
    time: str | None = None
    group: str | tuple[str, ...] | None = None
    stride: int = 1
    calendar: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    missing: tuple[float, ...] = ()

    def windows(self, data: str | PathLike[str]) -> Windows:
        """Cut windows from a file.

        Parameters
        ----------
        data : path
            A table of time steps.

        Returns
        -------
        Windows
            With their targets.

        Raises
        ------
        TableError
            If the file cannot be read, has no such columns, or is too short for a single window; its subclasses say
            why.
        InputError
            If a target or feature is infinite, or has no value.
        ConfigurationError
            If a measure is out of its bounds, or names are repeated.
        OutputError
            If the file is larger than memory, and its columns cannot be kept on the disk.
        """
        return make_windows(
            data,
            target=self.target,
            length=self.length,
            horizon=self.horizon,
            features=self.features,
            time=self.time,
            group=self.group,
            stride=self.stride,
            calendar=self.calendar,
            known=self.known,
            static=self.static,
            labels=self.labels,
            missing=self.missing,
        )


@dataclass(frozen=True)
class Holdout:
    """What is kept from training.

    Parameters
    ----------
    test : float
        Share that the finished model is judged on, where there is no file of its own for that.
    validation : float
        Share that chooses the epoch whose weights are kept; 0 leaves the choice to the model's own
        `validation_fraction`.
    by : {"time", "group"} or None
        How windows of a table are split; None for by time. The sequences of a .ts file are drawn by chance.
    gap : int
        By time, how many rows after a cut are the target of no window.
    seed : int
        Draws what is drawn.

    Raises
    ------
    ConfigurationError
        If a share or the seed is outside what it may be.
    """

    test: float = 0.2
    validation: float = 0.1
    by: Literal["time", "group"] | None = None
    gap: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, share, bounds in (
            ("test", self.test, Interval(0, 1, "neither")),
            ("validation", self.validation, Interval(0, 1, "left")),
            ("test + validation", self.test + self.validation, Interval(0, 1, "neither")),
        ):
            if not bounds.admits(share):
                raise ConfigurationError("Holdout", name, str(bounds), share)
        if not AtLeast(0).admits(self.seed):
            raise ConfigurationError("Holdout", "seed", str(AtLeast(0)), self.seed)


class Part(NamedTuple):
    """Sequences with their targets.

    Parameters
    ----------
    X : Windows or Sequences
        The sequences.
    y : ndarray of shape (n,) or None
        Their targets; None with windows, which hold their own.
    """

    X: Windows | Sequences
    y: NDArray[np.float64] | None

    @property
    def targets(self) -> NDArray[np.float64]:
        """The targets, of shape (n,) or (n, n_outputs)."""
        return np.asarray(self.X.y if isinstance(self.X, Windows) else self.y, dtype=np.float64)


class Parts(NamedTuple):
    """The parts of a run; `validation` is None where the model is to choose its own."""

    train: Part
    validation: Part | None
    test: Part

    @property
    def validation_to_fit(self) -> object:
        """The validation part as `fit` takes it: windows alone, or sequences with their targets."""
        if self.validation is None:
            return None
        return self.validation.X if self.validation.y is None else tuple(self.validation)


def is_ts(path: str | PathLike[str]) -> bool:
    """Whether a file holds whole sequences rather than a table of time steps."""
    return Path(path).suffix.lower() == ".ts"


def read_parts(
    data: str | PathLike[str], test_data: str | PathLike[str] | None, cut: Cut | None, holdout: Holdout
) -> Parts:
    """Read what a run needs.

    Parameters
    ----------
    data : str or path
        A table (.csv, .tsv, .parquet), or whole sequences (.ts).
    test_data : str or path, or None
        The part to judge by, of the same kind; None to split it off.
    cut : Cut or None
        How windows are cut from a table; None for a .ts file.
    holdout : Holdout
        How the parts are split.

    Returns
    -------
    Parts
        The parts.

    Raises
    ------
    ConfigurationError
        If a table comes without a cut, a .ts file with one, or with a way to split that it does not have.
    UnflatError
        If a file cannot be read, or leaves a part empty.
    """
    if is_ts(data):
        _refuse_for_ts("cut", cut)
        _refuse_for_ts("by", holdout.by)
        return _parts_of_sequences(data, test_data, holdout)
    if cut is None:
        raise ConfigurationError(
            "train_run", "cut", "a Cut with target and length, for a table of time steps", cut,
            "Say what to predict from how many rows: cut=Cut(target=('load',), length=48).",
        )  # fmt: skip
    return _parts_of_table(data, test_data, cut, holdout)


def _refuse_for_ts(name: str, value: object) -> None:
    if value is not None:
        raise ConfigurationError(
            "train_run", name, "None for a .ts file, whose sequences are whole", value, "Leave it out."
        )


def split_part(whole: Part, holdout: Holdout, *, test: bool = True) -> tuple[Part, Part | None, Part | None]:
    """Split all that a file holds: the same file and holdout give the same parts.

    Parameters
    ----------
    whole : Part
        Windows, or whole sequences with their targets.
    holdout : Holdout
        How the parts are split.
    test : bool
        Whether a part to judge by is split off.

    Returns
    -------
    train : Part
        What is trained on.
    validation, test : Part or None
        What is chosen by and what is judged by; None for nothing.

    Raises
    ------
    UnflatError
        If a part is left empty.
    """
    if isinstance(whole.X, Windows):
        return _split_windows(whole.X, holdout, holdout.test if test else 0.0)
    shares = (holdout.validation, holdout.test if test else 0.0)
    drawn = _drawn(len(whole.X), shares, np.random.default_rng(holdout.seed))
    train, validation, judged = (
        Part(whole.X.take(index), whole.targets[index]) if len(index) else None for index in drawn
    )
    return cast("Part", train), validation, judged


def _split_windows(windows: Windows, holdout: Holdout, test: float) -> tuple[Part, Part | None, Part | None]:
    split = windows.split(
        test=test, validation=holdout.validation, by=holdout.by or "time", gap=holdout.gap, random_state=holdout.seed
    )
    validation, judged = (Part(part, None) if len(part) else None for part in (split.validation, split.test))
    return Part(split.train, None), validation, judged


def _parts_of_table(
    data: str | PathLike[str], test_data: str | PathLike[str] | None, cut: Cut, holdout: Holdout
) -> Parts:
    try:
        windows = cut.windows(data)
    except WindowTooLongError as error:
        share = 0.0 if holdout.by == "group" else holdout.validation + (holdout.test if test_data is None else 0.0)
        held_out = round(share * error.longest)
        raise WindowTooLongError(error.length, error.horizon, error.longest, held_out=held_out) from None
    train, validation, test = split_part(Part(windows, None), holdout, test=test_data is None)
    if test_data is not None:
        test = Part(apply_schema(test_data, windows.schema, targets=True), None)
    return Parts(train, validation, cast("Part", test))


def _parts_of_sequences(data: str | PathLike[str], test_data: str | PathLike[str] | None, holdout: Holdout) -> Parts:
    train, validation, test = split_part(Part(*read_ts(data)), holdout, test=test_data is None)
    return Parts(train, validation, cast("Part", test) if test_data is None else Part(*read_ts(test_data)))


def _drawn(n: int, shares: tuple[float, ...], random: np.random.Generator) -> list[NDArray[np.int64]]:
    """Draw disjoint parts of these shares, at least one of each share above 0, after what is left of them."""
    counts = [max(1, round(share * n)) if share > 0 else 0 for share in shares]
    if sum(counts) >= n:
        raise TooFewSamplesError("The file, to be split into parts", sum(counts) + 1, n)
    order = random.permutation(n)
    cuts = np.cumsum([n - sum(counts), *counts])
    return [np.sort(part) for part in np.split(order, cuts[:-1])]
