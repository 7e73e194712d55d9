"""Everything that unflat raises or warns, each saying what, where, received and remedy.

::

    UnflatError
    ├── ConfigurationError      a parameter is outside what it may be
    ├── InputError              sequences or targets cannot be used
    │   ├── InputTypeError      values are not numbers
    │   ├── ShapeError          wrong dimensions, features, outputs or length
    │   ├── TooFewSamplesError  not enough sequences to learn from
    │   ├── NonFiniteError      infinite values, or a target that is missing
    │   ├── AllMissingError     a column or a sequence holds nothing but NaN
    │   ├── ConstantTargetError every target is the same number
    │   └── ScaleDomainError    values that a scale cannot take, a log of zero
    ├── TableError              a table cannot be used
    │   ├── UnreadableTableError
    │   ├── MissingColumnError
    │   ├── ColumnTypeError
    │   ├── DuplicateTimeError
    │   ├── TargetLeakError     the target stands among the features of its own row
    │   ├── WindowTooLongError  no series is long enough for one window
    │   └── EmptyPartError      a split leaves a part without windows
    ├── ArtifactError           a model file cannot be used
    │   ├── ForeignArtifactError
    │   ├── CorruptArtifactError
    │   └── NewerFormatError
    ├── OutputError             something cannot be written
    │   └── OutputExistsError
    └── MissingExtraError       an optional part is not installed

    UnflatWarning
    ├── DataWarning             the data can be used, with a reservation
    │   ├── ConstantColumnWarning
    │   ├── MissingValuesWarning
    │   ├── TimeGapWarning
    │   └── UnknownCategoryWarning
    └── FitWarning              a model was fitted that should not be trusted
        ├── FlatPredictionWarning
        ├── NoSkillWarning
        ├── DivergedWarning
        └── InterruptedWarning
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike


def _rebuild(cls: type[UnflatError], message: str, values: dict[str, Any]) -> UnflatError:
    error = cls.__new__(cls)
    error.args = (message,)  # not through __new__: OSError's leaves them to an __init__ that is not called
    error.__dict__.update(values)
    return error


class UnflatError(Exception):
    """Base of everything that unflat raises.

    Parameters
    ----------
    subject : str
        What is wrong, and where.
    expected : str
        What would have been right.
    received : str
        What was there.
    remedy : str
        What to do about it, as a full sentence.
    """

    def __init__(self, subject: str, expected: str, received: str, remedy: str) -> None:
        self.subject = subject
        self.expected = expected
        self.received = received
        self.remedy = remedy
        super().__init__(f"{subject}: expected {expected}; received {received}. {remedy}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Subclasses take values, not the message, so the default (class, args) would not rebuild them in
        # another process, as joblib does under GridSearchCV.
        return _rebuild, (type(self), str(self), self.__dict__.copy())


class ConfigurationError(UnflatError, ValueError):
    """A parameter is outside what it may be.

    Parameters
    ----------
    owner : str
        The class or command that the parameter belongs to.
    name : str
        The parameter.
    constraint : str
        What it must be, in words.
    value : object
        What it was.
    """

    def __init__(self, owner: str, name: str, constraint: str, value: object) -> None:
        self.owner = owner
        self.name = name
        self.constraint = constraint
        self.value = value
        super().__init__(f"The parameter '{name}' of {owner}", constraint, repr(value), f"Set '{name}' accordingly.")


class InputError(UnflatError, ValueError):
    """Sequences or targets cannot be used."""


class InputTypeError(InputError, TypeError):
    """Values are not numbers, or come in a container that does not hold sequences."""


class ShapeError(InputError):
    """Wrong dimensions, features, outputs or length.

    Parameters
    ----------
    subject : str
        The array, as the caller knows it.
    expected : str
        The shape that was needed, in words.
    shape : tuple of int
        The shape that was there.
    remedy : str
        What to do about it.
    """

    def __init__(self, subject: str, expected: str, shape: Sequence[int], remedy: str) -> None:
        self.shape = tuple(shape)
        super().__init__(subject, expected, f"shape {self.shape}", remedy)


class TooFewSamplesError(InputError):
    """Not enough sequences to learn from.

    Parameters
    ----------
    subject : str
        The data that is too small.
    minimum : int
        How many are needed.
    count : int
        How many there are.
    """

    def __init__(self, subject: str, minimum: int, count: int) -> None:
        self.minimum = minimum
        self.count = count
        noun = "sample" if count == 1 else "sample(s)"
        super().__init__(
            subject,
            f"at least {minimum} samples",
            f"{count} {noun}",
            "Give more sequences, or cut windows with a smaller stride.",
        )


class NonFiniteError(InputError):
    """Infinite values, or a target that is missing.

    Parameters
    ----------
    subject : str
        The array, and its column where it has one.
    received : str
        What was found: how many of which value.
    position : tuple of int
        Where the first one stands.
    remedy : str
        What to do about it.
    """

    def __init__(self, subject: str, received: str, position: Sequence[int], remedy: str) -> None:
        self.position = tuple(position)
        super().__init__(subject, "finite numbers", f"{received}, the first at {self.position}", remedy)


class AllMissingError(InputError):
    """A column, or a sequence, holds nothing but NaN.

    Parameters
    ----------
    subject : str
        Where: the array and what of it.
    names : sequence of str or int
        The columns or sequences concerned.
    remedy : str
        What to do about it.
    """

    def __init__(self, subject: str, names: Sequence[str | int], remedy: str) -> None:
        self.names = tuple(names)
        super().__init__(subject, "at least one value each", f"nothing but NaN in {_listed(names)}", remedy)


class ConstantTargetError(InputError):
    """Every target is the same number, so there is nothing to learn.

    Parameters
    ----------
    output : str
        The output's name or number.
    value : float
        The one value it has.
    count : int
        How many targets have it.
    """

    def __init__(self, output: str, value: float, count: int) -> None:
        self.output = output
        self.value = value
        self.count = count
        super().__init__(
            f"The target {output}",
            "values that differ",
            f"{value:g} in all {count} training samples",
            "Check that the right column is the target; a constant needs no model.",
        )


class ScaleDomainError(InputError):
    """Values that a scale cannot take.

    Parameters
    ----------
    subject : str
        The array and its column.
    scale : str
        The scale, as the parameter names it.
    minimum : float
        The smallest value.
    """

    def __init__(self, subject: str, scale: str, minimum: float) -> None:
        self.scale = scale
        self.minimum = minimum
        super().__init__(
            subject,
            f"positive values for the scale '{scale}'",
            f"a smallest value of {minimum:g}",
            "Choose 'standard' or 'robust', or add an offset to the target.",
        )


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
    """

    def __init__(self, column: str, available: Sequence[str], role: str) -> None:
        self.column = column
        self.available = tuple(available)
        self.role = role
        self.nearest = tuple(get_close_matches(column, self.available, n=3, cutoff=0.4))
        remedy = (
            f"Did you mean {' or '.join(map(repr, self.nearest))}?"
            if self.nearest
            else f"Choose one of {_listed(self.available)}."
        )
        super().__init__(
            f"The {role} column {column!r}",
            "a column of the table",
            f"a table with the columns {_listed(self.available)}",
            remedy,
        )


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
    """

    def __init__(self, column: str, expected: str, received: str, row: int | None, remedy: str) -> None:
        self.column = column
        self.row = row
        where = f" in row {row}" if row is not None else ""
        super().__init__(f"The column {column!r}", expected, f"{received}{where}", remedy)


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
    """

    def __init__(self, column: str, time: str, count: int, group: str | None) -> None:
        self.column = column
        self.time = time
        self.count = count
        self.group = group
        series = f" of the series {group!r}" if group is not None else ""
        super().__init__(
            f"The time column {column!r}{series}",
            "each time once in a series",
            f"{count} repeated, the first {time}",
            "Name the column that tells the series apart as the group, or drop the repeated rows.",
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
    """

    def __init__(self, length: int, horizon: int, longest: int) -> None:
        self.length = length
        self.horizon = horizon
        self.longest = longest
        super().__init__(
            f"A window of {length} rows with horizon {horizon}",
            f"a series of at least {length + horizon} rows",
            f"{longest} rows in the longest series",
            f"Choose a window of at most {max(longest - horizon, 1)} rows, or give longer series.",
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


class ArtifactError(UnflatError, ValueError):
    """A model file cannot be used.

    Parameters
    ----------
    path : str or path
        The file.
    expected : str
        What was needed.
    received : str
        What was found.
    remedy : str
        What to do about it.
    """

    def __init__(self, path: str | PathLike[str], expected: str, received: str, remedy: str) -> None:
        self.path = str(path)
        super().__init__(f"The model file {self.path}", expected, received, remedy)


class ForeignArtifactError(ArtifactError):
    """The file was not written by unflat."""


class CorruptArtifactError(ArtifactError):
    """The file was written by unflat and has been cut short or altered since."""


class NewerFormatError(ArtifactError):
    """The file was written by a later unflat, in a format that this one does not know."""


class OutputError(UnflatError, OSError):
    """Something cannot be written: a full disk, a read-only folder, a path that is no folder.

    Parameters
    ----------
    path : str or path
        What was to be written.
    reason : str
        What the system said.
    remedy : str
        What to do about it.
    """

    def __init__(self, path: str | PathLike[str], reason: str, remedy: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"Writing {self.path}", "a place that can be written", reason, remedy)

    def __str__(self) -> str:
        # OSError would print its first two arguments as a number and a text.
        return str(self.args[0])


class OutputExistsError(OutputError):
    """The place is taken, and overwriting was not asked for."""


class MissingExtraError(UnflatError, ImportError):
    """An optional part is not installed.

    Parameters
    ----------
    module : str
        The module that was to be imported.
    extra : str
        The extra of unflat that brings it.
    """

    def __init__(self, module: str, extra: str) -> None:
        self.module = module
        self.extra = extra
        super().__init__(
            f"The optional module {module!r}",
            "it to be installed",
            "an environment without it",
            f"Run: python -m pip install 'unflat[{extra}]'",
        )


class UnflatWarning(UserWarning):
    """Base of everything that unflat warns."""


class DataWarning(UnflatWarning):
    """The data can be used, with a reservation."""


class ConstantColumnWarning(DataWarning):
    """Columns have one value in all training rows and carry nothing."""


class MissingValuesWarning(DataWarning):
    """Values are missing where none were missing in training."""


class TimeGapWarning(DataWarning):
    """Rows are missing in time; windows do not reach across the gap."""


class UnknownCategoryWarning(DataWarning):
    """A categorical column holds a value that training never saw."""


class FitWarning(UnflatWarning):
    """A model was fitted that should not be trusted."""


class FlatPredictionWarning(FitWarning):
    """The predictions hardly vary."""


class NoSkillWarning(FitWarning):
    """The predictions are no better than a baseline's."""


class DivergedWarning(FitWarning):
    """Training left the finite numbers."""


class InterruptedWarning(FitWarning):
    """Training was stopped by hand; the best weights so far are kept."""


def _listed(names: Sequence[object], most: int = 8) -> str:
    """Join names for a sentence, and count those that do not fit in it."""
    shown = ", ".join(map(repr, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
