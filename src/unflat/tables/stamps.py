"""Values with time stamps, as .ts files may have them: (2007-01-01 00:00:00,241.97),(2007-01-01 01:00:00,241.75)."""

from __future__ import annotations

import math
import re
from datetime import datetime
from itertools import pairwise

_PAIR = re.compile(r"\(([^(),]*),([^(),]*)\)")
_OUTSIDE = re.compile(r":(?![^(]*\))")
"""A colon that is not part of a time stamp."""

_EVEN = 1e-6
"""Share of a step by which steps may differ and be called equal: stamps are rounded."""


def parts_of(line: str) -> list[str]:
    """Split a line at the colons between its dimensions, which stand outside of time stamps."""
    return _OUTSIDE.split(line) if "(" in line else line.split(":")


def taken_apart(part: str) -> tuple[list[str], list[str]] | None:
    """Give the time stamps of a dimension and its values, as text; None if it is anything but such pairs."""
    pairs = _PAIR.findall(part)
    if not pairs or _PAIR.sub("", part).replace(",", "").strip():
        return None
    return [stamp.strip() for stamp, _ in pairs], [value for _, value in pairs]


def seconds(stamp: str) -> float | None:
    """Read a time stamp: a number as it is, an ISO date as seconds; None for anything else."""
    try:
        return float(stamp)
    except ValueError:
        pass
    try:
        return (datetime.fromisoformat(stamp).replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - only differences count
    except ValueError:
        return None


def ascend(times: list[float]) -> bool:
    """Whether each time is later than the one before."""
    return all(math.isfinite(time) for time in times) and all(before < after for before, after in pairwise(times))


def are_even(times: list[float]) -> bool:
    """Whether all steps take equally long."""
    steps = [after - before for before, after in pairwise(times)]
    return not steps or max(steps) - min(steps) <= _EVEN * max(steps)
