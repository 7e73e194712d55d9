"""Measure a step of training: with the compiled LSTM, with torch's, and the products that no LSTM can do without.

    python benchmarks/speed/step.py

A training goes on as any other does; after each of its steps a callback times the same step's parts in turn, so that
whatever else the machine does falls on all of them: the network's forward and backward alone, by the kernel and by
torch; the recurrent layers alone, by both; and the matrix products of these layers in float32, by NumPy and by torch,
at the sizes that occur (step by step) and as few large ones (all steps at once): `floor.py`. The fastest way of the
products is the floor: a step's time as a multiple of it says what is left. Given are medians of ratios, each of one
round.

What the loop adds to the network is measured in trainings of their own, by the kernel and by torch, where nothing but
the network alone stands between two steps: after the products a step would have to fetch all that it needs anew.

The recipes are the document's (128 sequences of 16 steps, 1 feature, 50 and 100 units), and others that are longer,
smaller or wider. Writes JSON into the folder `results` beside this file, or where it is told to; exits with 1 if a
limit is passed.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from floor import DOCUMENT, Recipe, floors, flops, rest
from threadpoolctl import threadpool_limits

from unflat import Callback
from unflat.config import NetworkConfig, TrainingConfig
from unflat.network import Network, kernel
from unflat.scaling.scales import fit_input_scaling
from unflat.sequences import as_sequences
from unflat.sequences.batches import BatchSource
from unflat.training.examples import Examples
from unflat.training.loop import Conduct, train

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[], object]

RESULTS = Path(__file__).parent / "results" / "step.json"

LIMITS = {"network / floor": 2.5, "loop / network": 1.08}
"""The most for the document's recipe."""

WARM_UP = 5

RECIPES = [
    DOCUMENT,
    Recipe("smaller batches", 64, 16, 1, (50, 100)),
    Recipe("wider", 128, 16, 1, (128, 128)),
    Recipe("windows of 96 steps", 128, 96, 7, (50, 100)),
    Recipe("sequences of 266 steps", 64, 266, 3, (50, 100)),
]


def examples_of(recipe: Recipe, steps: int) -> Examples:
    """Draw data that fills so many steps of training."""
    random = np.random.default_rng(0)
    sequences = as_sequences(random.normal(size=(recipe.batch * steps, recipe.steps, recipe.features)))
    scaling, _ = fit_input_scaling(sequences, "standard")
    return Examples(BatchSource(sequences), scaling, torch.from_numpy(random.normal(size=(len(sequences), 1))).float())


