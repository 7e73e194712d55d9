import numpy as np
import pytest
import torch

from unflat._version import __version__
from unflat.errors import CorruptArtifactError, NewerFormatError
from unflat.estimator import LSTMRegressor, load
from unflat.saving.artifact import read_artifact, write_artifact
from unflat.saving.model import read_model
from unflat.training.callbacks import Callback


@pytest.fixture
def saved(waves, tmp_path):
    """Put a small model on the disk, and give it with its path."""
    X, y = waves
    model = LSTMRegressor(units=(3,), n_members=1, epochs=1, random_state=0, callbacks=[Callback()]).fit(X, y)
    model.save(tmp_path / "m.unflat")
    return model, tmp_path / "m.unflat"


def test_parameters_that_a_file_cannot_hold_are_left_out(saved):
    """Callbacks are the process's own; everything else comes back."""
    model, path = saved
    parameters, learned = read_model(path)
    expected = model.get_params()
    del expected["callbacks"]
    assert parameters == expected
    assert learned.target_names == ("y",)


def test_parameters_from_numpy_are_plain_numbers_in_the_file(waves, tmp_path):
    """What a search over parameters sets, NumPy's numbers and arrays, can be saved."""
    X, y = waves
    model = LSTMRegressor(
        units=np.array([3, 2]), epochs=np.int64(1), dropout=np.float64(0.1), random_state=np.random.RandomState(0)
    ).fit(X, y)
    model.save(tmp_path / "m.unflat")
    parameters, _ = read_model(tmp_path / "m.unflat")
    assert (parameters["units"], parameters["epochs"], parameters["dropout"]) == ((3, 2), 1, 0.1)
    assert parameters["random_state"] is None


def test_a_device_of_torch_is_saved_by_its_name(waves, tmp_path):
    """Whoever gives `torch.device("cpu")` in place of "cpu" can save the model."""
    model = LSTMRegressor(units=(3,), n_members=1, epochs=1, device=torch.device("cpu"), random_state=0)
    model.fit(*waves).save(tmp_path / "m.unflat")
    assert read_model(tmp_path / "m.unflat")[0]["device"] == "cpu"


def test_file_holds_no_data(saved, waves):
    """Nothing in the file is as large as the data: it can be given away without them."""
    _, path = saved
    tensors, _ = read_artifact(path)
    assert max(tensor.numel() for tensor in tensors.values()) < waves[0].shape[0]


@pytest.fixture
def rewritten(saved):
    """Write a model's file again, with some of its document changed."""
    _, path = saved

    def write(**changes):
        tensors, document = read_artifact(path)
        for part, change in changes.items():
            document[part] = document[part] | change if isinstance(change, dict) else change
        write_artifact(path, tensors, document)
        return path

    return write


@pytest.mark.parametrize("part", ["parameters", "network"])
def test_a_file_of_a_later_unflat_is_called_so(part, rewritten):
    """A parameter or a field that this unflat does not know is a later one's, which is named with what helps."""
    path = rewritten(**{part: {"wider": 1}, "written_by": "9.2.0"})
    message = r"expected what unflat [\d.]+ knows; received 'wider', by unflat 9\.2\.0\. Upgrade: python -m pip"
    with pytest.raises(NewerFormatError, match=message):
        load(path)


def test_what_cannot_be_read_of_a_later_unflat_is_no_damage(rewritten):
    """A value of which a later unflat knows more; the same value in a file of this one is damage."""
    with pytest.raises(NewerFormatError, match=r"received what it cannot read \(.*'xlstm'.*\), by unflat 9\.2\.0"):
        load(rewritten(network={"cell": "xlstm"}, written_by="9.2.0"))
    for version in (__version__, "0.0.9", "?"):
        with pytest.raises(CorruptArtifactError, match=r"missing or altered .*xlstm"):
            load(rewritten(written_by=version))


def test_a_file_says_which_unflat_wrote_it(saved):
    """Files of before do not, and are read."""
    _, path = saved
    tensors, document = read_artifact(path)
    assert document.pop("written_by") == __version__
    write_artifact(path, tensors, document)
    load(path)


def predictions_of_before(path, X, *lacking):
    """Take numbers out of a model's file, as if it had been written before there were any, and predict."""
    tensors, document = read_artifact(path)
    for name in lacking:
        del tensors[f"predictor.{name}"]
    write_artifact(path, tensors, document)
    return load(path).predict(X)


@pytest.mark.parametrize("scale", ["standard", "log"])
def test_files_from_before_limits_have_none(scale, waves, tmp_path):
    """Limits are part of what is saved; where they are not, predictions are free."""
    X, y = waves
    model = LSTMRegressor(units=(3,), n_members=1, epochs=1, random_state=0, scale_target=scale).fit(X, y)
    highest = float(np.median(model.predict(X)))
    model.predictor_.target.highest.fill_(highest)
    limited = model.predict(X)
    model.save(tmp_path / "m.unflat")
    np.testing.assert_array_equal(load(tmp_path / "m.unflat").predict(X), limited)
    free = predictions_of_before(tmp_path / "m.unflat", X, "target.lowest", "target.highest")
    np.testing.assert_array_equal(np.minimum(free, highest), limited)
    assert (free > limited).any()


@pytest.mark.parametrize("scale", ["standard", "log"])
def test_files_from_before_predictions_were_held_hold_none(scale, waves, tmp_path):
    """Where a file knows no ends that predictions are held between, they are as the network and the scale give them."""
    X, y = waves
    model = LSTMRegressor(units=(3,), n_members=1, epochs=1, random_state=0, scale_target=scale).fit(X, y)
    model.predictor_.hold.release()
    free = model.predict(X)
    model.predictor_.hold.set_ends([tuple(np.quantile(model.predictor_.target(torch.from_numpy(free)), [0.2, 0.7]))])
    held = model.predict(X)
    model.save(tmp_path / "m.unflat")
    np.testing.assert_array_equal(load(tmp_path / "m.unflat").predict(X), held)
    assert (held != free).any()
    np.testing.assert_array_equal(predictions_of_before(tmp_path / "m.unflat", X, "hold.low", "hold.high"), free)


@pytest.mark.parametrize("part", ["parameters", "network", "histories", "baselines", "target_names"])
def test_missing_parts_are_named(saved, part):
    """A document from which a part was cut is called damaged, with the part's name."""
    _, path = saved
    tensors, document = read_artifact(path)
    del document[part]
    write_artifact(path, tensors, document)
    with pytest.raises(CorruptArtifactError, match=f"missing or altered .*{part}"):
        read_model(path)
