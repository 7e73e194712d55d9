"""Run the benchmark of random problems, or report on what was stored: `python -m benchmarks.never_flat --help`."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: each job has one thread

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.accuracy.storage import surroundings
from benchmarks.jobs import share_out
from benchmarks.lines import lines_of
from benchmarks.never_flat import data
from benchmarks.never_flat.problem import draw
from benchmarks.never_flat.report import report, words
from benchmarks.never_flat.running import examined
from benchmarks.never_flat.storage import load, save
from benchmarks.never_flat.working import work

if TYPE_CHECKING:
    from collections.abc import Sequence

OUTPUT = Path(__file__).parent / "results" / "problems.json"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.never_flat",
        description="Fit the package's defaults to random problems, and count where predictions are flat or without "
        "skill although another learner finds a signal. Takes up where an earlier run stopped.",
    )
    parser.add_argument("--problems", type=int, default=500, help="how many; 500")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER", help="the first problem's number; 0")
    parser.add_argument("--jobs", type=int, default=1, help="processes, each with one thread")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="show this problem and its diagnosis; store nothing")
    parser.add_argument("--output", type=Path, metavar="FILE", default=OUTPUT, help="where results are stored, as JSON")
    parser.add_argument("--report", action="store_true", help="print the tables of what is stored, and run nothing")
    options = parser.parse_args(arguments)
    if options.problems < 1 or options.jobs < 1 or options.first < 0:
        parser.error("--problems and --jobs must be at least 1, --first at least 0")
    return options


def command_line(arguments: Sequence[str]) -> str:
    """Write the command as it was given, folders of this machine aside."""
    shown = list(arguments)
    if "--output" in shown[:-1]:
        shown[shown.index("--output") + 1] = "FILE"
    return shlex.join(["python", "-m", "benchmarks.never_flat", *shown])


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says."""
    options = parse(arguments)
    if options.only is not None:
        show(options.only)
        return 0
    if not options.report:
        run(options, command_line(arguments))
    print(report(load(options.output)))
    return 0


def show(number: int) -> None:
    """Print what a problem is, and what a diagnosis says of its default fit."""
    problem = draw(number)
    print(words(problem), "\n")
    _, diagnosis, _ = examined(data.make(problem))
    print(diagnosis)


def run(options: argparse.Namespace, command: str) -> None:
    """Run what has no line yet, and store the whole."""
    environment = surroundings(command)
    numbers = range(options.first, options.first + options.problems)
    share_out(work, [(numbers[share :: options.jobs], options.output) for share in range(options.jobs)])
    save(options.output, [r for r in load(lines_of(options.output)) if r["number"] in numbers], environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
