"""How often a watch may look: it measures what it costs, and keeps to its share of the time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOOKS = 60
"""Looks at a training whose steps are known, at the most."""

_GROWTH = 30
"""Where they are not known, the next look comes after a thirtieth more of them."""

_IN_TRAINING = 2 / 3
"""Part of the share that is spent before the end: the rest is for the last look and for what is not measured."""


class Pace:
    """Says when to look.

    Parameters
    ----------
    share : float
        Share of the time since the training began that may be spent.
    clock : callable
        Gives seconds.
    """

    def __init__(self, share: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._share = share
        self._clock = clock
        self.start(None)

    def start(self, steps: int | None) -> None:
        """Begin to count, before a training of so many steps."""
        self.steps = steps
        self.spent = 0.0
        self._began = self._clock()
        self._next = 1
        self._expected = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the training began."""
        return self._clock() - self._began

    def due(self, step: int) -> bool:
        """Whether it is time to look, and there is time for it."""
        return step >= self._next and self.affords(self._expected)

    def affords(self, seconds: float) -> bool:
        """Whether there is time for something that takes as long, and for a last look after it."""
        return self.spent + seconds <= self._share * _IN_TRAINING * self.elapsed

    @contextmanager
    def looking(self, step: int) -> Iterator[Callable[[], float]]:
        """Count the time of a look; gives how long it has taken so far."""
        began = self._clock()
        try:
            yield lambda: self._clock() - began
        finally:
            took = self._clock() - began
            self.spent += took
            self._expected = took if step else 0.0  # the first is slow, and has been paid
            self._next = step + max(1, step // _GROWTH if self.steps is None else self.steps // _LOOKS)
