import copy
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from unflat.errors import (
    AllMissingError,
    ConfigurationError,
    ConstantColumnWarning,
    ConstantTargetError,
    CorruptArtifactError,
    DivergedWarning,
    FlatPredictionWarning,
    InputError,
    InputTypeError,
    InterruptedWarning,
    LoneValueWarning,
    MissingValuesWarning,
    NonFiniteError,
    NoSkillWarning,
    ScaleDomainError,
    ShapeError,
    TooFewSamplesError,
)
from unflat.estimator import LSTMRegressor, load
from unflat.saving.artifact import read_artifact, write_artifact
from unflat.training.callbacks import Callback
from unflat.windows import apply_schema, make_windows


def small(**parameters):
    """Make an estimator of one network, that trains in a fraction of a second."""
    given = {"units": (6,), "epochs": 25, "learning_rate": 2e-2, "n_members": 1, "random_state": 0}
    return LSTMRegressor(**given | parameters)


class TestInputs:
    """Sequences in every form that a user has them in."""

    def test_raw_units_in_raw_units_out(self, waves):
        """A target around 4000 is predicted in its own units from inputs around 1000, far better than by its mean."""
        X, y = waves
        model = small().fit(X, y)
        prediction = model.predict(X)
        assert prediction.shape == (120,)
        assert prediction.dtype == np.float64
        assert np.abs(prediction - y).mean() < 0.2 * np.abs(y - y.mean()).mean()
        assert model.held_out_.spread == pytest.approx(1, abs=0.1)
        assert model.score(X, y) > 0.95

    def test_two_axes_are_one_feature(self, waves):
        """(n, T) and (n, T, 1) are the same sequences."""
        X, y = waves
        flat, deep = small().fit(X[:, :, 0], y), small().fit(X[:, :, :1], y)
        np.testing.assert_array_equal(flat.predict(X[:, :, 0]), deep.predict(X[:, :, :1]))

    def test_arrays_tensors_and_lists_are_the_same(self, waves):
        """NumPy arrays, torch tensors, lists of arrays and nested lists give the same bits."""
        X, y = waves
        expected = small(epochs=2).fit(X, y).predict(X)
        for form in (torch.from_numpy(X), list(X), X.tolist()):
            np.testing.assert_array_equal(small(epochs=2).fit(form, y).predict(form), expected)

    def test_unequal_lengths(self, waves):
        """Sequences of unequal length are learned, and each predicts alone what it predicts among others."""
        X, y = waves
        ragged = [x[i % 4 :] for i, x in enumerate(X)]
        model = small().fit(ragged, y)
        together = model.predict(ragged)
        alone = np.concatenate([model.predict([x]) for x in ragged])
        np.testing.assert_allclose(together, alone, atol=1e-5 * y.std())
        assert model.held_out_.r2 > 0.8

    @pytest.mark.parametrize("readout", ["last", "mean", "max", "attention"])
    @pytest.mark.parametrize("bidirectional", [False, True])
    def test_padding_changes_nothing(self, waves, readout, bidirectional):
        """Rows of NaN before or after a sequence in an array are padding: fit and predictions are the unpadded ones."""
        X, y = waves
        ragged = [x[i % 4 :] for i, x in enumerate(X)]
        padded = np.full((len(X), 12, 2), np.nan)
        for row, sequence in zip(padded, ragged, strict=True):
            row[2 : 2 + len(sequence)] = sequence
        parameters = {"readout": readout, "bidirectional": bidirectional, "epochs": 3, "dropout": 0.1}
        one, other = small(**parameters).fit(ragged, y), small(**parameters).fit(padded, y)
        np.testing.assert_allclose(other.predict(padded), one.predict(ragged), atol=1e-5 * y.std())

    def test_missing_values_get_an_indicator(self, waves):
        """A column with gaps is learned with an indicator of them, and one without has none."""
        X, y = waves
        X = X.copy()
        X[np.random.default_rng(1).random(X.shape[:2]) < 0.1, 0] = np.nan
        model = small(epochs=40).fit(X, y)
        assert model.predictor_.inputs.width == 3
        assert np.isfinite(model.predict(X)).all()
        assert model.score(X, y) > 0.5

    def test_missing_only_when_predicting_is_warned_of(self, waves):
        """A gap in a feature that was complete in training is read as its center, and said."""
        X, y = waves
        model = small(epochs=2).fit(X, y)
        X = X[:3].copy()
        X[0, 4, 1] = np.nan
        with pytest.warns(MissingValuesWarning, match=r"none in training: 1\."):
            assert np.isfinite(model.predict(X)).all()

    def test_several_outputs_in_units_of_their_own(self, waves):
        """Two targets of unlike scale are both learned, and come back in the shape they had."""
        X, y = waves
        targets = np.column_stack([y, 1e-6 * X[:, :, 1].mean(axis=1)])
        model = small().fit(X, targets)
        assert model.predict(X).shape == (120, 2)
        assert all(scores.r2 > 0.8 for scores in model.held_out_.outputs)

    def test_column_of_targets_stays_a_column(self, waves):
        """A target of shape (n, 1) is predicted in that shape, with the numbers of shape (n,)."""
        X, y = waves
        column = small(epochs=2).fit(X, y[:, None]).predict(X)
        assert column.shape == (120, 1)
        np.testing.assert_array_equal(column[:, 0], small(epochs=2).fit(X, y).predict(X))

    @pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
    def test_windows_of_frames(self, frame):
        """Windows of a pandas or polars table are fitted with their own targets, and the table itself predicted for."""
        time = np.arange(300)
        table = frame({"level": 50 + 10 * np.sin(time / 5), "noise": np.random.default_rng(0).normal(size=300)})
        windows = make_windows(table, target="level", length=12, horizon=2)
        model = small().fit(windows)
        assert model.held_out_.skills["last value"][0] > 0.5
        assert model.target_names_ == ("level",)
        assert len(model.predict(table)) == 300 - 12 + 1
        np.testing.assert_allclose(model.predict(table)[: len(windows)], model.predict(windows), atol=1e-4)

    def test_other_windows_are_refused(self):
        """Windows with other features than those fitted are refused with the way to cut them."""
        table = pl.DataFrame({"a": np.arange(80.0) % 7, "b": np.arange(80.0) % 5})
        model = small(epochs=1).fit(make_windows(table, target="a", length=5))
        other = make_windows(table, target="a", length=5, features=["a"])
        with pytest.raises(InputError, match=r"apply_schema\(table, schema\).* or pass predict the table itself"):
            model.predict(other)

    def test_other_categories_are_refused_wherever_windows_are_given(self):
        """The same columns with codes that mean something else neither validate, nor teach, nor calibrate."""
        city = np.array(["a", "b", "c"])[np.arange(90) // 30]
        table = pl.DataFrame({"y": np.sin(np.arange(90.0)), "city": city})
        windows = make_windows(table, target="y", length=4)
        other = make_windows(table.filter(pl.col("city") != "a"), target="y", length=4)
        message = "received windows with the features y, city, and other categories of 'city'.*apply_schema"
        with pytest.raises(InputError, match=f"The validation windows: .*{message}"):
            small(epochs=1).fit(windows, validation=other)
        model = small(epochs=1, validation_fraction=0).fit(windows)
        for wanted in (model.partial_fit, model.calibrate):
            with pytest.raises(InputError, match=f"The windows: .*{message}"):
                wanted(other)
            wanted(apply_schema(table, windows.schema, targets=True))

    def test_weights_count(self, waves):
        """Sequences of weight zero do not teach: with their targets spoilt the others are still learned."""
        X, y = waves
        spoilt = y.copy()
        spoilt[::2] = y[::2][::-1]
        weights = np.ones(len(y))
        weights[::2] = 0
        clean = small(epochs=60, validation_fraction=0).fit(X, spoilt, sample_weight=weights)
        mixed = small(epochs=60, validation_fraction=0).fit(X, spoilt)
        assert clean.score(X[1::2], y[1::2]) > mixed.score(X[1::2], y[1::2]) + 0.1

    @pytest.mark.parametrize("parameters", [{}, {"n_members": "auto"}, {"scale_target": "robust"}])
    def test_a_sequence_of_weight_zero_is_left_out(self, waves, parameters):
        """Whatever it holds, in no scale, no loss and no choice: the fit is, bit for bit, that without it."""
        X, y = waves
        weights, wrong = np.where(np.arange(120) % 10 == 9, 0.0, 1.5), y.copy()
        wrong[weights == 0] *= -1e6
        model = small(epochs=3, **parameters).fit(X, wrong, sample_weight=weights)
        kept = weights > 0
        expected = small(epochs=3, **parameters).fit(X[kept], y[kept], sample_weight=weights[kept])
        np.testing.assert_array_equal(model.predict(X), expected.predict(X))
        assert model.held_out_.n == expected.held_out_.n

    def test_the_end_of_a_series_may_have_no_weight(self):
        """What is held out of overlapping windows are the last that count."""
        values = np.sin(np.arange(160) / 5.0)
        X = np.lib.stride_tricks.sliding_window_view(values, 10)[:-1]
        weights = np.where(np.arange(150) < 110, 1.0, 0.0)
        model = small(epochs=2).fit(X, values[10:], sample_weight=weights)
        assert model.held_out_.n == 11
        assert np.isfinite(model.predict(X)).all()

    def test_groups_are_held_out_whole(self, waves):
        """No group is in both parts: the validation part is made of whole groups."""
        X, y = waves
        groups = np.repeat(np.arange(12), 10)
        X = X + groups[:, None, None] * 1e-6
        seen = Lengths()
        model = small(epochs=1, callbacks=[seen], validation_fraction=0.2).fit(X, y, groups=groups)
        assert seen.sequences == 100
        assert model.held_out_.n == 20

    def test_given_validation_data_is_what_is_held_out(self, waves):
        """With validation data given, all of X is trained on, and the assessment is of the given data."""
        X, y = waves
        seen = Lengths()
        model = small(callbacks=[seen]).fit(X[:100], y[:100], validation=(X[100:], y[100:]))
        assert seen.sequences == 100
        assert model.held_out_.n == 20
        residual = y[100:] - model.predict(X[100:])
        assert model.held_out_.mse == pytest.approx(np.mean(residual**2))


class Lengths(Callback):
    """Notes how many sequences are trained on."""

    def on_start(self, plan):
        self.sequences = plan.sequences


class TestScales:
    """Units do not matter."""

    @pytest.mark.parametrize(("scale", "offset"), [(1, 1.7e9), (1e-12, 0), (1e30, 0), (1e-12, 1e-6), (1e3, -1e6)])
    def test_any_units_train_as_well_as_standardized_ones(self, waves, scale, offset):
        """Inputs and targets in extreme units give the predictions of their standardized twins, up to rounding."""
        X, y = waves
        X, y = (X - X.mean()) / X.std(), (y - y.mean()) / y.std()
        twin = small().fit(X, y)
        model = small().fit(X * scale + offset, y * scale + offset)
        prediction = (model.predict(X * scale + offset) - offset) / scale
        np.testing.assert_allclose(prediction, twin.predict(X), atol=2e-3)

    @pytest.mark.parametrize("scale_inputs", ["standard", "robust", "minmax"])
    @pytest.mark.parametrize("scale_target", ["standard", "robust", "minmax", "log"])
    def test_every_scale_learns(self, waves, scale_inputs, scale_target):
        """Each pair of scales reaches a good fit in raw units."""
        X, y = waves
        model = small(scale_inputs=scale_inputs, scale_target=scale_target, epochs=60).fit(X, y)
        assert model.score(X, y) > 0.8

    def test_no_scale_on_the_target_goes_flat(self, waves):
        """Without a scale, a skip, or time, the fault that this package is about appears, and is called flat."""
        X, y = waves
        with pytest.warns(FlatPredictionWarning, match=r"are flat: on 12 held-out .* unflat\.diagnose\(model, X, y\)"):
            small(scale_target="none", skip=False, learning_rate=5e-4, schedule="constant").fit(X, y)

    def test_statistics_come_from_training_rows_only(self, waves):
        """Replacing the validation part by nonsense changes no scale and no initial weight."""
        X, y = waves
        nonsense = (1e6 * X[100:] + 7, -1e9 * y[100:])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            models = [
                small(epochs=1).fit(X[:100], y[:100], validation=validation)
                for validation in ((X[100:], y[100:]), nonsense)
            ]
        for name, buffer in models[0].predictor_.inputs.state_dict().items():
            assert torch.equal(buffer, models[1].predictor_.inputs.state_dict()[name])
        for name, buffer in models[0].predictor_.target.state_dict().items():
            assert torch.equal(buffer, models[1].predictor_.target.state_dict()[name])

    def test_own_held_out_part_leaves_the_scales_alone(self, waves):
        """The sequences that fit itself holds out have no part in the scales: they are the training part's own."""
        X, y = waves
        model = small(epochs=1, validation_fraction=0.25).fit(X, y)
        held_out = np.random.RandomState(0).permutation(120)[:30]
        training = np.setdiff1d(np.arange(120), held_out)
        np.testing.assert_allclose(model.predictor_.target.center.item(), y[training].mean(), rtol=1e-14)
        np.testing.assert_allclose(
            model.predictor_.inputs.scaler.scale.numpy(), X[training].std(axis=(0, 1)), rtol=1e-12
        )


class TestNetwork:
    """What can be chosen about network and loss."""

    @pytest.mark.parametrize(
        "parameters",
        [
            {"cell": "gru"},
            {"bidirectional": True},
            {"units": (4, 7)},
            {"readout": "attention"},
            {"readout": ("last", "attention")},
            {"skip": False, "epochs": 80},
            {"dropout": 0.1},
            {"precision": "bf16"},
            {"loss": "mae"},
            {"loss": "huber"},
            {"loss": "quantile"},
            {"schedule": "constant", "learning_rate": 5e-3},
        ],
        ids=str,
    )
    def test_every_choice_learns(self, waves, parameters):
        """Each cell, read-out, loss and schedule reaches a good fit."""
        X, y = waves
        assert small(**{"epochs": 40} | parameters).fit(X, y).score(X, y) > 0.8

    def test_quantile_loss_leaves_that_share_below(self, waves):
        """The 0.9 quantile lies above about nine tenths of noisy targets."""
        X, y = waves
        y = y + 100 * np.random.default_rng(0).normal(size=len(y))
        model = small(loss="quantile", quantile=0.9, epochs=60, validation_fraction=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoSkillWarning)  # a quantile is not meant to be near the mean
            model.fit(X, y)
        assert 0.8 < np.mean(y < model.predict(X)) < 0.98

    def test_effects_that_multiply_are_found_before_training(self):
        """A sum of products over 60 steps, of which no single step tells anything, is predicted at once."""
        random = np.random.default_rng(0)
        X = np.stack([random.random((400, 60)), random.random((400, 60)) < 0.1], axis=2)
        model = small(epochs=1).fit(X, X.prod(axis=2).sum(axis=1))
        assert model.predictor_.network.skip.terms.moments
        assert model.held_out_.r2 > 0.999

    def test_skip_follows_a_trend_beyond_the_training_range(self):
        """On a straight line the prediction goes on outside the range that was trained on."""
        level = np.arange(200.0)
        X = np.repeat(10 * level[:, None], 6, axis=1)
        model = small().fit(X, level)
        beyond = np.repeat(np.full((1, 1), 3000.0), 6, axis=1)
        assert model.predict(beyond)[0] == pytest.approx(300, abs=1)

    def test_auto_sizes_follow_the_number_of_sequences(self, waves):
        """Batch size and epochs left to the package are those that the docstring states."""
        X, y = waves
        seen = Lengths()
        seen.on_start = lambda plan: setattr(seen, "plan", plan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            LSTMRegressor(units=(2,), n_members=1, patience=1, callbacks=[seen], random_state=0).fit(X, y)
        assert seen.plan.sequences == 108
        assert seen.plan.steps == 4  # batches of 32, the power of two nearest to 3 * sqrt(108)
        assert seen.plan.epochs == 100  # 1,500 steps would be more epochs than the most


class TestTraining:
    """How training ends and goes on."""

    def test_same_seed_gives_the_same_bits(self, waves):
        """Equal seeds give equal predictions and another seed others, whatever the global generators did."""
        X, y = waves
        one = small(dropout=0.2).fit(X, y).predict(X)
        torch.manual_seed(99)
        np.random.seed(99)  # noqa: NPY002 - to show that it does not matter
        np.testing.assert_array_equal(small(dropout=0.2).fit(X, y).predict(X), one)
        assert not np.array_equal(small(dropout=0.2, random_state=1).fit(X, y).predict(X), one)

    def test_nothing_global_is_touched(self, waves):
        """Fit, partial_fit and predict leave the global generators of torch and NumPy as they were."""
        X, y = waves
        before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - it is to be left alone
        small(dropout=0.1, epochs=2).fit(X, y).partial_fit(X, y).predict(X)
        assert torch.equal(torch.get_rng_state(), before[0])
        np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002 - as above

    def test_inputs_are_left_alone(self, waves):
        """Neither X nor y is written to, also when they are read-only."""
        X, y = waves
        X_before, y_before = X.copy(), y.copy()
        X.flags.writeable = y.flags.writeable = False
        small(epochs=2).fit(X, y).predict(X)
        np.testing.assert_array_equal(X, X_before)
        np.testing.assert_array_equal(y, y_before)

    def test_any_batch_size_predicts_the_same(self, waves, monkeypatch):
        """Predictions of sequences one by one, in small and in large batches agree within 1e-5 of the target's std."""
        X, y = waves
        model = small().fit(X, y)
        expected = model.predict(X)
        for together in (1, 7, 64):
            parts = [model.predict(X[i : i + together]) for i in range(0, len(X), together)]
            np.testing.assert_allclose(np.concatenate(parts), expected, rtol=0, atol=1e-5 * y.std())

    def test_partial_fit_goes_on(self, waves):
        """Passes over more data improve the fit, are appended to the history, and keep the first data's scales."""
        X, y = waves
        model = small(learning_rate=5e-2).partial_fit(X[:60], y[:60])
        before, center = model.score(X, y), model.predictor_.target.center.clone()
        for _ in range(20):
            model.partial_fit(X, y)
        assert model.score(X, y) > before
        assert len(model.history_.epochs) == 21
        assert [record.epoch for record in model.history_.epochs] == list(range(1, 22))
        assert torch.equal(model.predictor_.target.center, center)

    def test_a_pass_that_diverges_does_not_spoil_the_next(self, waves):
        """It is warned of and undone, its moments too: what comes after it learns as if it had not been."""
        X, y = waves
        model, spared = (small(epochs=2).fit(X, y) for _ in range(2))
        wrong = y.copy()
        wrong[7] = 1e45
        with pytest.warns(DivergedWarning, match="The weights of epoch 0 are kept"):
            model.partial_fit(X, wrong)
        spared.histories_ = model.histories_  # the order of a pass follows from how many came before
        np.testing.assert_array_equal(model.partial_fit(X, y).predict(X), spared.partial_fit(X, y).predict(X))

    def test_partial_fit_refuses_other_shapes(self, waves):
        """More data must have the features and outputs of the first."""
        X, y = waves
        model = small(epochs=1).fit(X, y)
        with pytest.raises(ShapeError, match="2 features at each time step, as in training"):
            model.partial_fit(X[:, :, :1], y)
        with pytest.raises(ShapeError, match="1 outputs, as in training"):
            model.partial_fit(X, np.column_stack([y, y]))

    def test_interrupt_returns_a_fitted_model(self, waves):
        """Ctrl-C during training gives a model with the best weights so far, and a warning."""
        X, y = waves

        class Interrupts(Callback):
            def on_epoch(self, record):
                if record.epoch == 10:
                    raise KeyboardInterrupt

        with pytest.warns(InterruptedWarning, match=r"interrupted after 10 epochs; the weights of epoch \d+ are kept"):
            model = small(callbacks=[Interrupts()]).fit(X, y)
        assert model.history_.stopped == "interrupted"
        assert model.score(X, y) > 0.5

    def test_divergence_is_warned_of(self, waves):
        """A rate that overflows is named, and the model still predicts finite numbers: those of the ridge start."""
        X, y = waves
        with pytest.warns(DivergedWarning, match=r"diverged in epoch \d+.*Choose a lower learning_rate"):
            model = small(learning_rate=1e30, schedule="constant", clip_norm=None).fit(X, y)
        assert np.isfinite(model.predict(X)).all()

    def test_no_skill_is_warned_of(self):
        """On pure noise the model is flat or no better than the mean, and says so with the call to make."""
        random = np.random.default_rng(0)
        X, y = random.normal(size=(600, 5, 1)), random.normal(size=600)
        message = r"(flat|no better than the baseline 'mean'): on 400 held-out .*unflat\.diagnose\(model, X, y\)"
        with pytest.warns((NoSkillWarning, FlatPredictionWarning), match=message):
            small().fit(X[:200], y[:200], validation=(X[200:], y[200:]))

    def test_good_fit_is_silent(self, waves, capfd):
        """A healthy fit warns of nothing and prints nothing where there is no terminal."""
        X, y = waves
        small().fit(X, y)  # warnings are errors here
        assert capfd.readouterr() == ("", "")


class TestBadInput:
    """What cannot be used is named, with the remedy, before anything is changed."""

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
            (np.random.rand(30, 3), np.full(30, 7.5), ConstantTargetError, r"The target y0: .*7.5 in all \d+"),  # noqa: NPY002 - any numbers
            (pd.DataFrame(np.ones((5, 3))), np.arange(5.0), InputTypeError, r"a table \(pandas Dat.*make_windows"),
            ([np.ones((3, 2)), np.ones((3, 1))], [1.0, 2.0], ShapeError, r"X\[1\]: expected 2 features, as X\[0\] has"),
            ([np.ones((3, 2)), np.ones((0, 2))], [1.0, 2.0], ShapeError, r"X\[1\]: expected a sequence of shape"),
        ],
    )  # fmt: skip
    def test_unusable_data(self, X, y, kind, message):
        """Each kind of unusable data has an error class and a message that carries what was found."""
        with pytest.raises(kind, match=message):
            small().fit(X, y)

    def test_column_without_a_value(self, waves):
        """A feature that is missing throughout the training part is named by its number."""
        X, y = waves
        X = X.copy()
        X[:, :, 1] = np.nan
        with pytest.raises(AllMissingError, match=r"features in the training part: .* NaN in 1\. Leave these"):
            small().fit(X, y)

    def test_constant_columns_are_used_with_a_warning(self, waves):
        """A constant feature carries nothing: it is named, and the rest is learned."""
        X, y = waves
        X = np.concatenate([X, np.full((120, 8, 1), 0.1)], axis=2)
        with pytest.warns(ConstantColumnWarning, match=r"carry nothing: 2\."):
            model = small().fit(X, y)
        assert model.score(X, y) > 0.9

    def test_a_mistyped_target_does_not_rule_the_fit(self, waves):
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
    def test_very_short_sequences_train(self, waves, T):
        """One time step is a sequence like any other."""
        X, y = waves
        y = X[:, -1, 0] ** 2
        assert small(epochs=40).fit(X[:, -T:], y).score(X[:, -T:], y) > 0.8

    def test_two_sequences_are_enough_to_fit(self):
        """The smallest data set that has a spread at all can be fitted, without a validation part."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = small().fit(np.array([[1.0, 2.0], [3.0, 4.0]]), [0.0, 1.0])
        assert model.held_out_ is None
        assert np.isfinite(model.predict([[1.0, 2.0]])).all()

    def test_other_features_when_predicting(self, waves):
        """A prediction for another number of features than fitted is refused with both numbers."""
        X, y = waves
        model = small(epochs=1).fit(X, y)
        with pytest.raises(ShapeError, match="X has 1 features, but LSTMRegressor is expecting 2 features"):
            model.predict(X[:, :, :1])

    def test_log_of_what_is_not_positive(self, waves):
        """A logarithmic target needs positive numbers."""
        X, y = waves
        with pytest.raises(ScaleDomainError, match=r"The target y0: expected positive values for the scale 'log'"):
            small(scale_target="log").fit(X, y - y.min())

    def test_log_of_what_is_held_out_and_not_positive(self, waves):
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
        ],
    )
    def test_parameters_are_held_against_their_constraints(self, waves, name, value, constraint):
        """Every parameter outside its constraint is refused with the constraint in words and the value."""
        X, y = waves
        with pytest.raises(ConfigurationError, match=f"'{name}' of LSTMRegressor: expected {constraint}") as caught:
            small(**{name: value}).fit(X, y)
        assert caught.value.name == name

    @pytest.mark.parametrize("callbacks", [Callback, [Callback], ["early"], Callback()])
    def test_callbacks_that_cannot_look_on(self, waves, callbacks):
        """A class, a name, or a callback without a list around it is refused before anything is trained."""
        with pytest.raises(ConfigurationError, match="'callbacks' of LSTMRegressor: expected a list of objects of"):
            small(callbacks=callbacks).fit(*waves)

    def test_weights_that_cannot_be(self, waves):
        """Weights of the wrong length, negative or all zero are refused."""
        X, y = waves
        with pytest.raises(ShapeError, match=r"sample_weight: expected shape \(120,\)"):
            small().fit(X, y, sample_weight=np.ones(3))
        for weights in (-np.ones(120), np.zeros(120)):
            with pytest.raises(InputError, match="none below zero and not all zero"):
                small().fit(X, y, sample_weight=weights)

    def test_failed_fit_leaves_the_earlier_model(self, waves):
        """Bad data given to a fitted model does not cost its earlier fit."""
        X, y = waves
        model = small(epochs=2).fit(X, y)
        before = model.predict(X)
        with pytest.raises(NonFiniteError, match="inf"):
            model.fit(X * np.inf, y)
        np.testing.assert_array_equal(model.predict(X), before)

    def test_a_fit_that_breaks_off_is_none(self, waves):
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

    def test_predicting_before_fitting(self):
        """An estimator that is not fitted says so in scikit-learn's way."""
        with pytest.raises(NotFittedError, match="not fitted yet"):
            small().predict(np.ones((2, 3)))


