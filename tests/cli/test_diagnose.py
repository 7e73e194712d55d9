"""`unflat diagnose`: a verdict that scripts can read."""

import json
import os
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from unflat import LSTMRegressor, make_windows
from unflat.cli import app
from unflat.errors import FitWarning

MODELS = """
import numpy as np

def good(X):
    return X[:, -1, 0]

def flat(X):
    return np.full(len(X), 0.1)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in a folder with a module of models and a file of data."""
    (tmp_path / "own_diagnosed.py").write_text(MODELS)
    X = np.random.default_rng(0).normal(size=(120, 4, 2))
    np.savez(tmp_path / "data.npz", X=X, y=X[:, -1, 0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    """Run the command."""
    return CliRunner().invoke(app, ["diagnose", *map(str, arguments)])


@pytest.mark.parametrize(("model", "code", "word"), [("good", 0, "HEALTHY"), ("flat", 1, "FLAT")])
def test_the_exit_code_is_the_verdict(here, model, code, word):
    """0 for a healthy model, 1 for one that is not."""
    result = run(f"own_diagnosed:{model}", "--data", here / "data.npz")
    assert result.exit_code == code, result.output
    assert word in result.stdout


def test_json_is_one_document(here):
    """What a script reads: the verdict, the causes, and with a proof what was tried."""
    result = run("own_diagnosed:flat", "--data", here / "data.npz", "--json", "--prove", "--budget", "20")
    found = json.loads(result.stdout)
    assert found["verdict"] == "flat"
    assert "fit=" in found["proof"]["left_out"][0]["why"]


def test_a_table_is_cut_into_windows(here):
    """Target and window are said on the command line, for models that know no columns."""
    values = np.random.default_rng(0).normal(size=80)
    pl.DataFrame({"load": values}).write_csv(here / "load.csv")
    result = run("own_diagnosed:flat", "--data", "load.csv", "--target", "load", "--window", 6, "--horizon", 2)
    assert result.exit_code == 1, result.output
    assert "On 73 training sequences" in result.stdout


def table(place, n=80):
    """Write a table of two series, which a town and a line tell apart together, with two columns of days."""
    random = np.random.default_rng(0)
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 12, 31), eager=True)[:n]
    parts = [
        pl.DataFrame({
            "day": days, "told": days, "town": [town] * n, "line": [line] * n, "kind": [3 * line] * n,
            "a": random.normal(size=n), "load": random.normal(size=n),
        })
        for town, line in (("north", 1), ("north", 2))
    ]  # fmt: skip
    pl.concat(parts).write_csv(place / "two.csv")


def test_windows_are_cut_by_the_options_that_training_has(here):
    """Time, several columns that tell series apart, stride, calendar, labels and several horizons reach the windows."""
    table(here)
    (here / "own_wide.py").write_text(
        "import numpy as np\n\ndef shape(X):\n    print('shape', X.shape[1:])\n    return np.zeros((len(X), 2))\n"
    )
    result = run(
        "own_wide:shape", "--data", "two.csv", "--target", "load", "--window", 6, "--horizon", "1,3", "--time", "day",
        "--group", "town,line", "--stride", 2, "--features", "a,kind", "--labels", "kind", "--calendar", "weekday",
    )  # fmt: skip
    assert result.exit_code == 1, result.output
    assert "shape (6, 4)" in result.stdout
    assert "On 72 training sequences" in result.stdout


