"""Memory that is kept while a training lasts, and given back after it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from unflat import memory
from unflat.memory import memory_kept

pytestmark = pytest.mark.skipif(memory._glibc() is None, reason="another C library has other limits")

SCRIPT = """
import json, resource
import numpy as np
from unflat.memory import memory_kept

LARGE = 64 << 20  # bytes of a piece that the C library gives back to the system

def pages_given():
    given = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        np.empty(LARGE, dtype=np.uint8).fill(1)
        given.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return min(given)

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

found = {"pages": LARGE // resource.getpagesize(), "before": pages_given(), "resident before": resident()}
with memory_kept():
    found["within"] = pages_given()
    with memory_kept():
        pages_given()
    found["after an inner one"] = pages_given()
    found["resident within"] = resident()
found["resident after"] = resident()
found["after"] = pages_given()
try:
    with memory_kept():
        raise KeyboardInterrupt
except KeyboardInterrupt:
    found["after an error"] = pages_given()
print(json.dumps(found))
"""
"""Run in a process of its own: what else a process holds decides where its next piece fits."""


@pytest.fixture(scope="module")
def found():
    """Count pages and bytes in a new process."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)  # noqa: S603 - a script of our own
    return json.loads(done.stdout)


def test_memory_is_had_again_at_once_while_it_is_kept(found):
    """A large piece that was let go of is given again without a new page, and only in the context."""
    few = found["pages"] / 1000  # in large pages, all are a five-hundredth
    assert found["before"] > few
    assert found["within"] < few
    assert found["after"] > few


def test_memory_is_kept_until_the_last_has_done(found):
    """Where trainings overlap, the end of one takes nothing from the other."""
    assert found["after an inner one"] < found["pages"] / 1000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from Linux's own files")
def test_memory_goes_back_in_the_end(found):
    """What was kept is given back when the context ends, not before."""
    assert found["resident within"] > found["resident before"] + 0.7 * (64 << 20)
    assert found["resident after"] < found["resident before"] + 0.3 * (64 << 20)


def test_an_error_ends_it_too(found):
    """Whatever a training ends by, memory is not kept for longer."""
    assert found["after an error"] > found["pages"] / 1000


def test_other_libraries_are_left_alone(monkeypatch):
    """Without glibc the context does nothing."""
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    with memory_kept():
        assert float(np.ones(3).sum()) == 3
