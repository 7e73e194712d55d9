import json
import os
import subprocess
import sys
import warnings
from functools import partial

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import unflat
from unflat.cli import app
from unflat.errors import ConstantColumnWarning, OutputExistsError
from unflat.training.callbacks import Callback

SMALL = ("--epochs", "1", "--units", "3", "--batch-size", "32")


def run(*arguments):
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def process(*arguments, **options):
    """Run the command as its users do."""
    command = [sys.executable, "-m", "unflat", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603 - our own


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Write a table of 160 hours of two pumps' load, a daily wave with noise."""
    path = tmp_path_factory.mktemp("data") / "pumps.csv"
    random = np.random.default_rng(0)
    hours = np.datetime64("2024-01-01", "us") + np.arange(160) * np.timedelta64(1, "h")
    frames = [
        pl.DataFrame(
            {
                "hour": hours,
                "wind speed": random.normal(size=160),
                "load": 100 * (i + 1) + 10 * np.sin(np.arange(160) * 2 * np.pi / 24) + random.normal(size=160),
                "pump": [f"p{i}"] * 160,
            }
        )
        for i in range(2)
    ]
    pl.concat(frames).write_csv(path)
    return path


@pytest.fixture(scope="module")
def trained(table, tmp_path_factory):
    """Train on the table once, for all that only look at a run."""
    folder = tmp_path_factory.mktemp("runs") / "pumps"
    result = run("train", table, "--target", "load", "--window", 6, "--group", "pump", "-o", folder, *SMALL)
    assert result.exit_code == 0, result.output
    return folder, result


def test_version_is_the_packages():
    """`--version` prints the version and nothing else."""
    assert run("--version").output == f"unflat {unflat.__version__}\n"


def test_help_lists_the_commands():
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


@pytest.mark.parametrize("command", ["demo", "train", "evaluate", "predict", "export"])
def test_help_of_a_command_has_examples(command):
    """Each command's help ends with commands to copy, each on its own line."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Examples:\n    unflat {command}" in result.output


def test_the_command_without_arguments_shows_help():
    """Who types `unflat` alone learns what to type."""
    assert "Usage: unflat" in run().output


def test_training_writes_a_run_and_says_where(trained):
    """The run has its pictures, and the output tells the parts, the scores and where to look."""
    folder, result = trained
    assert sorted(path.name for path in (folder / "figures").iterdir()) == [
        "agreement.png",
        "loss.png",
        "predictions.png",
    ]
    assert "judged by 64 windows; epochs: 1" in result.stdout
    assert "better: MSE" in result.stdout
    assert f"The run is in {folder}; look at {folder / 'figures' / 'predictions.png'}." in result.stdout
    config = json.loads((folder / "config.json").read_text())
    assert config["command"][1:4:2] == ["train", "--target"]
    assert config["command"][-6:] == list(SMALL)


def test_options_reach_the_run(table, tmp_path):
    """Every option of training is found in the run's configuration as it was given."""
    result = run(
        "train", table, "-o", tmp_path / "run", "--target", "load", "--target", "wind speed", "--window", 5,
        "--horizon", 3, "--features", "load, wind speed", "--time", "hour", "--group", "pump", "--stride", 2,
        "--split", "group", "--test-share", 0.5, "--validation-share", 0, "--epochs", 2, "--batch-size", 16,
        "--learning-rate", 0.01, "--units", "4,3", "--loss", "huber", "--seed", 7, "--device", "cpu",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["cut"] == {
        "target": ["load", "wind speed"], "length": 5, "horizon": 3, "features": ["load", "wind speed"],
        "time": "hour", "group": "pump", "stride": 2, "calendar": [], "known": [], "static": [], "labels": [],
    }  # fmt: skip
    assert config["holdout"] == {"test": 0.5, "validation": 0.0, "by": "group", "gap": 0, "seed": 7}
    assert config["counts"] == {"train": 77, "validation": 0, "test": 77}
    given = {
        "epochs": 2, "batch_size": 16, "learning_rate": 0.01, "units": [4, 3], "loss": "huber", "random_state": 7,
        "device": "cpu", "validation_fraction": 0.0,
    }  # fmt: skip
    assert given.items() <= config["parameters"].items()
    picture = tmp_path / "run" / "figures" / "predictions-1.png"  # of several outputs the first one's
    assert f"look at {picture}." in result.stdout
    assert picture.exists()


@pytest.mark.parametrize(
    ("option", "given", "words"),
    [
        ("--test-share", 0, "0 leaves nothing to judge by"),
        ("--test-share", 1, "or --test FILE"),
        ("--horizon", "5-1", "runs backwards; write 1-5"),
    ],
)
def test_shares_and_ranges_that_cannot_be_name_their_option(table, tmp_path, option, given, words):
    """The error says what to give instead, and nothing of the parameters behind the option."""
    result = run("train", table, "--target", "load", "--window", 6, "-o", tmp_path / "run", option, given)
    assert result.exit_code == 2
    assert f"Invalid value for {option}" in result.stderr.replace("'", "")
    assert words in " ".join(result.stderr.split())


@pytest.mark.parametrize(("given", "horizon"), [("1,3", [1, 3]), ("2-4", [2, 3, 4]), ("2,", None), ("4-", None)])
def test_horizons_calendar_known_and_static_columns_reach_the_run(table, tmp_path, given, horizon):
    """What a table has besides its features is named by options, and predictions are named by their horizons."""
    sized = tmp_path / "sized.csv"
    pl.read_csv(table).with_columns(size=pl.col("pump").cum_count().over("pump") * 0 + 2).write_csv(sized)
    more = (
        "--calendar",
        "hour, weekday",
        "--known",
        "wind speed",
        "--static",
        "size",
        "--labels",
        "size",
        "--group",
        "pump",
    )
    result = run(
        "train", sized, "-o", tmp_path / "run", "--target", "load", "--window", 5, "--horizon", given, "--epochs", 1,
        "--units", 4, *more,
    )  # fmt: skip
    if horizon is None:
        assert result.exit_code == 2
        assert f"Invalid value for --horizon: {given!r} is neither a number of rows nor several" in result.stderr
        return
    assert result.exit_code == 0, result.output
    cut = json.loads((tmp_path / "run" / "config.json").read_text())["cut"]
    assert (cut["horizon"], cut["calendar"], cut["known"]) == (horizon, ["hour", "weekday"], ["wind speed"])
    assert cut["static"] == cut["labels"] == ["size"]
    assert unflat.load(tmp_path / "run" / "model.unflat").schema_.categories == {"size": ("2",)}
    assert all(f"target load+{h}" in result.stdout for h in horizon)
    lacking = run("predict", tmp_path / "run", sized)
    assert (lacking.exit_code, "Append a row for each step ahead" in lacking.stderr) == (2, True)


@pytest.mark.parametrize(
    ("rows", "share", "chosen"),
    [
        (30, 0, "Trained on 24, chosen by 0, judged by 6 sequences; epochs"),
        (30, 0.2, "Trained on 18, chosen by 6, judged by 6 sequences; epochs"),
        (400, None, "Trained on 320, chosen by 32 of these, judged by 80 sequences; "),
    ],
)
def test_training_says_by_how_many_the_epoch_was_chosen(tmp_path, rows, share, chosen):
    """By a part of its own, by some of those that were trained on, or by none."""
    values = np.random.default_rng(0).normal(size=(rows, 4))
    lines = [",".join(map(str, row)) + f":{row.max() * row.min()}" for row in values]
    (tmp_path / "a.ts").write_text("\n".join(["@targetlabel true", "@data", *lines]))
    given = () if share is None else ("--validation-share", share)
    result = run("train", tmp_path / "a.ts", "-o", tmp_path / "run", *given, *SMALL)
    assert result.exit_code == 0, result.output
    assert chosen in result.stdout


def test_options_that_are_not_given_are_the_models_own(trained):
    """What the user leaves out is left to the model, not repeated in the command."""
    parameters = json.loads((trained[0] / "config.json").read_text())["parameters"]
    own = unflat.LSTMRegressor().get_params()
    for name in ("learning_rate", "loss", "dropout", "skip", "patience", "validation_fraction"):
        assert parameters[name] == own[name]


def test_training_on_whole_sequences(tmp_path):
    """A .ts file needs no target and no window, and may have its own file to judge by."""
    random = np.random.default_rng(0)
    for name, n in (("a.ts", 30), ("b.ts", 10)):
        rows = random.normal(size=(n, 4))
        lines = [",".join(map(str, row)) + f":{row.sum()}" for row in rows]
        (tmp_path / name).write_text("\n".join(["@targetlabel true", "@data", *lines]))
    result = run("train", tmp_path / "a.ts", "--test", tmp_path / "b.ts", "-o", tmp_path / "run", *SMALL)
    assert result.exit_code == 0, result.output
    assert "Trained on 30, chosen by all of these in turn, judged by 10 sequences; 5 networks" in result.stdout
    printed = run("predict", tmp_path / "run", tmp_path / "b.ts").stdout.splitlines()
    assert printed[0].startswith("sequence,")
    assert len(printed) == 11


def test_predictions_are_printed_as_csv(trained, table):
    """Without a file the table goes to standard output, alone, so that it can be piped."""
    result = run("predict", trained[0], table)
    lines = result.stdout.splitlines()
    assert lines[0] == "pump,hour,hour_target,load_predicted"
    assert len(lines) == 1 + 2 * 155
    assert lines[155].startswith("p0,2024-01-07 15:00:00,2024-01-07 16:00:00,")


def test_bounds_are_printed_beside_predictions(trained, table):
    """`--interval` adds a lower and an upper bound to each prediction."""
    lines = run("predict", trained[0], table, "--interval", 0.8).stdout.splitlines()
    assert lines[0] == "pump,hour,hour_target,load_predicted,load_lower,load_upper"
    predicted, lower, upper = map(float, lines[1].split(",")[-3:])
    assert lower < predicted < upper


def test_predictions_are_written_to_a_file(trained, table, tmp_path):
    """The file holds the same table, and the output says so."""
    result = run("predict", trained[0], table, "-o", tmp_path / "p.parquet")
    assert result.stdout == f"Wrote 310 predictions to {tmp_path / 'p.parquet'}.\n"
    frame = pl.read_parquet(tmp_path / "p.parquet")
    assert frame.columns == ["pump", "hour", "hour_target", "load_predicted"]
    assert frame["load_predicted"].is_between(50, 250).all()


def test_evaluation_is_printed_as_text_or_json(trained, table):
    """Both say the same: to a person, and to a program."""
    text, plain = run("evaluate", trained[0], table), run("evaluate", trained[0], table, "--json")
    scores = json.loads(plain.stdout)
    assert scores["targets"] == ["load"]
    assert scores["assessment"]["n"] == 2 * 154
    assert "LSTMRegressor on 308 samples" in text.stdout
    assert f"{scores['assessment']['outputs'][0]['r2']:.4f}" in text.stdout


def test_a_model_file_alone_can_be_used(trained, table):
    """The model file out of a run predicts as the run does."""
    assert run("predict", trained[0] / "model.unflat", table).stdout == run("predict", trained[0], table).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--window", 6), "Invalid value for --target: A table needs it"),
        (("--target", "load"), "Invalid value for --window: A table needs it"),
        (("--target", "load", "--window", 0), "Invalid value for '--window'"),
        (("--target", "load", "--window", 6, "--units", "a,b"), "Invalid value for --units: 'a,b' is no list of whole"),
        (("--target", "load", "--window", 6, "--loss", "mape"), "Invalid value for '--loss'"),
        (("--target", "lod", "--window", 6), "The target column 'lod': expected a column of the table"),
        (("--target", "load", "--window", 999), "expected a series of at least 1000 rows; received 160 rows"),
        (("--target", "load", "--window", 6, "--test-share", 1), "Invalid value for '--test-share': 1 leaves nothing"),
        (("--target", "load", "--window", 6, "--device", "abacus"), "The parameter 'device' of LSTMRegressor"),
        (("--target", "load", "--window", 6, "--learning-rate", -1), "The parameter 'learning_rate' of LSTMRegressor"),
    ],
)
def test_mistakes_are_answered_with_one_message(table, tmp_path, arguments, said):
    """A mistake ends with code 2, a message on standard error, no traceback, and no folder."""
    result = run("train", table, "--group", "pump", "-o", tmp_path / "run", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "option",
    [("--target", "a"), ("--window", 3), ("--features", "a"), ("--known", "a"), ("--horizon", 24), ("--stride", 7)],
)
def test_options_of_tables_are_refused_for_whole_sequences(tmp_path, option):
    """What a .ts file cannot have is refused, rather than ignored."""
    result = run("train", tmp_path / "a.ts", "-o", tmp_path / "run", *option)
    assert result.exit_code == 2
    assert f"Invalid value for {option[0]}: The sequences of a .ts file are whole" in result.stderr


