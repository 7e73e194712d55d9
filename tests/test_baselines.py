"""Baselines against closed forms and scikit-learn, on data whose numbers are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from unflat.baselines import LAST_VALUE, MEAN, NO_PAST, NO_TRAINING, RIDGE, SEASONAL_VALUE, Baselines, design, ridge
from unflat.baselines.leave_one_out import fit_ridge
from unflat.errors import ConfigurationError, InputError, NonFiniteError, ShapeError, TooFewSamplesError
from unflat.metrics import r2
from unflat.sequences import PastTarget, Sequences, as_sequences

nan = np.nan


def windows(rows, length, horizon=1, stride=1, **names):
    """Cut overlapping windows from one series, with the first column at the horizon as target."""
    starts = np.arange(0, len(rows) - length - horizon + 1, stride)
    sequences = Sequences(rows, starts, np.broadcast_to(np.int64(length), starts.shape), **names)
    return sequences, rows[starts + length - 1 + horizon, :1].astype(np.float64)


def noise(*shape, seed=0):
    """Draw standard normal numbers."""
    return np.random.default_rng(seed).normal(size=shape)


def test_mean_is_that_of_the_training_targets():
    """The mean of each output is repeated for whatever sequences there are."""
    fitted = Baselines.fit(as_sequences(noise(3, 2, 1)), np.array([[1.0, 10.0], [2.0, 20.0], [6.0, 0.0]]))
    assert fitted.predict(as_sequences(noise(2, 2, 1)))[MEAN].tolist() == [[3.0, 10.0], [3.0, 10.0]]
    assert fitted.n_outputs == 2


def test_mean_is_weighted():
    """Weights count as repetitions, 0 as absence."""
    fitted = Baselines.fit(as_sequences(noise(3, 2, 1)), np.array([[1.0], [5.0], [99.0]]), None, [3.0, 1.0, 0.0])
    assert fitted.mean.tolist() == [2.0]


def test_last_value_is_that_of_the_last_row():
    """Each output's last value comes from its own column."""
    X = np.arange(24.0).reshape(4, 2, 3)
    fitted = Baselines.fit(as_sequences(X), np.zeros((4, 2)), PastTarget((2, 0), horizon=1))
    assert fitted.predict(as_sequences(X))[LAST_VALUE].tolist() == X[:, -1, [2, 0]].tolist()


def test_last_value_of_a_gap_is_the_last_one_before_it():
    """A missing last value is that of an earlier row of the same sequence, or else the training mean."""
    column = np.array([1.0, 2.0, nan, nan, nan, nan, 7.0, 8.0, 9.0])
    rows = np.column_stack([column, np.arange(9.0)])
    sequences = Sequences(rows, np.array([0, 3, 6]), np.array([3, 3, 3]))
    fitted = Baselines.fit(sequences, np.array([[4.0], [5.0], [9.0]]), PastTarget((0,), horizon=1))
    assert fitted.predict(sequences)[LAST_VALUE].tolist() == [[2.0], [6.0], [9.0]]


@pytest.mark.parametrize(("horizon", "season"), [(1, 7), (6, 7), (7, 7), (8, 7), (20, 7), (1, 1), (3, 12)])
def test_seasonal_value_is_exact_on_a_periodic_series(horizon, season):
    """A series that repeats itself is predicted without error, however far the horizon."""
    rows = np.tile(noise(season), 9)[:60, None]
    sequences, y = windows(rows, length=season, horizon=horizon)
    fitted = Baselines.fit(sequences, y, PastTarget((0,), horizon, season))
    assert fitted.predict(sequences)[SEASONAL_VALUE].tolist() == y.tolist()


def test_each_output_repeats_the_past_of_its_own_horizon():
    """With several horizons, the seasonal value of each is the one that its own horizon alone would give."""
    rows = np.column_stack([noise(60), noise(60, 1)[:, 0] + 5])
    sequences, y = windows(rows, length=9, horizon=6)
    past = PastTarget((0, 0, 1), (1, 6, 6), season=4)
    targets = np.column_stack([y[:, :1], y[:, :1], y[:, :1]])
    together = Baselines.fit(sequences, targets, past).predict(sequences)
    for output, (column, horizon) in enumerate(zip(past.columns, past.horizons, strict=True)):
        alone = Baselines.fit(sequences, y[:, :1], PastTarget((column,), horizon, season=4)).predict(sequences)
        for name in (LAST_VALUE, SEASONAL_VALUE):
            np.testing.assert_array_equal(together[name][:, [output]], alone[name])
    assert (together[SEASONAL_VALUE][:, 0] != together[SEASONAL_VALUE][:, 1]).all()


