"""A diagnosis as lines of text."""

from __future__ import annotations

from textwrap import indent, wrap
from typing import TYPE_CHECKING

from unflat.diagnosis.proof.words import conclusion, left_out, remarks, rows, title
from unflat.diagnosis.wording import figure_rows, headline, notes, sentence, without_cause
from unflat.evaluation.words import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unflat.diagnosis.proof import Proof
    from unflat.diagnosis.records import Cause
    from unflat.diagnosis.result import Diagnosis

_WIDTH = 96
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
        f"{headline(diagnosis)}\n{_wrapped(sentence(diagnosis))}",
        "\n".join([*_aligned(figure_rows(diagnosis)), *(_wrapped(note) for note in notes(diagnosis))]),
    ]
    blocks += list(_causes(diagnosis))
    if diagnosis.proof is not None:
        blocks += list(_proof(diagnosis.proof))
    if diagnosis.not_examined:
        items = "\n".join(_wrapped(f"{item.what}: {item.why}", "- ", "  ") for item in diagnosis.not_examined)
        blocks.append(f"Not examined\n{items}")
    return "\n\n".join(blocks)


def _causes(diagnosis: Diagnosis) -> Iterator[str]:
    if not diagnosis.causes:
        if not diagnosis.healthy:
            yield _wrapped(without_cause(diagnosis))
        return
    yield "Why, most likely first"
    for rank, cause in enumerate(diagnosis.causes, start=1):
        yield _cause(rank, cause)


def _cause(rank: int, cause: Cause) -> str:
    lines = [f"{rank}. {cause.id} ({percent(cause.confidence)} sure)", _wrapped(cause.explanation, _MARGIN, _MARGIN)]
    lines += [_wrapped(str(evidence), f"{_MARGIN}- ", f"{_MARGIN}  ") for evidence in cause.evidence]
    lines.append(_wrapped(f"Cure: {cause.cure.words}", _MARGIN, _MARGIN))
    if cause.cure.code:
        lines.append(indent(cause.cure.code, _MARGIN * 2))
    return "\n".join([*lines, f"{_MARGIN}More: {cause.page}"])


def _proof(proof: Proof) -> Iterator[str]:
    table = "\n".join(_aligned(rows(proof))) + "\n" if proof.trials else ""
    said = "\n".join(_wrapped(remark) for remark in remarks(proof))
    yield f"{title(proof)}\n{_wrapped(conclusion(proof))}"
    if table or said:
        yield f"{table}{said}"
    items = [_wrapped(item, "- ", "  ") for item in left_out(proof)]
    if items:
        yield "\n".join(["Not tried", *items])


def _wrapped(text: str, first: str = "", later: str = "") -> str:
    return "\n".join(wrap(text, _WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False))


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Pad the cells of each column to one width: names to the left, numbers to the right, words as they are."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *numbers, words in rows:
        cells = [name.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([*cells, words]).rstrip())
    return lines
