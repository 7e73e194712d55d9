"""Measure what `Watch` costs: the document's network and data, trained with and without it.

Two trainings, one of them watched, go on in lockstep: each makes a step and waits for the other's, so that whatever
else the machine does falls on both alike. What is compared is the processor time of either, on one thread, the making
of the watch included. Two trainings of which none is watched, "null", say how far this can be trusted. The clock of a
watch runs on while it waits, so half of the share is given that it has by default:

    OMP_WAIT_POLICY=PASSIVE python benchmarks/watch/overhead.py

Writes JSON into the folder `results` beside this file; exits with 1 if the limit is passed.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import sys
import threading
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import torch
from torch import nn

from unflat import Callback, Watch, recipes
from unflat.recipes.document import BATCH_SIZE, LEARNING_RATE, TRAIN, UNITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Pause = Callable[[], None]
    Training = Callable[[NDArray[Any], NDArray[Any], int, bool, Pause], Watch | None]

LIMIT = 0.03
"""The most that a training may take longer."""

SHARE = 0.015
"""Half of the default: half of the time that passes is the other training's."""


class Network(nn.Module):
    """The document's network in PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.LSTM(1, UNITS[0], batch_first=True)
        self.second = nn.LSTM(UNITS[0], UNITS[1], batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(UNITS[1], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Read sequences (B, T, 1), give (B, 1)."""
        states = self.second(self.drop(self.first(x)[0]))[0][:, -1]
        return self.out(self.drop(states))