def test_seasonal_value_stands_where_the_formula_says():
    """At horizon 3 with a season of 5 the value is 2 rows before the last one; a gap there looks further back."""
    column = np.array([10.0, 11.0, 12.0, 13.0, 14.0, 20.0, nan, nan, 23.0, 24.0])
    sequences = Sequences(column[:, None], np.array([0, 5]), np.array([5, 5]))
    fitted = Baselines.fit(sequences, np.zeros((2, 1)), PastTarget((0,), horizon=3, season=5))
    assert fitted.predict(sequences)[SEASONAL_VALUE].tolist() == [[12.0], [20.0]]


def test_reasons_say_why_baselines_do_not_apply():
    """Without the target's past, a season, or enough rows or samples, the reason is in plain words."""
    X, y = as_sequences(noise(9, 4, 1)), noise(9, 1)
    assert Baselines.fit(X, y).reasons == {LAST_VALUE: NO_PAST, SEASONAL_VALUE: NO_PAST}
    assert Baselines.fit(X, y, PastTarget((0,), 1)).reasons == {SEASONAL_VALUE: "no season is known"}
    too_long = Baselines.fit(X, y, PastTarget((0,), 1, season=6))
    assert too_long.reasons == {SEASONAL_VALUE: "sequences of 4 rows do not reach back a season of 6"}
    assert set(too_long.predict(X)) == {MEAN, LAST_VALUE, RIDGE}
    alone = Baselines.fit(X.take(np.array([0])), y[:1], PastTarget((0,), 4, season=4))
    assert alone.reasons == {RIDGE: "it needs at least 2 training samples"}
    assert repr(alone) == "Baselines(mean, last value, seasonal value)"


def test_what_applies_depends_on_the_sequences_at_hand():
    """Ridge on flattened windows refuses other lengths, and a season applies as soon as it is reached back to."""
    rows = noise(60, 1)
    short, y = windows(rows, 4)
    fitted = Baselines.fit(short, y, PastTarget((0,), 1, season=6))
    longer, _ = windows(rows, 6)
    assert fitted.reasons_for(longer) == {RIDGE: "it was fitted on sequences of 4 rows, and one has 6"}
    assert set(fitted.predict(longer)) == {MEAN, LAST_VALUE, SEASONAL_VALUE}


def test_baselines_without_training_use_what_is_at_hand():
    """Mean and past values need no training part; ridge does, and says so."""
    sequences, y = windows(noise(30, 1), 5)
    made = Baselines.without_training(sequences, y, PastTarget((0,), 1, season=4))
    assert made.reasons == {RIDGE: NO_TRAINING}
    fitted = Baselines.fit(sequences, y, PastTarget((0,), 1, season=4)).predict(sequences)
    for name, prediction in made.predict(sequences).items():
        assert prediction.tolist() == fitted[name].tolist()


@pytest.mark.parametrize(("n", "p"), [(200, 10), (30, 100), (50, 50)])
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_ridge_is_scikit_learns(n, p, weighted):
    """Penalties, coefficients and intercepts of each output are those of RidgeCV, on tall and wide data."""
    X = noise(n, p) + 5
    Y = X[:, :1] * [1.0, 0.0, 2.0] + noise(n, 3, seed=1) * [1.0, 1.0, 5.0] + 7
    weights = np.random.default_rng(2).uniform(0.1, 3, n) if weighted else np.ones(n)
    penalties = n * np.logspace(-6, 4, 11)
    reference = RidgeCV(alphas=penalties, alpha_per_target=True).fit(X, Y, sample_weight=weights)
    fitted = fit_ridge(X.copy(), Y, weights, penalties)
    assert fitted.penalties.tolist() == reference.alpha_.tolist()
    np.testing.assert_allclose(fitted.coefficients, reference.coef_.T, rtol=0, atol=1e-11)
    np.testing.assert_allclose(fitted.intercept, reference.intercept_, rtol=0, atol=1e-11)


def test_fit_ridge_survives_inputs_that_do_not_vary():
    """Constant inputs leave the mean as the only thing to predict."""
    fitted = fit_ridge(np.full((5, 3), 2.0), np.arange(10.0).reshape(5, 2), np.ones(5), np.array([1.0, 10.0]))
    assert fitted.coefficients.tolist() == np.zeros((3, 2)).tolist()
    assert fitted.intercept.tolist() == [4.0, 5.0]


