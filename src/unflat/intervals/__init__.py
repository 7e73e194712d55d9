"""Intervals that keep a coverage: learned spread, split-conformal calibration, and an adaptive form for series."""

from unflat.intervals.adaptive import AdaptiveInterval
from unflat.intervals.bands import Bands, Expected, bounds, worth_folding
from unflat.intervals.face import IntervalMixin

__all__ = [
    "AdaptiveInterval",
    "Bands",
    "Expected",
    "IntervalMixin",
    "bounds",
    "worth_folding",
]
