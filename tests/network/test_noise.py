"""Noise on what the recurrence reads."""

import pytest
import torch

from unflat.config import NetworkConfig
from unflat.network import Network
from unflat.network.noise import InputNoise


def drawn(seed=0):
    """Give a generator."""
    return torch.Generator().manual_seed(seed)


def noise(strength=2.0, deviations=(1.0, 3.0, 0.0)):
    """Make noise for features of these deviations."""
    made = InputNoise(strength, len(deviations))
    made.deviations.copy_(torch.tensor(deviations))
    return made


def test_noise_moves_levels_and_values_by_their_shares():
    """Over many steps the mean moves by its strength, and values around it by six tenths."""
    moved = noise()(torch.zeros(4000, 50, 3), drawn())
    level, around = moved.mean(dim=1), moved - moved.mean(dim=1, keepdim=True)
    for feature, deviation in enumerate((1.0, 3.0)):
        assert level[:, feature].std() == pytest.approx(2 * deviation, rel=0.05)
        assert around[..., feature].std() == pytest.approx(1.2 * deviation, rel=0.05)
        assert level[:, feature].mean() == pytest.approx(0, abs=0.15 * deviation)


def test_features_without_a_deviation_stay():
    """Indicators are not moved."""
    x = torch.rand(5, 4, 3, generator=drawn())
    assert torch.equal(noise()(x, drawn())[..., 2], x[..., 2])


def test_noise_repeats_with_its_generator():
    """The same generator gives the same noise, and another step of it other noise."""
    x, generator = torch.zeros(2, 3, 3), drawn()
    first, second = noise()(x, generator), noise()(x, generator)
    assert torch.equal(noise()(x, drawn()), first)
    assert not torch.equal(first, second)


def made(strength):
    """Make a network whose skip and recurrence both matter."""
    config = NetworkConfig(units=(3,), input_noise=strength)
    network = Network(config, features=2, outputs=1, generator=drawn())
    for parameter in (network.head.weight, network.skip.map.weight):
        torch.nn.init.normal_(parameter, generator=drawn(1))
    if network.noise is not None:
        network.noise.deviations.fill_(1.0)
    return network


def test_noise_acts_only_where_randomness_is_given():
    """Outside of training a network predicts as one without noise; in training it does not."""
    x = torch.randn(6, 5, 2, generator=drawn(2))
    noisy, plain = made(0.5), made(0.0)
    assert plain.noise is None
    assert torch.equal(noisy(x), plain(x))
    assert not torch.allclose(noisy(x, None, drawn()), plain(x, None, drawn()))


def test_the_skip_reads_no_noise():
    """With nothing in the head, what is left in training is the skip of the sequences as they are."""
    x, network = torch.randn(6, 5, 2, generator=drawn(2)), made(0.5)
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    assert torch.equal(network(x, None, drawn()), network.skip(x, None))
