import numpy as np
import pandas as pd
import pytest
import torch

from unflat.dataset import as_dataset, as_validation
from unflat.errors import InputError, ShapeError
from unflat.windows import make_windows


def test_a_series_goes_on_where_windows_share_steps_and_belong_to_no_groups(series, windows_of):
    """Then what is held out of them is later in the same series; else it is of other series, or other sequences."""
    alone = make_windows(series(1), target="x", length=3, features=["x"])
    assert as_dataset(alone).goes_on
    assert not as_dataset(windows_of(series(12))).goes_on
    assert not as_dataset(alone, groups=np.arange(len(alone)) // 9).goes_on
    assert not as_dataset(np.random.default_rng(0).normal(size=(50, 6)), np.arange(50.0)).goes_on


def test_targets_of_frames_bring_their_names():
    """Columns of a frame and the name of a series name the outputs; anything else is numbered."""
    X = np.ones((4, 2))
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [4.0, 3, 2, 1]})
    assert as_dataset(X, frame).names == ("a", "b")
    assert as_dataset(X, frame["b"]).names == ("b",)
    assert as_dataset(X, [1, 2, 3, 4]).names == ("y0",)


def test_windows_take_no_second_target(series, windows_of):
    """Windows hold their targets: a y beside them, or windows without targets, is refused."""
    windows = windows_of(series(2))
    with pytest.raises(InputError, match="and no y beside them; received a second y"):
        as_dataset(windows, np.zeros(len(windows)))


def test_validation_must_have_the_form_of_training():
    """Other features or outputs in the validation part are refused by the names of its own."""
    data = as_dataset(np.ones((3, 4, 2)), [1.0, 2, 3])
    assert len(as_validation((np.ones((5, 4, 2)), np.ones(5)), data)) == 5
    with pytest.raises(ShapeError, match="The validation X: expected 2 features"):
        as_validation((np.ones((5, 4, 1)), np.ones(5)), data)
    with pytest.raises(ShapeError, match="The validation y: expected 1 outputs"):
        as_validation((np.ones((5, 4, 2)), np.ones((5, 2))), data)


def test_read_only_and_reversed_targets_are_taken_as_they_are():
    """Columns of data frames are read-only, and a reversed array has no tensor: neither ends in torch's own words."""
    y, weights = np.arange(30.0), np.linspace(1, 2, 30)
    y.setflags(write=False)
    data = as_dataset(np.zeros((30, 4, 1)), y[::-1], sample_weight=weights[::-1])
    np.testing.assert_array_equal(torch.from_numpy(data.y)[:, 0], np.arange(29.0, -1, -1))
    np.testing.assert_array_equal(torch.from_numpy(data.weights), weights[::-1])
