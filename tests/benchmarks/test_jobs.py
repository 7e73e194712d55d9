"""Work shared out to processes: all of it is done, an error is told, and nobody is left at work."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # benchmarks are no part of the package

from benchmarks.jobs import share_out

SLEEPING = """
import time
from benchmarks.jobs import share_out
if __name__ == "__main__":
    print("at work", flush=True)
    share_out(time.sleep, [(600,), (600,)])
"""


def test_every_share_is_done(tmp_path):
    """Each process does its own share; all have ended when the call does."""
    share_out(os.mkdir, [(str(tmp_path / name),) for name in ("first", "second")])
    assert {path.name for path in tmp_path.iterdir()} == {"first", "second"}


def test_an_error_in_one_is_told(tmp_path):
    """Who calls learns that something is missing."""
    with pytest.raises(SystemExit, match="ended in an error"):
        share_out(os.mkdir, [(str(tmp_path / "no" / "such" / "place"),)])


def test_ended_from_outside_it_leaves_nobody_at_work(tmp_path):
    """A terminated run takes its processes with it: the group that they were started in has no member left."""
    script = tmp_path / "sleeping.py"
    script.write_text(SLEEPING)
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(  # noqa: S603 - the lines above
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as run:
        assert run.stdout.readline() == b"at work\n"
        time.sleep(1)  # until both have been started
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 128 + signal.SIGTERM
    deadline = time.monotonic() + 20
    while _alive(run.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(run.pid)


def _alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
