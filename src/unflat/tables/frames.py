"""Frames of any library as one kind of table: named columns, converted when they are asked for."""

from __future__ import annotations

import re
from numbers import Real
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from unflat.errors import InputTypeError, TableError
from unflat.tables.columns import as_it_is
from unflat.tables.levels import joined_names
from unflat.tables.missing import without_codes
from unflat.tables.times import has_offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


_REMEDIES = {"LazyFrame": "Call .collect() first.", "RecordBatch": "Give pyarrow.Table.from_batches([batch])."}
"""What makes a frame of things that are nearly one."""

_NAMELESS = re.compile(r"__index_level_\d+__")
"""What levels of a pandas index without a name are called in Arrow and Parquet."""

_UTC = re.compile(r"(UTC)?[+-]?[0:]*")
"""UTC by any name that a fixed offset has."""


class Table:
    """A frame of any library; its columns come as polars series, without a copy where numbers allow it.

    Parameters
    ----------
    columns : dict of str to narwhals.Series
        The columns by name.
    index : frozenset of str
        Which of them stood in the frame's index: they label rows, and are no features unless named.
    height : int
        How many rows there are.
    lasting : bool
        Whether nobody can change the columns, so that they may be used where they stand.
    codes : tuple of float
        Numbers that stand for a missing value, in whatever column of numbers they are.

    Attributes
    ----------
    date_formats : dict of str to str
        How dates were written in columns that were read from text, such as "%m/%d/%Y", where another file might not
        tell which of day and month is which.
    offsets : frozenset of str
        Columns that were read from text in which times have offsets from UTC.
    """

    def __init__(
        self,
        columns: dict[str, nw.Series[Any]],
        index: frozenset[str] = frozenset(),
        height: int = 0,
        *,
        lasting: bool = False,
        codes: tuple[float, ...] = (),
    ) -> None:
        self.lasting = lasting
        self.date_formats: dict[str, str] = {}
        self.offsets: frozenset[str] = frozenset()
        self._columns = columns
        self._codes = codes
        self._converted: dict[str, pl.Series] = {}
        self.index = index
        self.height = height

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, those of the index last."""
        return tuple(self._columns)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.height} rows and {len(self.names)} columns>"

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def is_numeric(self, name: str) -> bool:
        """Whether a column is of a numeric type; told without reading it where that is possible."""
        return self[name].dtype.is_numeric()

    def has_lost_its_clock(self, name: str) -> bool:
        """Whether times were given with offsets from UTC, which no time zone of polars has: they are held in UTC."""
        given = self._columns.get(name, self[name])
        zone = getattr(given.dtype, "time_zone", None)
        lost = zone is not None and _zone_in_polars(zone) != zone and not _UTC.fullmatch(zone)
        return lost or name in self.offsets or has_offsets(self[name])

    def floats(self, name: str) -> NDArray[Any] | None:
        """View a column of numbers as it stands, where that is as floats that nobody can change; else None."""
        return as_it_is(self[name]) if self.lasting else None

    def __getitem__(self, name: str) -> pl.Series:
        if name not in self._converted:
            self._converted[name] = without_codes(_as_polars(self._columns[name]).alias(name), self._codes)
        return self._converted[name]

    def without(self, codes: Sequence[float]) -> Table:
        """Give the same table with numbers missing that stand for a missing value.

        Parameters
        ----------
        codes : sequence of float
            These numbers, in whatever column of numbers they are.

        Returns
        -------
        Table
            This one if there are none; it stays as it is.
        """
        if not codes:
            return self
        other = Table(self._columns, self.index, self.height, lasting=self.lasting, codes=tuple(codes))
        other.date_formats, other.offsets = self.date_formats, self.offsets
        return other


def as_table(frame: object) -> Table:
    """Take a frame of pandas, polars, pyarrow or any library that narwhals knows.

    Parameters
    ----------
    frame : DataFrame, Series with a name, or Table
        One row for each time step. Of a pandas index, the levels that have a name or hold times are columns too. Names
        that pandas has in several levels become one, without the levels that are the same for all: "Close", or
        "Close_AAPL".

    Returns
    -------
    Table
        Its columns; column names that are no text, as pandas allows, are turned into text.

    Raises
    ------
    InputTypeError
        If it is not a frame held in memory.
    TableError
        If two columns have one name.
    """
    if isinstance(frame, Table):
        return frame
    frame = _with_plain_names(frame)
    try:
        known: nw.DataFrame[Any] = nw.from_native(frame, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise _repeated(str(error).splitlines()[-1]) from error
    except TypeError as error:
        raise InputTypeError(
            "The table",
            "a DataFrame of pandas, polars or pyarrow",
            f"a {type(frame).__module__.partition('.')[0]} {type(frame).__name__}",
            _REMEDIES.get(type(frame).__name__, "Read a file with read_table, or build a frame with named columns."),
        ) from error
    columns = {str(name): known.get_column(name) for name in known.columns}
    if len(columns) < len(known.columns):
        raise _repeated("a number and a text that read the same")
    levels = _index_levels(frame, taken=frozenset(columns))
    nameless = [name for name in columns if _NAMELESS.fullmatch(name)]
    lasting = known.implementation.is_polars() or known.implementation.is_pyarrow()
    return Table(columns | levels, frozenset([*levels, *nameless]), len(known), lasting=lasting)


def _with_plain_names(frame: Any) -> Any:  # noqa: ANN401 - any library's
    """Make a frame of a series that has a name, and one name of each that pandas has in several levels."""
    series = nw.dependencies.is_pandas_series(frame) or nw.dependencies.is_polars_series(frame)
    if series and frame.name not in (None, ""):
        return frame.to_frame()
    if nw.dependencies.is_pandas_dataframe(frame) and frame.columns.nlevels > 1:
        return frame.set_axis(joined_names(list(frame.columns)), axis=1)
    return frame


def _repeated(received: str) -> TableError:
    return TableError("The table", "columns of distinct names", received, "Rename one of them.")


def _index_levels(frame: Any, taken: frozenset[str]) -> dict[str, nw.Series[Any]]:  # noqa: ANN401 - any library's
    """Find the levels of a pandas index that mean something: those with a name, and those of times."""
    if not nw.dependencies.is_pandas_dataframe(frame):
        return {}
    levels = {}
    for number, name in enumerate(frame.index.names):
        values = frame.index.get_level_values(number)
        temporal = values.dtype.kind == "M" or hasattr(values, "to_timestamp")
        label = str(name) if name is not None else "index"
        if (temporal or name is not None) and label not in taken:
            levels[label] = nw.from_native(values.to_series(), series_only=True)
    return levels


def _as_polars(series: nw.Series[Any]) -> pl.Series:
    native = series.to_native()
    if isinstance(native, pl.Series):
        return native
    if series.implementation.is_pyarrow():
        zone = getattr(series.dtype, "time_zone", None)
        if zone is not None and _zone_in_polars(zone) != zone:
            native = series.dt.convert_time_zone("UTC").to_native()
        converted = pl.from_arrow(native)
        return converted if isinstance(converted, pl.Series) else converted.to_series()
    if series.implementation.is_pandas() and str(native.dtype).startswith("period"):
        native = native.dt.to_timestamp() if hasattr(native, "dt") else native.to_timestamp()
        series = nw.from_native(native, series_only=True)
    if series.implementation.is_pandas() and native.dtype == np.longdouble:  # which polars has no type for
        series = nw.from_native(native.astype(np.float64), series_only=True)
    if series.dtype.is_numeric() or isinstance(series.dtype, nw.Boolean):
        return _numbers(series)
    if isinstance(series.dtype, nw.Datetime):
        return _instants(series)
    return _objects(series)


def _numbers(series: nw.Series[Any]) -> pl.Series:
    if isinstance(series.dtype, nw.Decimal) or series.is_null().any():
        series = series.cast(nw.Float64)  # a nullable type's missing values become NaN
    return pl.Series(series.to_numpy())


def _instants(series: nw.Series[Any]) -> pl.Series:
    zone = getattr(series.dtype, "time_zone", None)
    if zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    values = series.to_numpy()
    if values.dtype == "datetime64[s]":
        values = values.astype("datetime64[ms]")
    instants = pl.Series(values)
    if zone is None:
        return instants
    return instants.dt.replace_time_zone("UTC").dt.convert_time_zone(_zone_in_polars(zone))


def _zone_in_polars(zone: str) -> str:
    """Give a time zone by a name that polars knows: UTC for a fixed offset from it, which has none."""
    try:
        pl.Series([0]).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)
    except pl.exceptions.PolarsError:
        return "UTC"
    return zone


def _objects(series: nw.Series[Any]) -> pl.Series:
    missing = series.is_null().to_list()
    values = [None if gone else value for gone, value in zip(missing, series.to_list(), strict=True)]
    labels = isinstance(series.dtype, nw.Categorical | nw.Enum)
    try:
        return pl.Series(map(_label, values), dtype=pl.Categorical) if labels else pl.Series(values)
    except TypeError:  # several kinds of values in one column
        known = [value for value in values if value is not None]
        if all(isinstance(value, Real) for value in known):
            return pl.Series([None if value is None else float(value) for value in values], dtype=pl.Float64)
        return pl.Series(map(_label, values), dtype=pl.String)


def _label(value: object) -> str | None:
    """Write a label, a whole number alike whether it is held as a float or not."""
    if isinstance(value, float | np.floating) and value.is_integer():
        value = int(value)
    return None if value is None else str(value)
