"""Our own estimator within pipelines, searches and regressors of transformed targets."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from unflat import LSTMRegressor
from unflat.diagnosis.subjects import subject_of
from unflat.errors import ModelFailedError, UnflatWarning

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(1000, 50, size=(40, 6, 2))
Y = 3 * X[:, -1, 0] + np.sort(X[:, :, 1], axis=1)[:, -2]


def _fitted(model, X=X, y=Y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnflatWarning)  # two epochs are no training
        return model.fit(X, y)


@pytest.fixture(scope="module")
def ours():
    """Give a regressor that is not fitted."""
    return LSTMRegressor(units=(4, 3), epochs=2, n_members=1, dropout=0.3, random_state=0, progress=False)


@pytest.mark.parametrize(
    ("around", "prefix"),
    [
        (make_pipeline, "lstmregressor__"),
        (lambda model: make_pipeline(FunctionTransformer(), model), "lstmregressor__"),
        (TransformedTargetRegressor, "regressor__"),
        (lambda model: GridSearchCV(model, {"clip_norm": [1.0]}, cv=2), "estimator__"),
    ],
)
def test_the_regressor_within_is_the_one_without(ours, around, prefix):
    """What stands around it changes nothing: predictions, layers, settings, insides and gradients are its own."""
    bare, whole = subject_of(_fitted(clone(ours))), subject_of(_fitted(around(clone(ours))))
    assert whole.framework == "unflat"
    assert whole.name.endswith("(LSTMRegressor)")
    assert whole.parameters_named("dropout") == (f"{prefix}dropout",)
    assert (whole.layers(), whole.settings(), whole.not_examined) == (
        bare.layers(), bare.settings(), bare.not_examined,
    )  # fmt: skip
    assert whole.loss_curve() == bare.loss_curve() != ()
    np.testing.assert_array_equal(whole.predict(X), bare.predict(X))
    for look in ("activations", "layer_inputs"):
        seen, wanted = getattr(whole, look)(X), getattr(bare, look)(X)
        assert list(seen) == list(wanted)
        assert all(np.array_equal(seen[name], wanted[name]) for name in wanted)
    assert list(whole.gates(X)) == list(bare.gates(X))
    assert whole.gradients(X, Y).norm == pytest.approx(bare.gradients(X, Y).norm)
    assert whole.loss_of(Y + 9, Y) == pytest.approx(bare.loss_of(Y + 9, Y))
    column = Y[:, None]
    np.testing.assert_allclose(whole.target_scale().scaled(column), bare.target_scale().scaled(column))


def test_it_is_looked_into_on_what_the_steps_before_it_give(ours):
    """A table is put into sequences by the step before it."""
    steps = FunctionTransformer(lambda table: table.reshape(len(table), 6, 2))
    whole = subject_of(_fitted(make_pipeline(StandardScaler(), steps, clone(ours)), X.reshape(40, -1)))
    assert whole.activations(X.reshape(40, -1))["layers.0"].shape == (40, 6, 4)


def test_targets_pass_through_what_is_around_it_first(ours):
    """It learns the logarithm, standardized by itself; of a target that is no number nothing is known."""
    log = TransformedTargetRegressor(clone(ours), func=np.log, inverse_func=np.exp)
    scaled = subject_of(_fitted(log)).target_scale().scaled
    assert scaled(Y[:, None]).mean() == pytest.approx(0, abs=0.5)
    np.testing.assert_allclose(np.ptp(scaled(Y[:, None])), np.ptp(np.log(Y)) / log.regressor_.predictor_.target.scale)
    assert np.isnan(scaled(np.array([[np.inf], [np.nan]]))).all()


def test_one_that_is_not_fitted_is_refused_as_it_is_alone(ours):
    """The error is that of the regressor."""
    with pytest.raises(NotFittedError, match="LSTMRegressor"):
        subject_of(make_pipeline(ours))


def test_a_step_that_fails_is_told_as_such(ours):
    """Its error names the whole."""
    whole = subject_of(_fitted(make_pipeline(StandardScaler(), FunctionTransformer(), clone(ours)), X[:, :, 0]))
    with pytest.raises(ModelFailedError, match=r"Pipeline\(LSTMRegressor\)"):
        whole.activations(X[:, :3, 0])


def test_an_ensemble_of_them_is_neither_fitted_again_nor_loud(ours):
    """They scale targets themselves, and what they warn of in prediction, they have warned of before."""
    flat = clone(ours).set_params(skip=False)
    ensemble = _fitted(BaggingRegressor(flat, 2, random_state=0), X[:, :, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnflatWarning)
        assert np.isfinite(subject_of(ensemble).predict(100 * X[:, :, 0])).all()
    assert subject_of(ensemble).relearned(X[:, :, 0], Y) is None
