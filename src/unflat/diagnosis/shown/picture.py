"""A diagnosis as a picture: predicted against true, loss and spread by epoch, the evidence of the first cause."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from unflat.diagnosis.shown.wording import NAMES
from unflat.evaluation.words import number, percent, ratio
from unflat.style import PREDICTED, TRUE, legend, name_axes, plain, sheet, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from unflat.diagnosis.material import Losses
    from unflat.diagnosis.records import Cause
    from unflat.diagnosis.shown.result import Diagnosis

_SIDE = 5.5
_MOST_POINTS = 5000
_OPAQUE = 400
_LINE = 44
_MAGNITUDE = 10.0


def picture(diagnosis: Diagnosis) -> Figure:
    """Draw a diagnosis.

    Parameters
    ----------
    diagnosis : Diagnosis
        What was found.

    Returns
    -------
    matplotlib.figure.Figure
        One to four panels, apart from any window or global state.
    """
    with_losses = bool(np.isfinite(diagnosis.losses.training).any())
    with_spread = bool(diagnosis.losses.spread)
    count = 1 + with_losses + with_spread + bool(diagnosis.causes)
    figure, row = sheet((_SIDE * count, _SIDE), 1, count)
    panels = list(row[0])
    _agreement(panels.pop(0), diagnosis)
    if with_losses:
        _losses(panels.pop(0), diagnosis.losses)
    if with_spread:
        _spread(panels.pop(0), diagnosis.losses)
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
        panel.plot(ends, ends, color=TRUE, linewidth=2, label="predicted = true")
        opacity = float(np.clip(_OPAQUE / len(y), 0.1, 0.8))
        panel.scatter(y, prediction, s=14, color=PREDICTED, alpha=opacity, linewidths=0, label="predictions")
        legend(panel)
    scores = diagnosis.judged.outputs[output]
    name, part = diagnosis.targets[output], diagnosis.judgement.part
    title(panel, NAMES[diagnosis.verdict].capitalize(), f"spread {ratio(scores.spread)}, R² {ratio(scores.r2)}, {part}")
    name_axes(panel, f"{name}, true", f"{name}, predicted")


def _losses(panel: Axes, losses: Losses) -> None:
    shown = [("training", losses.training, TRUE), ("validation", losses.validation, PREDICTED)]
    for label, values, colour in shown:
        if values:
            finite = np.where(np.isfinite(values), values, np.nan)
            panel.plot(np.arange(1, len(values) + 1), finite, color=colour, marker=".", label=label)
    known = np.array([value for value in losses.training if np.isfinite(value)])
    if known.min() > 0 and known.max() > _MAGNITUDE * known.min():
        panel.set_yscale("log")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    title(panel, "Loss", f"{len(losses.training)} epochs")
    name_axes(panel, "epoch", "loss")
    legend(panel)


def _spread(panel: Axes, losses: Losses) -> None:
    epochs, values = np.transpose(losses.spread)
    panel.plot(epochs, values, color=PREDICTED, marker=".", label="predictions' deviation over the target's")
    panel.axhline(1.0, color=TRUE, linewidth=2, label="as much as the target")
    panel.set_ylim(bottom=-0.03 * max(1.0, float(values.max())))  # a line at 0 is not the axis
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    title(panel, "Spread", f"{ratio(float(values[-1]))} at the end, as the watch saw it")
    name_axes(panel, "epoch", "spread")
    legend(panel)


def _evidence(panel: Axes, cause: Cause) -> None:
    """Write the evidence out: its figures have no common axis."""
    panel.set_axis_off()
    lines = [
        f"{fill(item.what, _LINE)}\n   {number(item.value)}   (healthy: {item.healthy})" for item in cause.evidence
    ]
    text = "\n\n".join([fill(cause.explanation, _LINE), *lines, fill(f"Cure: {cause.cure.words}", _LINE)])
    panel.text(0, 1, plain(text), transform=panel.transAxes, va="top", fontsize=10)
    title(panel, cause.id, f"{percent(cause.confidence)} sure")
