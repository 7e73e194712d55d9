"""The equations of LSTM and GRU, held against torch and against what follows from their definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from unflat.diagnosis.subjects.recurrences import (
    GRUCell,
    LSTMCell,
    one_after_another,
    run,
    run_states,
    sequences_inside,
    side_by_side,
    sigmoid,
)

RANDOM = np.random.default_rng(1)
X = RANDOM.normal(size=(4, 6, 3))


def _lstm(size=2):
    return LSTMCell(
        RANDOM.normal(size=(3, 4 * size)), RANDOM.normal(size=(size, 4 * size)), RANDOM.normal(size=4 * size)
    )


def _gru(*, reset_after=True):
    biases = RANDOM.normal(size=(2, 6))
    if not reset_after:
        biases[1] = 0
    return GRUCell(RANDOM.normal(size=(3, 6)), RANDOM.normal(size=(2, 6)), *biases, reset_after)


def test_sigmoid_is_right_and_does_not_overflow():
    """It is 0, a half and 1 at the ends and in the middle, and the logistic function in between."""
    np.testing.assert_allclose(sigmoid(np.array([-1e4, 0.0, 1e4])), [0, 0.5, 1])
    np.testing.assert_allclose(sigmoid(np.array([1.5])), 1 / (1 + np.exp(-1.5)))


def test_one_lstm_step_of_known_weights():
    """One unit, one feature, computed by hand from the equations, every gate with a weight of its own."""
    cell = LSTMCell(np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([0.5, 0.6, 0.7, 0.8]))
    gates = run(cell, np.full((1, 1, 1), 2.0), start=(np.array([[0.25]]), np.array([[-0.5]])))
    i, f, g, o = sigmoid(np.array(0.95)), sigmoid(np.array(1.5)), np.tanh(2.05), sigmoid(np.array(2.6))
    expected = {"i": i, "f": f, "g": g, "o": o}
    for name, value in expected.items():
        assert gates.values[name].item() == pytest.approx(value, abs=1e-6)
    assert gates.states.item() == pytest.approx(o * np.tanh(f * -0.5 + i * g), abs=1e-6)


def test_lstm_agrees_with_torch():
    """With torch's weights the states are torch's."""
    layer = nn.LSTM(3, 2, batch_first=True).double()
    weights = {name: w.detach().numpy() for name, w in layer.named_parameters()}
    bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
    cell = LSTMCell(weights["weight_ih_l0"].T, weights["weight_hh_l0"].T, bias)
    expected = layer(torch.from_numpy(X))[0].detach().numpy()
    np.testing.assert_allclose(run(cell, X).states, expected, atol=1e-6)


def test_gru_with_the_reset_before_the_product_by_hand():
    """The reset gate scales the state that the candidate reads, and the update gate mixes."""
    cell = _gru(reset_after=False)
    h = np.array([[0.3, -0.6]])
    x = X[:1, 0]
    r, z = (sigmoid((x @ cell.kernel + h @ cell.recurrent + cell.bias)[:, part]) for part in (slice(2), slice(2, 4)))
    n = np.tanh((x @ cell.kernel + cell.bias)[:, 4:] + (r * h) @ cell.recurrent[:, 4:])
    gates = run(cell, X[:1, :1], start=(h,))
    np.testing.assert_allclose(gates.states[:, 0], (1 - z) * n + z * h, atol=1e-6)
    np.testing.assert_allclose(gates.values["r"][:, 0], r, atol=1e-6)


def test_the_two_places_of_the_reset_gate_differ():
    """The flag matters as soon as there is a state."""
    after = _gru()
    before = GRUCell(after.kernel, after.recurrent, after.bias, after.recurrent_bias, reset_after=False)
    first, second = run(after, X).states, run(before, X).states
    assert np.abs(first[:, 1:] - second[:, 1:]).max() > 1e-3


@pytest.mark.parametrize("make", [_lstm, _gru])
def test_reading_backward_is_reading_the_reversed_sequence(make):
    """States read from the end are those of the turned sequence, turned back."""
    cell = make()
    np.testing.assert_allclose(run(cell, X, backward=True).states, run(cell, X[:, ::-1]).states[:, ::-1])


@pytest.mark.parametrize("backward", [False, True])
def test_a_masked_step_is_as_if_it_were_not_there(backward):
    """Leaving a step out gives the same states; the gate of a masked step is NaN and its state the one before."""
    cell = _lstm()
    mask = np.ones((4, 6), dtype=bool)
    mask[:, 2] = False
    masked = run(cell, X, mask=mask, backward=backward)
    kept = [0, 1, 3, 4, 5]
    without = run(cell, X[:, kept], backward=backward)
    np.testing.assert_allclose(masked.states[:, kept], without.states)
    np.testing.assert_array_equal(masked.states[:, 2], masked.states[:, 3 if backward else 1])
    assert np.isnan(masked.values["i"][:, 2]).all()
    assert np.isfinite(masked.values["i"][:, kept]).all()


def test_states_alone_are_those_that_come_with_the_gates():
    """The frugal way gives the same numbers and no gates."""
    cell = _gru()
    alone = run_states(cell, X, backward=True)
    np.testing.assert_array_equal(alone.states, run(cell, X, backward=True).states)
    assert alone.values == {}


def test_directions_stand_side_by_side_and_steps_behind_each_other():
    """Two directions widen the units; steps lengthen time."""
    cell = _lstm()
    both = side_by_side(run(cell, X), run(cell, X, backward=True))
    assert both.values["f"].shape == both.states.shape == (4, 6, 4)
    steps = one_after_another([run(cell, X[:, :1]), run(cell, X[:, 1:2])])
    assert steps.values["f"].shape == steps.states.shape == (4, 2, 2)


def test_fewer_sequences_are_looked_at_the_longer_they_are():
    """The steps in all are bounded, but some sequences are always looked at."""
    assert sequences_inside(16) == 4096
    assert sequences_inside(1_000_000) == 32
