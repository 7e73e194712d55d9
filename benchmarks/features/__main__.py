"""Train with and without each kind of column, on the same rows, and write what came of it.

`python -m benchmarks.features --data FOLDER`, where `FOLDER/etth1/ETTh1.csv` is; writes each pair into
`results/features.json` beside this file as it ends, with the commit and versions that it ran on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from benchmarks.accuracy.storage import surroundings
from benchmarks.features.cases import Case, cases

from unflat import FitWarning, LSTMRegressor, make_windows
from unflat.errors import DataWarning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unflat.windows import Windows

RESULTS = Path(__file__).parent / "results" / "features.json"

SETTINGS: dict[str, Any] = {"progress": False}
"""The defaults: what a column is worth to networks that have not learned what they could is another question."""

SMALL: dict[str, Any] = SETTINGS | {"units": (32,), "epochs": 15}
"""Less than the defaults, in a fraction of the time: of pairs that have the same budget, and little of it."""

SEEDS = 5


def main(arguments: Sequence[str]) -> None:
    """Run all pairs, or one of them; what is stored of others stays."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many, from 0; {SEEDS}")
    parser.add_argument("--small", action="store_true", help="32 units and 15 epochs in place of the defaults")
    parser.add_argument("--only", help="one case, by its name")
    options = parser.parse_args(arguments)
    settings = SMALL if options.small else SETTINGS
    environment = surroundings(_command(options))
    every = cases(options.data)
    for case in every:
        if options.only in {None, case.name}:
            record = _record(case, options.seeds, settings) | {"environment": environment}
            _write(record, [one.name for one in every])


def _record(case: Case, seeds: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    print(f"\n{case.name}: {case.data}")
    ways = {way: [_run(case, way, seed, settings) for seed in range(seeds)] for way in case.ways}
    summary = {way: _summary(runs) for way, runs in ways.items()}
    for way, figures in summary.items():
        shown = ", ".join(f"{name} {mean:.4g} ± {std:.2g}" for name, (mean, std) in figures["rmse"].items())
        print(f"  {way:18} RMSE {shown}; {figures['seconds']:.1f} s")
    told = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
    return {"case": case.name, "data": case.data, "seeds": seeds, "settings": told, "ways": summary}


def _run(case: Case, way: str, seed: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Train in one way; where it says so, one model for each horizon or target of the other way's."""
    cut = {**case.common, **case.ways[way]}
    frame, most = case.frame(seed), case.most_one_hot.get(way)
    apart = next((name for name, value in cut.items() if value is None), None)
    began = time.perf_counter()
    cuts = [cut]
    if apart is not None:
        every = next(other[apart] for other in case.ways.values() if other[apart] is not None)
        cuts = [cut | {apart: (one,)} for one in every]
    runs = [_scores(make_windows(frame, **each), case, seed, most, settings) for each in cuts]
    rmse = {name: value for run in runs for name, value in run.items()}
    return {"rmse": rmse, "seconds": time.perf_counter() - began}


def _scores(
    windows: Windows, case: Case, seed: int, most_one_hot: int | None, settings: Mapping[str, Any]
) -> dict[str, float]:
    train, _, test = windows.split(test=0.2, validation=0, by=case.by, random_state=seed)  # type: ignore[arg-type]  # either
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        warnings.simplefilter("ignore", DataWarning)
        with mock.patch("unflat.fitting.preparing.MOST_ONE_HOT", 10 if most_one_hot is None else most_one_hot):
            model = LSTMRegressor(random_state=seed, **settings).fit(train)
        predicted = model.predict(test).reshape(len(test), -1)
    truth = np.asarray(test.y).reshape(len(test), -1)
    errors = np.sqrt(np.mean((predicted - truth) ** 2, axis=0))
    return dict(zip(model.target_names_, errors.tolist(), strict=True))


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    values = {name: [run["rmse"][name] for run in runs] for name in runs[0]["rmse"]}
    rmse = {name: [statistics.fmean(each), statistics.pstdev(each)] for name, each in values.items()}
    return {"rmse": rmse, "seconds": float(np.mean([run["seconds"] for run in runs])), "each": values}


def _command(options: argparse.Namespace) -> str:
    """Write the command, folders of this machine aside."""
    words = ["python -m benchmarks.features --data DATA"]
    words += [f"--seeds {options.seeds}"] * (options.seeds != SEEDS) + ["--small"] * options.small
    return " ".join([*words, *([] if options.only is None else [f'--only "{options.only}"'])])


def _write(record: dict[str, Any], order: Sequence[str]) -> None:
    """Put a case among what is stored, in the place of what was stored of it."""
    stored = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {"cases": []}
    known = {one["case"]: one for one in stored["cases"]} | {record["case"]: record}
    records = [known[name] for name in order if name in known]
    # Files of before have one head for all, which goes with the last record that has none of its own.
    head = {} if all("environment" in one for one in records) else stored
    stored = head | {"cases": records}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
