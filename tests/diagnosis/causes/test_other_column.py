import numpy as np
import pytest

from unflat.diagnosis.causes.other_column import target_scaled_by_other_column


@pytest.fixture
def raw():
    """Make a target at 1400 ± 800, and a feature ten times as large."""
    y = np.random.default_rng(0).normal(1400, 800, size=200)
    return np.repeat(10 * y[:, None, None], 4, axis=1), y


def test_numbers_of_the_feature_are_recovered(fake, raw):
    """A target that the feature's mean and deviation scaled is at (1400 - 14000)/8000, a tenth of a deviation wide."""
    X, y = raw
    scaled = (y - X.mean()) / X.std()
    cause = target_scaled_by_other_column(fake(scaled, scaled * 0.9, raw=(X, y[:, None])))
    assert cause.id == "target_scaled_by_other_column"
    assert [evidence.value for evidence in cause.evidence] == pytest.approx(
        [X.mean(), X.std(), scaled.mean(), scaled.std()]
    )


def test_one_column_of_several_is_named(fake, raw):
    """Beside another feature it is the one whose numbers were used."""
    X, y = raw
    both = np.concatenate([np.random.default_rng(1).normal(size=X.shape), X], axis=2)
    scaled = (y - X.mean()) / X.std()
    cause = target_scaled_by_other_column(fake(scaled, scaled * 0.9, raw=(both, y[:, None])))
    assert "feature 1" in cause.explanation


@pytest.mark.parametrize("way", ["own", "none", "range"])
def test_targets_scaled_otherwise_are_no_cause(fake, raw, way):
    """By its own numbers, by none or by its own range: not another column's."""
    X, y = raw
    scaled = {"own": (y - y.mean()) / y.std(), "none": y, "range": (y - y.min()) / np.ptp(y)}[way]
    assert target_scaled_by_other_column(fake(scaled, scaled * 0.5, raw=(X, y[:, None]))) is None


def test_a_wrong_scale_that_does_no_harm_is_no_cause(fake, raw):
    """Where the model does as well as other learners, the scale is a matter of taste."""
    X, y = raw
    scaled = (y - X.mean()) / X.std()
    assert target_scaled_by_other_column(fake(scaled, scaled, raw=(X, y[:, None]))) is None


def test_without_raw_data_nothing_is_said(fake, raw):
    """Center and scale cannot be told from scaled numbers alone."""
    X, y = raw
    scaled = (y - X.mean()) / X.std()
    assert target_scaled_by_other_column(fake(scaled, scaled * 0.9)) is None
