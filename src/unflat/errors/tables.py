"""Tables that cannot be used."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from unflat.errors.base import UnflatError, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from os import PathLike


class TableError(UnflatError, ValueError):
    """A table cannot be used."""


class UnreadableTableError(TableError):
    """A file is not there, not of a known kind, or not what its name says.

    Parameters
    ----------
    path : str or path
        The file.
    expected : str
        What could have been read.
    received : str
        What was found, with the row where one is known.
    remedy : str
        What to do about it.
    """

    def __init__(self, path: str | PathLike[str], expected: str, received: str, remedy: str) -> None:
        self.path = str(path)
        super().__init__(f"The table {self.path}", expected, received, remedy)


class TableChangedError(TableError):
    """A file was written while it was being read, so that its columns would not belong together.

    Parameters
    ----------
    path : str or path
        The file.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = str(path)
        super().__init__(
            f"The table {self.path}",
            "a file that stays as it is while it is read",
            "one that was written, moved or removed meanwhile",
            "Read it again when nobody writes to it; write large files under another name and rename them at the end.",
        )


class MissingColumnError(TableError):
    """A column that was asked for is not in the table.

    Parameters
    ----------
    column : str
        What was asked for.
    available : sequence of str
        The columns there are.
    role : str
        What the column was wanted as: target, feature, time, group.
    settled : bool
        Whether it is a column of a model, which is no more to be chosen.
    taken : collection of str
        Columns that have a role already, so that none of them can have been meant.
    """

    def __init__(
        self,
        column: str,
        available: Sequence[str],
        role: str,
        *,
        settled: bool = False,
        taken: Collection[str] = (),
    ) -> None:
        self.column = column
        self.available = tuple(available)
        self.role = role
        self.settled = settled
        free = [name for name in self.available if name not in taken]
        same = tuple(name for name in free if name.casefold().strip() == column.casefold().strip())
        self.nearest = same or tuple(get_close_matches(column, free, n=3, cutoff=0.4))
        super().__init__(
            f"The {role} column {column!r}",
            "a column of the table",
            f"a table with the columns {listed(self.available)}",
            self._remedy(),
        )

    def _remedy(self) -> str:
        nearest = " or ".join(map(repr, self.nearest))
        if self.settled:
            renamed = f"rename {nearest} if it is the same, or " if nearest else ""
            return f"The model was trained with it: {renamed}give a table that has it."
        return f"Did you mean {nearest}?" if nearest else f"Choose one of {listed(self.available)}."


class ColumnTypeError(TableError):
    """A column holds another kind of value than its role needs.

    Parameters
    ----------
    column : str
        The column.
    expected : str
        The kind of value that was needed.
    received : str
        What it holds, with an example.
    row : int or None
        The first row concerned, counted from 0 without the header.
    remedy : str
        What to do about it.
    line : int or None
        The line at which that row begins in the text file that it was read from, counted from 1.
    path : str, path or None
        That file.
    """

    def __init__(
        self,
        column: str,
        expected: str,
        received: str,
        row: int | None,
        remedy: str,
        *,
        line: int | None = None,
        path: str | PathLike[str] | None = None,
    ) -> None:
        self.column = column
        self.row = row
        self.line = line
        self.path = None if path is None else str(path)
        self._held = received
        where = f" in row {row}" if row is not None else ""
        file = "the file" if path is None else f"the file {path}"
        where = where if line is None else f" in line {line} of {file}"
        super().__init__(f"The column {column!r}", expected, f"{received}{where}", remedy)

    def in_line(self, line: int, path: str | PathLike[str]) -> ColumnTypeError:
        """Give the same error with the line of a file in place of the row."""
        return ColumnTypeError(self.column, self.expected, self._held, self.row, self.remedy, line=line, path=path)