def test_ridge_predicts_as_scikit_learn_does_on_flattened_windows():
    """On raw arrays the whole path equals standardizing each feature, flattening, and RidgeCV."""
    X = noise(150, 6, 3) * [1.0, 50.0, 1e-3] + [0.0, 1000.0, 0.0]
    y = X[:, -1, :1] + 0.02 * X[:, 0, 1:2] + noise(150, 1, seed=3)
    prediction = Baselines.fit(as_sequences(X), y).predict(as_sequences(X))[RIDGE]
    flat = ((X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))).reshape(150, -1)
    reference = RidgeCV(alphas=150 * ridge.PENALTIES).fit(flat, y[:, 0])
    np.testing.assert_allclose(prediction[:, 0], reference.predict(flat), rtol=1e-9)


def test_ridge_recovers_a_linear_rule_from_overlapping_windows():
    """A target that is a linear function of two past rows is predicted nearly without error, out of sample too."""
    rows = noise(400, 2)
    sequences, _ = windows(rows, 8)
    y = (3.0 * rows[sequences.starts + 7, :1] - 2.0 * rows[sequences.starts + 2, 1:]) + 10.0
    training, later = np.arange(300), np.arange(300, len(sequences))
    fitted = Baselines.fit(sequences.take(training), y[training])
    assert r2(y[later], fitted.predict(sequences.take(later))[RIDGE]) > 1 - 1e-8


@pytest.mark.parametrize("order", ["ascending", "shuffled"])
def test_chunks_change_nothing(monkeypatch, order):
    """Predictions made a few windows at a time are those made at once, in the order of the sequences."""
    sequences, y = windows(noise(300, 2), 5)
    if order == "shuffled":
        mixed = np.random.default_rng(5).permutation(len(sequences))
        sequences, y = sequences.take(mixed), y[mixed]
    whole = Baselines.fit(sequences, y)
    expected = whole.predict(sequences)[RIDGE]
    monkeypatch.setattr(design, "CHUNK_ELEMENTS", 64)
    np.testing.assert_allclose(whole.predict(sequences)[RIDGE], expected, rtol=1e-12)
    np.testing.assert_allclose(Baselines.fit(sequences, y).predict(sequences)[RIDGE], expected, rtol=1e-9)


def test_ridge_reads_last_and_mean_of_ragged_sequences(monkeypatch):
    """Sequences of several lengths become their last and mean step, in chunks too."""
    generator = np.random.default_rng(7)
    parts = [generator.normal(size=(generator.integers(1, 12), 2)) for _ in range(120)]
    y = np.array([[2.0 * part[-1, 0] + 5.0 * part[:, 1].mean()] for part in parts])
    sequences = as_sequences(parts)
    prediction = Baselines.fit(sequences, y).predict(sequences)[RIDGE]
    assert r2(y, prediction) > 1 - 1e-8
    monkeypatch.setattr(design, "CHUNK_ELEMENTS", 32)
    np.testing.assert_allclose(Baselines.fit(sequences, y).predict(sequences)[RIDGE], prediction, rtol=1e-9)


def test_ridge_reads_last_and_mean_of_long_windows_and_takes_any_length(monkeypatch):
    """Windows too long to flatten become last and mean, so that another length is no reason against them."""
    monkeypatch.setattr(ridge, "MOST_FLATTENED", 7)
    rows = noise(100, 2)
    sequences, y = windows(rows, 4)
    fitted = Baselines.fit(sequences, y, PastTarget((0,), 1))
    other, _ = windows(rows, 9)
    assert RIDGE not in fitted.reasons_for(other)
    assert fitted.predict(other)[RIDGE].shape == (len(other), 1)


def test_ridge_is_fitted_on_rows_drawn_evenly_from_much_data(monkeypatch):
    """With more data than may be fitted, ridge learns from a part of it that spans the whole."""
    rows = np.concatenate([noise(300, 1), noise(300, 1) + 50])
    sequences, _ = windows(rows, 3)
    y = 2.0 * rows[sequences.starts + 2]
    monkeypatch.setattr(ridge, "MOST_ELEMENTS", 3 * 40)
    seen = []
    original = ridge.fit_ridge
    monkeypatch.setattr(ridge, "fit_ridge", lambda matrix, *rest: seen.append(len(matrix)) or original(matrix, *rest))
    assert r2(y, Baselines.fit(sequences, y).predict(sequences)[RIDGE]) > 1 - 1e-6
    assert 35 <= seen[0] <= 40


