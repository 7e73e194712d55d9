import csv
import errno
import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from unflat import LSTMRegressor, load, make_windows
from unflat.errors import (
    ConfigurationError,
    CorruptArtifactError,
    ForeignArtifactError,
    MissingArtifactError,
    NoSkillWarning,
    OutOfRangeWarning,
    OutputError,
    OutputExistsError,
    TableError,
    TooFewSamplesError,
    UnreadableTableError,
)
from unflat.figures import draw_run
from unflat.runs import Cut, Holdout, Run, as_csv, evaluate_file, predict_file, train_run, write_frame

DATA = Path(os.environ.get("UNFLAT_DATA", Path(__file__).parents[3] / "shared" / "data"))

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")

CUT = Cut(target=("load",), length=6, horizon=2, time="hour")


def small_model(**parameters):
    """Build a model that trains in a moment."""
    return LSTMRegressor(units=(4,), epochs=2, batch_size=32, random_state=0, progress=False, **parameters)


def series(n, start="2024-01-01"):
    """Make an hourly series whose target is a daily wave with a trend."""
    hours = np.datetime64(start, "us") + np.arange(n) * np.timedelta64(1, "h")
    wave = 50 + 10 * np.sin(np.arange(n) * 2 * np.pi / 24) + 0.01 * np.arange(n)
    return pl.DataFrame({"hour": hours, "wind": np.cos(np.arange(n)), "load": wave})


@pytest.fixture
def table(tmp_path):
    """Write a table of 200 hours."""
    path = tmp_path / "load.csv"
    series(200).write_csv(path)
    return path


@pytest.fixture
def outcome(table, tmp_path):
    """Train on the table."""
    return train_run(table, tmp_path / "run", cut=CUT, model=small_model(), command=("unflat", "train"))


def left_in(folder):
    """Name all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_run_holds_what_made_it(outcome, table):
    """The folder has every part, and `config.json` says how it was made."""
    run = outcome.run.path
    assert left_in(run) == ["config.json", "figures", "history.csv", "metrics.json", "model.unflat"]
    config = Run(run).config()
    assert config["command"] == ["unflat", "train"]
    assert config["data"] == str(table)
    assert config["cut"] == {
        "target": ["load"], "length": 6, "horizon": 2, "features": None, "time": "hour", "group": None, "stride": 1,
        "calendar": [], "known": [], "static": [], "labels": [], "missing": [],
    }  # fmt: skip
    assert config["holdout"] == {"test": 0.2, "validation": 0.0, "by": "time", "gap": 0, "seed": 0}
    assert config["schema"]["features"] == ["wind", "load"]
    assert config["parameters"]["units"] == [4]
    assert config["versions"]["numpy"] == np.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", config["created"])


def test_parts_do_not_overlap_and_cover_the_table(outcome):
    """Of 200 hours 40 are judged by; the rest, less windows without a past, trained on and chosen by in turn."""
    assert outcome.counts == {"train": 160 - 7, "validation": 0, "test": 40}
    assert outcome.run.config()["counts"] == outcome.counts
    assert outcome.model.held_out_.n == 160 - 7


def test_a_validation_share_is_chosen_by_alone(tmp_path, table):
    """Of 200 hours 40 are judged by and the 20 before them chosen by, if that is asked for."""
    outcome = train_run(table, tmp_path / "run", cut=CUT, holdout=Holdout(), model=small_model())
    assert outcome.counts == {"train": 140 - 7, "validation": 20, "test": 40}
    assert outcome.model.held_out_.n == 20


def test_the_model_in_the_folder_is_the_one_that_was_judged(outcome, table):
    """The file predicts, bit for bit, what the outcome holds for the last fifth of the table."""
    windows = make_windows(pl.read_csv(table, try_parse_dates=True), target="load", length=6, horizon=2, time="hour")
    last = windows.take(np.arange(len(windows))[-40:])
    np.testing.assert_array_equal(load(outcome.run.model_path).predict(last), outcome.prediction)
    np.testing.assert_array_equal(outcome.test.targets, series(200)["load"].to_numpy()[-40:])


def test_metrics_are_those_of_the_test_part(outcome):
    """`metrics.json` reads back as the evaluation, whose error is the test part's."""
    again = outcome.run.evaluation()
    assert str(again) == str(outcome.evaluation)
    error = np.mean((outcome.prediction - outcome.test.targets) ** 2)
    assert again.assessment.mse == pytest.approx(error)


