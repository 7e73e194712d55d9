"""Data sets in raw units: sequences (n, T, F) and a number for each, split at random, or in time, into two parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.faults.data import generated, measured
from benchmarks.faults.data.cutting import HELD_OUT, in_time, split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.faults.program import Pairs, Sets

    Maker = Callable[[Path | None, np.random.Generator], Pairs]

__all__ = ["FOLLOWING", "GIVEN", "HELD_OUT", "IN_TIME", "MAKERS", "in_time", "make", "split"]

MAKERS: Mapping[str, Maker] = {
    "sums": generated.sums,
    "document": generated.document,
    "oscillation": generated.oscillation,
    "transformer": measured.transformer,
    "narma": generated.narma,
    "lags": generated.lags,
    "rainfall": measured.rainfall,
    "dust": measured.dust,
    "glass": generated.glass,
    "pendulum": generated.pendulum,
    "seas": measured.seas,
    "engines": measured.engines,
    "convection": generated.convection,
    "marked": generated.marked,
    "spots": measured.spots,
    "sugar": measured.sugar,
    "rabbits": generated.rabbits,
    "boiler": generated.boiler,
    "demand": measured.demand,
    "airfield": measured.airfield,
    "queue": generated.queue,
    "doses": generated.doses,
    "reef": measured.reef,
    "roads": measured.roads,
    "epidemic": generated.epidemic,
    "beam": generated.beam,
    "calls": measured.calls,
    "riders": measured.riders,
    "swings": generated.swings,
    "yeast": generated.yeast,
    "storms": measured.storms,
    "births": measured.births,
    "walks": generated.walks,
    "synapse": generated.synapse,
    "houses": measured.houses,
    "delays": measured.delays,
    "lessons": generated.lessons,
    "snow": generated.snow,
    "careers": measured.careers,
    "ride": measured.ride,
}
"""Every set, by its name."""

GIVEN = ("transformer", "rainfall", "dust", "engines")
"""Sets that are read from the data folder."""

IN_TIME = ("glass", "seas", "spots")
"""Sets whose windows overlap, so that the last ones are held out."""

FOLLOWING = ("ride",)
"""Sets of the tenth half, and of those after it, whose windows follow one another in one series: the target of the next
is the same thing a little later, and a program that learns it has no fault but a longer horizon."""


def make(name: str, data: Path | None, seed: int) -> Sets:
    """Make a set and split it.

    Parameters
    ----------
    name : str
        One of `MAKERS`.
    data : Path or None
        The data folder; None where none is given.
    seed : int
        Draws generated data, and the split.

    Returns
    -------
    Sets
        In raw units.
    """
    random = np.random.default_rng([seed, *name.encode()])
    pairs = MAKERS[name](data, random)
    return in_time(pairs) if name in IN_TIME else split(pairs, random)