def test_missing_values_are_the_columns_mean_to_ridge():
    """A NaN is worth the mean of its column, and a column without any value nothing."""
    rows = noise(200, 3)
    rows[:, 2] = nan
    sequences, y = windows(rows, 4)
    fitted = Baselines.fit(sequences, y)
    gap = sequences.rows.copy()
    gap[50, 1] = nan
    filled = sequences.rows.copy()
    filled[50, 1] = rows[:-1, 1].mean()
    with_gap = fitted.predict(Sequences(gap, sequences.starts, sequences.lengths))[RIDGE]
    np.testing.assert_allclose(
        with_gap, fitted.predict(Sequences(filled, sequences.starts, sequences.lengths))[RIDGE], rtol=1e-12
    )
    assert np.isfinite(with_gap).all()


@pytest.mark.parametrize("length", [3, 5000])
def test_codes_of_categories_are_indicators_to_ridge(length):
    """A target that depends on the category in no linear way is predicted; unseen and missing codes are harmless."""
    worth = np.array([5.0, -3.0, 40.0, 8.0])
    codes = np.random.default_rng(3).integers(0, 4, 120).astype(float)
    X = [np.column_stack([noise(length, seed=i), np.full(length, code)]) for i, code in enumerate(codes)]
    whole = as_sequences(X)
    sequences = Sequences(whole.rows, whole.starts, whole.lengths, categorical=(1,))
    y = worth[codes.astype(int)][:, None]
    fitted = Baselines.fit(sequences, y)
    assert r2(y, fitted.predict(sequences)[RIDGE]) > 1 - 1e-6
    strange = whole.rows.copy()
    strange[:length, 1], strange[length : 2 * length, 1] = 77.0, nan
    odd = fitted.predict(Sequences(strange, whole.starts, whole.lengths, categorical=(1,)))[RIDGE]
    assert np.isfinite(odd).all()
    assert odd[0] == pytest.approx(odd[1], rel=0.2)


@pytest.mark.parametrize("unit", [1e-12, 1e30, 1e150])
@pytest.mark.parametrize("level", [0.0, 1e9])
def test_ridge_survives_any_scale(unit, level):
    """Columns and targets of any magnitude, and with a level 1e9 times their deviation, are learned all the same."""
    rows = (noise(300, 1) + level) * unit
    sequences, _ = windows(rows, 4)
    y = 7 * rows[sequences.starts + 2]
    assert r2(y, Baselines.fit(sequences, y).predict(sequences)[RIDGE]) > 1 - 1e-6


def test_columns_of_all_scales_stand_beside_each_other():
    """Features of 1.7e9 ± 1, 1e-12, 1e30, a constant and one that only rounding moves do not disturb each other."""
    signal = noise(300, 3)
    constant = np.full(300, 0.1)
    rounding = 0.1 + np.tile([0.0, 1.4e-17], 150)
    rows = np.column_stack([1.7e9 + signal[:, 0], 1e-12 * signal[:, 1], 1e30 * signal[:, 2], constant, rounding])
    sequences, _ = windows(rows, 4)
    last = sequences.starts + 3
    y = signal[last].sum(axis=1, keepdims=True)
    fitted = Baselines.fit(sequences, y)
    assert r2(y, fitted.predict(sequences)[RIDGE]) > 1 - 1e-6
    moved = rows.copy()
    moved[:, 3:] = 1e30
    np.testing.assert_array_equal(
        fitted.predict(Sequences(moved, sequences.starts, sequences.lengths))[RIDGE],
        fitted.predict(sequences)[RIDGE],
    )


def test_a_constant_target_is_predicted_as_it_is():
    """A target of one value is that value to every fitted baseline."""
    fitted = Baselines.fit(as_sequences(noise(20, 3, 2)), np.full((20, 1), 0.1))
    predictions = fitted.predict(as_sequences(noise(20, 3, 2)))
    assert (predictions[MEAN] == 0.1).all()
    assert predictions[RIDGE] == pytest.approx(np.full((20, 1), 0.1))