@pytest.mark.parametrize(
    ("option", "value"),
    [("--target", "nonsense"), ("--window", 3), ("--horizon", 9), ("--features", "a,,b"), ("--stride", 2)],
)
def test_options_that_a_model_or_a_file_leaves_nothing_to_say_of_are_refused(here, option, value):
    """A model that knows its windows is not told of others, and sequences of an .npz file are whole."""
    frame = pl.DataFrame({"load": np.random.default_rng(0).normal(size=60)})
    frame.write_csv(here / "load.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        model = LSTMRegressor(units=(2,), n_members=1, epochs=1, random_state=0, progress=False)
        model.fit(make_windows(frame, target="load", length=4)).save(here / "model.unflat")
    result = run("model.unflat", "--data", "load.csv", option, value)
    assert result.exit_code == 2
    assert f"Invalid value for {option}: The model knows how its windows are cut; leave it out." in result.output
    result = run("own_diagnosed:good", "--data", "data.npz", option, value)
    assert result.exit_code == 2
    assert f"Invalid value for {option}: The sequences of an .npz file are whole; leave it out." in result.output


@pytest.mark.parametrize(
    ("given", "lacking"),
    [(("--target", "load"), "--window"), (("--window", 4), "--target"), (("--stride", 2), "--target")],
)
def test_half_of_a_way_to_cut_windows_is_refused(here, given, lacking):
    """The option that lacks is named."""
    table(here)
    result = run("own_diagnosed:flat", "--data", "two.csv", *given)
    assert result.exit_code == 2
    assert f"Invalid value for {lacking}: Say " in result.output


@pytest.fixture(scope="module")
def drifting(tmp_path_factory):
    """Train on a series whose last fifth is of a level that training never saw; give folder, table and output."""
    tmp_path = tmp_path_factory.mktemp("drifting")
    random = np.random.default_rng(0)
    wave = np.sin(np.arange(150) / 3)
    values = np.where(np.arange(150) < 120, wave, 30 - wave)
    table = tmp_path / "load.csv"
    pl.DataFrame({"wind": wave, "load": values + 0.1 * random.normal(size=150)}).write_csv(table)
    options = ("--target", "load", "--window", 6, "--features", "wind", "--units", 4, "--epochs", 3)
    result = CliRunner().invoke(app, ["train", str(table), "-o", str(tmp_path / "run"), *map(str, options)])
    assert result.exit_code == 0, result.output
    return tmp_path / "run", table, result


def test_what_a_run_held_out_does_not_count_as_seen(drifting):
    """Given the run's own file, the verdict is about the part that the run was judged by."""
    folder, table, _ = drifting
    result = run(folder, "--data", table)
    assert "held-out" in result.stdout
    assert "On 115 training sequences" not in result.stdout
    assert "data that the model was not trained on" not in result.stdout
    assert "how the loss fell" not in result.stdout


def test_another_file_in_place_of_the_runs_own_is_told(drifting):
    """It is no training data; the run's own file is named, and nothing is said of that."""
    folder, table, _ = drifting
    other = table.with_name("later.csv")
    other.write_text(table.read_text().replace(".", ".1"))
    said = run(folder, "--data", other).stderr
    assert f"later.csv is not the file that this run was trained on, {table}" in said
    assert "not the file" not in run(folder, "--data", table, "--validation", other).stderr


@pytest.mark.usefixtures("here")
def test_what_is_missing_is_asked_for_as_an_option():
    """The command names its own option, not a parameter of the function; given that, the verdict is about it."""
    command = ("own_diagnosed:flat", "--data", "data.npz")
    missing = run(*command).stdout
    assert "add --validation FILE" in missing
    assert "pass " not in missing
    assert "add --validation FILE" not in run(*command, "--validation", "data.npz").stdout


@pytest.mark.usefixtures("unrendered")
def test_whole_sequences_are_diagnosed_too(here):
    """A run on a .ts file is diagnosed on that file."""
    random = np.random.default_rng(0)
    lines = [",".join(f"{v:.6f}" for v in row) + f":{row.sum():.6f}" for row in random.normal(size=(60, 5))]
    (here / "sums.ts").write_text("\n".join(["@problemName sums", "@targetlabel true", "@data", *lines]))
    train = ["train", "sums.ts", "-o", "run", "--units", "4", "--epochs", "2"]
    assert CliRunner().invoke(app, train).exit_code == 0
    result = run("run", "--data", "sums.ts")
    assert result.exit_code in {0, 1}, result.output


KERAS = """
import keras

model = keras.Sequential([keras.Input((4, 2)), keras.layers.LSTM(2), keras.layers.Dense(1)])
"""


def run_without_a_backend(here, *arguments, **environment):
    """Run the command as a process whose Keras is told of a backend that is not installed, by nobody's choice."""
    (here / "keras.json").write_text('{"backend": "surely_not_installed"}')
    inherited = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    path = os.pathsep.join(filter(None, sys.path))
    environment = inherited | {"PYTHONPATH": path, "KERAS_HOME": str(here)} | environment
    command = [sys.executable, "-m", "unflat", "diagnose", *map(str, arguments), "--data", "data.npz"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=here, env=environment)  # noqa: S603 - our own


@pytest.mark.parametrize("named", ["own_keras:model", "saved.keras"])
def test_keras_computes_with_torch_where_it_has_no_backend(here, named):
    """The extra of Keras brings no backend: ours serves, and the command says so beside its answer."""
    (here / "own_keras.py").write_text(KERAS)
    if named == "saved.keras":
        making = (
            "import os\nos.environ['KERAS_BACKEND'] = 'torch'\nimport own_keras\nown_keras.model.save('saved.keras')"
        )
        subprocess.run([sys.executable, "-c", making], check=True, cwd=here, capture_output=True)  # noqa: S603 - our own
    done = run_without_a_backend(here, named)
    assert done.returncode == 1, done.stderr
    assert "On 120 training sequences" in done.stdout
    said = "Keras computes with torch: surely_not_installed, its own choice, is not installed. KERAS_BACKEND"
    assert said in done.stderr


def test_a_backend_that_the_user_chose_is_kept(here):
    """Who names a backend that is not installed is told so, without a traceback, and no verdict is given."""
    with zipfile.ZipFile(here / "saved.keras", "w"):
        pass
    done = run_without_a_backend(here, "saved.keras", KERAS_BACKEND="surely_not_there")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "Error: The backend of Keras: expected one that is installed; received surely_not_there"
    )
    assert "Traceback" not in done.stderr


def test_of_models_of_other_kinds_nothing_is_said_about_keras(here):
    """A model that does not need Keras is diagnosed in silence about it."""
    done = run_without_a_backend(here, "own_diagnosed:flat")
    assert (done.returncode, done.stderr) == (1, "")
