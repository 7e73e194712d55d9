"""HTML for a notebook: paragraphs, lists and tables in a block with a style of its own."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CLASS = "unflat-result"

_RULES = {
    "": "max-width: 52em; overflow-wrap: break-word; line-height: 1.45",
    "p": "margin: 0.5em 0",
    "ol, ul": "margin: 0.5em 0; padding-left: 1.6em",
    "ol > li": "margin-bottom: 1.2em",
    ".table": "overflow-x: auto; margin: 0.6em 0",
    "table": "border-collapse: collapse; margin: 0; font-size: inherit; table-layout: auto",
    "tr": "background: transparent",
    "th, td": "border: 0; border-bottom: 1px solid rgba(128, 128, 128, 0.4); padding: 0.25em 0.7em; "
    "text-align: left; vertical-align: top",
    "pre": "overflow-x: auto; margin: 0.6em 0; padding: 0.6em 0.8em; white-space: pre; "
    "background: rgba(128, 128, 128, 0.15); border-radius: 3px",
    "pre code": "background: transparent; color: inherit; padding: 0; white-space: inherit",
    "summary": "cursor: pointer",
}
"""Rules by what they are for, within a block.

Text and background are the notebook's; the only colour is a grey that shines through, on light and dark alike.
"""


def _style() -> str:
    """Write the rules so that they hold within a block only."""
    lines = []
    for parts, rules in _RULES.items():
        within = ", ".join(f"div.{_CLASS} {part}".rstrip() for part in parts.split(", "))
        lines.append(f"{within} {{ {rules}; }}")
    return "\n".join(["<style>", *lines, "</style>"])


def block(parts: Iterable[str]) -> str:
    """Join parts of HTML to a block with a style of its own, without scripts.

    Parameters
    ----------
    parts : iterable of str
        HTML, escaped already.

    Returns
    -------
    str
        The block. It can be read without the style as well, which is taken out of notebooks that are not trusted.
    """
    return "\n".join([f'<div class="{_CLASS}">', _style(), *parts, "</div>"])


def paragraph(text: str) -> str:
    """Write a text, not yet escaped, as a paragraph."""
    return f"<p>{escape(text)}</p>"


def listed(items: Iterable[str], tag: str) -> str:
    """Write parts of HTML as the items of a list, "ol" or "ul"."""
    return "\n".join([f"<{tag}>", *(f"<li>{item}</li>" for item in items), f"</{tag}>"])


def table(rows: Sequence[tuple[str, ...]], *, head: bool = True) -> str:
    """Write rows of cells, not yet escaped, as a table that scrolls where it is too wide.

    Parameters
    ----------
    rows : sequence of tuple of str
        As many cells in each.
    head : bool
        Whether the first row names the columns.

    Returns
    -------
    str
        The table.
    """
    tags = ["th" if head and i == 0 else "td" for i in range(len(rows))]
    lines = [
        "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"
        for tag, row in zip(tags, rows, strict=True)
    ]
    return "\n".join(['<div class="table">', "<table>", *lines, "</table>", "</div>"])
