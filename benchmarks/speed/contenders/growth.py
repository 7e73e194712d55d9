"""How the time of an epoch of this package grows with sequences, steps, features or units."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from statistics import median

import common
import numpy as np
import torch

from unflat.config import NetworkConfig, TrainingConfig
from unflat.network import Network
from unflat.scaling.scales import fit_input_scaling
from unflat.sequences import as_sequences
from unflat.sequences.batches import BatchSource
from unflat.training.examples import Examples
from unflat.training.loop import Conduct, train


@dataclass(frozen=True)
class Size:
    """What is trained for an epoch: sequences, their steps and features, and the units of each of two layers."""

    n: int = 512
    T: int = 16
    F: int = 1
    units: int = 64


RANGES = {
    "n": [replace(Size(), n=2**power) for power in range(8, 16)],
    "T": [replace(Size(), T=2**power) for power in range(3, 11)],
    "F": [replace(Size(), F=2**power) for power in range(10)],
    "units": [replace(Size(), units=2**power) for power in range(3, 10)],
}


def examples_of(size: Size) -> Examples:
    """Draw data."""
    random = np.random.default_rng(0)
    sequences = as_sequences(random.standard_normal((size.n, size.T, size.F), dtype=np.float32))
    scaling, _ = fit_input_scaling(sequences, "standard")
    targets = torch.from_numpy(random.standard_normal((size.n, 1), dtype=np.float32))
    return Examples(BatchSource(sequences), scaling, targets)


def epoch(size: Size, examples: Examples) -> float:
    """Train for an epoch, and give its seconds."""
    generator = torch.Generator().manual_seed(0)
    config = NetworkConfig(units=(size.units, size.units), dropout=0.2, readout=("last",), skip=False)
    network = Network(config, features=size.F, outputs=1, generator=generator)
    began = time.perf_counter()
    train(network, examples, None, TrainingConfig(epochs=1, batch_size=common.BATCH), Conduct(generator))
    return time.perf_counter() - began


def measure(sizes: list[Size], rounds: int) -> list[float]:
    """Train with each size in turn, and give the median seconds of each."""
    data = [examples_of(size) for size in sizes]
    epoch(sizes[0], data[0])  # whatever the first training of a process has to do
    runs = [[epoch(size, examples) for size, examples in zip(sizes, data, strict=True)] for _ in range(rounds)]
    return [median(of_one) for of_one in zip(*runs, strict=True)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("along", choices=RANGES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, default=None, help="only so many, the smallest")
    options = parser.parse_args()
    chosen = RANGES[options.along][: options.sizes]
    epochs = measure(chosen, options.rounds)
    common.say({"sizes": [getattr(size, options.along) for size in chosen], "epochs": epochs})
