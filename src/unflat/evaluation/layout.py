"""Text for a terminal: paragraphs that are not too wide, and tables whose columns stand below each other."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 96


def paragraph(text: str, first: str = "", later: str = "") -> str:
    """Break a text into lines.

    Parameters
    ----------
    text : str
        Sentences.
    first, later : str
        What the first line begins with, and what all others do.

    Returns
    -------
    str
        Lines of 96 characters at the most, where no single word is longer.
    """
    return "\n".join(wrap(text, _WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False))


def columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Pad the cells of each column to one width: names to the left, numbers to the right, words as they are.

    Parameters
    ----------
    rows : sequence of tuple of str
        A name, numbers and words; as many cells in each.

    Returns
    -------
    list of str
        A line for each row.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *numbers, words in rows:
        cells = [name.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([*cells, words]).rstrip())
    return lines
