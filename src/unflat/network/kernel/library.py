"""The compiled kernel as it is loaded: its structure, its functions, and which processors it was compiled for."""

from __future__ import annotations

import ctypes
from functools import cache

from unflat.network.kernel.compiling import LIBRARY, SOURCES, sources_number


class Pass(ctypes.Structure):
    """One pass over a batch; the fields of `struct pass` in lstm.c, where they are explained."""

    _fields_ = [
        *((name, ctypes.c_long) for name in ("batch", "steps", "features", "units")),
        *((name, ctypes.c_long) for name in ("shares", "threads", "taped", "kind", "padded")),
        *((name, ctypes.c_void_p) for name in ("x", "weight_input", "weight_hidden", "bias_input", "bias_hidden")),
        *((name, ctypes.c_void_p) for name in ("states", "memory", "tape", "packed", "grad_states", "grad_memory")),
        *((name, ctypes.c_void_p) for name in ("grad_x", "grad_weight_input", "grad_weight_hidden", "grad_bias")),
        ("scratch", ctypes.c_void_p),
    ]


@cache
def loaded() -> ctypes.CDLL | None:
    """Load the library; None where there is none, or one of another source or another machine."""
    if not LIBRARY.exists() or not all(path.exists() for path in SOURCES):
        return None
    try:
        library = ctypes.CDLL(str(LIBRARY))
        library.unflat_lstm_sources.restype = ctypes.c_ulong
        library.unflat_lstm_kind.restype = ctypes.c_char_p
    except (OSError, AttributeError):
        return None
    for name in ("unflat_lstm_sizes", "unflat_lstm_forward", "unflat_lstm_backward"):
        getattr(library, name).restype = None
    return library if library.unflat_lstm_sources() == sources_number() else None


@cache
def kinds() -> dict[str, int]:
    """Name the instructions that the kernel can use on this processor, the fastest first, each with its number."""
    library = loaded()
    found: dict[str, int] = {}
    number = 0
    while library is not None and (name := library.unflat_lstm_kind(ctypes.c_long(number))) is not None:
        if name:
            found[name.decode()] = number
        number += 1
    return found


def sizes(of: Pass) -> tuple[int, int, int, int]:
    """Give how many numbers a pass needs for its tape, weights forward, weights backward, and scratch; fill its pad."""
    counts = (ctypes.c_long * 4)()
    _library().unflat_lstm_sizes(ctypes.byref(of), counts)
    return counts[0], counts[1], counts[2], counts[3]


def forward(of: Pass) -> None:
    """Read the sequences; other threads of Python run meanwhile."""
    _library().unflat_lstm_forward(ctypes.byref(of))


def backward(of: Pass) -> None:
    """Find the gradients; other threads of Python run meanwhile."""
    _library().unflat_lstm_backward(ctypes.byref(of))


def _library() -> ctypes.CDLL:
    library = loaded()
    if library is None:
        message = "the kernel is not compiled"  # callers ask `kinds` first
        raise RuntimeError(message)
    return library
