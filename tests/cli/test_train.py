"""`unflat train`."""

import json
from functools import partial

import numpy as np
import polars as pl
import pytest

import unflat
from unflat.training.callbacks import Callback

SMALL = ("--epochs", "1", "--units", "3", "--batch-size", "32")


def test_training_writes_a_run_and_says_where(trained):
    """The run has its pictures, and the output tells the parts, the scores and where to look."""
    folder, result = trained
    assert sorted(path.name for path in (folder / "figures").iterdir()) == [
        "agreement.png",
        "loss.png",
        "predictions.png",
    ]
    assert "; judged by 64 others; epochs: 1" in result.stdout
    assert "better: MSE" in result.stdout
    assert f"The run is in {folder}; look at {folder / 'figures' / 'predictions.png'}." in result.stdout
    config = json.loads((folder / "config.json").read_text())
    assert config["command"][1:4:2] == ["train", "--target"]
    assert config["command"][-6:] == list(SMALL)


def test_options_reach_the_run(run, table, tmp_path):
    """Every option of training is found in the run's configuration as it was given."""
    result = run(
        "train", table, "-o", tmp_path / "run", "--target", "load", "--target", "wind speed", "--window", 5,
        "--horizon", 3, "--features", "load, wind speed", "--time", "hour", "--group", "pump", "--stride", 2,
        "--split", "group", "--test-share", 0.5, "--validation-share", 0, "--epochs", 2, "--batch-size", 16,
        "--learning-rate", 0.01, "--units", "4,3", "--loss", "huber", "--seed", 7, "--device", "cpu",
        "--missing", "-999, -99.5",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["cut"] == {
        "target": ["load", "wind speed"], "length": 5, "horizon": 3, "features": ["load", "wind speed"],
        "time": "hour", "group": "pump", "stride": 2, "calendar": [], "known": [], "static": [], "labels": [],
        "missing": [-999.0, -99.5],
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
    ("option", "words"),
    [
        (("--test-share", 0), "0 leaves nothing to judge by"),
        (("--test-share", 1), "or --test FILE"),
        (("--horizon", "5-1"), "runs backwards; write 1-5"),
        (("--missing", "NA"), "'NA' is neither a number nor several, such as -999"),
    ],
)
def test_shares_and_ranges_that_cannot_be_name_their_option(run, table, tmp_path, option, words):
    """The error says what to give instead, and nothing of the parameters behind the option."""
    result = run("train", table, "--target", "load", "--window", 6, "-o", tmp_path / "run", *option)
    assert result.exit_code == 2
    assert f"Invalid value for {option[0]}" in result.stderr.replace("'", "")
    assert words in " ".join(result.stderr.split())


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize(("given", "horizon"), [("1,3", [1, 3]), ("2-4", [2, 3, 4]), ("2,", None), ("4-", None)])
def test_horizons_calendar_known_and_static_columns_reach_the_run(run, table, tmp_path, given, horizon):
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


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize(
    ("rows", "share", "chosen"),
    [
        (30, 0, "Trained on 24 sequences; judged by 6 others; epochs"),
        (30, 0.2, "Trained on 18 sequences (6 others chose the epoch); judged by 6 others; epochs"),
        (400, None, "Trained on 320 sequences (32 of them held out to choose the epoch); judged by 80 others; "),
    ],
)
def test_training_says_by_how_many_the_epoch_was_chosen(run, tmp_path, rows, share, chosen):
    """By a part of its own, by some of those that were trained on, or by none."""
    values = np.random.default_rng(0).normal(size=(rows, 4))
    lines = [",".join(map(str, row)) + f":{row.max() * row.min()}" for row in values]
    (tmp_path / "a.ts").write_text("\n".join(["@targetlabel true", "@data", *lines]))
    given = () if share is None else ("--validation-share", share)
    result = run("train", tmp_path / "a.ts", "-o", tmp_path / "run", *given, *SMALL)
    assert result.exit_code == 0, result.output
    assert chosen in result.stdout


@pytest.mark.usefixtures("unrendered")
def test_commas_separate_targets(run, tmp_path):
    """As they do in all lists; a column that is called so is one."""
    path, random = tmp_path / "t.csv", np.random.default_rng(0)
    pl.DataFrame({name: random.normal(size=40) for name in ("load", "heat", "load,kW")}).write_csv(path)
    for given, names in (("load,heat", ["load", "heat"]), ("load,kW", ["load,kW"])):
        arguments = ("--target", given, "--window", 3, "--epochs", 1, "--units", 2, "-o", tmp_path / given)
        assert run("train", path, *arguments).exit_code == 0
        assert json.loads((tmp_path / given / "config.json").read_text())["cut"]["target"] == names


@pytest.mark.usefixtures("unrendered")
def test_a_quantile_is_learned_on_request(run, table, tmp_path):
    """`--quantile` says which one the loss of that name estimates, the higher ones more."""
    means = []
    for quantile in (0.05, 0.95):
        folder = tmp_path / str(quantile)
        given = ("--target", "load", "--window", 6, "--group", "pump", "--loss", "quantile", "--quantile", quantile)
        assert run("train", table, *given, "-o", folder, *SMALL).exit_code == 0
        assert json.loads((folder / "config.json").read_text())["parameters"]["quantile"] == quantile
        run("predict", folder, table, "-o", folder / "predicted.csv")
        means.append(pl.read_csv(folder / "predicted.csv")["load_predicted"].mean())
    assert means[0] < means[1]


def test_options_that_are_not_given_are_the_models_own(trained):
    """What the user leaves out is left to the model, not repeated in the command."""
    parameters = json.loads((trained[0] / "config.json").read_text())["parameters"]
    own = unflat.LSTMRegressor().get_params()
    for name in ("learning_rate", "loss", "dropout", "skip", "patience", "validation_fraction"):
        assert parameters[name] == own[name]


@pytest.mark.usefixtures("unrendered")
def test_training_on_whole_sequences(run, tmp_path):
    """A .ts file needs no target and no window, and may have its own file to judge by."""
    random = np.random.default_rng(0)
    for name, n in (("a.ts", 30), ("b.ts", 10)):
        rows = random.normal(size=(n, 4))
        lines = [",".join(map(str, row)) + f":{row.sum()}" for row in rows]
        (tmp_path / name).write_text("\n".join(["@targetlabel true", "@data", *lines]))
    result = run("train", tmp_path / "a.ts", "--test", tmp_path / "b.ts", "-o", tmp_path / "run", *SMALL)
    assert result.exit_code == 0, result.output
    assert (
        "Trained on 30 sequences (all of them in turn held out to choose the epoch); judged by 10 others; 5 networks"
        in result.stdout
    )
    printed = run("predict", tmp_path / "run", tmp_path / "b.ts").stdout.splitlines()
    assert printed[0].startswith("sequence,")
    assert len(printed) == 11


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--window", 6), "Invalid value for --target: Say which column to predict"),
        (("--target", "load"), "for --window: Say how many rows of the past a prediction sees, e.g. --window 24."),
        (("--target", "load", "--window", 0), "Invalid value for '--window'"),
        (("--target", "load", "--window", 6, "--units", "a,b"), "Invalid value for --units: 'a,b' is no list of whole"),
        (("--target", "load", "--window", 6, "--loss", "mape"), "Invalid value for '--loss'"),
        (("--target", "lod", "--window", 6), "The target column 'lod': expected a column of the table"),
        (
            ("--target", "load", "--window", 6, "--calendar", "Hour"),
            "for --calendar: 'Hour' is no calendar feature. Did ",
        ),
        (("--target", "load", "--window", 6, "--calendar", "xyz"), "Choose among minute, hour, weekday, day, yearday"),
        (("--target", "load", "--window", 999), "expected a series of at least 1000 rows; received 160 rows"),
        (("--target", "load", "--window", 6, "--test-share", 1), "Invalid value for '--test-share': 1 leaves nothing"),
        (
            ("--target", "load", "--window", 6, "--quantile", 0.9),
            "Only the quantile loss has a quantile; add --loss qu",
        ),
        (
            ("--target", "load", "--window", 6, "--loss", "quantile", "--quantile", 90),
            "The option --quantile: expected a number in (0, 1); received 90.0",
        ),
        (("--target", "load", "--window", 6, "--device", "abacus"), "The option --device: expected 'auto'"),
        (("--target", "load", "--window", 6, "--learning-rate", -1), "The option --learning-rate: expected"),
    ],
)
def test_mistakes_are_answered_with_one_message(run, table, tmp_path, arguments, said):
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
def test_options_of_tables_are_refused_for_whole_sequences(run, tmp_path, option):
    """What a .ts file cannot have is refused, rather than ignored."""
    result = run("train", tmp_path / "a.ts", "-o", tmp_path / "run", *option)
    assert result.exit_code == 2
    assert f"Invalid value for {option[0]}: The sequences of a .ts file are whole" in result.stderr


