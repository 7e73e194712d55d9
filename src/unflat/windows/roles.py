"""Find the role of each column: target, feature, time, group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from unflat.errors import ClockWarning, ConfigurationError, MissingColumnError, TargetLeakError, WindowTooLongError
from unflat.errors.telling import warn_user
from unflat.tables.columns import check_numeric, is_categorical, labels_of, refuse_all_missing, refuse_numbers_in_text
from unflat.tables.times import are_the_same_times, date_format_of, may_be_times
from unflat.windows.calendar import CALENDAR
from unflat.windows.schema import WindowSchema, calendar_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unflat.tables import Table


def find_schema(
    table: Table,
    *,
    target: str | Sequence[str],
    features: str | Sequence[str] | None,
    time: str | None,
    group: str | Sequence[str] | None,
    length: int,
    horizon: int | Sequence[int],
    stride: int,
    calendar: str | Sequence[str] = (),
    known: str | Sequence[str] = (),
    static: str | Sequence[str] = (),
    labels: Sequence[str] = (),
) -> WindowSchema:
    """Give each column its role, and hold it against what the role needs.

    Parameters
    ----------
    table : Table
        The table that windows are to be cut from.
    target, features, time, group, length, horizon, stride, calendar, known, static, labels
        As in `make_windows`.

    Returns
    -------
    WindowSchema
        All of them, with what was left open found.

    Raises
    ------
    MissingColumnError, ColumnTypeError, NonFiniteError, AllMissingError, TargetLeakError, ConfigurationError,
    WindowTooLongError
        As in `make_windows`.

    Warns
    -----
    ClockWarning
        As in `make_windows`.
    """
    targets = names_of(target, "target")
    horizon = tuple(horizon) if isinstance(horizon, list | tuple | range) else horizon
    measures = WindowSchema(targets, (), length, horizon, stride)  # type: ignore[arg-type]  # raises, before columns are looked at
    if table.height == 0:
        raise WindowTooLongError(length, measures.horizons[-1], 0)
    require(table, targets, "target")
    groups = () if group is None else names_of(group, "group")
    require(table, groups, "group")
    time = str(time) if isinstance(time, int) else time
    require(table, () if time is None else (time,), "time")
    require(table, labels, "label")
    time = _find_time(table, {*targets, *groups, *labels}) if time is None else time
    constant = _static(static, targets, groups)
    require(table, constant, "static")
    if features is None:
        chosen = _default_features(table, replace(measures, time=time), {time, *groups, *constant})
    else:
        chosen = names_of(features, "features")
    require(table, chosen, "feature")
    leaking = [name for name in targets if 0 in measures.horizons and name in chosen]
    if leaking:
        raise TargetLeakError(leaking[0])
    ahead = _known(known, targets)
    require(table, ahead, "known")
    _refuse_repeated(constant, {*chosen, *ahead})
    columns = tuple(dict.fromkeys((*chosen, *ahead, *constant)))
    _refuse_other_labels(labels, columns)
    refuse_all_missing([table[name] for name in dict.fromkeys((*targets, *columns))])
    for name in targets:
        check_numeric(table[name], target=True)
    fields = _calendar(calendar, time, chosen)
    if fields and time is not None and table.has_lost_its_clock(time):
        _warn_of_utc(time, fields)
    categories = _categories(table, columns, labels)
    return replace(
        measures,
        features=chosen,
        time=time,
        group=groups if len(groups) > 1 else next(iter(groups), None),
        categories=categories,
        calendar=fields,
        known=ahead,
        static=constant,
        date_format=None if time is None else table.date_formats.get(time, date_format_of(table[time])),
    )


def require(table: Table, names: Sequence[str], role: str) -> None:
    """Raise if a column is not in the table.

    Parameters
    ----------
    table : Table
        The table.
    names : sequence of str
        The columns.
    role : str
        What they are wanted as.

    Raises
    ------
    MissingColumnError
        With the names that come nearest.
    """
    for name in names:
        if name not in table:
            raise MissingColumnError(str(name), table.names, role)


def codes_of(missing: float | Sequence[float]) -> tuple[float, ...]:
    """Take one number that stands for a missing value, or several, as a tuple of floats.

    Raises
    ------
    ConfigurationError
        If one is no finite number.
    """
    try:
        codes = np.atleast_1d(np.asarray(missing, dtype=np.float64))
    except (TypeError, ValueError):
        codes = np.array([np.nan])
    if codes.ndim > 1 or not np.isfinite(codes).all():
        words = "a finite number that stands for a missing value, such as -999, or several"
        raise ConfigurationError("make_windows", "missing", words, missing)
    return tuple(codes.tolist())


def names_of(given: str | Sequence[str], parameter: str) -> tuple[str, ...]:
    """Take one name or several, distinct ones, as a tuple; raises `ConfigurationError`."""
    given = given.tolist() if hasattr(given, "tolist") else given  # what pandas' columns and NumPy's arrays are
    names = (given,) if isinstance(given, str | int) else given
    names = [str(name) if isinstance(name, int) else name for name in names] if isinstance(names, list | tuple) else []
    fitting = all(isinstance(name, str) for name in names)
    if not fitting or not names or len(set(names)) < len(names):
        raise ConfigurationError("make_windows", parameter, "one or more distinct names of columns", given)
    return tuple(names)


def _find_time(table: Table, others: set[str | None]) -> str | None:
    unread = (name for name in table.names if name not in others and not table.is_numeric(name))
    temporal = [name for name in unread if may_be_times(table[name])]
    if not all(are_the_same_times(table[temporal[0]], table[name]) for name in temporal[1:]):
        choices = ", ".join(map(repr, temporal))
        raise ConfigurationError(
            "make_windows", "time", f"one of {choices}, which all hold times", None,
            f"Say which one orders the rows: time={temporal[0]!r}.",
        )  # fmt: skip
    return temporal[0] if temporal else None


def _calendar(given: str | Sequence[str], time: str | None, features: Sequence[str]) -> tuple[str, ...]:
    if not given:
        return ()
    names = names_of(given, "calendar")
    if not set(names) <= set(CALENDAR):
        raise ConfigurationError("make_windows", "calendar", f"names among {', '.join(CALENDAR)}", given)
    if time is None:
        raise ConfigurationError(
            "make_windows", "calendar", "empty, for there is no time column", given,
            "Name the column of times as time=, or leave calendar out.",
        )  # fmt: skip
    taken = [name for name in calendar_names(time, names) if name in features]
    if taken:
        raise ConfigurationError("make_windows", "calendar", f"such that {taken[0]!r} is no column's name", given)
    return names


def _warn_of_utc(time: str, fields: Sequence[str]) -> None:
    told = (
        f"The times of {time!r} have offsets from UTC, and are read as times in UTC: the calendar features "
        f"({', '.join(fields)}) go by the clock of UTC. For a local clock, write the times by it, without offsets; or "
        "give them in a time zone, as Parquet files and data frames can."
    )
    warn_user(ClockWarning(told))


def _known(given: str | Sequence[str], targets: Sequence[str]) -> tuple[str, ...]:
    names = names_of(given, "known") if given else ()
    if set(names) & set(targets):
        raise ConfigurationError("make_windows", "known", "none of the targets, whose future is to be predicted", given)
    return names


def _static(given: str | Sequence[str], targets: Sequence[str], groups: Sequence[str]) -> tuple[str, ...]:
    names = names_of(given, "static") if given else ()
    if set(names) & set(targets):
        raise ConfigurationError("make_windows", "static", "none of the targets", given)
    if names and not groups:
        raise ConfigurationError(
            "make_windows", "static", "empty, for no group column tells series apart", given,
            "Name the column that does as group=, or leave static out.",
        )  # fmt: skip
    return names


def _refuse_repeated(static: Sequence[str], others: set[str]) -> None:
    repeated = [name for name in static if name in others]
    if repeated:
        raise ConfigurationError("make_windows", "static", "columns that are neither features nor known", repeated[0])


def _refuse_other_labels(labels: Sequence[str], columns: Sequence[str]) -> None:
    others = [name for name in labels if name not in columns]
    if others:
        raise ConfigurationError("make_windows", "labels", "names of features, known or static columns", others[0])


def _default_features(table: Table, schema: WindowSchema, others: set[str | None]) -> tuple[str, ...]:
    only_past = 0 not in schema.horizons
    left_out = {*others, *table.index, *(() if only_past else schema.targets)}
    features = tuple(name for name in table.names if name not in left_out and not _tells_time(table, schema, name))
    # A target may stand in the index of a frame; its past is then a feature like any other's.
    features += tuple(name for name in schema.targets if name not in features and only_past)
    if not features:
        raise ConfigurationError(
            "make_windows", "features", "one or more names, for the table has no other column", None
        )
    return features


def _tells_time(table: Table, schema: WindowSchema, name: str) -> bool:
    """Whether a column is the time once more, such as by another clock."""
    if schema.time is None or table.is_numeric(name) or table.is_numeric(schema.time):
        return False
    return are_the_same_times(table[schema.time], table[name])


def _categories(table: Table, features: Sequence[str], labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Find the labels of the categorical features; the other features are held against being numbers."""
    categories = {}
    for name in features:
        if name in labels:
            categories[name] = labels_of(table[name])
        elif is_categorical(table[name]):
            refuse_numbers_in_text(table[name])
            categories[name] = labels_of(table[name])
        else:
            check_numeric(table[name])
    return categories
