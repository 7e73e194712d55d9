"""Make the pictures of the guide.

python docs/figures                         all of them, into docs/images: some minutes
python docs/figures --only reach padding_unmasked
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import data
import dynamics
import fitting
import guide
import output
import scale
import torch
from drawing import write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.figure import Figure

_MAKERS: tuple[Callable[[float], Figure], ...] = (
    guide.flat,
    guide.path,
    guide.reach,
    guide.spread,
    data.constant_target,
    data.misaligned_pairs,
    data.nan_in_data,
    data.swapped_axes,
    scale.degenerate_scale,
    scale.input_scale,
    scale.inverse_forgotten,
    scale.outliers_own_scale,
    scale.predict_scale_mismatch,
    scale.target_scale,
    scale.target_scaled_by_other_column,
    output.frozen_parameters,
    output.loss_broadcast,
    output.output_range,
    output.sequences_returned,
    output.stale_mode,
    dynamics.dead_units,
    dynamics.gradient_clipped,
    dynamics.last_step_forgets,
    dynamics.over_regularised,
    dynamics.padding_unmasked,
    dynamics.rate_too_high,
    dynamics.rate_too_low,
    dynamics.saturated_gates,
    dynamics.too_deep_narrow,
    dynamics.too_few_updates,
    dynamics.vanishing_gradient,
    fitting.extrapolation,
    fitting.no_signal,
    fitting.overfit,
)

FIGURES = {make.__name__: make for make in _MAKERS}
"""What makes each picture, by its file's name."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the pictures that are asked for, and say how large each became."""
    chosen = _parser().parse_args(arguments)
    torch.set_num_threads(1)  # small networks are fastest so, and the same everywhere
    for name in chosen.only or FIGURES:
        start = time.perf_counter()
        path = chosen.into / f"{name}.png"
        write(FIGURES[name](chosen.share), path)
        print(f"{name:32}{path.stat().st_size / 1024:6.0f} KB{time.perf_counter() - start:8.1f} s")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python docs/figures", description="Make the pictures of the guide.")
    parser.add_argument("--only", nargs="+", choices=sorted(FIGURES), metavar="NAME", help="make these; without, all")
    parser.add_argument("--into", type=Path, default=Path(__file__).parents[1] / "images", help="folder to write to")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of each training's epochs: less shows that the script runs"
    )
    return parser


if __name__ == "__main__":
    main()
