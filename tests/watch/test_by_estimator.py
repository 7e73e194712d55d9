"""Watched trainings of our own estimator."""

import numpy as np
import polars as pl
import pytest

from unflat import LSTMRegressor, Watch, make_windows

pytestmark = pytest.mark.usefixtures("unhurried")


def fitted(X, y, watch=None, **options):
    """Fit a small estimator, watched or not."""
    settings = {"units": (8,), "epochs": 8, "batch_size": 32, "random_state": 0, "progress": False} | options
    return LSTMRegressor(callbacks=[] if watch is None else [watch], **settings).fit(X, y)


RAW = {"scale_target": "none", "skip": False, "readout": ("last",)}


def test_a_target_that_is_not_scaled_is_warned_of(problem, collapses):
    """With everything that protects from it switched off, the reach is named, once."""
    X, y = problem()
    watch = Watch(X, y * 1000 + 50_000)
    _, warned = collapses(lambda: fitted(X, y * 1000 + 50_000, watch, **RAW))
    assert [warning.cause for warning in warned] == ["target_scale"]
    assert warned[0].epoch <= 2
    assert watch.records[0].reach == pytest.approx(5e-3 * 8 * 9 * 9)


@pytest.mark.parametrize("r2", [0.98, 0.1, 0.0])
def test_trainings_as_they_come_are_left_in_peace(problem, collapses, r2):
    """Defaults on raw units, whatever there is to learn."""
    X, y = problem(r2=r2)
    watch = Watch(X * 50 + 1000, y * 1000 + 50_000)
    _, warned = collapses(lambda: fitted(X * 50 + 1000, y * 1000 + 50_000, watch))
    assert warned == []
    assert len(watch.records) > 10


def test_stop_ends_the_fit(problem, collapses):
    """The history says that a callback did it."""
    X, y = problem()
    watch = Watch(X, y * 1000 + 50_000, stop=True)
    model, _ = collapses(lambda: fitted(X, y * 1000 + 50_000, watch, **RAW))
    assert model.history_.stopped == "callback"
    assert len(model.history_.epochs) <= 2
    assert watch.stopped


def test_the_model_is_the_same_bits_with_and_without(problem, collapses):
    """Weights do not know that they were watched."""
    X, y = problem(r2=0.9)
    watch = Watch(X, y)
    alone, _ = collapses(lambda: fitted(X, y, dropout=0.2))
    watched, _ = collapses(lambda: fitted(X, y, watch, dropout=0.2))
    assert len(watch.records) > 10
    assert np.array_equal(alone.predict(X), watched.predict(X))
    assert alone.history_.epochs[-1].loss == watched.history_.epochs[-1].loss


def test_records_are_in_raw_units_and_carry_the_loss(problem, collapses):
    """The epochs' losses stand beside what was seen, and the sample is predicted in the target's units."""
    X, y = problem(r2=0.9)
    watch = Watch(X, y * 1000 + 50_000)
    model, _ = collapses(lambda: fitted(X, y * 1000 + 50_000, watch))
    last = watch.records[-1]
    assert last.epoch == len(model.history_.epochs)
    assert last.loss == model.history_.epochs[-1].loss
    assert abs(last.offset[0]) < 1
    assert 0.5 < last.spread[0] < 1.5


def test_missing_values_and_unequal_lengths_can_be_watched(problem, collapses):
    """What the estimator takes is taken, and NaN among the inputs is no fault of its data."""
    X, y = problem()
    sequences = [row[: 5 + i % 4].copy() for i, row in enumerate(X)]
    sequences[3][1, 0] = np.nan
    watch = Watch(sequences, y)
    _, warned = collapses(lambda: fitted(sequences, y, watch))
    assert warned == []
    assert all(record.finite for record in watch.records)


def beside(problem, **options):
    """Cut windows of two series, beside which stand a column known in advance and a static one."""
    X, y = problem(r2=0.9)
    frame = pl.DataFrame({"a": X[:, -1, 0], "b": X[:, -2, 1], "y": np.roll(y, 1), "series": [0] * 150 + [1] * 150})
    frame = frame.with_columns(price=pl.col("y") + pl.col("a"), area=pl.col("series") * 10.0)
    cut = {"target": "y", "features": ("a", "b"), "length": 4, "horizon": 1, "group": "series"}
    return make_windows(frame.with_columns(**options), **cut, known=("price",), static=("area",))


