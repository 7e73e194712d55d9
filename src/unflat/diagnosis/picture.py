"""A diagnosis as a picture: predicted against true, the loss by epoch, the evidence of the first cause."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from unflat.diagnosis.wording import NAMES
from unflat.evaluation.words import number, percent, ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from unflat.diagnosis.inputs import Losses
    from unflat.diagnosis.records import Cause
    from unflat.diagnosis.result import Diagnosis

# Okabe and Ito's colours: people with any of the common kinds of colour blindness can tell them apart.
_TRUE = "#D55E00"
_PREDICTED = "#0072B2"
_QUIET = "#6B6B6B"

_SIDE = 5.0
_DPI = 100
_MOST_POINTS = 5000
_OPAQUE = 400
_LINE = 44


def picture(diagnosis: Diagnosis) -> Figure:
    """Draw a diagnosis.

    Parameters
    ----------
    diagnosis : Diagnosis
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        One to three panels, apart from any window or global state.
    """
    with_losses = bool(np.isfinite(diagnosis.losses.training).any())
    count = 1 + with_losses + bool(diagnosis.causes)
    figure = Figure(figsize=(_SIDE * count, _SIDE), dpi=_DPI, layout="constrained", facecolor="white")
    panels = list(figure.subplots(1, count, squeeze=False)[0])
    _agreement(panels.pop(0), diagnosis)
    if with_losses:
        _losses(panels.pop(0), diagnosis.losses)
    if diagnosis.causes:
        _evidence(panels.pop(0), diagnosis.causes[0])
    return figure


def _agreement(panel: Axes, diagnosis: Diagnosis) -> None:
    """Draw each prediction against its truth, of the output that the verdict is about."""
    output = diagnosis.judgement.decisive
    y, prediction = diagnosis.y[:, output], diagnosis.prediction[:, output]
    known = np.isfinite(y) & np.isfinite(prediction)
    step = max(int(known.sum()) // _MOST_POINTS, 1)
    y, prediction = y[known][::step], prediction[known][::step]
    if len(y):
        ends = [min(y.min(), prediction.min()), max(y.max(), prediction.max())]
        panel.plot(ends, ends, color=_TRUE, linewidth=2, label="predicted = true")
        opacity = float(np.clip(_OPAQUE / len(y), 0.1, 0.8))
        panel.scatter(y, prediction, s=14, color=_PREDICTED, alpha=opacity, linewidths=0, label="predictions")
        panel.legend(frameon=False)
    scores = diagnosis.judged.outputs[output]
    name, part = _plain(diagnosis.targets[output]), diagnosis.judgement.part
    _title(
        panel, NAMES[diagnosis.verdict].capitalize(), f"spread {ratio(scores.spread)}, R² {ratio(scores.r2)}, {part}"
    )
    panel.set(xlabel=f"{name}, true", ylabel=f"{name}, predicted")
    _tidy(panel)


def _losses(panel: Axes, losses: Losses) -> None:
    shown = [("training", losses.training, _TRUE), ("validation", losses.validation, _PREDICTED)]
    for label, values, colour in shown:
        if values:
            finite = np.where(np.isfinite(values), values, np.nan)
            panel.plot(np.arange(1, len(values) + 1), finite, color=colour, marker=".", label=label)
    if np.nanmin(np.where(np.isfinite(losses.training), losses.training, np.nan)) > 0:
        panel.set_yscale("log")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _title(panel, "Loss", f"{len(losses.training)} epochs")
    panel.set(xlabel="epoch", ylabel="loss")
    panel.legend(frameon=False)
    _tidy(panel)


def _evidence(panel: Axes, cause: Cause) -> None:
    """Write the evidence out: its figures have no common axis."""
    panel.set_axis_off()
    _title(panel, cause.id, f"{percent(cause.confidence)} sure")
    lines = [
        f"{fill(item.what, _LINE)}\n   {number(item.value)}   (healthy: {item.healthy})" for item in cause.evidence
    ]
    text = "\n\n".join([fill(cause.explanation, _LINE), *lines, fill(f"Cure: {cause.cure.words}", _LINE)])
    panel.text(0, 1, _plain(text), transform=panel.transAxes, va="top", fontsize=10)


def _title(panel: Axes, words: str, detail: str) -> None:
    panel.set_title(f"{_plain(words)}\n{_plain(detail)}", loc="left", fontsize=11)


def _tidy(panel: Axes) -> None:
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(_QUIET)
    panel.set_axisbelow(True)


def _plain(text: str) -> str:
    """Take a text as it is: a dollar sign opens no formula."""
    return text.replace("$", r"\$")
