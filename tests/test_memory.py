"""Memory that is kept while a training lasts, and given back after it."""

import resource
import sys

import pytest
import torch

from unflat import memory
from unflat.memory import memory_kept

LARGE = 16 << 20
"""Numbers of a piece that the C library would give back to the system: 64 MiB."""

of_glibc = pytest.mark.skipif(memory._glibc() is None, reason="another C library has other limits")


def pages_given():
    """Take a large piece several times, and count the pages that the system gave for it when it gave the fewest.

    An aligned piece may not fit where one of its size was let go of, beside a small one that lives on; the next does.
    """
    given = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.empty(LARGE).fill_(1.0)
        given.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return min(given)


def resident():
    """Give the bytes that this process holds."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 - no file of a disk
        return int(file.read().split()[1]) * resource.getpagesize()


@of_glibc
def test_memory_is_had_again_at_once_while_it_is_kept():
    """A large piece that was let go of is given again without a new page, and only in the context."""
    all_pages = LARGE * 4 // resource.getpagesize()
    assert pages_given() > all_pages / 1000  # in large pages, a five-hundredth
    with memory_kept():
        assert pages_given() < all_pages / 1000
    assert pages_given() > all_pages / 1000


@of_glibc
def test_memory_is_kept_until_the_last_has_done():
    """Where trainings overlap, the end of one takes nothing from the other."""
    all_pages = LARGE * 4 // resource.getpagesize()
    with memory_kept():
        with memory_kept():
            pages_given()
        assert pages_given() < all_pages / 1000


@of_glibc
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from Linux's own files")
def test_memory_goes_back_in_the_end():
    """What was kept is given back, also from below pieces that live on."""
    before = resident()
    with memory_kept():
        large = torch.ones(LARGE)
        lasting = torch.ones(1000)
        del large
        assert resident() > before + 3 * LARGE
    assert resident() < before + LARGE
    assert float(lasting.sum()) == 1000


@of_glibc
def test_an_error_ends_it_too():
    """Whatever a training ends by, memory is not kept for longer."""
    with pytest.raises(KeyboardInterrupt), memory_kept():
        raise KeyboardInterrupt
    assert pages_given() > LARGE * 4 // resource.getpagesize() / 1000


def test_other_libraries_are_left_alone(monkeypatch):
    """Without glibc the context does nothing."""
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    with memory_kept():
        assert float(torch.ones(3).sum()) == 3
