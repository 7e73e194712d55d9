"""Cures of real small models, proven by training again: the right one is, the wrong one is not."""

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPRegressor
from torch import nn

from unflat.diagnosis import diagnose
from unflat.errors import ConfigurationError

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(240, 6, 2)).astype(np.float32)
Y = (X[:, -1, 0] + 0.5 * X[:, -2, 1])[:, None]


class Net(nn.Module):
    """A small LSTM read out at its last step."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 8, batch_first=True)
        self.head = nn.Linear(8, 1)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def trained(y, epochs=25):
    """Train it by hand on targets as they are, and keep the last loss of each epoch."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Net()
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
        inputs, targets, losses = torch.from_numpy(X), torch.from_numpy(y), []
        for _ in range(epochs):
            for batch in torch.randperm(len(inputs)).split(32):
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(network(inputs[batch]), targets[batch])
                loss.backward()
                optimizer.step()
            losses.append(loss.item())
    return network, optimizer, losses


def test_an_unscaled_target_is_cured_and_proven():
    """The table holds the trial, and the text, the page and the dictionary tell of it."""
    y = 5e3 + 1e3 * Y
    network, optimizer, history = trained(y)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = diagnose(network, X, y, loss="mse", optimizer=optimizer, history=history, prove=True, budget=60)
    assert found.causes[0].id == "target_scale"
    assert found.proof.proven[0] == "target_scale"
    assert found.proof.trials[0].outcome == "proven"
    assert np.mean(found.proof.trials[0].skills) > 0.5 > 0.1 + np.mean(found.proof.unchanged)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert "PROVEN" in str(found)
    assert "PROVEN" in found._repr_html_()
    assert found.to_dict()["proof"]["proven"] == ["target_scale"]


def test_a_healthy_model_has_nothing_to_prove():
    """No training is repeated for it."""
    network, optimizer, history = trained(Y)
    found = diagnose(network, X, Y, loss="mse", optimizer=optimizer, history=history, prove=True)
    assert found.healthy
    assert found.proof is None
    assert found.to_dict()["proof"] is None


def test_a_function_cannot_be_trained_and_says_so():
    """The reason names what to pass, and the text holds it."""
    found = diagnose(lambda values: np.full(len(values), 0.1), X, 5e3 + 1e3 * Y, prove=True)
    assert found.proof.trials == ()
    assert "pass fit=" in found.proof.left_out[0].why
    assert "Not tried\n- " in str(found)
    assert "- :" not in str(found)


def test_the_users_own_training_is_used():
    """A perceptron behind a function, trained by `fit`, cured of its target's scale."""
    y = 5e3 + 1e3 * Y[:, 0]
    table = X.reshape(len(X), -1)

    def fit(_model, values, targets):
        perceptron = MLPRegressor(hidden_layer_sizes=(16,), max_iter=40)  # seeded by NumPy, as users leave it
        return perceptron.fit(values, targets)

    with pytest.warns(UserWarning, match="Maximum iterations"):
        model = fit(None, table, y)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        found = diagnose(model, table, y, fit=fit, prove=True)
    assert "target_scale" in found.proof.proven


@pytest.mark.parametrize("budget", [0, -1.0, float("nan"), "long"])
def test_a_budget_is_seconds(budget):
    """Nothing is started with one that is none."""
    with pytest.raises(ConfigurationError, match="budget"):
        diagnose(lambda values: values, X, Y, prove=True, budget=budget)


def test_fit_gets_targets_as_they_were_given():
    """A function that trains on single tensors gets them, in each of its trainings."""
    network, _, _ = trained(1e3 * Y, epochs=1)
    seen = set()

    def fit(model, inputs, targets):
        seen.add((type(inputs), inputs.dtype, type(targets), targets.dtype))
        nn.functional.mse_loss(model(inputs), targets).backward()

    found = diagnose(network, torch.from_numpy(X), torch.from_numpy(1e3 * Y), fit=fit, prove=True, budget=20)
    assert found.proof.trials
    assert seen == {(torch.Tensor, torch.float32, torch.Tensor, torch.float32)}
