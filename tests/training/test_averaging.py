"""The average of weights over the latest steps."""

import pytest
import torch
from torch.nn import Parameter

from unflat.training.averaging import AveragedWeights


def moved(horizon: float, values: list[float]) -> tuple[Parameter, AveragedWeights]:
    """Lead a parameter through values, the first of them its own, with the average following."""
    parameter = Parameter(torch.tensor([values[0]]))
    average = AveragedWeights([parameter], horizon)
    for value in values[1:]:
        parameter.data.fill_(value)
        average.follow()
    return parameter, average


def test_first_step_leaves_nothing_of_the_initial_weights():
    """Where training began is no part of the average."""
    parameter, average = moved(100, [7.0, 3.0])
    average.settle()
    assert parameter.item() == 3.0


def test_long_average_forgets_at_the_rate_of_its_horizon():
    """After a change of the weights, the old ones fade as a power of 1 - 1/horizon."""
    horizon, later = 20, 50
    parameter, average = moved(horizon, [1.0] * 400 + [0.0] * later)
    average.settle()
    assert parameter.item() == pytest.approx((1 - 1 / horizon) ** later, rel=1e-4)


def test_average_looks_back_a_tenth_of_the_steps_at_first():
    """Early on the weight of the latest step is one over one and a tenth of the steps before."""
    steps = [float(number) for number in range(8)]
    parameter, average = moved(1000, [0.0, *steps])
    average.settle()
    expected = 0.0
    for place, value in enumerate(steps):
        expected += (value - expected) / (1 + place / 10)
    assert parameter.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("horizon", [0.0, 1.0])
def test_horizon_of_a_step_keeps_the_last_weights(horizon):
    """Without a horizon the average is the weights themselves."""
    parameter, average = moved(horizon, [1.0, 5.0, 2.5])
    average.settle()
    assert parameter.item() == 2.5


def test_in_place_puts_the_moving_weights_back_also_after_an_error():
    """Training goes on from its own weights, whatever happened while the average was judged."""
    parameter, average = moved(50, [0.0, *map(float, range(100))])
    seen = []

    def judge() -> None:
        with average.in_place():
            seen.append(parameter.item())
            raise RuntimeError("while it was judged")

    with pytest.raises(RuntimeError, match="while it was judged"):
        judge()
    assert seen[0] < 99.0
    assert parameter.item() == 99.0


def test_gradients_do_not_flow_through_the_average():
    """Following asks for no gradient, and leaves those that are there."""
    parameter = Parameter(torch.ones(2))
    average = AveragedWeights([parameter], 10)
    (parameter**2).sum().backward()
    average.follow()
    average.settle()
    assert torch.equal(parameter.grad, torch.full((2,), 2.0))
