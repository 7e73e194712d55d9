"""Train with and without each kind of column, on the same rows, and write what came of it.

`python -m benchmarks.features --data FOLDER`, where `FOLDER/etth1/ETTh1.csv` is; writes `results/features.json` beside
this file.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from benchmarks.features.cases import Case, cases

from unflat import FitWarning, LSTMRegressor, make_windows
from unflat.errors import DataWarning

if TYPE_CHECKING:
    from unflat.windows import Windows

RESULTS = Path(__file__).parent / "results" / "features.json"

SETTINGS: dict[str, Any] = {"units": (32,), "epochs": 15, "progress": False}
"""Less than the defaults: what is compared are pairs, each of the same budget."""


def main() -> None:
    """Run all pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", help="one case, by its name; nothing is then written")
    options = parser.parse_args()
    chosen = [case for case in cases(options.data) if options.only in {None, case.name}]
    records = [_record(case, options.seeds) for case in chosen]
    if options.only is None:
        _write(records, options.seeds)


def _record(case: Case, seeds: int) -> dict[str, Any]:
    print(f"\n{case.name}: {case.data}")
    ways = {way: [_run(case, way, seed) for seed in range(seeds)] for way in case.ways}
    summary = {way: _summary(runs) for way, runs in ways.items()}
    for way, figures in summary.items():
        shown = ", ".join(f"{name} {mean:.4g} ± {std:.2g}" for name, (mean, std) in figures["rmse"].items())
        print(f"  {way:18} RMSE {shown}; {figures['seconds']:.1f} s")
    return {"case": case.name, "data": case.data, "ways": summary}


def _run(case: Case, way: str, seed: int) -> dict[str, Any]:
    """Train in one way; where it says so, one model for each horizon of the other way."""
    cut = {**case.common, **case.ways[way]}
    horizons = cut.get("horizon", 1)
    frame, most = case.frame(seed), case.most_one_hot.get(way)
    began = time.perf_counter()
    if horizons is None:
        every = next(w["horizon"] for w in case.ways.values() if w["horizon"] is not None)
        runs = [_scores(make_windows(frame, **(cut | {"horizon": (h,)})), case, seed, most) for h in every]
        rmse = {name: value for run in runs for name, value in run.items()}
    else:
        rmse = _scores(make_windows(frame, **cut), case, seed, most)
    return {"rmse": rmse, "seconds": time.perf_counter() - began}


def _scores(windows: Windows, case: Case, seed: int, most_one_hot: int | None) -> dict[str, float]:
    train, _, test = windows.split(test=0.2, validation=0, by=case.by, random_state=seed)  # type: ignore[arg-type]  # either
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        warnings.simplefilter("ignore", DataWarning)
        with mock.patch("unflat.fitting.preparing.MOST_ONE_HOT", 10 if most_one_hot is None else most_one_hot):
            model = LSTMRegressor(random_state=seed, **SETTINGS).fit(train)
        predicted = model.predict(test).reshape(len(test), -1)
    truth = np.asarray(test.y).reshape(len(test), -1)
    errors = np.sqrt(np.mean((predicted - truth) ** 2, axis=0))
    return dict(zip(model.target_names_, errors.tolist(), strict=True))


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    values = {name: [run["rmse"][name] for run in runs] for name in runs[0]["rmse"]}
    rmse = {name: [float(np.mean(each)), float(np.std(each))] for name, each in values.items()}
    return {"rmse": rmse, "seconds": float(np.mean([run["seconds"] for run in runs])), "each": values}


def _write(records: list[dict[str, Any]], seeds: int) -> None:
    document = {
        "command": "python -m benchmarks.features --data DATA" + (f" --seeds {seeds}" if seeds != 3 else ""),  # noqa: PLR2004 - the default
        "seeds": seeds,
        "settings": SETTINGS | {"units": list(SETTINGS["units"])},
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "polars", "torch")},
        "cases": records,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
