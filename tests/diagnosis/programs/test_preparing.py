"""Data as a cure wants them."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from unflat.diagnosis.programs.base import Job
from unflat.diagnosis.programs.edits import Edit
from unflat.diagnosis.programs.preparing import DATA_EDITS, targets_as_given
from unflat.diagnosis.programs.preparing import prepare as prepare_job


def prepare(X, y, new, edits):
    """Prepare a job of these data."""
    return prepare_job(Job(X, y, new, None, 0), edits)


@pytest.fixture
def data():
    """Sequences and targets in units of their own, double precision."""
    generator = np.random.default_rng(1)
    X = generator.normal([1e3, -5.0, 0.0], [20.0, 0.1, 1.0], size=(40, 7, 3))
    return X, 1400 + 800 * generator.normal(size=40), generator.normal([1e3, -5.0, 0.0], size=(5, 7, 3))


def test_other_edits_change_nothing(data):
    """What concerns the network leaves data as they are."""
    X, y, new = data
    prepared = prepare(X, y, new, set(Edit) - DATA_EDITS)
    assert prepared.X is X
    assert prepared.y is y
    assert np.array_equal(prepared.back(y), y)


def test_inputs_are_standardized_by_feature(data):
    """Each feature is scaled by its mean and deviation over all sequences and steps, as scikit-learn does by rows."""
    X, y, new = data
    prepared = prepare(X, y, new, {Edit.STANDARDIZE_INPUTS})
    scaler = StandardScaler().fit(X.reshape(-1, 3))
    np.testing.assert_allclose(prepared.X, scaler.transform(X.reshape(-1, 3)).reshape(X.shape), rtol=1e-10)
    np.testing.assert_allclose(prepared.X_new, scaler.transform(new.reshape(-1, 3)).reshape(new.shape), rtol=1e-10)


def test_columns_of_a_table_are_scaled_each_for_itself():
    """Two axes are columns, as a pipeline's scaler takes them."""
    X = np.random.default_rng(2).normal([0.0, 50.0], [1.0, 9.0], size=(60, 2))
    prepared = prepare(X, X[:, 0], X, {Edit.STANDARDIZE_INPUTS})
    np.testing.assert_allclose(prepared.X, StandardScaler().fit_transform(X), rtol=1e-10)


@pytest.mark.parametrize("edit", [Edit.STANDARDIZE_TARGET, Edit.TAME_TARGET])
@pytest.mark.parametrize("shape", [(40,), (40, 1)])
def test_predictions_come_back_into_the_targets_units(data, edit, shape):
    """What is predicted as scaled comes back as it was."""
    X, y, new = data
    prepared = prepare(X, y.reshape(shape), new, {edit})
    assert prepared.y.shape == shape
    np.testing.assert_allclose(prepared.back(prepared.y).ravel(), y, rtol=1e-10)


def test_several_outputs_are_scaled_each_for_itself(data):
    """Outputs of other units come back in their own."""
    X, y, new = data
    both = np.column_stack([y, y / 1e6])
    prepared = prepare(X, both, new, {Edit.STANDARDIZE_TARGET})
    np.testing.assert_allclose(prepared.y.std(axis=0), 1, rtol=1e-10)
    np.testing.assert_allclose(prepared.back(prepared.y), both, rtol=1e-10)


def test_a_prediction_for_each_step_comes_back_too(data):
    """One output over all steps is brought back by the same numbers."""
    X, y, new = data
    prepared = prepare(X, y, new, {Edit.STANDARDIZE_TARGET})
    back = prepared.back(np.zeros((5, 7, 1)))
    assert back.shape == (5, 7, 1)
    np.testing.assert_allclose(back, y.mean())


def test_a_small_deviation_on_a_large_level_survives_single_precision():
    """1.7e9 ± 1 is scaled before it is cast."""
    X = 1.7e9 + np.random.default_rng(3).normal(size=(50, 4, 1))
    prepared = prepare(X, X[:, -1, 0], X, {Edit.STANDARDIZE_INPUTS})
    assert prepared.X.std() == pytest.approx(1, rel=1e-6)


def test_a_constant_feature_is_not_divided(data):
    """A column that does not vary becomes 0, not infinite."""
    X, y, new = data
    X[..., 2] = 7.0
    prepared = prepare(X, y, new, {Edit.STANDARDIZE_INPUTS})
    assert np.all(prepared.X[..., 2] == 0)


def test_whole_numbers_become_floats():
    """Counts cannot hold what standardizing makes of them."""
    X = np.arange(24).reshape(4, 3, 2)
    assert prepare(X, np.arange(4), X, {Edit.STANDARDIZE_INPUTS, Edit.STANDARDIZE_TARGET}).X.dtype == np.float32


def test_outliers_are_clipped_and_no_longer_own_the_scale(data):
    """One value of a million leaves all others of about 1."""
    X, y, new = data
    X[3, 2, 1], y[5] = 1e6, 1e9
    prepared = prepare(X, y, new, {Edit.TAME_INPUTS, Edit.TAME_TARGET})
    assert np.abs(prepared.X).max() < 10
    assert 0.5 < prepared.y.std() < 2


def test_a_feature_of_nothing_but_nan_is_put_aside(data):
    """What a division by zero left becomes a constant."""
    X, y, new = data
    X[..., 0] = np.nan
    prepared = prepare(X, y, new, {Edit.TAME_INPUTS})
    assert np.all(prepared.X[..., 0] == 0)
    assert np.isfinite(prepared.X_new).all()


def test_missing_values_are_filled_and_missing_targets_left_out(data):
    """No NaN reaches the training."""
    X, y, new = data
    X[0, 1, 2], new[2, 0, 1], y[7] = np.nan, np.inf, np.nan
    prepared = prepare(X, y, new, {Edit.FILL_MISSING})
    assert len(prepared.X) == len(prepared.y) == 39
    assert all(np.isfinite(values).all() for values in (prepared.X, prepared.y, prepared.X_new))


def test_axes_are_swapped_for_both_parts(data):
    """Time and features change places in what is trained on and in what is predicted."""
    X, y, new = data
    prepared = prepare(X, y, new, {Edit.SWAP_AXES})
    assert np.array_equal(prepared.X, X.transpose(0, 2, 1))
    assert prepared.X_new.shape == (5, 3, 7)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_targets_come_back_as_they_were_given(kind):
    """In kind and precision; whole numbers that are scaled become single floats."""
    for dtype, edits, then in (("f4", (), "f4"), ("i8", (), "i8"), ("i8", {Edit.STANDARDIZE_TARGET}, "f4")):
        given = kind(np.arange(6).astype(dtype))
        X = np.zeros((6, 2, 1))
        job = Job(X, np.arange(6.0), X, None, 0, given)
        y = targets_as_given(prepare_job(job, edits).y, job)
        assert type(y) is type(given)
        assert np.asarray(y).dtype == then
    column = pd.Series(np.arange(6.0), name="flow")
    job = Job(X, np.arange(6.0), X, None, 0, column)
    pd.testing.assert_series_equal(targets_as_given(job.y, job), column)
