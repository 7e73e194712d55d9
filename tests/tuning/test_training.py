import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from unflat import LSTMRegressor, make_windows
from unflat.errors import ConfigurationError, InputError, LoneValueWarning, TooFewSamplesError
from unflat.history import EpochRecord
from unflat.sequences.columnar import ColumnMatrix, blocks_of
from unflat.training.callbacks import Plan
from unflat.tuning.training import Milestones, Task, fingerprint, loss_on

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def course(callback, losses):
    """Show a callback a training with these validation losses; give the number of epochs that it let pass."""
    callback.on_start(Plan(len(losses), 1, 10))
    for epoch, loss in enumerate(losses, 1):
        if callback.on_epoch(EpochRecord(epoch, 1.0, loss, 0.1, 1.0, 0.0)):
            return epoch
    return len(losses)


@pytest.mark.parametrize(
    ("epochs", "milestones"), [(10, range(1, 10)), (20, range(1, 10)), (4, range(1, 10)), (1, range(1, 10))]
)
def test_every_training_passes_the_same_milestones(epochs, milestones):
    """However many epochs there are, each tenth but the last is reported once, so that trials can be compared."""
    reported = []
    course(Milestones(lambda at, loss: reported.append((at, loss))), [1.0 / (1 + n) for n in range(epochs)])
    assert [at for at, _ in reported] == list(milestones)


def test_the_best_loss_so_far_is_reported():
    """A loss that rises again, or is no number, does not hide a better one before it."""
    reported = {}
    losses = [5.0, 3.0, 4.0, float("nan"), 2.0, 6.0, 6.0, 6.0, 6.0, 6.0]
    course(Milestones(lambda at, loss: reported.update({at: loss})), losses)
    assert reported == {1: 5.0, 2: 3.0, 3: 3.0, 4: 3.0, 5: 2.0, 6: 2.0, 7: 2.0, 8: 2.0, 9: 2.0}


def test_a_training_is_given_up_where_it_is_told_to():
    """The first milestone at which the report says so is the last."""
    milestones = Milestones(lambda at, _: at == 3)
    assert course(milestones, [1.0] * 10) == 3
    assert milestones.gave_up
    silent = Milestones()
    assert course(silent, [1.0] * 10) == 10
    assert not silent.gave_up


def test_of_several_trainings_the_first_is_reported():
    """The members of an ensemble are trained one after the other; each milestone is reported once."""
    reported = []
    milestones = Milestones(lambda at, loss: reported.append((at, loss)))
    course(milestones, [3.0] * 10)
    course(milestones, [1.0] * 10)
    assert reported == [(at, 3.0) for at in range(1, 10)]


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "quantile"])
def test_the_score_is_the_loss_of_the_epoch_that_was_kept(data, small, loss):
    """Measured after the fit on the part that the seed holds out, the loss is what training recorded there."""
    task = Task(small.set_params(loss=loss, learning_rate=0.1, skip=False), *data)
    model = task.fit(task.changed({}, 3))
    recorded = [record.validation_loss for record in model.history_.epochs]
    best = model.history_.best_epoch
    assert best > 0
    assert loss_on(model, task.parts(3)[1]) == pytest.approx(recorded[best - 1], rel=1e-4)
    assert task.train({}, 3).loss == pytest.approx(recorded[best - 1], rel=1e-4)


def test_values_that_fit_draws_in_are_drawn_in_of_what_trials_are_scored_on(data, small):
    """A mistyped target counts in the score as it did in training: the loss is what was recorded there."""
    X, y = data
    task = Task(small.set_params(learning_rate=0.1, skip=False), X, y)
    place = int(np.flatnonzero(np.isin(y, task.parts(3)[1].y))[0])
    mistyped = Task(small, X, np.where(np.arange(len(y)) == place, 1e6, y))
    assert mistyped.parts(3)[1].y.max() < 1e3
    with pytest.warns(LoneValueWarning):
        model = mistyped.fit(mistyped.changed({}, 3))
    recorded = model.history_.epochs[model.history_.best_epoch - 1].validation_loss
    with warnings.catch_warnings():
        warnings.simplefilter("error", LoneValueWarning)  # the one of the model that is kept is enough
        assert mistyped.train({}, 3).loss == pytest.approx(recorded, rel=1e-4)


def test_a_network_that_stays_its_linear_part_is_known_as_such(data, small):
    """Where a line tells all, the recurrence earns nothing; without a line nothing but the recurrence is there."""
    X, _ = data
    task = Task(small, X, 2 * X[:, -1, 0])
    assert task.train({}, 3).linear
    assert not task.train({"skip": False}, 3).linear


def test_weights_and_groups_reach_the_fit(data, small):
    """The held-out part of a seed has whole groups, and its weights count in the score."""
    X, y = data
    groups = np.arange(60) // 6
    task = Task(small, X, y, sample_weight=1.0 + np.arange(60), groups=groups)
    training, held_out = task.parts(0)
    assert not set(training.groups) & set(held_out.groups)
    model = task.fit(task.changed({}, 0))
    error = (held_out.y[:, 0] - model.predict(held_out.sequences)) / float(model.predictor_.target.scale[0])
    assert loss_on(model, held_out) == pytest.approx(np.average(error**2, weights=held_out.weights), rel=1e-5)


