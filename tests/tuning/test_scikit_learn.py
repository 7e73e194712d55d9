"""Searches of scikit-learn's, which take the estimator as any other."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.model_selection import GridSearchCV, GroupKFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def test_grid_search_over_a_pipeline(data, small):
    """Parameters inside a pipeline are found by name, and the best model is refitted."""
    pipeline = make_pipeline(small.set_params(random_state=0))
    search = GridSearchCV(pipeline, {"lstmregressor__units": [(2,), (1, 2)]}, cv=2).fit(*data)
    assert search.best_params_["lstmregressor__units"] in {(2,), (1, 2)}
    assert search.predict(data[0]).shape == (60,)


def test_randomized_search_draws_numbers_of_numpy(data, small):
    """Distributions draw NumPy's numbers; folds are of whole groups; the same seed finds the same."""
    X, y = data
    space = {"learning_rate": loguniform(1e-3, 1e-1), "batch_size": np.arange(16, 33), "units": [(2,), (3,)]}
    search = RandomizedSearchCV(
        small.set_params(random_state=0), space, n_iter=2, cv=GroupKFold(2), random_state=0
    ).fit(X, y, groups=np.arange(60) // 6)
    assert search.cv_results_["param_batch_size"].dtype.kind in "iO"
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.predict(X).shape == (60,)
