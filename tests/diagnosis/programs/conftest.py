"""What the tests of programs share: a problem that a small network learns, and a witness of global randomness."""

import os
import random
from contextlib import contextmanager

import numpy as np
import pytest
import torch

os.environ.setdefault("KERAS_BACKEND", "torch")  # before any test imports Keras


@pytest.fixture(scope="session")
def problem():
    """Sequences whose target is a sum of two of their values, of unit deviation."""
    X = np.random.default_rng(0).normal(size=(160, 6, 2)).astype(np.float32)
    y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    return X[:120], (y / y.std())[:120], X[120:], (y / y.std())[120:]


@pytest.fixture
def skill():
    """Measure the share of the variance that predictions explain."""

    def measure(prediction, y):
        return 1 - np.mean((np.reshape(prediction, -1) - y) ** 2) / np.var(y)

    return measure


@pytest.fixture
def untouched():
    """Fail where something happens in the context that draws from a global generator."""

    def look():
        numpy_state = np.random.get_state()  # noqa: NPY002 - it is to be left alone
        return torch.get_rng_state().tolist(), numpy_state[1].tolist(), numpy_state[2], random.getstate()

    @contextmanager
    def watch():
        before = look()
        yield
        assert before == look()

    return watch
