"""What the regressor refuses, and what it takes with a warning."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError

from unflat.errors import (
    AllMissingError,
    ConfigurationError,
    ConstantColumnWarning,
    ConstantTargetError,
    InputError,
    InputTypeError,
    LoneValueWarning,
    NonFiniteError,
    ScaleDomainError,
    ShapeError,
    TooFewSamplesError,
)
from unflat.training.callbacks import Callback


@pytest.mark.parametrize(
    ("X", "y", "kind", "message"),
    [
        (np.zeros(5), np.arange(5.0), ShapeError, r"X: expected an array of shape \(n, T, F\) or \(n, T\)"),
        (np.zeros((5, 2, 2, 2)), np.arange(5.0), ShapeError, "Flatten the last axes"),
        (np.zeros((0, 3)), np.zeros(0), TooFewSamplesError, "at least 1 samples; received 0"),
        (np.ones((1, 3)), np.ones(1), TooFewSamplesError, r"at least 2 samples; received 1 sample\."),
        (np.ones((5, 3)), np.arange(4.0), ShapeError, r"as many targets as sequences, 5; received shape \(4,\)"),
        (np.ones((5, 3)), None, InputError, "requires y to be passed, but the target y is None"),
        (np.ones((5, 3)), np.ones((5, 2, 2)), ShapeError, r"y: expected shape \(n,\) or \(n, n_outputs\)"),
        (np.array([["a", "b"]] * 5), np.arange(5.0), InputTypeError, "could not convert string to float: .*'a'"),
        (np.ones((5, 3)), ["x"] * 5, InputTypeError, "y: expected numbers"),
        (np.ones((5, 3)) * np.inf, np.arange(5.0), NonFiniteError, r"X: .*inf among .* the first at \(0, 0\)"),
        (np.ones((5, 3)), [1, 2, np.nan, 4, 5], NonFiniteError, r"contains NaN; y: .*1 missing, .* \(2,\)"),
        (np.ones((5, 3)), [1, 2, np.inf, 4, 5], NonFiniteError, "contains infinity"),
        (np.full((5, 3), np.nan), np.arange(5.0), AllMissingError, "The sequences of X.*nothing but NaN in 0, 1"),
        (np.random.rand(30, 3), np.full(30, 7.5), ConstantTargetError, r"The target y: .*7.5 in all \d+"),  # noqa: NPY002 - any numbers
        (pd.DataFrame(np.ones((5, 3))), np.arange(5.0), InputTypeError, r"a table \(pandas Dat.*make_windows"),
        ([np.ones((3, 2)), np.ones((3, 1))], [1.0, 2.0], ShapeError, r"X\[1\]: expected 2 features, as X\[0\] has"),
        ([np.ones((3, 2)), np.ones((0, 2))], [1.0, 2.0], ShapeError, r"X\[1\]: expected a sequence of shape"),
    ],
)  # fmt: skip
def test_unusable_data(small, X, y, kind, message):
    """Each kind of unusable data has an error class and a message that carries what was found."""
    with pytest.raises(kind, match=message):
        small().fit(X, y)


def test_column_without_a_value(small, waves):
    """A feature that is missing throughout the training part is named by its number."""
    X, y = waves
    X = X.copy()
    X[:, :, 1] = np.nan
    with pytest.raises(AllMissingError, match=r"features in the training part: .* NaN in 1\. Leave these"):
        small().fit(X, y)


def test_constant_columns_are_used_with_a_warning(small, waves):
    """A constant feature carries nothing: it is named, and the rest is learned."""
    X, y = waves
    X = np.concatenate([X, np.full((120, 8, 1), 0.1)], axis=2)
    with pytest.warns(ConstantColumnWarning, match=r"carry nothing: features 2\."):
        model = small().fit(X, y)
    assert model.score(X, y) > 0.9


def test_a_mistyped_target_does_not_rule_the_fit(small, waves):
    """It is named with what it counts as, and the model is about as good as without it."""
    X, y = waves
    mistyped = y.copy()
    mistyped[3] = 1e6
    with pytest.warns(LoneValueWarning, match=r"the target of sequence 3, 1e\+06, counts as"):
        model = small().fit(X, mistyped)
    assert model.score(X, y) > 0.9
    assert mistyped[3] == 1e6


@pytest.mark.filterwarnings("ignore:Each sequence has 1 time step")
@pytest.mark.parametrize("T", [1, 2])
def test_very_short_sequences_train(small, waves, T):
    """One time step is a sequence like any other."""
    X, y = waves
    y = X[:, -1, 0] ** 2
    assert small(epochs=40).fit(X[:, -T:], y).score(X[:, -T:], y) > 0.8


def test_two_sequences_are_enough_to_fit(small):
    """The smallest data set that has a spread at all can be fitted, without a validation part."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = small().fit(np.array([[1.0, 2.0], [3.0, 4.0]]), [0.0, 1.0])
    assert model.held_out_ is None
    assert np.isfinite(model.predict([[1.0, 2.0]])).all()


