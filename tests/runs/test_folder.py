"""The place that a run takes, and a run that is read back from it."""

import errno
from pathlib import Path

import pytest

from unflat.errors import (
    CorruptArtifactError,
    ForeignArtifactError,
    MissingArtifactError,
    OutputError,
    OutputExistsError,
    UnreadableTableError,
)
from unflat.runs import Run, check_output, make_folder, train_run

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def test_a_run_that_fails_leaves_nothing(table, tmp_path, small_model, left_in, cut):
    """An error at the very end leaves neither the folder nor a part of it under another name."""

    def fail(*_):
        raise ZeroDivisionError("the last step")

    with pytest.raises(ZeroDivisionError, match="the last step"):
        train_run(table, tmp_path / "run", cut=cut, model=small_model(), illustrate=fail)
    assert left_in(tmp_path) == ["load.csv"]


def test_a_place_that_is_taken_is_known_before_the_work(tmp_path, cut):
    """A run is not overwritten, and that is said before the data is even read."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "model.unflat").touch()
    (run / "config.json").touch()
    with pytest.raises(OutputExistsError, match="a run is there already"):
        train_run(tmp_path / "no such file.csv", run, cut=cut)


def test_force_replaces_a_run(table, outcome, small_model, left_in, cut):
    """With force, the new run takes the place of the old one, and nothing of that is left."""
    (outcome.run.figures_path / "old.png").touch()
    train_run(table, outcome.run.path, cut=cut, model=small_model(), force=True)
    assert left_in(outcome.run.figures_path) == []
    assert left_in(table.parent) == ["load.csv", "run"]


def test_force_keeps_what_its_user_has_put_beside_a_run(table, outcome, small_model, left_in, cut):
    """Files and folders that no run has are in the new one's folder as they were."""
    run = outcome.run.path
    (run / "predictions.csv").write_text("mine")
    (run / "notes").mkdir()
    (run / "notes" / "one.txt").write_text("mine too")
    before = outcome.run.model_path.stat().st_ino
    train_run(table, run, cut=cut, model=small_model(), force=True)
    assert outcome.run.model_path.stat().st_ino != before
    assert (run / "predictions.csv").read_text() == "mine"
    assert (run / "notes" / "one.txt").read_text() == "mine too"
    assert left_in(run.parent) == ["load.csv", "run"]


def test_force_keeps_the_old_run_until_the_new_one_stands(tmp_path, outcome, cut):
    """A run that fails leaves the one that it was to replace as it was."""
    before = outcome.run.model_path.read_bytes()
    with pytest.raises(UnreadableTableError, match="no such file"):
        train_run(tmp_path / "no such file.csv", outcome.run.path, cut=cut, force=True)
    assert outcome.run.model_path.read_bytes() == before


def test_force_never_touches_what_is_no_run(tmp_path, table, left_in, cut):
    """A folder of something else is not replaced, whatever was asked for."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").touch()
    with pytest.raises(OutputExistsError, match="something that is no run is there"):
        train_run(table, tmp_path / "photos", cut=cut, force=True)
    assert left_in(tmp_path / "photos") == ["one.jpg"]


def test_an_empty_folder_is_no_obstacle(tmp_path, table, small_model, left_in, cut):
    """A folder that was made beforehand is taken, and folders above a place are made."""
    (tmp_path / "made").mkdir()
    train_run(table, tmp_path / "made", cut=cut, model=small_model())
    train_run(table, tmp_path / "a" / "b" / "run", cut=cut, model=small_model())
    assert "model.unflat" in left_in(tmp_path / "made")
    assert left_in(tmp_path / "a" / "b") == ["run"]


def test_a_place_that_cannot_be_written_is_worded(table, cut):
    """A file where a folder should be is an error with the path in it."""
    with pytest.raises(
        OutputError, match=r"Writing .*run: expected a place .*; received a file where a folder is to be"
    ):
        train_run(table, table / "run", cut=cut)
    with pytest.raises(
        OutputError, match=r"Writing .*load\.csv: .* a file where a folder is to be. Choose another place"
    ):
        make_folder(table)


def test_a_folder_is_no_file_to_write(tmp_path):
    """It is known before the work that a folder stands where a file is to be."""
    (tmp_path / "made.csv").mkdir()
    with pytest.raises(OutputError, match=r"made\.csv: .* received a folder of that name. Choose another name"):
        check_output(tmp_path / "made.csv", (".csv",))


def test_a_full_disk_is_worded_and_leaves_nothing(table, monkeypatch, small_model, left_in, cut):
    """When the disk fills up at the last step, the error says so and the unfinished folder is gone."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OutputError, match="No space left on device"):
        train_run(table, table.parent / "run", cut=cut, model=small_model())
    assert left_in(table.parent) == ["load.csv"]


def test_a_run_is_known_by_its_path_as_text(outcome):
    """Text and a path are the same run."""
    assert Run(str(outcome.run.path)) == outcome.run
    assert Run(str(outcome.run.path)).load().target_names_ == ("load",)


def test_a_model_file_alone_will_do(outcome, tmp_path):
    """A model that was saved by hand is used as a run's is."""
    outcome.model.save(tmp_path / "alone.unflat")
    assert Run(tmp_path / "alone.unflat").load().target_names_ == ("load",)


@pytest.mark.parametrize(("name", "received"), [("empty", "a folder without model.unflat"), ("nothing", "nothing of")])
def test_what_is_no_run_is_refused(tmp_path, name, received):
    """A folder of something else, or none, is named in the error with what `unflat train` writes."""
    (tmp_path / "empty").mkdir()
    kind = MissingArtifactError if name == "nothing" else ForeignArtifactError
    with pytest.raises(kind, match=f"expected the folder of a run.*received {received}"):
        Run(tmp_path / name).load()


@pytest.mark.parametrize("damage", [None, "{", '["a list"'])
def test_a_damaged_run_is_refused(outcome, damage):
    """A configuration that is missing or cut short is an error of its own, with the path."""
    path = outcome.run.path / "config.json"
    path.unlink()
    if damage is not None:
        path.write_text(damage)
    with pytest.raises(CorruptArtifactError, match=r"config\.json: expected a JSON file"):
        outcome.run.config()
