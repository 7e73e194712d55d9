"""The Mackey-Glass equation with a delay of 17: chaotic, and predicted from its own past.

dx/dt = .2 x(t - 17) / (1 + x(t - 17)^10) - .1 x(t) (Mackey & Glass, Oscillation and chaos in physiological control
systems, Science 1977), integrated by the fourth-order Runge-Kutta method in steps of .1, the delayed value between two
steps being the mean of both, and taken at every whole time after 1,000 of them. Each seed begins at another constant
past.

Ridge on 40 lags reaches .0042, .181, .508 and .537 at 1, 6, 15 and 84 steps (means over six seeds; from .518 to .550 at
84). The figures .0037, .176, .504 and .569 that were measured before belong to a series whose start and integration
were not recorded: at one step the figure follows from the penalty alone (.0012 with none to .0092 with .01), at 84 from
the integration (Euler steps of .1 give .57 to .64) and from the 2,000 steps that happen to be tested.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from benchmarks.accuracy.measures import normalized
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Published, Task, past_of

from unflat import make_windows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DELAY, STEPS, WASHOUT = 17, 10, 1_000
LENGTH = 40
TRAIN, TEST = 10_000, 2_000


def series(n: int, start: float) -> NDArray[np.float64]:
    """Integrate n values, one for each unit of time, from a past that was constant."""
    delay, dt = DELAY * STEPS, 1 / STEPS
    x = [start] * (delay + 1)
    for i in range((n + WASHOUT) * STEPS):
        now, then, later = x[-1], x[i], x[i + 1]
        gain, between, gain_later = (0.2 * past / (1 + past**10) for past in (then, (then + later) / 2, later))
        k1 = gain - 0.1 * now
        k2 = between - 0.1 * (now + dt * k1 / 2)
        k3 = between - 0.1 * (now + dt * k2 / 2)
        k4 = gain_later - 0.1 * (now + dt * k3)
        x.append(now + dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6)
    return np.array(x[delay + WASHOUT * STEPS :: STEPS][:n])


def make(_data: Path, seed: int, *, horizon: int) -> Problem:
    """Integrate one series; its first part trains, the rest tests."""
    start = np.random.default_rng(seed).uniform(0.5, 1.5)
    frame = pl.DataFrame({"x": series(TRAIN + TEST + LENGTH + horizon - 1, start)})
    windows = make_windows(frame, target="x", length=LENGTH, horizon=horizon)
    train, test = windows.take(slice(0, TRAIN)), windows.take(slice(TRAIN, None))
    return Problem(Part(train), {"": Part(test)}, normalized, past=past_of(windows))


def _task(horizon: int, *published: Published) -> Task:
    protocol = (
        f"Mackey-Glass, delay 17: 40 lags -> {horizon} steps ahead, 10,000 windows train, the following 2,000 test; "
        "another start for each seed. NRMSE, 1 for the mean."
    )
    return Task(f"mackey-glass-{horizon}", protocol, partial(make, horizon=horizon), published, generated=True)


SET = BenchmarkSet(
    "mackey-glass",
    (
        _task(
            15,
            Published("LSTM", {"NRMSE": 0.059}, "published; its protocol was not recorded"),
            Published("ridge, 40 lags", {"NRMSE": 0.504}, "measured before, on another series"),
        ),
        _task(84, Published("ridge, 40 lags", {"NRMSE": 0.569}, "measured before, on another series")),
    ),
)
