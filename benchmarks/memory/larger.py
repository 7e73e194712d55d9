"""Train on a Parquet file whose table is four times as large as the memory that the process may have.

`python benchmarks/memory/larger.py`. The file is written first, by another process. Then `make_windows(path)` and a fit
of one epoch run in a process that the system gives no more than a quarter of the table, as float32: everything that
Python, its libraries and the training need, imports included. Writes JSON into the folder `results` beside this file.

The limit is RLIMIT_DATA: what a process allocates for itself, by brk and by private writable maps. RLIMIT_AS would also
count the libraries' code and the files that are looked at through memory maps, of which the system keeps in memory what
there is room for and drops the rest; a limit of the resident set is not enforced on Linux. What was resident at the
most is measured beside it: the process's own (RssAnon), and with what it happened to have mapped (VmHWM).
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

MEBIBYTE = 2**20
TIMES = 4
"""How many times the allowed memory the table is."""

_GROUP_ROWS = 1 << 18


def write(path: Path, rows: int, features: int) -> None:
    """Write a table of waves with noise, row group by row group."""
    import numpy as np  # noqa: PLC0415 - the process that measures stays small
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    random = np.random.default_rng(0)
    periods = random.uniform(20, 200, features)
    schema = pa.schema([(f"x{i}", pa.float32()) for i in range(features)])
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for first in range(0, rows, _GROUP_ROWS):
            step = np.arange(first, min(first + _GROUP_ROWS, rows), dtype=np.float64)
            noise = random.random((features, len(step)), dtype=np.float32)
            columns = [
                np.sin(step / period).astype(np.float32) + part for period, part in zip(periods, noise, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=schema))


def status(field: str) -> int:
    """Read a number of bytes out of what the system knows of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def train(options: argparse.Namespace) -> dict[str, Any]:
    """Fit a model to the file, under the limit, and give what it took."""
    resource.setrlimit(resource.RLIMIT_DATA, (options.allowed, options.allowed))
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            most[0] = max(most[0], status("RssAnon"))

    threading.Thread(target=watch, daemon=True).start()
    from unflat import LSTMRegressor, UnflatWarning, make_windows, open_table  # noqa: PLC0415 - counts, too

    stages = {"imported": status("VmData")}
    started = time.perf_counter()
    table = open_table(options.path, folder=options.folder)
    windows = make_windows(table, target="x0", length=options.length, stride=options.stride)
    stages["cut"] = status("VmData")
    cut = time.perf_counter() - started
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnflatWarning)
        model = LSTMRegressor(units=(8,), epochs=1, random_state=0, progress=False).fit(windows)
    fitted = time.perf_counter() - started
    prediction = model.predict(windows.take(slice(0, 1000)))
    done.set()
    return {
        "allowed": options.allowed,
        "own, imported": stages["imported"],
        "own, windows cut": stages["cut"],
        "own, resident at the most": most[0],
        "resident at the most, maps included": status("VmHWM"),
        "seconds to cut": cut,
        "seconds to fit": fitted,
        "windows": len(windows),
        "R2 held out": None if model.held_out_ is None else model.held_out_.r2,
        "spread of predictions": float(prediction.std()),
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Write the file and train on it, each in a process of its own."""
    table = options.rows * options.features * 4
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "table.parquet"
        arguments = ["--rows", str(options.rows), "--features", str(options.features), "--length", str(options.length)]
        arguments += ["--stride", str(options.stride), "--path", str(path), "--folder", folder]
        _run("write", arguments)
        file = path.stat().st_size
        found = json.loads(_run("train", [*arguments, "--allowed", str(table // TIMES)]))
        left = sorted(one.name for one in Path(folder).iterdir())
    return {"table": table, "file": file, "left in the folder": left} | found


def _run(mode: str, arguments: list[str]) -> str:
    command = [sys.executable, __file__, "--mode", mode, *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this very file
    if finished.returncode:
        raise SystemExit(f"{mode} failed with {finished.returncode}:\n{finished.stderr[-4000:]}")
    return finished.stdout


def main() -> None:
    """Measure, print, write; exits with 1 if the training did not complete."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=16_000_000)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--length", type=int, default=96, help="rows in a window")
    parser.add_argument("--stride", type=int, default=480, help="rows from one window to the next")
    parser.add_argument("--folder", help="where the file and the columns are kept; twice the table's size")
    parser.add_argument("--mode", choices=("write", "train"), help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--allowed", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mode == "write":
        write(options.path, options.rows, options.features)
        return
    if options.mode == "train":
        print(json.dumps(train(options)))
        return
    results = measure(options)
    for name, value in results.items():
        shown = f"{value / MEBIBYTE:,.0f} MiB" if isinstance(value, int) and value > MEBIBYTE else value
        print(f"{name:40}{shown}")
    results["options"] = {key: getattr(options, key) for key in ("rows", "features", "length", "stride")}
    results["environment"] = {"python": platform.python_version(), "platform": platform.platform()} | {
        name: version(name) for name in ("numpy", "polars", "torch")
    }
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "larger.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