def test_files_that_are_not_there_are_named(tmp_path, trained, table):
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
def test_a_name_too_long_for_the_system_is_a_plain_message(trained, command):
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


def test_an_error_of_the_package_is_one_line(trained, table):
    """What, where, received and remedy stand in one line that begins with Error."""
    result = run("train", table, "--target", "load", "--window", 6, "-o", trained[0])
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [f"Error: {_taken(trained[0].resolve())}"]


def _taken(path):
    return OutputExistsError(path, "a run is there already", "Choose another folder, or replace the run with --force.")


def test_a_run_is_replaced_by_force(table, tmp_path):
    """`--force` replaces a run."""
    arguments = ("train", table, "--target", "load", "--window", 6, "--group", "pump", "-o", tmp_path / "run", *SMALL)
    assert run(*arguments).exit_code == 0
    assert run(*arguments).exit_code == 2
    assert run(*arguments, "--force").exit_code == 0


def test_warnings_of_the_package_are_one_line(trained, table, monkeypatch):
    """A warning is a plain line, without Python's file names, and is shown even where warnings are errors."""

    def warn(model, data, **_):
        warnings.warn("One column is constant.", ConstantColumnWarning, stacklevel=2)
        return pl.DataFrame({"a": [len(str(data)) if model else 0]})

    monkeypatch.setattr(unflat.runs, "predict_file", warn)
    result = run("predict", trained[0], table)
    assert result.stderr == "Warning: One column is constant.\n"
    assert result.stdout.startswith("a\n")


