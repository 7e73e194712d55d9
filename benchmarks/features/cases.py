"""The pairs: a table, and the ways to cut windows from it that are held against each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from unflat.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_HOURS = 2000


@dataclass(frozen=True)
class Case:
    """Ways to cut windows from one table, compared on the outputs that all of them have.

    Parameters
    ----------
    name : str
        What is tried.
    data : str
        The table, in words.
    frame : callable
        Gives the table for a seed.
    common : mapping
        What `make_windows` is given in every way.
    ways : mapping of str to mapping
        What it is given besides, by the way's name; the first is without. None stands for one model for each of what
        another way names there.
    by : {"time", "group"}
        How a test part is split off.
    most_one_hot : mapping of str to int
        Of ways that set it, the number of categories from which on they are embedded.
    """

    name: str
    data: str
    frame: Callable[[int], pl.DataFrame]
    common: Mapping[str, Any]
    ways: Mapping[str, Mapping[str, Any]]
    by: str = "time"
    most_one_hot: Mapping[str, int] = field(default_factory=dict)


def cases(data: Path) -> list[Case]:
    """Give all pairs; real tables lie in the folder `data`."""
    ett = _ett(data)
    load = {"length": 6, "stride": 3, "time": "date"}
    return [
        Case(
            "calendar",
            "ETTh1, high useful load, from 6 hours to 6 hours ahead",
            lambda _: ett,
            load | {"target": "HUFL", "features": "HUFL", "horizon": 6},
            {"without": {}, "hour, weekday": {"calendar": ("hour", "weekday")}},
        ),
        Case(
            "several horizons",
            "ETTh1, oil temperature, from 24 hours to 1, 6 and 24 hours ahead",
            lambda _: ett,
            load | {"target": "OT", "length": 24},
            {"one model each": {"horizon": None}, "one model of all": {"horizon": (1, 6, 24)}},
        ),
        Case(
            "several targets",
            "ETTh1, oil temperature and a hundred times the high useful load, from 24 hours of all columns to 6 ahead",
            lambda _: ett.with_columns(pl.col("HUFL") * 100),
            load | {"length": 24, "horizon": 6},
            {"one model each": {"target": None}, "one model of both": {"target": ("OT", "HUFL")}},
        ),
        Case(
            "known future",
            "generated: a load that follows its past and the temperature of its own hour, 12 hours ahead",
            _weather,
            load | {"target": "load", "length": 12, "horizon": 12},
            {"without": {}, "temperature known": {"known": "temperature"}},
        ),
        Case(
            "static columns",
            "generated: 60 houses whose size and kind say how their heating follows the cold; other houses in the test",
            _houses,
            {"target": "heat", "features": "cold", "length": 6, "horizon": 0, "group": "house", "time": "date"},
            {"without": {}, "size, kind": {"static": ("size", "kind")}},
            by="group",
        ),
        Case(
            "categories",
            "generated: one series of deliveries from 40 shops, each with a level of its own",
            _shops,
            {"target": "items", "length": 2, "horizon": 0, "time": "date"},
            {
                "left out": {"features": "weight"},
                "one-hot": {"features": ("weight", "shop")},
                "embedded": {"features": ("weight", "shop")},
            },
            most_one_hot={"one-hot": 1000},
        ),
    ]


def _ett(data: Path) -> pl.DataFrame:
    return read_table(data / "etth1" / "ETTh1.csv").head(24 * 365)


def _dates(n: int) -> pl.Series:
    return pl.Series("date", np.datetime64("2024-01-01", "us") + np.arange(n) * np.timedelta64(1, "h"))


def _weather(seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    temperature, level = np.zeros(_HOURS), np.zeros(_HOURS)
    for hour in range(1, _HOURS):
        temperature[hour] = 0.9 * temperature[hour - 1] + random.normal()
        level[hour] = 0.99 * level[hour - 1] + 0.1 * random.normal()
    load = 100 + 5 * level + 4 * np.maximum(temperature, 0) + random.normal(size=_HOURS)
    return pl.DataFrame({"date": _dates(_HOURS), "temperature": 15 + temperature, "load": load})


def _houses(seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    parts = []
    for number in range(60):
        kind, size = random.choice(["brick", "wood", "glass"]), float(random.uniform(40, 200))
        loss = {"brick": 0.5, "wood": 1.0, "glass": 2.0}[kind]
        cold = random.normal(10, 5, 48)
        heat = size / 10 + loss * size / 100 * cold + random.normal(size=48)
        parts.append(
            pl.DataFrame({
                "date": _dates(48), "house": [f"h{number}"] * 48, "size": [size] * 48, "kind": [kind] * 48,
                "cold": cold, "heat": heat,
            })
        )  # fmt: skip
    return pl.concat(parts)


def _shops(seed: int) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    levels = random.normal(50, 20, 40)
    shop, weight = random.integers(0, 40, _HOURS), random.normal(10, 2, _HOURS)
    items = levels[shop] * weight / 10 + random.normal(size=_HOURS)
    return pl.DataFrame(
        {"date": _dates(_HOURS), "shop": [f"s{code}" for code in shop], "weight": weight, "items": items}
    )
