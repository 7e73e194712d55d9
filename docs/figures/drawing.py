"""What all pictures of the guide share: two panels on the same axes, a finding over them, and a small file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image

from unflat.metrics import r2, spread
from unflat.style import INK, PREDICTED, QUIET, TRUE, legend, name_axes, plain, sheet

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

Values = Any
"""What NumPy makes an array of."""

SIZE = (7.2, 4.0)
"""Inches: on a telephone, where a page is some 360 points wide, labels are still 8 points high."""

HEADING = 12
BODY = 11
"""Sizes of what stands over a panel, and within it, in points."""

BETWEEN = LinearSegmentedColormap.from_list("between", [TRUE, "#FFFFFF", PREDICTED])
"""From minus one over nothing to one, in the two colours of all pictures."""

_FINDING = 13.5
_MOST_DOTS = 150
_DPI = 170
_COLOURS = 64

_FEWER_DIGITS = (-20.0, -3.0, -0.0995)
"""Above each of these sizes one decimal less is written, of three."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def pair() -> tuple[Figure, Axes, Axes]:
    """Make a picture of two panels: what the fault did, and its twin without it.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The picture.
    left, right : matplotlib.axes.Axes
        Its panels.
    """
    figure, panels = sheet(SIZE, 1, 2)
    left, right = panels[0]
    return figure, left, right


def say(figure: Figure, finding: str) -> None:
    """Write over a picture what is to be seen in it."""
    figure.suptitle(plain(finding), x=0.01, ha="left", fontsize=_FINDING, weight="bold", color=INK)


def head(panel: Axes, words: str, detail: str = "") -> None:
    """Write over a panel what it shows, and below that its figures."""
    panel.set_title(plain(words), loc="left", fontsize=HEADING, color=INK, pad=22 if detail else 6)
    if detail:
        panel.annotate(
            plain(detail), (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points",
            fontsize=BODY, color=QUIET,
        )  # fmt: skip


def alike(*panels: Axes) -> None:
    """Give panels the same axes, wide enough for what each of them shows; only the first is labelled upwards."""
    across = np.array([panel.get_xlim() for panel in panels])
    upwards = np.array([panel.get_ylim() for panel in panels])
    for panel in panels:
        panel.set_xlim(across[:, 0].min(), across[:, 1].max())
        panel.set_ylim(upwards[:, 0].min(), upwards[:, 1].max())
    for panel in panels[1:]:
        panel.set_ylabel("")
        panel.tick_params(labelleft=False)


def number(value: float) -> str:
    """Write a score with the digits that count and a true minus sign.

    Examples
    --------
    >>> number(0.00312), number(0.5678), number(-1402.4)
    ('0.003', '0.57', '−1,402')
    """
    digits = int(np.searchsorted(_FEWER_DIGITS, -abs(value)))
    written = f"{value:,.{digits}f}"
    written = written.removeprefix("-") if float(written.replace(",", "")) == 0 else written
    return written.replace("-", "−")


def power(value: float) -> str:
    """Write the power of ten that is nearest, such as 10⁻⁵ for 1.2e-5; of 0 there is none."""
    if value == 0:
        return "nothing"
    return "10" + str(round(np.log10(value))).translate(_RAISED)


def spread_of(y: Values, prediction: Values) -> float:
    """Give the deviation of the predictions over that of the targets."""
    return float(spread(np.ravel(y), np.ravel(prediction))[0])


def scores(y: Values, prediction: Values) -> str:
    """Say spread and R² of predictions."""
    share = float(r2(np.ravel(y), np.ravel(prediction))[0])
    return f"spread {number(spread_of(y, prediction))}, R² {number(share)}"


def agree(panel: Axes, y: Values, prediction: Values, *, explain: bool = False) -> None:
    """Draw each prediction against its truth: on the line where it is right."""
    true, predicted = np.ravel(y), np.ravel(prediction)
    ends = [true.min(), true.max()]
    panel.plot(ends, ends, color=TRUE, linewidth=2.2, label="right", zorder=2)
    shown = slice(None, None, -(-len(true) // _MOST_DOTS))
    dots(panel, true[shown], predicted[shown], label="predicted")
    name_axes(panel, "True", "Predicted")
    if explain:
        legend(panel, loc="best", handlelength=1.2, borderaxespad=0.2)


def follow(panel: Axes, y: Values, prediction: Values, *, explain: bool = False) -> None:
    """Draw truth and predictions of sequences, from the lowest truth to the highest."""
    order = np.argsort(np.ravel(y), kind="stable")
    order = order[:: -(-len(order) // _MOST_DOTS)]
    places = np.arange(1, len(order) + 1)
    panel.plot(places, np.ravel(y)[order], color=TRUE, linewidth=2.2, label="true", zorder=2)
    dots(panel, places, np.ravel(prediction)[order], label="predicted")
    name_axes(panel, "Sequences, from low to high", "Target")
    if explain:
        legend(panel, loc="best", handlelength=1.2, borderaxespad=0.2)


def dots(panel: Axes, x: Values, y: Values, *, label: str = "", colour: str = PREDICTED) -> None:
    """Draw dots that show where they lie on each other."""
    panel.plot(x, y, "o", markersize=4.5, markeredgewidth=0, color=colour, alpha=0.6, label=label, zorder=3)


def compare(
    finding: str, fault: str, healthy: str, left: tuple[Values, Values], right: tuple[Values, Values]
) -> Figure:
    """Draw predictions against the truth, with the fault and without it, with spread and R² of each.

    Parameters
    ----------
    finding : str
        What is to be seen, over both.
    fault, healthy : str
        What stands over each panel.
    left, right : tuple of two arrays of n values
        Targets and predictions with the fault, and without it.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.
    """
    figure, first, second = pair()
    say(figure, finding)
    head(first, fault, scores(*left))
    head(second, healthy, scores(*right))
    agree(first, *left, explain=True)
    agree(second, *right)
    alike(first, second)
    return figure


def by_epoch(panel: Axes, losses: Values, colour: str = PREDICTED, label: str = "") -> None:
    """Draw a loss by epoch."""
    panel.plot(np.arange(1, len(losses) + 1), losses, color=colour, linewidth=2.2, label=label)
    name_axes(panel, "Epoch", "Loss")


def level(panel: Axes, height: float, words: str, *, above: bool = True) -> None:
    """Draw a line at a height that means something, and say what."""
    panel.axhline(height, color=QUIET, linewidth=1.2, linestyle=(0, (5, 4)), zorder=1)
    panel.annotate(
        words, (1, height), xytext=(-2, 4 if above else -4), xycoords=("axes fraction", "data"), ha="right",
        va="bottom" if above else "top", textcoords="offset points", fontsize=BODY, color=QUIET,
    )  # fmt: skip


def tiles(panel: Axes, values: NDArray[np.float64], *, x: str, y: str, most: float = 1.0) -> None:
    """Draw a matrix, white where it is 0."""
    panel.grid(visible=False)
    panel.imshow(values, cmap=BETWEEN, vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    name_axes(panel, x, y)


def write(figure: Figure, path: Path) -> None:
    """Write a picture as PNG with few colours: crisp on fine screens, and small.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    path : Path
        Where to.
    """
    buffer = io.BytesIO()
    with mpl.rc_context({"font.family": "DejaVu Sans"}):
        figure.savefig(buffer, format="png", dpi=_DPI)
    picture = Image.open(buffer).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
