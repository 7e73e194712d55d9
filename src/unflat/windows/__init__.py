"""Windows over the series of a table: an index into its rows, no copies; splits that do not leak."""

from unflat.windows.cutting import apply_schema, make_windows
from unflat.windows.schema import WindowSchema
from unflat.windows.view import Positions, Split, Windows

__all__ = ["Positions", "Split", "WindowSchema", "Windows", "apply_schema", "make_windows"]
