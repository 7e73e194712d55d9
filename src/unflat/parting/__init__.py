"""Parting: what is held out of each network, and how far that lets a network go from what it began at."""

from unflat.parting.parts import FEW, FEWEST_TO_HOLD_OUT, Part, Parting, hold_out, parted

__all__ = ["FEW", "FEWEST_TO_HOLD_OUT", "Part", "Parting", "hold_out", "parted"]
