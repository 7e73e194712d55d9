"""Read the .ts files of the UCR and TSER archives: one sequence and its target on each line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from unflat.errors import TimeGapWarning, UnreadableTableError
from unflat.errors.telling import warn_user
from unflat.sequences import Sequences
from unflat.tables.stamps import are_even, ascend, parts_of, seconds, taken_apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from numpy.typing import NDArray


def read_ts(path: str | PathLike[str]) -> tuple[Sequences, NDArray[np.float64]]:
    """Read sequences and their targets from a .ts file.

    Parameters
    ----------
    path : str or path
        A file as the time series extrinsic regression archive has them (Tan et al., Time series extrinsic
        regression, 2021): comments after #, a header of @ lines, and after @data a line for each sequence with
        the values of each dimension separated by commas, the dimensions by colons, the target last. A value may have
        a time stamp, (stamp,value), the same in every dimension: a number or an ISO date.

    Returns
    -------
    Sequences
        The sequences, whose lengths may differ; NaN where the file has ? for a missing value.
    ndarray of shape (n,), float64
        The targets.

    Raises
    ------
    UnreadableTableError
        If the file is missing or malformed, with the line.

    Warns
    -----
    TimeGapWarning
        If time stamps are not evenly spaced: a sequence's steps are read as if they were.
    """
    path = Path(path)
    lines = list(_data_lines(path))
    if not lines:
        raise UnreadableTableError(path, "sequences after a line @data", "none", "Check that it is a .ts file.")
    uneven = [number for number, line in lines if "(" in line and not _is_even(line, number, path)]
    if uneven:
        which = f"{len(uneven)} of {len(lines)} sequences of {path}, the first in line {uneven[0]}"
        told = f"The steps of {which}, differ in time. They are read as if they did not; resample them if that matters."
        warn_user(TimeGapWarning(told))
    cases = [(_values(line, number, path), number) for number, line in lines]
    dimensions = cases[0][0][0].shape[1]
    for (values, _), number in cases:
        if values.shape[1] != dimensions:
            _refuse(path, number, f"{dimensions} dimensions, as in the first sequence", f"{values.shape[1]}")
    lengths = np.array([len(values) for (values, _), _ in cases], dtype=np.int64)
    rows = np.concatenate([values for (values, _), _ in cases])
    targets = np.array([target for (_, target), _ in cases])
    return Sequences(rows, np.cumsum(lengths) - lengths, lengths), targets


def _data_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give the lines after @data with their numbers, counted from 1."""
    in_data = False
    for number, line in enumerate(_text(path).splitlines(), start=1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        if in_data:
            yield number, content
        elif content.startswith("@"):
            in_data = content.lower() == "@data"
            _check_header(content.lower(), number, path)
        else:
            _refuse(path, number, "a header line that starts with @, before @data", repr(content[:40]))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableTableError(
            path, "a file that can be read", error.strerror or str(error), f"Check the path from {Path.cwd()}."
        ) from error
    except UnicodeDecodeError as error:
        raise UnreadableTableError(
            path, "text in UTF-8", f"the byte 0x{error.object[error.start]:02x}", "Check that it is a .ts file."
        ) from error


def _check_header(line: str, number: int, path: Path) -> None:
    if line.split()[:2] == ["@classlabel", "true"]:
        _refuse(path, number, "numbers as targets (@targetlabel true)", f"{line}, a file for classification")
    if line.split()[:2] in (["@targetlabel", "false"], ["@classlabel", "false"]):
        _refuse(path, number, "a target on each line (@targetlabel true)", line)


def _values(line: str, number: int, path: Path) -> tuple[NDArray[np.float64], float]:
    """Read one sequence of shape (T, F), and its target."""
    *dimensions, last = parts_of(line)
    if not dimensions:
        _refuse(path, number, "values and a target after a colon", "no colon")
    target = _number(last, number, path)
    if not np.isfinite(target):
        _refuse(path, number, "a number as target", repr(last.strip()))
    columns = [[_number(text, number, path) for text in _texts(part, number, path)] for part in dimensions]
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        _refuse(path, number, "dimensions of one length", " and ".join(map(str, sorted(lengths))))
    values = np.array(columns).T
    if np.isinf(values).any():
        _refuse(path, number, "finite numbers", "an infinite one")
    if np.isnan(values).all():
        _refuse(path, number, "at least one value", "nothing but missing ones")
    return values, target


def _texts(part: str, number: int, path: Path) -> list[str]:
    """Give the values of a dimension as they are written, without their time stamps."""
    if "(" not in part:
        return part.split(",")
    apart = taken_apart(part)
    if apart is None:
        _refuse(path, number, "pairs (time stamp,value), separated by commas", repr(part[:40]))
    return apart[1]


def _is_even(line: str, number: int, path: Path) -> bool:
    """Whether the time stamps of a line are evenly spaced; they must ascend, and be those of every dimension."""
    stamps = [apart[0] for part in parts_of(line)[:-1] if (apart := taken_apart(part)) is not None]
    if not stamps:
        return True  # what is wrong with them is said where values are read
    if any(others != stamps[0] for others in stamps):
        _refuse(path, number, "the same time stamps in every dimension", "different ones")
    times = [seconds(stamp) for stamp in stamps[0]]
    if None in times:
        _refuse(path, number, "time stamps that are numbers or ISO dates", repr(stamps[0][times.index(None)]))
    known = [time for time in times if time is not None]
    if not ascend(known):
        _refuse(path, number, "time stamps that ascend", "others")
    return are_even(known)


def _number(text: str, number: int, path: Path) -> float:
    try:
        return float(text)
    except ValueError:
        if text.strip() == "?":
            return float("nan")
        _refuse(path, number, "numbers, or ? where one is missing", repr(text.strip()))


def _refuse(path: Path, number: int, expected: str, received: str) -> NoReturn:
    raise UnreadableTableError(path, expected, f"{received} in line {number}", "Correct that line.")