class TestScikitLearn:
    """Use among scikit-learn's tools, on sequences with three axes."""

    def test_grid_search_and_cross_validation(self, waves):
        """Parameters are searched over and scores cross-validated."""
        X, y = waves
        search = GridSearchCV(small(epochs=5), {"units": [(3,), (4, 2)], "cell": ["lstm", "gru"]}, cv=2)
        search.fit(X, y)
        assert search.best_params_["units"] in [(3,), (4, 2)]
        assert cross_val_score(small(), X, y, cv=3).min() > 0.8

    def test_pipeline(self, waves):
        """The estimator ends a pipeline, whose steps see sequences."""
        X, _ = waves
        pipeline = make_pipeline(FunctionTransformer(np.diff, kw_args={"axis": 1}), small(epochs=40))
        target = np.diff(X, axis=1)[:, :, 0].sum(axis=1)
        assert pipeline.fit(X, target).score(X, target) > 0.9

    def test_clone_and_parameters(self):
        """A clone has equal parameters and no fit; a parameter can be set by name."""
        model = small(readout="mean")
        assert clone(model).get_params() == model.get_params()
        assert model.set_params(units=[3, 2]).units == [3, 2]

    def test_copies_and_pickles_predict_the_same(self, waves):
        """Deep copies and pickles, which other processes work with, are the same model."""
        X, y = waves
        model = small(epochs=2).fit(X, y)
        for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301 - our own bytes
            np.testing.assert_array_equal(twin.predict(X), model.predict(X))


