"""Whether a feature holds the target's past: found where it does, never where the target is a function of it."""

from __future__ import annotations

import numpy as np
import pytest

from unflat.diagnosis.material.past import Past, find_past

SERIES = np.cumsum(np.random.default_rng(5).normal(size=700))
NOISE = np.random.default_rng(6).normal(size=(600, 10, 1))


def forecasting(horizon, series=SERIES):
    """Cut windows whose second feature holds the past of the target."""
    values = np.lib.stride_tricks.sliding_window_view(series, 10)[:600, :, None]
    return np.concatenate([NOISE, values], axis=2), series[9 + horizon : 609 + horizon]


@pytest.mark.parametrize("horizon", [1, 7])
def test_the_past_of_windows_in_order_is_certain(horizon):
    """Targets that stand in later windows give feature and horizon, and repeating the value is then the last one."""
    values, y = forecasting(horizon)
    past = find_past(values, y)
    assert (past.column, past.horizon, past.sureness) == (1, horizon, 1.0)
    np.testing.assert_allclose(past.predict(values), values[:, -1, 1], atol=1e-9)


def test_units_of_a_feature_that_was_scaled_are_found():
    """A scaled feature beside a target in its own units is repeated in the target's."""
    values, y = forecasting(1)
    past = find_past(values / 8 - 3, y)
    np.testing.assert_allclose(past.predict(values / 8 - 3), values[:, -1, 1], atol=1e-6)


def test_shuffled_windows_are_recognised_by_their_values():
    """Without order the targets are still found among the last values of other windows."""
    values, y = forecasting(1)
    order = np.random.default_rng(0).permutation(600)
    past = find_past(values[order], y[order])
    assert past.sure
    assert (past.column, past.horizon) == (1, None)


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_a_function_of_the_last_value_is_not_its_future(noise):
    """Where the target is the last value itself, in any units, or is made from it with noise, no past is sure."""
    values = np.random.default_rng(1).normal(size=(400, 6, 2))
    past = find_past(values, 10 * values[:, -1, 0] + noise * values[:, 0, 1])
    assert past is None or not past.sure


def test_a_trend_is_not_taken_for_a_past():
    """Sequences and targets that rise together resemble each other at every lag, and say nothing."""
    values = np.repeat(10.0 * np.arange(300)[:, None, None], 4, axis=1)
    assert find_past(values, np.arange(300.0)) is None
    assert find_past(np.sqrt(values), np.arange(300.0)) is None or not find_past(np.sqrt(values), np.arange(300.0)).sure


@pytest.mark.parametrize("y", [np.zeros(600), np.full(600, np.nan), np.random.default_rng(3).normal(size=600)])
def test_nothing_is_found_where_nothing_is(y):
    """A constant, a missing and a random target have no past."""
    assert find_past(NOISE, y) is None


def test_the_last_value_passes_over_what_is_missing():
    """The value repeated is the last one there; a sequence without any gives nan."""
    values = np.array([[[1.0], [4.0], [np.nan]], [[np.nan]] * 3])
    np.testing.assert_array_equal(Past(0, 1.0, factor=2.0, offset=1.0).predict(values), [9.0, np.nan])
