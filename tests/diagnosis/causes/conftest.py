"""What the tests of causes share: a subject made by hand, and small networks that are really trained."""

import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import nn

from unflat.diagnosis.measured.examination import Examination, Part
from unflat.diagnosis.references.finding import find_references
from unflat.diagnosis.references.signal import References, Signal
from unflat.diagnosis.subjects import Settings, Subject
from unflat.diagnosis.subjects.module import TorchSubject


@dataclass(eq=False)
class Fake(Subject):
    """A subject that shows what it was told to show."""

    framework: str = "torch"
    shown_layers: tuple = ()
    shown_activations: dict = field(default_factory=dict)
    shown_inputs: dict = field(default_factory=dict)
    shown_gates: dict = field(default_factory=dict)
    shown_gradients: object = None
    scale: object = None
    function: object = None
    loss: object = None
    modes: tuple = (None, None)
    copies: object = None

    name = "Fake"
    not_examined = ()

    def predict(self, X):
        return self.function(X)

    def layers(self):
        return self.shown_layers

    def activations(self, X):
        return self.shown_activations

    def layer_inputs(self, X):
        return self.shown_inputs

    def gates(self, X):
        return self.shown_gates

    def gradients(self, X, y):
        return self.shown_gradients

    def target_scale(self):
        return self.scale

    def relearned(self, X, y):
        return self.copies

    def loss_of(self, prediction, y):
        return None if self.loss is None else float(self.loss(prediction, y))

    def gives_other_in_training(self, X):
        return self.modes[0]

    def gives_other_in_evaluation(self, X):
        return self.modes[1]


def part(X, y, prediction):
    """Put data and predictions in the form that rules read; of predictions for every step, take the last."""
    y, prediction = np.asarray(y), np.asarray(prediction)
    columns = y.reshape(len(y), -1).astype(float)
    one_each = prediction if prediction.size == y.size else prediction[:, -1]
    return Part(
        X, np.asarray(X, dtype=float), columns, y.shape, one_each.reshape(columns.shape).astype(float), prediction.shape
    )


def references_of(r2, *, beyond_chance=True, held_out_r2=None):
    """Say what other learners reach of one output."""
    p_value = 0.001 if beyond_chance else 0.5
    signal = Signal(r2, r2 if held_out_r2 is None else held_out_r2, "ridge", p_value)
    return References(200, (), (signal,), (None,))


@pytest.fixture
def nothing():
    """Say that other learners find nothing beyond chance."""
    return references_of(-0.01, beyond_chance=False)


@pytest.fixture
def reached():
    """Say what other learners reach."""
    return references_of


@pytest.fixture
def fake():
    """Make an examination by hand: of a model that predicts `prediction` where others explain 0.9 of `y`."""

    def make(
        y, prediction, *, X=None, held_out=None, references=None, losses=(), settings=None, raw=None, **shown
    ) -> Examination:
        X = np.zeros((len(y), 4, 1)) if X is None else X
        held = None if held_out is None else part(*held_out)
        references = references or references_of(0.9)
        return Examination(Fake(**shown), part(X, y, prediction), held, raw, references, tuple(losses), settings)

    return make


class Net(nn.Module):
    """An LSTM, read out at its last step, over all of them, or at each; and whatever stands behind the head."""

    def __init__(self, features=3, units=8, *, layers=1, read="last", between=None, behind=None):
        super().__init__()
        self.lstm = nn.LSTM(features, units, layers, batch_first=True)
        self.between = between or nn.Identity()
        self.head = nn.Linear(units, 1)
        self.behind = behind or nn.Identity()
        self.read = read

    def forward(self, x):
        states = self.lstm(x)[0]
        pooled = {"last": states[:, -1], "mean": states.mean(1), "each": states}[self.read]
        return self.behind(self.head(self.between(pooled)))


@pytest.fixture
def net():
    """Make a network from fixed weights, without a trace in the global generator."""

    def make(**options):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return Net(**options)

    return make


@pytest.fixture
def problem():
    """Smooth sequences of three features, a target of unit deviation: 300 to train on, 100 to judge by."""
    random = np.random.default_rng(0)
    X = np.cumsum(random.normal(size=(400, 10, 3)), axis=1)
    X = (X - X.mean((0, 1))) / X.std((0, 1))
    y = X[:, -1, :1] + 0.5 * np.tanh(2 * X[:, :, 1].mean(1, keepdims=True)) + 0.1 * random.normal(size=(400, 1))
    return X.astype(np.float32), ((y - y.mean()) / y.std()).astype(np.float32)


def fit(network, X, y, *, optimizer, epochs, loss, clip):
    """Train as people do; give the loss of each epoch."""
    torch.manual_seed(0)
    inputs, targets, losses = torch.from_numpy(X), torch.from_numpy(y), []
    network.train()
    for _ in range(epochs):
        total = 0.0
        for index in torch.randperm(len(X)).split(32):
            optimizer.zero_grad()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # torch says that shapes broadcast: a fault injected
                value = loss(network(inputs[index]), targets[index])
            value.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(network.parameters(), clip)
            optimizer.step()
            total += value.item() * len(index)
        losses.append(total / len(X))
    network.eval()
    return losses


@pytest.fixture
def trained():
    """Train a network on the first three quarters, and examine it beside the last quarter."""

    def make(
        network, X, y, *, rate=1e-2, epochs=30, optimizer=None, loss=None, clip=None, raw=None, known=True, given=None
    ) -> Examination:
        n = len(X) * 3 // 4
        optimizer = optimizer or torch.optim.Adam(network.parameters(), lr=rate)
        with torch.random.fork_rng():
            losses = fit(
                network, X[:n], y[:n], optimizer=optimizer, epochs=epochs, loss=loss or nn.MSELoss(), clip=clip
            )
        group = optimizer.param_groups[0]
        settings = Settings(
            loss="mse", optimizer=type(optimizer).__name__.lower(), learning_rate=group["lr"], epochs=epochs,
            batch_size=32, clip_norm=clip, weight_decay=group.get("weight_decay") or None,
        )  # fmt: skip
        subject = TorchSubject(network, loss or nn.MSELoss(), optimizer)
        (X1, y1), (X2, y2) = given or ((X[:n], y[:n]), (X[n:], y[n:]))
        training, held_out = part(X1, y1, subject.predict(X1)), part(X2, y2, subject.predict(X2))
        references = find_references(
            (training.values, training.y), (held_out.values, held_out.y), np.random.default_rng(0)
        )
        before = None if raw is None else (raw[0][:n], raw[1][:n].reshape(n, -1))
        return Examination(
            subject, training, held_out, before, references, tuple(losses) if known else (), settings if known else None
        )

    return make
