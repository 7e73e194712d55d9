"""Windows over a long table as people cut them, each drawn once in random order with its target: time and memory.

The benchmark of memory does the same for this package: `benchmarks/memory/windows.py`. What libraries hold without a
table is subtracted from both: a run with a thousand rows. Where an epoch would take long, it is not drawn to its end.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import common
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator


def peak() -> int:
    """Give the most memory that this process has held so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # unlike getrusage, this does not count what stood here before exec
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def table() -> np.ndarray:
    """Make the table."""
    return np.random.default_rng(0).random((options.rows, options.features), dtype=np.float32)


def drawn(batches: Iterator[int], total: int) -> dict[str, float]:
    """Draw for so long as is allowed; what is left takes as long as what came after the first batch."""
    began = time.perf_counter()
    first = count = next(batches)
    until_first = time.perf_counter() - began
    for size in batches:
        count += size
        if time.perf_counter() - began > options.seconds:
            break
    going_on = time.perf_counter() - began - until_first
    left = 0 if count == first else going_on * (total - first) / (count - first)
    return {"seconds of the epoch": until_first + left, "drawn": count}


def keras() -> dict[str, float]:
    """Cut them by `keras.utils.timeseries_dataset_from_array`, and go through it."""
    import keras  # noqa: PLC0415 - the other way does without

    data = table()
    began = time.perf_counter()
    last = len(data) - options.length
    windows = keras.utils.timeseries_dataset_from_array(
        data[:last], data[options.length :, 0], options.length, batch_size=options.batch, shuffle=True, seed=0
    )
    cut = time.perf_counter() - began
    return {"seconds to cut": cut, **drawn((len(y) for _, y in windows), last - options.length + 1)}


def copy() -> dict[str, float]:
    """Copy every window, and draw batches from the copies."""
    data = table()
    needed = (options.rows - options.length) * options.length * options.features * 4
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > free:
        raise MemoryError(f"copies take {needed / 2**30:.1f} GiB, {free / 2**30:.0f} are free")
    began = time.perf_counter()
    views = np.lib.stride_tricks.sliding_window_view(data, options.length, axis=0)[:-1]
    windows, targets = np.ascontiguousarray(views.transpose(0, 2, 1)), data[options.length :, 0]
    cut = time.perf_counter() - began
    order = np.random.default_rng(0).permutation(len(windows))
    batches = (order[first : first + options.batch] for first in range(0, len(order), options.batch))
    return {"seconds to cut": cut, **drawn((len((windows[i], targets[i])[1]) for i in batches), len(order))}


WAYS = {"keras": keras, "copy": copy}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=8)
    parser.add_argument("--length", type=int, default=96)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=10.0, help="of drawing, at the most")
    options = parser.parse_args()
    measured = WAYS[options.way]()
    common.say({**measured, "epoch": peak()})
