"""Runs on new data: scores, tables of predictions, and how those are written."""

import json

import numpy as np
import polars as pl
import pytest

from unflat.errors import (
    OutOfRangeWarning,
    OutputError,
    TableError,
)
from unflat.figures import draw_run
from unflat.runs import Cut, as_csv, evaluate_file, predict_file, train_run, write_frame

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def test_predictions_name_their_windows(outcome, table, series):
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


def test_columns_of_predictions_are_named_apart_from_those_of_groups(tmp_path, small_model, series):
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
def test_unusual_values_are_told_of_once(interval, outcome, tmp_path, series):
    """With bounds or without, a value far outside of the training is one warning."""
    series(40).with_columns(pl.col("load") + 1e6).write_csv(tmp_path / "far.csv")
    with pytest.warns(OutOfRangeWarning) as told:
        predict_file(outcome.run.load(), tmp_path / "far.csv", interval=interval)
    assert len(told) == 1


def test_predictions_name_their_series(tmp_path, small_model, series):
    """With groups and without times, a row has its series and counts its last row within it."""
    parts = [series(40).drop("hour").with_columns(pump=pl.lit(name)) for name in ("b", "a")]
    pl.concat(parts).write_parquet(tmp_path / "pumps.parquet")
    cut = Cut(target=("load", "wind"), length=4, group="pump")
    run = train_run(tmp_path / "pumps.parquet", tmp_path / "run", cut=cut, model=small_model()).run
    frame = predict_file(run.load(), tmp_path / "pumps.parquet")
    assert frame.columns == ["pump", "row", "load_predicted", "wind_predicted"]
    assert frame["pump"].to_list() == ["a"] * 37 + ["b"] * 37
    assert frame["row"].to_list() == [*range(3, 40)] * 2


def test_predictions_name_each_of_several_group_columns(tmp_path, small_model, series):
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


def test_several_horizons_are_named_in_scores_and_predictions(tmp_path, small_model, series):
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


def test_predictions_need_no_targets_that_are_no_features(tmp_path, table, small_model, series):
    """A table without the target can be predicted for, where the target is no feature."""
    cut = Cut(target=("load",), length=6, horizon=0, features=("wind",), time="hour")
    run = train_run(table, tmp_path / "run", cut=cut, model=small_model()).run
    series(30).drop("load").write_csv(tmp_path / "new.csv")
    assert len(predict_file(run.load(), tmp_path / "new.csv")) == 25


def test_evaluation_of_a_file_scores_all_its_windows(outcome, tmp_path, series):
    """Every window with a target counts, also those of the training."""
    series(50).write_csv(tmp_path / "more.csv")
    evaluation = evaluate_file(outcome.run.load(), tmp_path / "more.csv")
    assert evaluation.assessment.n == 50 - 7
    assert evaluation.targets == ("load",)


def test_files_of_another_kind_are_refused(outcome, tmp_path, ts_files, table, small_model):
    """A model of tables takes no whole sequences, nor the other way round."""
    with pytest.raises(TableError, match=r"expected a table of time steps, as the model was fitted on"):
        predict_file(outcome.run.load(), ts_files[0])
    other = train_run(ts_files[0], tmp_path / "other", model=small_model()).run
    with pytest.raises(TableError, match=r"expected whole sequences \(\.ts\), as the model was fitted on"):
        evaluate_file(other.load(), table)


@pytest.mark.parametrize(("name", "read"), [("p.csv", pl.read_csv), ("p.parquet", pl.read_parquet)])
def test_tables_are_written_by_their_ending(tmp_path, name, read, left_in):
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
