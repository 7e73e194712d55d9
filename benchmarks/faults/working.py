"""What one process of a run does."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from benchmarks.faults.plan import plan
from benchmarks.faults.running import run
from benchmarks.faults.storage import load
from benchmarks.lines import append, lines_of

if TYPE_CHECKING:
    import argparse


def work(options: argparse.Namespace, share: int) -> None:
    """Run every program of one share that has no line yet, and append a line for each."""
    lines = lines_of(options.output)
    done = {record["key"] for record in load(lines)}
    entries = plan(options.half, options.data, causes=options.only, frameworks=options.frameworks, quick=options.quick)
    for place, entry in enumerate(islice(entries, options.most)):
        if place % options.jobs == share and entry.key not in done:
            record = run(entry, options.trained)
            append(lines, record)
            print(f"{entry.key}: {record.get('verdict') or record.get('refused') or record.get('error')}", flush=True)
