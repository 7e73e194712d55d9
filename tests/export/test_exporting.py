"""Exported files against the model's own predictions: every cell, direction, read-out, scale and kind of input."""

import itertools
import json
import os
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from unflat import LSTMRegressor, OnnxPredictor, export_onnx, make_windows
from unflat._version import __version__
from unflat.errors import (
    AllMissingError,
    ConfigurationError,
    InputTypeError,
    MissingExtraError,
    NotCalibratedError,
    OpsetError,
    OutOfRangeWarning,
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
    {"validation_fraction": 0.0, "scale_target": "log"}, {"target_range": (0, 30)},
    {"scale_target": "log", "target_range": (None, 30)},
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


def test_threads_leave_the_filters_of_warnings_as_they_are(waves, filters_left_alone, tmp_path):
    """Filters belong to the whole process: threads that export at once leave none; an unusual sample is no matter."""
    model, sample = LSTMRegressor(units=(3,), epochs=1, random_state=0).fit(*waves), np.full((3, 5, 2), 1e4)
    sample[1, 2, 1] = np.nan
    filters_left_alone(lambda i: export_onnx(model, tmp_path / f"{i}.onnx", sample=sample))


@pytest.mark.parametrize("choice", [*CHOICES[::5], CHOICES[-1]])
def test_several_networks_are_one_graph(choice, gappy, distinct, tmp_path):
    """The mean over members, and the bounds around it, of ragged sequences with gaps and two outputs."""
    X, y = gappy
    parameters = dict(zip(("cell", "bidirectional", "readout", "skip"), choice, strict=True))
    model = distinct(X, y, n_members=3, **parameters).calibrate(X, y)
    export_onnx(model, tmp_path / "model.onnx", sample=X)
    exported = OnnxPredictor(tmp_path / "model.onnx")
    assert unlike(model, exported, X) < 1e-5
    assert bounds_unlike(model, exported, X) < 1e-5


@pytest.mark.parametrize("parameters", [
    {}, {"cell": "gru", "bidirectional": True, "readout": ("attention", "last")}, {"skip": False}, {"n_members": 2},
    {"scale_inputs": "minmax", "n_members": 2, "skip": False},
])  # fmt: skip
def test_what_stands_beside_windows_is_an_input(parameters, beside, distinct, tmp_path):
    """Known columns with gaps, static numbers and categories: from windows, or as an array of their own."""
    model = distinct(beside, **parameters).calibrate(beside)
    export_onnx(model, tmp_path / "drawn.onnx")
    export_onnx(model, tmp_path / "model.onnx", sample=beside)
    exported = OnnxPredictor(tmp_path / "model.onnx")
    assert exported.context_names == ("price+1", "price+3", "depth", "kind")
    assert unlike(model, exported, beside) < 1e-5
    assert bounds_unlike(model, exported, beside) < 1e-5
    sequences = beside.sequences
    given = exported.predict(sequences.dense(), context=sequences.context_at(slice(None)))
    np.testing.assert_allclose(given, exported.predict(beside), rtol=1e-6)


@pytest.fixture(scope="module")
def beside():
    """Windows of three wells with a price known in advance, with gaps, a depth, a kind, and two horizons."""
    random = np.random.default_rng(0)
    frame = pl.concat([
        pl.DataFrame({
            "hour": range(40),
            "well": [name] * 40,
            "kind": ["dug" if name == "a" else "drilled"] * 40,
            "depth": [depth] * 40,
            "price": [None if i % 11 == 5 else float(x) for i, x in enumerate(random.normal(40, 3, size=40))],
            "load": random.normal(500, 20, size=40).cumsum(),
        })
        for name, depth in (("a", 12.0), ("b", 80.0), ("c", 95.0))
    ])  # fmt: skip
    roles = {"known": "price", "static": ["depth", "kind"], "time": "hour", "group": "well"}
    return make_windows(frame, target="load", length=5, horizon=(1, 3), features=["load"], **roles)


def bounds_unlike(model, exported, X, coverage=0.9, **groups):
    """Give the largest difference of bounds, in standard deviations of the model's predictions."""
    own, other = model.predict_interval(X, coverage, **groups), exported.predict_interval(X, coverage, **groups)
    assert own.lower.shape == other.lower.shape
    finite = np.isfinite(own)
    assert np.array_equal(finite, np.isfinite(other))
    difference = np.subtract(own, other, where=finite, out=np.zeros(finite.shape))
    return float((np.abs(difference) / np.std(model.predict(X), axis=0)).max())


@pytest.mark.filterwarnings("ignore::unflat.errors.CoverageWarning")
@pytest.mark.parametrize("coverage", [0.2, 0.9, 0.999])
@pytest.mark.parametrize("scale_target", ["standard", "log"])
@pytest.mark.parametrize("learned", [True, False])
def test_bounds_of_any_coverage_are_in_the_file(coverage, scale_target, learned, distinct, tmp_path):
    """Learned distances and even ones, on a logarithmic scale as well, finite and infinite ones."""
    random = np.random.default_rng(0)
    X = random.normal(3, 2, size=(120, 6, 2))
    y = np.exp(X[:, -1, 0] / 2 + random.normal(size=120) * np.abs(X[:, -1, 1]) / 9)
    model = distinct(X, y, scale_target=scale_target)
    distances = model.bands_.distances
    model.bands_ = replace(model.bands_, distances=distances.uneven() if learned else distances.even())
    export_onnx(model, tmp_path / "model.onnx")
    assert bounds_unlike(model, OnnxPredictor(tmp_path / "model.onnx"), X, coverage) < 1e-5


def test_limits_of_the_target_are_in_the_file(distinct, tmp_path):
    """Predictions and bounds at either limit are the model's, and some are there."""
    random = np.random.default_rng(0)
    X = random.normal(3, 2, size=(200, 6, 2))
    model = distinct(X, X[:, -1])
    low, high = np.quantile(model.predict(X)[:, 0], [0.2, 0.8])
    model.predictor_.target.lowest[0], model.predictor_.target.highest[0] = low, high
    export_onnx(model, tmp_path / "model.onnx")
    exported = OnnxPredictor(tmp_path / "model.onnx")
    assert unlike(model, exported, X) < 1e-5
    assert bounds_unlike(model, exported, X, 0.5) < 1e-5
    predictions = exported.predict(X)
    assert (predictions[:, 0].min(), predictions[:, 0].max()) == (low, high)
    assert predictions[:, 1].min() < low
    assert predictions[:, 1].max() > high


def test_bounds_by_group_are_in_the_file(distinct, tmp_path):
    """Groups with errors of their own have bounds of their own; one that was not there has those for a new one."""
    random = np.random.default_rng(0)
    X, groups = random.normal(size=(200, 4, 1)), np.repeat(["calm", "wild"], 100)
    model = distinct(X, X[:, -1, 0])
    errors = random.normal(size=200) * np.where(groups == "calm", 0.1, 1.0)
    model.calibrate(X, model.predict(X) + errors, groups=groups)
    export_onnx(model, tmp_path / "model.onnx")
    exported = OnnxPredictor(tmp_path / "model.onnx")
    for known in (groups, np.repeat(["wild", "new"], 100)):
        assert bounds_unlike(model, exported, X, 0.5, groups=known) < 1e-5
    calm, wild = (exported.predict_interval(X[:1], 0.8, groups=[name]) for name in ("calm", "wild"))
    assert wild.upper - wild.lower > 2 * (calm.upper - calm.lower)


def test_a_model_that_held_nothing_out_gives_no_bounds(gappy, distinct, tmp_path):
    """Its file has nothing to make them of, and the error says what to do."""
    export_onnx(distinct(*gappy, validation_fraction=0.0), tmp_path / "model.onnx")
    with pytest.raises(
        NotCalibratedError, match=r"a file of one that held nothing out.*call its calibrate.*export it again"
    ):
        OnnxPredictor(tmp_path / "model.onnx").predict_interval(gappy[0])


def test_nothing_is_written_when_bounds_differ(gappy, distinct, tmp_path, monkeypatch):
    """Bounds are checked as predictions are."""
    model = distinct(*gappy).calibrate(*gappy)
    monkeypatch.setattr("unflat.export.exporting.FLOOR", 0.5)
    model.bands_ = replace(model.bands_, distances=model.bands_.distances.uneven())
    with pytest.raises(ParityError, match="for sequence"):
        export_onnx(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


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


@pytest.mark.parametrize("members", [1, 2])
def test_products_that_the_skip_reads_are_in_the_file(members, curved, tmp_path):
    """Sequences of every length, with values outside of the range that products are held to."""
    model, X = curved(members)
    export_onnx(model, tmp_path / "model.onnx", sample=X)
    ragged = [sequence[: 1 + place % X.shape[1]] for place, sequence in enumerate(X)]
    assert unlike(model, OnnxPredictor(tmp_path / "model.onnx"), ragged) < 1e-5


def test_what_holds_predictions_is_in_the_file(curved, tmp_path):
    """Predictions of the file keep between the ends, its intervals go beyond as the model's do, and it says so."""
    model, X = curved(1)
    free = model.predict(X)
    model.predictor_.hold.set_ends([(-0.1, 0.2)])
    export_onnx(model, tmp_path / "model.onnx", sample=X)
    exported = OnnxPredictor(tmp_path / "model.onnx")
    assert unlike(model, exported, X) < 1e-5
    assert np.ptp(exported.predict(X)) < 0.5 * np.ptp(free)
    ours, theirs = (one.predict_interval(X) for one in (model, exported))
    np.testing.assert_allclose(theirs, ours, atol=1e-4 * np.ptp(free))
    assert ours.upper.max() > model.predict(X).max()
    with pytest.warns(OutOfRangeWarning, match="held within the range of the training targets"):
        exported.predict(X + 1e3)


@pytest.mark.parametrize("read", ["of_extremes", "of_beginnings"])
def test_what_the_skip_reads_of_all_steps_is_in_the_file(read, request, tmp_path):
    """The file knows extremes and first steps of sequences of unequal length, and they are what tells the target."""
    model, X, y = request.getfixturevalue(read)
    export_onnx(model, tmp_path / "model.onnx", sample=X)
    exported = OnnxPredictor(tmp_path / "model.onnx")
    assert unlike(model, exported, X) < 1e-5
    assert np.std(exported.predict(X) - y) < 0.05 * y.std()


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
    model = distinct(*gappy, n_members=1)
    export_onnx(model, tmp_path / "model.onnx")
    content = onnx.load(tmp_path / "model.onnx")
    assert {node.domain for node in content.graph.node} == {""}
    shapes = {
        value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in [*content.graph.input, *content.graph.output]
    }
    read = model.predictor_.network.skip.map.in_features  # by the line, and by what it was mixed with
    gives = {"predictions": ["n", 2], "scaled": ["n", 2], "vector": ["n", 3 * 5 + read]}
    assert shapes == {"sequences": ["n", "T", 2], "lengths": ["n"]} | gives
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    values = np.full((2, 9, 2), np.inf)
    values[0, :3], values[1, :1] = [1.7e9, 4e-3], [1.7e9 + 2, 6e-3]
    (predictions,) = session.run(["predictions"], {"sequences": values, "lengths": np.array([3, 1])})
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


@pytest.mark.parametrize("units", [["a"], "kW", {"y0": 5}])
def test_units_are_texts_by_name(units, gappy, distinct, tmp_path):
    """A list of units does not say whose they are."""
    with pytest.raises(ConfigurationError, match="'units' of export_onnx: expected a mapping of names to texts"):
        export_onnx(distinct(*gappy), tmp_path / "model.onnx", units=units)


@pytest.mark.parametrize(("model", "message"), [
    ("v1.unflat", r"received the path 'v1\.unflat'\. Load it first: export_onnx\(load\('v1\.unflat'\), \.\.\.\)"),
    (Ridge(), r"received a Ridge\. Give the fitted LSTMRegressor itself"),
])  # fmt: skip
def test_only_models_of_ours_are_exported(model, message, tmp_path):
    """The path of a saved one is no model yet; of any other the weights mean something else."""
    with pytest.raises(InputTypeError, match=message):
        export_onnx(model, tmp_path / "model.onnx")


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
