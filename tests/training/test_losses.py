"""Losses against closed forms, and their refusal to broadcast."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.config import TrainingConfig
from unflat.errors import ShapeError
from unflat.training.losses import Loss

NAMES = ["mse", "mae", "huber", "quantile"]
TARGET = torch.tensor([[1.0], [2.0], [-1.0], [4.0]])
PREDICTION = torch.tensor([[0.5], [5.0], [-1.0], [2.0]])  # errors 0.5, -3, 0 and 2


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (Loss("mse"), (0.25 + 9 + 0 + 4) / 4),
        (Loss("mae"), (0.5 + 3 + 0 + 2) / 4),
        (Loss("huber"), (0.125 + 2.5 + 0 + 1.5) / 4),
        (Loss("quantile", 0.9), (0.45 + 0.3 + 0 + 1.8) / 4),
        (Loss("quantile", 0.25), (0.125 + 2.25 + 0 + 0.5) / 4),
    ],
)
def test_losses_of_a_hand_worked_example(loss, expected):
    """Four errors, one of them zero, cost what can be worked out on paper."""
    assert float(loss(PREDICTION, TARGET)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_repetitions(name):
    """A whole weight counts as the sequence given that often, a weight of zero as the sequence left out."""
    random = np.random.default_rng(0)
    prediction, target = torch.from_numpy(random.normal(size=(2, 12, 3)))
    counts = torch.tensor([0, 1, 2, 3] * 3)
    repeated = torch.repeat_interleave(torch.arange(12), counts)
    loss = Loss(name, 0.3)
    expected = loss(prediction[repeated], target[repeated])
    weights = counts / counts.double().mean()
    torch.testing.assert_close(loss(prediction, target, weights), expected, rtol=1e-12, atol=0)


def test_weight_does_not_depend_on_its_company():
    """Over two batches the weighted mean is that over all, however unequally the weights fall on them."""
    loss, weights = Loss("mse"), torch.tensor([4.0, 0.0, 0.0, 0.0])
    parts = [loss(PREDICTION[part], TARGET[part], weights[part]) for part in (slice(2), slice(2, 4))]
    torch.testing.assert_close((parts[0] + parts[1]) / 2, loss(PREDICTION, TARGET, weights))


@pytest.mark.parametrize("name", NAMES)
def test_batch_of_weight_zero_costs_nothing_and_teaches_nothing(name):
    """A batch that happens to hold only sequences of weight zero has loss and gradients of zero, not NaN."""
    prediction = PREDICTION.clone().requires_grad_()
    loss = Loss(name)(prediction, TARGET, torch.zeros(4))
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert prediction.grad.tolist() == [[0.0]] * 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shapes", [((4, 1), (4,)), ((4,), (4, 1)), ((4, 2), (4, 1)), ((4, 1), (1, 1))])
def test_shapes_that_would_broadcast_are_refused(name, shapes):
    """A prediction (B, 1) against a target (B,), whose difference is a matrix, is an error that says why."""
    prediction, target = map(torch.zeros, shapes)
    with pytest.raises(ShapeError, match=r"prediction's shape .*broadcasting would train towards the mean") as caught:
        Loss(name)(prediction, target)
    assert caught.value.shape == shapes[1]


@pytest.mark.parametrize("shape", [(4, 1), (1,), ()])
def test_weights_that_would_broadcast_are_refused(shape):
    """Weights (B, 1) would weigh every cost with every weight; only one for each sequence is taken."""
    with pytest.raises(ShapeError, match=r"weights of shape \(4,\).*one weight for each sequence"):
        Loss("mse")(PREDICTION, TARGET, torch.ones(shape))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=15, unique=True), st.sampled_from([0.1, 0.25, 0.5, 0.9]))
def test_quantile_loss_is_least_at_the_empirical_quantile(values, quantile):
    """Over a fine grid of constant predictions the empirical quantile costs least."""
    target, loss = torch.tensor(values, dtype=torch.float64)[:, None], Loss("quantile", quantile)

    def cost(constant):
        return float(loss(torch.full_like(target, constant), target))

    best = np.quantile(values, quantile, method="inverted_cdf")
    grid = np.linspace(min(values) - 1, max(values) + 1, 201)
    assert cost(best) <= min(map(cost, grid)) + 1e-12


def test_median_is_half_the_absolute_error():
    """The quantile 0.5 costs half of the mean absolute error."""
    assert float(Loss("quantile")(PREDICTION, TARGET)) == 0.5 * float(Loss("mae")(PREDICTION, TARGET))


@pytest.mark.parametrize("knee", [-1.0, 1.0])
def test_huber_is_smooth_where_its_parts_meet(knee):
    """Just inside and just outside of one unit the cost and its slope are the same."""
    costs, slopes = [], []
    for error in (knee * (1 - 1e-9), knee * (1 + 1e-9)):
        prediction = torch.tensor([[-error]], dtype=torch.float64, requires_grad=True)
        cost = Loss("huber")(prediction, torch.zeros(1, 1, dtype=torch.float64))
        cost.backward()
        costs.append(float(cost.detach()))
        slopes.append(float(prediction.grad))
    assert costs == pytest.approx([0.5, 0.5], abs=1e-8)
    assert slopes == pytest.approx([-knee, -knee], abs=1e-8)


def test_huber_equals_torch():
    """Huber's loss and its gradient are those of torch, an implementation of its own."""
    prediction = torch.linspace(-3, 3, 25)[:, None].requires_grad_()
    target = torch.zeros(25, 1)
    (gradient,) = torch.autograd.grad(Loss("huber")(prediction, target), prediction)
    reference = torch.nn.functional.huber_loss(prediction, target)
    torch.testing.assert_close(Loss("huber")(prediction, target), reference)
    torch.testing.assert_close(gradient, torch.autograd.grad(reference, prediction)[0])


def test_half_precision_predictions_are_judged_in_the_targets_precision():
    """A bfloat16 prediction against a float32 target is subtracted and averaged in float32."""
    prediction = PREDICTION.bfloat16()
    loss = Loss("mse")(prediction, TARGET + 1e-4)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, (TARGET + 1e-4 - prediction.float()).square().mean())


def test_loss_follows_its_configuration():
    """Name and quantile come from the training's configuration."""
    loss = Loss.of(TrainingConfig(loss="quantile", quantile=0.9))
    assert loss.name == "quantile"
    assert float(loss(PREDICTION, TARGET)) == float(Loss("quantile", 0.9)(PREDICTION, TARGET))
