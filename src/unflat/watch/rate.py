"""The learning rate while a training goes on: a callback or a loop may set it to what nobody planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from unflat.watch.records import Course

_MORE = 1.01
"""Factor from which on a rate is another: the highest of a schedule is known of some of its steps only."""


class SeenRate:
    """Keeps the highest rate that was seen, and says whether a rate rises that was not planned to.

    Parameters
    ----------
    course : Course
        What is known before the first step.
    read : callable or None
        Gives the rate as it is now, or None; None where all that is to come is known.
    planned : bool
        Whether a schedule says how high it is going to be: below that it may rise.
    """

    def __init__(
        self, course: Course, read: Callable[[], float | None] | None = None, *, planned: bool = False
    ) -> None:
        self._read = read
        self._lowest = course.rate if planned else None
        self._planned = planned
        self.rises = False

    def of(self, course: Course) -> Course:
        """Read the rate; give the course with the highest that was seen."""
        now = None if self._read is None else self._read()
        if now is None or course.rate is None:
            return course
        lowest = now if self._lowest is None else self._lowest
        self.rises = self.rises or now > _MORE * lowest
        self._lowest = lowest if self._planned else min(lowest, now)
        return replace(course, rate=max(course.rate, now))