def test_a_warning_that_comes_twice_is_said_once(trained, table, monkeypatch):
    """What the judging of a model and its evaluation both find is one finding."""

    def warn(model, data, **_):
        for column in ("One", "One", "Another"):
            warnings.warn(f"{column} column is constant.", ConstantColumnWarning, stacklevel=2)
        return pl.DataFrame({"a": [len(str(data)) if model else 0]})

    monkeypatch.setattr(unflat.runs, "predict_file", warn)
    said = run("predict", trained[0], table).stderr.splitlines()
    assert said == ["Warning: One column is constant.", "Warning: Another column is constant."]


def test_a_run_with_known_columns_is_exported_on_the_table_it_learned_from(table, tmp_path):
    """The table ends where the columns known in advance do: windows that have them are the sample."""
    folder = tmp_path / "run"
    names = ("--target", "load", "--window", 6, "--group", "pump", "--known", "wind speed")
    assert run("train", table, "-o", folder, *names, *SMALL).exit_code == 0
    result = run("export", folder, tmp_path / "load.onnx", "--sample", table)
    assert result.exit_code == 0, result.output
    assert "Checked on 308 sequences" in result.stdout


def test_warnings_of_others_are_left_alone(trained, table, monkeypatch):
    """Another library's warning is not dressed as one of ours."""

    def warn(model, data, **_):
        warnings.warn("elsewhere", UserWarning, stacklevel=2)
        return pl.DataFrame({"a": [len(str(data)) if model else 0]})

    monkeypatch.setattr(unflat.runs, "predict_file", warn)
    with pytest.warns(UserWarning, match="elsewhere"):
        CliRunner().invoke(app, ["predict", str(trained[0]), str(table)], catch_exceptions=False)


