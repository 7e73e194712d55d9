"""Steps from gradients, against torch's own optimizer and schedule."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from unflat.config import NetworkConfig
from unflat.network import Network
from unflat.training.optimizing import AdamW, Constant, OneCycle, clip


def network():
    """Make a small network."""
    config = NetworkConfig(units=(5,))
    return Network(config, features=2, outputs=1, generator=torch.Generator().manual_seed(0))


def pair(decay=0.3):
    """Make two layers alike, ours to be moved by ours and theirs by torch's, which decays the weight alone."""
    ours, theirs = nn.Linear(4, 3), nn.Linear(4, 3)
    theirs.load_state_dict(ours.state_dict())
    groups = [
        {"params": [theirs.weight], "weight_decay": decay},
        {"params": [theirs.bias], "weight_decay": 0.0},
    ]
    return ours, theirs, torch.optim.AdamW(groups, lr=1e-2, eps=1e-7, fused=True)


def differentiate(layer, step):
    """Give a layer the gradients of a step."""
    generator = torch.Generator().manual_seed(step)
    for parameter in layer.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def test_steps_are_those_of_torch():
    """Over a whole cycle of rates and momenta, weights decayed and biases not, the same bits come out."""
    ours, theirs, reference = pair()
    schedule = OneCycleLR(reference, max_lr=1e-2, total_steps=31)
    optimizer, pace = AdamW(ours.named_parameters(), decay=0.3, epsilon=1e-7), OneCycle(1e-2, 30)
    for step in range(30):
        differentiate(ours, step)
        differentiate(theirs, step)
        assert pace(step).rate == pytest.approx(reference.param_groups[0]["lr"], rel=1e-9)
        assert pace(step).momentum == pytest.approx(reference.param_groups[0]["betas"][0], rel=1e-9)
        optimizer.step(pace(step))
        reference.step()
        schedule.step()
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("steps", [1, 2, 3, 1500])
def test_cycles_of_every_length_are_those_of_torch(steps):
    """Also of one step, and of the last."""
    parameter = nn.Parameter(torch.zeros(1))
    reference = torch.optim.AdamW([parameter], lr=1.0)
    schedule = OneCycleLR(reference, max_lr=4e-3, total_steps=max(steps, 2) + 1)
    parameter.grad = torch.zeros(1)
    for step in range(steps):
        assert OneCycle(4e-3, steps)(step).rate == pytest.approx(schedule.get_last_lr()[0], rel=1e-9)
        reference.step()
        schedule.step()


def test_constant_rate_has_the_usual_momentum():
    """Whatever the step."""
    assert Constant(0.1)(0) == Constant(0.1)(10**6) == (0.1, 0.9)


def test_parameters_without_a_gradient_stay():
    """One that took no part in the loss is neither moved nor decayed, and its moments do not age."""
    ours, theirs, reference = pair()
    optimizer, pace = AdamW(ours.named_parameters(), decay=0.3, epsilon=1e-7), Constant(1e-2)
    for step in range(6):
        for layer in (ours, theirs):
            differentiate(layer, step)
            if step % 2:
                layer.weight.grad = None
        optimizer.step(pace(step))
        reference.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_moments_go_on():
    """Six steps in one go, and three followed by three of another optimizer that takes over, end alike."""
    whole, _, _ = pair()
    parts = nn.Linear(4, 3)
    parts.load_state_dict(whole.state_dict())
    pace = Constant(1e-2)
    first, second, third = (AdamW(layer.named_parameters()) for layer in (whole, parts, parts))
    for step in range(6):
        if step == 3:
            third.go_on_from(second.moments())
        differentiate(whole, step)
        differentiate(parts, step)
        first.step(pace(step))
        (second if step < 3 else third).step(pace(step))
    torch.testing.assert_close(parts.weight, whole.weight)


def test_weight_decay_spares_biases_and_the_skip():
    """Only weight matrices of recurrence and head are decayed."""
    net = network()
    names = {id(p): name for name, p in net.named_parameters()}
    recurrent = {f"layers.0.forward_cell.weight_{part}_l0" for part in ("ih", "hh")}
    assert {names[id(p)] for p in AdamW(net.named_parameters()).decayed} == {*recurrent, "head.weight"}


def test_what_is_held_fixed_is_not_moved():
    """A parameter that requires no gradient is none of the optimizer's."""
    net = network()
    net.head.weight.requires_grad = False
    assert all(parameter is not net.head.weight for parameter in AdamW(net.named_parameters()).parameters)


@pytest.mark.parametrize("limit", [None, 1.0, 4.9, 5.1, 100.0])
def test_gradients_are_scaled_down_to_the_limit_alone(limit):
    """Gradients of norm 5 keep their direction, and their size too where the limit is above it or there is none."""
    parameters = [torch.zeros(2, requires_grad=True), torch.zeros(1, requires_grad=True)]
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0, 0.0]), torch.tensor([-4.0])
    assert float(clip(parameters, limit)) == pytest.approx(5)
    share = 1 if limit is None else min(1, limit / 5)
    assert parameters[0].grad.tolist() == pytest.approx([3 * share, 0])
    assert parameters[1].grad.tolist() == pytest.approx([-4 * share])


def test_training_does_not_load_a_compiler():
    """A model is fitted and asked, and torch's compiler and its algebra, which take a second to load, are not."""
    code = (
        "import sys, numpy as np; from unflat import LSTMRegressor; random = np.random.default_rng(0);"
        "X = random.normal(size=(60, 5, 2));"
        "LSTMRegressor(units=(3,), epochs=1, random_state=0).fit(X, X[:, -1, 0]).predict(X);"
        "print('torch._dynamo' in sys.modules, 'sympy' in sys.modules)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert done.stdout.split() == ["False", "False"]