def test_other_features_when_predicting(small, waves):
    """A prediction for another number of features than fitted is refused with both numbers."""
    X, y = waves
    model = small(epochs=1).fit(X, y)
    with pytest.raises(ShapeError, match="X has 1 features, but LSTMRegressor is expecting 2 features"):
        model.predict(X[:, :, :1])


@pytest.mark.parametrize(
    "form", [np.asarray, np.ndarray.tolist, list, torch.from_numpy], ids=lambda form: form.__name__
)
def test_one_sequence_is_not_taken_for_as_many_as_it_has_steps(small, waves, form):
    """Given without an axis of sequences, it is refused with the way to give it, wherever predictions are asked for."""
    X, y = waves[0][:, :, :1], waves[1]
    model = small(epochs=1).fit(X, y)
    wanted = (model.predict, model.predict_interval, model.track_interval().predict)
    for predict in wanted:
        with pytest.raises(
            ShapeError, match=r"several time steps.*8 or more.*8 sequences of 1 step: give X\[None\] if"
        ):
            predict(form(X[0]))
    assert model.predict(X[0][None]).shape == (1,)
    assert model.predict(X[0][:, :, None]).shape == (8,)  # who says so, means it


def test_single_steps_are_taken_where_training_had_some(small, waves):
    """In shape (n, 1), by a model that was fitted on such, or has gone on with one."""
    X, y = waves[0][:, -1:, 0], waves[1]
    assert small(epochs=1).fit(X, y).predict(X).shape == (120,)
    model = small(epochs=1).fit(waves[0][:, :, 0], y)
    assert model.partial_fit(X[:, :, None], y).predict(X).shape == (120,)


def test_log_of_what_is_not_positive(small, waves):
    """A logarithmic target needs positive numbers."""
    X, y = waves
    with pytest.raises(ScaleDomainError, match=r"The target y: expected positive values for the scale 'log'"):
        small(scale_target="log").fit(X, y - y.min())


def test_log_of_what_is_held_out_and_not_positive(small, waves):
    """In a validation part, or in what comes later, such a target is refused like one to learn from."""
    X, y = waves
    wrong = np.where(np.arange(120) == 110, 0.0, y)
    model = small(scale_target="log", epochs=1)
    with pytest.raises(ScaleDomainError, match="received a smallest value of 0"):
        model.fit(X[:100], y[:100], validation=(X[100:], wrong[100:]))
    model.fit(X, y)
    for wanted in (model.partial_fit, model.calibrate):
        with pytest.raises(ScaleDomainError, match="received a smallest value of 0"):
            wanted(X, wrong)


