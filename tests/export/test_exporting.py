"""Exported files against the model's own predictions: every cell, direction, read-out, scale and kind of input."""

import itertools
import json
import os

import numpy as np
import onnx
import onnxruntime
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from unflat import LSTMRegressor, OnnxPredictor, export_onnx, make_windows
from unflat._version import __version__
from unflat.errors import (
    AllMissingError,
    ConfigurationError,
    MissingExtraError,
    OpsetError,
    OutputError,
    ParityError,
    ShapeError,
    UnsupportedOperatorError,
)
from unflat.export import exporting

READOUTS = [("last",), ("mean", "max"), ("max", "attention", "last", "mean")]
CHOICES = list(itertools.product(("lstm", "gru"), (False, True), READOUTS, (False, True)))


def unlike(model, exported, X):
    """Give the largest difference of predictions, in standard deviations of the model's."""
    own, other = np.asarray(model.predict(X)), exported.predict(X)
    assert own.shape == other.shape
    return float((np.abs(own - other) / own.std(axis=0)).max())


@pytest.mark.parametrize("choice", CHOICES)
def test_every_network_predicts_the_same_when_exported(choice, gappy, distinct, tmp_path):
    """Each cell, direction, read-out and skip, on ragged sequences with large numbers, gaps and two outputs."""
    X, y = gappy
    model = distinct(X, y, **dict(zip(("cell", "bidirectional", "readout", "skip"), choice, strict=True)))
    report = export_onnx(model, tmp_path / "model.onnx", sample=X)
    assert report.difference < 1e-5
    assert unlike(model, OnnxPredictor(tmp_path / "model.onnx"), X) < 1e-5


@pytest.mark.parametrize("parameters", [
    {"scale_target": "log"}, {"scale_target": "robust", "scale_inputs": "minmax"}, {"scale_target": "none"},
    {"loss": "quantile", "quantile": 0.9}, {"scale_inputs": "none"},
    {"validation_fraction": 0.0, "scale_target": "log"},
])  # fmt: skip
def test_every_scale_and_loss_is_inside(parameters, distinct, tmp_path):
    """The file needs no scaling before or after it, whatever the scale; a target without an axis comes back as one."""
    random = np.random.default_rng(0)
    X = random.normal(3, 2, size=(40, 6, 2))
    y = np.exp(X[:, -1, 0] / 2 + random.normal(size=40) / 9)
    model = distinct(X, y, **parameters)
    export_onnx(model, tmp_path / "model.onnx")
    exported = OnnxPredictor(tmp_path / "model.onnx")
    assert exported.predict(X).shape == (40,)
    assert unlike(model, exported, X) < 1e-5


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_sequences_predict_the_same(data, exported_gru):
    """Whatever the number of sequences, their lengths and gaps, the file and the model agree."""
    model, exported, spread = exported_gru
    lengths = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=9))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    X = [random.normal([1.7e9, 5e-3], [1, 2e-3], size=(length, 2)) for length in lengths]
    for sequence in X:
        sequence[1:, 1][random.random(len(sequence) - 1) < 0.5] = np.nan
    assert (np.abs(exported.predict(X) - model.predict(X)) / spread).max() < 1e-5


@pytest.fixture(scope="module")
def exported_gru(gappy, distinct, tmp_path_factory):
    """Export one model for many inputs."""
    model = distinct(*gappy, cell="gru", bidirectional=True, readout=("mean", "attention", "max"))
    path = tmp_path_factory.mktemp("exported") / "gru.onnx"
    export_onnx(model, path)
    return model, OnnxPredictor(path), gappy[1].std(axis=0)


@pytest.fixture(scope="module")
def windows():
    """Windows of a table with a categorical column, a gap and a label that is missing."""
    random = np.random.default_rng(0)
    frame = pl.DataFrame({
        "load": random.normal(500, 20, size=60).cumsum(),
        "pump": random.choice(["north", "south", "west"], size=60),
        "wind": [None if i % 7 == 3 else float(i % 5) for i in range(60)],
    })  # fmt: skip
    return frame, make_windows(frame, target="load", length=5)