class DuplicateTimeError(TableError):
    """A time stamp stands more than once in one series.

    Parameters
    ----------
    column : str
        The time column.
    time : str
        The first time that is repeated.
    count : int
        How many rows repeat an earlier time of their series.
    group : str or None
        The series, where there are several.
    only_dates : bool
        Whether the column says nothing of the time of day.
    set_back : bool
        Whether these may be hours that a clock shows twice, for it is set back in autumn.
    settled : bool
        Whether they are read for a model, whose group is no more to be chosen.
    """

    def __init__(
        self,
        column: str,
        time: str,
        count: int,
        group: str | None,
        *,
        only_dates: bool = False,
        set_back: bool = False,
        settled: bool = False,
    ) -> None:
        self.column = column
        self.time = time
        self.count = count
        self.group = group
        self.only_dates = only_dates
        self.set_back = set_back
        self.settled = settled
        series = f" of the series {group!r}" if group is not None else ""
        super().__init__(
            f"The time column {column!r}{series}",
            "each time once in a series",
            f"{count} repeated, the first {time}",
            self._remedy(),
        )

    def for_a_model(self) -> DuplicateTimeError:
        """Give the same error of rows that are read for a model, whose group is no more to be chosen."""
        return DuplicateTimeError(
            self.column, self.time, self.count, self.group,
            only_dates=self.only_dates, set_back=self.set_back, settled=True,
        )  # fmt: skip

    def _remedy(self) -> str:
        remedy = self._remedy_for_a_model() if self.settled else self._remedy_for_windows()
        if self.set_back:
            return (
                f"If the clock was set back then, write the times in UTC, or with their offset from it; else {remedy}"
            )
        return remedy[0].upper() + remedy[1:]

    def _remedy_for_windows(self) -> str:
        joined = "join the dates with the times of day if another column holds them, " if self.only_dates else ""
        return (
            "name the column that tells the series apart, or all that do so together, as the group, "
            f"{joined}or drop the repeated rows."
        )

    def _remedy_for_a_model(self) -> str:
        if self.group is not None:
            return "drop the repeated rows, or label rows of different series differently."
        return (
            "drop the repeated rows, or give the rows of one series at a time, for the model was trained without a "
            "group. To predict for several series at once, train one with the column that tells them apart as the "
            "group."
        )


class TargetLeakError(TableError):
    """A target stands among the features of the very row that it is to be predicted for.

    Parameters
    ----------
    column : str
        The target.
    """

    def __init__(self, column: str) -> None:
        self.column = column
        super().__init__(
            f"The target {column!r} at horizon 0",
            "features that do not hold the answer",
            "the target among the features of its own row",
            "Leave it out of the features, or set a horizon of at least 1.",
        )


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


class WindowTooLongError(TableError):
    """No series is long enough for one window and its horizon.

    Parameters
    ----------
    length : int
        Rows in a window.
    horizon : int
        Rows between the window's last row and its target.
    longest : int
        Rows of the longest series.
    settled : bool
        Whether the window is that of a model, which is no more to be chosen.
    held_out : int
        Rows of that series that are kept from training.
    """

    def __init__(self, length: int, horizon: int, longest: int, *, settled: bool = False, held_out: int = 0) -> None:
        self.length = length
        self.horizon = horizon
        self.longest = longest
        self.settled = settled
        self.held_out = held_out
        needed = length + horizon
        most = longest - horizon - held_out
        fewer = ", better of far fewer" if most > 1 else ""
        held = f"{fewer}, for {held_out} of the {longest} are held out of training" if held_out else ""
        remedy = f"Choose a window of at most {_rows(most)}{held}, or give longer series."
        if most < 1:
            smaller = "Choose a smaller horizon, or give" if horizon > 1 else "Give"
            remedy = f"No window fits with this horizon{held}. {smaller} longer series."
        super().__init__(
            f"The model, which reads {_rows(length)}"
            if settled
            else f"A window of {_rows(length)} with horizon {horizon}",
            f"a series of at least {_rows(needed)}",
            f"{_rows(longest)} in the longest series",
            f"Give at least {_rows(needed)} of a series." if settled else remedy,
        )


class MissingFutureError(TableError):
    """The rows after a table's past, for which columns were said to be known, are not there.

    Parameters
    ----------
    columns : sequence of str
        The columns that are known in advance.
    horizon : int
        How many rows ahead they are needed.
    count : int
        How many there are.
    place : str
        The last row of the past.
    series : int
        How many series lack them.
    """

    def __init__(self, columns: Sequence[str], horizon: int, count: int, place: str, series: int) -> None:
        self.columns = tuple(columns)
        self.horizon = horizon
        self.count = count
        self.series = series
        others = f"; {series} series lack some" if series > 1 else ""
        super().__init__(
            f"The known columns {listed(self.columns)} after {place}",
            f"values in the {horizon} rows that follow it",
            f"{count} such rows{others}",
            "Append a row for each step ahead, with its time and the known columns filled in and the others empty.",
        )


class EmptyPartError(TableError):
    """A split leaves a part without windows.

    Parameters
    ----------
    part : str
        The part.
    counts : mapping of str to int
        How many windows each part would have.
    remedy : str
        What to do about it.
    """

    def __init__(self, part: str, counts: Mapping[str, int], remedy: str) -> None:
        self.part = part
        self.counts = dict(counts)
        shared = ", ".join(f"{count} for {name}" for name, count in self.counts.items())
        super().__init__(f"The {part} part", "at least one window", f"the windows split as {shared}", remedy)
