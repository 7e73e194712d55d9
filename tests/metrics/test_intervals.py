import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_pinball_loss

from unflat.errors import (
    ConfigurationError,
    InputError,
    InputTypeError,
    NonFiniteError,
    ShapeError,
    TooFewSamplesError,
)
from unflat.metrics import IntervalScores, score_intervals


def test_scores_of_a_case_worked_by_hand():
    """Three targets, one a distance of 2 outside: at 0.8 that costs 2 / 0.2 times 2, over three."""
    (scores,) = score_intervals([1.0, 5.0, 12.0], [0.0, 4.0, 6.0], [3.0, 5.0, 10.0], 0.8)
    assert scores.asked == 0.8
    assert scores.coverage == pytest.approx(2 / 3)
    assert scores.width == pytest.approx((3 + 1 + 4) / 3)
    assert scores.score == pytest.approx((3 + 1 + 4 + 20) / 3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.5, 0.8, 0.9, 0.99]))
def test_score_is_the_sum_of_two_pinball_losses(seed, asked):
    """The interval score is 2 / alpha times the pinball losses of both bounds, as scikit-learn computes them."""
    random = np.random.default_rng(seed)
    y, weight = random.normal(size=30), random.uniform(0.1, 1, 30)
    low, high = np.sort(random.normal(size=(2, 30)), axis=0)
    alpha = 1 - asked
    losses = [
        mean_pinball_loss(y, b, alpha=q, sample_weight=weight) for b, q in ((low, alpha / 2), (high, 1 - alpha / 2))
    ]
    (scores,) = score_intervals(y, low, high, asked, weight)
    assert scores.score == pytest.approx(2 / alpha * sum(losses))


def test_each_output_has_scores_of_its_own():
    """Columns are not mixed."""
    y = np.array([[0.0, 10.0], [0.0, 30.0]])
    first, second = score_intervals(y, y - np.array([1, 5]), y + np.array([1, -1]), 0.9)
    assert (first.coverage, first.width) == (1.0, 2.0)
    assert (second.coverage, second.width) == (0.0, 4.0)


def test_weights_count_as_repetition():
    """A weight of 2 is the sample given twice."""
    y, low, high = np.array([0.0, 5.0]), np.array([-1.0, 0.0]), np.array([1.0, 1.0])
    assert score_intervals(y, low, high, 0.9, [2, 1]) == score_intervals(
        y[[0, 0, 1]], low[[0, 0, 1]], high[[0, 0, 1]], 0.9
    )


def test_a_weight_of_0_leaves_a_sample_out():
    """Be its bounds infinite."""
    y, low, high = np.zeros(2), np.array([-1.0, -math.inf]), np.array([1.0, math.inf])
    assert score_intervals(y, low, high, 0.9, [1, 0]) == score_intervals(y[:1], low[:1], high[:1], 0.9)


def test_infinite_bounds_cover_and_go_through_json():
    """An infinite interval covers, at infinite width; its scores come back from plain values."""
    (scores,) = score_intervals([1.0], [-math.inf], [math.inf], 0.9)
    assert (scores.coverage, scores.width) == (1.0, math.inf)
    assert IntervalScores.from_dict(scores.to_dict()) == scores
    assert scores.to_dict()["width"] == "inf"


def test_what_is_no_number_is_none_in_json():
    """None, as in all scores that are written; the text 'nan' of older files reads, too."""
    written = IntervalScores(0.9, 1.0, math.nan, math.nan).to_dict()
    assert written["width"] is None
    assert IntervalScores.from_dict(json.loads(json.dumps(written, allow_nan=False))).to_dict() == written
    assert math.isnan(IntervalScores.from_dict(written | {"width": "nan"}).width)


@pytest.mark.parametrize(
    ("y", "low", "high", "asked", "error", "match"),
    [
        ([1.0], [2.0], [1.0], 0.9, InputError, "bounds that cross"),
        ([1.0], [math.nan], [1.0], 0.9, InputError, "or are NaN"),
        ([1.0], [[0.0]], [1.0], 0.9, ShapeError, r"The lower bound: expected the target's shape \(1,\)"),
        ([math.inf], [0.0], [1.0], 0.9, NonFiniteError, "The target"),
        ([1.0], [0.0], [1.0], 1.0, ConfigurationError, r"'asked' .* a number in \(0, 1\)"),
        ([1.0], [0.0], [1.0], "x", ConfigurationError, r"'asked' .* a number in \(0, 1\); received 'x'"),
        ([1.0], [0.0], [1.0], None, ConfigurationError, r"'asked' .* a number in \(0, 1\); received None"),
        ([], [], [], 0.9, TooFewSamplesError, "The target: expected at least 1 samples; received 0"),
        (1.0, 0.0, 2.0, 0.9, ShapeError, r"The target: expected shape \(n,\) or \(n, k\)"),
        (["a"], [0.0], [1.0], 0.9, InputTypeError, "The target: expected real numbers"),
        ([1.0], ["a"], [1.0], 0.9, InputTypeError, "The lower bound: expected real numbers"),
        ([1.0], [0.0], [1j], 0.9, InputTypeError, "The upper bound: expected real numbers; .* complex128"),
    ],
)
def test_what_cannot_be_scored_is_refused(y, low, high, asked, *, error, match):
    """Crossed bounds, other shapes, what is no number and coverages that are none raise errors that say so."""
    with pytest.raises(error, match=match):
        score_intervals(y, low, high, asked)
