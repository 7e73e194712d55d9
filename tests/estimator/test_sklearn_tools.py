"""Use among scikit-learn's tools, on sequences with three axes."""

import copy
import pickle

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer


def test_grid_search_and_cross_validation(small, waves):
    """Parameters are searched over and scores cross-validated."""
    X, y = waves
    search = GridSearchCV(small(epochs=5), {"units": [(3,), (4, 2)], "cell": ["lstm", "gru"]}, cv=2)
    search.fit(X, y)
    assert search.best_params_["units"] in [(3,), (4, 2)]
    assert cross_val_score(small(), X, y, cv=3).min() > 0.8


def test_pipeline(small, waves):
    """The estimator ends a pipeline, whose steps see sequences."""
    X, _ = waves
    pipeline = make_pipeline(FunctionTransformer(np.diff, kw_args={"axis": 1}), small(epochs=40))
    target = np.diff(X, axis=1)[:, :, 0].sum(axis=1)
    assert pipeline.fit(X, target).score(X, target) > 0.9


def test_clone_and_parameters(small):
    """A clone has equal parameters and no fit; a parameter can be set by name."""
    model = small(readout="mean")
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(units=[3, 2]).units == [3, 2]


def test_copies_and_pickles_predict_the_same(small, waves):
    """Deep copies and pickles, which other processes work with, are the same model."""
    X, y = waves
    model = small(epochs=2).fit(X, y)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301 - our own bytes
        np.testing.assert_array_equal(twin.predict(X), model.predict(X))
