"""What the tests of the network share: weights that all differ, and gates written out in NumPy."""

import numpy as np
import pytest
import torch


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _lstm_step(weights, x, state):
    h, c = state
    i, f, g, o = np.split(weights["weight_ih_l0"] @ x + weights["weight_hh_l0"] @ h + weights["bias_ih_l0"], 4)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def _gru_step(weights, x, state):
    (h,) = state
    r_x, z_x, n_x = np.split(weights["weight_ih_l0"] @ x + weights["bias_ih_l0"], 3)
    r_h, z_h, n_h = np.split(weights["weight_hh_l0"] @ h + weights["bias_hh_l0"], 3)
    r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
    return ((1 - z) * np.tanh(n_x + r * n_h) + z * h,)


_STEPS = {"lstm": (_lstm_step, 2), "gru": (_gru_step, 1)}


@pytest.fixture
def recur():
    """Run a cell of given weights over one sequence (T, F), step by step in float64, and give every state (T, H)."""

    def run(cell, weights, sequence):
        step, memories = _STEPS[cell]
        state = (np.zeros(weights["weight_hh_l0"].shape[1]),) * memories
        states = []
        for x in sequence:
            state = step(weights, x, state)
            states.append(state[0])
        return np.array(states)

    return run


@pytest.fixture
def make_distinct():
    """Fill every trained parameter of a module with different numbers, and make it float64."""

    def fill(module, seed=0):
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.requires_grad:
                    parameter.uniform_(-0.9, 0.9, generator=generator)
        return module.double()

    return fill


@pytest.fixture
def global_states():
    """Give what tells whether a global generator was touched: the states of torch's and NumPy's."""

    def states():
        numpy_state = np.random.get_state()  # noqa: NPY002 - it is to be left alone
        return torch.get_rng_state().tolist(), numpy_state[1].tolist(), numpy_state[2]

    return states
