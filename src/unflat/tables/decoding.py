"""Text files as lines: compressed or not, in UTF-8, or in UTF-16 where the file says so."""

from __future__ import annotations

import codecs
import gzip
from io import BytesIO
from typing import IO, TYPE_CHECKING, cast

from unflat.errors import UnreadableTableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How text in UTF-16 begins, as spreadsheets write "Unicode text"."""

_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin: .xlsx and .ods, which are ZIP archives, and .xls."""


def refuse_workbook(path: Path) -> None:
    """Raise `UnreadableTableError` if a file that is called text is the workbook of a spreadsheet."""
    with path.open("rb") as file:
        beginning = file.read(4)
    if beginning not in _PACKED:
        return
    archive = ", or another ZIP archive," if beginning == _PACKED[0] else ""
    raise UnreadableTableError(
        path,
        "delimited text",
        f"the workbook of a spreadsheet{archive} that only its name calls text",
        "Open it in the spreadsheet and save it as 'CSV UTF-8'; to give it another ending is not enough.",
    )


def opened(path: Path) -> IO[bytes]:
    """Open a text file that may be compressed, as UTF-8 whatever it is in."""
    file = cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115 - the caller closes it
    return BytesIO(_from_utf16(file, path)) if _is_utf16(path) else file


def as_source(path: Path) -> Path | BytesIO:
    """Give what a parser of UTF-8 can read: the file itself, or its content."""
    return cast("BytesIO", opened(path)) if _is_utf16(path) else path


def _is_utf16(path: Path) -> bool:
    """Whether a file says so; compressed ones are not asked, for no spreadsheet compresses."""
    with path.open("rb") as file:
        return file.read(2) in _UTF16


def _from_utf16(file: IO[bytes], path: Path) -> bytes:
    with file:
        try:
            return file.read().decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise UnreadableTableError(
                path, "text in UTF-16, as its beginning says", error.reason, "Write the file again, best in UTF-8."
            ) from error


def lines_of(file: IO[bytes], path: Path) -> Iterator[str]:
    """Decode line by line, so that an error can name the line."""
    try:
        for number, line in enumerate(file, start=1):
            yield _decoded(line, number, path)
    except (gzip.BadGzipFile, EOFError) as error:
        raise UnreadableTableError(
            path, "a gzip file", str(error), "Write the file again; it may have been cut short."
        ) from error


def _decoded(line: bytes, number: int, path: Path) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise UnreadableTableError(
            path,
            "text in UTF-8",
            f"the byte 0x{line[error.start]:02x} in line {number} of the file",
            "Save it as UTF-8; spreadsheets offer this as 'CSV UTF-8'.",
        ) from error
