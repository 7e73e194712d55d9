"""The file that a run was trained on, known again and split as it was for the run."""

import json

import numpy as np
import polars as pl
import pytest

from unflat import LSTMRegressor
from unflat.runs import Cut, Holdout, Run, own_parts, train_run, trained_on

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def small_model():
    """Build a model that trains in a moment."""
    return LSTMRegressor(units=(3,), epochs=1, n_members=1, batch_size=32, random_state=0, progress=False)


def series(n):
    """Make a series whose target is a daily wave with a trend."""
    return pl.DataFrame({"load": 50 + 10 * np.sin(np.arange(n) * 2 * np.pi / 24) + 0.01 * np.arange(n)})


@pytest.fixture
def table(tmp_path):
    """Write a table of 100 rows."""
    path = tmp_path / "load.csv"
    series(100).write_csv(path)
    return path


@pytest.fixture
def outcome(table, tmp_path):
    """Train on the table."""
    return train_run(table, tmp_path / "run", cut=Cut(target=("load",), length=6), model=small_model())


def test_a_copy_is_split_as_the_run_was(outcome, table, tmp_path):
    """By its content it is known under any name, and what the run was judged by is held out again."""
    copy = tmp_path / "copy.csv"
    copy.write_bytes(table.read_bytes())
    train, test = own_parts(outcome.run, outcome.model, copy)
    assert len(train.X) == outcome.counts["train"]
    np.testing.assert_array_equal(test.targets, outcome.test.targets)


def test_the_model_file_in_a_run_will_do(outcome, table):
    """A run is named by its folder or by the model file in it."""
    assert own_parts(Run(outcome.run.model_path), outcome.model, table) is not None


def test_other_data_are_not_its_own(outcome, table, tmp_path):
    """Neither another file nor rows that were added since, nor any file where no run was kept."""
    copy = Run(tmp_path / "copy.unflat")
    outcome.model.save(copy.path)
    assert own_parts(copy, outcome.model, table) is None
    series(210).write_csv(table)
    assert own_parts(outcome.run, outcome.model, table) is None


def test_runs_of_before_are_known_by_the_place(outcome, table):
    """Where no digest of the content was kept, the path that was kept tells."""
    path = outcome.run.path / "config.json"
    config = json.loads(path.read_text())
    del config["data_digest"]
    path.write_text(json.dumps(config))
    assert own_parts(outcome.run, outcome.model, table) is not None


def test_sequences_that_were_drawn_are_drawn_again(ts_files, tmp_path):
    """Whole sequences go to the same parts by the run's seed."""
    outcome = train_run(ts_files[0], tmp_path / "run", holdout=Holdout(seed=3), model=small_model())
    _, test = own_parts(outcome.run, outcome.model, ts_files[0])
    np.testing.assert_array_equal(test.targets, outcome.test.targets)


def test_a_file_to_judge_by_is_the_test_part(ts_files, tmp_path):
    """With a file of its own to judge by, all of the other was trained on; it may be gone since."""
    outcome = train_run(ts_files[0], tmp_path / "run", test_data=ts_files[1], model=small_model())
    train, test = own_parts(outcome.run, outcome.model, ts_files[0])
    assert (len(train.X), len(test.X)) == (40, 12)
    ts_files[1].unlink()
    assert own_parts(outcome.run, outcome.model, ts_files[0]).test is None


def test_a_run_names_the_file_that_it_was_trained_on(outcome, table, tmp_path):
    """A model file on its own does not, nor a run that kept nothing to know the file again by."""
    assert trained_on(outcome.run) == trained_on(Run(outcome.run.model_path)) == str(table)
    outcome.model.save(tmp_path / "copy.unflat")
    assert trained_on(Run(tmp_path / "copy.unflat")) is None
    config = tmp_path / "run" / "config.json"
    recorded = json.loads(config.read_text())
    del recorded["data_digest"]
    config.write_text(json.dumps(recorded))
    assert trained_on(outcome.run) is None
