"""The matrix products that no training of LSTM layers can do without, in float32: the floor under its time.

    python benchmarks/speed/floor.py

They are done by NumPy and by torch, at the sizes that occur (step by step) and as few large ones (all steps at once);
the fastest way is the floor. Prints a line of JSON.

The threads of NumPy and of torch wait for more work by turning in circles, and would take the processors from what
comes next; a pause around NumPy's products lets them come to rest.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[], object]

PAUSE = 0.05
"""Seconds until waiting threads have come to rest: OpenBLAS turns for 2^26 cycles."""

WARM_UP = 3


@dataclass(frozen=True)
class Recipe:
    """What is trained: sequences of a batch, their steps and features, and the units of the layers."""

    name: str
    batch: int
    steps: int
    features: int
    units: tuple[int, ...]


DOCUMENT = Recipe("the document's", 128, 16, 1, (50, 100))


def floors(recipe: Recipe) -> dict[str, Work]:
    """Give the ways to do the products of the layers, forward and backward, and nothing else."""
    random = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return random.standard_normal(shape, dtype=np.float32)

    pairs: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"step by step": [], "all steps at once": []}
    rows, width = recipe.batch * recipe.steps, recipe.features
    for depth, units in enumerate(recipe.units):
        x, h, gates = drawn(rows, width), drawn(rows, units), drawn(rows, 4 * units)
        weight_input, weight_hidden = drawn(width, 4 * units), drawn(units, 4 * units)
        once = [(x, weight_input), (x.T, gates), (h.T, gates)]
        if depth:
            once.append((gates, weight_input.T))  # what the first layer reads needs no gradient
        recurrent = [(h, weight_hidden), (gates, weight_hidden.T)]
        parts = [slice(first, first + recipe.batch) for first in range(0, rows, recipe.batch)]
        pairs["step by step"] += once + [(left[part], right) for part in parts for left, right in recurrent]
        pairs["all steps at once"] += once + recurrent
        width = units
    ways: dict[str, Work] = {}
    for name, products in pairs.items():
        tensors = [(torch.from_numpy(left), torch.from_numpy(right)) for left, right in products]
        ways[f"products {name}, NumPy"] = lambda products=products: [left @ right for left, right in products]
        ways[f"products {name}, torch"] = lambda tensors=tensors: [left @ right for left, right in tensors]
    return ways


def flops(recipe: Recipe) -> int:
    """Count the operations of these products."""
    total, width = 0, recipe.features
    for depth, units in enumerate(recipe.units):
        total += 2 * recipe.batch * recipe.steps * 4 * units * ((3 if depth else 2) * width + 3 * units)
        width = units
    return total


def rest(name: str) -> None:
    """Wait for the threads of others where NumPy's come or have been."""
    if name.endswith("NumPy"):
        time.sleep(PAUSE)


def measure(recipe: Recipe, rounds: int) -> dict[str, float]:
    """Do the products of a step in every way, in turn, and give the median seconds of each way."""
    ways = floors(recipe)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(WARM_UP + rounds):
        for name, work in ways.items():
            rest(name)
            began = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - began)
            rest(name)
    return {name: median(measured[WARM_UP:]) for name, measured in seconds.items()}


def main() -> None:
    """Measure the document's recipe and print the fastest way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="how often each way is measured")
    seconds = measure(DOCUMENT, parser.parse_args().rounds)
    way = min(seconds, key=lambda name: seconds[name])
    gigaflops = flops(DOCUMENT) / seconds[way] / 1e9
    print(json.dumps({"step": seconds[way], "way": way, "gigaflops": round(gigaflops, 1)}))


if __name__ == "__main__":
    main()
