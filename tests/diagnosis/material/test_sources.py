import subprocess
import sys
import warnings
import zipfile

import numpy as np
import polars as pl
import pytest

from unflat.diagnosis.material import sources
from unflat.diagnosis.material.sources import load_data, load_model
from unflat.errors import KerasBackendError, MissingArtifactError, ModelSourceError, UnreadableTableError
from unflat.estimator import LSTMRegressor
from unflat.runs import Cut
from unflat.windows import Windows, make_windows


@pytest.fixture
def model(waves):
    """Fit a small model."""
    return LSTMRegressor(units=(3,), epochs=1, random_state=0).fit(*waves)


def test_file_of_ours(model, waves, tmp_path):
    """A saved model is loaded and predicts the same."""
    model.save(tmp_path / "m.unflat")
    twin = load_model(str(tmp_path / "m.unflat"))
    np.testing.assert_array_equal(twin.predict(waves[0]), model.predict(waves[0]))


def test_object_of_a_module(tmp_path, monkeypatch):
    """`module:object` is imported from the working folder, also where the object stands inside another."""
    (tmp_path / "own_models.py").write_text(
        "class Box:\n    @staticmethod\n    def flat(X):\n        return 0 * X[:, 0]\n"
    )
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    function = load_model("own_models:Box.flat")
    assert function(np.ones((3, 2))).tolist() == [0, 0, 0]
    assert sys.path == before


@pytest.mark.parametrize("source", ["no_such_module:model", "json:no_such_object"])
def test_object_that_is_not_there(source):
    """A module or an object that is missing is named, with the form that was expected."""
    with pytest.raises(ModelSourceError, match=r"expected module:object, both there; received .*no_such"):
        load_model(source)


