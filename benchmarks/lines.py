"""Results on disk: a line for each record as it ends, and one JSON file of a whole run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def lines_of(output: Path) -> Path:
    """Name the file of lines that belongs to a file of results."""
    return output.with_suffix(".jsonl")


def append(path: Path, record: dict[str, Any]) -> None:
    """Add a line; short ones of several processes do not mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path, name: str) -> list[dict[str, Any]]:
    """Read the records of a file of lines, or those of a name in a file of results; none if there is no file."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    records: list[dict[str, Any]] = json.loads(text)[name]
    return records


def write(path: Path, head: dict[str, Any], name: str, records: Sequence[dict[str, Any]]) -> None:
    """Write a whole run: what stands before the records, then each of them on a line."""
    start = json.dumps(head, indent=1, ensure_ascii=False)
    lines = ",\n".join(json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".json.part")
    draft.write_text(f'{start[:-2]},\n "{name}": [\n{lines}\n]}}\n', encoding="utf-8")
    draft.replace(path)