def test_a_line_that_reads_further_back_is_inside(tmp_path):
    """A line over steps before the last, for sequences longer and shorter than these, one of a single step."""
    random = np.random.default_rng(0)
    X = random.normal(5, 2, size=(300, 14, 2))
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0).fit(X, X[:, -9, 0] - X[:, -3, 1])
    assert model.predictor_.network.config.lags >= 8
    export_onnx(model, tmp_path / "model.onnx")
    ragged = [random.normal(5, 2, size=(length, 2)) for length in (14, 3, 1, 9, 30)]
    assert unlike(model, OnnxPredictor(tmp_path / "model.onnx"), ragged) < 1e-5


def test_categories_of_a_table_are_inside(windows, distinct, tmp_path):
    """A file of a model of windows takes windows, encodes their categories, and names columns, units and windows."""
    frame, cut = windows
    model = distinct(cut)
    export_onnx(model, tmp_path / "load.onnx", sample=frame, units={"load": "kW", "wind": "m/s"})
    exported = OnnxPredictor(tmp_path / "load.onnx")
    assert unlike(model, exported, cut) < 1e-5
    assert exported.feature_names == cut.schema.features
    assert exported.target_names == ("load",)
    assert exported.metadata["units"] == {"load": "kW", "wind": "m/s"}
    assert exported.metadata["schema"] == json.loads(json.dumps(cut.schema.to_dict()))
    assert exported.metadata["version"] == __version__


def test_any_runtime_can_read_the_file(gappy, distinct, tmp_path):
    """The file is standard: one domain, inputs and output with named axes, and padding that may be anything."""
    model = distinct(*gappy)
    export_onnx(model, tmp_path / "model.onnx")
    content = onnx.load(tmp_path / "model.onnx")
    assert {node.domain for node in content.graph.node} == {""}
    shapes = {
        value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in [*content.graph.input, *content.graph.output]
    }
    assert shapes == {"sequences": ["n", "T", 2], "lengths": ["n"], "predictions": ["n", 2]}
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    values = np.full((2, 9, 2), np.inf)
    values[0, :3], values[1, :1] = [1.7e9, 4e-3], [1.7e9 + 2, 6e-3]
    (predictions,) = session.run(None, {"sequences": values, "lengths": np.array([3, 1])})
    np.testing.assert_allclose(predictions, model.predict([values[0, :3], values[1, :1]]), rtol=1e-6)


@pytest.mark.parametrize("opset", [18, 22])
def test_operator_sets_from_the_oldest_on(opset, gappy, distinct, tmp_path):
    """The file declares the operator set that was asked for."""
    report = export_onnx(distinct(*gappy), tmp_path / "model.onnx", opset=opset)
    (declared,) = onnx.load(tmp_path / "model.onnx").opset_import
    assert declared.version == report.opset == opset


@pytest.mark.parametrize("opset", [17, 9999, 18.0, True])
def test_other_operator_sets_are_refused(opset, gappy, distinct, tmp_path):
    """One that is too old, not yet there, or no whole number is an error with the range."""
    with pytest.raises(OpsetError, match=r"a whole number from 18 to \d+; received"):
        export_onnx(distinct(*gappy), tmp_path / "model.onnx", opset=opset)
    assert list(tmp_path.iterdir()) == []


def test_a_cell_without_an_operator_is_refused(gappy, distinct, tmp_path):
    """A part that ONNX cannot express is named, beside those it can."""
    model = distinct(*gappy)
    object.__setattr__(model.predictor_.network.config, "cell", "xlstm")
    with pytest.raises(UnsupportedOperatorError, match=r"'lstm', 'gru'\); received the cell 'xlstm'"):
        export_onnx(model, tmp_path / "model.onnx")


def test_a_readout_without_an_operator_is_refused(gappy, distinct, tmp_path):
    """As above, for a way of reading out."""
    model = distinct(*gappy)
    object.__setattr__(model.predictor_.network.config, "readout", ("last", "median"))
    with pytest.raises(UnsupportedOperatorError, match="received the read-out 'median'"):
        export_onnx(model, tmp_path / "model.onnx")


