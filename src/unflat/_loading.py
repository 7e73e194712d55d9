"""Modules loaded when a name of theirs is first used."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

YOUNG = 350_000
"""Pieces of memory below which a process has loaded little more than NumPy and pandas, and made little of its own."""

MUCH = 250_000
"""Pieces of memory from which on what was loaded is worth being set aside; torch takes twice as many."""


def load_module(name: str) -> ModuleType:
    """Import a module, and what it needs, with Python's search for cycles at rest.

    Loading torch and matplotlib makes some hundred thousand objects that stay until the process ends. Searching all of
    them for cycles again and again, as they become more, is a good part of the time that loading takes, and the end of
    the process searches them again. In a young process they are therefore set aside (`gc.freeze`), to be searched no
    more. So is the little that was there before: what of it is later let go of in a cycle stays until the end.

    Parameters
    ----------
    name : str
        The module's dotted name.

    Returns
    -------
    module
        The imported module.
    """
    before = sys.getallocatedblocks()
    with _collector_at_rest():
        module = import_module(name)
        if before < YOUNG and not gc.get_freeze_count() and sys.getallocatedblocks() - before > MUCH:
            gc.freeze()
    return module


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Search for no cycles meanwhile; afterwards the collector is as it was."""
    worked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if worked:
            gc.enable()
