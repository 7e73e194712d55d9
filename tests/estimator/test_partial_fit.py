"""One pass more over more data: it goes on, or leaves the estimator as it was."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from unflat.errors import (
    ConfigurationError,
    DivergedWarning,
    InterruptedWarning,
    ShapeError,
    TargetLimitWarning,
    TooFewSamplesError,
)
from unflat.training.callbacks import Callback


class Failing(Callback):
    """Raises before the first step."""

    def on_start(self, plan):
        1 / 0  # noqa: B018 - an error that nothing here raises otherwise


def test_partial_fit_goes_on(small, waves):
    """Passes over more data improve the fit, are appended to the history, and keep the first data's scales."""
    X, y = waves
    model = small(learning_rate=5e-2).partial_fit(X[:60], y[:60])
    before, center = model.score(X, y), model.predictor_.target.center.clone()
    for _ in range(20):
        model.partial_fit(X, y)
    assert model.score(X, y) > before
    assert len(model.history_.epochs) == 21
    assert [record.epoch for record in model.history_.epochs] == list(range(1, 22))
    assert torch.equal(model.predictor_.target.center, center)


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": -1}, {"batch_size": 0}, {"device": "abacus"}, {"callbacks": (Failing(),)}]
)
def test_a_first_pass_that_raises_leaves_nothing_fitted(small, waves, wrong):
    """A model that never learned does not predict, whatever it was that ended its first pass."""
    X, y = waves
    model = small(**wrong)
    with pytest.raises((ConfigurationError, ZeroDivisionError)):
        model.partial_fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_fitted_model_goes_on_with_one_sequence(small, waves):
    """As truths come in; only the first data must have a spread."""
    X, y = waves
    model = small(epochs=2).fit(X, y)
    before = model.predict(X)
    assert not np.array_equal(model.partial_fit(X[:1], y[:1]).predict(X), before)
    with pytest.raises(TooFewSamplesError, match="at least 2"):
        small().partial_fit(X[:1], y[:1])


@pytest.mark.parametrize("passes", [0, 1])
def test_a_pass_that_diverges_does_not_spoil_the_next(small, waves, passes):
    """It is warned of and undone, its moments too: what comes after it learns as if it had not been."""
    X, y = waves
    model, spared = (small(epochs=2).fit(X, y) for _ in range(2))
    for _ in range(passes):
        model.partial_fit(X, y)
        spared.partial_fit(X, y)
    wrong = y.copy()
    wrong[7] = 1e45
    with pytest.warns(DivergedWarning, match="The weights of epoch 0 are kept"):
        model.partial_fit(X, wrong)
    spared.histories_ = model.histories_  # the order of a pass follows from how many came before
    np.testing.assert_array_equal(model.partial_fit(X, y).predict(X), spared.partial_fit(X, y).predict(X))


def test_partial_fit_refuses_other_shapes(small, waves):
    """More data must have the features and outputs of the first."""
    X, y = waves
    model = small(epochs=1).fit(X, y)
    with pytest.raises(ShapeError, match="2 features at each time step, as in training"):
        model.partial_fit(X[:, :, :1], y)
    with pytest.raises(ShapeError, match="1 outputs, as in training"):
        model.partial_fit(X, np.column_stack([y, y]))


class _Breaks(Callback):
    """Raises at the end of the pass of one network."""

    def __init__(self, error, network):
        self.error = error
        self.left = network

    def on_epoch(self, record):
        self.left -= 1
        if not self.left:
            raise self.error


@pytest.fixture
def several(small, waves):
    """Fit three networks, whose intervals are calibrated."""
    return small(n_members=3, epochs=3).fit(*waves)


def _told(model, X):
    return np.array([model.predict(X), *model.predict_interval(X, 0.8)])


@pytest.mark.parametrize("network", [1, 2, 3])
def test_a_pass_that_raises_leaves_the_estimator_as_it_was(several, waves, network):
    """Weights and intervals are those of before, whichever of several networks it came to."""
    X, y = waves
    before, epochs = _told(several, X), len(several.history_.epochs)
    several.set_params(callbacks=[_Breaks(ConnectionError("away"), network)])
    with pytest.raises(ConnectionError, match="away"):
        several.partial_fit(X, y + 1)
    np.testing.assert_array_equal(_told(several, X), before)
    assert len(several.history_.epochs) == epochs


@pytest.mark.parametrize("network", [1, 2, 3])
def test_a_pass_that_is_interrupted_is_undone_in_every_network(several, waves, network):
    """Ctrl-C puts back weights and intervals; the history tells of it, and the next pass learns."""
    X, y = waves
    before = _told(several, X)
    several.set_params(callbacks=[_Breaks(KeyboardInterrupt, network)])
    with pytest.warns(InterruptedWarning, match="the weights of epoch 0 are kept"):
        several.partial_fit(X, y + 1)
    np.testing.assert_array_equal(_told(several, X), before)
    assert several.history_.stopped == "interrupted"
    assert all(history.best_epoch <= 3 for history in several.histories_)
    assert not np.array_equal(several.partial_fit(X, y + 1).predict(X), before[0])


def test_limits_are_not_let_go_by_a_pass_that_is_undone(small):
    """What a pass that diverges has learned from says nothing of the targets' limits."""
    X = np.random.default_rng(0).normal(size=(200, 5, 1))
    y = np.minimum(X[:, -1, 0], 0.5)
    model = small(epochs=2).fit(X, y)
    assert model.target_limits_[0].highest == 0.5
    with pytest.warns(DivergedWarning), pytest.warns(TargetLimitWarning):
        model.partial_fit(X, np.where(y == 0.5, 1e45, y))
    assert model.target_limits_[0].highest == 0.5
