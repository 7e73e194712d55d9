"""Run the accuracy benchmark, or report on what it has stored: `python -m benchmarks.accuracy --help`."""

from __future__ import annotations

import argparse
import shlex
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.accuracy.goals import Stored, goals
from benchmarks.accuracy.report import table
from benchmarks.accuracy.running import FULL, QUICK, repeat_references, run_task
from benchmarks.accuracy.sets import SETS
from benchmarks.accuracy.storage import FOLDER, read, store, surroundings
from benchmarks.never_flat.storage import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.accuracy.problem import BenchmarkSet, Task
    from benchmarks.accuracy.running import Budget

SEEDS = 5

NO_RESULT = "No result.\n"

TWO_CORES = "two-cores"
"""The folder, among results, of one seed on two threads with nothing beside it: for its time."""

NEVER_FLAT = Path(__file__).parents[1] / "never_flat" / "results" / "problems.json"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description="Fit the package's defaults on every set, several seeds each, beside references and published "
        "figures. Prints Markdown tables and stores JSON.",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder that holds the data folders; see README.md")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS), metavar="SET", help=", ".join(SETS))
    parser.add_argument("--tasks", nargs="+", metavar="TASK", help="of these sets, only the tasks named so")
    parser.add_argument(
        "--members", type=int, default=1, metavar="N", help="networks of an ensemble; else the defaults"
    )
    parser.add_argument("--seeds", type=int, help=f"how many, from 0; {SEEDS}, or 1 with --quick")
    parser.add_argument("--quick", action="store_true", help="two epochs on a little of the data: see that it runs")
    parser.add_argument("--report", action="store_true", help="print the tables of what is stored, and run nothing")
    parser.add_argument(
        "--references", action="store_true", help="run the references of stored results again, and fit nothing"
    )
    parser.add_argument("--results", type=Path, default=FOLDER, metavar="DIR", help="where results are stored")
    options = parser.parse_args(arguments)
    if options.seeds is not None and options.seeds < 1:
        parser.error("--seeds must be at least 1")
    if options.members < 1:
        parser.error("--members must be at least 1")
    options.seeds = options.seeds or (1 if options.quick else SEEDS)
    if options.members > 1:
        options.results /= f"members-{options.members}"
    if options.quick:
        options.results /= "quick"
    return options


def run_set(chosen: BenchmarkSet, options: argparse.Namespace, command: str) -> bool:
    """Run a set's tasks and print their tables; say whether all of them ran."""
    reason = chosen.missing(options.data)
    if reason is not None:
        print(f"SKIPPED {chosen.name}: {reason}.\n", flush=True)
        return True
    tasks = [task for task in chosen.tasks if options.tasks is None or task.name in options.tasks]
    ran = [run_and_print(chosen, task, options, command) for task in tasks]  # all of them, whatever fails
    return all(ran)


def run_and_print(chosen: BenchmarkSet, task: Task, options: argparse.Namespace, command: str) -> bool:
    """Run a task, or its references alone, and print its table; a failure is printed, and the next task runs."""
    environment = surroundings(command)
    try:
        result = (refer if options.references else fit)(chosen, task, options, environment)
    except Exception:  # noqa: BLE001 - hours of other tasks must not be lost to one that fails
        print(f"FAILED {task.name}:\n{traceback.format_exc()}", flush=True)
        return False
    print(f"### {task.name}\n\n{NO_RESULT}" if result is None else table(task.name, result), flush=True)
    return True


def fit(
    chosen: BenchmarkSet, task: Task, options: argparse.Namespace, environment: dict[str, Any]
) -> dict[str, Any] | None:
    """Run a task, store after each seed, and give its result."""
    result = None
    for result in run_task(task, options.data, range(options.seeds), budget_of(options)):
        result |= {"quick": options.quick, "members": options.members, "environment": environment}
        store(options.results, chosen.name, task.name, result)
        print(f"{task.name}: seed {result['unflat'][-1]['seed']} done", file=sys.stderr, flush=True)
    return result


def refer(
    chosen: BenchmarkSet, task: Task, options: argparse.Namespace, environment: dict[str, Any]
) -> dict[str, Any] | None:
    """Run a task's references again, and store them beside the fits that are there; nothing where there are none."""
    stored = read(options.results / f"{chosen.name}.json").get(task.name)
    if stored is None:
        return None
    result = repeat_references(task, options.data, stored, budget_of(options))
    result["references environment"] = environment
    store(options.results, chosen.name, task.name, result)
    return result


def budget_of(options: argparse.Namespace) -> Budget:
    """Say how much is to be done."""
    return (QUICK if options.quick else FULL).with_members(options.members)


def report(options: argparse.Namespace) -> None:
    """Print the tables of everything that is stored for the chosen sets, and how far goals are reached."""
    two_cores = all_of(options.results / TWO_CORES)
    for name in options.sets:
        stored = read(options.results / f"{name}.json")
        for task in SETS[name].tasks:
            print(
                table(task.name, stored[task.name], two_cores.get(task.name))
                if task.name in stored
                else f"### {task.name}\n\n{NO_RESULT}"
            )
    print(goals(judged(options)))


def judged(options: argparse.Namespace) -> Stored:
    """Gather what goals are judged by: all sets, whichever are shown."""
    folders = sorted(options.results.glob("members-*"))
    return Stored(
        all_of(options.results),
        [all_of(folder / "quick" if options.quick else folder) for folder in folders],
        two_cores=all_of(options.results / TWO_CORES),
        problems=load(NEVER_FLAT),
    )


def all_of(folder: Path) -> dict[str, Any]:
    """Read the results of all tasks in a folder."""
    return {task: result for name in SETS for task, result in read(folder / f"{name}.json").items()}


def command_line(arguments: Sequence[str]) -> str:
    """Write the command as it was given, folders of this machine aside."""
    shown = list(arguments)
    for option in ("--data", "--results"):
        if option in shown[:-1]:
            shown[shown.index(option) + 1] = "DIR"
    return shlex.join(["python", "-m", "benchmarks.accuracy", *shown])


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; 1 if a task failed."""
    options = parse(arguments)
    if options.report:
        report(options)
        return 0
    ran = [run_set(SETS[name], options, command_line(arguments)) for name in options.sets]
    return 0 if all(ran) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