def test_weights_are_repetitions_to_ridge():
    """Weights of 0 and 1 fit as the samples left and kept would; their common factor does not matter."""
    X, y = noise(60, 4, 2), noise(60, 1, seed=1)
    weights = np.tile([1.0, 0.0, 1.0], 20)
    kept = weights > 0
    expected = Baselines.fit(as_sequences(X[kept]), y[kept]).predict(as_sequences(X))[RIDGE]
    weighted = Baselines.fit(as_sequences(X), y, None, 250.0 * weights).predict(as_sequences(X))[RIDGE]
    np.testing.assert_allclose(weighted, expected, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_outputs_are_fitted_each_for_itself(dtype):
    """An output's predictions do not depend on which others are fitted beside it, and are float64 throughout."""
    X = noise(80, 5, 2).astype(dtype)
    y = np.column_stack([X[:, -1, 0], 1e6 * noise(80, seed=2)]).astype(np.float64)
    past = PastTarget((0, 1), 1)
    together = Baselines.fit(as_sequences(X), y, past).predict(as_sequences(X))
    for output in range(2):
        alone = Baselines.fit(as_sequences(X), y[:, [output]], PastTarget((output,), 1)).predict(as_sequences(X))
        for name, prediction in alone.items():
            np.testing.assert_allclose(together[name][:, [output]], prediction, rtol=1e-9)
            assert together[name].dtype == np.float64


@pytest.mark.parametrize("past", [None, PastTarget((1,), 2), PastTarget((1,), (2,), season=3)])
@pytest.mark.parametrize("categorical", [(), (0,)])
def test_saved_baselines_predict_the_same_bits(past, categorical):
    """Arrays and plain JSON values rebuild baselines that predict and refuse alike."""
    rows = np.column_stack([np.arange(80) % 3, noise(80)])
    sequences, y = windows(rows, 4, horizon=2, categorical=categorical)
    fitted = Baselines.fit(sequences, y, past)
    text = json.dumps(fitted.to_dict(), allow_nan=False)
    again = Baselines.from_saved(fitted.to_arrays(), json.loads(text))
    before, after = fitted.predict(sequences), again.predict(sequences)
    assert list(before) == list(after)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert (again.reasons, again.past, again.n_features) == (fitted.reasons, fitted.past, fitted.n_features)


def test_saved_baselines_without_ridge_come_back():
    """Where ridge could not be fitted, its reason survives the file."""
    made = Baselines.without_training(as_sequences(noise(3, 4, 1)), noise(3, 1))
    again = Baselines.from_saved(made.to_arrays(), made.to_dict())
    assert again.reasons_for(as_sequences(noise(3, 4, 1)))[RIDGE] == NO_TRAINING


def test_saved_ragged_ridge_takes_any_length():
    """Ridge on last and mean step is rebuilt as such."""
    sequences = as_sequences([noise(3, 1), noise(5, 1), noise(4, 1)])
    fitted = Baselines.fit(sequences, noise(3, 1))
    again = Baselines.from_saved(fitted.to_arrays(), fitted.to_dict())
    assert np.array_equal(again.predict(sequences)[RIDGE], fitted.predict(sequences)[RIDGE])


@pytest.mark.parametrize(
    ("y", "past", "weights", "error", "message"),
    [
        (noise(9), None, None, ShapeError, r"The training targets: expected shape \(9, n_outputs\)"),
        (noise(8, 1), None, None, ShapeError, r"received shape \(8, 1\)"),
        (np.full((9, 1), nan), None, None, NonFiniteError, "9 NaN or infinite"),
        (
            noise(9, 1),
            PastTarget((0, 1), 1),
            None,
            ConfigurationError,
            "a column from 0 to 1 for each of the 1 outputs",
        ),
        (noise(9, 1), PastTarget((2,), 1), None, ConfigurationError, r"'columns' of PastTarget: .* received \(2,\)"),
        (noise(9, 1), PastTarget((0,), 0), None, ConfigurationError, "'horizon' of PastTarget"),
        (
            noise(9, 1),
            PastTarget((0,), (1, 2)),
            None,
            ConfigurationError,
            "'horizon' of PastTarget: expected one, or 1",
        ),
        (noise(9, 1), PastTarget((0,), 1, season=0), None, ConfigurationError, "'season' of PastTarget"),
        (noise(9, 1), None, np.ones(8), ShapeError, "The sample weight: expected shape"),
        (noise(9, 1), None, -np.ones(9), InputError, "weights of at least 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused(y, past, weights, error, message):
    """Targets, past and weights that do not fit the sequences raise, naming what is wrong."""
    with pytest.raises(error, match=message):
        Baselines.fit(as_sequences(noise(9, 4, 2)), y, past, weights)


def test_no_sequences_are_refused():
    """Nothing can be fitted on no sequence at all."""
    none = as_sequences(noise(2, 4, 2)).take(np.array([], dtype=int))
    with pytest.raises(TooFewSamplesError, match="at least 1 samples; received 0"):
        Baselines.fit(none, np.empty((0, 1)))


def test_other_features_are_refused():
    """Sequences with other features than those of the training part raise."""
    fitted = Baselines.fit(as_sequences(noise(9, 4, 2)), noise(9, 1))
    with pytest.raises(ShapeError, match="expected 2 features, as the baselines were fitted on"):
        fitted.predict(as_sequences(noise(9, 4, 3)))