def test_a_module_that_raises_is_told_as_such(tmp_path, monkeypatch):
    """Whatever the user's code raises, it is one message with the call that shows where."""
    (tmp_path / "raising.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelSourceError, match=r"received ZeroDivisionError: .* python -c .import raising."):
        load_model("raising:model")


def test_a_module_that_misses_another_is_not_called_missing(tmp_path, monkeypatch):
    """What a module of the user's imports in vain is told as the module's own trouble."""
    (tmp_path / "missing_another.py").write_text("import surely_not_installed\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelSourceError, match=r"ModuleNotFoundError: No module .* python -c .import missing_another."):
        load_model("missing_another:model")


def test_a_keras_file_without_a_backend_is_answered_with_the_variable_to_set(tmp_path, monkeypatch):
    """In Python, where the environment is the user's, nothing is chosen for Keras."""
    with zipfile.ZipFile(tmp_path / "m.keras", "w"):
        pass
    monkeypatch.setattr(sources, "missing_backend", lambda: "tensorflow")
    with pytest.raises(
        KerasBackendError, match=r"received tensorflow, which is not\. .* KERAS_BACKEND=torch"
    ) as raised:
        load_model(str(tmp_path / "m.keras"))
    assert raised.value.backend == "tensorflow"


@pytest.mark.parametrize(
    ("name", "said"), [("net.pt", "module:object"), ("m.pth", "module:object"), ("cut.keras", "Copy it again")]
)
def test_files_that_hold_no_whole_model(tmp_path, name, said):
    """PyTorch's files need their module's code, and a .keras file that was cut short is no archive."""
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelSourceError, match=said):
        load_model(str(tmp_path / name))


def test_nothing_of_that_name(tmp_path):
    """A path to nothing, ours or Keras's, says so."""
    with pytest.raises(MissingArtifactError, match="nothing of that name"):
        load_model(str(tmp_path / "m.unflat"))
    with pytest.raises(ModelSourceError, match="received no such file"):
        load_model(str(tmp_path / "m.keras"))


def test_arrays(waves, tmp_path):
    """X and y of an .npz file come as they were saved."""
    X, y = waves
    np.savez(tmp_path / "d.npz", X=X, y=y)
    loaded_X, loaded_y = load_data(tmp_path / "d.npz", object())
    np.testing.assert_array_equal(loaded_X, X)
    np.testing.assert_array_equal(loaded_y, y)


def test_arrays_of_other_names(tmp_path):
    """An .npz file without X and y is refused with the names that it has, and nothing pickled is loaded."""
    np.savez(tmp_path / "d.npz", inputs=np.ones(3))
    with pytest.raises(
        UnreadableTableError, match=r"^The table \S+: expected arrays named X and y; received arrays named inputs\."
    ):
        load_data(tmp_path / "d.npz", object())
    np.savez(tmp_path / "p.npz", X=np.array([{}], dtype=object), y=np.ones(1))
    with pytest.raises(UnreadableTableError, match=r"a whole \.npz file of numbers; received Object arrays"):
        load_data(tmp_path / "p.npz", object())
    (tmp_path / "e.npz").touch()
    with pytest.raises(UnreadableTableError, match=r"a whole \.npz file of numbers; received No data left"):
        load_data(tmp_path / "e.npz", object())
    with (tmp_path / "n.npz").open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(UnreadableTableError, match=r"received one array, as \.npy files hold it"):
        load_data(tmp_path / "n.npz", object())
    (tmp_path / "t.npz").write_text("text")
    with pytest.raises(UnreadableTableError, match=r"a whole \.npz file of numbers"):
        load_data(tmp_path / "t.npz", object())


def test_table_for_a_model_of_windows(tmp_path):
    """Our own model cuts the windows that it was fitted on from a table; another model cannot."""
    table = pl.DataFrame({"a": np.random.default_rng(0).normal(size=80).cumsum()})
    table.write_csv(tmp_path / "t.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        windows = make_windows(table, target="a", length=4)
        fitted = LSTMRegressor(units=(2,), n_members=1, epochs=1, random_state=0).fit(windows)
    X, y = load_data(tmp_path / "t.csv", fitted)
    assert isinstance(X, Windows)
    assert y is None
    with pytest.raises(UnreadableTableError, match="a table, whose columns this model does not know"):
        load_data(tmp_path / "t.csv", object())


def test_command_in_a_script(waves, tmp_path):
    """The exit code tells a healthy model from a flat one, and both from what could not be examined."""
    X, y = waves
    np.savez(tmp_path / "d.npz", X=X, y=y)
    good = LSTMRegressor(units=(8,), n_members=1, epochs=40, learning_rate=2e-2, random_state=0).fit(X, y)
    good.save(tmp_path / "good.unflat")
    (tmp_path / "own.py").write_text("def flat(X):\n    return 46 + 1e-3 * X[:, 0, 0]\n")

    def run(name, data):
        command = [sys.executable, "-m", "unflat", "diagnose", name, "--data", data]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)  # noqa: S603 - our own

    good, flat, missing = run("good.unflat", "d.npz"), run("own:flat", "d.npz"), run("no.unflat", "d.npz")
    assert (good.returncode, flat.returncode, missing.returncode) == (0, 1, 2), good.stdout + good.stderr
    assert "flat" in flat.stdout.lower()
    assert missing.stderr.startswith("Error: The model file no.unflat")
    assert "Traceback" not in missing.stderr


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_windows_of_a_table_for_any_model(tmp_path, suffix):
    """A model that knows no columns gets windows as they are cut for it; without a cut, the error says what to give."""
    frame = pl.DataFrame({"t": np.arange(30.0), "load": np.arange(30.0) ** 2})
    path = tmp_path / f"data{suffix}"
    (frame.write_csv if suffix == ".csv" else frame.write_parquet)(path)
    windows, y = load_data(path, print, Cut(("load",), 5, 2))
    assert y is None
    assert windows.sequences.dense().shape == (24, 5, 2)
    assert windows.y.ravel().tolist() == [float(row**2) for row in range(6, 30)]
    with pytest.raises(UnreadableTableError, match="--target"):
        load_data(path, print)
