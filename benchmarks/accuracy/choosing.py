"""How the defaults were chosen: other values of parameters, tried on the training parts of all sets together.

The last quarter of each training part (of its time, of its series, or of shuffled sequences) is held out, and every
variant is fitted to the rest as the package fits, its own validation part included. No test part is read.
`python -m benchmarks.accuracy.choosing --help`
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: times compare on one thread

import argparse
import json
import math
import shlex
import statistics
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.accuracy.problem import Part
from benchmarks.accuracy.sets import SETS
from benchmarks.accuracy.storage import surroundings
from benchmarks.accuracy.variants import Variant

from unflat import Windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.accuracy.problem import Task

    Record = dict[str, Any]

DEFAULTS = "defaults"

VARIANTS = {
    DEFAULTS: Variant(),
    "rate 2e-3": Variant({"learning_rate": 2e-3}),
    "rate 1e-3": Variant({"learning_rate": 1e-3}),
    "rate 1e-2": Variant({"learning_rate": 1e-2}),
    "rate 2e-2": Variant({"learning_rate": 2e-2}),
    "no averaging": Variant({"averaging": 0.0}),
    "averaging 0.03": Variant({"averaging": 0.03}),
    "averaging 0.15": Variant({"averaging": 0.15}),
    "dropout 0.2": Variant({"dropout": 0.2}),
    "dropout 0.2, rate 2e-3": Variant({"dropout": 0.2, "learning_rate": 2e-3}),
    "no input noise": Variant({"input_noise": 0.0}),
    "decay 1e-2": Variant({"weight_decay": 1e-2}),
    "decay 1e-1": Variant({"weight_decay": 1e-1}),
    "one layer of 64": Variant({"units": (64,)}),
    "two layers of 32": Variant({"units": (32, 32)}),
    "GRU": Variant({"cell": "gru"}),
    "attention beside": Variant({"readout": ("last", "mean", "max", "attention")}),
    "both directions": Variant({"bidirectional": True}),
    "no skip": Variant({"skip": False}),
    "one network": Variant({"n_members": 1, "validation_fraction": 0.1}),
    "three networks": Variant({"n_members": 3}),
    "three of one layer": Variant({"units": (64,), "n_members": 3}),
    "three of two layers of 32": Variant({"units": (32, 32), "n_members": 3}),
    "Huber": Variant({"loss": "huber"}),
    "half the batch": Variant(batch=0.5),
    "twice the batch": Variant(batch=2),
    "half the epochs": Variant(epochs=0.5),
    "a quarter of the epochs": Variant(epochs=0.25),
    "twice the epochs": Variant(epochs=2),
    "rate by range test": Variant(range_test=True),
    "random cropping": Variant(cropping=True),
}
"""What was tried; each differs from the defaults in what it names only."""

TASKS = (
    "flood",
    "cmapss-fd001",
    "etth1-all-24",
    "beijing-honest",
    "glucose-30",
    "sunspots",
    "narma10",
    "mackey-glass-84",
)

OUTPUT = Path(__file__).parent / "results" / "choosing.json"

_HELD_OUT = 0.25


def halves(part: Part, most: int, seed: int) -> tuple[Part, Part]:
    """Split a training part as its kind asks for.

    Parameters
    ----------
    part : Part
        The training part of a problem.
    most : int
        About so many of its sequences are taken.
    seed : int
        Shuffles series, or sequences that belong to none.

    Returns
    -------
    tuple of two Parts
        Three quarters to fit on, and a quarter to judge by: the end of a series, whole series, or any sequences.
    """
    part = part.thinned(most) if len(part) > most else part
    if isinstance(part.X, Windows):
        split = part.X.split(test=_HELD_OUT, validation=0.0, by=part.X.natural_split, random_state=seed)
        return Part(split.train), Part(split.test)
    order = np.random.default_rng(seed).permutation(len(part))
    border = round((1 - _HELD_OUT) * len(order))
    return _taken(part, np.sort(order[:border])), _taken(part, np.sort(order[border:]))


def _taken(part: Part, index: Any) -> Part:  # noqa: ANN401 - positions
    X = part.X[index] if isinstance(part.X, np.ndarray) else part.X.take(index)
    return Part(X, None if part.y is None else part.y[index])


def run(task: Task, data: Path, variant: str, seed: int, most: int) -> Record:
    """Fit one variant to one task's training part, and measure its error on what was held out of it."""
    training, held_out = halves(task.make(data, seed).train, most, seed)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, told = VARIANTS[variant].fit(training, seed)
        prediction = np.reshape(model.predict(held_out.X), held_out.targets.shape)
    error = np.mean((held_out.targets - prediction) ** 2, axis=0) / np.var(training.targets, axis=0)
    return {
        "task": task.name,
        "variant": variant,
        "seed": seed,
        "error": float(error.mean()),
        "seconds": round(time.perf_counter() - started, 1),
        "sequences": len(training),
        "best epoch": model.history_.best_epoch,
        "epochs": len(model.history_.epochs),
        **({"chosen": told} if told else {}),
    }


