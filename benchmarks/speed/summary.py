"""What the records say: medians, ratios of what was measured in the same round, exponents, and the limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.speed.plan import FLOOR, OF_TORCH, OURS, alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Record = dict[str, Any]
    Quantity = Callable[[Record], float]

TENSORFLOW, JAX = "Keras on TensorFlow", "Keras on JAX"
PEERS = (TENSORFLOW, JAX, "Keras on PyTorch", *OF_TORCH)
RECIPE = f"{OURS}, the document's recipe"
MODEL, EXPORTED = f"{OURS}, model.predict", f"{OURS}, exported"

SEQUENCES, BATCH = 2804, 128
"""The document's training sequences, and those of a step, of which the floor is measured."""

LONG = 10**7
"""Rows of a table whose windows are held against a limit of memory: beside a smaller one, libraries' own counts."""

TABLE = 8 * 4
"""Bytes of a row of the table that windows are cut from."""


class Records:
    """A run's records, by row, contender and round."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = list(records)

    def rows(self) -> list[str]:
        """Name the rows."""
        return list(dict.fromkeys(record["row"] for record in self._records))

    def contenders(self, row: str) -> list[str]:
        """Name a row's contenders, in the order in which they are listed."""
        return list(dict.fromkeys(record["contender"] for record in self._records if record["row"] == row))

    def error(self, row: str, contender: str) -> str | None:
        """Say why a contender has no figures; None if it has some."""
        of_it = [r for r in self._records if (r["row"], r["contender"]) == (row, contender)]
        return of_it[-1]["error"] if of_it and all("error" in record for record in of_it) else None

    def values(self, row: str, contender: str, quantity: Quantity) -> dict[int, float]:
        """Give a quantity of a contender by round, where it was measured."""
        found = {}
        for record in self._records:
            if (record["row"], record["contender"]) == (row, contender) and "error" not in record:
                try:
                    found[record["round"]] = quantity(record)
                except KeyError:
                    continue
        return found

    def median(self, row: str, contender: str, quantity: Quantity) -> float:
        """Give the median over rounds; NaN if nothing was measured."""
        found = self.values(row, contender, quantity)
        return median(found.values()) if found else math.nan

    def ratio(self, row: str, above: str, below: str, quantity: Quantity, unit: Quantity | None = None) -> float:
        """Give the median, over rounds in which both were measured, of one's quantity over another's."""
        first, second = self.values(row, above, quantity), self.values(row, below, unit or quantity)
        both = [first[turn] / second[turn] for turn in first if turn in second]
        return median(both) if both else math.nan

    def fastest(self, row: str, contenders: Sequence[str], quantity: Quantity) -> str:
        """Name the contender with the least median; the first if nothing was measured."""
        medians = {name: self.median(row, name, quantity) for name in contenders}
        return min(medians, key=lambda name: math.inf if math.isnan(medians[name]) else medians[name])


def seconds(record: Record) -> float:
    """Give the wall time of a process."""
    return float(record["seconds"])


def epoch(record: Record) -> float:
    """Give the seconds of an epoch."""
    return float(record["epoch"])


def one(record: Record) -> float:
    """Give the seconds of one prediction, the median."""
    return float(record["one"]["p50"])


def many(record: Record) -> float:
    """Give the seconds of many predictions at once."""
    return float(record["many"])


def of_a_stream(record: Record) -> float:
    """Give the seconds of one step of a stream, the median."""
    return float(record["step"]["p50"])


def error(record: Record) -> float:
    """Give the mean absolute error on what was trained on."""
    return float(record["MAE"])


def floor_of_an_epoch(record: Record) -> float:
    """Give the seconds of the products of an epoch of the document's recipe."""
    return float(record["step"]) * SEQUENCES / BATCH


def peak_in_tables(records: Records, row: str, contender: str) -> float:
    """Give the peak of memory beyond the libraries' own, in sizes of the table."""
    own = records.median(row, alone(contender), lambda record: float(record["epoch"]))
    whole = records.median(row, contender, lambda record: float(record["epoch"]))
    return (whole - own) / (TABLE * rows_in(row))


