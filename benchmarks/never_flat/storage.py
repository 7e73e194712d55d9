"""Results on disk: a line for each problem as it ends, and one JSON file of a whole run with its figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.never_flat.rates import figures

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(output: Path) -> Path:
    """Name the file of lines that belongs to a file of results."""
    return output.with_suffix(".jsonl")


def append(path: Path, record: dict[str, Any]) -> None:
    """Add a line; short ones of several processes do not mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")


def load(path: Path) -> list[dict[str, Any]]:
    """Read the records of a file of lines, or of results, in the order of their numbers; none if there is no file."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    records = [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)["runs"]
    return sorted(records, key=lambda record: int(record["number"]))


def save(path: Path, records: list[dict[str, Any]], environment: dict[str, Any]) -> None:
    """Write a whole run: what it was run with, its figures, every problem on a line."""
    head = json.dumps({"environment": environment, "figures": figures(records)}, indent=1, ensure_ascii=False)
    lines = ",\n".join(json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".json.part")
    draft.write_text(f'{head[:-2]},\n "runs": [\n{lines}\n]}}\n', encoding="utf-8")
    draft.replace(path)
