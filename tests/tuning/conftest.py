"""What the tests of tuning share: searches that take a moment."""

import numpy as np
import pytest

from unflat import LSTMRegressor
from unflat.tuning import Choice, Space, Span


@pytest.fixture
def data():
    """Sequences of which a straight line explains most; the largest value, which it cannot see, the rest."""
    random = np.random.default_rng(0)
    X = random.normal(100, 5, size=(60, 4, 1))
    return X, 2 * X[:, -1, 0] + X.max(axis=(1, 2))


@pytest.fixture
def small():
    """Give a model that trains in a moment."""
    return LSTMRegressor(units=(2,), n_members=1, epochs=4, batch_size=32, progress=False, validation_fraction=0.3)


@pytest.fixture
def space():
    """Give a space of three dimensions."""
    return Space(
        units=Span(1, 3, whole=True), learning_rate=Span(1e-3, 0.1, log=True), readout=Choice((("last",), ("mean",))),
        layers=None, dropout=None, weight_decay=None, batch_size=None, epochs_factor=None,
    )  # fmt: skip
