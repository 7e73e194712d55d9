"""What a line reads from a network's own states, beside what the network makes of them."""

import numpy as np
import pytest
import torch
from torch import nn

from unflat import diagnose
from unflat.diagnosis.measured.rereading import READ_ANEW, columns_of, read_anew
from unflat.diagnosis.subjects import Layer

LAYERS = (Layer("lstm", "recurrent"), Layer("norm", "norm"), Layer("middle", "dense"), Layer("head", "dense"))


def test_columns_are_what_hidden_layers_pass_on():
    """Last values of all layers come first, then mean and greatest ones; the last layer and norms are left out."""
    random = np.random.default_rng(0)
    states, middle, other = random.normal(size=(7, 5, 2)), random.normal(size=(7, 3)), random.normal(size=(7, 1))
    given = {"lstm": states, "norm": middle, "middle": middle, "head": other}
    expected = np.column_stack([states[:, -1], middle, states.mean(axis=1), states.max(axis=1)])
    np.testing.assert_array_equal(columns_of(LAYERS, given, 7), expected)


def test_states_that_cannot_be_read_are_none():
    """Without layers, without numbers, or with another first axis than that of the sequences, nothing is read."""
    states = np.ones((7, 5, 2))
    assert columns_of((), {"lstm": states}, 7) is None
    assert columns_of(LAYERS[:1], {"lstm": states}, 7) is None  # it gives the prediction itself
    assert columns_of(LAYERS, {"lstm": states.swapaxes(0, 1)}, 7) is None
    assert columns_of(LAYERS, {"lstm": states * np.nan}, 7) is None


def test_many_states_are_cut_off():
    """A layer of thousands of units gives no more columns than a regression can do with."""
    assert columns_of(LAYERS, {"middle": np.ones((60, 2000))}, 60).shape == (60, 512)


def test_what_states_tell_is_read_by_a_line():
    """A target that is a line of the states is read wholly, in its own units, of sequences not learned from."""
    random = np.random.default_rng(1)
    columns = random.normal(size=(300, 6)) * [1, 1e-4, 1, 1, 1, 0]
    y = 1000 + 50 * (columns[:, :1] + 1e4 * columns[:, 1:2])
    found = read_anew(columns[:200], y[:200], columns[200:])
    assert found.name == READ_ANEW
    np.testing.assert_allclose(found.prediction, y[:200], atol=0.1)
    np.testing.assert_allclose(found.held_out_prediction, y[200:], atol=0.1)
    assert found.r2 == pytest.approx([1.0], abs=1e-4)


def test_states_that_tell_nothing_read_as_nothing():
    """Noise read by a line explains nothing of sequences that the line did not learn from."""
    random = np.random.default_rng(2)
    found = read_anew(random.normal(size=(300, 40)), random.normal(size=(300, 1)), random.normal(size=(0, 40)))
    assert found.r2[0] < 0.05
    assert found.held_out_prediction.shape == (0, 1)


@pytest.mark.parametrize("y", [np.ones((49, 1)), np.full((60, 1), np.nan)])
def test_too_few_sequences_or_targets_that_are_no_numbers_are_not_read(y):
    """A line through as many states as a network has needs sequences, and all their targets."""
    assert read_anew(np.ones((len(y), 3)), y, np.ones((2, 3))) is None


class _Pooled(nn.Module):
    """An LSTM read at its last step."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def test_a_training_that_ended_early_shows_in_the_networks_own_states():
    """States of hardly trained weights tell of a noisy last value and what came before more than their last layer."""
    random = np.random.default_rng(3)
    X = random.normal(size=(400, 6, 1)).astype(np.float32)
    y = (X[:, -1] * np.abs(X[:, -2]) + 0.3 * X[:, -3]).astype(np.float32)
    y = (y - y.mean()) / y.std()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = _Pooled()
        optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
        for _ in range(12):
            optimizer.zero_grad()
            nn.functional.mse_loss(network(torch.from_numpy(X[:300])), torch.from_numpy(y[:300])).backward()
            optimizer.step()
    network.eval()
    found = diagnose(
        network, X[:300], y[:300], validation=(X[300:], y[300:]), loss=nn.MSELoss(), optimizer=optimizer,
        history=[1.0] * 12,
    )  # fmt: skip
    assert found.verdict != "healthy"
