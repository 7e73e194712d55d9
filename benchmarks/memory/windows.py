"""Measure the peak memory of cutting windows from a large table and drawing every one of them once.

Each measurement runs in a process of its own, and what a process with the same imports and no data needs is
subtracted: `python benchmarks/memory/windows.py`. Writes JSON into the folder `results` beside this file.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

MEBIBYTE = 2**20
LIMIT = 1.5
"""The most that a process may need beyond a bare one, in sizes of the float32 table."""


def peak() -> int:
    """Give the most memory that this process has held so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # unlike getrusage, this does not count what stood here before exec
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def bare(_: argparse.Namespace) -> dict[str, float]:
    """Import what the other measurements import."""
    import_everything()
    return {"bare": peak()}


def import_everything() -> tuple[Any, ...]:
    """Import here, so that the process that starts the others stays small."""
    import numpy as np  # noqa: PLC0415
    import polars as pl  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from unflat.sequences.batches import BatchSource  # noqa: PLC0415
    from unflat.windows import make_windows  # noqa: PLC0415

    torch.ones(8) @ torch.ones(8)  # starts the threads that any arithmetic starts
    return np, pl, torch, BatchSource, make_windows


def epoch(options: argparse.Namespace) -> dict[str, float]:
    """Make a table, cut windows, and draw each of them once in random order, with its target."""
    np, pl, torch, batch_source, make_windows = import_everything()
    random = np.random.default_rng(0)
    frame = pl.DataFrame(
        [pl.Series(f"x{i}", random.random(options.rows, dtype=np.float32)) for i in range(options.features)]
    )
    measured: dict[str, float] = {"table": peak()}
    started = time.perf_counter()
    windows = make_windows(frame, target="x0", length=options.length)
    if options.release:
        del frame
    measured |= {"windows": peak(), "seconds to cut": time.perf_counter() - started}
    train = windows.split(test=0).train if options.split else windows
    measured |= {"split": peak()}
    started = time.perf_counter()
    source = batch_source(train.sequences)
    kind = getattr(torch, options.order)
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0), dtype=kind)
    total = 0.0
    for index in order.split(options.batch):
        total += float(source.draw(index).values[0, 0, 0]) + float(train.take(index.numpy()).y.sum())
    measured |= {"epoch": peak(), "seconds of the epoch": time.perf_counter() - started, "drawn": len(train)}
    if not np.isfinite(total):
        raise SystemExit("The values drawn are not those of the table.")
    return measured


MODES = {"bare": bare, "epoch": epoch}


def in_a_process(mode: str, arguments: list[str]) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, __file__, "--mode", mode, *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this very file
    if finished.returncode:
        raise SystemExit(finished.stderr)
    result: dict[str, float] = json.loads(finished.stdout)
    return result


def measure(options: argparse.Namespace, arguments: list[str]) -> dict[str, Any]:
    """Measure with the table kept by its owner, and with the table let go once windows are cut."""
    base = in_a_process("bare", arguments)["bare"]
    small = in_a_process("epoch", [*arguments, "--rows", str(10 * options.length)])["epoch"]
    table = options.rows * options.features * 4
    results: dict[str, Any] = {"table": table, "bare": base, "first use": small - base, "limit": LIMIT, "runs": {}}
    variants = {"table kept": [], "table kept, training part": ["--split"], "table let go": ["--release"]}
    for name, extra in variants.items():
        run = in_a_process("epoch", [*arguments, *extra])
        stages = {stage: (run[stage] - base) / table for stage in ("table", "windows", "split", "epoch")}
        results["runs"][name] = {"in tables": stages, "raw": run}
    return results


def show(results: dict[str, Any], options: argparse.Namespace) -> None:
    """Print what was measured."""
    print(f"{options.rows:,} rows x {options.features} float32, windows of {options.length} rows")
    print(f"table {results['table'] / MEBIBYTE:.0f} MiB, bare process {results['bare'] / MEBIBYTE:.0f} MiB", end="")
    print(f", what its libraries take when first used {results['first use'] / MEBIBYTE:.0f} MiB (counted below)")
    print(f"peak beyond the bare process, in tables (limit {LIMIT}):")
    print(f"{'':28}{'table':>8}{'windows':>9}{'epoch':>8}{'cut, s':>9}{'epoch, s':>10}")
    for name, run in results["runs"].items():
        stages, raw = run["in tables"], run["raw"]
        print(
            f"{name:28}{stages['table']:8.2f}{stages['windows']:9.2f}{stages['epoch']:8.2f}"
            f"{raw['seconds to cut']:9.1f}{raw['seconds of the epoch']:10.1f}"
        )


def save(results: dict[str, Any], options: argparse.Namespace) -> Path:
    """Write the results with what they depend on."""
    results["options"] = {key: value for key, value in vars(options).items() if key != "mode"}
    results["environment"] = {"python": platform.python_version(), "platform": platform.platform()} | {
        name: version(name) for name in ("numpy", "polars", "torch")
    }
    folder = Path(__file__).parent / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"windows-{options.rows}x{options.features}x{options.length}-{options.order}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    return path


def main() -> None:
    """Measure, print, write; exit with 1 if the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--features", type=int, default=8)
    parser.add_argument("--length", type=int, default=96, help="rows in a window")
    parser.add_argument("--batch", type=int, default=512, help="windows in a batch")
    parser.add_argument("--order", choices=("int32", "int64"), default="int32", help="type of an epoch's order")
    parser.add_argument("--split", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--release", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--mode", choices=MODES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mode:
        print(json.dumps(MODES[options.mode](options)))
        return
    results = measure(options, sys.argv[1:])
    show(results, options)
    print(f"written to {save(results, options)}")
    worst = max(run["in tables"]["epoch"] for run in results["runs"].values())
    sys.exit(worst > LIMIT)


if __name__ == "__main__":
    main()
