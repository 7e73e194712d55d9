"""Pictures of the guide itself: what flat looks like, why, and the path to the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from document import trained_on
from drawing import BODY, HEADING, compare, head, number, pair, say
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from unflat.diagnosis import CAUSE_IDS
from unflat.diagnosis.causes import TIERS
from unflat.style import INK, PREDICTED, QUIET, SHADE, TRUE, legend, name_axes, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from unflat.recipes import Scaling

_STATIONS = (
    ("Data", "Are X and y what you think?"),
    ("Scale", "Is each number of about 1?"),
    ("Output", "Can the last layer give y?"),
    ("Dynamics", "Does it learn 16 sequences by heart?"),
    ("Fit", "Is it as good on other data?"),
)

_WAYS: tuple[tuple[Scaling, str, str], ...] = (
    ("raw", "nothing scaled", QUIET),
    ("inputs", "inputs only", INK),
    ("target", "target only", TRUE),
    ("own", "both", PREDICTED),
)


def flat(share: float) -> Figure:
    """Draw the document's network flat and healthy."""
    raw, own = trained_on("raw", share), trained_on("own", share)
    return compare(
        f"Flat: {number(raw.prediction.mean())}, whatever it is given",
        "Flat: trained on raw numbers",
        "Healthy: inputs and target scaled",
        (raw.y, raw.prediction),
        (own.y, own.prediction),
    )


def reach(share: float) -> Figure:
    """Draw how far the output came beside how far it can come, and where the targets are."""
    run = trained_on("raw", share)
    steps = np.array(run.steps)
    bound = run.rate * steps * (np.array(run.states) + 1)
    figure, whole, low = pair()
    say(figure, f"{steps[-1]} steps lead to {number(run.means[-1])}. The targets lie around {number(run.y.mean())}")
    for panel in (whole, low):
        panel.plot(steps, bound, color=TRUE, linewidth=2.2, label="reach ≈ rate · S · (Σ|h| + 1)")
        panel.plot(steps, run.means, "o", color=PREDICTED, markersize=4.5, markeredgewidth=0, label="output, measured")
        panel.set_xlim(0, steps[-1] * 1.03)
        name_axes(panel, "Steps of the optimizer, S", "")
    name_axes(whole, "Steps of the optimizer, S", "Target's units")
    head(whole, "How far the output came")
    head(low, "The same, seen from near")
    whole.axhspan(run.y.min(), run.y.max(), color=SHADE, linewidth=0, zorder=0)
    whole.set_ylim(0, 1.02 * run.y.max())
    whole.axhline(run.y.mean(), color=INK, linewidth=1.2, linestyle=(0, (5, 4)))
    whole.annotate(
        f"targets: {run.y.min():.0f} to {run.y.max():,.0f},\naround {run.y.mean():,.0f}", (0.05, run.y.mean() + 60),
        xycoords=("axes fraction", "data"), fontsize=BODY, color=INK, va="bottom",
    )  # fmt: skip
    low.set_ylim(0, 1.5 * max(bound.max(), *run.means))
    legend(low, loc="upper left", handlelength=1.2, borderaxespad=0.2)
    return figure


def spread(share: float) -> Figure:
    """Draw the spread by epoch for four ways to scale the document's data."""
    figure, panels = sheet((7.2, 4.2))
    panel = panels[0, 0]
    runs = {scaling: trained_on(scaling, share) for scaling, _, _ in _WAYS}
    for scaling, words, colour in _WAYS:
        course = runs[scaling].spreads
        # Two flat models' lines lie on each other: the wider one is seen on both sides of the other.
        panel.plot(course, color=colour, linewidth=6 if scaling == "raw" else 2.2, alpha=0.5 if scaling == "raw" else 1)
        shift = {"raw": 9, "inputs": -7}.get(scaling, 0)
        panel.annotate(
            f"{words}: {number(course[-1])}", (len(course) - 1, course[-1]), xytext=(8, shift), va="center",
            textcoords="offset points", fontsize=BODY, color=colour, weight="bold", annotation_clip=False,
        )  # fmt: skip
    panel.set_xlim(0, len(runs["own"].spreads) - 1)
    panel.set_ylim(-0.04, None)
    name_axes(panel, "Epoch", "Spread")
    flat_ones = max(runs[scaling].spreads[-1] for scaling in ("raw", "inputs"))
    say(figure, f"With a raw target the spread stays below {np.ceil(flat_ones * 1000) / 1000:.3f}")
    return figure


def path(share: float) -> Figure:  # noqa: ARG001 - nothing is trained for a drawing
    """Draw the five stations, and what to do at the first that is not in order."""
    figure, panels = sheet((5.2, 6.4))
    panel = panels[0, 0]
    panel.set_axis_off()
    panel.set(xlim=(-0.15, 10.15), ylim=(-0.2, 13))
    _box(panel, (0, 11.8, 10, 1.1), "Flat: spread near 0, and others do better", colour=TRUE)
    for place, ((name, question), tier) in enumerate(zip(_STATIONS, TIERS, strict=True)):
        bottom = 9.55 - 2.15 * place
        _arrow(panel, (0.9, bottom + (2.25 if place == 0 else 2.17)), (0.9, bottom + 1.55))
        _box(panel, (0, bottom, 6.7, 1.5), "")
        panel.text(0.3, bottom + 0.99, f"{place + 1}  {name}", fontsize=HEADING, weight="bold", color=INK, va="center")
        causes = [rule.__name__ for rule in tier if rule.__name__ in CAUSE_IDS]  # others look at one of them again
        panel.text(6.4, bottom + 0.99, f"{len(causes)} causes", fontsize=BODY, color=QUIET, va="center", ha="right")
        panel.text(0.3, bottom + 0.44, question, fontsize=BODY, color=INK, va="center")
        if place:
            panel.text(1.15, bottom + 1.84, "yes", fontsize=BODY, color=QUIET, va="center")
        _arrow(panel, (6.72, bottom + 0.75), (7.65, bottom + 0.75))
        panel.text(7.15, bottom + 0.95, "no", fontsize=BODY, color=QUIET, ha="center")
    cure = "Change\nthis one\nthing\n\n\nTrain\nfrom new\nweights\n\n\nLook\nagain"
    _box(panel, (7.7, 0.95, 2.3, 10.1), cure)
    _arrow(panel, (8.85, 11.07), (8.85, 11.78))
    panel.text(0, 0.1, "Begin at the top: what stands first explains what follows.", fontsize=BODY, color=QUIET)
    return figure


def _box(panel: Axes, place: tuple[float, float, float, float], words: str, colour: str = QUIET) -> None:
    x, y, width, height = place
    panel.add_patch(
        FancyBboxPatch(
            (x + 0.1, y + 0.1), width - 0.2, height - 0.2, boxstyle="round,pad=0.1", facecolor="white",
            edgecolor=colour, linewidth=1.6,
        )
    )  # fmt: skip
    panel.text(x + width / 2, y + height / 2, words, fontsize=BODY, color=INK, ha="center", va="center", weight="bold")


def _arrow(panel: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    panel.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=14, color=QUIET, linewidth=1.4, shrinkA=0, shrinkB=0
        )
    )
