"""`unflat predict` and `unflat evaluate`."""

import json

import polars as pl
import pytest


def test_predictions_are_printed_as_csv(run, trained, table):
    """Without a file the table goes to standard output, alone, so that it can be piped."""
    result = run("predict", trained[0], table)
    lines = result.stdout.splitlines()
    assert lines[0] == "pump,hour,hour_target,load_predicted"
    assert len(lines) == 1 + 2 * 155
    assert lines[155].startswith("p0,2024-01-07 15:00:00,2024-01-07 16:00:00,")


def test_bounds_are_printed_beside_predictions(run, trained, table):
    """`--interval` adds a lower and an upper bound to each prediction."""
    lines = run("predict", trained[0], table, "--interval", 0.8).stdout.splitlines()
    assert lines[0] == "pump,hour,hour_target,load_predicted,load_lower,load_upper"
    predicted, lower, upper = map(float, lines[1].split(",")[-3:])
    assert lower < predicted < upper


def test_predictions_are_written_to_a_file(run, trained, table, tmp_path):
    """The file holds the same table, and the output says so."""
    result = run("predict", trained[0], table, "-o", tmp_path / "p.parquet")
    assert result.stdout == f"Wrote 310 predictions to {tmp_path / 'p.parquet'}.\n"
    frame = pl.read_parquet(tmp_path / "p.parquet")
    assert frame.columns == ["pump", "hour", "hour_target", "load_predicted"]
    assert frame["load_predicted"].is_between(50, 250).all()


def test_evaluation_is_printed_as_text_or_json(run, trained, table):
    """Both say the same: to a person, and to a program."""
    text, plain = run("evaluate", trained[0], table), run("evaluate", trained[0], table, "--json")
    scores = json.loads(plain.stdout)
    assert scores["targets"] == ["load"]
    assert scores["assessment"]["n"] == 2 * 154
    assert "LSTMRegressor on 308 samples" in text.stdout
    assert f"{scores['assessment']['outputs'][0]['r2']:.4f}" in text.stdout


def test_a_model_file_alone_can_be_used(run, trained, table):
    """The model file out of a run predicts as the run does."""
    assert run("predict", trained[0] / "model.unflat", table).stdout == run("predict", trained[0], table).stdout


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("out.txt", "the ending '.txt' is unknown. Let the name end in .csv or .parquet."),
        ("none/out.csv", "is not there"),
    ],
)
def test_predict_looks_at_its_output_before_the_work(run, trained, tmp_path, output, said):
    """A name or a folder that cannot be is told before any data are read."""
    result = run("predict", trained[0], tmp_path / "never_read.csv", "-o", tmp_path / output)
    assert result.exit_code == 2
    assert said in result.stderr


def test_predict_does_not_overwrite_its_data(run, trained, table, tmp_path):
    """The table that is predicted from stays, also where it is written to by way of a link."""
    (tmp_path / "data.csv").write_bytes(table.read_bytes())
    (tmp_path / "link.csv").symlink_to(tmp_path / "data.csv")
    for output in ("data.csv", "link.csv"):
        result = run("predict", trained[0], tmp_path / "data.csv", "-o", tmp_path / output)
        assert result.exit_code == 2
        assert f"{output}: expected a place that can be written; received one of the files" in result.stderr
    assert (tmp_path / "data.csv").read_bytes() == table.read_bytes()
