"""Messages in the words of the command line."""

import numpy as np
import polars as pl
import pytest

from unflat.cli.wording import in_options
from unflat.errors import ColumnTypeError, ConfigurationError, NotCalibratedError
from unflat.tables.numbers import refuse_spoilt_numbers


def refused(owner, name):
    """Make the error of a parameter."""
    return ConfigurationError(owner, name, "a", 1)


with pytest.raises(ColumnTypeError) as spoilt:
    refuse_spoilt_numbers(pl.Series("load", ["1", "2", "3", "oops"]))
SPOILT = str(spoilt.value)


def test_parameters_are_named_as_options():
    """A parameter that the command has an option for is named as that; one with its value is code, and stays."""
    assert in_options("give x=, y=1 or z=.", {"x", "y"}) == "give --x, y=1 or z=."


@pytest.mark.parametrize(
    ("options", "message", "said"),
    [
        ({"group"}, "Name it as group= of make_windows, or", "Name it as --group, or"),
        ({"group"}, "one group= of the table", "one --group of the table"),
        (
            {"interval"},
            str(refused("predict_interval", "coverage")),
            "The option --interval: expected a; received 1. Give",
        ),
        ({"unit"}, str(refused("export_onnx", "units")), "such a value, or leave --unit out where"),
        ({"units", "unit"}, str(refused("LSTMRegressor", "units")), "The option --units: expected"),
        (set(), str(refused("LSTMRegressor", "units")), str(refused("LSTMRegressor", "units"))),
        ({"labels"}, SPOILT, "if it is missing; if these are labels, name the column in --labels."),
        ({"missing"}, "if it does, name it in missing=.", "if it does, name it in --missing."),
        (set(), SPOILT, "or leave it empty if it is missing."),
        (set(), str(NotCalibratedError("none")), "holds something out, without --validation-share 0."),
    ],
)
def test_messages_name_what_can_be_typed(options, message, said):
    """Options are named as they are called, and only those that the command has; what is for Python is left out."""
    assert said in in_options(message, options)


@pytest.mark.usefixtures("unrendered")
def test_a_window_that_is_too_long_leads_to_one_that_fits(run, tmp_path):
    """What is advised leaves a window in each part, and one row more does not; neither message is of Python."""
    path, output = tmp_path / "short.csv", tmp_path / "run"
    pl.DataFrame({"load": np.random.default_rng(0).normal(size=20)}).write_csv(path)
    said = run("train", path, "--target", "load", "--window", 24, "-o", output).stderr
    assert "Choose a window of at most 15 rows, better of far fewer, for 4 of the 20 are held out" in said
    assert "training part" not in run("train", path, "--target", "load", "--window", 15, "-o", output).stderr
    split = run("train", path, "--target", "load", "--window", 16, "-o", output).stderr
    assert "The training part: expected at least one window" in split
    assert split.endswith("a smaller horizon, or other shares; with many short series, --split group.\n")


def test_a_file_without_a_header_gets_one(run, tmp_path):
    """There is no option for names, so that a line of them is all that helps."""
    path = tmp_path / "bare.csv"
    path.write_text("1,2\n3,4\n")
    said = run("train", path, "--target", "load", "--window", 6, "-o", tmp_path / "run").stderr
    assert said.endswith("Write a line of names above it.\n")


def test_what_a_run_needs_cannot_be_chosen(run, trained, table, tmp_path):
    """A column that a run was trained with is to be in the table, whatever others there are."""
    renamed = tmp_path / "renamed.csv"
    pl.read_csv(table).rename({"hour": "hours"}).write_csv(renamed)
    said = run("predict", trained[0], renamed).stderr
    assert "The model was trained with it: rename 'hours' if it is the same, or give a table that has it." in said
    pl.read_csv(table).drop("hour").write_csv(renamed)
    assert "The model was trained with it: give a table that has it." in run("predict", trained[0], renamed).stderr


@pytest.mark.usefixtures("unrendered")
def test_warnings_name_commands(run, tmp_path):
    """A warning on the command line says what to type, and no call of Python."""
    path = tmp_path / "noise.csv"
    pl.DataFrame({"load": np.random.default_rng(0).normal(size=200)}).write_csv(path)
    said = run("train", path, "--target", "load", "--window", 4, "--epochs", 1, "--units", 2, "-o", tmp_path / "a b")
    assert "Find out why with unflat diagnose RUN --data FILE." in said.stderr
    assert "(model, X, y)" not in said.stderr
