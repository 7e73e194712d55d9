"""Work shared by processes of their own."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def share_out(work: Callable[..., None], shares: Iterable[tuple[Any, ...]]) -> None:
    """Call a function in a new process for each share of the work, and wait for all; ended from outside, end them too.

    Parameters
    ----------
    work : callable
        Of a module that can be imported.
    shares : iterable of tuple
        The arguments of each call.

    Raises
    ------
    SystemExit
        If one of them ends in an error.
    """
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=work, args=share) for share in shares]
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
    finally:
        for job in jobs:
            if job.is_alive():
                job.terminate()
                job.join()
        signal.signal(signal.SIGTERM, before)
    if any(job.exitcode for job in jobs):
        raise SystemExit("A job ended in an error; run the command again to take up where it stopped.")
