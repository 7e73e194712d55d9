"""The two pictures of the document's experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.figures.powers import logarithmic
from unflat.recipes import error_in_words
from unflat.style import (
    INK,
    LABEL_SIZE,
    PALETTE,
    PREDICTED,
    QUIET,
    SHADE,
    TRUE,
    legend,
    name_axes,
    sheet,
    title,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from unflat.recipes import Result, Way

HEADINGS: dict[Way, str] = {
    "raw": "Nothing scaled",
    "inputs": "Inputs scaled",
    "target": "Target scaled",
    "document": "The document's cure",
    "own": "Both scaled, each by its own",
    "default": "LSTMRegressor()",
}
"""What each way of giving the data is called over a panel or beside a line."""

_FLOOR = 1e-8
"""Errors below this share are drawn as this: they are float32's, and their ups and downs teach nothing."""

_SHOWN: tuple[Way, ...] = ("raw", "document", "default")


def regression_figure(results: Sequence[Result], ways: Sequence[Way] = _SHOWN) -> Figure:
    """Draw what was predicted over what was true, flat beside cured.

    Parameters
    ----------
    results : sequence of Result
        What the experiment led to.
    ways : sequence of str
        Which of them to show, from left to right; those without a result are left out.

    Returns
    -------
    matplotlib.figure.Figure
        A red line, the true numbers, and blue dots, the predicted ones, over the number of the sample.
    """
    found = {result.way: result for result in results}
    shown = [found[way] for way in ways if way in found]
    figure, panels = sheet((16, 8), 1, len(shown), share_y=True)
    for number, (panel, result) in enumerate(zip(panels[0], shown, strict=True), start=1):
        _follow(panel, result)
        title(panel, f"{number}  {HEADINGS[result.way]}: {result.verdict}", _detail(result))
        name_axes(panel, "Number of the sample", "Target, true and predicted" if number == 1 else "")
    legend(panels[0, 0], loc="upper left")
    return figure


def _follow(panel: Axes, result: Result) -> None:
    x = np.concatenate([result.numbers, result.later_numbers])
    predicted = np.concatenate([result.fitted, result.beyond])
    # The dots are wider than the line over them, so that both are seen where they agree.
    panel.plot(x, x, color=TRUE, linewidth=2, label="true", zorder=3)
    panel.scatter(x, predicted, s=60, color=PREDICTED, linewidths=0, label="predicted", zorder=2)
    first = (result.numbers[-1] + result.later_numbers[0]) / 2
    end = x[-1] + 60
    panel.axvspan(first, end, color=SHADE, zorder=0, linewidth=0)
    panel.annotate(
        "never seen in training", ((first + end) / 2, 0.5), xycoords=("data", "axes fraction"),
        rotation=90, ha="center", va="center", fontsize=LABEL_SIZE, color=QUIET,
    )  # fmt: skip
    panel.set_xlim(-40, end)


def _detail(result: Result) -> str:
    if result.verdict == "flat":
        return f"always about {result.fitted.mean():,.0f}, whatever it is given"
    return f"off by {error_in_words(result.train_mae)}, in the shaded range by {error_in_words(result.test_mae)}"


def course_figure(results: Sequence[Result]) -> Figure:
    """Draw how the error fell in each training, in a unit in which they compare.

    Parameters
    ----------
    results : sequence of Result
        What the experiment led to.

    Returns
    -------
    matplotlib.figure.Figure
        The mean squared error as a share of the target's variance, on a logarithmic axis, over the epochs.
    """
    figure, panels = sheet((16, 8))
    panel = panels[0, 0]
    logarithmic(panel)
    for colour, result in zip(PALETTE, results, strict=False):
        # Two flat models' lines lie on each other: the wider one is seen at both sides of the other.
        width = 7 if result.way == "raw" else 2.5
        course = np.maximum(result.course, _FLOOR)
        panel.plot(course, color=colour, linewidth=width, marker="o", markevery=[len(course) - 1])
    longest = max(len(result.course) for result in results) - 1
    panel.set_xlim(0, 1.02 * longest + 0.1)
    panel.set_ylim(bottom=_FLOOR / 2)
    panel.plot([0, longest], [1, 1], color=INK, linewidth=1.2, linestyle=(0, (6, 4)))
    panel.annotate(
        "always answering the mean", (longest, 1), xytext=(-4, 5), textcoords="offset points", ha="right",
        fontsize=LABEL_SIZE, color=INK,
    )  # fmt: skip
    _name_lines(panel, results)
    title(panel, _learned(results), "error on training sequences, dropout off, as a share of the target's variance")
    name_axes(panel, "Epoch", "Mean squared error / variance of the target")
    return figure


def _learned(results: Sequence[Result]) -> str:
    """Say which trainings went below what the mean reaches, if it is as the lesson has it."""
    learned = {result.way for result in results if result.r2 > 0}
    unscaled = {"raw", "inputs"} & {result.way for result in results}
    return (
        "Nothing is learned while the target is not scaled"
        if unscaled and not unscaled & learned
        else "How the error fell in each training"
    )


def _name_lines(panel: Axes, results: Sequence[Result]) -> None:
    """Write each line's name at its end, moved apart where two would overlap."""
    low, high = np.log10(panel.get_ylim())
    ends = np.array([np.log10(max(result.course[-1], _FLOOR)) for result in results])
    for colour, result, place in zip(PALETTE, results, apart(ends, (high - low) / 26), strict=False):
        panel.annotate(
            HEADINGS[result.way], (len(result.course) - 1, 10**place), xytext=(9, 0), textcoords="offset points",
            va="center", fontsize=LABEL_SIZE, color=colour, weight="bold",
        )  # fmt: skip


def apart(places: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Move places on a line apart until neighbours are at least a gap away from each other.

    Parameters
    ----------
    places : ndarray of shape (n,)
        Where labels would best be.
    gap : float
        The least distance between two.

    Returns
    -------
    ndarray of shape (n,)
        Where they can be, in the same order along the line; labels that collide move upwards.
    """
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    moved = np.empty_like(places)
    # With the gaps taken out, "at least a gap apart" reads "never falling": a running maximum.
    moved[order] = np.maximum.accumulate(places[order] - steps) + steps
    return moved
