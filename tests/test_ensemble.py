"""Regressors of several members, through every room that takes a regressor."""

import numpy as np
import pytest
import torch

from unflat import Callback, LSTMRegressor, diagnose, evaluate, load, tune
from unflat.errors import ConfigurationError, InterruptedWarning
from unflat.tuning import Space, Span

pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def small(**parameters):
    """Make a regressor of three members that trains in a moment."""
    given = {"units": (3,), "epochs": 3, "batch_size": 32, "n_members": 3, "random_state": 0, "progress": False}
    return LSTMRegressor(**given | parameters)


@pytest.fixture(scope="module")
def data():
    """Give sequences whose second largest value no straight line sees."""
    random = np.random.default_rng(0)
    X = random.normal(1000, 50, size=(80, 6, 2))
    return X, 3 * X[:, -1, 0] + np.sort(X[:, :, 1], axis=1)[:, -2]


@pytest.fixture(scope="module")
def fitted(data):
    """Fit one for all that only look at it."""
    return small(skip=False, learning_rate=0.05).fit(*data)


def test_the_prediction_is_the_mean_of_members_that_differ(data, fitted):
    """Members start and go differently, and each has its own history."""
    apart = [member(*_batch(data[0])).detach().numpy()[:, 0] for member in fitted.predictor_.members]
    assert np.abs(apart[0] - apart[1]).max() > 1e-3 * np.std(data[1])
    np.testing.assert_allclose(fitted.predict(data[0]), np.mean(apart, axis=0), rtol=1e-5)
    assert len(fitted.histories_) == 3
    assert len({history.epochs[0].loss for history in fitted.histories_}) == 3
    assert fitted.history_ is fitted.histories_[0]


def test_the_same_seed_gives_the_same_members(data):
    """All members are drawn from one seed."""
    first, again = small().fit(*data), small().fit(*data)
    np.testing.assert_array_equal(first.predict(data[0]), again.predict(data[0]))


def test_a_file_holds_all_members(data, fitted, tmp_path):
    """What is loaded predicts the same bits and bounds, and has the histories."""
    fitted.save(tmp_path / "three.unflat")
    loaded = load(tmp_path / "three.unflat")
    np.testing.assert_array_equal(loaded.predict(data[0]), fitted.predict(data[0]))
    for one, other in zip(loaded.predict_interval(data[0], 0.5), fitted.predict_interval(data[0], 0.5), strict=True):
        np.testing.assert_array_equal(one, other)
    assert loaded.histories_ == fitted.histories_
    assert loaded.n_members == 3


def test_a_mean_is_no_worse_than_its_members_on_average(data, fitted):
    """The squared error is convex: the ensemble's is at most the members' mean (Krogh & Vedelsby, NeurIPS 1994)."""
    X, y = data
    apart = [np.mean((member(*_batch(X)).detach().numpy()[:, 0] - y) ** 2) for member in fitted.predictor_.members]
    assert np.mean((fitted.predict(X) - y) ** 2) <= np.mean(apart)
    assert evaluate(fitted, X, y).assessment.n == 80


def test_further_passes_reach_every_member(data):
    """`partial_fit` goes on with each, and appends to each history."""
    model = small().fit(*data)
    before = [{name: value.clone() for name, value in m.state_dict().items()} for m in model.predictor_.network.members]
    model.partial_fit(*data)
    for old, member in zip(before, model.predictor_.network.members, strict=True):
        assert any((old[name] != value).any() for name, value in member.state_dict().items())
    assert [len(history.epochs) for history in model.histories_] == [4, 4, 4]
    fresh = small().partial_fit(*data)
    assert [len(history.epochs) for history in fresh.histories_] == [1, 1, 1]


class _Stop(Callback):
    def __init__(self, at):
        self.at = at
        self.trainings = 0

    def on_start(self, plan):
        self.trainings += 1

    def on_epoch(self, record):
        if self.trainings == self.at:
            raise KeyboardInterrupt


def test_ctrl_c_keeps_the_members_that_were_trained(data):
    """Interrupted in the second of three, the model has two members, and says so in its history."""
    stop = _Stop(2)
    with pytest.warns(InterruptedWarning, match="Training was interrupted after 1 epochs"):
        model = small(callbacks=[stop]).fit(*data)
    assert stop.trainings == 2
    assert len(model.predictor_.members) == len(model.histories_) == 2
    assert model.history_.stopped == "interrupted"
    assert np.isfinite(model.predict(data[0])).all()


def test_the_diagnosis_looks_into_the_first_member_and_says_so(data, fitted):
    """The verdict is about the mean; what is inside is the first member's, and the report names the others."""
    diagnosis = diagnose(fitted, *data)
    assert any(item.what == "the inside of 2 of 3 members" for item in diagnosis.not_examined)
    np.testing.assert_allclose(diagnosis.prediction[:, 0], fitted.predict(data[0]))


def test_ensembles_can_be_searched(data):
    """A search varies ensembles as any other model."""
    space = Space(**dict.fromkeys(Space().dimensions) | {"units": Span(2, 4, whole=True)})
    tuned = tune(*data, model=small(n_members=2, random_state=None), space=space, trials=2, repeats=0)
    assert len(tuned.model.histories_) == 2


@pytest.mark.parametrize("n_members", [0, 1.5, "three"])
def test_a_number_of_members_that_cannot_be_is_refused(data, n_members):
    """The message names the parameter."""
    with pytest.raises(ConfigurationError, match="'n_members' of LSTMRegressor: expected 'auto', or a whole number"):
        small(n_members=n_members).fit(*data)


def _batch(X):
    return torch.from_numpy(X), None