def test_history_has_a_row_for_each_epoch(outcome):
    """`history.csv` is what the model recorded, as a table: the epochs of each network, told apart."""
    with (outcome.run.path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [(network, record) for network, one in enumerate(outcome.model.histories_, 1) for record in one.epochs]
    assert [(int(row["network"]), int(row["epoch"])) for row in rows] == [
        (place, record.epoch) for place, record in epochs
    ]
    assert [float(row["validation_loss"]) for row in rows] == [record.validation_loss for _, record in epochs]


def test_the_picture_of_the_loss_says_whose_it_is(table, tmp_path, monkeypatch):
    """Of several networks the first one's training is drawn, and said to be its own."""
    told = []
    monkeypatch.setattr("unflat.figures.run.training_figure", lambda *_, network: told.append(network) or Figure())
    for networks in (1, 2):
        model = small_model(n_members=networks)
        train_run(table, tmp_path / str(networks), cut=CUT, model=model, illustrate=draw_run)
    assert told == ["", "network 1 of 2"]


def test_a_run_can_be_repeated(table, tmp_path, outcome):
    """The same file, seed and settings give the same predictions."""
    again = train_run(table, tmp_path / "again", cut=CUT, model=small_model())
    np.testing.assert_array_equal(again.prediction, outcome.prediction)


def test_pictures_are_drawn_into_the_run(table, tmp_path):
    """The function that draws is given the outcome and the folder, and what it draws is in the run."""
    drawn = []

    def illustrate(outcome, folder):
        drawn.append(len(outcome.prediction))
        (folder / "picture.svg").write_text("<svg/>")

    train_run(table, tmp_path / "run", cut=CUT, model=small_model(), illustrate=illustrate)
    assert drawn == [40]
    assert left_in(tmp_path / "run" / "figures") == ["picture.svg"]


def test_a_run_that_fails_leaves_nothing(table, tmp_path):
    """An error at the very end leaves neither the folder nor a part of it under another name."""

    def fail(*_):
        raise ZeroDivisionError("the last step")

    with pytest.raises(ZeroDivisionError, match="the last step"):
        train_run(table, tmp_path / "run", cut=CUT, model=small_model(), illustrate=fail)
    assert left_in(tmp_path) == ["load.csv"]


def test_a_run_without_skill_gives_a_command_to_paste(tmp_path):
    """What finds out why is a command that a shell takes as it stands, whatever the files are called."""
    data, folder = tmp_path / "my noise.csv", tmp_path / "my run"
    pl.DataFrame({"load": np.random.default_rng(0).normal(size=200)}).write_csv(data)
    with pytest.warns(NoSkillWarning, match="Find out why: ") as caught:
        train_run(data, folder, cut=Cut(("load",), 4), model=small_model())
    command = str(caught[-1].message).partition("Find out why: ")[2]
    assert shlex.split(command) == ["unflat", "diagnose", str(folder), "--data", str(data)]


def test_outputs_without_skill_are_told_of_together(tmp_path):
    """Of the next hours of pure noise one warning names the worst, and then the others."""
    data = tmp_path / "noise.csv"
    pl.DataFrame({"load": np.random.default_rng(0).normal(size=200)}).write_csv(data)
    with pytest.warns(NoSkillWarning) as caught:
        train_run(data, tmp_path / "run", cut=Cut(("load",), 4, (1, 2, 3)), model=small_model())
    told = [text for text in (str(warning.message) for warning in caught) if "the run is judged by" in text]
    assert len(told) == 1
    assert re.search(r"So are those of 'load\+\d' and 'load\+\d'\. Find out why: unflat diagnose ", told[0])


def test_a_place_that_is_taken_is_known_before_the_work(tmp_path):
    """A run is not overwritten, and that is said before the data is even read."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "model.unflat").touch()
    (run / "config.json").touch()
    with pytest.raises(OutputExistsError, match="a run is there already"):
        train_run(tmp_path / "no such file.csv", run, cut=CUT)


def test_force_replaces_a_run(table, tmp_path, outcome):
    """With force, the new run takes the place of the old one, and nothing of that is left."""
    (outcome.run.figures_path / "old.png").touch()
    train_run(table, outcome.run.path, cut=CUT, model=small_model(), force=True)
    assert left_in(outcome.run.figures_path) == []
    assert left_in(tmp_path) == ["load.csv", "run"]


def test_force_keeps_what_its_user_has_put_beside_a_run(table, outcome):
    """Files and folders that no run has are in the new one's folder as they were."""
    run = outcome.run.path
    (run / "predictions.csv").write_text("mine")
    (run / "notes").mkdir()
    (run / "notes" / "one.txt").write_text("mine too")
    before = outcome.run.model_path.stat().st_ino
    train_run(table, run, cut=CUT, model=small_model(), force=True)
    assert outcome.run.model_path.stat().st_ino != before
    assert (run / "predictions.csv").read_text() == "mine"
    assert (run / "notes" / "one.txt").read_text() == "mine too"
    assert left_in(run.parent) == ["load.csv", "run"]


def test_force_keeps_the_old_run_until_the_new_one_stands(tmp_path, outcome):
    """A run that fails leaves the one that it was to replace as it was."""
    before = outcome.run.model_path.read_bytes()
    with pytest.raises(UnreadableTableError, match="no such file"):
        train_run(tmp_path / "no such file.csv", outcome.run.path, cut=CUT, force=True)
    assert outcome.run.model_path.read_bytes() == before


def test_force_never_touches_what_is_no_run(tmp_path, table):
    """A folder of something else is not replaced, whatever was asked for."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").touch()
    with pytest.raises(OutputExistsError, match="something that is no run is there"):
        train_run(table, tmp_path / "photos", cut=CUT, force=True)
    assert left_in(tmp_path / "photos") == ["one.jpg"]


def test_an_empty_folder_is_no_obstacle(tmp_path, table):
    """A folder that was made beforehand is taken, and folders above a place are made."""
    (tmp_path / "made").mkdir()
    train_run(table, tmp_path / "made", cut=CUT, model=small_model())
    train_run(table, tmp_path / "a" / "b" / "run", cut=CUT, model=small_model())
    assert "model.unflat" in left_in(tmp_path / "made")
    assert left_in(tmp_path / "a" / "b") == ["run"]


def test_a_place_that_cannot_be_written_is_worded(table):
    """A file where a folder should be is an error with the path in it."""
    with pytest.raises(OutputError, match=r"Writing .*run: expected a place that can be written"):
        train_run(table, table / "run", cut=CUT)


def test_a_full_disk_is_worded_and_leaves_nothing(tmp_path, table, monkeypatch):
    """When the disk fills up at the last step, the error says so and the unfinished folder is gone."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OutputError, match="No space left on device"):
        train_run(table, tmp_path / "run", cut=CUT, model=small_model())
    assert left_in(tmp_path) == ["load.csv"]


def test_a_file_to_judge_by_replaces_the_share(tmp_path, table):
    """With a second table, all of the first is trained on."""
    series(60, start="2024-02-01").write_csv(tmp_path / "next.csv")
    outcome = train_run(table, tmp_path / "run", cut=CUT, model=small_model(), test_data=tmp_path / "next.csv")
    assert outcome.counts == {"train": 200 - 7, "validation": 0, "test": 60 - 7}
    assert outcome.run.config()["test_data"] == str(tmp_path / "next.csv")


def test_whole_sequences_are_drawn_into_parts(tmp_path, ts_files):
    """Of 40 sequences 8 are judged by and 4 chosen by, drawn by the seed."""
    outcomes = [
        train_run(ts_files[0], tmp_path / f"run{seed}", holdout=Holdout(seed=seed), model=small_model())
        for seed in (1, 2)
    ]
    assert outcomes[0].counts == {"train": 28, "validation": 4, "test": 8}
    assert outcomes[0].test.targets.tolist() != outcomes[1].test.targets.tolist()
    assert outcomes[0].run.config()["schema"] is None


def test_whole_sequences_are_judged_by_their_own_file(tmp_path, ts_files):
    """With a test file, its sequences, all of them, are judged by."""
    outcome = train_run(ts_files[0], tmp_path / "run", test_data=ts_files[1], model=small_model())
    assert outcome.counts == {"train": 40, "validation": 0, "test": 12}
    assert outcome.evaluation.assessment.n == 12


def test_without_a_validation_share_the_model_chooses_its_own(tmp_path, ts_files):
    """A share of 0 hands nothing to the model, whose own fraction then holds."""
    model = small_model(validation_fraction=0.0)
    outcome = train_run(ts_files[0], tmp_path / "run", holdout=Holdout(validation=0.0), model=model)
    assert outcome.counts == {"train": 32, "validation": 0, "test": 8}
    assert model.history_.epochs[0].validation_loss is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({"cut": CUT}, "'cut'"), ({"holdout": Holdout(by="group")}, "'by'")],
)
def test_whole_sequences_are_not_cut(tmp_path, ts_files, arguments, named):
    """What only a table can have is refused for a .ts file, rather than ignored."""
    with pytest.raises(ConfigurationError, match=f"{named} of train_run: expected None for a .ts file"):
        train_run(ts_files[0], tmp_path / "run", **arguments)


