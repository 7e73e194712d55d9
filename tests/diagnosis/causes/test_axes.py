import numpy as np
import pytest
from torch import nn

from unflat.diagnosis.causes.axes import swapped_axes


@pytest.fixture
def walks():
    """Random walks of 30 steps and 4 features, and a target that hangs on products of steps."""
    X = np.cumsum(np.random.default_rng(3).normal(size=(400, 30, 4)), axis=1) / 5
    return X.astype(np.float32), X[:, -1, 0] - X[:, 15, 1] * X[:, 20, 2]


def test_features_that_run_like_time_are_found(fake, walks):
    """Of walks turned on their side, neighbouring features correlate far more than distant ones, and steps do not."""
    X, y = walks
    cause = swapped_axes(fake(y, np.zeros(400), X=X.transpose(0, 2, 1)))
    assert cause.id == "swapped_axes"
    near, far, steps = (evidence.value for evidence in cause.evidence)
    flat = X.transpose(0, 2, 1).reshape(-1, 30).astype(float)
    correlations = np.corrcoef(flat.T)
    assert near == pytest.approx(np.diag(correlations, 1).mean())
    assert far == pytest.approx(np.diag(correlations, 15).mean())
    assert abs(steps) < 0.2


def test_a_sequence_as_one_step_is_found(fake, walks):
    """All steps side by side as features of a single one leave nothing to step through."""
    X, y = walks
    one_step = X[:, :, 0][:, None, :]
    cause = swapped_axes(fake(y, np.zeros(400), X=one_step))
    assert cause.id == "swapped_axes"
    assert str(cause.evidence[2]) == "time steps of a sequence: 1 (healthy: several)"


def test_sequences_the_right_way_around_are_no_cause(fake, walks):
    """The same model with the axes in place is failing for other reasons."""
    X, y = walks
    assert swapped_axes(fake(y, np.zeros(400), X=X)) is None


def test_many_unordered_features_are_no_cause(fake):
    """More features than steps are ordinary where neighbours have nothing in common."""
    X = np.random.default_rng(0).normal(size=(400, 4, 30))
    assert swapped_axes(fake(X[:, 0, 0], np.zeros(400), X=X)) is None


def test_raw_data_prove_it(fake, walks):
    """Where the raw sequences have the two axes the other way around there is no doubt."""
    X, y = walks
    cause = swapped_axes(fake(y, np.zeros(400), X=X.transpose(0, 2, 1), raw=(X, y[:, None])))
    assert cause.evidence[0].value == 4
    assert "30" in cause.evidence[0].healthy
    assert cause.confidence == pytest.approx(0.95)


def test_a_recurrence_that_steps_from_sequence_to_sequence_is_found(trained, net, walks):
    """PyTorch's default takes time first: given samples first, it reads the batch as one sequence."""
    X, y = walks
    network = net(features=4)
    assert swapped_axes(trained(network, X[:, -5:], y[:, None], epochs=1)) is None
    network.lstm.batch_first = False
    cause = swapped_axes(trained(network, X[:, -5:], y[:, None], epochs=1))
    assert cause.evidence[0].value > 0.01
    assert "batch_first=True" in cause.cure.code


def test_attention_among_sequences_is_found(trained, walks):
    """An attention that takes time first compares sequences with each other; transposed, it does not."""
    X, y = walks

    class Attentive(nn.Module):
        def __init__(self, *, turned):
            super().__init__()
            self.attention, self.head, self.turned = nn.MultiheadAttention(4, 1), nn.Linear(4, 1), turned

        def forward(self, x):
            x = x.transpose(0, 1) if self.turned else x
            states = self.attention(x, x, x)[0]
            return self.head(states[-1] if self.turned else states[:, -1])

    assert swapped_axes(trained(Attentive(turned=True), X[:, -5:], y[:, None], epochs=1)) is None
    assert swapped_axes(trained(Attentive(turned=False), X[:, -5:], y[:, None], epochs=1)) is not None


def test_a_model_that_does_well_is_left_alone(trained, net, walks):
    """Whatever its axes, a model that predicts as well as others has no cause."""
    X, y = walks
    y = X[:, -1, :1] / X[:, -1, :1].std()
    turned = np.ascontiguousarray(X.transpose(0, 2, 1))
    assert swapped_axes(trained(net(features=30), turned, y, epochs=80)) is None
    assert len(y) == 400
