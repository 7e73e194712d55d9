"""Which instructions the kernel computes with: the processor's best, others, or none of them and torch instead."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from unflat.errors import ConfigurationError
from unflat.network.kernel.library import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEST = "the best"
_SLOWER = "any"
"""What is there for every processor, and slower than torch where that knows the processor better."""

_CHOICE: ContextVar[str | None] = ContextVar("instructions", default=_BEST)


def available() -> tuple[str, ...]:
    """Name the instructions that the kernel can use here.

    Returns
    -------
    tuple of str
        Of "AVX-512", "AVX2" and "any", what the processor has, the fastest first; empty where no kernel is compiled.
        Networks compute with the first, or with torch where that is "any".
    """
    return tuple(kinds())


@contextmanager
def using(instructions: str | None) -> Iterator[None]:
    """Compute with other instructions, or with torch, while the context lasts; for tests and comparisons.

    Parameters
    ----------
    instructions : str or None
        One of `available()`; None for torch.

    Raises
    ------
    ConfigurationError
        If they are not among those.
    """
    if instructions is not None and instructions not in kinds():
        names = ", ".join(map(repr, available())) or "there are none"
        raise ConfigurationError("using()", "instructions", f"None or what this processor has: {names}", instructions)
    token = _CHOICE.set(instructions)
    try:
        yield
    finally:
        _CHOICE.reset(token)


def chosen() -> int | None:
    """Give the number of the instructions to compute with; None for torch."""
    name = _CHOICE.get()
    if name is None:
        return None
    if name != _BEST:
        return kinds()[name]
    return next((number for kind, number in kinds().items() if kind != _SLOWER), None)
