"""Optional parts: an import that names the extra to install."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from unflat.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional module, or say how to install it.

    Parameters
    ----------
    module : str
        The module's dotted name.
    extra : str
        The extra of unflat that brings it.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module is there, and misses something of its own
        raise MissingExtraError(module, extra) from error