@pytest.mark.usefixtures("unrendered")
def test_a_run_is_replaced_by_force(run, table, tmp_path):
    """`--force` replaces a run."""
    arguments = ("train", table, "--target", "load", "--window", 6, "--group", "pump", "-o", tmp_path / "run", *SMALL)
    assert run(*arguments).exit_code == 0
    assert run(*arguments).exit_code == 2
    assert run(*arguments, "--force").exit_code == 0


class Interrupt(Callback):
    """Presses Ctrl-C in the second epoch."""

    def on_epoch(self, record):
        """Press it."""
        if record.epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("unrendered")
def test_interrupted_training_keeps_its_run(run, table, tmp_path, monkeypatch):
    """Ctrl-C during training leaves a whole run with the best weights so far, a warning, and code 130."""
    monkeypatch.setattr(unflat, "LSTMRegressor", partial(unflat.LSTMRegressor, callbacks=(Interrupt(),)))
    arguments = ("--target", "load", "--window", 6, "--group", "pump", "--epochs", 50, "--units", 3)
    result = run("train", table, "-o", tmp_path / "run", *arguments)
    assert result.exit_code == 130
    assert "Warning: Training was interrupted after" in result.stderr
    assert f"The run is in {tmp_path / 'run'}" in result.stdout
    assert (tmp_path / "run" / "model.unflat").exists()
