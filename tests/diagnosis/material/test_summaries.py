"""Sequences as rows of a table: which columns, on which scale, and what becomes of missing and enormous values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.diagnosis.material.summaries import MOST_COLUMNS, last_present, standardized, summarize

GENERATOR = np.random.default_rng(4)


def explained(columns, wanted):
    """Give the share of a target that a straight line in the columns explains."""
    coefficients, *_ = np.linalg.lstsq(np.column_stack([columns, np.ones(len(columns))]), wanted, rcond=None)
    error = wanted - np.column_stack([columns, np.ones(len(columns))]) @ coefficients
    return 1 - error.var() / wanted.var()


@pytest.mark.parametrize(
    "target",
    [
        lambda x: x[:, -1, 0],
        lambda x: x[:, 3, 1],
        lambda x: x.max(axis=1)[:, 0],
        lambda x: x.std(axis=1)[:, 1],
        lambda x: (x[:, :, 0] * x[:, :, 1]).sum(axis=1),
    ],
    ids=["last value", "value of one step", "greatest", "deviation", "mean product"],
)
def test_what_a_sequence_came_to_stands_in_the_table(target):
    """A straight line over the columns gives back what a model may have to find in a sequence."""
    values = GENERATOR.normal(size=(300, 9, 2))
    assert explained(summarize(values, GENERATOR).columns, target(values)) == pytest.approx(1)


def test_columns_have_one_scale_over_the_rows_asked_for():
    """Mean 0 and deviation 1 hold over the first rows, whatever the later ones are."""
    columns = GENERATOR.normal(5, 3, size=(50, 4))
    columns[30:] *= 1e6
    scaled = standardized(columns, slice(30))
    np.testing.assert_allclose(scaled[:30].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled[:30].std(axis=0), 1)
    np.testing.assert_allclose(scaled[30:], (columns[30:] - columns[:30].mean(axis=0)) / columns[:30].std(axis=0))


def test_a_constant_column_and_a_missing_value_become_0():
    """What carries nothing is nothing, at a large level too, where the mean is off by rounding."""
    columns = np.column_stack([np.full(7, 1.1e9), [1.0, 2.0, np.nan, 3.0, 1.0, 2.0, 3.0]])
    scaled = standardized(columns)
    assert (scaled[:, 0] == 0).all()
    assert scaled[2, 1] == 0
    assert np.nanstd(scaled[[0, 1, 3, 4, 5, 6], 1]) == pytest.approx(1)


@given(st.sampled_from([1e-200, 1e-3, 1.0, 1e9, 1e200]), st.integers(1, 6), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_units_and_missing_values_leave_every_number_finite(unit, steps, features):
    """Features of any size, with NaN and infinite values among them, give finite columns of unit scale."""
    values = np.random.default_rng(0).normal(size=(20, steps, features)) * unit
    values[0] = np.nan
    values[1, 0, 0] = np.inf
    columns = summarize(values, np.random.default_rng(0)).columns
    assert np.isfinite(columns).all()
    assert np.abs(columns).max() < 20


def test_units_change_nothing():
    """The table of a feature in other units is the same table."""
    values = GENERATOR.normal(size=(40, 5, 2))
    first = summarize(values, np.random.default_rng(0)).columns
    other = summarize(values * [1024.0, 1 / 64], np.random.default_rng(0)).columns
    np.testing.assert_allclose(first, other, atol=1e-9)


def test_a_wide_table_is_bounded_and_says_what_it_left_out():
    """Of very many features some are drawn, and their number is known."""
    summary = summarize(GENERATOR.normal(size=(12, 4, 500)), GENERATOR)
    assert summary.columns.shape[1] <= MOST_COLUMNS
    assert summary.features_left_out == 500 - MOST_COLUMNS // 4


def test_the_last_value_is_the_last_finite_one():
    """Padding and gaps are passed over; a sequence without any value has none."""
    values = np.array([[1.0, 2.0, np.nan], [3.0, np.inf, 5.0], [np.nan, np.nan, np.nan]])[:, :, None]
    np.testing.assert_array_equal(last_present(values)[:, 0], [2.0, 5.0, np.nan])
