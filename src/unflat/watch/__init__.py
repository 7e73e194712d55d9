"""A training under watch: whether its model is going flat, and why, while there is time to stop it."""

from unflat.watch.records import Record
from unflat.watch.watch import Watch

__all__ = ["Record", "Watch"]
