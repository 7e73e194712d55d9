"""The commands put together: help, messages, exit codes."""

import os
import subprocess
import sys
import warnings

import polars as pl
import pytest
from typer.testing import CliRunner

import unflat
from unflat.cli import app, main
from unflat.errors import ConstantColumnWarning, OutputExistsError


def test_version_is_the_packages(run):
    """`--version` prints the version and nothing else."""
    assert run("--version").output == f"unflat {unflat.__version__}\n"


def test_help_lists_the_commands(run):
    """Help names every command with a line that says what it does, and none of them is cut short."""
    result = run("--help")
    for line in (
        "demo      Show a flat network, why it is flat, and the cure.",
        "train     Train a model on a file and write a run.",
        "evaluate  Score a run on new data, beside baselines.",
        "predict   Predict with a run.",
        "export    Write a run as an ONNX file that takes and gives raw units.",
    ):
        assert line in result.output


def test_help_loads_nothing_that_it_does_not_show():
    """Neither torch nor what tables and progress bars are made of: help comes at once."""
    heavy = ("torch", "numpy", "polars", "sklearn", "matplotlib", "rich")
    code = (
        "import sys\nfrom unflat.cli import app\napp(['--help'], standalone_mode=False)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    shown = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["demo", "train", "evaluate", "predict", "explain", "export"])
def test_help_of_a_command_has_examples(run, command):
    """Each command's help ends with commands to copy, each on its own line."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Examples:\n    unflat {command}" in result.output


def test_the_command_without_arguments_shows_help(run):
    """Who types `unflat` alone learns what to type."""
    assert "Usage: unflat" in run().output


def process(*arguments, **options):
    """Run the command as its users do."""
    command = [sys.executable, "-m", "unflat", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603 - our own


def test_the_module_is_the_command(tmp_path):
    """`python -m unflat` answers as the command does, from any folder, and its errors reach the shell."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert process("--version", cwd=tmp_path, env=environment).stdout == f"unflat {unflat.__version__}\n"
    wrong = process("predict", "nowhere", "none.csv", cwd=tmp_path, env=environment)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("Error: The model file nowhere: expected the folder of a run")


def test_files_that_are_not_there_are_named(run, tmp_path, trained, table):
    """A missing table and a missing run are plain messages with the path."""
    for arguments, path in (
        (("predict", trained[0], tmp_path / "none.csv"), tmp_path / "none.csv"),
        (("evaluate", tmp_path / "none", table), tmp_path / "none"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: ")
        assert str(path) in result.stderr


@pytest.mark.parametrize("command", ["diagnose", "evaluate", "train"])
def test_a_name_too_long_for_the_system_is_a_plain_message(run, trained, command):
    """What the system says of a path ends with code 2, which is no verdict, and without a traceback."""
    name = "n" * 300
    arguments = {
        "diagnose": (trained[0], "--data", f"{name}.csv"),
        "evaluate": (name, "data.csv"),
        "train": (f"{name}.csv", "--target", "load", "--window", 6, "-o", name),
    }[command]
    result = run(command, *arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert name in result.stderr
    assert "File name too long" in result.stderr
    assert "Traceback" not in result.output


def test_an_error_of_the_package_is_one_line(run, trained, table):
    """What, where, received and remedy stand in one line that begins with Error."""
    result = run("train", table, "--target", "load", "--window", 6, "-o", trained[0])
    assert result.exit_code == 2
    remedy = "Choose another folder, or replace the run with --force."
    taken = OutputExistsError(trained[0].resolve(), "a run is there already", remedy)
    assert result.stderr.splitlines() == [f"Error: {taken}"]


def test_warnings_of_the_package_are_one_line(run, trained, table, monkeypatch):
    """A warning is a plain line, without Python's file names, and is shown even where warnings are errors."""

    def warn(model, data, **_):
        warnings.warn("One column is constant.", ConstantColumnWarning, stacklevel=2)
        return pl.DataFrame({"a": [len(str(data)) if model else 0]})

    monkeypatch.setattr(unflat.runs, "predict_file", warn)
    result = run("predict", trained[0], table)
    assert result.stderr == "Warning: One column is constant.\n"
    assert result.stdout.startswith("a\n")


def test_a_warning_that_comes_twice_is_said_once(run, trained, table, monkeypatch):
    """What the judging of a model and its evaluation both find is one finding."""

    def warn(model, data, **_):
        for column in ("One", "One", "Another"):
            warnings.warn(f"{column} column is constant.", ConstantColumnWarning, stacklevel=2)
        return pl.DataFrame({"a": [len(str(data)) if model else 0]})

    monkeypatch.setattr(unflat.runs, "predict_file", warn)
    said = run("predict", trained[0], table).stderr.splitlines()
    assert said == ["Warning: One column is constant.", "Warning: Another column is constant."]


def test_warnings_of_others_are_left_alone(trained, table, monkeypatch):
    """Another library's warning is not dressed as one of ours."""

    def warn(model, data, **_):
        warnings.warn("elsewhere", UserWarning, stacklevel=2)
        return pl.DataFrame({"a": [len(str(data)) if model else 0]})

    monkeypatch.setattr(unflat.runs, "predict_file", warn)
    with pytest.warns(UserWarning, match="elsewhere"):
        CliRunner().invoke(app, ["predict", str(trained[0]), str(table)], catch_exceptions=False)


def test_a_fault_of_the_program_keeps_its_traceback(run, trained, table, monkeypatch):
    """An error that is not the user's is not dressed as one."""

    def fail(model, data, **_):
        raise ZeroDivisionError(model, data)

    monkeypatch.setattr(unflat.runs, "predict_file", fail)
    result = run("predict", trained[0], table)
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_fault_of_the_program_is_no_verdict(monkeypatch, capsys):
    """Scripts see code 2, not the 1 of a model that is not healthy, and people the traceback."""

    def fail(source):
        raise ZeroDivisionError(source)

    monkeypatch.setattr(sys, "argv", ["unflat", "diagnose", "model.unflat", "--data", "data.npz"])
    monkeypatch.setattr(unflat.diagnosis, "load_model", fail)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "ZeroDivisionError: model.unflat" in capsys.readouterr().err


def test_interrupt_ends_with_130(run, trained, table, monkeypatch):
    """Ctrl-C ends with the code that shells expect, and prints no traceback."""

    def interrupt(model, data, **_):
        raise KeyboardInterrupt(model, data)

    monkeypatch.setattr(unflat.runs, "predict_file", interrupt)
    result = run("predict", trained[0], table)
    assert result.exit_code == 130
    assert result.output == "Interrupted before there was a result.\n"


def test_a_message_names_the_options_of_its_command(run, tmp_path):
    """What callers in Python are told as parameters is told as options, where the command has them."""
    path = tmp_path / "named.csv"
    pl.DataFrame({"load": range(60), "name": [f"a{i}" for i in range(60)]}).write_csv(path)
    said = run("train", path, "--target", "load", "--window", 6, "-o", tmp_path / "run").stderr
    assert "Leave the column out with --features, convert it" in said
