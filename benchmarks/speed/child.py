"""A contender in a process of its own: its wall time, its peak of memory, and the line of JSON that it prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the system counts the peak of memory."""

LEFT_OUT = ("PYTHONDONTWRITEBYTECODE",)
"""Variables that no contender gets: without compiled files each start would compile its sources again."""


@dataclass(frozen=True)
class Contender:
    """Who measures what.

    Parameters
    ----------
    name : str
        As tables show it.
    command : tuple of str
        What to run: a Python, a script and its arguments.
    environment : mapping
        Variables of its own; None takes one away.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str | None] = field(default_factory=dict)


def surroundings(own: Mapping[str, str | None]) -> dict[str, str]:
    """Give a process's variables: those of this one, changed."""
    changed = {**os.environ, **dict.fromkeys(LEFT_OUT), **own}
    return {name: value for name, value in changed.items() if value is not None}


def run(contender: Contender, folder: Path, limit: float) -> dict[str, Any]:
    """Run a contender to its end.

    Parameters
    ----------
    contender : Contender
        Whom.
    folder : Path
        Where it works, and leaves its pictures.
    limit : float
        Seconds after which it is ended.

    Returns
    -------
    dict
        `seconds` from start to end, `processor` seconds, `peak` of memory in bytes, and what it printed; or `error`, in
        words. A contender that fails is reported, and nothing else ends by it.
    """
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complained:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(  # noqa: S603 - the contenders of this folder
                contender.command,
                cwd=folder,
                env=surroundings(contender.environment),
                stdout=printed,
                stderr=complained,
                start_new_session=True,
            )
        except OSError as error:
            return {"error": f"cannot be started: {error.strerror}"}
        overdue = threading.Timer(limit, _end, (process.pid,))
        overdue.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            _end(process.pid)
            raise
        finally:
            overdue.cancel()
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        complained.seek(0)
        output, complaint = (file.read().decode("utf-8", "replace") for file in (printed, complained))
    if process.returncode:
        if seconds >= limit:
            return {"error": f"took longer than {limit:g} seconds"}
        return {"error": _why(complaint, process.returncode)}
    used = {"seconds": seconds, "processor": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * UNIT}
    return {**used, **_line(output)}


def _end(group: int) -> None:
    """End a process and those that it started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _why(complaint: str, code: int) -> str:
    """Take the last line of what was complained, which names the error; paths of this machine stay out."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    words = [word if os.sep not in word else "…" for word in (lines[-1] if lines else "").split()]
    return f"exit code {code}: {' '.join(words)[:200]}".rstrip(": ")


def _line(output: str) -> dict[str, Any]:
    """Read the last line as JSON; a command of another kind prints none."""
    lines: Sequence[str] = output.strip().splitlines()
    try:
        record = json.loads(lines[-1]) if lines else {}
    except json.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}
