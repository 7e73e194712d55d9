"""A search as a picture: every trial's loss in order, and what mattered."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from unflat.evaluation.words import number
from unflat.style import PREDICTED, QUIET, TRUE, legend, name_axes, sheet, title
from unflat.tuning.records import GIVEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from unflat.tuning.records import Findings, Trial

_ROOM = 1.05
"""Room above and below the losses, as a factor."""


def tuning_figure(findings: Findings) -> Figure:
    """Draw a search.

    Parameters
    ----------
    findings : Findings
        What it found.

    Returns
    -------
    matplotlib.figure.Figure
        On the left the validation loss of each trial, and the lowest until then; on the right the share of each
        dimension in what told good trials from others, where there were enough trials to say.
    """
    figure, panels = sheet((14 if findings.importance else 9, 5.5), columns=2 if findings.importance else 1)
    _course(panels[0, 0], findings)
    if findings.importance:
        _shares(panels[0, 1], findings.importance)
    return figure


def _course(panel: Axes, findings: Findings) -> None:
    scored = [trial for trial in findings.trials if trial.loss is not None and isfinite(trial.loss)]
    complete = [trial for trial in scored if trial.state == "complete"]
    pruned = [trial for trial in scored if trial.state == "pruned"]
    numbers = [trial.number for trial in complete]
    panel.scatter(numbers, _losses(complete), color=PREDICTED, s=36, zorder=3, label="trained to its end")
    if pruned:
        places = [trial.number for trial in pruned]
        panel.scatter(
            places, _losses(pruned), facecolors="none", edgecolors=QUIET, s=36, zorder=3, label="given up half-way"
        )
    panel.step(numbers, _lowest(_losses(complete)), where="post", color=PREDICTED, linewidth=1.5, label="lowest so far")
    given = findings.trial(GIVEN)
    if given in scored and given.loss is not None:
        panel.axhline(given.loss, color=TRUE, linestyle=(0, (5, 4)), linewidth=1.5, label="the model as given")
    if scored and min(_losses(scored)) > 0:
        panel.set_yscale("log")
        panel.set_ylim(min(_losses(scored)) / _ROOM, max(_losses(scored)) * _ROOM)  # one loss alone has no range
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    kept = "The model as given was kept" if findings.chosen == GIVEN else f"Trial {findings.chosen} was chosen"
    detail = "" if given.loss is None else f"the model as given {number(given.loss)}"
    best = findings.trial(findings.best).loss
    title(panel, kept, f"lowest validation loss {number(best)}, {detail}" if best is not None else detail)
    name_axes(panel, "Trial", "Validation loss on the scaled target")
    legend(panel, loc="upper center", bbox_to_anchor=(0.45, -0.12), ncols=4, columnspacing=1.2)


def _losses(trials: Sequence[Trial]) -> list[float]:
    return [trial.loss for trial in trials if trial.loss is not None]


def _lowest(losses: Sequence[float]) -> list[float]:
    return [min(losses[: place + 1]) for place in range(len(losses))]


def _shares(panel: Axes, importance: dict[str, float]) -> None:
    names = list(importance)[::-1]
    panel.barh(names, [100 * importance[name] for name in names], color=PREDICTED)
    panel.grid(visible=False, axis="y")
    title(panel, f"What mattered most: {names[-1]}", "by what the better trials differ from all of them (PED-ANOVA)")
    name_axes(panel, "Share, %", "")
