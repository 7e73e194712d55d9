"""The public face: every name resolves, none is missing, and nothing heavy is loaded before it is used."""

import inspect
import subprocess
import sys

import pytest

import unflat
from unflat import errors

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
