"""The ends of a target's range at which values pile up, and those that a user gives."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unflat import LSTMRegressor, evaluate, make_windows
from unflat.errors import ConfigurationError, OutOfRangeWarning
from unflat.scaling.limits import Limits, Trial, ends_of, limits_of, opened

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


def test_ends_that_later_targets_lie_beyond_are_opened():
    """Only those, output by output, and as far as a user allows."""
    known = [Limits(0.0, 5.0), Limits(-INF, 1.0)]
    later = np.array([[-1.0, 0.0], [5.0, 2.0]])
    assert opened(known, later, "auto") == [Limits(-INF, 5.0), Limits(-INF, INF)]
    assert opened(known, later, (-3, 9)) == [Limits(-3, 5.0), Limits(-INF, 9)]


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


def trial(learned, predicted, true, weights=None):
    """Test predictions of one output."""
    columns = (np.reshape(values, (-1, 1)).astype(float) for values in (learned, predicted, true))
    return Trial(*columns, None if weights is None else np.array(weights, dtype=float))


def test_predictions_are_held_within_all_targets_where_those_beyond_were_wrong():
    """Of two parts that predicted 9 and -9 from targets between 0 and 3, where 3 and 0 were true, the range is held."""
    parts = [trial([0, 1, 2], [9, 1], [3, 1]), trial([1, 3, 1], [-9, 2], [0, 2])]
    assert ends_of(parts) == [Limits(0.0, 3.0)]


def test_predictions_that_go_beyond_and_are_right_set_all_free():
    """A trend that a part follows to targets that it had not seen speaks for what lies beyond."""
    assert ends_of([trial([0, 1, 2], [3.2, 1], [3, 1]), trial([1, 3, 1], [-0.1, 2], [0, 2])]) == [Limits()]


def test_where_none_goes_beyond_nothing_speaks_for_it():
    """Predictions between the targets vouch for no others."""
    assert ends_of([trial([0, 5], [1, 2], [3, 4]), trial([3, 4], [3.5, 3.1], [0, 5])]) == [Limits(0.0, 5.0)]


def test_outputs_are_held_one_by_one_and_weights_count():
    """One output is right to go beyond and the other is not; what has no weight has no say."""
    learned, true = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[2.0, 0.5], [0.2, 0.2]])
    predicted = np.array([[2.0, 2.0], [0.2, 0.2]])
    assert ends_of([Trial(learned, predicted, true)]) == [Limits(), Limits(0.0, 1.0)]
    assert ends_of([trial([0, 1], [2, 9], [2, 1], [1, 0])]) == [Limits()]
    assert ends_of([trial([0, 1], [2, 9], [2, 1], [1, 1])]) == [Limits(0.0, 2.0)]


@given(st.lists(st.floats(-9, 9), min_size=4, max_size=12), st.floats(0.1, 5))
def test_ends_move_with_the_units(numbers, scale):
    """In other units the same predictions are held at the same targets."""
    half = len(numbers) // 2

    def ends(by):
        given = np.array(numbers) * by
        return ends_of([trial(given[:half], 2 * given[half:], given[half:])])[0]

    for one, other in zip(ends(1.0), ends(scale), strict=True):
        assert one * scale == pytest.approx(other)


def few(noise):
    """Make 60 sequences, and a target that their last step tells, under noise."""
    random = np.random.default_rng(0)
    X = random.uniform(size=(60, 5, 2))
    return X, 7 * X[:, -1, 0] + 3 * X[:, :, 1].mean(axis=1) + noise * random.normal(size=60)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(1.99713e-06, 125.0), "at least 0 and at most 125"),
        (Limits(-3e-08, 1.00000002), "at least 0 and at most 1"),
        (Limits(-0.25, 1e-9), "at least -0.25 and at most 0"),
        (Limits(2e-06), "at least 2e-06"),
        (Limits(0.0, INF), "at least 0"),
        (Limits(), ""),
    ],
)
def test_ends_are_told_without_the_rounding_of_their_arithmetic(limits, told):
    """An end that is 0 beside one of 125 is told as 0, although it went through numbers of seven digits."""
    assert str(limits.as_read()) == told


def test_a_target_that_begins_at_zero_is_said_to():
    """`evaluate` tells the range of the training targets as they are."""
    X, y = few(2.0)
    y = 40 * (y - y.min())
    model = LSTMRegressor(units=(4,), epochs=1, random_state=0).fit(X, y)
    (held,) = model.held_between_
    assert 0 < abs(held.lowest) < 1e-4
    assert "at least 0 and at most" in str(evaluate(model, X, y))


def test_a_model_of_few_noisy_sequences_predicts_nothing_beyond_its_targets():
    """It says so, in its attribute, in `evaluate` and where inputs lie outside; intervals go further."""
    X, y = few(2.0)
    model = LSTMRegressor(units=(4,), epochs=3, random_state=0).fit(X, y)
    assert model.held_between_ == (pytest.approx((y.min(), y.max()), rel=1e-6),)
    assert model.target_limits_ == (Limits(),)
    with pytest.warns(OutOfRangeWarning, match="held within the range of the training targets"):
        far = model.predict(X + 9)
    assert far.max() == pytest.approx(y.max(), rel=1e-6)
    with pytest.warns(OutOfRangeWarning):
        assert (model.predict_interval(X + 9, coverage=0.9).upper > y.max()).all()
    assert "No held-out data vouched for what lies beyond" in str(evaluate(model, X, y))


def test_a_model_of_a_clear_trend_goes_on():
    """Where held-out sequences were predicted beyond what was learned from, and rightly, nothing is held."""
    X, y = few(0.0)
    model = LSTMRegressor(units=(4,), epochs=3, random_state=0).fit(X, y)
    assert model.held_between_ == (Limits(),)
    with pytest.warns(OutOfRangeWarning, match="go on along a straight line"):
        far = model.predict(X + 9)
    np.testing.assert_allclose(far, y + 90, rtol=0.02)


@pytest.mark.parametrize("chosen", [None, (None, 100.0)])
def test_a_range_that_a_user_gives_is_all_that_holds(chosen):
    """None holds nothing, and limits hold at the limits."""
    X, y = few(2.0)
    model = LSTMRegressor(units=(4,), epochs=1, target_range=chosen, random_state=0).fit(X, y)
    assert model.held_between_ == (Limits(),)


def test_networks_that_hold_out_only_a_part_of_all_hold_nothing():
    """Three of five fifths may leave out the largest target, and then nobody knows how it would have been predicted."""
    X, y = few(2.0)
    model = LSTMRegressor(units=(4,), epochs=1, n_members=3, random_state=0).fit(X, y)
    assert len(model.histories_) == 3
    assert model.held_between_ == (Limits(),)


def test_a_series_is_held_by_nothing_and_has_finite_bounds():
    """It goes on to where it has not been; all its stretches together say how far errors reach."""
    values = np.sin(np.arange(70.0)) + 0.1 * np.random.default_rng(0).normal(size=70)
    windows = make_windows(pl.DataFrame({"x": values}), target="x", length=3)
    model = LSTMRegressor(units=(4,), epochs=1, random_state=0).fit(windows)
    assert len(model.histories_) == 5
    assert model.held_out_.n == len(windows)
    assert model.held_between_ == (Limits(),)
    assert np.isfinite(model.predict_interval(windows, 0.9).upper).all()


def test_more_data_let_go_of_what_was_held():
    """Targets of `partial_fit` may lie anywhere."""
    X, y = few(2.0)
    model = LSTMRegressor(units=(4,), epochs=1, random_state=0).fit(X, y)
    assert model.held_between_ != (Limits(),)
    assert model.partial_fit(X, y + 100).held_between_ == (Limits(),)
