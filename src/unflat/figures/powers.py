"""A logarithmic axis whose numbers are plain text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from matplotlib.ticker import LogFormatterSciNotation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FORMULA = re.compile(r"\$\\mathdefault\{(.*)\}\$")
_POWER = re.compile(r"\^\{(-?\d+)\}")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def logarithmic(panel: Axes) -> None:
    """Make the vertical axis logarithmic."""
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter(PowersOfTen())
    panel.yaxis.set_minor_formatter(PowersOfTen())


class PowersOfTen(LogFormatterSciNotation):
    """Numbers as matplotlib writes them on such an axis, without formulas.

    To set the first formula takes as long as all else in a picture of two lines.
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Write a number, or nothing where there are enough of them."""
        return _as_text(super().__call__(x, pos))


def _as_text(formula: str) -> str:
    r"""Write ``$\mathdefault{2\times10^{-3}}$`` as a product and a raised exponent."""
    inside = _FORMULA.fullmatch(formula)
    if inside is None:
        return formula
    plain = inside[1].replace(r"\times", "\N{MULTIPLICATION SIGN}")
    return _POWER.sub(lambda power: power[1].translate(_RAISED), plain)
