"""How the defaults were chosen: other values of parameters, tried on the training parts of all sets together.

The last quarter of each training part (of its time, of its series, or of shuffled sequences) is held out, and every
variant is fitted to the rest as the package fits, its own validation part included. No test part is read.
`python -m benchmarks.accuracy.choosing --help`
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.accuracy.problem import Part
from benchmarks.accuracy.sets import SETS
from benchmarks.accuracy.storage import surroundings

from unflat import LSTMRegressor, Windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.accuracy.problem import Task

VARIANTS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "rate 2e-3": {"learning_rate": 2e-3},
    "rate 1e-3": {"learning_rate": 1e-3},
    "no averaging": {"averaging": 0.0},
    "averaging 0.03": {"averaging": 0.03},
    "averaging 0.15": {"averaging": 0.15},
    "dropout 0.2": {"dropout": 0.2},
    "dropout 0.2, rate 2e-3": {"dropout": 0.2, "learning_rate": 2e-3},
    "no input noise": {"input_noise": 0.0},
    "decay 1e-2": {"weight_decay": 1e-2},
    "decay 1e-1": {"weight_decay": 1e-1},
    "one layer of 64": {"units": (64,)},
    "two layers of 32": {"units": (32, 32)},
    "GRU": {"cell": "gru"},
    "attention beside": {"readout": ("last", "mean", "max", "attention")},
    "no skip": {"skip": False},
    "Huber": {"loss": "huber"},
}
"""What was tried; each changes the defaults in these parameters only."""

TASKS = (
    "flood", "cmapss-fd001", "etth1-all-24", "beijing-honest", "glucose-30", "sunspots", "narma10", "mackey-glass-84",
)  # fmt: skip
_HELD_OUT = 0.25


def halves(part: Part, most: int, seed: int) -> tuple[Part, Part]:
    """Split a training part, thinned to about so many sequences, as its kind asks for."""
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


def run(task: Task, data: Path, variant: str, seed: int, most: int) -> dict[str, Any]:
    """Fit one variant to one task's training part, and measure its error on what was held out of it."""
    training, held_out = halves(task.make(data, seed).train, most, seed)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LSTMRegressor(random_state=seed, progress=False, **VARIANTS[variant]).fit(training.X, training.y)
        prediction = np.reshape(model.predict(held_out.X), held_out.targets.shape)
    error = np.mean((held_out.targets - prediction) ** 2, axis=0) / np.var(training.targets, axis=0)
    return {
        "task": task.name, "variant": variant, "seed": seed, "error": float(error.mean()),
        "seconds": round(time.perf_counter() - started, 1), "sequences": len(training),
        "best epoch": model.history_.best_epoch, "epochs": len(model.history_.epochs),
    }  # fmt: skip


def table(records: Sequence[dict[str, Any]]) -> str:
    """Write what each variant does to the error of each task, as a ratio to the defaults' of the same seed."""
    found = {(r["task"], r["variant"], r["seed"]): r for r in records}
    tasks = list(dict.fromkeys(r["task"] for r in records))
    lines = ["| variant | " + " | ".join(tasks) + " | all | time |", "| --- |" + " ---: |" * (len(tasks) + 2)]
    for variant in VARIANTS:
        ratios, times = [], []
        for task in tasks:
            pairs = [
                (found[key], found[task, "defaults", key[2]])
                for key in found
                if key[:2] == (task, variant) and (task, "defaults", key[2]) in found
            ]
            logs = [math.log(this["error"] / that["error"]) for this, that in pairs]
            times += [this["seconds"] / that["seconds"] for this, that in pairs]
            ratios.append(math.exp(statistics.mean(logs)) if logs else math.nan)
        known = [math.log(ratio) for ratio in ratios if not math.isnan(ratio)]
        if not known:
            continue
        cells = ["" if math.isnan(ratio) else f"{ratio:.3f}" for ratio in ratios]
        whole = f"**{math.exp(statistics.mean(known)):.3f}**"
        lines.append(f"| {variant} | " + " | ".join([*cells, whole, f"{statistics.median(times):.2f}"]) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; take up where an earlier run stopped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.choosing", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder that holds the data folders")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), help="on which")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), help="what to try")
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0")
    parser.add_argument("--most", type=int, default=3000, help="sequences of a training part that are taken")
    parser.add_argument("--report", action="store_true", help="print the table of what is stored, and run nothing")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "choosing.json")
    options = parser.parse_args(arguments)
    stored = json.loads(options.output.read_text(encoding="utf-8")) if options.output.exists() else {"runs": []}
    known = {task.name: task for chosen in SETS.values() for task in chosen.tasks}
    done = {(r["task"], r["variant"], r["seed"]) for r in stored["runs"]}
    for seed in range(0 if options.report else options.seeds):
        for task in options.tasks:
            for variant in options.variants:
                if (task, variant, seed) not in done:
                    stored["runs"].append(run(known[task], options.data or Path(), variant, seed, options.most))
                    shown = ["--data DIR" if a == str(options.data) else a for a in arguments if a != "--data"]
                    stored["environment"] = surroundings(" ".join(["python -m benchmarks.accuracy.choosing", *shown]))
                    options.output.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
                    print(stored["runs"][-1], flush=True)
    print(table(stored["runs"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
