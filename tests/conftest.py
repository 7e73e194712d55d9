"""What every test module may use."""

import numpy as np
import pytest
import torch

# Several test processes share the machine; each computes on one thread, so that they do not wait for each other.
torch.set_num_threads(1)


@pytest.fixture
def waves():
    """Sequences with strong signal in raw units: two features around 1000, a target that depends on both."""
    random = np.random.default_rng(0)
    X = random.normal(1000, 50, size=(120, 8, 2))
    y = 3 * X[:, -1, 0] + X[:, :, 1].max(axis=1)
    return X, y