def test_a_table_needs_a_cut(tmp_path, table):
    """Without target and length there are no windows."""
    with pytest.raises(ConfigurationError, match="'cut' of train_run: expected a Cut with target and length"):
        train_run(table, tmp_path / "run")


def test_too_few_sequences_to_split_are_refused(tmp_path):
    """Two sequences do not make three parts."""
    path = tmp_path / "two.ts"
    path.write_text("@targetlabel true\n@data\n1,2,3:4\n2,3,4:5")
    with pytest.raises(TooFewSamplesError, match="at least 3 samples; received 2"):
        train_run(path, tmp_path / "run", holdout=Holdout())


@pytest.mark.parametrize(
    ("shares", "named"),
    [
        ({"test": 0.0}, "'test'"),
        ({"test": 1.0}, "'test'"),
        ({"validation": -0.1}, "'validation'"),
        ({"test": 0.6, "validation": 0.4}, "'test \\+ validation'"),
        ({"seed": -1}, "'seed'"),
        ({"seed": "abc"}, "'seed'"),
    ],
)
def test_shares_must_leave_something(shares, named):
    """A share outside its bounds, two that leave nothing, or a seed that is none, are refused at once."""
    with pytest.raises(ConfigurationError, match=named):
        Holdout(**shares)


def test_predictions_name_their_windows(outcome, table):
    """One row for each window up to the table's end, with its last time and the time of its target."""
    frame = predict_file(outcome.run.load(), table)
    assert frame.columns == ["hour", "hour_target", "load_predicted"]
    assert len(frame) == 200 - 5
    hours = series(200)["hour"]
    assert frame["hour"].to_list() == hours[5:].to_list()
    assert frame["hour_target"][0] == hours[7]
    assert (frame["hour_target"] - frame["hour"]).dt.total_hours().unique().to_list() == [2]
    # Products of another number of windows round otherwise.
    np.testing.assert_allclose(frame["load_predicted"].to_numpy()[-42:-2], outcome.prediction, rtol=1e-6)


