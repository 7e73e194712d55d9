"""A diagnosis as HTML, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from unflat.diagnosis.proof.words import conclusion, left_out, remarks, rows, title
from unflat.diagnosis.shown.wording import figure_rows, headline, notes, sentence, without_cause
from unflat.evaluation.markup import block, listed, paragraph, table
from unflat.evaluation.words import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unflat.diagnosis.proof import Proof
    from unflat.diagnosis.records import Cause
    from unflat.diagnosis.shown.result import Diagnosis


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
    return block(_parts(diagnosis))


def _parts(diagnosis: Diagnosis) -> list[str]:
    parts = [f"<p><strong>{escape(headline(diagnosis))}</strong></p>", paragraph(sentence(diagnosis))]
    parts.append(table(figure_rows(diagnosis)))
    parts += [f"<p><small>{escape(note)}</small></p>" for note in notes(diagnosis)]
    if diagnosis.causes:
        parts.append("<p><strong>Why, most likely first</strong></p>")
        parts.append(listed((_cause(cause) for cause in diagnosis.causes), "ol"))
    elif not diagnosis.healthy:
        parts.append(paragraph(without_cause(diagnosis)))
    if diagnosis.proof is not None:
        parts += list(_proof(diagnosis.proof))
    if diagnosis.not_examined:
        items = (escape(f"{item.what}: {item.why}") for item in diagnosis.not_examined)
        parts.append(f"<details><summary>Not examined</summary>{listed(items, 'ul')}</details>")
    return parts


def _cause(cause: Cause) -> str:
    return "\n".join(_cause_parts(cause))


def _cause_parts(cause: Cause) -> Iterator[str]:
    yield f"<strong>{escape(cause.id)}</strong> ({percent(cause.confidence)} sure)"
    yield paragraph(cause.explanation)
    heading = [("evidence", "measured", "healthy")]
    yield table(heading + [(item.what, number(item.value), item.healthy) for item in cause.evidence])
    yield paragraph(f"Cure: {cause.cure.words}")
    if cause.cure.code:
        yield f"<pre><code>{escape(cause.cure.code)}</code></pre>"
    yield f"<p>More: <code>unflat explain {escape(cause.id)}</code></p>"


def _proof(proof: Proof) -> Iterator[str]:
    yield f"<p><strong>{escape(title(proof))}</strong></p>"
    yield paragraph(conclusion(proof))
    if proof.trials:
        yield table(rows(proof))
    yield from (f"<p><small>{escape(remark)}</small></p>" for remark in remarks(proof))
    if proof.left_out:
        yield f"<details><summary>Not tried</summary>{listed(map(escape, left_out(proof)), 'ul')}</details>"
