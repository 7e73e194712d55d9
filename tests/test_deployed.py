"""Exported models at work: the forms of input, what is refused, and that torch stays away."""

import copy
import pickle
import subprocess
import sys
from contextlib import suppress

import numpy as np
import onnx
import pytest

from unflat import OnnxPredictor, WindowSchema, apply_schema, export_onnx, make_windows
from unflat.deployed import predictor as module
from unflat.errors import (
    AllMissingError,
    ConfigurationError,
    CorruptArtifactError,
    CoverageWarning,
    ForeignArtifactError,
    InputError,
    InputTypeError,
    MissingExtraError,
    MissingValuesWarning,
    NewerFormatError,
    NonFiniteError,
    OutOfRangeWarning,
    ShapeError,
    TooFewSamplesError,
)


@pytest.fixture(scope="module")
def exported(distinct, tmp_path_factory):
    """Export a model of one feature, which had no gaps in training, and one target without an axis."""
    X = np.random.default_rng(0).normal(1000, 50, size=(60, 8, 1))
    model = distinct(X, X[:, -1, 0] - 2 * X[:, 0, 0], n_members=2)
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(model, path, sample=X)
    return model, path, X


FORMS = {
    "float64": lambda X: X,
    "float32": lambda X: X.astype(np.float32),
    "integers": lambda X: X.astype(np.int64),
    "without an axis of features": lambda X: X[:, :, 0],
    "turned in memory": np.asfortranarray,
    "every second step": lambda X: X[:, ::2],
    "backward": lambda X: X[::-1],
    "nested lists": lambda X: X.tolist(),
    "ragged": lambda X: [x[: 1 + i % 8] for i, x in enumerate(X)],
    "ragged without features": lambda X: [x[: 1 + i % 8, 0] for i, x in enumerate(X)],
    "padded": lambda X: np.where(np.arange(8)[:, None] < 1 + np.arange(60)[:, None, None] % 8, X, np.nan),
    "one": lambda X: X[:1],
    "not writable": lambda X: np.broadcast_to(X[:1], X.shape),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_sequences_is_taken(form, exported):
    """What the model takes the file takes, and gives predictions of the same shape, type and value."""
    model, path, X = exported
    own, other = model.predict(form(X)), OnnxPredictor(path).predict(form(X))
    assert (other.shape, other.dtype) == (own.shape, np.float64)
    np.testing.assert_allclose(other, own, rtol=0, atol=1e-5 * model.predict(X).std())


def test_many_sequences_are_predicted_in_parts(exported, monkeypatch):
    """Memory does not grow with their number, and the parts join without a seam."""
    _, path, X = exported
    predictor = OnnxPredictor(path)
    whole = predictor.predict(X)
    monkeypatch.setattr(module, "sequences_together", lambda _: 8)
    np.testing.assert_allclose(predictor.predict(X), whole, rtol=1e-6)
    np.testing.assert_allclose(predictor.predict(list(X)), whole, rtol=1e-6)


def test_threads_change_nothing(exported):
    """More threads are for speed."""
    _, path, X = exported
    np.testing.assert_allclose(OnnxPredictor(path, threads=2).predict(X), OnnxPredictor(path).predict(X), rtol=1e-6)


@pytest.mark.parametrize("threads", ["2", 0, -1, 1.5, None])
def test_threads_are_a_number(threads, exported):
    """One at least."""
    with pytest.raises(ConfigurationError, match="'threads' of OnnxPredictor: expected a whole number of at least 1"):
        OnnxPredictor(exported[1], threads=threads)


def test_a_file_can_come_as_bytes(exported):
    """What was read from a database or a bucket needs no file."""
    _, path, X = exported
    np.testing.assert_array_equal(OnnxPredictor(path.read_bytes()).predict(X), OnnxPredictor(str(path)).predict(X))


def test_a_predictor_can_be_copied_and_sent_to_another_process(exported, tmp_path):
    """A copy predicts the same, whether the file is still there or not."""
    _, path, X = exported
    file = tmp_path / "m.onnx"
    file.write_bytes(path.read_bytes())
    predictor = OnnxPredictor(file, threads=2)
    file.unlink()
    for other in (copy.deepcopy(predictor), pickle.loads(pickle.dumps(predictor))):  # noqa: S301 - our own
        np.testing.assert_array_equal(other.predict(X), predictor.predict(X))


def test_missing_values_where_there_were_none_are_told(exported):
    """As the model itself warns."""
    model, path, X = exported
    gaps = X.copy()
    gaps[2, 3] = np.nan
    with pytest.warns(MissingValuesWarning, match="none in training: 0") as told:
        other = OnnxPredictor(path).predict(gaps)
    assert told[0].filename == __file__
    with pytest.warns(MissingValuesWarning, match="none in training: 0"):
        own = model.predict(gaps)
    np.testing.assert_allclose(other, own, rtol=1e-5)


def test_values_far_outside_of_the_training_are_told(exported):
    """As the model itself warns, in the same words."""
    model, path, X = exported
    far = X + 1e4
    with pytest.warns(OutOfRangeWarning, match="60 of 60 sequences") as told:
        other = OnnxPredictor(path).predict(far)
    assert told[0].filename == __file__
    with pytest.warns(OutOfRangeWarning) as own:
        expected = model.predict(far)
    assert str(told[0].message) == str(own[0].message)
    np.testing.assert_allclose(other, expected, rtol=1e-5)


REFUSED = {
    "features": (np.ones((3, 8, 2)), ShapeError, "X: expected 1 features at each time step, as in training"),
    "infinite": (np.full((3, 8, 1), np.inf), NonFiniteError, "expected finite numbers"),
    "hidden infinite": (np.array([[[1.0], [-np.inf]]]), NonFiniteError, "-inf among the values"),
    "nothing": (np.zeros((0, 8, 1)), TooFewSamplesError, "0 sample"),
    "no steps": (np.zeros((3, 0, 1)), InputError, "0 time step"),
    "one number": (3.0, ShapeError, r"shape \(n, T, F\)"),
    "text": ([["a", "b"]], InputTypeError, "values that are not"),
    "one sequence": (np.ones((8, 1)), ShapeError, r"as in training \(8 or more\).*X\[None\] if it is one sequence"),
    "gaps only": (np.full((2, 3, 1), np.nan), AllMissingError, "nothing but NaN"),
}


@pytest.mark.parametrize(("X", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_used_is_refused(X, error, message, exported):
    """The errors are those of the model."""
    with pytest.raises(error, match=message):
        OnnxPredictor(exported[1]).predict(X)


@pytest.fixture(scope="module")
def cut():
    """Cut windows of a table with two labels."""
    pl = pytest.importorskip("polars")
    random = np.random.default_rng(0)
    frame = pl.DataFrame({"load": random.normal(size=50), "pump": random.choice(["a", "b"], size=50)})
    return frame, make_windows(frame, target="load", length=4)


def test_windows_are_taken_and_others_refused(cut, distinct, tmp_path):
    """Windows of the same columns and labels are predicted; a label that means something else is an error."""
    frame, windows = cut
    model = distinct(windows, n_members=2)
    export_onnx(model, tmp_path / "model.onnx")
    predictor = OnnxPredictor(tmp_path / "model.onnx")
    np.testing.assert_allclose(predictor.predict(windows), model.predict(windows), atol=1e-4)
    assert WindowSchema.from_dict(predictor.metadata["schema"]) == windows.schema
    others = make_windows(frame.with_columns(pump=frame["pump"].replace("a", "c")), target="load", length=4)
    asked = {"predictor": predictor, "table": frame, "WindowSchema": WindowSchema, "apply_schema": apply_schema}
    message = "the features and categories of the windows that the model was fitted on"
    for given, error, expected in (
        (others, InputError, message),
        (frame, InputTypeError, "expected sequences.*a table"),
    ):
        with pytest.raises(error, match=expected) as refused:
            predictor.predict(given)
        remedy = eval(refused.value.remedy.split(" with ")[1].rstrip("."), asked)  # noqa: S307 - our own
        assert len(predictor.predict(remedy)) == 47


def test_windows_and_tables_are_refused_by_a_model_of_arrays(cut, exported):
    """A file that knows no columns says how to pass what there is as arrays."""
    frame, _ = cut
    with pytest.raises(InputError, match=r"Pass windows\.sequences\.dense\(\)"):
        OnnxPredictor(exported[1]).predict(make_windows(frame[["load"]], target="load", length=4))
    with pytest.raises(InputTypeError, match=r"give frame\.to_numpy\(\)"):
        OnnxPredictor(exported[1]).predict(frame)


@pytest.fixture(scope="module")
def with_price(distinct, tmp_path_factory):
    """Export a model of windows with one column known in advance."""
    pl = pytest.importorskip("polars")
    random = np.random.default_rng(0)
    frame = pl.DataFrame({"load": random.normal(size=50), "price": random.normal(40, 3, size=50)})
    windows = make_windows(frame, target="load", length=4, features=["load"], known="price")
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(distinct(windows, n_members=2), path)
    return OnnxPredictor(path), windows


def test_values_beside_sequences_are_looked_at(with_price):
    """Far outside of the training, or missing where none was missing: told by their names."""
    predictor, windows = with_price
    X, price = windows.sequences.dense(), windows.sequences.context_at(slice(None))
    with pytest.warns(OutOfRangeWarning, match=r"feature 'price\+1' is 900") as told:
        predictor.predict(X, context=np.where(price == price[3], 900.0, price))
    assert told[0].filename == __file__
    with pytest.warns(MissingValuesWarning, match=r"none in training: 'price\+1'"):
        predictor.predict_interval(X, 0.5, context=np.where(price == price[3], np.nan, price))


@pytest.mark.parametrize(("context", "error", "message"), [
    (None, InputError, r"sequences with price\+1 beside them, as in training; received nothing beside them"),
    (np.ones(3), ShapeError, r"expected shape \(3, 1\): price\+1 of each sequence; received shape \(3,\)"),
    (np.ones((2, 1)), ShapeError, r"received shape \(2, 1\)"),
    ([["dear"]] * 3, InputTypeError, "context"),
    (np.full((3, 1), np.inf), NonFiniteError, "context"),
])  # fmt: skip
def test_values_beside_sequences_must_fit(context, error, message, with_price):
    """Nothing, another shape, text or an infinite number is refused by name."""
    predictor, windows = with_price
    with pytest.raises(error, match=message):
        predictor.predict(windows.sequences.dense()[:3], context=context)


def test_values_beside_sequences_are_refused_where_none_belong(with_price, exported):
    """Windows hold theirs already, and a model of sequences alone takes none."""
    predictor, windows = with_price
    with pytest.raises(InputError, match=r"received price\+1 beside them, and context as well"):
        predictor.predict(windows, context=np.ones((len(windows), 1)))
    with pytest.raises(InputError, match="sequences with nothing beside them"):
        OnnxPredictor(exported[1]).predict(exported[2], context=np.ones((60, 1)))


@pytest.mark.parametrize("coverage", [0, 1.0, "most"])
def test_a_coverage_is_a_share(coverage, exported):
    """As for the model itself."""
    with pytest.raises(ConfigurationError, match=r"'coverage' of predict_interval: expected .*in \(0, 1\)"):
        OnnxPredictor(exported[1]).predict_interval(exported[2], coverage)


def test_a_coverage_that_cannot_be_promised_is_told(exported):
    """Six held-out sequences promise no 0.99: the bounds are infinite, as the model's are."""
    _, path, X = exported
    with pytest.warns(CoverageWarning, match="takes at least 99") as told:
        lower, upper = OnnxPredictor(path).predict_interval(X, 0.99)
    assert told[0].filename == __file__
    assert lower.shape == (60,)
    assert np.isneginf(lower).all()
    assert np.isposinf(upper).all()
    with pytest.raises(ShapeError, match="groups"):
        OnnxPredictor(path).predict_interval(X, groups=["a"])
    with pytest.raises(InputError, match="groups: expected a label for each sequence; received 60 missing"):
        OnnxPredictor(path).predict_interval(X, groups=[None] * 60)


def test_bounds_are_predicted_in_parts(exported, monkeypatch):
    """Each part has the distances of its own sequences."""
    model, path, X = exported
    model.calibrate(X, X[:, 0, 0], groups=np.arange(60) % 2)
    groups = np.arange(60) % 2
    export_onnx(model, path)
    predictor = OnnxPredictor(path)
    whole = predictor.predict_interval(X, 0.5, groups=groups)
    monkeypatch.setattr(module, "sequences_together", lambda _: 7)
    np.testing.assert_allclose(predictor.predict_interval(X, 0.5, groups=groups), whole, rtol=1e-6)
    np.testing.assert_allclose(model.predict_interval(X, 0.5, groups=groups), whole, rtol=1e-5)


def test_a_file_that_is_not_there(tmp_path):
    """As Python says it, with what was expected; a folder is no file either."""
    with pytest.raises(
        FileNotFoundError, match=r"none\.onnx: expected a model that unflat exported; received nothing of"
    ):
        OnnxPredictor(tmp_path / "none.onnx")
    with pytest.raises(ForeignArtifactError, match=r"received a folder\. Give a file that export_onnx"):
        OnnxPredictor(tmp_path)


def test_a_file_of_something_else(tmp_path, exported):
    """Neither text nor another program's model is taken for one of ours."""
    (tmp_path / "text.onnx").write_text("not a model", encoding="utf-8")
    with pytest.raises(ForeignArtifactError, match="another kind of file"):
        OnnxPredictor(tmp_path / "text.onnx")
    content = onnx.load(exported[1])
    del content.metadata_props[:]
    with pytest.raises(ForeignArtifactError, match="an ONNX file of something else"):
        OnnxPredictor(content.SerializeToString())


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_that_was_cut_short(share, tmp_path, exported):
    """What was ours and is no longer whole is called so."""
    content = exported[1].read_bytes()
    (tmp_path / "model.onnx").write_bytes(content[: int(share * len(content))])
    with pytest.raises(CorruptArtifactError, match="expected a whole file"):
        OnnxPredictor(tmp_path / "model.onnx")


def test_a_bit_that_changed_is_seen(exported):
    """Wherever it stands, the file is called damaged; only of the name of its own digest nothing else depends."""
    _, path, X = exported
    content, expected = path.read_bytes(), OnnxPredictor(path).predict(X)
    name = range(8 * content.index(b"\x72\x51\x0a\x0dunflat.digest"), 8 * (len(content) - 64))
    bits = np.random.default_rng(0).integers(0, 8 * len(content), size=150)
    for bit in [*bits, 0, name.stop, 8 * len(content) - 1]:
        altered = bytearray(content)
        altered[bit // 8] ^= 1 << bit % 8
        if bit in name:
            continue
        with pytest.raises(CorruptArtifactError, match="its content is not what was written"):
            OnnxPredictor(bytes(altered))
    for bit in name:
        altered = bytearray(content)
        altered[bit // 8] ^= 1 << bit % 8
        with suppress(CorruptArtifactError):
            np.testing.assert_array_equal(OnnxPredictor(bytes(altered)).predict(X), expected)


def unsealed(path):
    """Read a file, and take its digest away, as files from before there was one have none."""
    content = onnx.load(path)
    assert content.metadata_props.pop().key == "unflat.digest"
    return content


def test_a_file_without_a_digest_is_opened(exported):
    """Files were written without one before."""
    _, path, X = exported
    predictor = OnnxPredictor(unsealed(path).SerializeToString())
    np.testing.assert_array_equal(predictor.predict(X), OnnxPredictor(path).predict(X))


@pytest.mark.parametrize(("place", "value"), [
    (0, "{"), (0, "[]"), (0, "{}"), (0, '{"format": 1}'), (0, '{"format": "a"}'), (1, "{"), (1, "{}"),
    (1, '{"labels": [], "arrays": "?"}'), (1, '{"labels": [], "arrays": "UEsDBA=="}'),
])  # fmt: skip
def test_what_cannot_be_read_of_an_older_file_is_called_damaged(place, value, exported):
    """Whatever the reason is that the description, or what intervals are made of, is not there."""
    _, path, X = exported
    content = unsealed(path)
    content.metadata_props[place].value = value
    with pytest.raises(CorruptArtifactError, match=r"The model file of these bytes: .*cannot be read"):
        OnnxPredictor(content.SerializeToString()).predict_interval(X, 0.5)


def test_a_text_of_no_known_letters_is_called_damaged(exported):
    """Bytes that are no UTF-8 where the description stands."""
    _, path, _ = exported
    content = unsealed(path).SerializeToString().replace(b"flat_target", b"flat_targe\xff")
    with pytest.raises(CorruptArtifactError, match="expected a whole file"):
        OnnxPredictor(content)


def test_a_file_of_a_later_format(tmp_path, exported):
    """An older unflat says that it is too old."""
    content = unsealed(exported[1])
    content.metadata_props[0].value = content.metadata_props[0].value.replace('"format": 1', '"format": 2')
    onnx.save(content, tmp_path / "model.onnx")
    with pytest.raises(NewerFormatError, match="format 1 or older; received format 2"):
        OnnxPredictor(tmp_path / "model.onnx")


def test_without_onnxruntime_the_extra_is_named(monkeypatch, exported):
    """The message holds the command that installs it."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"python -m pip install 'unflat\[onnx\]'"):
        OnnxPredictor(exported[1])


def test_predicting_needs_numpy_and_onnxruntime_alone(exported):
    """In a process of its own, nothing else is imported: neither torch nor the libraries for tables and learners."""
    _, path, X = exported
    code = f"""
import sys
import numpy as np
from unflat import OnnxPredictor
predictor = OnnxPredictor({str(path)!r})
one, ragged = predictor.predict([[{float(X[0, 0, 0])!r}]]), predictor.predict([[1e3, 2e3], [1e3]])
third = {{name.partition(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names)
assert np.isfinite(predictor.predict(np.ma.masked_invalid([[1e3, 2e3, np.nan]]))).all()
print(*sorted(name for name in third if not name.startswith(("_", "sitecustomize", "cython_runtime"))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["numpy", "onnxruntime", "unflat"]
