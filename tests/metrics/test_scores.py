"""Scores against scikit-learn, closed forms and the invariances that they must have."""

from __future__ import annotations

import json
from fractions import Fraction
from math import inf, isnan, nan

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    r2_score,
    root_mean_squared_error,
)

from unflat.errors import InputError, InputTypeError, NonFiniteError, ShapeError, TooFewSamplesError
from unflat.metrics import (
    Assessment,
    assess,
    deviation,
    mae,
    mape,
    mse,
    r2,
    rmse,
    skill,
    spread,
    weighted_mean,
)

Y = np.array([3.0, 5.0, 10.0, 14.0])
P = np.array([2.0, 6.0, 13.0, 15.0])
BASELINE = np.full(4, 8.0)  # the mean of Y

SCORES = {"mse": mse, "rmse": rmse, "mae": mae, "mape": mape, "r2": r2, "spread": spread}
REFERENCES = {
    "mse": mean_squared_error,
    "rmse": root_mean_squared_error,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "r2": r2_score,
}

columns = arrays(np.float64, (7, 2), elements=st.floats(-100, 100).map(lambda value: round(value, 3)))


def random_pair(n=50, k=3, level=20.0):
    """Targets away from zero, and predictions near them."""
    generator = np.random.default_rng(4)
    y = level + generator.normal(size=(n, k)) * np.array([1.0, 2.0, 0.5])[:k]
    return y, y + generator.normal(size=(n, k)), generator.integers(0, 4, size=n).astype(float)


def test_scores_of_a_hand_worked_example():
    """Four samples whose scores can be worked out on paper come out exactly."""
    assert mse(Y, P) == 3.0
    assert rmse(Y, P) == np.sqrt(3.0)
    assert mae(Y, P) == 1.5
    assert mape(Y, P) == (pytest.approx((1 / 3 + 1 / 5 + 3 / 10 + 1 / 14) / 4),)
    assert r2(Y, P) == 1 - 3.0 / 18.5
    assert spread(Y, P) == pytest.approx(np.sqrt(27.5 / 18.5))
    assert skill(Y, P, BASELINE) == 1 - 3.0 / 18.5


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_agree_with_scikit_learn(name, weighted):
    """Each score of each output equals scikit-learn's raw value, with weights and without."""
    y, prediction, weights = random_pair()
    weights = weights if weighted else None
    expected = REFERENCES[name](y, prediction, sample_weight=weights, multioutput="raw_values")
    assert SCORES[name](y, prediction, weights) == pytest.approx(expected, rel=1e-12)


def test_spread_is_the_ratio_of_standard_deviations():
    """Spread equals numpy's ratio of standard deviations, output by output."""
    y, prediction, _ = random_pair()
    assert spread(y, prediction) == pytest.approx(prediction.std(axis=0) / y.std(axis=0), rel=1e-12)


@pytest.mark.parametrize("name", SCORES)
def test_a_weight_is_a_repetition(name):
    """A whole weight counts as the sample given that often, a weight of 0 as the sample left out."""
    y, prediction, weights = random_pair()
    repeated = np.repeat(np.arange(len(y)), weights.astype(int))
    expected = SCORES[name](y[repeated], prediction[repeated])
    assert SCORES[name](y, prediction, 7.5 * weights) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(columns, columns, st.sampled_from([1e-12, 0.3, 1e30, 1e200]), st.floats(-5, 5))
