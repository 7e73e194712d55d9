"""Everything goes back to how it was, also after an error."""

from __future__ import annotations

import random
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from unflat.diagnosis.subjects.keeping import kept_module, kept_randomness


def _draw_everywhere():
    random.random()  # noqa: S311 - no secret
    np.random.rand()  # noqa: NPY002 - the global generator is the point
    torch.rand(1)


def _spoil(module, *, fails):
    _draw_everywhere()
    module.train()
    module.norm.eval()
    with torch.no_grad():
        module.dense.weight.add_(1)
        module.norm.running_mean.add_(1)
    module.norm.running_var = torch.ones(5) * 7  # a buffer replaced, not written
    module.remembered = "something"
    module.surprise = 1
    if fails:
        raise ValueError("stop")


def test_global_generators_are_put_back(pump, everything, same):
    """Whatever is drawn within leaves no trace in Python's, NumPy's or torch's generator."""
    module = pump()
    before = everything(module)
    with kept_randomness():
        _draw_everywhere()
    assert same(before, everything(module))


@pytest.mark.parametrize("fails", [False, True])
def test_a_module_is_put_back(pump, everything, same, fails):
    """Weights, buffers, their identity, modes, attributes and generators are as before, also after an error."""
    module = pump().eval()
    before = everything(module)
    with pytest.raises(ValueError, match="stop") if fails else nullcontext(), kept_module(module):
        _spoil(module, fails=fails)
    assert same(before, everything(module))
    assert module.remembered is None


def test_a_weight_that_is_nan_stays_nan(pump):
    """NaN, which differs from itself, does not confuse the comparison."""
    module = pump()
    with torch.no_grad():
        module.head.bias.fill_(torch.nan)
    with kept_module(module), torch.no_grad():
        module.head.bias.fill_(1.0)
    assert module.head.bias.isnan().all()


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_a_scripted_module_is_put_back_into_its_mode():
    """Each part by itself: one that was frozen in evaluation mode stays there."""
    module = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5)))
    getattr(module, "1").eval()
    with kept_module(module):
        module.eval()
    assert [part.training for part in module.modules()] == [True, True, False]
