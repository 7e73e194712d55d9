"""Parquet files larger than memory: read in pieces into columns on the disk, which memory maps look at.

The columns are temporary files without a name wherever the system has such: whatever ends the process, nothing of them
is left.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import polars as pl

from unflat.errors import OutputError, TableChangedError, UnreadableTableError
from unflat.tables.frames import Table
from unflat.tables.missing import codes_left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from os import PathLike

    from numpy.typing import NDArray

_Read = TypeVar("_Read")

_PIECE_ROWS = 1 << 20
"""Rows of a column that are in memory together."""

_ROUNDING = 1e-5
"""The largest error, as a share of a column's standard deviation, that keeping it in float32 may make."""

_OTHER_ZONE = re.compile(r"unable to parse time zone: '([^']*)'")
"""What polars says of a zone that it does not know, such as a fixed offset from UTC, be it as it panics."""

_EXACT: dict[type[pl.DataType], Any] = {
    pl.Float32: np.float32,
    pl.Float64: np.float64,
    pl.Int8: np.int8,
    pl.Int16: np.int16,
    pl.Int32: np.int32,
    pl.Int64: np.int64,
    pl.UInt8: np.uint8,
    pl.UInt16: np.uint16,
    pl.UInt32: np.uint32,
    pl.UInt64: np.uint64,
}
"""Types that a disk holds as they are, where no value is missing."""


class _Stamp(NamedTuple):
    """What tells a file from one that was written later."""

    size: int
    modified: int
    number: int

    @classmethod
    def of(cls, path: Path) -> _Stamp | None:
        """Look at a file; None where it is gone."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


class StoredTable(Table):
    """A Parquet file whose columns are copied to the disk, one by one as they are asked for.

    Numbers and points in time are mapped into memory, which the system fills and empties as it needs to; text,
    categories and truth values are held in memory.

    Parameters
    ----------
    path : Path
        The file. It must stay as it is until the last of its columns has been read.
    folder : path or None
        Where the columns are kept: several times the size of the file. None for the system's folder of temporary files.
    codes : tuple of float
        Numbers that stand for a missing value; they are left out as the file is read.

    Raises
    ------
    UnreadableTableError
        If it is not a Parquet file.
    """

    def __init__(self, path: Path, folder: str | PathLike[str] | None = None, codes: tuple[float, ...] = ()) -> None:
        self._path, self._folder = path, folder
        self._stamp = _Stamp.of(path)
        self._file = pl.scan_parquet(path)
        self._types: dict[str, pl.DataType] = dict(self._guarded(self._file.collect_schema))
        if codes:
            self._file = self._file.with_columns(codes_left_out(self._types.items(), codes))
        height: int = self._guarded(lambda: self._file.select(pl.len()).collect().item())
        super().__init__({}, height=height, lasting=True, codes=codes)
        self._floats: dict[str, NDArray[Any]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._types)

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __getitem__(self, name: str) -> pl.Series:
        if name not in self._converted:
            self._converted[name] = self._read(name).alias(name)
        return self._converted[name]

    def without(self, codes: Sequence[float]) -> StoredTable:
        """Give the same table with numbers missing that stand for a missing value; as `Table.without`."""
        if not codes:
            return self
        self._refuse_changed(None)
        return StoredTable(self._path, self._folder, tuple(codes))

    def is_numeric(self, name: str) -> bool:
        """Whether a column is of a numeric type; as the file says."""
        return self._types[name].is_numeric()

    def floats(self, name: str) -> NDArray[Any] | None:
        """Map a column of numbers as floats: float32 where that rounds by next to nothing, else float64.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        ndarray of shape (n_rows,), float32 or float64, or None
            NaN where a value is missing; None if the column does not hold numbers.

        Notes
        -----
        Rounding a value x to float32 moves it by at most 2**-24 of its magnitude. That is allowed where it is below
        1e-5 of the column's standard deviation: as a scaled input, 1e-5 at the most. A time stamp, 1.7e9 with a
        deviation of a day, stays float64.
        """
        if not self.is_numeric(name):
            return None
        if name not in self._floats:
            self._floats[name] = self._as_floats(self[name])
        return self._floats[name]

    def _read(self, name: str) -> pl.Series:
        kind = self._types[name]
        if kind.is_temporal() and not isinstance(kind, pl.Time | pl.Duration) and self._complete(name):
            stored = self._stored(piece.to_physical().to_numpy() for piece in self._pieces(name))
            return pl.Series(stored).cast(kind)
        if not kind.is_numeric():
            return self._guarded(lambda: self._file.select(name).collect().to_series())
        exact = _EXACT.get(type(kind))
        if exact is not None and self._complete(name):
            return pl.Series(self._stored(piece.to_numpy() for piece in self._pieces(name)))
        # NaN stands for what is missing, as in every matrix of rows.
        wide = pl.Float32 if exact is np.float32 else pl.Float64
        return pl.Series(self._stored(piece.cast(wide).to_numpy() for piece in self._pieces(name)))

    def _complete(self, name: str) -> bool:
        missing: int = self._guarded(lambda: self._file.select(pl.col(name).null_count()).collect().item())
        return missing == 0

    def _as_floats(self, column: pl.Series) -> NDArray[Any]:
        values: NDArray[Any] = column.to_numpy()
        if values.dtype == np.float32:
            return values
        narrow = np.float32 if _fits_float32(values) else np.float64
        if values.dtype == narrow:
            return values
        return self._stored(piece.astype(narrow) for piece in _in_pieces(values))

    def _pieces(self, name: str) -> Iterator[pl.Series]:
        """Read a column a piece at a time: of the file's row groups, only those that hold the piece."""
        for first in range(0, self.height, _PIECE_ROWS):
            expected = min(_PIECE_ROWS, self.height - first)
            piece = self._guarded(self._file.select(name).slice(first, _PIECE_ROWS).collect)
            if len(piece) != expected:
                raise TableChangedError(self._path)
            yield piece.to_series()

    def _guarded(self, read: Callable[[], _Read]) -> _Read:
        """Read from the file, and see that it is still the one that was opened."""
        self._refuse_changed(None)  # before the reader stumbles over it
        try:
            found = read()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            self._refuse_changed(error)
            raise unreadable(self._path, error) from error
        self._refuse_changed(None)
        return found

    def _refuse_changed(self, error: Exception | None) -> None:
        if _Stamp.of(self._path) != self._stamp:
            raise TableChangedError(self._path) from error

    def _stored(self, pieces: Iterator[NDArray[Any]]) -> NDArray[Any]:
        """Write pieces one after another into a file without a name, and map it."""
        place = Path(tempfile.gettempdir() if self._folder is None else self._folder)
        try:
            with tempfile.TemporaryFile(dir=place) as file:
                kind = None
                for piece in pieces:
                    file.write(np.ascontiguousarray(piece).data)
                    kind = piece.dtype
                file.flush()
                if kind is None:
                    return np.empty(0, dtype=np.float32)
                # The map keeps what it looks at, after the file is closed.
                return np.asarray(np.memmap(file, dtype=kind, mode="r", shape=(self.height,)))
        except OSError as error:
            raise OutputError(
                place,
                error.strerror or str(error),
                "Name a folder with room for the table's columns with open_table(path, folder=...), or by the "
                "environment variable TMPDIR.",
            ) from error


