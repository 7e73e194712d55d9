"""Intervals that keep a coverage: learned distances, split-conformal calibration, and an adaptive form for series."""

from unflat.intervals.adaptive import AdaptiveInterval
from unflat.intervals.bands import Bands, Expected, bands_of, bounds
from unflat.intervals.distances import FARTHEST, FLOOR, Distances
from unflat.intervals.face import IntervalMixin
from unflat.intervals.held_out import describe, worth_folding

__all__ = [
    "FARTHEST",
    "FLOOR",
    "AdaptiveInterval",
    "Bands",
    "Distances",
    "Expected",
    "IntervalMixin",
    "bands_of",
    "bounds",
    "describe",
    "worth_folding",
]
