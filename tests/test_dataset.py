import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from unflat.dataset import FEWEST_TO_HOLD_OUT, as_dataset, as_validation, hold_out
from unflat.errors import InputError, ShapeError, TooFewSamplesError
from unflat.windows import make_windows

RANDOM = np.random.RandomState  # as scikit-learn's check_random_state gives


def series(n_series, rows=30, **times):
    """Make a table of several series that each count their own cycles."""
    table = {
        "unit": np.repeat(np.arange(n_series), rows),
        "cycle": np.tile(np.arange(rows), n_series),
        "x": np.random.default_rng(0).normal(size=n_series * rows),
    }
    return pl.DataFrame(table | times)


def windows_of(table, time="cycle"):
    """Cut short windows."""
    return make_windows(table, target="x", length=3, group="unit", time=time, features=["x"])


def test_random_part_of_independent_sequences():
    """A share of the sequences, drawn at random, is held out; the rest stays, and both keep their targets."""
    X = np.arange(100.0)[:, None]
    training, held_out = hold_out(as_dataset(X, X[:, 0]), 0.2, RANDOM(0))
    assert (len(training), len(held_out)) == (80, 20)
    values = np.concatenate([training.y, held_out.y])[:, 0]
    np.testing.assert_array_equal(np.sort(values), X[:, 0])
    for part in (training, held_out):
        np.testing.assert_array_equal(part.sequences.dense()[:, 0, 0], part.y[:, 0])


def test_the_last_of_overlapping_windows_are_held_out_and_those_that_share_their_steps_left_out():
    """Windows that a user has cut are held out at the end of the series, a window's length from what is learned."""
    series = np.random.default_rng(4).normal(size=220)
    X = np.lib.stride_tricks.sliding_window_view(series, 8)[:, :, None]
    training, held_out = hold_out(as_dataset(X[:-1], series[8:]), 0.1, RANDOM(0))
    np.testing.assert_array_equal(held_out.y[:, 0], series[-21:])
    first_held_out = held_out.sequences.dense()[0]
    assert not np.isin(training.sequences.dense(), first_held_out).any()
    assert len(training) == 212 - 21 - 7


def test_windows_that_nearly_all_overlap_are_held_out_at_random():
    """Where keeping clear of what is held out would cost most of the training part, some leak is better."""
    X = np.lib.stride_tricks.sliding_window_view(np.random.default_rng(5).normal(size=80), 40)[:, :, None]
    training, held_out = hold_out(as_dataset(X, X[:, -1, 0]), 0.1, RANDOM(0))
    assert len(training) + len(held_out) == len(X)
    assert held_out.y[0, 0] != X[len(X) - 4, -1, 0]


@pytest.mark.parametrize(("n", "share"), [(FEWEST_TO_HOLD_OUT - 1, 0.5), (100, 0)])
def test_nothing_is_held_out_of_too_few(n, share):
    """With a share of nothing, or fewer sequences than say anything, there is no validation part."""
    X = np.arange(float(n))[:, None]
    training, held_out = hold_out(as_dataset(X, X[:, 0]), share, RANDOM(0))
    assert held_out is None
    assert len(training) == n


def test_groups_stay_together():
    """Given groups, every one is wholly in one part."""
    X, groups = np.arange(100.0)[:, None], np.repeat(list("abcdefghij"), 10)
    training, held_out = hold_out(as_dataset(X, X[:, 0], groups=groups), 0.3, RANDOM(1))
    assert not set(training.groups) & set(held_out.groups)
    assert len(set(held_out.groups)) == 3


def test_groups_given_with_windows_are_honoured():
    """Groups named in the call outweigh the windows' own order in time."""
    windows = windows_of(series(10))
    training, held_out = hold_out(as_dataset(windows, groups=windows.groups), 0.1, RANDOM(0))
    assert not set(training.groups) & set(held_out.groups)


def test_one_group_cannot_be_divided():
    """A single group leaves nothing to train on, and is refused."""
    X = np.arange(40.0)[:, None]
    with pytest.raises(TooFewSamplesError, match=r"The groups to hold a validation part out of: .*at least 2"):
        hold_out(as_dataset(X, X[:, 0], groups=np.zeros(40)), 0.1, RANDOM(0))


def test_series_that_count_their_own_cycles_are_held_out_whole():
    """Where time begins anew in each series, whole series are held out: no series is in both parts."""
    windows = windows_of(series(10))
    training, held_out = hold_out(as_dataset(windows), 0.2, RANDOM(0))
    assert not set(training.windows.groups) & set(held_out.windows.groups)


def test_a_series_goes_on_where_windows_share_steps_and_belong_to_no_groups():
    """Then what is held out of them is later in the same series; else it is of other series, or other sequences."""
    alone = make_windows(series(1), target="x", length=3, features=["x"])
    assert as_dataset(alone).goes_on
    assert not as_dataset(windows_of(series(12))).goes_on
    assert not as_dataset(alone, groups=np.arange(len(alone)) // 9).goes_on
    assert not as_dataset(np.random.default_rng(0).normal(size=(50, 6)), np.arange(50.0)).goes_on


def test_series_that_share_dates_are_held_out_by_time():
    """Where all series share the calendar, the last days are held out, and training ends before them in all."""
    dates = np.tile(np.arange("2020-01-01", "2020-01-31", dtype="datetime64[D]"), 10)
    windows = windows_of(series(10, day=dates), time="day")
    training, held_out = hold_out(as_dataset(windows), 0.2, RANDOM(0))
    assert set(training.windows.groups) == set(held_out.windows.groups)
    assert training.windows.target_times.max() < held_out.windows.target_times.min()


def test_split_of_a_split_is_of_the_same_kind():
    """Windows that were split by group are held out by group, whatever their times are."""
    dates = np.tile(np.arange("2020-01-01", "2020-01-31", dtype="datetime64[D]"), 10)
    windows = windows_of(series(10, day=dates), time="day").split(by="group", validation=0).train
    training, held_out = hold_out(as_dataset(windows), 0.2, RANDOM(0))
    assert not set(training.windows.groups) & set(held_out.windows.groups)


def test_targets_of_frames_bring_their_names():
    """Columns of a frame and the name of a series name the outputs; anything else is numbered."""
    X = np.ones((4, 2))
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [4.0, 3, 2, 1]})
    assert as_dataset(X, frame).names == ("a", "b")
    assert as_dataset(X, frame["b"]).names == ("b",)
    assert as_dataset(X, [1, 2, 3, 4]).names == ("y0",)


def test_windows_take_no_second_target():
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
