"""A module's forward pass, changed from outside."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from unflat.diagnosis.programs.edits import Edit
from unflat.diagnosis.programs.torch_forward import Edited, lengths_of


class Net(nn.Module):
    """A recurrence and a head behind it; activations as layers, as functions, or none."""

    def __init__(self, reads="states", output=None, recurrence=nn.LSTM, **options):
        super().__init__()
        self.recurrence = recurrence(2, 5, batch_first=True, **options)
        self.hidden = nn.Linear(5, 4)
        self.head = nn.Linear(4, 1)
        self.output = output or (lambda values: values)
        self.reads = reads

    def forward(self, x):
        states, last = self.recurrence(x)
        hidden = last[0] if isinstance(last, tuple) else last
        read = states[:, -1] if self.reads == "states" else hidden[-1]
        return self.output(self.head(functional.relu(self.hidden(read))))


@pytest.fixture
def X():  # noqa: N802 - the field's name for sequences
    """Sequences of seven steps."""
    return torch.from_numpy(np.random.default_rng(0).normal(size=(6, 7, 2)).astype(np.float32))


def make(**options):
    """Make the network, its weights the same each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Net(**options).eval()


def without(network, **changed):
    """Give a network with the same weights and other functions."""
    other = make(**changed)
    other.load_state_dict(network.state_dict())
    return other


@pytest.mark.parametrize("output", [nn.Sigmoid(), torch.sigmoid, functional.relu, nn.Softmax(dim=-1), torch.tanh])
def test_the_last_activation_is_left_out(X, output):
    """The output is linear, whether a layer or the forward method called the activation; the hidden one stays."""
    network = make(output=output)
    torch.testing.assert_close(Edited(network, {Edit.LINEAR_OUTPUT}, X, None)(X), without(network)(X))


def test_relu_becomes_tanh(X):
    """Units that may die are replaced by such that cannot."""
    network = make()
    expected = network.head(torch.tanh(network.hidden(network.recurrence(X)[0][:, -1])))
    torch.testing.assert_close(Edited(network, {Edit.SMOOTH_UNITS}, X, None)(X), expected)


@pytest.mark.parametrize("recurrence", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("reads", ["states", "hidden"])
def test_masked_padding_is_what_a_packed_sequence_gives(X, recurrence, reads):
    """Each sequence is read out at its own last step, as torch does for packed sequences."""
    network = make(recurrence=recurrence, reads=reads)
    lengths = torch.tensor([7, 3, 5, 1, 7, 2])
    for row, length in zip(X, lengths, strict=True):
        row[length:] = 0.0
    packed = pack_padded_sequence(X, lengths, batch_first=True, enforce_sorted=False)
    last = network.recurrence(packed)[1]
    hidden = (last[0] if isinstance(last, tuple) else last)[-1]
    expected = network.head(functional.relu(network.hidden(hidden)))
    torch.testing.assert_close(Edited(network, {Edit.MASK_PADDING}, X, 0.0)(X), expected)


def test_lengths_count_what_comes_before_the_padding():
    """A padding value within a sequence is no padding; a sequence of nothing else has one step."""
    X = torch.tensor([[[1.0], [0.0], [2.0], [0.0]], [[0.0], [0.0], [0.0], [0.0]], [[1.0], [1.0], [1.0], [1.0]]])
    assert lengths_of(X, 0.0).tolist() == [3, 1, 4]


@pytest.mark.parametrize("reads", ["states", "hidden"])
def test_pooling_adds_the_mean_over_steps(X, reads):
    """What is read out as the last state holds all steps."""
    network = make(reads=reads)
    states = network.recurrence(X)[0]
    expected = network.head(functional.relu(network.hidden(states[:, -1] + states.mean(dim=1))))
    torch.testing.assert_close(Edited(network, {Edit.POOL_STATES}, X, None)(X), expected)


def test_pooling_reaches_the_first_step(X):
    """The gradient with respect to the first step grows where the mean is read out, too."""
    long = X.repeat(1, 20, 1).requires_grad_()
    by_step = {}
    for edits in (frozenset(), frozenset({Edit.POOL_STATES})):
        (gradient,) = torch.autograd.grad(Edited(make(), edits, X, None)(long).sum(), long)
        by_step[edits] = float(gradient[:, 0].norm())
    assert by_step[frozenset({Edit.POOL_STATES})] > 10 * by_step[frozenset()]


def test_the_last_of_returned_sequences_is_taken(X):
    """A prediction for each step becomes one for each sequence."""
    layer = nn.Linear(2, 1)
    torch.testing.assert_close(Edited(layer, {Edit.LAST_STATE}, X, None)(X), layer(X)[:, -1])
