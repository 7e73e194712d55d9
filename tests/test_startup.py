"""What a script that fits, predicts and draws does not load: its whole time is little more than that of imports."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
import numpy as np
from unflat import LSTMRegressor
from unflat.figures import ordered_figure, save, training_figure

X = np.random.default_rng(0).normal(size=(30, 6, 2))
y = X[:, -1, 0] + 5
model = LSTMRegressor(units=(4,), epochs=2, device="cpu", random_state=0).fit(X, y)
predicted = model.predict(X)
for name, figure in {"loss": training_figure(model.history_), "order": ordered_figure(y, predicted)}.items():
    save(figure, f"{name}.png")
print(json.dumps(sorted(sys.modules)))
"""

NEEDLESS = {
    "sklearn": "its contract is kept without it, the ridge regressions are the package's own; only `score` needs it",
    "scipy": "only a diagnosis needs it, and scikit-learn",
    "polars": "tables are read by it, and there are none",
    "narwhals": "as above",
    "torch._dynamo": "torch's compiler; its optimizers would load it",
    "torch._inductor": "as above",
    "sympy": "what the compiler computes shapes with",
    "matplotlib.pyplot": "windows and global state, which no picture here uses",
    "onnx": "an extra, loaded when something is exported",
    "onnxruntime": "as above",
    "keras": "an extra, loaded with a model of Keras",
    "optuna": "an extra, loaded by a search",
    "typer": "the command's",
    "unflat.diagnosis": "the larger half of the package, for other calls",
    "unflat.tuning": "as above",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Run the script in a process of its own, and give the names of what it loaded."""
    done = subprocess.run(  # noqa: S603 - the lines above
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path_factory.mktemp("pictures"),
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", NEEDLESS)
def test_fit_predict_and_draw_do_without(loaded, module):
    """None of these is loaded; why none is needed stands beside its name."""
    assert not [name for name in loaded if name == module or name.startswith(f"{module}.")]


def test_what_is_drawn_and_trained_was_loaded(loaded):
    """The script did what it says: without these, none of the above would mean anything."""
    assert {"torch", "matplotlib.figure", "unflat.training.loop", "unflat.figures.powers"} <= loaded
