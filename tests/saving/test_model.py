import numpy as np
import pytest
import torch

from unflat.errors import CorruptArtifactError
from unflat.estimator import LSTMRegressor
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
    LSTMRegressor(units=(3,), n_members=1, epochs=1, device=torch.device("cpu")).fit(*waves).save(tmp_path / "m.unflat")
    assert read_model(tmp_path / "m.unflat")[0]["device"] == "cpu"


def test_file_holds_no_data(saved, waves):
    """Nothing in the file is as large as the data: it can be given away without them."""
    _, path = saved
    tensors, _ = read_artifact(path)
    assert max(tensor.numel() for tensor in tensors.values()) < waves[0].shape[0]


@pytest.mark.parametrize("part", ["parameters", "network", "histories", "baselines", "target_names"])
def test_missing_parts_are_named(saved, part):
    """A document from which a part was cut is called damaged, with the part's name."""
    _, path = saved
    tensors, document = read_artifact(path)
    del document[part]
    write_artifact(path, tensors, document)
    with pytest.raises(CorruptArtifactError, match=f"missing or altered .*{part}"):
        read_model(path)
