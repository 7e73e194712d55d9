"""A picture of each growth: seconds of an epoch over the size, both logarithmic, with the fitted exponent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from benchmarks.speed.summary import exponent

from unflat.style import PREDICTED, TRUE, legend, name_axes, save, sheet, title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NAMES = {
    "n": "Sequences (n), of 16 steps",
    "T": "Time steps of a sequence (T)",
    "F": "Features of a time step (F)",
    "units": "Units of each of two layers",
}


def draw(growths: Mapping[str, tuple[Sequence[float], Sequence[float]]], folder: Path) -> list[Path]:
    """Draw each growth into a file of its own.

    Parameters
    ----------
    growths : mapping of str to (sizes, seconds)
        What was measured.
    folder : Path
        Where to.

    Returns
    -------
    list of Path
        The pictures.
    """
    paths = []
    for along, (sizes, seconds) in growths.items():
        figure, panels = sheet((8, 5))
        panel, power = panels[0, 0], exponent(sizes, seconds)
        upper = np.array(sizes[len(sizes) // 2 :], dtype=np.float64)
        level = np.exp(np.mean(np.log(seconds[len(sizes) // 2 :]) - power * np.log(upper)))
        panel.plot(sizes, seconds, color=PREDICTED, marker="o", linewidth=1.4, label="measured")
        panel.plot(upper, level * upper**power, color=TRUE, linewidth=5, alpha=0.4, label=f"{along} to the {power:.2f}")
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        title(panel, f"Time grows with the power {power:.2f} of {along}", "one epoch of training; upper half fitted")
        name_axes(panel, NAMES[along], "Seconds of an epoch")
        legend(panel, loc="upper left")
        paths.append(folder / f"growth-{along}.png")
        save(figure, paths[-1])
    return paths
