"""Modules loaded when a name of theirs is first used."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def load_module(name: str) -> ModuleType:
    """Import a module, and what it needs, with Python's search for cycles at rest.

    Parameters
    ----------
    name : str
        The module's dotted name.

    Returns
    -------
    module
        The imported module.
    """
    with _collector_at_rest():
        return import_module(name)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Search for no cycles meanwhile; afterwards the collector is as it was.

    Loading torch, scikit-learn and matplotlib makes some hundred thousand objects that stay. Searching all of them
    for cycles again and again, as they become more, is a fifth of the time that loading takes.
    """
    worked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if worked:
            gc.enable()
