"""Memory that training takes again at each step, and prediction in each batch: the system gives new memory slowly."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""The numbers of M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in glibc's malloc.h."""

_MOST = 2**31 - 1
"""No piece is so large that it goes back to the system while memory is kept."""

_ALIGNED = 1 << 12
_OWN_MMAP, _OWN_TRIM = (32 << 20) - _ALIGNED, 64 << 20
"""Where glibc's own thresholds, which rise with the pieces that a program lets go of, come to rest on 64 bits."""

_lock = threading.Lock()
_users = 0


@contextmanager
def memory_kept() -> Iterator[None]:
    """Keep the memory that is let go of, to be had again at once, while the context lasts.

    glibc gives each piece of more than 32 MiB back to the system, which then hands out pages of zeros again, one by one
    as they are touched: with 1,024 steps that was a third of the time of training. Its own limits can be raised, for
    the whole process and for as long as any such context lasts. At the end of the last they are as a training would
    have left them by itself, and what is not in use goes back to the system. Where the C library is another one,
    nothing is done.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users  # noqa: PLW0603 - limits are the process's, and so is the number of those who want them raised
    with _lock:
        _users += 1
        if _users == 1 and (library := _glibc()) is not None:
            library.mallopt(_MMAP_THRESHOLD, _MOST)
            library.mallopt(_TRIM_THRESHOLD, _MOST)


def _leave() -> None:
    global _users  # noqa: PLW0603 - as above
    with _lock:
        _users -= 1
        if not _users and (library := _glibc()) is not None:
            library.mallopt(_MMAP_THRESHOLD, _OWN_MMAP)
            library.mallopt(_TRIM_THRESHOLD, _OWN_TRIM)
            library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    """Find the C library of this process, if it is glibc's and its malloc has not been replaced."""
    try:
        library = ctypes.CDLL(None)
        found = all(hasattr(library, name) for name in ("gnu_get_libc_version", "mallopt", "malloc_trim"))
    except (OSError, TypeError):  # Windows knows no library without a name
        return None
    return library if found else None
