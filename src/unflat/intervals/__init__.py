"""Intervals that keep a coverage: learned spread, split-conformal calibration, and an adaptive form for series."""

from unflat.intervals.adaptive import AdaptiveInterval
from unflat.intervals.bands import Bands, Expected, bounds, worth_folding
from unflat.intervals.face import IntervalMixin
from unflat.intervals.spread import FARTHEST, FLOOR, Spread

__all__ = [
    "FARTHEST",
    "FLOOR",
    "AdaptiveInterval",
    "Bands",
    "Expected",
    "IntervalMixin",
    "Spread",
    "bounds",
    "worth_folding",
]