@pytest.mark.parametrize(("sample", "wrong"), [
    (np.ones((4, 3, 5)), (ShapeError, "The sample: expected 2 features at each time step")),
    (np.ones(7), (ShapeError, "The sample: expected an array of shape")),
    (np.full((2, 3, 2), np.nan), (AllMissingError, "The sample")),
])  # fmt: skip
def test_a_sample_that_does_not_fit_is_refused(sample, wrong, gappy, distinct, tmp_path):
    """Other features, another shape, or nothing in it: the message speaks of the sample."""
    error, message = wrong
    with pytest.raises(error, match=message):
        export_onnx(distinct(*gappy), tmp_path / "model.onnx", sample=sample)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_when_predictions_differ(gappy, distinct, tmp_path, monkeypatch):
    """A file that would predict otherwise never takes the place of one that was right."""
    X, y = gappy
    model, path = distinct(X, y), tmp_path / "model.onnx"
    path.write_bytes(b"the one before")
    whole = exporting.PredictorArrays.of

    def wrong(predictor):
        arrays = whole(predictor)
        arrays.target_center[1] += 1e-3 * y[:, 1].std()
        return arrays

    monkeypatch.setattr(exporting.PredictorArrays, "of", wrong)
    with pytest.raises(ParityError, match=r"a difference of 0\.00") as raised:
        export_onnx(model, path, sample=X)
    assert raised.value.difference == pytest.approx(1e-3, rel=0.5)
    assert path.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_a_file_that_cannot_be_written(gappy, distinct, tmp_path, monkeypatch):
    """A full disk leaves the old file as it was, and no part of the new one."""
    path = tmp_path / "model.onnx"
    path.write_bytes(b"the one before")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        export_onnx(distinct(*gappy), path)
    assert path.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_model_gives_the_same_bytes(gappy, distinct, tmp_path):
    """A file can be compared with another by its checksum."""
    model = distinct(*gappy)
    for name in ("a", "b"):
        export_onnx(model, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_model_that_is_not_fitted_cannot_be_exported(tmp_path):
    """As everywhere in scikit-learn."""
    with pytest.raises(NotFittedError, match="not fitted yet"):
        export_onnx(LSTMRegressor(), tmp_path / "model.onnx")


def test_units_belong_to_columns(gappy, distinct, tmp_path):
    """A unit of something unknown is a slip of the pen."""
    with pytest.raises(ConfigurationError, match=r"units of 'y0', 'y1'; received \['laod'\]"):
        export_onnx(distinct(*gappy), tmp_path / "model.onnx", units={"laod": "kW", "y0": "m"})


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_a_missing_extra_is_named_before_the_work(missing, gappy, distinct, tmp_path, monkeypatch):
    """Without the extra, the message holds the command that installs it."""
    model = distinct(*gappy)
    real = exporting.require

    def require(module, *, extra):
        if module.partition(".")[0] == missing:
            raise MissingExtraError(module, extra)
        return real(module, extra=extra)

    monkeypatch.setattr(exporting, "require", require)
    with pytest.raises(MissingExtraError, match=r"python -m pip install 'unflat\[onnx\]'"):
        export_onnx(model, tmp_path / "model.onnx")


def test_the_report_says_what_was_written(gappy, distinct, tmp_path):
    """Where, how large, and how near to the model."""
    report = export_onnx(distinct(*gappy), tmp_path / "model.onnx")
    assert report.size == (tmp_path / "model.onnx").stat().st_size
    assert f"Wrote {tmp_path / 'model.onnx'}: " in str(report)
    assert "operator set 18. Checked on 64 sequences: at most " in str(report)


def test_exporting_leaves_the_model_as_it_was(gappy, distinct, tmp_path):
    """Not a bit of the model changes, and no global generator is drawn from."""
    model = distinct(*gappy)
    before = {name: tensor.clone() for name, tensor in model.predictor_.state_dict().items()}
    random, numpy_random = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002 - it is to be left alone
    export_onnx(model, tmp_path / "model.onnx")
    assert all(torch.equal(before[name], tensor) for name, tensor in model.predictor_.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    assert numpy_random == np.random.get_state()[1].tolist()  # noqa: NPY002 - as above
