"""What Keras computes with, before it is imported; each question is asked of a process of its own."""

import json
import os
import subprocess
import sys

import pytest


def ask(code, home, **environment):
    """Run code in a process where Keras reads its choice from a file in `home`."""
    inherited = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    path = os.pathsep.join(filter(None, sys.path))
    environment = inherited | {"PYTHONPATH": path, "KERAS_HOME": str(home)} | environment
    command = [sys.executable, "-c", f"from unflat.diagnosis.subjects.keras_backend import missing_backend\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - our own


@pytest.mark.parametrize(
    ("configured", "chosen", "missing"),
    [
        ("torch", {}, None),
        ("surely_not_installed", {}, "surely_not_installed"),
        ("surely_not_installed", {"KERAS_BACKEND": "torch"}, None),
        ("surely_not_installed", {"KERAS_BACKEND": ""}, "surely_not_installed"),
        ("torch", {"KERAS_BACKEND": "surely_not_there"}, "surely_not_there"),
    ],
)
def test_the_environment_counts_before_the_file(tmp_path, configured, chosen, missing):
    """The backend is the one that the environment names, or else Keras' file; it is named where it is missing."""
    (tmp_path / "keras.json").write_text(json.dumps({"backend": configured}))
    assert ask("print(missing_backend())", tmp_path, **chosen).stdout == f"{missing}\n"


@pytest.mark.parametrize("text", [None, "{", "[]", "{}"])
def test_tensorflow_is_what_keras_takes_unless_it_is_told(tmp_path, text):
    """Without a file that names one, the answer is TensorFlow's: Keras itself says the same where it is there."""
    if text is not None:
        (tmp_path / "keras.json").write_text(text)
    code = "import importlib.util\nprint(missing_backend(), importlib.util.find_spec('tensorflow') is None)"
    assert ask(code, tmp_path).stdout in ("tensorflow True\n", "None False\n")


def test_nothing_is_missing_where_keras_is_imported_or_absent(tmp_path):
    """A Keras that is there has its backend, and one that is not needs none."""
    (tmp_path / "keras.json").write_text('{"backend": "surely_not_installed"}')
    for code in ("sys.modules['keras'] = sys", "sys.path[:] = [p for p in sys.path if 'site-packages' not in p]"):
        assert ask(f"import sys\n{code}\nprint(missing_backend())", tmp_path).stdout == "None\n"