def test_columns_of_predictions_are_named_apart_from_those_of_groups(tmp_path):
    """Groups keep their names, whatever they are, and what is added has another."""
    path = tmp_path / "rows.csv"
    frame = series(120).drop("hour").with_columns(row=pl.int_range(120) // 40, load_predicted=pl.lit("a"))
    frame.write_csv(path)
    cut = Cut(target=("load",), length=6, group=("row", "load_predicted"))
    model = train_run(path, tmp_path / "run", cut=cut, model=small_model()).run.load()
    predicted = predict_file(model, path)
    assert predicted.columns == ["row", "load_predicted", "row_2", "load_predicted_2"]
    assert predicted["row"].cast(pl.String).unique().sort().to_list() == ["0", "1", "2"]
    assert predicted["row_2"].to_list() == [*range(5, 40)] * 3
    assert predicted["load_predicted_2"].is_finite().all()


def test_bounds_stand_beside_their_prediction(outcome, table):
    """Each target's bounds are those of the model, named after it."""
    model = outcome.run.load()
    frame = predict_file(model, table, interval=0.8)
    assert frame.columns[-3:] == ["load_predicted", "load_lower", "load_upper"]
    interval = model.predict_interval(pl.read_csv(table, try_parse_dates=True), 0.8)
    np.testing.assert_array_equal(frame["load_lower"].to_numpy(), interval.lower)
    np.testing.assert_array_equal(frame["load_upper"].to_numpy(), interval.upper)


@pytest.mark.parametrize("interval", [None, 0.8])
def test_unusual_values_are_told_of_once(interval, outcome, tmp_path):
    """With bounds or without, a value far outside of the training is one warning."""
    series(40).with_columns(pl.col("load") + 1e6).write_csv(tmp_path / "far.csv")
    with pytest.warns(OutOfRangeWarning) as told:
        predict_file(outcome.run.load(), tmp_path / "far.csv", interval=interval)
    assert len(told) == 1


def test_predictions_name_their_series(tmp_path):
    """With groups and without times, a row has its series and counts its last row within it."""
    parts = [series(40).drop("hour").with_columns(pump=pl.lit(name)) for name in ("b", "a")]
    pl.concat(parts).write_parquet(tmp_path / "pumps.parquet")
    cut = Cut(target=("load", "wind"), length=4, group="pump")
    run = train_run(tmp_path / "pumps.parquet", tmp_path / "run", cut=cut, model=small_model()).run
    frame = predict_file(run.load(), tmp_path / "pumps.parquet")
    assert frame.columns == ["pump", "row", "load_predicted", "wind_predicted"]
    assert frame["pump"].to_list() == ["a"] * 37 + ["b"] * 37
    assert frame["row"].to_list() == [*range(3, 40)] * 2


def test_predictions_name_each_of_several_group_columns(tmp_path):
    """A run of stores and items names both in a row, from the file that it was saved as."""
    parts = [series(40).with_columns(store=pl.lit(1), item=pl.lit(item)) for item in ("b", "a")]
    pl.concat(parts).write_csv(tmp_path / "sales.csv")
    cut = Cut(target=("load",), length=4, group=("store", "item"))
    run = train_run(tmp_path / "sales.csv", tmp_path / "run", cut=cut, model=small_model()).run
    frame = predict_file(run.load(), tmp_path / "sales.csv")
    assert frame.columns[:2] == ["store", "item"]
    assert frame["store"].unique().to_list() == [1]
    assert frame["item"].to_list() == ["a"] * 37 + ["b"] * 37


def test_times_with_a_zone_are_written_with_it():
    """Read again, they are the instants that they were."""
    times = pl.datetime_range(pl.datetime(2020, 3, 29, 0), pl.datetime(2020, 3, 29, 2), "1h", eager=True)
    frame = pl.DataFrame({"t": times.dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")})
    assert as_csv(frame).splitlines()[1:] == [
        "2020-03-29 01:00:00+01:00",
        "2020-03-29 03:00:00+02:00",
        "2020-03-29 04:00:00+02:00",
    ]


def test_several_horizons_are_named_in_scores_and_predictions(tmp_path):
    """A run of two targets at two horizons names each output where it is scored, predicted and drawn."""
    path = tmp_path / "load.csv"
    series(200).write_csv(path)
    cut = Cut(("load", "wind"), length=6, horizon=(1, 3), time="hour")
    outcome = train_run(path, tmp_path / "run", cut=cut, model=small_model(), illustrate=draw_run)
    names = ("load+1", "load+3", "wind+1", "wind+3")
    model = outcome.run.load()
    assert model.target_names_ == outcome.evaluation.targets == names
    assert json.loads((tmp_path / "run" / "config.json").read_text())["cut"]["horizon"] == [1, 3]
    assert outcome.evaluation.assessment.outputs[1].baseline_rmse["last value"] == pytest.approx(
        np.sqrt(np.mean((outcome.test.X.y[:, 1] - outcome.test.X.sequences.rows[outcome.test.X.end_rows, 1]) ** 2))
    )
    frame = predict_file(model, path)
    times = ["hour", "hour_target+1", "hour_target+3"]
    assert frame.columns == times + [f"{name}_predicted" for name in names]
    last = series(200)["hour"][-1]
    assert frame["hour_target+3"][-1] - last == np.timedelta64(3, "h")
    assert frame["hour_target+1"][-1] - last == np.timedelta64(1, "h")
    assert (tmp_path / "run" / "figures" / "predictions-4.png").exists()


def test_predictions_of_whole_sequences_are_numbered(tmp_path, ts_files):
    """A .ts file gives one row for each sequence, in its order."""
    run = train_run(ts_files[0], tmp_path / "run", model=small_model()).run
    frame = predict_file(run.load(), ts_files[1])
    assert frame["sequence"].to_list() == list(range(12))
    assert frame.columns[1].endswith("_predicted")


def test_predictions_need_no_targets_that_are_no_features(tmp_path, table):
    """A table without the target can be predicted for, where the target is no feature."""
    cut = Cut(target=("load",), length=6, horizon=0, features=("wind",), time="hour")
    run = train_run(table, tmp_path / "run", cut=cut, model=small_model()).run
    series(30).drop("load").write_csv(tmp_path / "new.csv")
    assert len(predict_file(run.load(), tmp_path / "new.csv")) == 25


def test_evaluation_of_a_file_scores_all_its_windows(outcome, tmp_path):
    """Every window with a target counts, also those of the training."""
    series(50).write_csv(tmp_path / "more.csv")
    evaluation = evaluate_file(outcome.run.load(), tmp_path / "more.csv")
    assert evaluation.assessment.n == 50 - 7
    assert evaluation.targets == ("load",)


def test_files_of_another_kind_are_refused(outcome, tmp_path, ts_files, table):
    """A model of tables takes no whole sequences, nor the other way round."""
    with pytest.raises(TableError, match=r"expected a table of time steps, as the model was fitted on"):
        predict_file(outcome.run.load(), ts_files[0])
    other = train_run(ts_files[0], tmp_path / "other", model=small_model()).run
    with pytest.raises(TableError, match=r"expected whole sequences \(\.ts\), as the model was fitted on"):
        evaluate_file(other.load(), table)


@pytest.mark.parametrize(("name", "read"), [("p.csv", pl.read_csv), ("p.parquet", pl.read_parquet)])
def test_tables_are_written_by_their_ending(tmp_path, name, read):
    """A table that was written reads back the same."""
    frame = pl.DataFrame({"row": [1, 2], "load_predicted": [0.1, 1 / 3]})
    write_frame(frame, tmp_path / name)
    assert read(tmp_path / name).equals(frame)
    assert left_in(tmp_path) == [name]


def test_unknown_endings_are_refused(tmp_path):
    """A name that does not say the format is refused, and the two that do are named."""
    with pytest.raises(OutputError, match=r"the ending '\.xlsx' is unknown. Let the name end in \.csv or \.parquet"):
        write_frame(pl.DataFrame({"a": [1]}), tmp_path / "p.xlsx")


def test_times_are_written_as_spreadsheets_read_them():
    """Whole seconds have no fraction, others only the digits they need."""
    times = pl.Series("t", ["2024-01-02 03:04:05", "2024-01-02 03:04:05.25"]).str.to_datetime(format="%F %T%.f")
    assert as_csv(times.to_frame()) == "t\n2024-01-02 03:04:05\n2024-01-02 03:04:05.250\n"


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


def test_json_of_a_run_is_strict(outcome):
    """No NaN or Infinity, which other languages do not read, stands in the files."""

    def refuse(name):
        raise AssertionError(name)

    for name in ("config.json", "metrics.json"):
        json.loads((outcome.run.path / name).read_text(), parse_constant=refuse)


def test_oil_temperature_is_followed(tmp_path):
    """On a real series of 17,420 hours, one epoch explains most of what the mean of the training does not."""
    data = DATA / "etth1" / "ETTh1.csv"
    if not data.exists():
        pytest.skip(f"no ETTh1 in {DATA}; set UNFLAT_DATA to a folder with etth1/ETTh1.csv")
    model = LSTMRegressor(units=(16,), epochs=1, random_state=0, progress=False)
    outcome = train_run(data, tmp_path / "oil", cut=Cut(("OT",), 48, 24, stride=4), model=model)
    assert outcome.evaluation.assessment.skills["mean"][0] > 0.8
    assert outcome.evaluation.assessment.spread > 0.5


def test_flood_depths_are_not_flat(tmp_path):
    """On real rainfall of 266 steps, where a network that reads the last state alone goes flat, ours does not."""
    folder = DATA / "flood"
    if not folder.exists():
        pytest.skip(f"no FloodModeling1 in {DATA}; set UNFLAT_DATA to a folder with flood/FloodModeling1_TRAIN.ts")
    model = LSTMRegressor(units=(16,), epochs=20, random_state=0, progress=False)
    train, test = (folder / f"FloodModeling1_{part}.ts" for part in ("TRAIN", "TEST"))
    outcome = train_run(train, tmp_path / "flood", test_data=test, model=model)
    assert outcome.counts["test"] == 202
    assert outcome.evaluation.assessment.spread > 0.7
