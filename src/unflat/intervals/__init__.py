"""Intervals that keep a coverage: learned spread, split-conformal calibration, and an adaptive form for series."""

from unflat.intervals.adaptive import AdaptiveInterval
from unflat.intervals.bands import Bands, Expected, bands_of, bounds
from unflat.intervals.face import IntervalMixin
from unflat.intervals.held_out import describe, worth_folding
from unflat.intervals.spread import FARTHEST, FLOOR, Spread

__all__ = [
    "FARTHEST",
    "FLOOR",
    "AdaptiveInterval",
    "Bands",
    "Expected",
    "IntervalMixin",
    "Spread",
    "bands_of",
    "bounds",
    "describe",
    "worth_folding",
]
