"""Gradients, wherever they are needed: a program that serves other models may have turned them off."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def taking_gradients() -> Iterator[None]:
    """Let torch take gradients while the context lasts, also where the caller has turned them off."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        yield
