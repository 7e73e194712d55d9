"""Data sets that are drawn: by rules of our own, and by equations that others published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.accuracy.sets import adding, mackey_glass
from benchmarks.accuracy.sets.narma import series
from benchmarks.faults.data.cutting import windows
from benchmarks.faults.program import Pairs

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.faults.program import Array


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


def glass(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Watch white cells, as Mackey and Glass have them, in overlapping windows of a noisy series: three samples on."""
    values = mackey_glass.series(500 * 4, float(random.uniform(0.5, 1.3)))[::4]
    cells = 4000 + 2000 * (values + random.normal(0, 0.03, len(values)))
    return windows(cells[:, None], 0, length=12, horizon=3, stride=1)


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


def swings(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Watch what 640 markets gain in 16 days, in per cent: how much they swing on the next, in a year's terms.

    Bollerslev, Generalized autoregressive conditional heteroskedasticity, Journal of Econometrics 1986, of first order:
    gains are noise, and only their squares tell how much a market swings afterwards.
    """
    n, days = 640, 16
    variance, gained = np.ones(n), np.empty((n, days))
    for day in range(-40, days):
        gain = np.sqrt(variance) * random.normal(size=n)
        variance = variance_after(variance, gain)
        if day >= 0:
            gained[:, day] = gain
    quoted = 19 * np.sqrt(variance) * np.exp(random.normal(0, 0.05, n))
    return Pairs(1.2 * gained[..., None] + 0.05, quoted)


def variance_after(variance: Array, gain: Array) -> Array:
    """Go a day on: the variance comes back to 1, and is raised by what the market gained or lost."""
    return 0.25 + 0.25 * gain**2 + 0.5 * variance


def yeast(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Grow yeast in 580 vats for 16 hours, and set what flows through and how sweet it is: how much yeast there is.

    Monod, La technique de culture continue, Annales de l'Institut Pasteur 1950: what flows through faster than it grows
    washes it out. All vats begin alike; flow is set every two hours, and sweetness every four.
    """
    n, hours, inner = 580, 16, 10
    flow = random.uniform(0.05, 0.8, (n, hours // 2)).repeat(2, axis=1)
    sweet = random.uniform(2, 10, (n, hours // 4)).repeat(4, axis=1)
    grown, sugar = np.ones(n), np.ones(n)
    for hour in range(hours):
        for _ in range(inner):
            grown, sugar = brewed(grown, sugar, flow[:, hour], sweet[:, hour], 1 / inner)
    weighed = 400 * grown * np.exp(random.normal(0, 0.05, n))
    return Pairs(np.stack([60 * flow, 18 * sweet], axis=2), weighed)


def brewed(grown: Array, sugar: Array, flow: Array, sweet: Array, dt: float) -> tuple[Array, Array]:
    """Go so many hours on: yeast grows by the sugar that it finds, and makes half of what it eats into yeast."""
    growth = 0.6 * sugar / (0.5 + sugar) * grown
    return grown + dt * (growth - flow * grown), np.maximum(sugar + dt * (flow * (sweet - sugar) - 2 * growth), 0.0)


def walks(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Follow 620 beetles for 12 moves, how far each goes and how far it turns: how far they are from where they began.

    Kareiva and Shigesada, Analyzing insect movement as a correlated random walk, Oecologia 1983: directions go on from
    move to move but for a turn at random.
    """
    n, moves = 620, 12
    length, turn = random.gamma(4.0, 0.25, (n, moves)), random.vonmises(0.0, 6.0, (n, moves))
    gone = distance_of(length, turn) * np.exp(random.normal(0, 0.03, n))
    return Pairs(np.stack([35 * length, np.degrees(turn)], axis=2), 35 * gone)


def distance_of(length: Array, turn: Array) -> Array:
    """Add moves, of which each leads as far as is said, in the direction of the last one but for its own turn."""
    away: Array = np.abs(np.sum(length * np.exp(1j * np.cumsum(turn, axis=1)), axis=1))
    return away


def synapse(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Let a neuron fire 15 times, sooner or later, and release more or less each time: what arrives of the last one.

    Tsodyks and Markram, The neural code between neocortical pyramidal neurons depends on neurotransmitter release
    probability, PNAS 1997: a share of what is ready is released each time, and the rest fills up again with time.
    """
    n, spikes = 600, 15
    apart, share = 5 + random.exponential(120, (n, spikes)), random.uniform(0.15, 0.75, (n, spikes))
    ready = np.ones(n)
    for spike in range(spikes - 1):
        ready = recovered(ready * (1 - share[:, spike]), apart[:, spike + 1])
    arrived = 25 * share[:, -1] * ready + random.normal(0, 0.15, n)
    return Pairs(np.stack([apart, 100 * share], axis=2), arrived)


def recovered(ready: Array, apart: Array) -> Array:
    """Wait so many milliseconds: what is ready fills up to 1, by a share of what is missing that time gives."""
    filled: Array = 1 - (1 - ready) * np.exp(-apart / 500)
    return filled


def lessons(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Show two signs to an animal 14 times, brighter or dimmer, and feed it or not: how much food both make it expect.

    Rescorla and Wagner, A theory of Pavlovian conditioning: variations in the effectiveness of reinforcement and
    nonreinforcement, in Classical Conditioning II, 1972.
    """
    n, times = 600, 14
    seen = random.uniform(0, 1, (n, times, 2)) < 0.7  # noqa: PLR2004 - how often each sign is shown
    bright = np.where(seen, random.uniform(0.2, 1, (n, times, 2)), 0.0)
    fed = random.uniform(0, 1, (n, times)) < 0.6  # noqa: PLR2004 - how often it is fed
    food = np.where(fed, random.uniform(0.3, 1, (n, times)), 0.0)
    tied = np.zeros((n, 2))
    for time in range(times):
        tied = taught(tied, bright[:, time], food[:, time])
    expected = 30 * (tied.sum(axis=1) + random.normal(0, 0.02, n))
    return Pairs(np.concatenate([100 * bright, 20 * food[..., None]], axis=2), expected)


def taught(tied: Array, bright: Array, food: Array) -> Array:
    """Learn from one trial: each sign by how bright it is, and all by how much more food came than they foretold."""
    surprise = food - np.sum(bright * tied, axis=1)
    learned: Array = tied + 0.4 * bright * surprise[:, None]
    return learned


def snow(_data: Path | None, random: np.random.Generator) -> Pairs:
    """Watch what falls on 600 valleys for 15 days, and how warm it is: how much flows out of them on the last.

    Bergström, Development and application of a conceptual runoff model for Scandinavian catchments, SMHI Reports RHO 7,
    1976: below freezing snow lies, above it melts by the degree; of what the ground holds, a share flows out each day.
    """
    n, days = 600, 15
    warm = random.uniform(-6, 5, (n, 1)) + np.cumsum(random.normal(0, 1.8, (n, days)), axis=1)
    wet = random.uniform(0, 1, (n, days)) < 0.45  # noqa: PLR2004 - the share of wet days
    fallen = np.where(wet, random.gamma(1.2, 8.0, (n, days)), 0.0)
    lying, stored, flow = np.zeros(n), random.uniform(5, 15, n), np.zeros(n)
    for day in range(days):
        lying, stored, flow = thawed(lying, stored, fallen[:, day], warm[:, day])
    return Pairs(np.stack([fallen, warm], axis=2), 0.4 * flow * np.exp(random.normal(0, 0.05, n)))


def thawed(lying: Array, stored: Array, fallen: Array, warm: Array) -> tuple[Array, Array, Array]:
    """Go a day on: give the snow that lies, the water in the ground, and what flows out of it."""
    frozen = np.where(warm < 0, fallen, 0.0)
    melted = np.minimum(lying + frozen, 3.0 * np.maximum(warm, 0.0))
    held = stored + (fallen - frozen) + melted
    return lying + frozen - melted, 0.75 * held, 0.25 * held
