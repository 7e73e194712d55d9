"""Leave things as they were: global randomness, and everything that a pass through a torch module may change."""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torch import Tensor, nn


@contextmanager
def kept_randomness(devices: Collection[torch.device] = ()) -> Iterator[None]:
    """Put the global generators of Python, NumPy and torch back when the context ends.

    Parameters
    ----------
    devices : collection of torch.device
        Accelerators whose generators are kept too.
    """
    of_python = random.getstate()
    of_numpy = np.random.get_state()  # noqa: NPY002 - it is put back, not drawn from
    cuda = [device for device in devices if device.type == "cuda"]
    with torch.random.fork_rng(devices=cuda):
        try:
            yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)  # noqa: NPY002 - as above


@contextmanager
def uncompiled() -> Iterator[None]:
    """Let compiled modules run as they were written while the context lasts: what is compiled cannot be looked into."""
    if "torch._dynamo" not in sys.modules:  # nothing is compiled, and to load it takes seconds
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


@contextmanager
def kept_module(module: nn.Module) -> Iterator[None]:
    """Put a module back when the context ends: weights, statistics, modes, attributes and global randomness."""
    tensors = [(tensor, tensor.detach().clone()) for tensor in chain(module.parameters(), module.buffers())]
    scripted = [(part, part.training) for part in module.modules() if isinstance(part, torch.jit.ScriptModule)]
    parts = [part for part in module.modules() if not isinstance(part, torch.jit.ScriptModule)]
    # What a forward pass may store or replace: a state carried on to the next batch, a buffer, a mode.
    attributes = [(part.__dict__, dict(part.__dict__)) for part in parts]
    buffers = [(part._buffers, dict(part._buffers)) for part in parts]  # noqa: SLF001 - only there can they be put back
    with kept_randomness({tensor.device for tensor, _ in tensors}):
        try:
            yield
        finally:
            for changed, saved in (*attributes, *buffers):
                changed.clear()
                changed.update(saved)
            for part, training in scripted:  # what holds their attributes is not Python's
                part.training = training
            _restore(tensors)


@torch.no_grad()
def _restore(tensors: list[tuple[Any, Tensor]]) -> None:
    for tensor, saved in tensors:
        if not torch.equal(tensor, saved):  # NaN differs from itself, and is then written over by itself
            tensor.copy_(saved)
