"""Run the comparison, or report on what was stored: `python -m benchmarks.speed --help`.

While it measures, this process imports neither NumPy nor the package: the peak of a child's memory would count what
stood here before it began.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import lines
from benchmarks.speed import peers, plan, report, running, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
OUTPUT = HERE / "results" / "speed.json"
ABSENT = "none"
VERSIONS = ("jax", "keras", "lightning", "numpy", "skorch", "tensorflow-cpu", "torch")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description="Measure this package and its peers side by side: training, prediction, windows, start, growth. "
        "Exits with 1 if a figure is not what it must be.",
    )
    parser.add_argument("--environment", type=Path, metavar="FOLDER", help="where the peers' environment is made, and "
                        "kept; a temporary folder if neither this nor --peers is given")  # fmt: skip
    parser.add_argument("--peers", metavar="PYTHON", help=f"the Python of an environment that is there; or {ABSENT!r}: "
                        "the peers are left out, and shown so")  # fmt: skip
    parser.add_argument("--rounds", type=int, metavar="N", help=f"turns of each contender; {plan.Sizes.rounds}")
    parser.add_argument("--rows", type=int, nargs="+", metavar="N", help="rows of the tables that windows are cut from")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="start, recipe, predictions, step, "
                        "windows, growth: only these; in a file that is there the others stay")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="as short as can be, to see that it works: figures mean "
                        "nothing, and are held against no limits")  # fmt: skip
    parser.add_argument("--output", type=Path, metavar="FILE", default=OUTPUT, help="where results are stored, as JSON")
    parser.add_argument("--report", action="store_true", help="write the tables of what is stored into README.md, and "
                        "measure nothing")  # fmt: skip
    options = parser.parse_args(arguments)
    if (options.rounds is not None and options.rounds < 1) or min(options.rows or [1000]) < 1000:  # noqa: PLR2004 - as the words below say
        parser.error("--rounds must be at least 1, --rows at least 1000")
    return options


def command_line(arguments: Sequence[str]) -> str:
    """Write the command as it was given, folders of this machine aside."""
    shown = list(arguments)
    for option, word in {"--output": "FILE", "--environment": "FOLDER", "--peers": "PYTHON"}.items():
        if option in shown[:-1] and shown[shown.index(option) + 1] != ABSENT:
            shown[shown.index(option) + 1] = word
    return shlex.join(["python", "-m", "benchmarks.speed", *shown])


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; 1 if a limit is not met."""
    options = parse(arguments)
    if not options.report:
        measure(options, command_line(arguments))
    run = json.loads(options.output.read_text(encoding="utf-8"))
    records = summary.Records(run["runs"])
    if options.output == OUTPUT:
        report.update(HERE / "README.md", run)
    draw(records, options.output.parent)
    print(report.report(run))
    return 0 if options.quick else verdict(summary.limits(records), whole=not options.only)


def verdict(limits: Sequence[summary.Limit], *, whole: bool) -> int:
    """Give the exit code: 1 if a limit is not met, or, of a whole run, was not measured."""
    return int(any(limit.met is False or (whole and limit.met is None) for limit in limits))


def sizes_of(options: argparse.Namespace) -> plan.Sizes:
    """Say how much is measured."""
    sizes = plan.QUICK if options.quick else plan.Sizes()
    chosen = {"rounds": options.rounds, "rows": tuple(options.rows) if options.rows else None}
    return replace(sizes, **{name: value for name, value in chosen.items() if value is not None})


def measure(options: argparse.Namespace, command: str) -> None:
    """Measure, and store the records with what they depend on."""
    load = os.getloadavg()
    needed = not (options.environment or options.peers)
    with tempfile.TemporaryDirectory() if needed else nullcontext(options.environment) as folder:
        if options.peers == ABSENT:
            python = None
        else:
            # Not resolved: a link is how an environment's Python knows where it belongs.
            python = Path(options.peers).absolute() if options.peers else peers.build(Path(folder).absolute())
        environment = described(command, python) | {"load before": load}
        records = running.measure(sizes_of(options), python, options.only)
    store(options.output, environment, records, anew=bool(options.only))


def store(output: Path, environment: dict[str, Any], records: list[dict[str, Any]], *, anew: bool) -> None:
    """Write the records; of a file that is there, rows that were not measured anew stay, and it is said which were."""
    head: dict[str, Any] = {"environment": environment}
    if anew and output.exists():
        stored, rows = json.loads(output.read_text(encoding="utf-8")), {record["row"] for record in records}
        kept = [record for record in stored["runs"] if record["row"] not in rows]
        if kept:
            others = {row: what for row, what in stored.get("anew", {}).items() if row not in rows}
            head = {"environment": stored["environment"], "anew": others | dict.fromkeys(sorted(rows), environment)}
            records = [*kept, *records]
    output.parent.mkdir(parents=True, exist_ok=True)
    lines.write(output, head, "runs", records)


def described(command: str, python: Path | None) -> dict[str, Any]:
    """Ask both environments what they are."""
    about = json.loads(_asked([sys.executable, "-m", "benchmarks.speed.about", command]))
    if python is None:
        return {**about, "peers": {}}
    query = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {VERSIONS}}}))"
    return {**about, "peers": json.loads(_asked([str(python), "-c", query]))}


def _asked(command: list[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - our own words


def draw(records: summary.Records, folder: Path) -> None:
    """Draw the growths, if they were measured."""
    growths = summary.growths(records)
    if growths:
        from benchmarks.speed import plots  # noqa: PLC0415 - with NumPy and the package; nothing is measured any more

        plots.draw(growths, folder)


if __name__ == "__main__":
    # Ended from outside, a run ends the contender at work too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:]))