def test_columns_beside_sequences_can_be_watched(problem, collapses):
    """Windows with known and static columns are fitted to the same bits, watched or not; looks see numbers."""
    windows = beside(problem)
    watch = Watch(windows)
    watched, warned = collapses(lambda: fitted(windows, None, watch, n_members=1))
    alone, _ = collapses(lambda: fitted(windows, None, n_members=1))
    assert warned == []
    assert len(watch.records) > 10
    assert all(record.finite for record in watch.records)
    assert np.array_equal(alone.predict(windows), watched.predict(windows))


def test_a_target_that_is_not_scaled_is_warned_of_where_columns_stand_beside_sequences(problem, collapses):
    """The reach counts what the output reads: the states, and what is mixed of them and the columns."""
    windows = beside(problem, y=pl.col("y") * 1000 + 50_000)
    watch = Watch(windows)
    _, warned = collapses(lambda: fitted(windows, None, watch, **RAW, n_members=1))
    assert [warning.cause for warning in warned] == ["target_scale"]
    steps = watch.records[0].reach / 5e-3 / (8 + 8 + 1)
    assert steps == pytest.approx(round(steps))


def test_a_rate_that_is_too_high_is_told_where_columns_stand_beside_sequences(problem, collapses):
    """Gates and gradients of such a network are looked into as of any other."""
    windows = beside(problem)
    harsh = {"learning_rate": 3.0, "clip_norm": None, "epochs": 20, "schedule": "constant"}
    _, warned = collapses(lambda: fitted(windows, None, Watch(windows), **RAW, **harsh, n_members=1))
    assert [warning.cause for warning in warned] in (["rate_too_high"], ["saturated_gates"])


def test_one_watch_sees_one_training_after_the_other(problem, collapses):
    """A new fit begins with no records and may warn again; scikit-learn may copy the estimator."""
    X, y = problem()
    watch = Watch(X, y * 1000 + 50_000)
    for _ in range(2):
        _, warned = collapses(lambda: fitted(X, y * 1000 + 50_000, watch, **RAW))
        assert len(warned) == 1
        assert watch.records[0].step == 0
        assert len([record for record in watch.records if record.step == 0]) == 1


def test_partial_fit_is_watched_too(problem):
    """Each pass is a training of its own."""
    X, y = problem()
    watch = Watch(X, y)
    LSTMRegressor(units=(8,), callbacks=[watch], random_state=0, progress=False).partial_fit(X, y)
    assert watch.records[-1].step > 0


def test_a_network_without_a_line_beside_another_is_not_watched(problem, collapses):
    """It counts only as far as held-out data vouch for it: what is recorded is the training of the one at the line."""
    X, y = problem(r2=0.9)
    watch = Watch(X, y)
    _, warned = collapses(lambda: fitted(X, y, watch, n_members="auto"))
    alone, _ = collapses(lambda: fitted(X, y, n_members=1))
    assert warned == []
    steps = [record.step for record in watch.records]
    assert steps == sorted(steps)
    assert watch.records[-1].epoch == len(alone.history_.epochs)


@pytest.mark.parametrize("stop", [False, True])
def test_several_networks_of_one_fit_are_warned_of_once(problem, collapses, stop):
    """The fault of the first is not said again of the others, which stopping ends at once; a new fit begins anew."""
    X, y = problem()
    watch = Watch(X, y * 1000 + 50_000, stop=stop)
    for _ in range(2):
        model, warned = collapses(lambda: fitted(X, y * 1000 + 50_000, watch, n_members=3, **RAW))
        assert len(warned) == 1
        assert watch.stopped == stop
        epochs = [len(history.epochs) for history in model.histories_]
        assert epochs[1:] == ([1, 1] if stop else [8, 8])
        assert watch.records[-1].step >= warned[0].step
