"""scikit-learn's contract, kept without its base class, beside that base class."""

import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, RegressorMixin, clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import check_is_fitted as checked_by_sklearn

from unflat.contract import SequenceRegressor, check_is_fitted
from unflat.errors import UnknownParameterError


class Level(SequenceRegressor):
    """Predict a level, shifted: the smallest regressor with this contract."""

    def __init__(self, *, shift=0.0, names=("a", "b"), seed=None):
        self.shift = shift
        self.names = names
        self.seed = seed

    def fit(self, X, y=None, *, sample_weight=None, groups=None, validation=None):
        """Learn the level, and keep what was handed on."""
        self.predictor_ = float(np.average(y, weights=sample_weight)) + self.shift
        self.told_ = {"groups": groups, "validation": validation}
        return self

    def partial_fit(self, X, y=None, *, sample_weight=None):
        """Learn the level anew."""
        return self.fit(X, y, sample_weight=sample_weight)

    def predict(self, X):
        """Give the level for each sequence."""
        check_is_fitted(self)
        return np.full(len(X), self.predictor_)

    def score(self, X, y=None, sample_weight=None):
        """Measure how near it is."""
        return -float(np.average(np.abs(y - self.predict(X)), weights=sample_weight))


class OfSklearn(RegressorMixin, BaseEstimator):
    """The same with scikit-learn's own base class."""

    def __init__(self, *, shift=0.0, names=("a", "b"), seed=None):
        self.shift = shift
        self.names = names
        self.seed = seed

    fit, partial_fit, predict, score = Level.fit, Level.partial_fit, Level.predict, Level.score


@pytest.fixture
def routing():
    """Enable scikit-learn's routing of metadata for one test."""
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def data():
    """Draw sequences, targets and groups."""
    random = np.random.default_rng(0)
    return random.normal(size=(12, 4, 1)), random.normal(5, 1, 12), np.repeat([0, 1, 2], 4)


class TestParameters:
    """Parameters by name, as `BaseEstimator` has them."""

    def test_they_are_those_of_the_constructor(self):
        """Names, order and values are what scikit-learn's base class gives."""
        ours, theirs = Level(shift=2.0), OfSklearn(shift=2.0)
        assert ours.get_params() == theirs.get_params() == ours.get_params(deep=False)
        assert list(ours.get_params()) == list(theirs.get_params())

    def test_setting_changes_what_is_named_and_gives_the_estimator(self):
        """One call sets several, and can go on to `fit`."""
        level = Level(shift=1.0)
        assert level.set_params(shift=3.0, seed=7) is level
        assert level.get_params() == {"names": ("a", "b"), "seed": 7, "shift": 3.0}
        assert level.set_params() is level

    def test_an_unknown_name_sets_nothing(self):
        """A slip of the pen is refused with the nearest name, and what stands beside it is not set either."""
        level = Level()
        with pytest.raises(UnknownParameterError, match=r"Did you mean 'shift'\?") as caught:
            level.set_params(seed=1, shfit=2.0)
        assert level.seed is None
        assert (caught.value.name, caught.value.nearest) == ("shfit", ("shift",))
        assert isinstance(caught.value, ValueError)

    def test_a_clone_has_equal_parameters_and_nothing_fitted(self, data):
        """`clone` makes an unfitted estimator of the same parameters."""
        X, y, _ = data
        again = clone(Level(shift=4.0).fit(X, y))
        assert again.get_params() == Level(shift=4.0).get_params()
        assert not hasattr(again, "predictor_")

    def test_it_survives_pickling(self, data):
        """A fitted estimator predicts the same in another process."""
        X, y, _ = data
        level = Level(shift=4.0).fit(X, y)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(level)).predict(X), level.predict(X))  # noqa: S301


class TestRouting:
    """Metadata handed on by scikit-learn's tools, as with `BaseEstimator`."""

    @pytest.mark.usefixtures("routing")
    def test_nothing_is_asked_for_by_itself(self):
        """Requests are those that scikit-learn reads off the methods' signatures."""
        assert repr(get_routing_for_object(Level())) == repr(get_routing_for_object(OfSklearn()))

    @pytest.mark.usefixtures("routing")
    def test_requests_are_those_of_the_base_class(self):
        """Each method of requests has the effect of scikit-learn's own."""
        for model in (ours := Level(), theirs := OfSklearn()):
            model.set_fit_request(groups=True, validation="kept").set_partial_fit_request(sample_weight=False)
            model.set_score_request(sample_weight=True).set_fit_request(sample_weight=None)
        assert repr(get_routing_for_object(ours)) == repr(get_routing_for_object(theirs))

    @pytest.mark.parametrize("model", [Level(), OfSklearn()], ids=["ours", "theirs"])
    def test_a_request_that_nothing_would_heed_is_refused(self, model):
        """Without routing, as the base class does: groups would otherwise not be held out whole, in silence."""
        for ask in (model.set_fit_request, model.set_partial_fit_request, model.set_score_request):
            with pytest.raises(RuntimeError, match=r"only available when .*enable_metadata_routing=True"):
                ask(sample_weight=True)

    @pytest.mark.usefixtures("routing")
    def test_a_clone_asks_for_the_same(self):
        """Requests are kept by `clone`."""
        asking = Level().set_fit_request(groups=True)
        assert repr(get_routing_for_object(clone(asking))) == repr(get_routing_for_object(asking))

    @pytest.mark.usefixtures("routing")
    def test_a_search_hands_groups_on(self, data):
        """What was asked for reaches `fit` through a search, split as the data are."""
        X, y, groups = data
        search = GridSearchCV(Level().set_fit_request(groups=True), {"shift": [0.0, 1.0]}, cv=GroupKFold(3))
        search.fit(X, y, groups=groups)
        assert search.best_params_ == {"shift": 0.0}
        np.testing.assert_array_equal(search.best_estimator_.told_["groups"], groups)


class TestDescribed:
    """What is said of an estimator, to scikit-learn and to people."""

    def test_tags_are_those_of_a_regressor_of_sequences(self):
        """Beside sequences, missing values and several targets, it is any regressor of scikit-learn's."""
        expected = get_tags(OfSklearn())
        expected.input_tags.three_d_array = expected.input_tags.allow_nan = True
        expected.target_tags.multi_output = True
        assert get_tags(Level()) == expected
        assert is_regressor(Level())

    def test_it_is_written_as_the_call_that_makes_it(self):
        """Only parameters that are not as they are by themselves are shown."""
        assert repr(Level()) == "Level()"
        assert repr(Level(seed=3, shift=1.5)) == "Level(shift=1.5, seed=3)"

    def test_a_notebook_draws_it(self):
        """The picture is scikit-learn's, and names the estimator."""
        assert "sk-estimator" in Level()._repr_html_()
        assert "Level" in Level()._repr_html_()


class TestFitted:
    """Whether a model was fitted."""

    def test_an_unfitted_one_is_refused(self):
        """The error is scikit-learn's own, so that code which knows only that catches it."""
        with pytest.raises(NotFittedError, match="This Level instance is not fitted yet"):
            Level().predict([1])

    def test_a_fitted_one_passes_both_checks(self, data):
        """Ours and scikit-learn's agree."""
        X, y, _ = data
        level = Level().fit(X, y)
        check_is_fitted(level)
        checked_by_sklearn(level)
