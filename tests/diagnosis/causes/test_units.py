from dataclasses import replace

import numpy as np
import pytest
import torch

from unflat.diagnosis.causes.units import _INVERSE_CODE, in_other_units, inverse_forgotten, predict_scale_mismatch


@pytest.fixture
def healthy(trained, net, problem):
    """Train one good network, and look at it with the data as they were, or as something was done to them."""

    def make(change=lambda X, y: (X, y), *, held_out_only=False):
        X, y = problem
        parts = ((X[:300], y[:300]), (X[300:], y[300:]))
        given = (parts[0] if held_out_only else change(*parts[0]), change(*parts[1]))
        return trained(net(), X, y, given=given, known=False)

    return make


def test_agreement_of_units_gives_no_cause(healthy):
    """Data as they were trained on are in the right units."""
    assert inverse_forgotten(healthy()) is None
    assert predict_scale_mismatch(healthy()) is None


@pytest.mark.parametrize("held_out_only", [False, True])
def test_predictions_that_were_not_brought_back_are_found(healthy, held_out_only):
    """Predictions of a standardized target beside targets in their own units of 500 a deviation."""
    examination = healthy(lambda X, y: (X, y * 500 + 1000), held_out_only=held_out_only)
    cause = inverse_forgotten(examination)
    assert cause.id == "inverse_forgotten"
    line, as_is, factor = (evidence.value for evidence in cause.evidence)
    assert line > 0.9
    assert as_is < 0
    assert factor == pytest.approx(500, rel=0.1)


def test_predictions_of_a_ranged_target_are_found(fake):
    """Predictions from 0 to 1 that run along targets from 20 to 80 were not brought back from that range."""
    y = np.linspace(20, 80, 100)
    assert inverse_forgotten(fake(y, (y - 20) / 60)) is not None
    assert inverse_forgotten(fake(y, y)) is None


def test_predictions_of_a_target_about_zero_are_found(fake):
    """Predictions from -1 to 1, as networks with tanh are given their targets."""
    y = np.linspace(20, 80, 100)
    assert inverse_forgotten(fake(y, (y - 50) / 30)) is not None


def test_whatever_the_scale_the_training_loss_tells_that_predictions_were_not_brought_back(fake):
    """Scaled by the ends of a longer series, these are a part of it: no usual scale, but errors as in training."""
    random = np.random.default_rng(0)
    y = np.linspace(20, 50, 200)
    error = 0.02 * random.normal(size=200)
    prediction = (y - 10) / 190 + error
    loss = float(np.mean(error**2))
    assert inverse_forgotten(fake(y, prediction)) is None
    assert inverse_forgotten(fake(y, prediction, losses=(0.2, 2 * loss))) is not None
    assert inverse_forgotten(fake(y, prediction, losses=(0.2, 100 * loss))) is None
    assert inverse_forgotten(fake(y, 100 * prediction, losses=(2e3, 2e4 * loss))) is None


def test_targets_about_zero_do_not_hide_that_they_were_not_brought_back(fake):
    """Where the mean is 0, a deviation of 1 in place of 35 explains a little, and a straight line all."""
    y = np.linspace(-60, 60, 100)
    examination = fake(y, y / y.std())
    assert 0 < examination.training.r2[0] < 0.1
    assert inverse_forgotten(examination) is not None


def test_training_loss_tells_half_done_training_from_other_units(fake):
    """Where training ended with the loss that is seen now, it was these targets that it saw."""
    y = np.linspace(20, 80, 100)
    prediction = (y - 50) / 20
    seen = float(np.mean((y - prediction) ** 2))
    examination = fake(y, prediction, losses=(2 * seen, seen))
    assert inverse_forgotten(examination) is None
    assert not in_other_units(examination.training, examination.losses)
    assert in_other_units(examination.training, (1.0, 0.01))


