"""Windows over the series of a table: an index into its rows, no copies; splits that do not leak.

What cuts windows reads tables, and is loaded when it is first used: who has arrays needs no library of tables.
"""

from typing import TYPE_CHECKING, Any

from unflat._loading import load_module
from unflat.windows.schema import WindowSchema
from unflat.windows.view import Positions, Split, Windows

if TYPE_CHECKING:
    from unflat.windows.cutting import apply_schema, make_windows

__all__ = ["Positions", "Split", "WindowSchema", "Windows", "apply_schema", "make_windows"]

_OF_TABLES = ("apply_schema", "make_windows")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: whatever the name stands for
    if name not in _OF_TABLES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    value = getattr(load_module("unflat.windows.cutting"), name)
    globals()[name] = value  # the next use finds it without coming here
    return value
