"""What a user has: taken in any form, faults included, and brought together without broadcasting."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from unflat.diagnosis.material.inputs import Losses, as_data, as_losses, beside_targets
from unflat.errors import AllMissingError, InputError, InputTypeError, ShapeError, TooFewSamplesError
from unflat.history import EpochRecord, History
from unflat.windows import make_windows

X = np.arange(24.0).reshape(4, 3, 2)
Y = np.array([1.0, 2.0, 3.0, 4.0])


def numbers(data):
    """Give the sequences as numbers."""
    return data.values  # noqa: PD011 - no frame


@pytest.mark.parametrize("given", [X, X.tolist(), list(X), torch.tensor(X)], ids=["array", "list", "arrays", "tensor"])
def test_sequences_of_any_container_are_the_same_numbers(given):
    """What the model gets is what was given; the numbers stand beside it."""
    data = as_data(given, Y)
    assert data.X is given
    np.testing.assert_array_equal(numbers(data), X)
    assert data.y.shape == (4, 1)
    assert data.y_shape == (4,)


def test_ragged_sequences_are_padded_with_nan():
    """Short sequences end in NaN, which none of the figures counts."""
    data = as_data([[1.0, 2.0, 3.0], [4.0]], [0.0, 1.0])
    np.testing.assert_array_equal(numbers(data)[:, :, 0], [[1, 2, 3], [4, np.nan, np.nan]])


def test_other_axes_count_as_features():
    """A table has one feature, and the axes of a picture are features of a step."""
    assert numbers(as_data(X[:, :, 0], Y)).shape == (4, 3, 1)
    assert numbers(as_data(np.zeros((4, 3, 2, 5)), Y)).shape == (4, 3, 10)


def test_tables_name_their_targets():
    """Frames go to the model as they are, and the names of their targets are kept."""
    data = as_data(pl.DataFrame({"a": [1, 2, 3, 4]}), pd.DataFrame({"up": Y, "down": -Y}))
    assert numbers(data).shape == (4, 1, 1)
    assert data.names == ("up", "down")
    assert as_data(X, pd.Series(Y, name="load")).names == ("load",)
    assert as_data(X, Y).names == ("y",)
    assert as_data(X, np.ones((4, 2))).names == ("y0", "y1")


def test_nan_and_infinity_are_taken_as_they_are():
    """They are a finding, not an error."""
    broken = X.copy()
    broken[0, 0, 0], broken[1, 0, 0] = np.nan, np.inf
    data = as_data(broken, [1.0, np.nan, np.inf, 2.0])
    np.testing.assert_array_equal(numbers(data), broken)
    np.testing.assert_array_equal(data.y[:, 0], [1.0, np.nan, np.inf, 2.0])


def test_windows_bring_targets_and_their_past():
    """Windows of a table need no y, and know where the target's past stands."""
    frame = pl.DataFrame({"load": np.arange(30.0), "wind": np.zeros(30)})
    data = as_data(make_windows(frame, target="load", length=5), None)
    assert numbers(data).shape == (25, 5, 2)
    np.testing.assert_array_equal(data.y[:, 0], np.arange(5.0, 30.0))
    assert data.names == ("load",)
    assert data.past[0].sure


@pytest.mark.parametrize(
    ("sequences", "targets", "error", "message"),
    [
        (X, None, InputError, "y: expected a target for each sequence"),
        (X, Y[:3], ShapeError, "as many targets as sequences, 4"),
        (X, 1.0, ShapeError, "as many targets as sequences"),
        (X, np.ones((4, 0)), ShapeError, "as many targets as sequences"),
        (X, [np.nan] * 4, AllMissingError, "finite in every output"),
        (X, ["a", "b", "c", "d"], InputTypeError, "y: expected numbers"),
        (X[:1], Y[:1], TooFewSamplesError, "at least 2 samples"),
        (Y, Y, ShapeError, "a single sequence is X"),
        ({"a": X, "b": X}, Y, InputTypeError, "a function of one array"),
        ([[[1.0, 2.0]], [[1.0]], [[1.0]], [[1.0]]], Y, ShapeError, "the same columns"),
        ([np.ones((4, 3, 1)), np.ones((4, 2))], Y, InputTypeError, "a list of 2, each as long as y.*several inputs"),
        (np.ones((4, 3, 1)), (Y, Y), InputTypeError, r"a tuple of 2, each as long as X.*np\.column_stack\(y\)"),
    ],
)
def test_what_cannot_be_used_says_why(sequences, targets, error, message):
    """Each error names what was given and what to do."""
    with pytest.raises(error, match=message):
        as_data(sequences, targets)


def test_steps_that_come_first_are_told():
    """Of a module that takes (T, n, F), and of data that lie so."""
    with pytest.raises(ShapeError, match="seems to have its steps first"):
        as_data(np.zeros((3, 20, 1)), np.arange(20.0))
    with pytest.raises(ShapeError, match=r"seems to take steps first.*transpose\(0, 1\)"):
        beside_targets(np.zeros((3, 1)), (20, 1), 3)


