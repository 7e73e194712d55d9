"""What contenders share: the document's data scaled by hand, pictures, a clock for predictions, and a line of JSON.

A contender is a script that measures one thing and prints one line of JSON. It runs in a process of its own, those of
the peers in their environment; none imports this package but its own.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

STEPS = 16
BATCH, RATE, EPSILON, DROPOUT = 128, 5e-4, 1e-7, 0.2
"""The document's recipe; the epsilon is that of Keras's Adam."""

UNITS = (50, 100)
MANY = 10_000
SIZES = (256, 1024, MANY)
"""Sequences at once in which each contender predicts many; its fastest counts."""

WARM_UP = 3


@dataclass(frozen=True, eq=False)
class Data:
    """The document's sequences, raw, and how they are scaled: inputs and target by their own mean and deviation."""

    X: np.ndarray
    y: np.ndarray
    X_beyond: np.ndarray
    y_beyond: np.ndarray

    def inputs(self, X: np.ndarray) -> np.ndarray:
        """Scale sequences and give them the axis of features."""
        return ((X - self.X.mean(axis=0)) / self.X.std(axis=0))[:, :, None].astype(np.float32)

    def target(self) -> np.ndarray:
        """Scale the targets of the training sequences, (n, 1)."""
        return ((self.y - self.y.mean()) / self.y.std())[:, None].astype(np.float32)

    def original(self, predicted: np.ndarray) -> np.ndarray:
        """Bring predictions back to the targets' own units."""
        return np.asarray(predicted, dtype=np.float64).ravel() * self.y.std() + self.y.mean()

    def errors(self, predicted: np.ndarray, beyond: np.ndarray) -> dict[str, float]:
        """Give the mean absolute errors, in raw units, on what was trained on and beyond it."""
        return {
            "MAE": float(np.abs(predicted - self.y).mean()),
            "MAE beyond": float(np.abs(beyond - self.y_beyond).mean()),
        }


def document() -> Data:
    """Make the document's data: sequence `i` holds the number `10 * i` 16 times, its target is `i`."""

    def made(start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        y = np.arange(start, start + count)
        return np.repeat(10.0 * y[:, None], STEPS, axis=1), y

    return Data(*made(1, 2804), *made(3000, 100))


def arguments(*tasks: str) -> argparse.Namespace:
    """Read what every contender is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=tasks)
    parser.add_argument("--folder", type=Path, default=Path(), help="where pictures go, or a model's files are")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--calls", type=int, default=500, help="predictions of one sequence")
    return parser.parse_args()


def draw(folder: Path, losses: Sequence[float], y: np.ndarray, predicted: np.ndarray) -> None:
    """Write the two pictures of the experiment as people do: the loss, and predictions beside the truth."""
    import matplotlib as mpl  # noqa: PLC0415 - a prediction needs no pictures

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    plt.figure(figsize=(10, 6))
    plt.plot(losses)
    plt.savefig(folder / "loss.png")
    plt.figure(figsize=(16, 8))
    plt.plot(y, "red")
    plt.scatter(range(len(predicted)), predicted)
    plt.legend(["True_label", "pred_label"], fontsize=14)
    plt.tight_layout()
    plt.savefig(folder / "pred.png")


def epoch_seconds(seconds: Sequence[float]) -> float:
    """Give the median of all epochs but the first, in which some engines compile."""
    return median(seconds[1:] or seconds)


def timed(call: Callable[[], Any], calls: int) -> dict[str, float]:
    """Call again and again, and give the median and the 95th percentile in seconds."""
    for _ in range(WARM_UP):
        call()
    seconds = [_once(call) for _ in range(max(2, calls))]
    return {"p50": median(seconds), "p95": quantiles(seconds, n=20)[-1]}


def one_and_many(
    one: Callable[[np.ndarray], Any], many: Callable[[np.ndarray, int], Any], calls: int, *, scaled: bool = True
) -> dict[str, Any]:
    """Time the prediction of one sequence, and of many in the batches in which they are fastest."""
    data = document()
    X = np.resize(data.X, (MANY, STEPS))  # the same numbers again and again
    X = data.inputs(X) if scaled else X[:, :, None]
    few = max(2, calls // 100)
    ways: Mapping[int, float] = {size: timed(lambda size=size: many(X, size), few)["p50"] for size in SIZES}
    fastest = min(ways, key=lambda size: ways[size])
    return {"one": timed(lambda: one(X[:1]), calls), "many": ways[fastest], "batch": fastest}


def _once(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def say(record: Mapping[str, Any]) -> None:
    """Print the line."""
    print(json.dumps(dict(record)))