def unreadable(path: Path, error: BaseException) -> UnreadableTableError:
    """Say why polars could not read a Parquet file."""
    zone = _OTHER_ZONE.search(str(error))
    if zone is not None:
        return UnreadableTableError(
            path,
            "times in UTC, in a zone such as 'Europe/Berlin', or in none",
            f"the time zone {zone[1]!r}",
            "Convert these times to UTC, or read the file with pandas or pyarrow and give the frame.",
        )
    remedy = "Write the file again; it may have been cut short."
    return UnreadableTableError(path, "a Parquet file", str(error).splitlines()[0], remedy)


def _fits_float32(values: NDArray[Any]) -> bool:
    """Whether float32 holds all values closely enough: see `StoredTable.floats`."""
    largest, count, mean, squares = 0.0, 0, 0.0, 0.0
    for piece in _in_pieces(values):
        known = piece[~np.isnan(piece)].astype(np.float64)
        if len(known) == 0:
            continue
        if not np.isfinite(known).all():
            return False  # which others refuse, with the row
        largest = max(largest, float(np.abs(known).max()))
        own = float(known.mean())
        # Chan, Golub & LeVeque 1979: the moments of two sets together.
        total = count + len(known)
        squares += float(np.square(known - own).sum()) + (own - mean) ** 2 * count * len(known) / total
        mean += (own - mean) * len(known) / total
        count = total
    deviation = (squares / count) ** 0.5 if count else 0.0
    return largest * 2.0**-24 <= _ROUNDING * deviation and largest < float(np.finfo(np.float32).max)


def _in_pieces(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for first in range(0, len(values), _PIECE_ROWS):
        yield values[first : first + _PIECE_ROWS]