def by_torch(X: NDArray[Any], y: NDArray[Any], epochs: int, watched: bool, pause: Pause) -> Watch | None:
    """Train in a plain loop."""
    network = Network()
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    inputs, targets = torch.from_numpy(X), torch.from_numpy(y)[:, None]
    steps = epochs * -(-len(X) // BATCH_SIZE)
    watch = Watch(X, y, model=network, optimizer=optimizer, loss="mse", steps=steps, share=SHARE) if watched else None
    for epoch in range(1, epochs + 1):
        for index in torch.randperm(len(X)).split(BATCH_SIZE):
            pause()
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(network(inputs[index]), targets[index])
            loss.backward()
            optimizer.step()
            if watch is not None:
                watch.step(loss, epoch=epoch)
    if watch is not None:
        watch.close()
    return watch


class PauseInKeras(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Waits before each step."""

    def __init__(self, pause: Pause) -> None:
        super().__init__()
        self._pause = pause

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        """Wait."""
        self._pause()


def by_keras(X: NDArray[Any], y: NDArray[Any], epochs: int, watched: bool, pause: Pause) -> Watch | None:
    """Train with `fit`."""
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((X.shape[1], 1)), layers.LSTM(UNITS[0], return_sequences=True), layers.Dropout(0.2),
        layers.LSTM(UNITS[1]), layers.Dropout(0.2), layers.Dense(1),
    ])  # fmt: skip
    model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="mse")
    watch = Watch(X, y, share=SHARE) if watched else None
    callbacks = [PauseInKeras(pause), *([] if watch is None else [watch])]
    model.fit(X, y, epochs=epochs, batch_size=BATCH_SIZE, verbose=0, callbacks=callbacks)
    return watch


class PauseInEstimator(Callback):
    """Waits after each step."""

    def __init__(self, pause: Pause) -> None:
        self._pause = pause

    def on_step(self, step: int, rate: float) -> None:
        """Wait."""
        self._pause()


def by_estimator(X: NDArray[Any], y: NDArray[Any], epochs: int, watched: bool, pause: Pause) -> Watch | None:
    """Train with `LSTMRegressor`."""
    watch = Watch(X, y, share=SHARE) if watched else None
    callbacks = (PauseInEstimator(pause), *(() if watch is None else (watch,)))
    recipes.article(random_state=0, epochs=epochs, callbacks=callbacks, progress=False).fit(X, y)
    return watch


TRAININGS: dict[str, Training] = {"torch": by_torch, "keras on torch": by_keras, "estimator": by_estimator}


def data(kind: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Make the document's data, raw as it began, or each side scaled by its own."""
    X, y = recipes.generate_data(*TRAIN)
    if kind == "own":
        X, y = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    return X.astype(np.float32)[:, :, None], y.astype(np.float32)


class Lockstep:
    """Lets two threads go on in turns."""

    def __init__(self) -> None:
        self._mine = (threading.Semaphore(1), threading.Semaphore(0))
        self._over = False

    def pause(self, who: int) -> None:
        """Let the other go on, and wait for it."""
        if not self._over:
            self._mine[1 - who].release()
            self._mine[who].acquire()

    def start(self, who: int) -> None:
        """Wait for the first turn."""
        self._mine[who].acquire()

    def leave(self, who: int) -> None:
        """Go; the other need not wait again."""
        self._over = True
        self._mine[1 - who].release()


def in_lockstep(training: Training, kind: str, epochs: int, watched: int | None) -> tuple[list[float], Watch | None]:
    """Train twice at once; give the processor time of each, and the watch of the one that has one."""
    X, y = data(kind)
    turns, seconds, watches = Lockstep(), [0.0, 0.0], []

    def run(who: int) -> None:
        turns.start(who)
        began = time.thread_time()
        try:
            watches.append(training(X, y, epochs, who == watched, lambda: turns.pause(who)))
        finally:
            seconds[who] = time.thread_time() - began
            turns.leave(who)

    threads = [threading.Thread(target=run, args=(who,)) for who in (0, 1)]
    gc.collect()
    gc.disable()  # one thread would clean up for both
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.enable()
    return seconds, next((watch for watch in watches if watch is not None), None)


def measure(name: str, kind: str, options: argparse.Namespace) -> dict[str, Any]:
    """Compare watched and unwatched, the one that begins alternating, then unwatched with itself."""
    training = TRAININGS[name]
    in_lockstep(training, kind, 1, 0)  # imports and caches
    runs = []
    for number in range(options.pairs):
        watched = number % 2
        seconds, watch = in_lockstep(training, kind, options.epochs, watched)
        if watch is None:
            raise SystemExit(f"{name}: a training failed.")
        longer = seconds[watched] / seconds[1 - watched] - 1
        runs.append({"seconds": seconds, "longer": longer, "looks": len(watch.records), "cause": watch.cause})
    null, _ = in_lockstep(training, kind, options.epochs, None)
    longer = median(run["longer"] for run in runs)
    return {"training": name, "data": kind, "longer": longer, "null": null[0] / null[1] - 1, "runs": runs}


def save(name: str, results: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Write the results of one kind of training with what they depend on."""
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    environment = {"python": platform.python_version(), "platform": platform.platform()} | {
        package: version(package) for package in ("keras", "numpy", "torch")
    }
    content = {"limit": LIMIT, "options": vars(options), "environment": environment, "results": results}
    (folder / f"{name.replace(' ', '-')}.json").write_text(json.dumps(content, indent=1) + "\n")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10, help="of each training; the document makes 30")
    parser.add_argument("--trainings", nargs="+", choices=TRAININGS, default=list(TRAININGS))
    parser.add_argument("--data", nargs="+", choices=("raw", "own"), default=["raw", "own"])
    options = parser.parse_args()
    torch.set_num_threads(1)  # of which the processor time is measured
    warnings.simplefilter("ignore")
    passed = False
    for name in options.trainings:
        results = []
        for kind in options.data:
            results.append(measure(name, kind, options))
            longer, null = results[-1]["longer"], results[-1]["null"]
            print(f"{name:16}{kind:6}longer by {longer:+.2%}, null {null:+.2%}", flush=True)
            passed |= longer > LIMIT
        save(name, results, options)
    sys.exit(passed)


if __name__ == "__main__":
    main()
