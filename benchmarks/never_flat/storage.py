"""Results on disk, as `benchmarks.lines` writes them, in the order of the problems' numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks import lines
from benchmarks.never_flat.rates import figures

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "runs"


def load(path: Path) -> list[dict[str, Any]]:
    """Read the records of a file of lines, or of results, in the order of their numbers; none if there is no file."""
    return sorted(lines.read(path, _NAME), key=lambda record: int(record["number"]))


def save(path: Path, records: list[dict[str, Any]], environment: dict[str, Any]) -> None:
    """Write a whole run: what it was run with, its figures, every problem on a line."""
    lines.write(path, {"environment": environment, "figures": figures(records)}, _NAME, records)