def test_windows_are_held_out_by_time(small):
    """The part that windows are scored on is the last one."""
    frame = {"t": np.arange(80), "load": np.sin(np.arange(80.0))}
    windows = make_windows(pl.DataFrame(frame), target="load", length=4, time="t")
    training, held_out = Task(small, windows).parts(0)
    assert training.windows.end_rows.max() < held_out.windows.end_rows.min()


def test_a_validation_part_of_ones_own_is_scored_on(data, small):
    """Given validation data, all else is trained on."""
    X, y = data
    task = Task(small, X[:40], y[:40], validation=(X[40:], y[40:]))
    training, held_out = task.parts(5)
    assert len(training) == 40
    np.testing.assert_array_equal(held_out.y[:, 0], y[40:])


def test_epochs_are_a_multiple_of_the_models_own(data, small):
    """The factor multiplies what the model says, and what "auto" is at the batch size of the point."""
    point = {"epochs_factor": 1.6, "batch_size": 128}
    assert Task(small, *data).parameters_at(point, 40)["epochs"] == 6
    settled = Task(LSTMRegressor(), *data).parameters_at(point, 4000)
    assert settled["epochs"] == round(1.6 * 48)  # 1,500 steps of 128 out of 4,000


def test_the_model_as_given_stays_as_it_is(data, small):
    """Trials are trained on copies; callbacks that were given look on at none of them."""
    before = small.get_params()
    task = Task(small, *data)
    task.train({"units": (3,)}, 1)
    assert small.get_params() == before
    assert not hasattr(small, "predictor_")


def test_data_are_told_apart_by_any_number(data, small):
    """One value, one target or another part make another fingerprint; the same data the same one."""
    X, y = data
    first = fingerprint(Task(small, X, y), 0)
    assert fingerprint(Task(small, X.copy(), y), 0) == first
    changed = X.copy()
    changed[3, 1, 0] += 1e-9
    assert fingerprint(Task(small, changed, y), 0) != first
    assert fingerprint(Task(small, X, y + np.eye(60)[5]), 0) != first
    assert fingerprint(Task(small, X, y), 1) != first


def test_other_groups_make_another_fingerprint(data, small):
    """Also where the same sequences are held out."""
    X, y = data
    groups = np.arange(60) // 6
    first = fingerprint(Task(small, X, y, groups=groups), 0)
    assert fingerprint(Task(small, X, y, groups=groups.copy()), 0) == first
    assert fingerprint(Task(small, X, y, groups=groups[::-1]), 0) != first
    assert fingerprint(Task(small, X[:30], y[:30], validation=(X[30:], y[30:]), groups=groups[:30]), 0) != fingerprint(
        Task(small, X[:30], y[:30], validation=(X[30:], y[30:]), groups=groups[:30] // 2), 0
    )


def test_columns_that_stand_apart_are_read_as_columns_and_once(small, monkeypatch):
    """Large tables are never gone through row by row, and rows that both parts share are not read twice."""
    columns = {name: np.random.default_rng(place).normal(size=300) for place, name in enumerate("abc")}
    windows = make_windows(pl.DataFrame(columns), target="a", length=4)
    apart = replace(windows, sequences=replace(windows.sequences, rows=ColumnMatrix(list(columns.values()))))
    read, looked_at = [], []
    look = ColumnMatrix.__getitem__
    monkeypatch.setattr(ColumnMatrix, "__getitem__", lambda rows, key: looked_at.append(key) or look(rows, key))
    monkeypatch.setattr("unflat.tuning.training.blocks_of", lambda rows: read.append(rows) or blocks_of(rows))
    first = fingerprint(Task(small, apart), 0)
    assert len(read) == 1
    assert len(looked_at) < 10
    columns["b"][17] += 1
    assert fingerprint(Task(small, apart), 0) != first


@pytest.mark.parametrize("column", ["forecast", "size"])
def test_what_stands_beside_the_windows_tells_data_apart_too(small, column):
    """Other values of a known or a static column, or another name of it, make another fingerprint."""
    table = {
        "t": np.tile(np.arange(40), 2), "store": np.repeat(["a", "b"], 40), "load": np.sin(np.arange(80.0)),
        "forecast": np.cos(np.arange(80.0)), "size": np.repeat([1.0, 2.0], 40),
    }  # fmt: skip

    def of(changed, known="forecast", static="size"):
        cut = {"target": "load", "length": 4, "time": "t", "group": "store", "known": known, "static": static}
        return fingerprint(Task(small, make_windows(pl.DataFrame(changed), features="load", **cut)), 0)

    first = of(table)
    assert of(dict(table)) == first
    assert of(table | {column: table[column] * 2}) != first
    renamed = {"forecast": "known", "size": "static"}[column]
    other = {name if name != column else "other": values for name, values in table.items()}
    assert of(other, **{renamed: "other"}) != first


def test_nothing_to_score_on_is_refused(data, small):
    """Too few sequences, or a share of none, leave a search without a score."""
    X, y = data
    with pytest.raises(TooFewSamplesError, match="The sequences to tune on: expected at least 20 samples"):
        Task(small, X[:10], y[:10]).parts(0)
    with pytest.raises(ConfigurationError, match="a share above 0, to score trials on"):
        Task(small.set_params(validation_fraction=0), X, y).parts(0)
    with pytest.raises(InputError, match="requires y"):
        Task(small, X).parts(0)