def test_spread_r2_and_skill_do_not_know_the_units(y, prediction, unit, level):
    """A change of units, value · unit + level · unit, leaves spread, R² and skill as they were."""
    assume((y.std(axis=0) > 0.1).all())
    baseline = y[::-1]
    assume((np.square(y - baseline).sum(axis=0) > 0).all())

    def changed(values):
        return (values + level) * unit

    for score in (spread, r2):
        before = score(y, prediction)
        assert score(changed(y), changed(prediction)) == pytest.approx(before, rel=1e-9, abs=1e-9)
    before = skill(y, prediction, baseline)
    assert skill(changed(y), changed(prediction), changed(baseline)) == pytest.approx(before, rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(columns, columns)
def test_skill_against_the_mean_of_the_targets_is_r2(y, prediction):
    """R² is the skill against the mean of the very targets that are scored."""
    assume((y.std(axis=0) > 0.1).all())
    mean = np.broadcast_to(y.mean(axis=0), y.shape)
    assert skill(y, prediction, mean) == pytest.approx(r2(y, prediction), rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(columns, columns)
def test_mape_is_bounded_where_it_is_defined(y, prediction):
    """Where MAPE is defined it stays below 100 times the mean error over the mean target."""
    for column, share in enumerate(mape(y, prediction)):
        bound = 100 * mae(y, prediction)[column] / max(np.abs(y[:, column]).mean(), 1e-300)
        assert share is None or share <= bound * (1 + 1e-12)


def test_mape_is_undefined_near_zero_and_says_so_for_that_output_alone():
    """A target of 1e-9 beside targets near 1 leaves MAPE undefined, in its own output only."""
    y = np.array([[1.0, 1.0], [1e-9, 2.0], [1.5, 4.0]])
    assert mape(y, y + 1.0) == (None, pytest.approx((1 + 1 / 2 + 1 / 4) / 3))
    assert mape(np.zeros(3), np.ones(3)) == (None,)


def test_mape_does_not_take_small_units_for_zero():
    """Targets that are all tiny are not near zero: the rule looks at their own scale."""
    assert mape(Y * 1e-12, P * 1e-12) == pytest.approx(mape(Y, P))


@pytest.mark.parametrize(
    ("y", "prediction", "expected"),
    [
        (1.7e9 + np.array([-1.0, 1.0, -1.0, 1.0]), 1.7e9 + np.array([-0.5, 0.5, -0.5, 0.5]), 0.5),
        (1e-12 * Y, 1e-12 * P, np.sqrt(3.0) * 1e-12),
        (1e30 * Y, 1e30 * P, np.sqrt(3.0) * 1e30),
        (1e200 * Y, 1e200 * P, np.sqrt(3.0) * 1e200),
        (1e-200 * Y, 1e-200 * P, np.sqrt(3.0) * 1e-200),
        (1e307 * Y, 1e307 * P, np.sqrt(3.0) * 1e307),
    ],
)
def test_rmse_survives_any_scale(y, prediction, expected):
    """The RMSE is right wherever a float64 can hold it, though its square overflows or vanishes."""
    assert rmse(y, prediction) == pytest.approx([expected], rel=1e-12)
    assert np.isfinite(r2(y, prediction)).all()


def test_errors_that_are_tiny_beside_the_target_are_still_scored():
    """Errors of 1e-170 beside exact predictions of 1 do not vanish when they are squared."""
    y = np.array([1.0, 1e-170, 0.0])
    assert rmse(y, [1.0, 0.0, 0.0]) == pytest.approx([1e-170 / np.sqrt(3)], rel=1e-12, abs=0.0)


def test_mse_past_the_largest_number_is_infinite_without_a_warning():
    """An MSE of 1e400 is infinity, and its root is still right."""
    assert mse([1e200, -1e200], [0.0, 0.0]) == inf
    assert rmse([1e200, -1e200], [0.0, 0.0]) == pytest.approx([1e200])


def test_moments_equal_exact_arithmetic():
    """Mean and deviation of 1.7e9 ± small steps equal those worked out with fractions."""
    values = 1.7e9 + np.array([0.0, 0.25, 1.0, 3.5, -2.0])
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / 5
    variance = sum((value - mean) ** 2 for value in exact) / 5
    ones = np.ones(5)
    assert weighted_mean(values[:, None], ones) == pytest.approx([float(mean)], rel=1e-16)
    assert deviation(values[:, None], ones) == pytest.approx([float(variance) ** 0.5], rel=1e-14)


@settings(max_examples=40, deadline=None)
@given(st.floats(-1e300, 1e300), st.integers(1, 9))
def test_a_constant_column_has_no_deviation_at_all(value, n):
    """The deviation of equal numbers is 0, not a rounding error, and their mean is that number."""
    values = np.full((n, 1), value)
    assert deviation(values, np.ones(n)) == 0.0
    assert weighted_mean(values, np.ones(n)) == value


def test_a_constant_target_has_no_spread_and_no_r2():
    """Scores that compare with the target's variation are nan where there is none."""
    y = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0]])
    prediction = y + np.array([[0.5, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert spread(y, prediction) == pytest.approx([nan, 1.0], nan_ok=True)
    assert r2(y, prediction) == pytest.approx([nan, 1.0], nan_ok=True)


def test_flat_predictions_have_no_spread():
    """Predictions of one value spread by exactly 0."""
    assert spread(Y, np.full(4, 0.1)) == 0.0


def test_skill_against_a_baseline_without_error():
    """Nothing beats a baseline without error: 0 for a model without error too, minus infinity for others."""
    assert skill(Y, Y, Y) == 0.0
    assert skill(Y, P, Y) == -inf


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_one_column_against_a_flat_array_is_refused(score):
    """The broadcast trap, (n, 1) against (n,), raises either way round."""
    with pytest.raises(
        ShapeError, match=r"The prediction: expected the target's shape \(4,\); received shape \(4, 1\)"
    ):
        score(Y, P[:, None])
    with pytest.raises(ShapeError, match=r"expected the target's shape \(4, 1\); received shape \(4,\)"):
        score(Y[:, None], P)


@pytest.mark.parametrize(
    ("y", "prediction", "weights", "error", "message"),
    [
        (Y, P[:3], None, ShapeError, r"target's shape \(4,\); received shape \(3,\)"),
        (
            Y.reshape(2, 2, 1),
            P.reshape(2, 2, 1),
            None,
            ShapeError,
            r"The target: expected shape \(n,\) or \(n, k\)",
        ),
        (1.0, 1.0, None, ShapeError, r"received shape \(\)"),
        ([], [], None, TooFewSamplesError, "at least 1 samples; received 0"),
        ([1.0, nan, inf], [1.0, 2.0, 3.0], None, NonFiniteError, r"2 NaN or infinite, the first at \(1,\)"),
        (["a", "b"], [1.0, 2.0], None, InputTypeError, "The target: expected real numbers"),
        ([1.0, 2.0], [1j, 2j], None, InputTypeError, "The prediction: expected real numbers; .* complex128"),
        (Y, P, [1.0, 2.0], ShapeError, r"The sample weight: expected shape \(4,\)"),
        (Y, P, [1.0, -2.0, 0.0, 0.0], InputError, "weights between -2 and 1"),
        (Y, P, np.zeros(4), InputError, "weights between 0 and 0"),
        (Y, P, [1.0, nan, 1.0, 1.0], NonFiniteError, "The sample weight: expected finite numbers"),
    ],
)
def test_what_cannot_be_scored_is_refused(y, prediction, weights, error, message):
    """Wrong shapes, values and weights raise an error that names the array."""
    with pytest.raises(error, match=message):
        rmse(y, prediction, weights)


def two_outputs():
    """Assess a good output and a flat one against two baselines."""
    y = np.column_stack([Y, [1.0, 2.0, 3.0, 0.0]])
    prediction = np.column_stack([P, np.full(4, 1.5)])
    baselines = {"mean": np.column_stack([BASELINE, np.full(4, 1.5)]), "ridge": y}
    return assess(y, prediction, baselines, {"last value": "its past is unknown"})


def test_assess_gathers_the_scores_of_each_output():
    """An assessment holds what the single scores say, beside each baseline's own error."""
    assessment = two_outputs()
    first, second = assessment.outputs
    assert (first.mse, first.rmse, first.mae) == (3.0, np.sqrt(3.0), 1.5)
    assert (first.mape, second.mape) == (pytest.approx(mape(Y, P)[0]), None)
    assert (first.r2, second.r2) == (1 - 3.0 / 18.5, 0.0)
    assert (first.spread, second.spread) == (spread(Y, P)[0], 0.0)
    assert first.skills == {"mean": 1 - 3.0 / 18.5, "ridge": -inf}
    assert first.baseline_rmse == {"mean": np.sqrt(18.5), "ridge": 0.0}
    assert assessment.n == 4
    assert assessment.reasons == {"last value": "its past is unknown"}


def test_scalars_of_an_assessment_hide_no_flat_output():
    """Errors are means over the outputs, spread is the least, and each output beats a baseline or does not."""
    assessment = two_outputs()
    assert assessment.mse == (3.0 + 1.25) / 2
    assert assessment.rmse == pytest.approx((np.sqrt(3.0) + np.sqrt(1.25)) / 2)
    assert assessment.mae == (1.5 + 1.0) / 2
    assert assessment.mape is None
    assert assessment.r2 == pytest.approx((1 - 3.0 / 18.5) / 2)
    assert assessment.spread == 0.0
    assert assessment.baselines == ("mean", "ridge")
    assert assessment.skills["mean"] == (1 - 3.0 / 18.5, 0.0)
    assert [scores.beats("mean") for scores in assessment.outputs] == [True, False]
    assert [scores.beats("ridge") for scores in assessment.outputs] == [False, False]
    assert assess(Y, P, {}, {}).mape == mape(Y, P)[0]


def test_a_hairbreadth_is_no_skill():
    """An MSE lower by less than a tenth of a percent does not beat a baseline."""
    y = np.array([0.0, 1.0, 0.0, 1.0])
    error = np.array([1.0, -1.0, 1.0, -1.0])
    assert not assess(y, y + 0.9999 * error, {"other": y + error}, {}).outputs[0].beats("other")
    assert assess(y, y + 0.999 * error, {"other": y + error}, {}).outputs[0].beats("other")


def test_spread_of_an_assessment_leaves_constant_targets_out():
    """An output whose target is constant has no spread, and does not spoil the least of the others."""
    y = np.column_stack([Y, np.ones(4)])
    assert assess(y, y, {}, {}).spread == 1.0
    assert isnan(assess(np.ones(4), Y, {}, {}).spread)


def test_predictions_that_are_not_finite_are_counted_and_beat_nothing():
    """NaN and infinity make their output's scores nan, and no other's."""
    y = np.column_stack([Y, Y])
    prediction = np.column_stack([[1.0, nan, inf, 2.0], P])
    assessment = assess(y, prediction, {"mean": np.column_stack([BASELINE, BASELINE])}, {})
    broken, sound = assessment.outputs
    assert broken.not_finite == 2
    assert np.isnan([broken.mse, broken.rmse, broken.mae, broken.r2, broken.spread, broken.skills["mean"]]).all()
    assert broken.mape is None
    assert (sound.not_finite, sound.mse) == (0, 3.0)
    assert isnan(assessment.spread)
    assert (broken.beats("mean"), sound.beats("mean")) == (False, True)


def test_nothing_is_scored_through_a_mask():
    """A target that is masked is missing, and so is a prediction; neither stands for what lies below the mask."""
    y, masked = np.array([1.0, 2.0, 3.0]), np.ma.masked_array([1.0, 999.0, 3.0], [False, True, False])
    with pytest.raises(NonFiniteError, match=r"The target: .* 1 NaN or infinite"):
        mse(masked, y)
    assert np.isnan(mse(y, masked)).all()
    assert mse(masked[[0, 2]], y[[0, 2]]) == 0


def test_tensors_are_scored_with_their_gradient():
    """Predictions as a network gives them need no detour."""
    y, prediction = np.array([1.0, 2.0]), torch.tensor([1.0, 4.0], requires_grad=True)
    assert mse(y, prediction) == mse(y, prediction.detach().bfloat16()) == 2


def test_samples_without_weight_are_not_there():
    """A sample of weight 0 is neither scored nor counted, whatever its prediction."""
    assessment = assess([*Y, 7.0], [*P, nan], {"mean": [*BASELINE, 1e9]}, {}, [1.0, 1.0, 1.0, 1.0, 0.0])
    assert assessment == assess(Y, P, {"mean": BASELINE}, {})


def test_assess_names_the_baseline_of_a_wrong_shape():
    """A baseline of another shape is named in the error."""
    with pytest.raises(ShapeError, match="The baseline 'ridge': expected the target's shape"):
        assess(Y, P, {"ridge": BASELINE[:, None]}, {})


@pytest.mark.parametrize("prediction", [P, [nan, 1.0, 2.0, 3.0], [1e300] * 4])
def test_an_assessment_survives_strict_json(prediction):
    """An assessment written as strict JSON, nan and infinities included, reads back the same."""
    assessment = assess(Y, prediction, {"mean": BASELINE, "perfect": Y}, {"ridge": "too few samples"})
    text = json.dumps(assessment.to_dict(), allow_nan=False)
    again = Assessment.from_dict(json.loads(text))
    assert again.to_dict() == assessment.to_dict()
    assert again.spread == pytest.approx(assessment.spread, nan_ok=True)
    assert again.outputs[0].skills == pytest.approx(assessment.outputs[0].skills, nan_ok=True)
