"""One restrained look for every picture, and its way to the disk."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib import font_manager
from matplotlib.figure import Figure

from unflat.errors import OutputError
from unflat.saving.artifact import write_atomically

if TYPE_CHECKING:
    import os

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# Okabe and Ito's colours: people with any of the common kinds of colour blindness can tell them apart.
TRUE = "#D55E00"
PREDICTED = "#0072B2"
PALETTE = ("#D55E00", "#E69F00", "#CC79A7", "#56B4E9", "#0072B2", "#009E73")
INK = "#222222"
QUIET = "#6B6B6B"
GRID = "#E6E6E6"
SHADE = "#F1EFE6"

TITLE_SIZE = 15
LABEL_SIZE = 12
_DPI = 100
_KINDS = (".png", ".svg", ".pdf")

_WIDE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
)
"""Fonts for names of columns that are written in Chinese, Japanese or Korean, where one is installed."""


def sheet(
    size: tuple[float, float], rows: int = 1, columns: int = 1, *, share_y: bool = False
) -> tuple[Figure, NDArray[Any]]:
    """Make a picture with panels, apart from any window or global state.

    Parameters
    ----------
    size : tuple of float
        Width and height in inches, of 100 dots each.
    rows, columns : int
        Panels down and across.
    share_y : bool
        Whether the panels of a row share their vertical axis.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The picture.
    panels : ndarray of shape (rows, columns)
        Its panels, each a matplotlib `Axes`.
    """
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained", facecolor="white")
    panels = figure.subplots(rows, columns, squeeze=False, sharey="row" if share_y else False)
    for panel in panels.flat:
        _tidy(panel)
    return figure, panels


def _tidy(panel: Axes) -> None:
    panel.set_facecolor("white")
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(QUIET)
    panel.tick_params(colors=QUIET, labelcolor=INK, labelsize=LABEL_SIZE - 1)
    panel.tick_params(which="minor", colors=QUIET, labelcolor=INK, labelsize=LABEL_SIZE - 2)
    panel.grid(visible=True, color=GRID, linewidth=0.8)
    panel.set_axisbelow(True)


def name_axes(panel: Axes, x: str, y: str) -> None:
    """Say what the axes measure."""
    panel.set_xlabel(plain(x), fontsize=LABEL_SIZE, color=INK)
    panel.set_ylabel(plain(y), fontsize=LABEL_SIZE, color=INK)


def title(panel: Axes, lesson: str, detail: str = "") -> None:
    """Put the lesson of a panel over it, and below that, smaller, the figures that it rests on."""
    panel.set_title(plain(lesson), loc="left", fontsize=TITLE_SIZE, color=INK, weight="bold", pad=26 if detail else 8)
    if detail:
        panel.annotate(
            plain(detail), (0, 1), xytext=(0, 8), xycoords="axes fraction", textcoords="offset points",
            fontsize=LABEL_SIZE, color=QUIET,
        )  # fmt: skip


def legend(panel: Axes, **place: Any) -> None:  # noqa: ANN401 - matplotlib's own
    """Explain the marks of a panel."""
    box = panel.legend(frameon=False, fontsize=LABEL_SIZE, labelcolor=INK, **place)
    for handle in box.legend_handles:
        if handle is not None:
            handle.set_alpha(1)


def plain(text: str) -> str:
    """Take a text as it is: a dollar sign in a column's name opens no formula."""
    return text.replace("$", r"\$")


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a picture, whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    path : str or path
        A file whose name ends in .png, .svg or .pdf.

    Raises
    ------
    OutputError
        If the name ends otherwise, the disk is full, the folder is missing or read-only, or the path is a folder.
    """
    path = Path(path)
    if path.suffix.lower() not in _KINDS:
        remedy = "Let the name end in .png, .svg or .pdf."
        raise OutputError(path, f"the ending {path.suffix!r} is unknown", remedy)
    buffer = io.BytesIO()
    _choose_fonts(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a box in a label harms nothing
        figure.savefig(buffer, format=path.suffix[1:].lower())
    write_atomically(path, buffer.getvalue())


def _choose_fonts(figure: Figure) -> None:
    installed = set(font_manager.fontManager.get_font_names())
    families = ["DejaVu Sans", *(font for font in _WIDE_FONTS if font in installed)]
    for text in figure.findobj(lambda artist: hasattr(artist, "set_fontfamily")):
        text.set_fontfamily(families)  # type: ignore[attr-defined]  # found to have it
