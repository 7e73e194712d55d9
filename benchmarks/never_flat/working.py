"""What one process of a run does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.lines import append, lines_of
from benchmarks.never_flat.problem import draw
from benchmarks.never_flat.rates import kind
from benchmarks.never_flat.running import run
from benchmarks.never_flat.storage import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def work(numbers: Sequence[int], output: Path) -> None:
    """Run every problem of one share that has no line yet, and append a line for each."""
    lines = lines_of(output)
    done = {record["number"] for record in load(lines)}
    for number in numbers:
        if number not in done:
            record = run(draw(number))
            append(lines, record)
            print(f"{number}: {kind(record)}, {record.get('fit_seconds')} s", flush=True)