def test_windows_of_several_horizons_bring_the_horizon_of_each_output():
    """Each output is named by its horizon, and its past is known with it."""
    frame = pl.DataFrame({"load": np.arange(30.0)})
    data = as_data(make_windows(frame, target="load", length=5, horizon=(1, 4)), None)
    assert data.names == ("load+1", "load+4")
    assert [(past.column, past.horizon) for past in data.past] == [(0, 1), (0, 4)]


def test_windows_take_no_second_targets():
    """Windows hold their targets; those to predict from cannot be judged."""
    windows = make_windows(pl.DataFrame({"load": np.arange(30.0)}), target="load", length=5)
    with pytest.raises(InputError, match="a second y"):
        as_data(windows, Y)


@pytest.mark.parametrize(
    ("shape", "y_shape", "index"),
    [
        ((4,), (4,), np.s_[:]),
        ((4, 1), (4,), np.s_[:, 0]),
        ((4,), (4, 1), np.s_[:]),
        ((4, 1, 1), (4,), np.s_[:, 0, 0]),
        ((4, 3), (4,), np.s_[:, -1]),
        ((4, 3, 1), (4,), np.s_[:, -1, 0]),
        ((4, 3, 1), (4, 1), np.s_[:, -1, 0]),
        ((4, 3, 2), (4, 2), np.s_[:, -1]),
        ((4, 2), (4, 2), np.s_[:]),
        ((4, 3, 1), (4, 3), np.s_[:, :, 0]),
        ((4, 3, 2), (4, 3, 2), np.s_[:]),
    ],
)
def test_predictions_stand_beside_their_targets(shape, y_shape, index):
    """Axes of length 1 count for nothing, and of predictions for each step the last is taken."""
    prediction = np.random.default_rng(0).normal(size=shape)
    columns = beside_targets(prediction, y_shape, 3)
    np.testing.assert_array_equal(columns, prediction[index].reshape(4, -1))


@pytest.mark.parametrize(
    ("shape", "y_shape"), [((5,), (4,)), ((1, 4), (4,)), ((4, 2), (4,)), ((4, 2), (4, 3)), ((4,), (4, 2)), ((0,), (4,))]
)
def test_predictions_that_do_not_fit_are_refused(shape, y_shape):
    """Nothing is broadcast, cut or guessed."""
    with pytest.raises(ShapeError, match=r"prediction for X: expected one of shape"):
        beside_targets(np.zeros(shape), y_shape, 3)


def test_losses_of_every_form_are_the_same():
    """Our history, Keras', a mapping and a list give the same numbers."""
    records = tuple(EpochRecord(i + 1, loss, 2 * loss, 0.1, 1.0, 1.0) for i, loss in enumerate([3.0, 2.0]))
    recorded = {"loss": [3.0, 2.0], "val_loss": [6.0, 4.0]}
    expected = Losses((3.0, 2.0), (6.0, 4.0))
    assert as_losses(History(records), None) == expected
    assert as_losses(recorded, None) == expected
    assert as_losses(SimpleNamespace(history=recorded), None) == expected
    assert as_losses([3.0, 2.0], None) == Losses((3.0, 2.0))


def test_a_model_that_recorded_its_training_is_asked():
    """Without a history the model's own is taken, and what is none is passed over."""
    model = SimpleNamespace(history=SimpleNamespace(history={"loss": [1.0]}))
    assert as_losses(None, model) == Losses((1.0,))
    assert as_losses(None, SimpleNamespace(history="long")) == Losses()
    assert as_losses(None, SimpleNamespace(history=SimpleNamespace(history={"mine": [1.0]}))) == Losses()
    assert as_losses(None, len) == Losses()


def test_a_watch_tells_loss_and_spread_by_epoch():
    """Its last look in each epoch counts, with the spread of the output that has least; others do not."""
    looks = [(None, None, (0.0, 0.0)), (1, None, (0.1, 0.3)), (1, 4.0, (0.5, 0.2)), (3, 2.0, (0.9, 0.95))]
    watch = SimpleNamespace(
        records=tuple(SimpleNamespace(epoch=epoch, loss=loss, spread=spread) for epoch, loss, spread in looks)
    )
    assert as_losses(watch, None) == Losses((4.0, 2.0), (), ((1, 0.2), (3, 0.9)))
    assert as_losses(None, SimpleNamespace(callbacks=(print, watch))) == Losses(spread=((1, 0.2), (3, 0.9)))


def test_a_history_of_something_else_is_refused():
    """A number or text is no history."""
    with pytest.raises(InputTypeError, match="a list of losses by epoch"):
        as_losses(3.0, None)
    with pytest.raises(InputTypeError, match="a list of losses by epoch"):
        as_losses(["high", "low"], None)
    with pytest.raises(InputTypeError, match=r"a mapping with \"loss\".*one with 'train_loss', 'lr'"):
        as_losses({"train_loss": [3.0], "lr": [1e-3]}, None)
