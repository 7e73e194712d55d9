import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import unflat
from unflat.cli import app
from unflat.errors import MissingExtraError
from unflat.tuning import Space

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")

TINY = ("--space", "units=2:3", "--space", "epochs_factor=0.02:0.04", "--space", "layers=1", "--space", "cell=lstm,gru")


def run(*arguments):
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def table(tmp_path):
    """Write a table of 90 hours."""
    hours = np.datetime64("2024-01-01", "us") + np.arange(90) * np.timedelta64(1, "h")
    load = 50 + 10 * np.sin(np.arange(90) * 2 * np.pi / 24)
    pl.DataFrame({"hour": hours, "load": load}).write_csv(tmp_path / "load.csv")
    return tmp_path / "load.csv"


def test_tuning_writes_a_run_and_tells_what_was_found(table, tmp_path):
    """The output has the trials, the choice and the scores; the run has its pictures; another call goes on."""
    folder = tmp_path / "run"
    arguments = ("tune", table, "--target", "load", "--window", 4, "-o", folder, "--seed", 3, *TINY)
    result = run(*arguments, "--trials", 2)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 trials in ")
    assert "\ngiven  " in result.stdout
    assert "Trained on 68 windows (all of them in turn held out to choose the epoch); judged by 18" in result.stdout
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "agreement.png", "loss.png", "predictions.png", "tuning.png",
    }  # fmt: skip
    config = json.loads((folder / "config.json").read_text())
    assert config["command"][1] == "tune"
    assert config["parameters"]["random_state"] == config["holdout"]["seed"] == 3
    assert run(*arguments, "--trials", 3).stdout.startswith("3 trials in ")
    assert run("evaluate", folder, table).exit_code == 0
    assert run("predict", folder, table).exit_code == 0


@pytest.mark.usefixtures("unrendered")
def test_a_share_that_trials_are_scored_on_chooses_the_model_too(table, tmp_path):
    """It is taken from the data for both."""
    arguments = ("tune", table, "--target", "load", "--window", 4, "-o", tmp_path / "run", *TINY)
    result = run(*arguments, "--trials", 1, "--validation-share", 0.1)
    assert "Trained on 59 windows (9 others chose the epoch); judged by 18 others" in result.stdout


def test_ctrl_c_before_there_is_a_result_says_how_to_go_on(table, tmp_path, monkeypatch):
    """The exit code is a shell's, and the message names the folder that keeps what was tried."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(unflat, "tune_run", interrupted)
    result = run("tune", table, "--target", "load", "--window", 4, "-o", tmp_path / "run", *TINY)
    assert result.exit_code == 130
    assert f"kept in {tmp_path / 'run'}: the same command goes on" in result.stderr
    result = run("tune", table, "--target", "load", "--window", 4, "-o", tmp_path / "run", "--force", *TINY)
    assert "the same command without --force goes on" in result.stderr


@pytest.mark.usefixtures("unrendered")
def test_only_the_call_that_was_interrupted_ends_as_one(table, tmp_path, monkeypatch):
    """Its exit code is a shell's; that of a later call, which finds the trial that was broken off, is 0."""
    arguments = ("tune", table, "--target", "load", "--window", 4, "-o", tmp_path / "run", *TINY)
    assert run(*arguments, "--trials", 1).exit_code == 0

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr("unflat.tuning.search._Runner._train", interrupted)
        assert run(*arguments, "--trials", 2).exit_code == 130
    result = run(*arguments, "--trials", 1)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 trials in ")


def test_a_search_is_quiet_on_standard_error(table, tmp_path):
    """Where standard error is no terminal, only our own warnings stand there, none of Optuna's."""
    command = [
        sys.executable, "-m", "unflat", "tune", table, "--target", "load", "--window", "4", "-o", tmp_path / "run",
        "--budget", "0.1s", *TINY,
    ]  # fmt: skip
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert done.stdout.startswith("1 trial in ")
    assert all(line.startswith("Warning: ") for line in done.stderr.splitlines() if line.strip())


def test_the_space_can_be_shown_without_data():
    """What is varied, and how far, is printed and nothing else asked for."""
    assert run("tune", "--show-space").stdout == f"{Space()}\n"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--budget", "10 minutes"), "'10 minutes' is no time, such as 90s, 10m or 1h30m."),
        (("--space", "unit=3"), "NAME=LOW:HIGH, NAME=A,B or NAME=off"),
        (("--space", "dropout=0:2"), "The parameter 'dropout' of Space"),
        (("--trials", "0"), "Invalid value for '--trials'"),
        (("--quantile", "0.9"), "Only the quantile loss has a quantile"),
    ],
)
def test_options_that_cannot_be_read_are_named(table, tmp_path, option, message):
    """A wrong option ends the command with exit code 2, before any training."""
    result = run("tune", table, "--target", "load", "--window", 4, "-o", tmp_path / "run", *option)
    assert result.exit_code == 2
    assert message in result.output
    assert not (tmp_path / "run").exists()


def test_a_table_needs_a_target_and_a_window(table, tmp_path):
    """As for training."""
    result = run("tune", table, "-o", tmp_path / "run")
    assert result.exit_code == 2
    assert "Say which column to predict, e.g. --target load." in result.output


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("0.5h", 1800)])
def test_times_are_read(monkeypatch, table, tmp_path, text, seconds):
    """Hours, minutes and seconds, alone or together, reach the search as seconds."""
    given = {}

    def stop(*_, **options):
        given.update(options)
        raise MissingExtraError("optuna", "tune")

    monkeypatch.setattr(unflat, "tune_run", stop)
    result = run("tune", table, "--target", "load", "--window", 4, "-o", tmp_path / "run", "--budget", text)
    assert given["budget"] == seconds
    assert result.exit_code == 2
    assert "python -m pip install 'unflat[tune]'" in result.output


def test_help_has_examples_and_loads_nothing_heavy():
    """Help of the command ends with commands to copy, and neither torch nor Optuna is loaded for it."""
    assert "Examples:\n    unflat tune" in run("tune", "--help").output
    code = "import sys\nfrom unflat.cli import app\napp(['tune', '--help'], standalone_mode=False)\n"
    check = f"{code}print(*[name for name in ('torch', 'optuna') if name in sys.modules], 'are loaded')"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert done.stdout.splitlines()[-1].split() == ["are", "loaded"]
