"""Recurrent layers against their gates written out in NumPy, step by step."""

import itertools
import math

import numpy as np
import pytest
import torch

from unflat.network.recurrence import Recurrence

GATES = {"lstm": 4, "gru": 3}
KINDS = list(itertools.product(GATES, [False, True]))


def layer(cell, features, units, *, bidirectional=False, seed=0):
    """Make a layer."""
    generator = torch.Generator().manual_seed(seed)
    return Recurrence(cell, features, units, bidirectional=bidirectional, generator=generator)


def arrays(module):
    """Copy a cell's parameters into arrays."""
    return {name: p.detach().double().numpy().copy() for name, p in module.named_parameters()}


def reference(recurrence, cell, sequence, recur):
    """Read one sequence with a layer's weights in NumPy, both ways where it does."""
    states = recur(cell, arrays(recurrence.forward_cell), sequence)
    if recurrence.backward_cell is None:
        return states
    backward = recur(cell, arrays(recurrence.backward_cell), sequence[::-1])[::-1]
    return np.concatenate([states, backward], axis=1)


def numerical_gradient(function, values, step=1e-5):
    """Differentiate a function of an array, changed in place, by central differences."""
    gradient = np.empty_like(values)
    for place in np.ndindex(values.shape):
        original = values[place]
        values[place] = original + step
        above = function()
        values[place] = original - step
        gradient[place] = (above - function()) / (2 * step)
        values[place] = original
    return gradient


@pytest.mark.parametrize(("cell", "bidirectional"), KINDS)
def test_states_equal_the_gate_equations(cell, bidirectional, recur, make_distinct):
    """Every state of sequences of every length equals the gates written out, in float64 and in float32."""
    recurrence = make_distinct(layer(cell, 3, 4, bidirectional=bidirectional))
    x, lengths = np.random.default_rng(1).normal(size=(3, 6, 3)), (6, 1, 4)
    expected = [
        reference(recurrence, cell, sequence[:length], recur) for sequence, length in zip(x, lengths, strict=True)
    ]
    for dtype, tolerance in ((torch.float64, 1e-13), (torch.float32, 1e-6)):
        states = recurrence.to(dtype)(torch.from_numpy(x).to(dtype), torch.tensor(lengths)).detach().numpy()
        assert states.shape == (3, 6, recurrence.width)
        for row, length in enumerate(lengths):
            np.testing.assert_allclose(states[row, :length], expected[row], rtol=0, atol=tolerance)


@pytest.mark.parametrize(("cell", "bidirectional"), KINDS)
def test_stacked_layers_of_unequal_units_equal_the_gate_equations(cell, bidirectional, recur, make_distinct):
    """Three layers of 5, 2 and 3 units, each reading the states of the one below, equal the gates written out."""
    layers, width = [], 2
    for depth, units in enumerate((5, 2, 3)):
        layers.append(make_distinct(layer(cell, width, units, bidirectional=bidirectional), seed=depth))
        width = layers[-1].width
    sequence = np.random.default_rng(2).normal(size=(7, 2))
    states, expected = torch.from_numpy(sequence)[None], sequence
    for recurrence in layers:
        states, expected = recurrence(states, None), reference(recurrence, cell, expected, recur)
    np.testing.assert_allclose(states[0].detach(), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("cell", "bidirectional"), KINDS)
