"""Dense layers and their initial weights."""

import math

import pytest
import torch

from unflat.network.dense import linear


def test_initial_weights_are_glorots():
    """Weights fill ±sqrt(6 / (in + out)) to its edges and not beyond; biases are zero."""
    layer = linear(30, 50, torch.Generator().manual_seed(0))
    weight, limit = layer.weight.detach(), math.sqrt(6 / 80)
    assert weight.shape == (50, 30)
    assert 0.99 * limit < float(weight.max()) <= limit
    assert -limit <= float(weight.min()) < -0.99 * limit
    assert float(weight.std()) == pytest.approx(limit / math.sqrt(3), rel=0.05)  # a uniform's deviation
    assert layer.bias.tolist() == [0.0] * 50


def test_without_randomness_everything_is_zero():
    """A layer without a generator starts at zero, and can be trained."""
    layer = linear(3, 2, None)
    assert not layer.weight.any()
    assert not layer.bias.any()
    assert layer.weight.requires_grad
    assert layer.bias.requires_grad


def test_weights_come_from_the_given_generator_alone(global_states):
    """Equal seeds give equal weights, another seed others, and no global generator is drawn from."""
    before = global_states()
    first, again, other = (linear(4, 5, torch.Generator().manual_seed(seed)).weight for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert global_states() == before
