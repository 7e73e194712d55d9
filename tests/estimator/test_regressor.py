import re
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone

from unflat.errors import (
    DivergedWarning,
    FlatPredictionWarning,
    InputError,
    InterruptedWarning,
    MissingValuesWarning,
    NoSkillWarning,
    OutOfRangeWarning,
    ShapeError,
)
from unflat.estimator import LSTMRegressor, load
from unflat.training.callbacks import Callback
from unflat.training.loop import processor_computes_bf16
from unflat.windows import apply_schema, make_windows


class TestInputs:
    """Sequences in every form that a user has them in."""

    def test_raw_units_in_raw_units_out(self, small, waves):
        """A target around 4000 is predicted in its own units from inputs around 1000, far better than by its mean."""
        X, y = waves
        model = small().fit(X, y)
        prediction = model.predict(X)
        assert prediction.shape == (120,)
        assert prediction.dtype == np.float64
        assert np.abs(prediction - y).mean() < 0.2 * np.abs(y - y.mean()).mean()
        assert model.held_out_.spread == pytest.approx(1, abs=0.1)
        assert model.score(X, y) > 0.95

    def test_two_axes_are_one_feature(self, small, waves):
        """(n, T) and (n, T, 1) are the same sequences."""
        X, y = waves
        flat, deep = small().fit(X[:, :, 0], y), small().fit(X[:, :, :1], y)
        np.testing.assert_array_equal(flat.predict(X[:, :, 0]), deep.predict(X[:, :, :1]))

    def test_arrays_tensors_and_lists_are_the_same(self, small, waves):
        """NumPy arrays, torch tensors, lists of arrays and nested lists give the same bits."""
        X, y = waves
        expected = small(epochs=2).fit(X, y).predict(X)
        for form in (torch.from_numpy(X), list(X), X.tolist()):
            np.testing.assert_array_equal(small(epochs=2).fit(form, y).predict(form), expected)

    def test_unequal_lengths(self, small, waves):
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
    def test_padding_changes_nothing(self, small, waves, readout, bidirectional):
        """Rows of NaN before or after a sequence in an array are padding: fit and predictions are the unpadded ones."""
        X, y = waves
        ragged = [x[i % 4 :] for i, x in enumerate(X)]
        padded = np.full((len(X), 12, 2), np.nan)
        for row, sequence in zip(padded, ragged, strict=True):
            row[2 : 2 + len(sequence)] = sequence
        parameters = {"readout": readout, "bidirectional": bidirectional, "epochs": 3, "dropout": 0.1}
        one, other = small(**parameters).fit(ragged, y), small(**parameters).fit(padded, y)
        np.testing.assert_allclose(other.predict(padded), one.predict(ragged), atol=1e-5 * y.std())

    def test_missing_values_get_an_indicator(self, small, waves):
        """A column with gaps is learned with an indicator of them, and one without has none."""
        X, y = waves
        X = X.copy()
        X[np.random.default_rng(1).random(X.shape[:2]) < 0.1, 0] = np.nan
        model = small(epochs=40).fit(X, y)
        assert model.predictor_.inputs.width == 3
        assert np.isfinite(model.predict(X)).all()
        assert model.score(X, y) > 0.5

    def test_missing_only_when_predicting_is_warned_of(self, small, waves):
        """A gap in a feature that was complete in training is read as its center, and said."""
        X, y = waves
        model = small(epochs=2).fit(X, y)
        X = X[:3].copy()
        X[0, 4, 1] = np.nan
        with pytest.warns(MissingValuesWarning, match=r"none in training: 1\."):
            assert np.isfinite(model.predict(X)).all()

    def test_several_outputs_in_units_of_their_own(self, small, waves):
        """Two targets of unlike scale are both learned, and come back in the shape they had."""
        X, y = waves
        targets = np.column_stack([y, 1e-6 * X[:, :, 1].mean(axis=1)])
        model = small().fit(X, targets)
        assert model.predict(X).shape == (120, 2)
        assert all(scores.r2 > 0.8 for scores in model.held_out_.outputs)

    def test_column_of_targets_stays_a_column(self, small, waves):
        """A target of shape (n, 1) is predicted in that shape, with the numbers of shape (n,)."""
        X, y = waves
        column = small(epochs=2).fit(X, y[:, None]).predict(X)
        assert column.shape == (120, 1)
        np.testing.assert_array_equal(column[:, 0], small(epochs=2).fit(X, y).predict(X))

    @pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
    def test_windows_of_frames(self, small, frame):
        """Windows of a pandas or polars table are fitted with their own targets, and the table itself predicted for."""
        time = np.arange(300)
        table = frame({"level": 50 + 10 * np.sin(time / 5), "noise": np.random.default_rng(0).normal(size=300)})
        windows = make_windows(table, target="level", length=12, horizon=2)
        model = small().fit(windows)
        assert model.held_out_.skills["last value"][0] > 0.5
        assert model.target_names_ == ("level",)
        assert len(model.predict(table)) == 300 - 12 + 1
        np.testing.assert_allclose(model.predict(table)[: len(windows)], model.predict(windows), atol=1e-4)

    def test_a_table_is_scored_and_calibrated_on_as_its_windows_are(self, small):
        """Cut as in training, with their targets; none may be given beside them."""
        table = pl.DataFrame({"level": 50 + 10 * np.sin(np.arange(300) / 5)})
        windows = make_windows(table, target="level", length=12, horizon=2)
        model = small().fit(windows)
        assert model.score(table) == model.score(windows)
        of_table, of_windows = (model.calibrate(data).predict_interval(windows, 0.8) for data in (table, windows))
        np.testing.assert_array_equal(of_table, of_windows)
        with pytest.raises(InputError, match="no y beside them"):
            model.score(table, np.zeros(3))

    def test_targets_of_another_number_of_outputs_are_not_scored(self, small, waves):
        """They are refused in words."""
        X, y = waves
        with pytest.raises(ShapeError, match="y: expected 1 outputs, as in training"):
            small(epochs=2).fit(X, y).score(X, np.column_stack([y, y]))

    def test_other_windows_are_refused(self, small):
        """Windows with other features than those fitted are refused with the way to cut them."""
        table = pl.DataFrame({"a": np.arange(80.0) % 7, "b": np.arange(80.0) % 5})
        model = small(epochs=1).fit(make_windows(table, target="a", length=5))
        other = make_windows(table, target="a", length=5, features=["a"])
        with pytest.raises(InputError, match=r"Cut them with .* or pass predict the table itself") as refused:
            model.predict(other)
        (call,) = re.findall(r"apply_schema\(.*?\)", str(refused.value))
        cut = eval(call, {"apply_schema": apply_schema, "table": table, "schema": model.schema_})  # noqa: S307 - ours
        assert len(model.predict(cut)) == len(other)

    def test_windows_are_refused_by_a_model_of_arrays(self, small, waves):
        """Their columns have names, and the model knows none: the message says how to pass them as arrays."""
        table = pl.DataFrame({"a": np.arange(80.0) % 7, "b": np.arange(80.0) % 5})
        windows = make_windows(table, target="a", length=5)
        with pytest.raises(InputError, match=r"expected arrays, as .*Pass windows\.sequences\.dense\(\)"):
            small(epochs=1).fit(*waves).predict(windows)

    def test_other_categories_are_refused_wherever_windows_are_given(self, small):
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

    def test_weights_count(self, small, waves):
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
    def test_a_sequence_of_weight_zero_is_left_out(self, small, waves, parameters):
        """Whatever it holds, in no scale, no loss and no choice: the fit is, bit for bit, that without it."""
        X, y = waves
        weights, wrong = np.where(np.arange(120) % 10 == 9, 0.0, 1.5), y.copy()
        wrong[weights == 0] *= -1e6
        model = small(epochs=3, **parameters).fit(X, wrong, sample_weight=weights)
        kept = weights > 0
        expected = small(epochs=3, **parameters).fit(X[kept], y[kept], sample_weight=weights[kept])
        np.testing.assert_array_equal(model.predict(X), expected.predict(X))
        assert model.held_out_.n == expected.held_out_.n

    def test_the_end_of_a_series_may_have_no_weight(self, small):
        """What is held out of overlapping windows are the last that count."""
        values = np.sin(np.arange(160) / 5.0)
        X = np.lib.stride_tricks.sliding_window_view(values, 10)[:-1]
        weights = np.where(np.arange(150) < 110, 1.0, 0.0)
        model = small(epochs=2).fit(X, values[10:], sample_weight=weights)
        assert model.held_out_.n == 11
        assert np.isfinite(model.predict(X)).all()

    def test_groups_are_held_out_whole(self, small, waves):
        """No group is in both parts: the validation part is made of whole groups."""
        X, y = waves
        groups = np.repeat(np.arange(12), 10)
        X = X + groups[:, None, None] * 1e-6
        seen = Lengths()
        model = small(epochs=1, callbacks=[seen], validation_fraction=0.2).fit(X, y, groups=groups)
        assert seen.sequences == 100
        assert model.held_out_.n == 20

    def test_given_validation_data_is_what_is_held_out(self, small, waves):
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
    def test_any_units_train_as_well_as_standardized_ones(self, small, waves, scale, offset):
        """Inputs and targets in extreme units give the predictions of their standardized twins, up to rounding."""
        X, y = waves
        X, y = (X - X.mean()) / X.std(), (y - y.mean()) / y.std()
        twin = small().fit(X, y)
        model = small().fit(X * scale + offset, y * scale + offset)
        prediction = (model.predict(X * scale + offset) - offset) / scale
        np.testing.assert_allclose(prediction, twin.predict(X), atol=2e-3)

    @pytest.mark.parametrize("scale_inputs", ["standard", "robust", "minmax"])
    @pytest.mark.parametrize("scale_target", ["standard", "robust", "minmax", "log"])
    def test_every_scale_learns(self, small, waves, scale_inputs, scale_target):
        """Each pair of scales reaches a good fit in raw units."""
        X, y = waves
        model = small(scale_inputs=scale_inputs, scale_target=scale_target, epochs=60).fit(X, y)
        assert model.score(X, y) > 0.8

    def test_no_scale_on_the_target_goes_flat(self, small, waves):
        """Without a scale, a skip, or time, the fault that this package is about appears, and is called flat."""
        X, y = waves
        with pytest.warns(FlatPredictionWarning, match=r"are flat: on 12 held-out .* unflat\.diagnose\(model, X, y\)"):
            small(scale_target="none", skip=False, learning_rate=5e-4, schedule="constant").fit(X, y)

    def test_statistics_come_from_training_rows_only(self, small, waves):
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

    def test_own_held_out_part_leaves_the_scales_alone(self, small, waves):
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
            pytest.param(
                {"precision": "bf16"},
                marks=pytest.mark.skipif(
                    not processor_computes_bf16(), reason="this processor computes no LSTM in bfloat16"
                ),
            ),
            {"loss": "mae"},
            {"loss": "huber"},
            {"loss": "quantile"},
            {"schedule": "constant", "learning_rate": 5e-3},
        ],
        ids=str,
    )
    def test_every_choice_learns(self, small, waves, parameters):
        """Each cell, read-out, loss and schedule reaches a good fit."""
        X, y = waves
        assert small(**{"epochs": 40} | parameters).fit(X, y).score(X, y) > 0.8

    def test_quantile_loss_leaves_that_share_below(self, small, waves):
        """The 0.9 quantile lies above about nine tenths of noisy targets."""
        X, y = waves
        y = y + 100 * np.random.default_rng(0).normal(size=len(y))
        model = small(loss="quantile", quantile=0.9, epochs=60, validation_fraction=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoSkillWarning)  # a quantile is not meant to be near the mean
            model.fit(X, y)
        assert 0.8 < np.mean(y < model.predict(X)) < 0.98

    def test_effects_that_multiply_are_found_before_training(self, small):
        """A sum of products over 60 steps, of which no single step tells anything, is predicted at once."""
        random = np.random.default_rng(0)
        X = np.stack([random.random((400, 60)), random.random((400, 60)) < 0.1], axis=2)
        model = small(epochs=1).fit(X, X.prod(axis=2).sum(axis=1))
        assert model.predictor_.network.skip.terms.moments
        assert model.held_out_.r2 > 0.999

    def test_skip_follows_a_trend_beyond_the_training_range(self, small):
        """On a straight line the prediction goes on outside the range that was trained on."""
        level = np.arange(200.0)
        X = np.repeat(10 * level[:, None], 6, axis=1)
        model = small().fit(X, level)
        beyond = np.repeat(np.full((1, 1), 3000.0), 6, axis=1)
        assert model.predict(beyond)[0] == pytest.approx(300, abs=1)
        assert model.predictor_.beyond == "straight"

    @pytest.mark.parametrize("curve", [np.square, lambda level: np.exp(3 * level)])
    @pytest.mark.parametrize("skip", [True, False])
    def test_a_curve_is_not_followed_beyond_the_training_range_in_silence(self, small, curve, skip):
        """A third of the range outside, predictions leave the curve, and a warning says so: with or without a line."""
        random = np.random.default_rng(0)
        level = random.random(300)
        model = small(skip=skip).fit(np.repeat(level[:, None], 6, axis=1), curve(level))
        beyond = np.full((1, 6), 1.35)
        with pytest.warns(OutOfRangeWarning, match="saturates there"):
            predicted = model.predict(beyond)[0]
        assert predicted < 0.95 * curve(1.35)

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

    def test_same_seed_gives_the_same_bits(self, small, waves):
        """Equal seeds give equal predictions and another seed others, whatever the global generators did."""
        X, y = waves
        one = small(dropout=0.2).fit(X, y).predict(X)
        torch.manual_seed(99)
        np.random.seed(99)  # noqa: NPY002 - to show that it does not matter
        np.testing.assert_array_equal(small(dropout=0.2).fit(X, y).predict(X), one)
        assert not np.array_equal(small(dropout=0.2, random_state=1).fit(X, y).predict(X), one)

    def test_a_generator_is_drawn_from(self, small, waves, tmp_path):
        """Equal generators give equal models, which are cloned, saved and read; the one given has moved on."""
        X, y = waves
        given = np.random.default_rng(5)
        one = small(epochs=2, random_state=given).fit(X, y)
        other = clone(small(epochs=2, random_state=np.random.default_rng(5))).fit(X, y)
        np.testing.assert_array_equal(one.predict(X), other.predict(X))
        assert given.random() != np.random.default_rng(5).random()
        one.save(tmp_path / "drawn.unflat")
        np.testing.assert_array_equal(load(tmp_path / "drawn.unflat").predict(X), one.predict(X))

    def test_nothing_global_is_touched(self, small, waves):
        """Fit, partial_fit and predict leave the global generators of torch and NumPy as they were."""
        X, y = waves
        before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - it is to be left alone
        small(dropout=0.1, epochs=2).fit(X, y).partial_fit(X, y).predict(X)
        assert torch.equal(torch.get_rng_state(), before[0])
        np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002 - as above

    @pytest.mark.parametrize(
        "default",
        [(torch.set_default_dtype, torch.float64, torch.float32), (torch.set_default_device, "meta", None)],
        ids=["precision", "device"],
    )
    def test_what_torch_makes_by_default_is_of_no_concern(self, small, waves, tmp_path, default):
        """In a program that computes in double precision, or on another device, a fit and a file give the same bits."""
        X, y = waves
        put, other, usual = default
        before = small(epochs=2).fit(X, y)
        before.save(tmp_path / "before.unflat")
        put(other)
        try:
            again, loaded = small(epochs=2).fit(X, y), load(tmp_path / "before.unflat")
            found = [again.predict(X), loaded.predict(X), *loaded.partial_fit(X, y).calibrate(X, y).predict_interval(X)]
        finally:
            put(usual)
        expected = [before.predict(X)] * 2 + list(before.partial_fit(X, y).calibrate(X, y).predict_interval(X))
        np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
    def test_a_program_may_have_turned_gradients_off(self, small, waves, tmp_path, off):
        """As one that serves other models: a fit and further passes, also of a loaded model, give the same bits."""
        X, y = waves
        expected = small(epochs=2).fit(X, y)
        expected.save(tmp_path / "m.unflat")
        with off():
            model = small(epochs=2).fit(X, y).partial_fit(X, y)
            loaded = load(tmp_path / "m.unflat")
        prediction = expected.partial_fit(X, y).predict(X)
        np.testing.assert_array_equal(model.predict(X), prediction)
        np.testing.assert_array_equal(loaded.partial_fit(X, y).predict(X), prediction)

    def test_inputs_are_left_alone(self, small, waves):
        """Neither X nor y is written to, also when they are read-only."""
        X, y = waves
        X_before, y_before = X.copy(), y.copy()
        X.flags.writeable = y.flags.writeable = False
        small(epochs=2).fit(X, y).predict(X)
        np.testing.assert_array_equal(X, X_before)
        np.testing.assert_array_equal(y, y_before)

    def test_any_batch_size_predicts_the_same(self, small, waves, monkeypatch):
        """Predictions of sequences one by one, in small and in large batches agree within 1e-5 of the target's std."""
        X, y = waves
        model = small().fit(X, y)
        expected = model.predict(X)
        for together in (1, 7, 64):
            parts = [model.predict(X[i : i + together]) for i in range(0, len(X), together)]
            np.testing.assert_allclose(np.concatenate(parts), expected, rtol=0, atol=1e-5 * y.std())

    def test_interrupt_returns_a_fitted_model(self, small, waves):
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

    def test_divergence_is_warned_of(self, small, waves):
        """A rate that overflows is named, and the model still predicts finite numbers: those of the ridge start."""
        X, y = waves
        with pytest.warns(DivergedWarning, match=r"diverged in epoch \d+.*Choose a lower learning_rate"):
            model = small(learning_rate=1e30, schedule="constant", clip_norm=None).fit(X, y)
        assert np.isfinite(model.predict(X)).all()

    def test_no_skill_is_warned_of(self, small):
        """On pure noise the model is flat or no better than the mean, and says so with the call to make."""
        random = np.random.default_rng(0)
        X, y = random.normal(size=(600, 5, 1)), random.normal(size=600)
        message = r"(flat|no better than the baseline 'mean'): on 400 held-out .*unflat\.diagnose\(model, X, y\)"
        with pytest.warns((NoSkillWarning, FlatPredictionWarning), match=message):
            small().fit(X[:200], y[:200], validation=(X[200:], y[200:]))

    def test_good_fit_is_silent(self, small, waves, capfd):
        """A healthy fit warns of nothing and prints nothing where there is no terminal."""
        X, y = waves
        small().fit(X, y)  # warnings are errors here
        assert capfd.readouterr() == ("", "")


def test_the_order_of_its_bases_is_of_no_consequence():
    """What several of them know the name of, the estimator says itself."""
    bases = [vars(base) for base in LSTMRegressor.__bases__]
    named = Counter(name for base in bases for name in base if not name.startswith(("__", "_abc_")))
    assert {name for name, times in named.items() if times > 1} <= vars(LSTMRegressor).keys()
    assert not LSTMRegressor.__abstractmethods__
