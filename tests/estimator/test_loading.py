"""From a file to a fitted regressor."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from unflat.errors import (
    CorruptArtifactError,
    ShapeError,
)
from unflat.estimator import load
from unflat.saving.artifact import read_artifact, write_artifact
from unflat.windows import make_windows


@pytest.mark.parametrize(
    "parameters",
    [{}, {"cell": "gru", "bidirectional": True, "readout": "attention"}, {"scale_target": "log"}, {"skip": False}],
    ids=str,
)
def test_loaded_model_is_the_saved_one(small, waves, tmp_path, parameters):
    """Predictions, parameters, history and assessment come back as they were, to the bit."""
    X, y = waves
    X = X.copy()
    X[0, 3, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = small(epochs=3, **parameters).fit(X, y)
    model.save(tmp_path / "m.unflat")
    twin = load(tmp_path / "m.unflat")
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert twin.get_params() == model.get_params()
    assert twin.history_ == model.history_
    assert twin.held_out_ == model.held_out_
    assert twin.predict(X).shape == (120,)


def test_a_loaded_model_knows_how_short_sequences_may_be(small, waves, tmp_path):
    """It refuses what the fitted one does; a file from before this was kept refuses nothing."""
    X, y = waves[0][:, :, 0], waves[1]
    small(epochs=1).fit(X, y).save(tmp_path / "m.unflat")
    with pytest.raises(ShapeError, match="8 or more"):
        load(tmp_path / "m.unflat").predict(X[0][:, None])
    tensors, document = read_artifact(tmp_path / "m.unflat")
    del document["fewest_steps"]
    write_artifact(tmp_path / "m.unflat", tensors, document)
    assert load(tmp_path / "m.unflat").predict(X[0][:, None]).shape == (8,)


def test_loaded_model_goes_on_learning(small, waves, tmp_path):
    """A loaded model can be trained further."""
    X, y = waves
    small(epochs=3, patience=None).fit(X, y).save(tmp_path / "m.unflat")
    twin = load(tmp_path / "m.unflat").partial_fit(X, y)
    assert len(twin.history_.epochs) == 4


def test_windows_come_back(small, tmp_path):
    """A model of windows knows its columns in another process, and predicts a new table alone."""
    table = pd.DataFrame({"a": np.arange(120.0) % 7, "kind": ["x", "y", "z"] * 40})
    model = small(epochs=2).fit(make_windows(table, target="a", length=6))
    model.save(tmp_path / "m.unflat")
    table.to_csv(tmp_path / "table.csv", index=False)
    program = (
        "import sys, numpy as np; from unflat import load, read_table\n"
        "p = load(sys.argv[1]).predict(read_table(sys.argv[2])); np.save(sys.argv[3], p)"
    )
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, tmp_path / "m.unflat", tmp_path / "table.csv", tmp_path / "p.npy"],
        check=True,
    )
    np.testing.assert_allclose(np.load(tmp_path / "p.npy"), model.predict(table), rtol=0, atol=1e-5)


def test_altered_document_is_corrupt(small, waves, tmp_path):
    """A file from which a part is missing is called damaged, with the part's name."""
    X, y = waves
    small(epochs=1).fit(X, y).save(tmp_path / "m.unflat")
    tensors, document = read_artifact(tmp_path / "m.unflat")
    del tensors["predictor.network.head.weight"]
    write_artifact(tmp_path / "m.unflat", tensors, document)
    with pytest.raises(CorruptArtifactError, match=r"(?s)missing or altered .*head\.weight"):
        load(tmp_path / "m.unflat")
