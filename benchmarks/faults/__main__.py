"""Run the benchmark of injected faults, or report on what was stored: `python -m benchmarks.faults --help`."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: each job has one thread
os.environ.setdefault("KERAS_BACKEND", "torch")

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.accuracy.storage import surroundings
from benchmarks.faults.halves import SETS
from benchmarks.faults.plan import sets_of
from benchmarks.faults.program import FRAMEWORKS
from benchmarks.faults.rates import with_losses
from benchmarks.faults.report import report
from benchmarks.faults.storage import load, save
from benchmarks.faults.working import work
from benchmarks.jobs import share_out
from benchmarks.lines import lines_of

from unflat.diagnosis import CAUSE_IDS

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).parent / "results"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults",
        description="Inject each cause into healthy programs, ask for a diagnosis of every one, and count what was "
        "detected, what was named, and what was a false alarm. Takes up where an earlier run stopped.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder that holds the data folders (see README.md); without, some are left out",
    )
    parser.add_argument("--half", choices=SETS, default="first", help="which data sets and architectures")
    parser.add_argument("--jobs", type=int, default=1, help="processes, each with one thread")
    parser.add_argument("--only", type=_names(CAUSE_IDS), default=(), metavar="CAUSE,..", help="only these causes")
    parser.add_argument("--frameworks", type=_names(FRAMEWORKS), default=(), metavar="NAME,..", help="only these")
    parser.add_argument("--quick", action="store_true", help="one data set and one seed: see that it runs")
    parser.add_argument(
        "--most", type=int, metavar="N", help="only the first N: the healthy twins, then a random part of all others"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="where results are stored, as JSON")
    parser.add_argument(
        "--trained", type=Path, metavar="DIR", help="keep trained models here, and do not train these again"
    )
    parser.add_argument("--report", action="store_true", help="print the tables of what is stored, and run nothing")
    options = parser.parse_args(arguments)
    options.output = options.output or FOLDER / f"{options.half}{'-quick' * options.quick}.json"
    if not options.report and (left_out := set(SETS[options.half]) - set(sets_of(options.half, options.data))):
        print(f"Left out, for want of --data: {', '.join(sorted(left_out))}", file=sys.stderr)
    if options.jobs < 1:
        parser.error("--jobs must be at least 1")
    if options.most is not None and options.most < 1:
        parser.error("--most must be at least 1")
    return options


def command_line(arguments: Sequence[str]) -> str:
    """Write the command as it was given, folders of this machine aside."""
    shown = list(arguments)
    for option, word in (("--data", "DIR"), ("--trained", "DIR"), ("--output", "FILE")):
        if option in shown[:-1]:
            shown[shown.index(option) + 1] = word
    return shlex.join(["python", "-m", "benchmarks.faults", *shown])


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says."""
    options = parse(arguments)
    if not options.report:
        _run(options, command_line(arguments))
    print(report(load(options.output)))
    return 0


def _run(options: argparse.Namespace, command: str) -> None:
    environment = surroundings(command)
    share_out(work, [(options, share) for share in range(options.jobs)])
    save(options.output, with_losses(load(lines_of(options.output))), environment)


def _names(known: Sequence[str]) -> object:
    def names(text: str) -> tuple[str, ...]:
        chosen = tuple(text.split(","))
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return chosen

    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
