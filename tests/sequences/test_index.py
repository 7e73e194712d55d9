"""Sequences: an index into rows."""

from array import array
from collections import deque

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from unflat.errors import (
    AllMissingError,
    InputError,
    InputTypeError,
    NonFiniteError,
    ShapeError,
    TooFewSamplesError,
)
from unflat.sequences import Sequences, as_numbers, as_sequences, sequences_together


def overlapping(n_rows=10, length=4, stride=1):
    """Make overlapping windows over rows of two features."""
    rows = np.arange(n_rows * 2, dtype=np.float32).reshape(n_rows, 2)
    starts = np.arange(0, n_rows - length + 1, stride)
    return Sequences(rows, starts, np.broadcast_to(np.int64(length), starts.shape))


def test_an_array_becomes_sequences_without_a_copy():
    """A contiguous float array of three axes is viewed, and comes back as it was."""
    X = np.arange(24.0).reshape(2, 4, 3)
    sequences = as_sequences(X)
    assert np.shares_memory(sequences.rows, X)
    assert (len(sequences), sequences.longest, sequences.n_features) == (2, 4, 3)
    np.testing.assert_array_equal(sequences.dense(), X)


def test_two_axes_mean_one_feature():
    """An array without a last axis has sequences of one feature."""
    sequences = as_sequences([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(sequences.dense()[:, :, 0], [[1, 2, 3], [4, 5, 6]])


def test_a_ragged_list_keeps_each_length():
    """Sequences of a list keep their own lengths, and short ones are padded with NaN only when copied."""
    sequences = as_sequences([np.ones((3, 2)), np.full((1, 2), 7.0)])
    assert sequences.lengths.tolist() == [3, 1]
    assert not sequences.equally_long
    np.testing.assert_array_equal(sequences.dense()[1], [[7, 7], [np.nan, np.nan], [np.nan, np.nan]])


def test_padding_of_an_array_is_no_part_of_its_sequences():
    """Rows of nothing but NaN at either end are padding; such a row inside, or a single NaN, is a missing value."""
    nan = np.nan
    X = np.array([[[nan], [1], [nan], [3]], [[1], [2], [nan], [nan]]])
    sequences = as_sequences(X)
    assert sequences.starts.tolist() == [1, 4]
    assert sequences.lengths.tolist() == [3, 2]


@pytest.mark.parametrize(("dtype", "kept"), [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), ("i8", "f8"), ("?", "f8")])
def test_numbers_keep_the_precision_they_have(dtype, kept):
    """float32 and smaller floats are float32, everything else float64."""
    assert as_numbers(np.ones(3, dtype=dtype), "X").dtype == np.dtype(kept)


def test_a_tensor_with_a_gradient_is_taken():
    """A torch tensor is detached and taken."""
    assert as_sequences(torch.ones(2, 3, 1, requires_grad=True)).longest == 3
    assert as_numbers(torch.ones(2, dtype=torch.bfloat16), "X").dtype == np.float32


def test_lists_of_any_kind_are_numbers():
    """What has an order and a length is taken as a list is."""
    for values in (range(3), deque([0, 1, 2]), array("d", [0, 1, 2]), memoryview(np.arange(3.0))):
        assert as_numbers(values, "X").tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_what_is_masked_is_missing(dtype):
    """A masked value is NaN, whatever number lies behind its mask."""
    X = np.ma.masked_array(np.arange(12, dtype=dtype).reshape(2, 3, 2), mask=False)
    X[1, 2, 0] = np.ma.masked
    rows = as_sequences(X).rows
    assert np.argwhere(np.isnan(rows)).tolist() == [[5, 0]]
    assert rows[5, 1] == 11


def test_what_pandas_holds_as_missing_is_missing():
    """NA among objects is NaN, as None and NaN are."""
    frame = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [0.5, 1.5, 2.5]})
    numbers = as_numbers(frame.astype(object).to_numpy(), "X")
    np.testing.assert_array_equal(numbers, [[1, 0.5], [np.nan, 1.5], [3, 2.5]])
    np.testing.assert_array_equal(as_numbers([1, pd.NA, None], "X"), [1, np.nan, np.nan])


