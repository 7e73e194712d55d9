"""The public face: every name resolves, none is missing, and nothing heavy is loaded before it is used."""

import inspect
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import unflat
from unflat import errors
from unflat.sequences import as_sequences

HEAVY = ("torch", "sklearn", "polars", "matplotlib", "pandas", "narwhals", "scipy")


@pytest.mark.parametrize("name", unflat.__all__)
def test_every_public_name_resolves(name):
    """What `__all__` promises is there, and documented."""
    value = getattr(unflat, name)
    assert name == "__version__" or inspect.getdoc(value)


def test_public_names_are_sorted_and_unique():
    """A name stands once, where it is looked for."""
    key = lambda name: (not name[0].isupper(), name)  # noqa: E731 - classes first, as tools sort them
    assert unflat.__all__ == sorted(set(unflat.__all__), key=key)


def test_no_lazy_name_is_missing_from_all():
    """What the face can resolve is public, and what is public but not lazy is here already."""
    assert set(unflat._HOMES) | set(unflat._MODULES) <= set(unflat.__all__)


def test_every_error_and_warning_is_public():
    """Whatever the package raises or warns can be caught by its name on the first page."""
    own = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.UnflatError | errors.UnflatWarning)
    }
    assert own <= set(unflat.__all__)


def test_what_a_callback_is_handed_is_public():
    """Who writes one with types finds each of ours on the first page."""
    methods = [method for name, method in vars(unflat.Callback).items() if name.startswith("on_")]
    named = {kind for method in methods for kind in inspect.get_annotations(method).values()}
    assert named - {"None", "bool | None", "int", "float", "nn.Module"} <= set(unflat.__all__)


def test_lazy_names_are_the_real_ones():
    """A lazy name is the very object of its home, and is kept after its first use."""
    from unflat.windows import make_windows  # noqa: PLC0415 - after the lazy one

    assert unflat.make_windows is make_windows
    assert vars(unflat)["make_windows"] is make_windows


def test_unknown_names_are_refused_as_usual():
    """A name that does not exist is an AttributeError that says so."""
    with pytest.raises(AttributeError, match="module 'unflat' has no attribute 'LSTMClassifier'"):
        _ = unflat.LSTMClassifier


def test_dir_shows_lazy_names():
    """Completion in a notebook finds what has not been loaded yet."""
    assert set(unflat.__all__) <= set(dir(unflat))


def loaded_by(code):
    """Run code in a fresh interpreter and say which of the heavy packages it loaded."""
    check = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return done.stdout.splitlines()[-1].split()


def test_importing_the_package_loads_nothing_heavy():
    """`import unflat` costs next to nothing."""
    assert loaded_by("import unflat; unflat.UnflatError") == []


def test_help_loads_nothing_heavy():
    """`unflat --help`, also a command's, answers without loading the engine."""
    code = """
from unflat.cli import app
for arguments in (["--help"], ["train", "--help"], ["demo", "--help"], ["--version"]):
    app(arguments, standalone_mode=False)
"""
    assert loaded_by(code) == []


def test_using_a_name_loads_its_home():
    """The counterpart, without which the two tests above could not fail."""
    assert "polars" in loaded_by("import unflat; unflat.read_table")


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    """Make everything of size that users are handed: by a model, of a table, from a search."""
    X = np.random.default_rng(0).normal(size=(60, 5, 2))
    y = X[:, -1, 0] + X.max(axis=(1, 2))
    watch = unflat.Watch(X, y)
    model = unflat.LSTMRegressor(units=(3,), epochs=1, n_members=1, random_state=0, callbacks=[watch]).fit(X, y)
    path = tmp_path_factory.mktemp("handed") / "m.onnx"
    unflat.export_onnx(model, path)
    frame = pl.DataFrame({"a": X[:, 0, 0], "b": y})
    frame.write_parquet(path.with_suffix(".parquet"))
    return {
        "history": model.history_,
        "sequences": unflat.make_windows(frame, target="b", length=4).sequences,
        "uneven": as_sequences([X[0], X[1, :3]]),
        "range": model.input_range_,
        "bands": model.bands_,
        "stream": model.stream(3),
        "tracked": model.track_interval(),
        "watch": watch,
        "table": unflat.open_table(path.with_suffix(".parquet")),
        "exported": unflat.OnnxPredictor(path),
        "findings": unflat.tune(X, y, model=model, trials=2, repeats=0).findings,
    }


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("history", "<History: 1 epoch (finished), "),
        ("sequences", "<56 sequences of 4 steps and 2 features>"),
        ("uneven", "<2 sequences of 3 to 5 steps and 2 features>"),
        ("range", "<InputRange of 2 features>"),
        ("bands", "<Bands: <Calibration by 6 sequences>>"),
        ("stream", "<Stream: 3 of 2 features, fed up to 0 steps>"),
        ("tracked", "<AdaptiveInterval of coverage 0.9, 0 truths pending>"),
        ("watch", "<Watch: "),
        ("table", "<Table of 60 rows and 2 columns>"),
        ("exported", "<OnnxPredictor of 2 features for 'y'>"),
        ("findings", "<Findings of 2 trials, of which "),
    ],
)
@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_what_users_are_handed_shows_itself_in_one_line(handed, what, shown):
    """A cell of a notebook that ends with it says what it is, without its arrays or where in memory it stands."""
    text = repr(handed[what])
    assert text.startswith(shown)
    assert len(text) < 200
