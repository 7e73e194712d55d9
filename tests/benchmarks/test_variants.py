"""What the defaults are compared with: settings relative to theirs, a rate that a test chose, cropped copies."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.accuracy import variants
from benchmarks.accuracy.problem import Part
from benchmarks.accuracy.variants import Variant

from unflat import Callback, LSTMRegressor, make_windows

TINY = {"units": (2,), "n_members": 1}


class Seen(Callback):
    """Notes what a training was told to do."""

    def __init__(self):
        self.configs = []

    def on_model(self, _model, config):
        """Note it, once for each network."""
        self.configs.append(config)

    def on_epoch(self, _record):
        """One epoch is enough."""
        return True


@pytest.fixture(scope="module")
def in_time():
    """Give windows of 8 rows over a series, that numbers its rows."""
    frame = pl.DataFrame({"x": np.sin(np.arange(320) / 5), "y": np.arange(320.0)})
    return make_windows(frame, target="y", length=8, horizon=1, features=("x", "y"))


@pytest.mark.parametrize("members", ["auto", 1])
def test_what_auto_stands_for_is_what_a_fit_uses(waves, members):
    """Whether networks hold out parts of their own or share one."""
    X, y = waves
    seen = Seen()
    model = LSTMRegressor(units=(2,), n_members=members, random_state=3, callbacks=[seen]).fit(X, y)
    usual = variants.settings_for(model, Part(X, y))
    assert (usual.batch_size, usual.epochs) == (seen.configs[0].batch_size, seen.configs[0].epochs)


def test_batches_and_epochs_are_multiples_of_the_defaults(in_time):
    """Of half the batch, epochs follow as they do for any batch; of half the epochs the batch stays."""
    part = Part(in_time)
    usual = variants.settings_for(LSTMRegressor(random_state=0), part)
    for variant, batch, epochs in ((Variant(TINY, batch=0.5), 0.5, None), (Variant(TINY, epochs=0.02), 1, 0.02)):
        seen = Seen()
        model, told = Variant({**variant.parameters, "callbacks": [seen]}, variant.batch, variant.epochs).fit(part, 0)
        assert seen.configs[0].batch_size == usual.batch_size * batch
        if epochs is None:
            assert told == {"batch_size": usual.batch_size // 2}
            assert model.epochs == "auto"
        else:
            assert told == {"epochs": round(usual.epochs * epochs)}


def test_a_range_test_rises_to_ten_times_the_default_rate(monkeypatch, waves):
    """Its rates are a constant factor apart, and its cost is a few epochs of one network."""
    monkeypatch.setattr(variants, "TEST_EPOCHS", 4)
    rates, losses = zip(*variants.tested_rates(Part(*waves), 0), strict=True)
    default = LSTMRegressor().learning_rate
    assert rates == pytest.approx([default * 10 ** (-1 + 2 * k / 4) for k in (1, 2, 3, 4)])
    assert np.isfinite(losses).all()


def test_the_rate_before_results_become_worse_is_chosen():
    """Where nothing was tested the rate stays."""
    assert variants.chosen_rate([(1e-3, 0.5), (2e-3, 0.2), (4e-3, 0.3)], otherwise=5e-3) == 2e-3
    assert variants.chosen_rate([], otherwise=5e-3) == 5e-3


def test_a_fit_has_the_rate_that_was_chosen(monkeypatch, waves):
    """What was tested is told with it, as plain values."""
    monkeypatch.setattr(variants, "tested_rates", lambda _part, _seed: [(1e-3, 0.5), (2e-3, 0.2)])
    model, told = Variant({**TINY, "epochs": 1}, range_test=True).fit(Part(*waves), 0)
    assert told == {"range test": [[1e-3, 0.5], [2e-3, 0.2]], "learning_rate": 2e-3}
    assert model.learning_rate == 2e-3


def test_nothing_is_tested_where_nothing_is_left_to_learn():
    """A straight line leaves no epoch to a network."""
    X = np.arange(400.0).reshape(200, 2)
    assert variants.tested_rates(Part(X, X[:, 0]), 0) == []


class TestCropping:
    """Copies that begin later."""

    def check(self, part, count):
        """Hold the second half of a part's sequences against the first: same ends, later starts."""
        sequences, targets = part.sequences, part.targets
        assert len(part) == 2 * count
        whole, copies = sequences.take(slice(0, count)), sequences.take(slice(count, None))
        np.testing.assert_array_equal(whole.starts + whole.lengths, copies.starts + copies.lengths)
        np.testing.assert_array_equal(targets[:count], targets[count:])
        assert (copies.lengths < whole.lengths).all()
        assert (2 * copies.lengths >= whole.lengths).all()

    def test_sequences_of_an_array(self, waves):
        """Those that are held out are the package's own, as they are; their copies are not learned from."""
        X, y = waves
        training, held_out = variants.with_crops(Part(X, y), 0)
        self.check(training, 108)
        assert len(held_out) == 12
        assert set(held_out.y[:, 0]).isdisjoint(training.y[:, 0])
        assert held_out.sequences.equally_long

    def test_windows_in_time(self, in_time):
        """What is held out comes last, and windows keep the past of their target."""
        training, held_out = variants.with_crops(Part(in_time), 0)
        self.check(training, len(training) // 2)
        assert training.X.past == in_time.past
        ends = training.X.whole.target_rows
        assert ends.max() < held_out.X.target_rows.min()
        np.testing.assert_array_equal(training.targets[:, 0], ends)  # y numbers its rows

    def test_series_stay_whole(self, series, windows_of):
        """The package holds out each with its copies."""
        windows = windows_of(series(8))
        training, held_out = variants.with_crops(Part(windows), 0)
        self.check(training, len(windows))
        assert held_out is None
        parts = training.X.split_positions(test=0, validation=0.25, by="group")
        inside, outside = (set(training.X.groups[places]) for places in (parts.validation, parts.train))
        assert inside.isdisjoint(outside)
        assert 2 * np.isin(windows.groups, list(inside)).sum() == len(parts.validation)

    def test_single_steps_have_no_copies(self):
        """Nothing of them can be left out."""
        X = np.arange(100.0).reshape(100, 1, 1)
        training, held_out = variants.with_crops(Part(X, X[:, 0, 0]), 0)
        assert (len(training), len(held_out)) == (90, 10)

    @pytest.mark.filterwarnings("ignore::unflat.FitWarning")  # one epoch of two units
    @pytest.mark.parametrize("kind", ["array", "in time", "series"])
    def test_each_is_fitted(self, kind, waves, in_time, series, windows_of):
        """The estimator takes them, and predicts whole sequences."""
        parts = {"array": Part(*waves), "in time": Part(in_time), "series": Part(windows_of(series(8)))}
        part = parts[kind]
        model, told = Variant({**TINY, "epochs": 1}, cropping=True).fit(part, 0)
        assert told == {}
        assert np.isfinite(model.predict(part.X)).all()
        assert model.held_out_ is not None
