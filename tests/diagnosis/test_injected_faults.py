"""One fault at a time, injected into the training of a small network that is healthy without it."""

import numpy as np
import pytest
import torch
from torch import nn

from unflat.diagnosis import diagnose


class Net(nn.Module):
    """An LSTM read out at its last step, and whatever stands behind it."""

    def __init__(self, head=None):
        super().__init__()
        self.lstm = nn.LSTM(2, 8, batch_first=True)
        self.out = nn.Linear(8, 1)
        self.head = head or nn.Identity()

    def forward(self, x):
        return self.head(self.out(self.lstm(x)[0][:, -1]))


def problem():
    """Make sequences with a target of unit deviation that depends on their last two steps."""
    X = np.random.default_rng(0).normal(size=(300, 8, 2)).astype(np.float32)
    y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    return X, y / y.std()


def train(X, y, *, rate=1e-2, epochs=60, head=None, target_axis=True):
    """Train a network the plain way, from fixed weights, and give it with its optimizer."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Net(head)
        optimizer = torch.optim.Adam(network.parameters(), lr=rate)
        inputs, targets = torch.from_numpy(X), torch.from_numpy(y)
        targets = targets[:, None] if target_axis else targets
        for _ in range(epochs):
            for index in torch.randperm(len(inputs)).split(50):
                optimizer.zero_grad()
                error = network(inputs[index]) - targets[index]  # (B, 1) less (B,) is a matrix
                error.square().mean().backward()
                optimizer.step()
    return network, optimizer


def examined(X, y, **fault):
    """Train with a fault and diagnose what comes of it."""
    network, optimizer = train(X, y, **fault)
    return diagnose(network, X, y[:, None], loss="mse", optimizer=optimizer, random_state=0)


def test_healthy_network_gets_no_cause():
    """Without a fault the verdict is healthy, and nothing is suspected."""
    diagnosis = examined(*problem())
    assert diagnosis.verdict == "healthy"
    assert diagnosis.causes == ()


@pytest.mark.parametrize(
    ("cause", "verdicts", "inputs", "target", "fault"),
    [
        ("target_scale", {"flat"}, (1, 0), (1000, 50_000), {}),
        ("input_scale", {"flat", "failing"}, (1e4, 1e5), (1, 0), {}),
        ("output_range", {"flat"}, (1, 0), (1, -3), {"head": nn.Sigmoid()}),
        ("rate_too_low", {"flat"}, (1, 0), (1, 0), {"rate": 1e-6, "epochs": 10}),
        ("too_few_updates", {"flat"}, (1, 0), (1, 0), {"rate": 1e-3, "epochs": 1}),
        ("constant_target", {"no_signal", "flat"}, (1, 0), (0, 3), {}),
    ],
)
def test_injected_fault_is_the_first_cause(cause, verdicts, inputs, target, fault):
    """Each fault is named first, with evidence and a cure, and the model is called what it is."""
    X, y = problem()
    X = (X * np.float32(inputs[0]) + np.float32(inputs[1])).astype(np.float32)
    y = (y * np.float32(target[0]) + np.float32(target[1])).astype(np.float32)
    diagnosis = examined(X, y, **fault)
    assert diagnosis.verdict in verdicts
    assert diagnosis.causes[0].id == cause
    assert diagnosis.causes[0].evidence
    assert diagnosis.causes[0].cure.words


def test_broadcast_loss_is_the_first_cause():
    """A prediction (n, 1) trained against a target (n,) goes flat, and the shapes are named as the cause."""
    X, y = problem()
    network, optimizer = train(X, y, target_axis=False)
    diagnosis = diagnose(network, X, y, loss="mse", optimizer=optimizer, random_state=0)
    assert diagnosis.verdict == "flat"
    assert diagnosis.causes[0].id == "loss_broadcast"


def test_missing_values_are_found_before_anything_else():
    """One NaN spoils every weight: the predictions are none, and the data are the cause."""
    X, y = problem()
    X[3, 2, 0] = np.nan
    diagnosis = examined(X, y, epochs=2)
    assert diagnosis.verdict == "diverged"
    assert diagnosis.causes[0].id == "nan_in_data"


def test_flat_is_right_where_there_is_nothing_to_learn():
    """On pure noise a flat model is not blamed: other learners find nothing either."""
    X, _ = problem()
    y = np.random.default_rng(2).normal(size=300).astype(np.float32)
    diagnosis = examined(X, y, epochs=5)
    assert diagnosis.verdict == "no_signal"
    assert [cause.id for cause in diagnosis.causes] == ["no_signal"]


def test_cure_of_the_first_cause_cures():
    """Doing what the first cause says, standardizing the target, makes the flat model healthy."""
    X, y = problem()
    units = (y * 1000 + 50_000).astype(np.float32)
    assert examined(X, units).causes[0].id == "target_scale"
    standardized = ((units - units.mean()) / units.std()).astype(np.float32)
    assert examined(X, standardized).verdict == "healthy"
