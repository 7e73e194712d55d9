"""The last value as a map of scaled numbers."""

import numpy as np
import pytest
import torch

from unflat.network.lines.anchor import last_value
from unflat.scaling.scales import Scaler, fit_affine, fit_target_scaler


def standardized(columns):
    """Fit the scales of columns, values that are missing left out."""
    return Scaler([fit_affine(column[~np.isnan(column)], "standard") for column in columns.T])


@pytest.fixture
def wandering():
    """Last steps of three features far from zero, and two targets: one close to the second of them, one of its own."""
    random = np.random.default_rng(4)
    last = np.array([300.0, -2e6, 4.0]) + random.normal(size=(200, 3)) * [80.0, 3e5, 0.1]
    return last, np.column_stack([last[:, 1] + random.normal(size=200) * 5e4, random.normal(size=200)])


def test_anchor_is_the_last_value_in_raw_units(wandering):
    """Scaled and put back, the first target is the second feature as it is, and the other its mean."""
    last, y = wandering
    features, outputs = standardized(last), fit_target_scaler(y, "standard", ("level", "noise"))
    anchor = last_value(last, y, features, outputs, width=5)
    indicators, mean_step = np.zeros((200, 2)), np.ones((200, 5))
    read = np.concatenate([features(torch.from_numpy(last)).numpy(), indicators, mean_step], axis=1).astype(np.float32)
    raw = outputs.inverse(torch.from_numpy(anchor.predict(read))).numpy()
    np.testing.assert_allclose(raw[:, 0], last[:, 1], rtol=1e-6)
    np.testing.assert_allclose(raw[:, 1], y[:, 1].mean(), rtol=1e-9)
    assert anchor.weight.shape == (2, 5)


def test_missing_last_value_counts_as_the_network_reads_it(wandering):
    """A feature that is usually missing at the end is no anchor, however near it is where it is known."""
    last, y = wandering
    level = last[:, 1].copy()
    last[40:, 1] = np.nan
    last[:, 0] = level + np.random.default_rng(5).normal(size=200) * 1e5
    outputs = fit_target_scaler(y, "standard", ("level", "noise"))
    anchor = last_value(last, y, standardized(last), outputs, width=3)
    assert np.flatnonzero(anchor.weight[0]).tolist() == [0]


def test_without_a_near_feature_it_is_the_mean(wandering):
    """Targets of another unit are anchored nowhere."""
    last, y = wandering
    outputs = fit_target_scaler(y[:, 1:] + 50, "standard", ("noise",))
    assert last_value(last, y[:, 1:] + 50, standardized(last), outputs, width=3).at_mean


def test_logarithms_are_not_anchored(wandering):
    """The last value is no line where the target's logarithm is scaled, and no number where all is categories."""
    last, y = wandering
    level = -y[:, :1]
    logarithms = fit_target_scaler(level, "log", ("level",))
    assert last_value(-last, level, standardized(-last), logarithms, width=3).at_mean
    outputs = fit_target_scaler(level, "standard", ("level",))
    assert last_value(last[:, :0], level, Scaler([]), outputs, width=3).at_mean


def test_features_and_targets_of_sizes_far_apart_are_no_anchors():
    """Between 1e200 and 1e-200 a distance has no square in double precision, and is far all the same."""
    last = np.random.default_rng(0).normal(size=(50, 1)) * 1e200
    y = np.random.default_rng(1).normal(size=(50, 1)) * 1e-200
    features, outputs = standardized(last), fit_target_scaler(y, "standard", ("y",))
    assert last_value(last, y, features, outputs, width=1).at_mean