class TestFile:
    """Save and load."""

    @pytest.mark.parametrize(
        "parameters",
        [{}, {"cell": "gru", "bidirectional": True, "readout": "attention"}, {"scale_target": "log"}, {"skip": False}],
        ids=str,
    )
    def test_loaded_model_is_the_saved_one(self, waves, tmp_path, parameters):
        """Predictions, parameters, history and assessment come back as they were, to the bit."""
        X, y = waves
        X = X.copy()
        X[0, 3, 1] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = small(epochs=3, **parameters).fit(X, y)
        model.save(tmp_path / "m.unflat")
        twin = load(tmp_path / "m.unflat")
        np.testing.assert_array_equal(twin.predict(X), model.predict(X))
        assert twin.get_params() == model.get_params()
        assert twin.history_ == model.history_
        assert twin.held_out_ == model.held_out_
        assert twin.predict(X).shape == (120,)

    def test_loaded_model_goes_on_learning(self, waves, tmp_path):
        """A loaded model can be trained further."""
        X, y = waves
        small(epochs=3, patience=None).fit(X, y).save(tmp_path / "m.unflat")
        twin = load(tmp_path / "m.unflat").partial_fit(X, y)
        assert len(twin.history_.epochs) == 4

    def test_windows_come_back(self, tmp_path):
        """A model of windows knows its columns in another process, and predicts a new table alone."""
        table = pd.DataFrame({"a": np.arange(120.0) % 7, "kind": ["x", "y", "z"] * 40})
        model = small(epochs=2).fit(make_windows(table, target="a", length=6))
        model.save(tmp_path / "m.unflat")
        table.to_csv(tmp_path / "table.csv", index=False)
        program = (
            "import sys, numpy as np; from unflat import load, read_table\n"
            "p = load(sys.argv[1]).predict(read_table(sys.argv[2])); np.save(sys.argv[3], p)"
        )
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program, tmp_path / "m.unflat", tmp_path / "table.csv", tmp_path / "p.npy"],
            check=True,
        )
        np.testing.assert_allclose(np.load(tmp_path / "p.npy"), model.predict(table), rtol=0, atol=1e-5)

    def test_altered_document_is_corrupt(self, waves, tmp_path):
        """A file from which a part is missing is called damaged, with the part's name."""
        X, y = waves
        small(epochs=1).fit(X, y).save(tmp_path / "m.unflat")
        tensors, document = read_artifact(tmp_path / "m.unflat")
        del tensors["predictor.network.head.weight"]
        write_artifact(tmp_path / "m.unflat", tensors, document)
        with pytest.raises(CorruptArtifactError, match=r"(?s)missing or altered .*head\.weight"):
            load(tmp_path / "m.unflat")