class Batches:
    """Batches without an end, as data sets give them that are asked for one of any number."""

    def __len__(self):
        return 3

    def __getitem__(self, place):
        return np.ones((2, 3, 1)), np.ones(2)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([["a", "b"]], InputTypeError, "Encode text"),
        (np.ones((2, 3), dtype=complex), InputTypeError, "Complex data not supported"),
        (pl.DataFrame({"a": [1.0]}), InputTypeError, "a table .polars DataFrame.*make_windows"),
        (pl.LazyFrame({"a": [1.0]}), InputTypeError, "a table .polars LazyFrame.*make_windows"),
        (pa.RecordBatch.from_pydict({"a": [1.0]}), InputTypeError, "a table .pyarrow RecordBatch.*make_windows"),
        ([np.ones((3, 1)), pd.DataFrame({"a": [1.0]})], InputTypeError, r"X\[1\]: .*frame\[columns\]\.to_numpy"),
        ([pl.DataFrame({"a": [1.0, 2.0]})], InputTypeError, r"X\[0\]: .* a table .polars DataFrame. in a list"),
        (np.ones(3), ShapeError, r"Reshape your data"),
        (np.ones((1, 2, 3, 4)), ShapeError, r"Flatten the last axes"),
        (np.ones((0, 3, 1)), TooFewSamplesError, "at least 1 samples"),
        (np.ones((2, 3, 0)), InputError, r"0 feature\(s\) .* while a minimum of 1 is required\. Give some values\."),
        ([np.ones((3, 2)), np.ones((3, 1))], ShapeError, r"X\[1\]: expected 2 features"),
        ([np.ones((3, 2)), np.ones((0, 2))], ShapeError, r"X\[1\]"),
        ([[[1.0, 2.0], [1.0, 2.0]], [[1.0, 2.0], [1.0]]], InputError, r"X\[1\]: .* received 2 in row 0 and 1 in row 1"),
        ({"a": [1.0, 2.0]}, InputTypeError, "received a dict. Collect what it holds"),
        (
            DataLoader(TensorDataset(torch.ones(4, 3, 1), torch.ones(4))),
            InputTypeError,
            "a DataLoader. .*np.concatenate",
        ),
        (TensorDataset(torch.ones(4, 3, 1), torch.ones(4)), InputTypeError, "received a TensorDataset. Collect"),
        (Batches(), InputTypeError, "received a Batches. Collect what it holds into one array of inputs and one of"),
        (iter([1.0, 2.0]), InputTypeError, "received a list_iterator. Collect"),
        (np.ones((2, 3), dtype="M8[D]"), InputTypeError, r"received times of type datetime64\[D\]"),
        (np.array([[1.0, 2.0], [np.inf, 4.0]]), NonFiniteError, r"inf among the values, the first at \(2, 0\)"),
        (np.array([[1.0, 2.0], [np.nan, np.nan]]), AllMissingError, "nothing but NaN in 1"),
        ([[1.0], [np.nan]], AllMissingError, "Leave this sequence out"),
    ],
)
def test_what_is_no_sequence_is_refused(X, error, message):
    """An error says what is wrong with the input, where, and what to do."""
    with pytest.raises(error, match=message):
        as_sequences(X)


@pytest.mark.parametrize("X", [np.ones((3, 1)), [[1.0], [2.0], [3.0]], [np.ones(1)] * 3])
def test_single_steps_without_an_axis_of_features_are_refused_after_longer_sequences(X):
    """They are more likely one sequence; without a training to compare with, they are taken as they stand."""
    assert len(as_sequences(X)) == len(as_sequences(X, fewest_steps=1)) == 3
    with pytest.raises(ShapeError, match=r"as in training \(2 or more\); received shape \(3, 1\).*X\[None\]"):
        as_sequences(X, fewest_steps=2)