def test_a_fault_of_the_program_keeps_its_traceback(trained, table, monkeypatch):
    """An error that is not the user's is not dressed as one."""

    def fail(model, data, **_):
        raise ZeroDivisionError(model, data)

    monkeypatch.setattr(unflat.runs, "predict_file", fail)
    result = run("predict", trained[0], table)
    assert isinstance(result.exception, ZeroDivisionError)


def test_interrupt_ends_with_130(trained, table, monkeypatch):
    """Ctrl-C ends with the code that shells expect, and prints no traceback."""

    def interrupt(model, data, **_):
        raise KeyboardInterrupt(model, data)

    monkeypatch.setattr(unflat.runs, "predict_file", interrupt)
    result = run("predict", trained[0], table)
    assert result.exit_code == 130
    assert "Traceback" not in result.output


class Interrupt(Callback):
    """Presses Ctrl-C in the second epoch."""

    def on_epoch(self, record):
        """Press it."""
        if record.epoch == 2:
            raise KeyboardInterrupt


def test_interrupted_training_keeps_its_run(table, tmp_path, monkeypatch):
    """Ctrl-C during training leaves a whole run with the best weights so far, a warning, and code 130."""
    monkeypatch.setattr(unflat, "LSTMRegressor", partial(unflat.LSTMRegressor, callbacks=(Interrupt(),)))
    arguments = ("--target", "load", "--window", 6, "--group", "pump", "--epochs", 50, "--units", 3)
    result = run("train", table, "-o", tmp_path / "run", *arguments)
    assert result.exit_code == 130
    assert "Warning: Training was interrupted after" in result.stderr
    assert f"The run is in {tmp_path / 'run'}" in result.stdout
    assert (tmp_path / "run" / "model.unflat").exists()


