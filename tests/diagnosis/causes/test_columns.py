import warnings

import numpy as np
import pytest

from unflat.diagnosis import diagnose
from unflat.diagnosis.causes.columns import degenerate_scale, outliers_own_scale
from unflat.errors import UnflatWarning
from unflat.estimator import LSTMRegressor


@pytest.fixture
def standardized():
    """Two standardized features and a target that they make."""
    X = np.random.default_rng(0).normal(size=(200, 4, 2))
    return X, X[:, -1, 0]


def test_column_divided_by_nothing_is_found(fake, standardized):
    """A feature that is NaN throughout was divided by zero; one with single NaN was not."""
    X, y = standardized
    single = X.copy()
    single[0, 0, 1] = np.nan
    X[:, :, 1] = np.nan
    cause = degenerate_scale(fake(y, np.full(200, np.nan), X=X))
    assert cause.id == "degenerate_scale"
    assert cause.evidence[0].value == 1
    assert degenerate_scale(fake(y, np.full(200, np.nan), X=single)) is None


def test_column_that_explodes_on_held_out_data_is_found(fake, standardized):
    """A feature that was constant in training and divided by 1e-8 is 1e7 once it moves by 0.1."""
    X, y = standardized
    X[:, :, 1] = 0.0
    later = X.copy()
    later[5, 2, 1] = 1e7
    cause = degenerate_scale(fake(y, y, X=X, held_out=(later, y, np.zeros(200))))
    assert "feature 1" in cause.evidence[0].what
    assert cause.evidence[0].value == pytest.approx(1e7)


def test_amplified_rounding_is_seen_beside_the_raw_data(fake, standardized):
    """A raw column of 1000 ± 1e-5 is constant in float32; standardized, it is nothing but noise."""
    X, y = standardized
    raw = X * np.array([3.0, 1e-5]) + np.array([5.0, 1000.0])
    assert degenerate_scale(fake(y, np.zeros(200), X=X, raw=(raw, y[:, None]))) is not None
    honest = X * np.array([3.0, 2.0]) + np.array([5.0, 1000.0])
    assert degenerate_scale(fake(y, np.zeros(200), X=X, raw=(honest, y[:, None]))) is None


def test_a_model_that_scales_itself_divided_nothing_by_hand():
    """A raw feature of thousands is no column that was divided by little, where the scale is inside the model."""
    X = np.random.default_rng(0).normal(size=(200, 4, 3)) * [1.0, 1.0, 5000.0]
    model = LSTMRegressor(units=(3,), skip=False, epochs=1, random_state=0, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnflatWarning)
        model.fit(X, X[:, -1, 0])
    found = diagnose(model, X, X[:, -1, 0])
    assert not found.healthy
    assert "degenerate_scale" not in {cause.id for cause in found.causes}


def test_forgotten_column_is_not_a_degenerate_one(fake, standardized):
    """A raw column far from zero among standardized ones was never divided at all."""
    X, y = standardized
    X[:, :, 1] = X[:, :, 1] * 400 + 3000
    assert degenerate_scale(fake(y, np.zeros(200), X=X)) is None


def test_outliers_share_is_computed_by_hand(fake):
    """Two of 200 targets at ±100 own 2 · 100² of 2 · 100² + 198 · 1 squares about the median: 99 %."""
    y = np.tile([-1.0, 1.0], 100)
    y[0], y[1] = -100.0, 100.0
    cause = outliers_own_scale(fake(y, np.zeros(200)))
    assert cause.id == "outliers_own_scale"
    assert "of the target owned" in cause.evidence[0].what
    assert cause.evidence[0].value == pytest.approx(20_000 / 20_198)
    assert cause.evidence[1].value == 1


def test_heavy_tails_are_no_outliers(fake):
    """Student's t with three degrees of freedom has far values and is ordinary."""
    y = np.random.default_rng(0).standard_t(3, size=2000)
    assert outliers_own_scale(fake(y, np.zeros(2000))) is None


def test_rare_events_that_hide_nothing_are_no_outliers(fake):
    """Rain is 0 most of the time, and a few days own its deviation; what the target hangs on is seen all the same."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(400, 4, 2))
    X[:, :, 1] = np.where(generator.random((400, 4)) < 0.005, generator.exponential(20, (400, 4)), 0.0)
    y = X[:, -1, 0]
    assert outliers_own_scale(fake(y, np.zeros(400), X=X)) is None


def test_outliers_that_hide_a_feature_are_found(fake):
    """Faulty readings of thousands in the feature that the target hangs on: cut off, it is seen again."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(400, 4, 2))
    y = X[:, :, 0].mean(axis=1)
    X[generator.random((400, 4)) < 0.008, 0] = 5000.0
    cause = outliers_own_scale(fake(y, np.zeros(400), X=X))
    assert "feature 0" in cause.evidence[0].what


def test_outliers_spoil_a_real_network(trained, net, problem):
    """Three extreme targets of 400 make the rest one number; without them there is no cause."""
    X, y = problem
    assert outliers_own_scale(trained(net(), X, y)) is None
    y[:3] *= 3000
    cause = outliers_own_scale(trained(net(), X, (y - y.mean()) / y.std()))
    assert cause.evidence[0].value > 0.99


def test_outliers_that_squeeze_a_feature_are_found(fake):
    """Three values of thousands leave all others within a hundredth of a deviation; other steps still tell enough."""
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 4, 1))
    y = X[:, :, 0].mean(axis=1)
    X[[3, 90, 200], [0, 1, 2], 0] = 3000.0
    cause = outliers_own_scale(fake(y, 0.3 * y, X=X / X.std()))
    assert cause.evidence[0].what.startswith("share of the variance of feature 0")


def test_held_out_columns_in_other_units_were_not_divided_by_little(fake, standardized):
    """A feature that varied in training and is thousands later is in other units, and no rounding."""
    X, y = standardized
    later = X * [1.0, 900.0] + [0.0, 5000.0]
    assert degenerate_scale(fake(y, y, X=X, held_out=(later, y, np.zeros(200)))) is None