@pytest.mark.parametrize("held_out_only", [False, True])
def test_raw_inputs_to_a_model_of_scaled_ones_are_found(healthy, held_out_only):
    """Standardized again, the same sequences are predicted well."""
    examination = healthy(lambda X, y: (X * 40 + 300, y), held_out_only=held_out_only)
    cause = predict_scale_mismatch(examination)
    assert cause.id == "predict_scale_mismatch"
    explained, as_given, mean, deviation = (evidence.value for evidence in cause.evidence)
    assert explained > 0.8
    assert as_given < 0.2
    assert as_given == (examination.held_out if held_out_only else examination.training).r2.max()
    values = examination.held_out.values if held_out_only else examination.training.values
    assert mean == pytest.approx(values[..., 0].mean())
    assert deviation == pytest.approx(values[..., 0].std())


def test_the_mean_of_standardized_inputs_is_said_to_be_nought(trained, net, problem):
    """What rounding left of it is no figure to compare with."""
    X, y = problem
    X = (X - X[:300].mean((0, 1))) / X[:300].std((0, 1))
    cause = predict_scale_mismatch(trained(net(), X, y, given=((X[:300], y[:300]), (X[300:] * 50 + 1000, y[300:]))))
    assert cause.evidence[2].healthy == "near 0, as in training"


def test_inputs_a_few_deviations_off_may_be_raw(healthy):
    """Raw values of a size like the scaled ones lie so far off; where a trend goes on, targets go with it."""
    assert predict_scale_mismatch(healthy(lambda X, y: (X + 7, y), held_out_only=True)) is not None
    assert predict_scale_mismatch(healthy(lambda X, y: (X + 4, y), held_out_only=True)) is not None
    gone_on = healthy(lambda X, y: (X + 4, y + 4), held_out_only=True)
    assert gone_on.held_out.r2[0] < 0
    assert predict_scale_mismatch(gone_on) is None


def test_new_inputs_scaled_by_their_own_ends_are_found_by_these(trained, net, problem):
    """From 0 to 1 exactly runs what was brought there by its own numbers; a model that still does fairly well shows it.

    Where the same inputs end a little beside 0 and 1, nothing says that they are not what they should be.
    """
    X, y = problem
    low, high = X[300:].min((0, 1)), X[300:].max((0, 1))
    own = (X[300:] - low) / (high - low)
    cause, beside = (
        predict_scale_mismatch(trained(net(), X, y, epochs=60, given=((X[:300], y[:300]), (new, y[300:]))))
        for new in (2.5 * own / 2.5, 0.999 * own)
    )
    assert cause.id == "predict_scale_mismatch"
    assert beside is None or beside.evidence[1].value <= 0


def test_a_model_worse_than_the_mean_of_its_training_data_was_not_trained_on_them(healthy):
    """Raw inputs to a model of scaled ones are found beside a loss that is not far below the error seen here."""
    examination = healthy(lambda X, y: (X * 40 + 300, y))
    seen = float(np.mean((examination.training.y - examination.training.prediction) ** 2))
    assert examination.training.r2[0] < 0
    assert predict_scale_mismatch(replace(examination, losses=(1.0, 0.3 * seen))) is not None


def test_inputs_and_targets_both_raw_are_found(healthy):
    """Where both are raw, rescaled inputs give predictions that follow the targets in other units."""
    examination = healthy(lambda X, y: (X * 50 + 1000, y * 800 + 1400), held_out_only=True)
    assert predict_scale_mismatch(examination) is not None


@pytest.mark.parametrize("known", [True, False])
def test_a_network_that_learned_nothing_is_not_mistaken_for_one_of_other_units(trained, net, known):
    """An untrained network follows a trend as well once inputs are scaled; its predictions have no such spread."""
    line = np.linspace(0, 1000, 400)[:, None, None] + np.zeros((400, 6, 1))
    X, y = line.astype(np.float32), (line[:, 0] * 3 + 50).astype(np.float32)
    order = np.random.default_rng(0).permutation(400)
    assert predict_scale_mismatch(trained(net(features=1), X[order], y[order], epochs=2, known=known)) is None


