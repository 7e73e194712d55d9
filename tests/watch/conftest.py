"""What the tests of a watch share: a small problem, a network and its training, made-up looks."""

import os
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from unflat import CollapseWarning, Watch
from unflat.watch.pace import Pace
from unflat.watch.records import Record

os.environ.setdefault("KERAS_BACKEND", "torch")  # before any test imports Keras


class Net(nn.Module):
    """An LSTM read out at its last step, with dropout, and with a rectified layer where asked for."""

    def __init__(self, *, rectified=False):
        super().__init__()
        self.lstm = nn.LSTM(2, 16, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.dense = nn.Sequential(nn.Linear(16, 8), nn.ReLU()) if rectified else nn.Identity()
        self.out = nn.Linear(8 if rectified else 16, 1)

    def forward(self, x):
        return self.out(self.dense(self.drop(self.lstm(x)[0][:, -1])))


@pytest.fixture
def net():
    """Give the class of small networks."""
    return Net


@pytest.fixture
def dead_net():
    """Make a network whose rectified layer lets nothing through."""

    def make():
        network = Net(rectified=True)
        nn.init.constant_(network.dense[0].bias, -50.0)
        return network

    return make


@pytest.fixture
def problem():
    """Give sequences, and a target of which a chosen share of the variance can be learned."""

    def make(seed=0, r2=1.0, n=300):
        random = np.random.default_rng(seed)
        X = random.normal(size=(n, 8, 2)).astype(np.float32)
        signal = X[:, -1, 0] + 0.5 * X[:, -2, 1]
        y = np.sqrt(r2) * signal / signal.std() + np.sqrt(1 - r2) * random.normal(size=n)
        return X, y.astype(np.float32)

    return make


@pytest.fixture
def collapses():
    """Run something and give the warnings of a collapse, nothing else's."""

    def run(training):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = training()
        return result, [one.message for one in caught if one.category is CollapseWarning]

    return run


@pytest.fixture
def unhurried(monkeypatch):
    """Let a watch look as often as it likes, however fast or slow the machine is."""
    monkeypatch.setattr(Pace, "affords", lambda *_: True)


@pytest.fixture
def train(unhurried):  # noqa: ARG001 - a fixture for what it does
    """Train a network in a plain loop, watched or not; give the network and the watch."""

    def run(X, y, *, make=Net, rate=1e-2, epochs=30, optimizer=torch.optim.Adam, watched=True, seed=0, **options):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            network = make()
            optimizer = optimizer(network.parameters(), lr=rate)
            inputs, targets = torch.from_numpy(X), torch.from_numpy(y)[:, None]
            options = {"steps": epochs * -(-len(X) // 50), "loss": "mse"} | options
            watch = Watch(X, y, model=network, optimizer=optimizer, **options) if watched else None
            _loop(network, optimizer, (inputs, targets), epochs, watch)
        return network, watch

    return run


def _loop(network, optimizer, data, epochs, watch):
    inputs, targets = data
    for epoch in range(1, epochs + 1):
        for index in torch.randperm(len(inputs)).split(50):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(network(inputs[index]), targets[index])
            loss.backward()
            optimizer.step()
            if watch is not None and watch.step(loss, epoch=epoch):
                return
    if watch is not None:
        watch.close()


@pytest.fixture
def look():
    """Make a look at a training of one output."""

    def make(step, error=1.0, spread=0.01, **values):
        fields = {
            "epoch": None, "loss": None, "offset": (0.0,), "reach": None, "dead": None, "saturated": None,
            "finite": True, "seconds": 0.0,
        } | values  # fmt: skip
        return Record(step, loss_over_mean=(error,), spread=(spread,), **fields)

    return make
