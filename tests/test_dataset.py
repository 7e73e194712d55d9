import numpy as np
import pandas as pd
import pytest
import torch

from unflat.dataset import as_dataset, as_validation, sequences_for
from unflat.errors import FitWarning, InputError, InputTypeError, ShapeError
from unflat.estimator import LSTMRegressor
from unflat.windows import make_windows


def test_a_series_goes_on_where_windows_share_steps_and_belong_to_no_groups(series, windows_of):
    """Then what is held out of them is later in the same series; else it is of other series, or other sequences."""
    alone = make_windows(series(1), target="x", length=3, features=["x"])
    assert as_dataset(alone).goes_on
    assert not as_dataset(windows_of(series(12))).goes_on
    assert not as_dataset(alone, groups=np.arange(len(alone)) // 9).goes_on
    assert not as_dataset(np.random.default_rng(0).normal(size=(50, 6)), np.arange(50.0)).goes_on


def test_targets_of_frames_bring_their_names():
    """Columns of a frame and the name of a series name the outputs; else one is y, and several are numbered."""
    X = np.ones((4, 2))
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [4.0, 3, 2, 1]})
    assert as_dataset(X, frame).names == ("a", "b")
    assert as_dataset(X, frame["b"]).names == ("b",)
    assert as_dataset(X, [1, 2, 3, 4]).names == ("y",)
    assert as_dataset(X, np.ones((4, 2))).names == ("y0", "y1")


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


def test_validation_is_a_pair_or_windows():
    """A list of two is a pair as well; X alone, or a share, is refused with what to pass."""
    data = as_dataset(np.ones((3, 4, 2)), [1.0, 2, 3])
    assert len(as_validation([np.ones((5, 4, 2)), np.ones(5)], data)) == 5
    for given in (np.ones((5, 4, 2)), 0.2):
        with pytest.raises(InputTypeError, match=r"validation: expected a pair \(X, y\).*validation_fraction"):
            as_validation(given, data)


@pytest.mark.parametrize(
    ("shape", "remedy"), [((5, 2), "X.None. if it is one sequence"), ((5, 2, 3), "X.transpose"), ((5, 4, 3), "order.$")]
)
def test_axes_that_were_meant_are_named(shape, remedy):
    """Where the features of training stand in the axis of time, an error says how to bring them to the last."""
    with pytest.raises(ShapeError, match=remedy) as raised:
        sequences_for(np.ones(shape), None, 2)
    assert raised.value.shape == shape


@pytest.mark.parametrize("labels", [["a", None, "b"], [1.0, np.nan, 2.0], pd.Series(["a", pd.NA, "b"], dtype="string")])
def test_groups_without_a_label_are_named(labels):
    """A missing label is no group."""
    with pytest.raises(
        InputError, match="groups: expected a label for each sequence; received 1 missing, the first at 1"
    ):
        as_dataset(np.ones((3, 4, 2)), [1.0, 2, 3], groups=labels)


def test_groups_may_have_labels_of_several_types():
    """Numbers and text have no common order; as text they have."""
    data = as_dataset(np.ones((3, 4, 2)), [1.0, 2, 3], groups=np.array([1, "a", 1], dtype=object))
    assert data.groups.tolist() == ["1", "a", "1"]


def test_read_only_and_reversed_targets_are_taken_as_they_are():
    """Columns of data frames are read-only, and a reversed array has no tensor: neither ends in torch's own words."""
    y, weights = np.arange(30.0), np.linspace(1, 1.9, 30)
    y.setflags(write=False)
    data = as_dataset(np.zeros((30, 4, 1)), y[::-1], sample_weight=weights[::-1])
    np.testing.assert_array_equal(torch.from_numpy(data.y)[:, 0], np.arange(29.0, -1, -1))
    np.testing.assert_array_equal(torch.from_numpy(data.weights), weights[::-1])


@pytest.mark.parametrize("size", [1e-200, 0.3, 1.0, 1e200])
def test_weights_are_of_an_ordinary_size(size):
    """Only what they are to each other counts: their squares neither vanish nor overflow, and ones stay ones."""
    given = np.array([1.0, 0.25, 0.7]) * size
    weights = as_dataset(np.ones((3, 4, 1)), np.arange(3.0), sample_weight=given).weights
    assert 1 <= weights.max() < 2
    assert np.array_equal(weights / weights[0], given / given[0])


def test_tiny_weights_calibrate_as_any_others():
    """Bounds are those of weights of one."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(200, 5, 1)), random.normal(size=200)
    model = LSTMRegressor(units=(3,), epochs=1, n_members=1, random_state=0, validation_fraction=0.0)
    with pytest.warns(FitWarning):
        model.fit(X[:100], y[:100])
    of_ones, of_tiny = (
        model.calibrate(X[100:], y[100:], sample_weight=np.full(100, weight)).predict_interval(X[:9])
        for weight in (1.0, 1e-200)
    )
    assert np.array_equal(of_ones, of_tiny)