@pytest.mark.parametrize(
    ("name", "value", "constraint"),
    [
        ("cell", "rnn", "one of 'lstm', 'gru'"),
        ("units", (), "one or more, each a whole number of at least 1"),
        ("units", (5, 0), "one or more, each a whole number of at least 1"),
        ("units", 50, r"a tuple of whole numbers, such as \(50, 100\), or \(50,\) for one layer; received 50"),
        ("readout", 3, "a tuple of names"),
        ("dropout", 1.0, r"a number in \[0, 1\)"),
        ("readout", "first", "one or more, each one of 'last', 'mean', 'max', 'attention'"),
        ("loss", "rmse", "one of 'mse', 'mae', 'huber', 'quantile'"),
        ("quantile", 1.0, r"a number in \(0, 1\)"),
        ("epochs", 0, "a whole number of at least 1"),
        ("batch_size", 2.5, "a whole number of at least 1"),
        ("learning_rate", 0, r"a number in \(0, inf\)"),
        ("patience", 0, "a whole number of at least 1 or None"),
        ("scale_inputs", "log", "one of 'standard', 'robust', 'minmax', 'none'"),
        ("scale_target", "sqrt", "one of 'standard', 'robust', 'minmax', 'log', 'none'"),
        ("precision", "fp16", "one of 'fp32', 'bf16'"),
        ("device", "tpu", "'auto' or a device of this machine"),
        ("validation_fraction", 1.0, r"'auto', or a number in \[0, 1\)"),
        ("target_range", np.array([0, 1]), r"'auto', or a pair of numbers \(low, high\)"),
        ("target_range", [0, None, 1], r"'auto', or a pair of numbers \(low, high\)"),
        ("input_noise", -1, r"'auto', or a number in \[0, inf\); received -1"),
        ("input_noise", None, r"'auto', or a number in \[0, inf\); received None"),
        ("progress", "never", "'auto', True or False; received 'never'"),
        ("progress", None, "'auto', True or False; received None"),
    ],
)
def test_parameters_are_held_against_their_constraints(small, waves, name, value, constraint):
    """Every parameter outside its constraint is refused with the constraint in words and the value."""
    X, y = waves
    with pytest.raises(ConfigurationError, match=f"'{name}' of LSTMRegressor: expected {constraint}") as caught:
        small(**{name: value}).fit(X, y)
    assert caught.value.name == name


@pytest.mark.parametrize("callbacks", [Callback, [Callback], ["early"], Callback()])
def test_callbacks_that_cannot_look_on(small, waves, callbacks):
    """A class, a name, or a callback without a list around it is refused before anything is trained."""
    with pytest.raises(ConfigurationError, match="'callbacks' of LSTMRegressor: expected a list of objects of"):
        small(callbacks=callbacks).fit(*waves)


def test_weights_that_cannot_be(small, waves):
    """Weights of the wrong length, negative or all zero are refused."""
    X, y = waves
    with pytest.raises(ShapeError, match=r"sample_weight: expected shape \(120,\)"):
        small().fit(X, y, sample_weight=np.ones(3))
    for weights in (-np.ones(120), np.zeros(120)):
        with pytest.raises(InputError, match="none below zero and not all zero"):
            small().fit(X, y, sample_weight=weights)


def test_failed_fit_leaves_the_earlier_model(small, waves):
    """Bad data given to a fitted model does not cost its earlier fit."""
    X, y = waves
    model = small(epochs=2).fit(X, y)
    before = model.predict(X)
    with pytest.raises(NonFiniteError, match="inf"):
        model.fit(X * np.inf, y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_fit_that_breaks_off_is_none(small, waves):
    """An error in training, as in a callback, leaves an estimator as it was: not fitted, or fitted as before."""
    X, y = waves

    class Breaks(Callback):
        def on_epoch(self, record):
            raise RuntimeError("broken")

    model = small(epochs=2, callbacks=[Breaks()])
    with pytest.raises(RuntimeError, match="broken"):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    before = model.set_params(callbacks=()).fit(X, y).predict(X)
    with pytest.raises(RuntimeError, match="broken"):
        model.set_params(callbacks=[Breaks()]).fit(X, 1e3 * y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_predicting_before_fitting(small):
    """An estimator that is not fitted says so in scikit-learn's way."""
    with pytest.raises(NotFittedError, match="not fitted yet"):
        small().predict(np.ones((2, 3)))
