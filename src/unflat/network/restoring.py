"""Modules made again from their numbers, in the thread that asks for it and no other."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

Module = TypeVar("Module", bound=nn.Module)

_PLACE = ContextVar("place", default="cpu")


def place_of_weights() -> str:
    """Say on which device weights are made: the processor, or none where they are about to be replaced.

    Said wherever weights are made, since a program may have told torch to make tensors on another device.
    """
    return _PLACE.get()


def restored(make: Callable[[], Module], state: Mapping[str, Tensor]) -> Module:
    """Make a module that holds copies of numbers, and none that were drawn before.

    What torch draws, factorises or copies it shares among threads, and a process that is forked off afterwards waits
    for threads that it has not: a server that loads its model before it forks its workers would never answer.

    Parameters
    ----------
    make : callable
        Makes the module; its weights have no storage.
    state : mapping of str to Tensor
        What `state_dict` gave.

    Returns
    -------
    torch.nn.Module
        On the processor.

    Raises
    ------
    RuntimeError
        If the numbers are not those of such a module.
    """
    before = _PLACE.set("meta")
    try:
        module = make()
    finally:
        _PLACE.reset(before)
    module.load_state_dict({name: _copied(tensor) for name, tensor in state.items()}, assign=True)
    return module


def _copied(tensor: Tensor) -> Tensor:
    """Copy as NumPy does, in this thread, to where torch aligns its own: the bits of a product depend on it."""
    copy = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu")
    copy.numpy()[...] = tensor.detach().cpu().numpy()
    return copy
