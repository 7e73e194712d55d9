"""What the tests of subjects share: small models whose weights all differ, and a witness of everything global."""

import os
import random
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

os.environ.setdefault("KERAS_BACKEND", "torch")  # before any test imports Keras


class Pump(nn.Module):
    """A recurrence, a norm, dropout, an activation called as a function, and a head; it counts and remembers."""

    def __init__(self, recurrence=nn.LSTM, **options):
        super().__init__()
        self.head = nn.Linear(4, 1)  # made first, called last
        self.recurrent = recurrence(3, 5, batch_first=True, **options)
        width = (options.get("proj_size") or 5) * (2 if options.get("bidirectional") else 1)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(0.4)
        self.dense = nn.Linear(width, 4)
        self.calls = 0
        self.remembered = None

    def forward(self, x):
        self.calls += 1
        states, self.remembered = self.recurrent(x)
        return self.head(functional.relu(self.dense(self.drop(self.norm(states[:, -1])))))


@pytest.fixture
def pump():
    """Give the module, its weights drawn from a generator of their own."""

    def make(recurrence=nn.LSTM, **options):
        with torch.random.fork_rng():
            torch.manual_seed(3)
            return Pump(recurrence, **options)

    return make


@pytest.fixture(autouse=True)
def _same_weights():
    """Draw the same weights in every run, and leave torch's generator as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def sequences():
    """Nine sequences of seven steps and three features."""
    return np.random.default_rng(5).normal(size=(9, 7, 3))


def _numpy_state():
    state = np.random.get_state()  # noqa: NPY002 - it is to be left alone
    return state[1].tolist(), state[2]


@pytest.fixture
def everything():
    """Give what tells whether a module, or any global generator, was changed."""

    def look(module):
        return {
            "state": {name: tensor.clone() for name, tensor in module.state_dict().items()},
            "identities": [id(tensor) for tensor in (*module.parameters(), *module.buffers())],
            "modes": [part.training for part in module.modules()],
            "hooks": [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in module.modules()],
            "gradients": [None if p.grad is None else p.grad.tolist() for p in module.parameters()],
            "requires": [p.requires_grad for p in module.parameters()],
            "attributes": [sorted(part.__dict__) for part in module.modules()],
            "random": (torch.get_rng_state().tolist(), _numpy_state(), random.getstate()),
        }

    return look


@pytest.fixture
def witness(everything, same):
    """Fail where something happens in the context that changes a module or a global generator."""

    @contextmanager
    def watch(module):
        before = everything(module)
        yield
        assert same(before, everything(module))

    return watch


@pytest.fixture
def same():
    """Tell whether two looks at everything saw the same, bit for bit."""

    def compare(before, after):
        tensors = before.pop("state"), after.pop("state")
        equal = all(torch.equal(tensor, tensors[1][name]) for name, tensor in tensors[0].items())
        return equal and before == after

    return compare
