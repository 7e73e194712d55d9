"""Random problems: what each of them is, drawn from its number alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from benchmarks.never_flat.inputs import PROCESSES
from benchmarks.never_flat.shapes import SHAPES, TAILS
from benchmarks.never_flat.tasks import SERIES, TASKS

from unflat.fitting.settings import batch_size_for, epochs_for

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value")

SEQUENCES = (30, 20_000)
STEPS = (1, 1_000)
FEATURES = (1, 50)
"""The box that sizes are drawn from, log-uniform."""

JUDGED = 400
"""Sequences that a fit is judged on, beside the n that it is made on."""

MOST_VALUES = 3_000_000
"""The most numbers of a problem, (n + 400)·T·F."""

MOST_STEPS = 4_000_000
"""The most time steps that all epochs of a default fit together go through: a minute of one core, at the most."""

_BIRTH = 2026
"""Beside its number, what seeds a problem."""

_STREAMS = {"problem": 0, "data": 1}

_NO_SIGNAL, _WEAK, _STRONG = 0.08, 0.25, 0.35
"""Shares of problems without a signal, with a weak one, and with a strong one; it is moderate in the rest."""

_SEVERAL, _OFFSETS, _RAGGED, _MISSING, _GROUPS = 0.12, 0.5, 0.25, 0.25, 0.2
"""Shares of problems with these."""

_LEAST_MISSING, _MOST_MISSING = 0.01, 0.4
_FEWEST_GROUPS, _MOST_GROUPS, _FEWEST_OF_GROUP = 5, 40, 6
_MOST_RELEVANT, _MOST_OUTPUTS = 4, 4


@dataclass(frozen=True)
class Problem:
    """One random problem; `data.make` gives its numbers.

    Parameters
    ----------
    number : int
        Draws everything.
    n, steps, features : int
        Sequences to fit on, time steps of the longest, features of a step.
    task : str
        How the target depends on the sequence; one of `TASKS`.
    process : str
        How features move; one of `PROCESSES`, or "mixed".
    relevant : int
        Features that the target depends on; the others are irrelevant.
    outputs : int
        Numbers to predict for a sequence, each depending on it with other weights.
    signal : float
        Share of the target's variance, before it takes its shape, that the sequence determines; 0 for none.
    noise : {"normal", "heavy"}
        The distribution of the rest: normal, or Student's t with 3 degrees of freedom.
    shape : str
        The target's distribution; one of `SHAPES`.
    tails : str
        The inputs' distribution; one of `TAILS`.
    offsets : bool
        Whether features and targets have offsets, up to a million times their deviation.
    ragged : {"", "list", "padded"}
        Whether sequences have lengths of their own, and come as a list or padded with NaN.
    missing : float
        Share of the values that are missing.
    groups : int
        Groups, each with a level of its own; 0 for none. It is judged on other groups than it is fitted on.
    """

    number: int
    n: int
    steps: int
    features: int
    task: str
    process: str
    relevant: int
    outputs: int
    signal: float
    noise: str
    shape: str
    tails: str
    offsets: bool
    ragged: str
    missing: float
    groups: int

    @property
    def is_series(self) -> bool:
        """Whether the sequences are overlapping windows of one series."""
        return self.task in SERIES

    def generator(self) -> np.random.Generator:
        """Give the generator that draws this problem's data."""
        return _generator(self.number, "data")


def draw(number: int) -> Problem:
    """Draw a problem.

    Parameters
    ----------
    number : int
        The problem's number, from 0.

    Returns
    -------
    Problem
        Always the same for a number.
    """
    random = _generator(number, "problem")
    n, steps, features = _sizes(random)
    task = str(random.choice([name for name, task in TASKS.items() if task.fits(steps, features)]))
    least, windows, alone = TASKS[task].features, task in SERIES, TASKS[task].alone
    return Problem(
        number=number,
        n=n,
        steps=steps,
        features=features,
        task=task,
        process=str(random.choice([*PROCESSES, "mixed", "mixed"])),
        relevant=int(random.integers(least, min(features, _MOST_RELEVANT) + 1)),
        outputs=_if(_SEVERAL, int(random.integers(2, _MOST_OUTPUTS + 1)), 1, random) if not alone else 1,
        signal=_signal(random),
        noise=_one({"normal": 0.75, "heavy": 0.25}, random),
        shape=_one({name: 0.4 if name == "plain" else 0.6 / (len(SHAPES) - 1) for name in SHAPES}, random),
        tails=_one({name: 0.5 if name == "plain" else 0.5 / (len(TAILS) - 1) for name in TAILS}, random),
        offsets=bool(random.random() < _OFFSETS),
        ragged=_if(_RAGGED, str(random.choice(["list", "padded"])), "", random) if steps > 1 and not windows else "",
        missing=_if(_MISSING, round(_log_uniform(_LEAST_MISSING, _MOST_MISSING, random), 3), 0.0, random),
        groups=_if(_GROUPS, _groups(n, random), 0, random) if not windows else 0,
    )


def training_steps(n: int, steps: int) -> int:
    """Count the time steps that a default fit goes through at the most: sequences, steps of each, epochs."""
    return n * steps * epochs_for(n, batch_size_for(n))


def _generator(number: int, stream: str) -> np.random.Generator:
    return np.random.default_rng([_BIRTH, number, _STREAMS[stream]])


def _sizes(random: np.random.Generator) -> tuple[int, int, int]:
    """Draw sizes from the box until they are within both bounds."""
    while True:
        n, steps, features = (round(_log_uniform(*bounds, random)) for bounds in (SEQUENCES, STEPS, FEATURES))
        if (n + JUDGED) * steps * features <= MOST_VALUES and training_steps(n, steps) <= MOST_STEPS:
            return n, steps, features


def _signal(random: np.random.Generator) -> float:
    kind, share = random.random(), random.random()
    if kind < _NO_SIGNAL:
        return 0.0
    low, high = (0.1, 0.3) if kind < _WEAK else (0.95, 1.0) if kind > 1 - _STRONG else (0.3, 0.95)
    return round(low + (high - low) * share, 3)


def _groups(n: int, random: np.random.Generator) -> int:
    return int(random.integers(_FEWEST_GROUPS, max(_FEWEST_GROUPS, min(n // _FEWEST_OF_GROUP, _MOST_GROUPS)) + 1))


def _log_uniform(low: float, high: float, random: np.random.Generator) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def _one(shares: Mapping[str, float], random: np.random.Generator) -> str:
    return str(random.choice(list(shares), p=list(shares.values())))


def _if(share: float, then: Value, otherwise: Value, random: np.random.Generator) -> Value:
    return then if random.random() < share else otherwise