def test_demo_prints_a_table_and_draws_two_pictures(tmp_path):
    """Six rows with a verdict each, what they teach, and the pictures; in a terminal's width where there is none."""
    result = run("demo", "--output", tmp_path / "a" / "pictures", "--epochs", "1")
    assert result.exit_code == 0, result.output
    for row in ("nothing", "the inputs", "the target", "as the document does", "both, each by its own"):
        assert row in result.stdout
    rows = [line for line in result.stdout.splitlines() if "LSTMRegressor() " in line]
    assert any("cured" in row for row in rows)
    assert "Scaling the inputs alone cures nothing" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100 + len(str(tmp_path)) * 2
    table, _, diagnosis = result.stdout.partition("What `unflat diagnose` says of the flat model")
    assert max(map(len, table.splitlines()[:-2])) <= 100
    assert "LSTMRegressor: FLAT" in diagnosis
    assert diagnosis.index("1. target_scale") < diagnosis.index("2. input_scale")
    assert sorted(path.name for path in (tmp_path / "a" / "pictures").iterdir()) == ["loss.png", "regression.png"]


def test_demo_proves_the_cures_where_that_is_asked_for(tmp_path, monkeypatch):
    """The diagnosis at its end is asked for with a proof."""
    asked = []

    def diagnose(*_, **options):
        asked.append(options["prove"])
        return "the diagnosis"

    monkeypatch.setattr(unflat, "diagnose", diagnose)
    result = run("demo", "--output", tmp_path, "--epochs", "1", "--prove")
    assert result.stdout.rstrip().endswith("the diagnosis")
    assert asked == [True]