@pytest.mark.parametrize(
    "X", [np.ones((3, 1, 1)), [np.ones((1, 1))] * 3, [[1.0], [1.0, 2.0]], np.array([[1.0, np.nan]] * 2), [[1.0]]]
)
def test_sequences_that_are_short_in_plain_words_are_taken_after_longer_ones(X):
    """With an axis of features, beside others, or padded, one step is what is meant."""
    assert len(as_sequences(X, fewest_steps=2)) == len(X)


def test_series_of_a_list_are_sequences():
    """One feature has no order that a name would tell."""
    sequences = as_sequences([pd.Series([1.0, 2.0]), pl.Series("a", [3.0])])
    assert (sequences.rows[:, 0].tolist(), sequences.lengths.tolist()) == ([1.0, 2.0, 3.0], [2, 1])


def test_taking_sequences_leaves_their_rows_where_they_are():
    """A selection shares the rows, whether by position, mask or slice."""
    sequences = overlapping()
    for index in (np.array([5, 0]), np.arange(7) % 2 == 0, slice(2, 4)):
        taken = sequences.take(index)
        assert taken.rows is sequences.rows
        np.testing.assert_array_equal(taken.dense(), sequences.dense()[index])


def test_neighbours_are_taken_as_a_view():
    """A mask of neighbours copies no starts, and equal lengths stay one number."""
    sequences = overlapping()
    taken = sequences.take(np.arange(7) > 2)
    assert np.shares_memory(taken.starts, sequences.starts)
    assert taken.lengths.strides == (0,)


def test_a_selection_of_none_has_no_length():
    """A part without sequences can be asked for its measures."""
    none = overlapping().take(np.zeros(7, dtype=bool))
    assert (len(none), none.longest, none.equally_long) == (0, 0, True)
    assert not none.covered().any()
    assert as_sequences([np.ones((3, 2)), np.ones((1, 2))]).take(slice(0, 0)).longest == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=12))
def test_covered_marks_each_row_of_any_sequence(spans):
    """A row is marked if, and only if, some sequence holds it."""
    rows = np.zeros((40, 1))
    starts, lengths = np.array(spans, dtype=np.int64).reshape(-1, 2).T
    expected = np.zeros(40, dtype=bool)
    for start, length in spans:
        expected[start : start + length] = True
    np.testing.assert_array_equal(Sequences(rows, starts, lengths).covered(), expected)


def test_covered_counts_on_across_pieces(monkeypatch):
    """Marking rows in pieces gives the same as at once."""
    sequences = overlapping(n_rows=50, length=7, stride=9)
    at_once = sequences.covered()
    monkeypatch.setattr("unflat.sequences.index._CHUNK_ROWS", 4)
    np.testing.assert_array_equal(sequences.covered(), at_once)
    assert (~at_once).sum() == 50 - 7 * len(sequences)


def test_features_are_named_in_messages():
    """A feature is called by its name, or by its number where it has none."""
    rows = np.zeros((3, 2))
    index = np.array([0]), np.array([3])
    assert Sequences(rows, *index, feature_names=("load", "heat")).feature(1) == "'heat'"
    assert Sequences(rows, *index).feature(1) == "1"


@pytest.mark.parametrize(
    ("steps", "together"),
    [(0, 16_384), (1, 16_384), (16, 1024), (64, 256), (96, 256), (512, 256), (2000, 65), (10**6, 1)],
)
def test_batches_are_fast_and_fit_in_memory(steps, together):
    """Short sequences go by what stays near the processor, long ones by their number, very long ones by memory."""
    assert sequences_together(steps) == together


def test_columns_with_missing_values_are_found_anywhere():
    """One NaN names its column, in whichever chunk of rows it stands; nothing else does."""
    rows = np.zeros((600_000, 3), dtype=np.float32)
    sequences = Sequences(rows, np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))
    assert sequences.columns_with_missing() == set()
    rows[599_999, 2] = rows[3, 0] = np.nan
    assert sequences.columns_with_missing() == {0, 2}
