import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.intervals.distances import FLOOR, Distances, _Batch, fit_distances


def drawn(n=4000, seed=0):
    """Draw descriptions, and errors whose size and skew depend on the second of them."""
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, size=(n, 3))
    size = np.exp(x[:, 1])
    below = random.uniform(size=n) < 0.5
    errors = np.where(below, -1.0, 3.0) * size * random.exponential(size=n)
    return torch.from_numpy(x).float(), errors[:, None], size


def test_distances_follow_the_deciles_of_errors_on_either_side():
    """Errors of Laplace's shape with known scales: the decile on a side of rate s is at s · ln(5)."""
    described, errors, size = drawn()
    below, above = fit_distances(described, errors, None)(described)[..., 0].T.double().numpy()
    assert np.corrcoef(np.log(below), np.log(size))[0, 1] > 0.97
    assert np.median(below / size) == pytest.approx(np.log(5), rel=0.15)
    assert np.median(above / size) == pytest.approx(3 * np.log(5), rel=0.15)


def test_weights_say_whose_errors_count():
    """Of two kinds of errors in the same place, the one of large weight sets the distance."""
    described = torch.zeros(1000, 1)
    errors = np.where(np.arange(1000) % 2, 10.0, 1.0)[:, None] * np.random.default_rng(0).choice([-1, 1], (1000, 1))
    weights = np.where(np.arange(1000) % 2, 1e-3, 1.0)
    heavy = fit_distances(described, errors, weights)(described[:1]).max()
    assert heavy < 5 < fit_distances(described, errors, 1 / weights)(described[:1]).min()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.floats(-30, 30), st.integers(2, 40))
def test_distances_are_positive_whatever_the_errors_and_the_states(seed, power, n):
    """Errors of any size, one side empty or all of them 0, and states far outside: always positive and finite."""
    random = np.random.default_rng(seed)
    described = torch.from_numpy(random.normal(size=(n, 2))).float()
    errors = np.abs(random.normal(size=(n, 2))) * 10.0**power * [1, 0]
    distances = fit_distances(described, errors, None)(1e6 * described)
    assert (distances > 0).all()
    assert distances.isfinite().all()


def test_the_same_errors_give_the_same_distances():
    """Nothing is drawn, so that a fit can be repeated to the bit."""
    described, errors, _ = drawn(1500)
    first, second = fit_distances(described, errors, None), fit_distances(described, errors, None)
    assert torch.equal(first(described), second(described))


def test_a_state_that_never_moved_says_nothing():
    """A dead unit that wakes after training does not move the distances."""
    described, errors, _ = drawn(500)
    described[:, 2] = 7.0
    fitted = fit_distances(described, errors, None)
    awake = described.clone()
    awake[:, 2] = 1000.0
    assert torch.equal(fitted(described), fitted(awake))


def test_an_unlearned_spread_is_the_same_everywhere():
    """Without errors to learn from all distances are equal, so that calibration is that of the plain residual."""
    distances = Distances(4, 2)(torch.randn(5, 4, generator=torch.Generator().manual_seed(0)))
    assert len(distances.unique()) == 1


def test_numbers_come_back():
    """What `state_dict` gave makes equal distances."""
    described, errors, _ = drawn(200)
    fitted = fit_distances(described, errors, None)
    assert torch.equal(Distances.restore(fitted.state_dict())(described), fitted(described))


@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_are_those_that_autograd_finds(weighted):
    """Each batch's gradients are those of the weighted mean of the pinball loss at the decile, plus the penalty."""
    generator = torch.Generator().manual_seed(0)
    states, sides = torch.randn(50, 7, generator=generator), torch.randn(50, 4, generator=generator)
    counts = torch.rand(50, 1, generator=generator) if weighted else None
    weight = torch.randn(4, 7, generator=generator).requires_grad_()
    bias = torch.randn(4, generator=generator).requires_grad_()
    beyond = sides - torch.nn.functional.softplus(states @ weight.T + bias) - FLOOR
    pinball = torch.where(beyond > 0, 0.9 * beyond, -0.1 * beyond)
    loss = (pinball if counts is None else counts * pinball).mean() + 1e-3 * weight.square().sum()
    expected = torch.autograd.grad(loss, (weight, bias))
    torch.testing.assert_close(_Batch(states, sides, counts).gradients(weight, bias), expected)
