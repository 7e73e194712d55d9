"""Measure how long one prediction takes: the model, its exported file, and one step of a stream.

`python benchmarks/deployment/latency.py`. The ways are called in turn, a block of calls each, so that whatever else the
machine does falls on all of them; each has one thread, the model itself too, whose second thread would wait for a
processor that other work holds. Writes JSON into the folder `results` beside this file.

The networks are the document's (50 and 100 units, last state) and the default (the same units, last state, mean and
maximum over time, and the skip), on sequences of 16 steps. Their weights hardly matter for time: they are trained for
one epoch.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat import LSTMRegressor, OnnxPredictor, UnflatWarning, export_onnx, recipes

if TYPE_CHECKING:
    from collections.abc import Callable

    Ways = dict[str, Callable[[], Any]]

MUST = {"exported, predict": 80.0, "stream, one step": 60.0}
"""The most microseconds that the document's network may take: the median of the quietest block."""

BLOCK, WARM_UP = 100, 20


def networks() -> dict[str, LSTMRegressor]:
    """Fit both networks, for their shape."""
    X, y = recipes.generate_data(start=1, num_sample=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnflatWarning)
        return {
            "the document's network": recipes.article(epochs=1, random_state=0).fit(X, y),
            "the default network": LSTMRegressor(epochs=1, random_state=0).fit(X, y),
        }


def ways_of(model: LSTMRegressor, path: Path) -> Ways:
    """Give the ways to predict for one sequence."""
    X = recipes.generate_data(start=100, num_sample=1)[0][:, :, None]
    export_onnx(model, path, sample=X)
    predictor, stream, step = OnnxPredictor(path), model.stream(), X[0, 0]
    feed = {"sequences": X, "lengths": np.array([16])}
    session = predictor._session  # noqa: SLF001 - to tell its share from ours
    return {
        "exported, predict": lambda: predictor.predict(X),
        "exported, ONNX Runtime alone": lambda: session.run(["predictions"], feed),
        "model.predict": lambda: model.predict(X),
        "stream, one step": lambda: stream.feed(step),
    }


def microseconds(ways: Ways, calls: int) -> dict[str, dict[str, float]]:
    """Call each way so many times, block by block in turn, and give the median and the 95th percentile."""
    times: dict[str, list[int]] = {name: [] for name in ways}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    while any(len(measured) < calls for measured in times.values()):
        for name, call in ways.items():
            for _ in range(WARM_UP):
                call()
            for _ in range(BLOCK):
                started = time.perf_counter_ns()
                call()
                times[name].append(time.perf_counter_ns() - started)
    torch.set_num_threads(threads)
    return {name: summary(np.array(measured) / 1000) for name, measured in times.items()}


def summary(times: np.ndarray) -> dict[str, float]:
    """Give the median, the 95th percentile, and the median of the quietest block: what other work left alone."""
    quietest = np.median(times.reshape(-1, BLOCK), axis=1).min()
    values = (np.median(times), np.percentile(times, 95), quietest)
    return dict(zip(("p50", "p95", "p50 of the quietest block"), (round(float(v), 1) for v in values), strict=True))


def milliseconds_of_many(model: LSTMRegressor, path: Path, sequences: int) -> dict[str, float]:
    """Predict for many sequences at once, in turn, and give the medians."""
    X = recipes.generate_data(start=1, num_sample=sequences)[0][:, :, None] % 2000  # the range that the networks know
    calls: Ways = {f"exported, threads={count}": partial_predict(path, count, X) for count in (1, 2)}
    calls["model.predict"] = lambda: model.predict(X)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(5):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: round(float(np.median(measured)), 1) for name, measured in times.items()}


def partial_predict(path: Path, threads: int, X: np.ndarray) -> Callable[[], Any]:
    """Bind a predictor with so many threads to its input."""
    predictor = OnnxPredictor(path, threads=threads)
    return lambda: predictor.predict(X)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both networks, one sequence and many."""
    results: dict[str, Any] = {"one sequence of 16 steps, microseconds": {}, "many sequences, milliseconds": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name, model in networks().items():
            path = Path(folder) / "model.onnx"
            results["one sequence of 16 steps, microseconds"][name] = microseconds(ways_of(model, path), options.calls)
            results["many sequences, milliseconds"][name] = milliseconds_of_many(model, path, options.many)
    return results


def environment() -> dict[str, Any]:
    """Say what the figures depend on."""
    libraries = ("numpy", "onnx", "onnxruntime", "torch")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "load before": [round(load, 2) for load in os.getloadavg()],
    } | {name: version(name) for name in libraries}


def show(results: dict[str, Any]) -> None:
    """Print what was measured."""
    for network, ways in results["one sequence of 16 steps, microseconds"].items():
        print(f"{network}, one sequence of 16 steps, µs{'p50':>12}{'p95':>10}{'quietest p50':>15}")
        for name, times in ways.items():
            print(f"  {name:46}{times['p50']:10.1f}{times['p95']:10.1f}{times['p50 of the quietest block']:15.1f}")
    for network, ways in results["many sequences, milliseconds"].items():
        print(f"{network}, {results['options']['many']:,} sequences, ms: {ways}")


def main() -> None:
    """Measure, print, write; exit with 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000, help="calls of each way")
    parser.add_argument("--many", type=int, default=10_000, help="sequences predicted at once")
    options = parser.parse_args()
    results = {"options": vars(options), "environment": environment()} | measure(options)
    show(results)
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "latency.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    document = results["one sequence of 16 steps, microseconds"]["the document's network"]
    sys.exit(any(document[name]["p50 of the quietest block"] > limit for name, limit in MUST.items()))


if __name__ == "__main__":
    main()
