"""A diagnosis as lines of text."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from unflat.diagnosis.proof.words import conclusion, left_out, remarks, rows, title
from unflat.diagnosis.shown.wording import figure_rows, headline, notes, sentence, without_cause
from unflat.evaluation.layout import columns, paragraph
from unflat.evaluation.words import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unflat.diagnosis.proof import Proof
    from unflat.diagnosis.records import Cause
    from unflat.diagnosis.shown.result import Diagnosis

_MARGIN = "   "


def report(diagnosis: Diagnosis) -> str:
    """Write a diagnosis for a terminal.

    Parameters
    ----------
    diagnosis : Diagnosis
        What was found.

    Returns
    -------
    str
        Verdict, figures, causes with evidence and cure, their proof, and what was not examined; no colours.
    """
    blocks = [
        f"{headline(diagnosis)}\n{paragraph(sentence(diagnosis))}",
        "\n".join([*columns(figure_rows(diagnosis)), *(paragraph(note) for note in notes(diagnosis))]),
    ]
    blocks += list(_causes(diagnosis))
    if diagnosis.proof is not None:
        blocks += list(_proof(diagnosis.proof))
    if diagnosis.not_examined:
        items = "\n".join(paragraph(f"{item.what}: {item.why}", "- ", "  ") for item in diagnosis.not_examined)
        blocks.append(f"Not examined\n{items}")
    return "\n\n".join(blocks)


def _causes(diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.causes:
        if not diagnosis.healthy:
            yield paragraph(without_cause(diagnosis))
        return
    yield "Why, most likely first"
    for rank, cause in enumerate(diagnosis.causes, start=1):
        yield _cause(rank, cause)


def _cause(rank: int, cause: Cause) -> str:
    lines = [f"{rank}. {cause.id} ({percent(cause.confidence)} sure)", paragraph(cause.explanation, _MARGIN, _MARGIN)]
    lines += [paragraph(str(evidence), f"{_MARGIN}- ", f"{_MARGIN}  ") for evidence in cause.evidence]
    lines.append(paragraph(f"Cure: {cause.cure.words}", _MARGIN, _MARGIN))
    if cause.cure.code:
        lines.append(indent(cause.cure.code, _MARGIN * 2))
    return "\n".join([*lines, f"{_MARGIN}More: unflat explain {cause.id}"])


def _proof(proof: Proof) -> Iterator[str]:
    table = "\n".join(columns(rows(proof))) + "\n" if proof.trials else ""
    said = "\n".join(paragraph(remark) for remark in remarks(proof))
    yield f"{title(proof)}\n{paragraph(conclusion(proof))}"
    if table or said:
        yield f"{table}{said}"
    items = [paragraph(item, "- ", "  ") for item in left_out(proof)]
    if items:
        yield "\n".join(["Not tried", *items])
