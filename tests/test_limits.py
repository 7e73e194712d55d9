"""The ends of a target's range at which values pile up, and those that a user gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unflat import LSTMRegressor
from unflat.errors import ConfigurationError
from unflat.limits import Limits, limits_of

INF = float("inf")


def found(y, chosen="auto", held_out=None):
    """Find the limits of one output."""
    shaped = None if held_out is None else np.reshape(held_out, (-1, 1))
    (limits,) = limits_of(np.reshape(y, (-1, 1)), chosen, ("y",), shaped)
    return limits


@pytest.fixture
def spread_out():
    """Numbers that are all different, from -3 to 3 or so."""
    return np.random.default_rng(0).normal(size=400)


def test_a_cap_and_a_floor_are_found(spread_out):
    """Where a tail is cut off and set to the cut, that is the limit; the other end is open."""
    assert found(np.minimum(spread_out, 1.0)) == Limits(-INF, 1.0)
    assert found(np.maximum(spread_out, 0.5)) == Limits(0.5, INF)
    assert found(np.clip(spread_out, -0.5, 1.0)) == Limits(-0.5, 1.0)


def test_no_pile_no_limit(spread_out):
    """The largest number is no limit where it is there once, or as seldom as chance may have it."""
    assert found(spread_out) == Limits()
    assert found(np.where(np.arange(400) < 16, 5.0, spread_out)) == Limits()  # 4 %


@pytest.mark.parametrize("y", [
    np.repeat([0.0, 1.0], [300, 100]), np.full(50, 7.0), np.repeat([1.0, 2.0, 3.0, 4.0], [40, 60, 70, 50]),
    np.random.default_rng(0).poisson(1.0, size=500).astype(float),
], ids=["two values", "one value", "ratings", "counts"])  # fmt: skip
def test_scales_of_few_steps_are_open(y):
    """Values that are as frequent as their neighbours may go on beyond the largest seen."""
    assert found(y) == Limits()


def test_rare_counts_end_at_zero():
    """Where nearly all counts are zero, that is the floor, and the largest is open."""
    assert found(np.repeat([0.0, 1.0, 2.0, 5.0], [400, 60, 30, 1])) == Limits(0.0, INF)


def test_what_is_held_out_can_show_that_a_pile_is_none(spread_out):
    """A held-out target beyond the pile opens that end, and only that."""
    y = np.clip(spread_out, -0.5, 1.0)
    assert found(y, held_out=[0.0, 1.0]) == Limits(-0.5, 1.0)
    assert found(y, held_out=[0.0, 1.1]) == Limits(-0.5, INF)


def test_limits_that_are_given_are_taken(spread_out):
    """A pair is taken as it is, None opens an end, and None alone opens both, piles or not."""
    capped = np.minimum(spread_out, 1.0)
    assert found(capped, (-10, 2.5)) == Limits(-10, 2.5)
    assert found(capped, (None, 2)) == Limits(-INF, 2)
    assert found(capped, None) == Limits()


def test_limits_with_targets_beyond_are_refused(spread_out):
    """What was given and what was found stand in the message."""
    with pytest.raises(ConfigurationError, match=r"targets 'y', which go from -3\.\d+ to 3\.\d+; received \(0, None\)"):
        limits_of(spread_out[:, None], (0, None), ("'y'",))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_no_training_target_lies_beyond(values):
    """Whatever the targets, limits hold all of them."""
    low, high = found(np.array(values))
    assert low <= min(values)
    assert max(values) <= high


def test_predictions_and_bounds_stay_within_limits():
    """Zeros in half of the targets: predictions, and bounds of any coverage, are never negative; None lets them be."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 6, 1))
    y = np.maximum(5 * X[:, -1, 0] + random.normal(size=300), 0.0)
    free = LSTMRegressor(units=(4,), epochs=2, random_state=0, target_range=None).fit(X, y)
    held = LSTMRegressor(units=(4,), epochs=2, random_state=0).fit(X, y)
    assert free.predict(X).min() < 0
    np.testing.assert_array_equal(held.predict(X), np.maximum(free.predict(X), 0.0))
    interval = held.predict_interval(X, 0.8)
    assert interval.lower.min() == 0.0
    assert free.predict_interval(X, 0.8).lower.min() < 0
    assert interval.upper.max() > y.max() / 2