def test_demo_asks_for_a_place_before_the_work(tmp_path):
    """A folder that cannot be made is said at once, not after a minute."""
    (tmp_path / "file").touch()
    result = run("demo", "--output", tmp_path / "file" / "pictures")
    assert result.exit_code == 2
    assert "expected a place that can be written" in result.stderr


def test_the_module_is_the_command(tmp_path):
    """`python -m unflat` answers as the command does, from any folder, and its errors reach the shell."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert process("--version", cwd=tmp_path, env=environment).stdout == f"unflat {unflat.__version__}\n"
    wrong = process("predict", "nowhere", "none.csv", cwd=tmp_path, env=environment)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("Error: The model file nowhere: expected the folder of a run")


def test_export_writes_a_file_that_predicts_what_the_run_predicts(trained, table, tmp_path):
    """The file takes the run's windows; the output says where it is and how near it comes."""
    result = run("export", trained[0], tmp_path / "load.onnx", "--sample", table, "--unit", "load=kW")
    assert result.exit_code == 0, result.output
    assert f"Wrote {tmp_path / 'load.onnx'}: " in result.stdout
    assert "standard deviations of the target from the model's predictions." in result.stdout
    model, exported = unflat.Run(trained[0]).load(), unflat.OnnxPredictor(tmp_path / "load.onnx")
    windows = unflat.apply_schema(unflat.read_table(table), model.schema_, targets=False)
    np.testing.assert_allclose(exported.predict(windows), model.predict(windows), rtol=1e-5)
    assert exported.metadata["units"] == {"load": "kW"}


@pytest.mark.parametrize(("options", "message"), [
    (("--opset", "9"), "expected a whole number from 18 to"),
    (("--unit", "kW"), "The parameter 'unit' of unflat export: expected NAME=UNIT"),
    (("--unit", "laod=kW"), "expected units of 'wind speed', 'load'; received"),
    (("--sample", "none.csv"), "none.csv"),
])  # fmt: skip
def test_export_says_what_is_wrong_and_writes_nothing(options, message, trained, tmp_path):
    """One message, exit code 2, no file."""
    result = run("export", trained[0], tmp_path / "load.onnx", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("output", "message"), [
    ("model.unflat", "the ending '.unflat' is unknown. Let the name end in .onnx."),
    ("sample.csv", "the ending '.csv' is unknown"),
    ("model.onnx", "received one of the files that are read. Choose another name."),
    ("sample.onnx", "received one of the files that are read"),
])  # fmt: skip
def test_export_overwrites_nothing_that_it_reads(output, message, trained, table, tmp_path):
    """Neither the model nor the sample, whatever it is called."""
    (tmp_path / output).write_bytes((trained[0] / "model.unflat" if "model" in output else table).read_bytes())
    before = (tmp_path / output).read_bytes()
    model = tmp_path / output if "model" in output else trained[0]
    sample = tmp_path / output if "sample" in output else table
    result = run("export", model, tmp_path / ".." / tmp_path.name / output, "--sample", sample)
    assert result.exit_code == 2
    assert message in result.stderr
    assert (tmp_path / output).read_bytes() == before


def test_predict_does_not_overwrite_its_data(trained, table, tmp_path):
    """The table that is predicted from stays, also where it is written to by way of a link."""
    (tmp_path / "data.csv").write_bytes(table.read_bytes())
    (tmp_path / "link.csv").symlink_to(tmp_path / "data.csv")
    for output in ("data.csv", "link.csv"):
        result = run("predict", trained[0], tmp_path / "data.csv", "-o", tmp_path / output)
        assert result.exit_code == 2
        assert f"{output}: expected a place that can be written; received one of the files" in result.stderr
    assert (tmp_path / "data.csv").read_bytes() == table.read_bytes()