def test_gradients_equal_differences_of_the_gate_equations(cell, bidirectional, recur, make_distinct):
    """Each parameter's and each input's gradient equals central differences of the gates written out."""
    recurrence = make_distinct(layer(cell, 2, 3, bidirectional=bidirectional))
    random = np.random.default_rng(3)
    sequence, mix = random.normal(size=(4, 2)), random.normal(size=(4, recurrence.width))
    x = torch.from_numpy(sequence.copy())[None].requires_grad_()
    (recurrence(x, None)[0] * torch.from_numpy(mix)).sum().backward()

    weights = arrays(recurrence)

    def mixed():
        forward, backward = (
            {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
            for prefix in ("forward_cell.", "backward_cell.")
        )
        states = recur(cell, forward, sequence)
        if bidirectional:
            states = np.concatenate([states, recur(cell, backward, sequence[::-1])[::-1]], axis=1)
        return float((states * mix).sum())

    for name, parameter in recurrence.named_parameters():
        if parameter.requires_grad:
            expected = numerical_gradient(mixed, weights[name])
            np.testing.assert_allclose(parameter.grad, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
    expected = numerical_gradient(mixed, sequence)
    np.testing.assert_allclose(x.grad[0], expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize(("cell", "bidirectional"), KINDS)
def test_gradients_in_single_precision_are_those_in_double(cell, bidirectional, make_distinct):
    """The engine that float32 runs on, another than float64's, has the same gradients up to rounding."""
    x = torch.from_numpy(np.random.default_rng(4).normal(size=(5, 9, 3)))
    gradients = []
    for dtype in (torch.float32, torch.float64):
        recurrence = make_distinct(layer(cell, 3, 8, bidirectional=bidirectional)).to(dtype)
        recurrence(x.to(dtype), torch.tensor([9, 2, 5, 1, 8])).square().sum().backward()
        gradients.append([p.grad.double() for p in recurrence.parameters() if p.requires_grad])
    for single, double in zip(*gradients, strict=True):
        torch.testing.assert_close(single, double, rtol=1e-4, atol=1e-5 * float(double.abs().max()))


@pytest.mark.parametrize(("cell", "bidirectional"), KINDS)
def test_final_state_is_where_each_direction_ends(cell, bidirectional, make_distinct):
    """Reading forward ends at the sequence's last step, reading backward at its first."""
    recurrence = make_distinct(layer(cell, 2, 3, bidirectional=bidirectional))
    lengths = torch.tensor([4, 2])
    states = recurrence(torch.from_numpy(np.random.default_rng(5).normal(size=(2, 4, 2))), lengths)
    final = recurrence.final(states, lengths)
    assert final.shape == (2, recurrence.width)
    for row, length in enumerate(lengths):
        assert torch.equal(final[row, :3], states[row, length - 1, :3])
        assert torch.equal(final[row, 3:], states[row, 0, 3:])


@pytest.mark.parametrize(("cell", "gates"), list(GATES.items()))
def test_input_weights_are_glorots_over_all_gates(cell, gates):
    """Input weights fill ±sqrt(6 / (F + gates · H)) to its edges and not beyond, in either direction."""
    features, units = 20, 30
    recurrence = layer(cell, features, units, bidirectional=True)
    limit = math.sqrt(6 / (features + gates * units))
    for direction in (recurrence.forward_cell, recurrence.backward_cell):
        weight = direction.weight_ih_l0.detach()
        assert weight.shape == (gates * units, features)
        assert 0.99 * limit < float(weight.max()) <= limit
        assert -limit <= float(weight.min()) < -0.99 * limit
        assert float(weight.std()) == pytest.approx(limit / math.sqrt(3), rel=0.05)  # a uniform's deviation


@pytest.mark.parametrize("cell", GATES)
def test_recurrent_weights_are_orthogonal(cell):
    """The recurrent matrix over all gates has columns of length one, each at a right angle to the others."""
    weight = layer(cell, 3, 17).forward_cell.weight_hh_l0.detach().double()
    torch.testing.assert_close(weight.T @ weight, torch.eye(17, dtype=torch.float64), rtol=0, atol=1e-5)


def test_lstm_starts_by_remembering():
    """The forget gate's bias is one and every other zero; the second bias is zero and is not trained."""
    cell = layer("lstm", 2, 3).forward_cell
    assert cell.bias_ih_l0.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6
    assert cell.bias_hh_l0.tolist() == [0.0] * 12
    assert {name for name, p in cell.named_parameters() if not p.requires_grad} == {"bias_hh_l0"}


def test_gru_starts_with_both_biases_at_zero_and_trains_them():
    """The reset gate acts between the two biases of a GRU, so both are there to be trained."""
    cell = layer("gru", 2, 3).forward_cell
    assert cell.bias_ih_l0.tolist() == cell.bias_hh_l0.tolist() == [0.0] * 9
    assert all(p.requires_grad for p in cell.parameters())


@pytest.mark.parametrize(("cell", "bidirectional"), KINDS)
def test_weights_come_from_the_given_generator_alone(cell, bidirectional, global_states):
    """Equal seeds give equal weights, another seed others, and no global generator is drawn from."""
    before = global_states()
    first, again, other = (
        torch.cat([p.flatten() for p in layer(cell, 2, 3, bidirectional=bidirectional, seed=seed).parameters()])
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert global_states() == before


def test_directions_start_differently():
    """The two directions of a layer do not share or repeat their initial weights."""
    recurrence = layer("lstm", 2, 3, bidirectional=True)
    assert not torch.equal(recurrence.forward_cell.weight_ih_l0, recurrence.backward_cell.weight_ih_l0)
    assert recurrence.width == 6