def rows_in(row: str) -> int:
    """Read the number of a table's rows out of the name of a row of the comparison."""
    return int("".join(letter for letter in row if letter.isdigit()))


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Fit time = c · size^exponent to the upper half of the sizes, by least squares of the logarithms."""
    upper = slice(len(sizes) // 2, None)
    x, y = ([math.log(value) for value in values[upper]] for values in (sizes, times))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return slope / sum((a - mean_x) ** 2 for a in x)


@dataclass(frozen=True)
class Limit:
    """A figure that must be reached.

    Parameters
    ----------
    what : str
        In words.
    value : float
        What was measured; NaN if it was not.
    must, wanted : float
        The bound, and what would be better still.
    least : bool
        Whether it is a lower bound.
    """

    what: str
    value: float
    must: float
    wanted: float | None = None
    least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether it is reached; None if it was not measured."""
        if math.isnan(self.value):
            return None
        return self.value >= self.must if self.least else self.value <= self.must


def limits(records: Records) -> list[Limit]:
    """Hold what was measured against what must be."""
    fastest_epoch = records.fastest("recipe", PEERS, epoch)
    fastest_many = records.fastest("predictions", PEERS, many)
    our_many = records.fastest("predictions", (MODEL, EXPORTED), many)

    def step(name: str) -> float:
        return records.median("step", "a step and its parts", lambda record: float(record[name]))

    def faster(row: str, ours: str, theirs: str, quantity: Quantity) -> float:
        return records.ratio(row, theirs, ours, quantity)

    def milliseconds(name: str) -> float:
        return 1e3 * records.median("start", name, seconds)

    def microseconds(name: str, quantity: Quantity) -> float:
        return 1e6 * records.median("predictions", name, quantity)

    memory = [
        Limit(f"{row}, peak of memory in tables", peak_in_tables(records, row, OURS), 1.5, 1.1)
        for row in records.rows()
        if row.startswith("windows") and rows_in(row) >= LONG
    ]
    growth = exponents(records)
    return [
        Limit(
            "whole process, times faster than Keras on TensorFlow",
            faster("recipe", OURS, TENSORFLOW, seconds),
            8,
            12,
            least=True,
        ),
        Limit("its MAE over that of Keras on TensorFlow", records.ratio("recipe", OURS, TENSORFLOW, error), 1),
        Limit(
            "an epoch of the same recipe over the fastest peer's",
            records.ratio("recipe", RECIPE, fastest_epoch, epoch),
            1,
            0.5,
        ),
        Limit("the same over the floor", records.ratio("recipe", RECIPE, FLOOR, epoch, floor_of_an_epoch), 2.5, 1.5),
        Limit("the loop over the bare network", step("loop / network"), 1.08, 1.03),
        Limit("one sequence, exported, µs", microseconds(EXPORTED, one), 80, 50),
        Limit(
            "the same, times faster than Keras on TensorFlow",
            faster("predictions", EXPORTED, TENSORFLOW, one),
            300,
            least=True,
        ),
        Limit("the same, times faster than Keras on JAX", faster("predictions", EXPORTED, JAX, one), 7, least=True),
        Limit("one sequence, model.predict, µs", microseconds(MODEL, one), 500, 300),
        Limit("one step of a stream, µs", microseconds(MODEL, of_a_stream), 60, 30),
        Limit(
            "10,000 sequences over the fastest peer's",
            records.ratio("predictions", our_many, fastest_many, many),
            0.8,
            0.5,
        ),
        *memory,
        Limit("unflat --help, ms", milliseconds("unflat --help"), 200, 120),
        Limit("import unflat, ms", milliseconds("import unflat"), 150, 60),
        *(Limit(f"exponent of time in {along}", growth.get(along, math.nan), 1.05) for along in ("n", "T")),
    ]


def exponents(records: Records) -> dict[str, float]:
    """Fit how the time of an epoch grows along each range that was measured."""
    return {along: exponent(*growth) for along, growth in growths(records).items()}


def growths(records: Records) -> dict[str, tuple[list[float], list[float]]]:
    """Give sizes and seconds of an epoch along each range."""
    found = {}
    for along in records.contenders("growth"):
        sizes: dict[int, list[float]] = records.values("growth", along, lambda record: record["sizes"])  # type: ignore[assignment]  # a list, not a number
        times: dict[int, list[float]] = records.values("growth", along, lambda record: record["epochs"])  # type: ignore[assignment]  # as above
        if sizes:
            found[along] = (sizes[0], times[0])
    return found
