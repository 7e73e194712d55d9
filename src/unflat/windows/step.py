"""How far apart in time the rows of a table are."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose
from typing import Literal

StepUnit = Literal["seconds", "months", "numbers"]

_SECONDS = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_MONTHS = (("year", 12), ("month", 1))
_SAME = 1e-6
"""How far two steps may differ that are the same but for rounding."""


@dataclass(frozen=True)
class Step:
    """The regular step of time from row to row.

    Parameters
    ----------
    count : float
        How many of the unit.
    unit : {"seconds", "months", "numbers"}
        Seconds, months of a calendar, or whatever a column of numbers counts.
    """

    count: float
    unit: StepUnit

    def is_like(self, other: Step | None) -> bool:
        """Whether another one is the same but for rounding."""
        return other is not None and self.unit == other.unit and isclose(self.count, other.count, rel_tol=_SAME)

    def __str__(self) -> str:
        """Say it in the largest unit that it is a whole number of: '1 hour', '90 seconds', '3 months'."""
        if self.unit == "numbers":
            return f"{self.count:g}"
        units = _MONTHS if self.unit == "months" else _SECONDS
        name, size = next((unit for unit in units if self.count % unit[1] == 0), units[-1])
        return f"{self.count / size:g} {name}{'' if self.count == size else 's'}"