def parts_of(recipe: Recipe, network: Network, examples: Examples) -> dict[str, Work]:
    """Give the parts of a step, on copies: the network's forward and backward, and those of its layers alone."""
    network = copy.deepcopy(network)
    example = examples.draw(torch.arange(recipe.batch), torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    towards = torch.randn(recipe.batch, recipe.steps, recipe.units[-1], generator=generator)

    def whole() -> None:
        network.zero_grad()
        (network(example.x, None, generator) - example.target).square().mean().backward()

    def layers() -> None:
        network.zero_grad()
        states = example.x
        for layer in network.layers:
            states = layer(states, None)
        states.backward(towards)

    return {
        "network, kernel": whole,
        "network, torch": by_torch(whole),
        "layers, kernel": layers,
        "layers, torch": by_torch(layers),
    }


def by_torch(work: Work) -> Work:
    """Do the same with torch's layers."""

    def done() -> None:
        with kernel.using(None):
            work()

    return done


class Paired(Callback):
    """Times each step of a training, and after each the parts of it, in turn."""

    def __init__(self, name: str, parts: dict[str, Work]) -> None:
        self.seconds: dict[str, list[float]] = {key: [] for key in (name, *parts)}
        self._name, self._parts = name, parts
        self._began = time.perf_counter()

    def on_step(self, step: int, rate: float) -> None:
        """Write down how long the step took, then do and time the parts."""
        self.seconds[self._name].append(time.perf_counter() - self._began)
        for name, part in self._parts.items():
            rest(name)
            began = time.perf_counter()
            part()
            self.seconds[name].append(time.perf_counter() - began)
            rest(name)
        self._began = time.perf_counter()


def measure(recipe: Recipe, rounds: int) -> dict[str, list[float]]:
    """Train with the kernel and with torch's layers, and give every round's seconds of each part."""
    rounds += WARM_UP
    config = NetworkConfig(units=recipe.units, dropout=0.2, readout=("last",), skip=False)
    examples = examples_of(recipe, rounds)
    seconds: dict[str, list[float]] = {}
    for name in ("loop, torch", "loop, kernel", "loop, kernel, among all"):
        random = torch.Generator().manual_seed(0)
        network = Network(config, features=recipe.features, outputs=1, generator=random)
        parts = parts_of(recipe, network, examples)
        if name.endswith("among all"):
            parts |= floors(recipe)
        else:
            parts = {f"{name}, network": parts["network, torch" if name == "loop, torch" else "network, kernel"]}
        paired = Paired(name, parts)
        training = TrainingConfig(epochs=1, batch_size=recipe.batch)
        with kernel.using(None) if name == "loop, torch" else nullcontext():
            train(network, examples, None, training, Conduct(random, callbacks=[paired]))
        seconds |= {part: times[WARM_UP:] for part, times in paired.seconds.items()}
    return seconds


def summary(recipe: Recipe, seconds: dict[str, list[float]]) -> dict[str, Any]:
    """Give medians, and the ratios of what was measured in the same round."""
    times = {name: np.array(measured) for name, measured in seconds.items()}
    products = {name: float(np.median(measured)) for name, measured in times.items() if name.startswith("products")}
    floor = min(products, key=lambda name: products[name])

    def ratio(above: str, below: str) -> float:
        return round(float(np.median(times[above] / times[below])), 3)

    return {
        "recipe": asdict(recipe),
        "milliseconds": {name: round(1000 * float(np.median(measured)), 3) for name, measured in times.items()},
        "floor": floor,
        "gigaflops of the floor": round(flops(recipe) / products[floor] / 1e9, 1),
        "layers / floor": ratio("layers, kernel", floor),
        "layers by torch / floor": ratio("layers, torch", floor),
        "network / floor": ratio("network, kernel", floor),
        "network by torch / floor": ratio("network, torch", floor),
        "loop / floor": ratio("loop, kernel, among all", floor),
        "loop / network": ratio("loop, kernel", "loop, kernel, network"),
        "loop / network, torch": ratio("loop, torch", "loop, torch, network"),
        "torch / kernel, layers": ratio("layers, torch", "layers, kernel"),
        "torch / kernel, network": ratio("network, torch", "network, kernel"),
    }


def show(results: list[dict[str, Any]]) -> None:
    """Print the table."""
    columns = ["layers / floor", "layers by torch / floor", "network / floor", "loop / floor", "loop / network"]
    print(f"{'':26}{'floor, ms':>10}{'loop, ms':>10}" + "".join(f"{name:>25}" for name in columns))
    for row in results:
        times = row["milliseconds"]
        start = f"{row['recipe']['name']:26}{times[row['floor']]:10.2f}{times['loop, kernel']:10.2f}"
        print(start + "".join(f"{row[name]:25.2f}" for name in columns))


def environment() -> dict[str, Any]:
    """Say what the figures depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": list(kernel.available()),
        "load before": [round(load, 2) for load in os.getloadavg()],
    } | {name: version(name) for name in ("numpy", "torch")}


def one(recipe: Recipe, options: argparse.Namespace) -> dict[str, Any]:
    """Measure a recipe, a longer one less often."""
    rounds = max(10, options.rounds * DOCUMENT.batch * DOCUMENT.steps // (recipe.batch * recipe.steps))
    with threadpool_limits(options.threads):
        return summary(recipe, measure(recipe, min(rounds, options.rounds)))


def main() -> None:
    """Measure, print, write; exit with 1 if a limit is passed or no kernel is there to be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60, help="steps of the document's recipe; fewer of longer ones")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="threads of torch and NumPy")
    parser.add_argument("--only", type=int, default=len(RECIPES), help="how many of the recipes")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the results are stored, as JSON")
    parser.add_argument("--line", action="store_true", help="print the first recipe's figures as JSON, no more")
    options = parser.parse_args()
    if not kernel.available():
        sys.exit("No kernel is compiled: python -m unflat.network.kernel")
    torch.set_num_threads(options.threads)
    about = environment()
    results = [one(recipe, options) for recipe in RECIPES[: 1 if options.line else options.only]]
    if options.line:
        print(json.dumps(results[0]))
        return
    show(results)
    options.output.parent.mkdir(exist_ok=True)
    chosen = {name: value for name, value in vars(options).items() if name not in {"output", "line"}}
    written = {"options": chosen, "environment": about, "results": results}
    options.output.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.exit(any(results[0][name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    main()
