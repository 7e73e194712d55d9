"""Modules made again from numbers: copies, what is trained, and what a forked process makes of them."""

import multiprocessing
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from unflat import LSTMRegressor
from unflat.network.dense import linear
from unflat.network.restoring import restored


def test_numbers_are_copied_and_what_is_trained_stays_so():
    """The module has numbers of its own on the processor, learned or held as it was made."""

    def make():
        layer = nn.Linear(3, 2)
        layer.bias.requires_grad_(False)  # noqa: FBT003 - torch's own positional flag
        return layer

    state = make().state_dict()
    module = restored(make, state)
    assert [parameter.requires_grad for parameter in module.parameters()] == [True, False]
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    state["weight"].zero_()
    assert module.weight.all()


def test_nothing_is_drawn(global_states):
    """Weights are made without numbers, and random ones of others are as they were before."""

    def make():
        layer = linear(3, 2, torch.Generator())
        assert layer.weight.is_meta
        return layer

    before = global_states()
    module = restored(make, {"weight": torch.ones(2, 3), "bias": torch.ones(2)})
    assert module.weight.all()
    assert global_states() == before


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.parametrize("several", [False, True])
def test_a_process_that_is_forked_off_after_loading_predicts(several, tmp_path):
    """A server may load its model, and then fork its workers: none of them waits for threads that it has not."""
    X = np.random.default_rng(0).normal(1000, 50, size=(160, 16, 2))
    y = np.repeat(X[:, -1, :1], 40, axis=1) if several else X[:, -1, 0]
    model = LSTMRegressor(units=(100,), epochs=1, n_members=1 + several, random_state=0).fit(X, y)
    model.save(tmp_path / "model.unflat")
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "expected.npy", model.predict(X))
    code = """
import os, signal
import numpy as np
import torch
from unflat import load

torch.set_num_threads(2)
model, X, expected = load("model.unflat"), np.load("X.npy"), np.load("expected.npy")
child = os.fork()
if not child:
    signal.alarm(60)  # so that it ends if it waits for ever
    model.predict_interval(X, 0.8)
    os._exit(0 if np.allclose(model.predict(X), expected) else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=90, cwd=tmp_path)  # noqa: S603 - Python itself