def test_a_trend_that_goes_on_is_not_another_unit(trained, net):
    """Held-out data beyond the training range, four deviations off, are in the same units."""
    line = np.concatenate([np.linspace(-1, 1, 300), np.linspace(2, 3, 100)])
    X = (line[:, None, None] + np.zeros((400, 6, 1))).astype(np.float32)
    examination = trained(net(features=1), X, line[:, None].astype(np.float32), epochs=40)
    assert examination.held_out.r2[0] < 0
    assert predict_scale_mismatch(examination) is None
    assert inverse_forgotten(examination) is None


def test_new_inputs_are_raw_that_vary_as_raw_ones_do(trained, net, problem):
    """Raw inputs half as wide again as scaled ones might be a trend's, but they are those that are said to be raw."""
    X, y = problem

    def found(factor, raw_factor):
        given = ((X[:300], y[:300]), (X[300:] * np.float32(factor) + np.float32(factor - 1), y[300:]))
        raw = None if raw_factor is None else (X * raw_factor + raw_factor - 1, y)
        return predict_scale_mismatch(trained(net(), X, y, given=given, raw=raw))

    assert found(1.6, 1.6).id == "predict_scale_mismatch"
    assert found(1.6, None) is None
    assert found(1.6, 8.0) is None
    assert found(1.0, 1.6) is None


@pytest.mark.parametrize("by_step", [True, False])
def test_the_cure_scales_as_the_evidence_says(fake, by_step):
    """Predictions by the printed code are as good as the evidence says, of columns in units of their own too."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 4)) * ([1, 100, 10, 0.1] if by_step else 30.0) + [5, 1000, 70, -3]
    center, scale = (X.mean(axis=0), X.std(axis=0)) if by_step else (X.mean(), X.std())

    def predict(values):
        return values @ np.array([1, -1, 0.5, 1])

    y = predict((X - center) / scale)
    sequences = X[..., None]
    examination = fake(
        y, predict(X), X=sequences, framework="function", function=lambda values: predict(values[..., 0])
    )
    cause = predict_scale_mismatch(examination)
    names = {"X_train_raw": X if by_step else sequences[..., 0], "X_new": X, "predict": predict}
    exec(cause.cure.code, names)  # noqa: S102 - the code under test
    assert "brought back" not in cause.evidence[0].what
    np.testing.assert_allclose(names["prediction"], y)


def test_the_cure_brings_back_what_the_evidence_brought_back(fake):
    """Of a model that was trained on scaled targets too, the printed code gives predictions in the targets' units."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 4)) * 30 + 500
    y = 20 * (X[:, 0] - X[:, 1]) / 30 + 900

    def predict(values):
        return (values[:, 0] - values[:, 1]) * 20 / y.std()

    examination = fake(
        y, predict(X), X=X[..., None], framework="function", function=lambda values: predict(values[..., 0])
    )
    cause = predict_scale_mismatch(examination)
    names = {"X_train_raw": X[..., None], "X_new": X, "predict": predict, "y_mean": y.mean(), "y_std": y.std()}
    exec(cause.cure.code, names)  # noqa: S102 - the code under test
    assert "brought back" in cause.evidence[0].what
    assert np.corrcoef(names["prediction"], y)[0, 1] > 0.99
    assert abs(names["prediction"].mean() - y.mean()) < 0.3 * y.std()


def test_the_torch_cure_runs_on_a_module():
    """Predictions of a module take gradients along, which no array does."""
    names = {"model": torch.nn.Linear(2, 1), "X_new": torch.ones(5, 2), "std": np.array([2.0]), "mean": np.array([1.0])}
    exec(_INVERSE_CODE["torch"], names)  # noqa: S102 - the code under test
    assert names["prediction"].shape == (5, 1)
