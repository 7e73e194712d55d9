"""A diagnosis as HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from unflat.diagnosis.proof.words import conclusion, left_out, remarks, rows, title
from unflat.diagnosis.wording import figure_rows, headline, notes, sentence, without_cause
from unflat.evaluation.words import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unflat.diagnosis.proof import Proof
    from unflat.diagnosis.records import Cause
    from unflat.diagnosis.result import Diagnosis


_CLASS = "unflat-diagnosis"

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
"""Rules by what they are for, within a diagnosis.

Text and background are the notebook's; the only colour is a grey that shines through, on light and dark alike.
"""


def _style() -> str:
    """Write the rules so that they hold within a diagnosis only."""
    lines = []
    for parts, rules in _RULES.items():
        within = ", ".join(f"div.{_CLASS} {part}".rstrip() for part in parts.split(", "))
        lines.append(f"{within} {{ {rules}; }}")
    return "\n".join(["<style>", *lines, "</style>"])


def page(diagnosis: Diagnosis) -> str:
    """Write a diagnosis as a block of HTML with a style of its own, without scripts.

    Parameters
    ----------
    diagnosis : Diagnosis
        What was found.

    Returns
    -------
    str
        The same as the text for a terminal; all that comes from data or model is escaped. It can be read without the
        style as well, which is taken out of notebooks that are not trusted.
    """
    return "\n".join([f'<div class="{_CLASS}">', _style(), *_parts(diagnosis), "</div>"])


def _parts(diagnosis: Diagnosis) -> list[str]:
    parts = [f"<p><strong>{escape(headline(diagnosis))}</strong></p>", _paragraph(sentence(diagnosis))]
    parts.append(_table(figure_rows(diagnosis)))
    parts += [f"<p><small>{escape(note)}</small></p>" for note in notes(diagnosis)]
    if diagnosis.causes:
        parts.append("<p><strong>Why, most likely first</strong></p>")
        parts.append(_listed((_cause(cause) for cause in diagnosis.causes), "ol"))
    elif not diagnosis.healthy:
        parts.append(_paragraph(without_cause(diagnosis)))
    if diagnosis.proof is not None:
        parts += list(_proof(diagnosis.proof))
    if diagnosis.not_examined:
        items = (escape(f"{item.what}: {item.why}") for item in diagnosis.not_examined)
        parts.append(f"<details><summary>Not examined</summary>{_listed(items, 'ul')}</details>")
    return parts


def _cause(cause: Cause) -> str:
    return "\n".join(_cause_parts(cause))


def _cause_parts(cause: Cause) -> Iterator[str]:
    yield f"<strong>{escape(cause.id)}</strong> ({percent(cause.confidence)} sure)"
    yield _paragraph(cause.explanation)
    heading = [("evidence", "measured", "healthy")]
    yield _table(heading + [(item.what, number(item.value), item.healthy) for item in cause.evidence])
    yield _paragraph(f"Cure: {cause.cure.words}")
    if cause.cure.code:
        yield f"<pre><code>{escape(cause.cure.code)}</code></pre>"
    yield f"<p>More: <code>unflat explain {escape(cause.id)}</code></p>"


def _proof(proof: Proof) -> Iterator[str]:
    yield f"<p><strong>{escape(title(proof))}</strong></p>"
    yield _paragraph(conclusion(proof))
    if proof.trials:
        yield _table(rows(proof))
    yield from (f"<p><small>{escape(remark)}</small></p>" for remark in remarks(proof))
    if proof.left_out:
        yield f"<details><summary>Not tried</summary>{_listed(map(escape, left_out(proof)), 'ul')}</details>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _listed(items: Iterable[str], tag: str) -> str:
    return "\n".join([f"<{tag}>", *(f"<li>{item}</li>" for item in items), f"</{tag}>"])


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    tags = ["th" if i == 0 else "td" for i in range(len(rows))]
    lines = [
        "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"
        for tag, row in zip(tags, rows, strict=True)
    ]
    return "\n".join(['<div class="table">', "<table>", *lines, "</table>", "</div>"])