def table(records: Sequence[Record]) -> str:
    """Write what each variant does to the error of each task, as a ratio to the defaults' of the same seed.

    Parameters
    ----------
    records : sequence of dict
        As `run` gives them.

    Returns
    -------
    str
        A table in Markdown: geometric means over seeds, and over tasks in the column "all"; what a variant's training
        costs, as the median ratio of seconds; and how many pairs of a task and a seed its row stands for.
    """
    tasks = list(dict.fromkeys(record["task"] for record in records))
    lines = ["| variant | " + " | ".join(tasks) + " | all | time | pairs |", "| --- |" + " ---: |" * (len(tasks) + 3)]
    for variant in VARIANTS:
        beside = {task: _beside_defaults(records, task, variant) for task in tasks}
        ratios = [geometric_mean(this["error"] / that["error"] for this, that in beside[task]) for task in tasks]
        times = [this["seconds"] / that["seconds"] for pairs in beside.values() for this, that in pairs]
        if times:
            cells = ["" if math.isnan(ratio) else f"{ratio:.3f}" for ratio in ratios]
            whole = geometric_mean(ratio for ratio in ratios if not math.isnan(ratio))
            cells += [f"**{whole:.3f}**", f"{statistics.median(times):.2f}", str(len(times))]
            lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines)


def commits(records: Sequence[Record]) -> str:
    """Tell which commits the fits ran on, and how many of them on each; earlier files do not say."""
    counts = Counter(record.get("commit", "a commit that was not stored with it") for record in records)
    return "Ran on " + ", ".join(f"{commit or 'no commit'} ({count})" for commit, count in counts.items()) + "."


def _beside_defaults(records: Sequence[Record], task: str, variant: str) -> list[tuple[Record, Record]]:
    of_task = [record for record in records if record["task"] == task]
    defaults = {record["seed"]: record for record in of_task if record["variant"] == DEFAULTS}
    return [(r, defaults[r["seed"]]) for r in of_task if r["variant"] == variant and r["seed"] in defaults]


def geometric_mean(ratios: Iterable[float]) -> float:
    """Average ratios, so that twice and half make one; nan for none."""
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(statistics.mean(logarithms)) if logarithms else math.nan


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.choosing", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder that holds the data folders")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), help="on which")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS, help="what to try")
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0")
    parser.add_argument("--most", type=int, default=3000, help="sequences of a training part that are taken")
    parser.add_argument("--report", action="store_true", help="print the table of what is stored, and run nothing")
    parser.add_argument("--output", type=Path, metavar="FILE", default=OUTPUT, help="where results are stored")
    return parser.parse_args(arguments)


def command_line(arguments: Sequence[str], module: str = "benchmarks.accuracy.choosing") -> str:
    """Write the command as it was given, folders of this machine aside."""
    shown = list(arguments)
    for option, word in (("--data", "DIR"), ("--output", "FILE")):
        if option in shown[:-1]:
            shown[shown.index(option) + 1] = word
    return shlex.join(["python", "-m", module, *shown])


def run_all(options: argparse.Namespace, command: str) -> None:
    """Run what is not stored yet, and store after each fit."""
    stored = stored_in(options.output)
    known = {task.name: task for chosen in SETS.values() for task in chosen.tasks}
    done = {(record["task"], record["variant"], record["seed"]) for record in stored["runs"]}
    environment = surroundings(command)  # before the first fit: sources may change while fits run
    asked = [(t, v, seed) for seed in range(options.seeds) for t in options.tasks for v in options.variants]
    for task, variant, seed in asked:
        if (task, variant, seed) not in done:
            record = run(known[task], options.data or Path(), variant, seed, options.most)
            store_run(options.output, stored, record, environment)


def store_run(output: Path, stored: Record, record: Record, environment: Record) -> None:
    """Add a fit to what is stored, with the version and commit that it ran on, and print it.

    The file holds the environment of the last run alone.
    """
    record = record | {name: environment[name] for name in ("unflat", "commit")}
    stored["runs"].append(record)
    stored["environment"] = environment
    output.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(record, flush=True)


def stored_in(output: Path) -> Record:
    """Read what earlier runs have stored; no run if there is no such file."""
    found: Record = json.loads(output.read_text(encoding="utf-8")) if output.exists() else {"runs": []}
    return found


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; take up where an earlier run stopped."""
    options = parse(arguments)
    if not options.report:
        run_all(options, command_line(arguments))
    runs = stored_in(options.output)["runs"]
    print(table(runs), commits(runs), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
