"""Batches against plain slices of the rows, which are shared and never copied whole."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.sequences import Context, Sequences, as_sequences
from unflat.sequences.batches import BatchSource

R = 40

starts_in_rows = st.lists(st.integers(0, R - 9), min_size=1, max_size=12)
ends_too = st.lists(st.tuples(st.integers(0, R - 9), st.integers(1, 9)), min_size=1, max_size=12)


def rows(dtype=np.float64, features=3):
    """Make rows of which every number is another."""
    return np.arange(R * features, dtype=dtype).reshape(R, features)


def assert_drawn(source, sequences, index):
    """Draw sequences and hold each against its slice of the rows."""
    values, lengths, context = source.draw(torch.tensor(index))
    assert context is None
    ends = sequences.lengths[index]
    assert values.shape == (len(index), ends.max(), sequences.n_features)
    assert (lengths is None) or lengths.tolist() == ends.tolist()
    for row, number in enumerate(index):
        start, length = int(sequences.starts[number]), int(sequences.lengths[number])
        np.testing.assert_array_equal(values[row, :length], sequences.rows[start : start + length])
    return lengths


@settings(max_examples=40, deadline=None)
@given(starts_in_rows, st.integers(1, 9), st.sampled_from([np.int64, np.int32]), st.data())
def test_equally_long_windows_are_drawn_as_slices(starts, length, dtype, data):
    """Any selection, in any order and with repetitions, of windows that overlap as they like equals their slices."""
    starts = np.array(starts, dtype=dtype)
    sequences = Sequences(rows(), starts, np.broadcast_to(np.int64(length), starts.shape))
    index = data.draw(st.lists(st.integers(0, len(starts) - 1), min_size=1, max_size=9))
    assert assert_drawn(BatchSource(sequences), sequences, index) is None


@settings(max_examples=40, deadline=None)
@given(ends_too, st.sampled_from([np.int64, np.int32]), st.data())
def test_ragged_sequences_are_drawn_as_slices(windows, dtype, data):
    """Of sequences that differ in length each batch is as long as its longest, and says how long each is."""
    starts, lengths = map(np.array, zip(*windows, strict=True))
    sequences = Sequences(rows(), starts.astype(dtype), lengths)
    index = data.draw(st.lists(st.integers(0, len(starts) - 1), min_size=1, max_size=9))
    found = assert_drawn(BatchSource(sequences), sequences, index)
    assert (found is None) == (len(set(lengths)) == 1)


@settings(max_examples=30, deadline=None)
@given(starts_in_rows, st.sampled_from([np.int64, np.int32]), st.data())
def test_what_stands_beside_sequences_is_drawn_with_them(starts, dtype, data):
    """Contexts of any offset and type are gathered for the sequences asked for, side by side, in float64."""
    starts = np.array(starts, dtype=dtype)
    labels = np.array([[0.5], [1.5], [2.5]], dtype=np.float32)
    places = np.arange(len(starts)) % 3
    context = (Context(rows(), starts, 3, ("a", "b", "c")), Context(labels, places, 0, ("d",)))
    sequences = Sequences(rows(), starts, np.broadcast_to(np.int64(2), starts.shape), context=context)
    index = data.draw(st.lists(st.integers(0, len(starts) - 1), min_size=1, max_size=9))
    drawn = BatchSource(sequences).draw(torch.tensor(index)).context
    assert drawn.dtype == torch.float64
    np.testing.assert_array_equal(drawn[:, :3], rows()[starts[index] + 3])
    np.testing.assert_array_equal(drawn[:, 3], labels[places[index], 0])
    np.testing.assert_array_equal(drawn, sequences.context_at(np.array(index)))


def test_last_rows_can_be_drawn():
    """A short sequence at the end of the rows beside a long one does not read past the rows."""
    sequences = Sequences(rows(), np.array([R - 1, 0, R - 8]), np.array([1, 9, 8]))
    assert_drawn(BatchSource(sequences), sequences, [0, 1, 2])
    whole = Sequences(rows(), np.array([0]), np.array([R]))
    assert_drawn(BatchSource(whole), whole, [0])


@pytest.mark.parametrize("n", [1, 7, 8])
@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_in_order_goes_through_everything_once(n, batch_size):
    """The parts follow each other without gap or overlap, none too large, each with its own sequences."""
    sequences = as_sequences([np.full((1 + i % 3, 2), float(i)) for i in range(n)])
    source = BatchSource(sequences)
    assert len(source) == n
    seen = []
    for part, batch in source.in_order(batch_size):
        assert 0 < part.stop - part.start == len(batch.values) <= batch_size
        assert batch.values[:, 0, 0].tolist() == list(range(part.start, part.stop))
        seen += range(part.start, part.stop)
    assert seen == list(range(n))


def test_nothing_gives_no_batches():
    """An empty selection is gone through without a batch."""
    assert list(BatchSource(as_sequences(np.ones((3, 2, 1))).take(np.zeros(0, dtype=int))).in_order(4)) == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lengths", [[9, 9], [9, 4]])
def test_precision_of_the_rows_is_kept(dtype, lengths):
    """Rows of float32 are drawn as float32 and rows of float64 as float64."""
    batch = BatchSource(Sequences(rows(dtype), np.array([0, 5]), np.array(lengths))).draw(torch.tensor([0, 1]))
    assert batch.values.numpy().dtype == dtype


@pytest.mark.parametrize("lengths", [[9, 9], [9, 4]])
def test_rows_are_shared_and_batches_are_not(lengths):
    """A source looks at the caller's memory; what is drawn from it is a copy that may be written to."""
    values = rows()
    source = BatchSource(Sequences(values, np.array([0, 5]), np.array(lengths)))
    assert source._blocks[0].data_ptr() == values.ctypes.data
    assert source._windows[0].data_ptr() == values.ctypes.data
    batch = source.draw(torch.tensor([1]))
    batch.values.fill_(-1.0)
    assert (values >= 0).all()
    values[5] = 77.0
    assert source.draw(torch.tensor([1])).values[0, 0].tolist() == [77.0] * 3


def test_windows_of_a_long_series_take_no_memory_of_their_own():
    """A source of 39,001 windows of 1,000 rows has the storage of the 40,000 rows, not a thousand times it."""
    series = np.zeros((40_000, 2), dtype=np.float32)
    starts = np.arange(39_001)
    source = BatchSource(Sequences(series, starts, np.broadcast_to(np.int64(1000), starts.shape)))
    assert source._windows[0].shape == (39_001, 2000)
    assert source._windows[0].untyped_storage().nbytes() == series.nbytes


@pytest.mark.parametrize("lengths", [[9, 9], [9, 4]])
def test_read_only_rows_are_drawn_without_a_warning(lengths, tmp_path):
    """Rows in a file that is mapped read-only are neither copied nor complained about."""
    path = tmp_path / "rows.npy"
    np.save(path, rows())
    mapped = np.load(path, mmap_mode="r")
    starts, ends = np.array([0, 5]), np.array(lengths)
    starts.flags.writeable = ends.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        source = BatchSource(Sequences(mapped, starts, ends))
        batch = source.draw(torch.tensor([1, 0]))
    assert source._blocks[0].data_ptr() == mapped.ctypes.data
    np.testing.assert_array_equal(batch.values[1], rows()[:9])


def test_threads_leave_the_filters_of_warnings_as_they_are(filters_left_alone):
    """Filters belong to the whole process: threads that draw from read-only rows at once leave none behind."""
    values, starts = rows(), np.array([0, 5])
    values.flags.writeable = starts.flags.writeable = False
    sequences = Sequences(values, starts, np.array([9, 4]))
    filters_left_alone(lambda _: BatchSource(sequences), times=5000)


def test_rows_in_another_memory_order_are_drawn_right():
    """Rows stored column by column, or every other row of a table, are drawn like any other."""
    for values in (np.asfortranarray(rows()), np.repeat(rows(), 2, axis=0)[::2]):
        sequences = Sequences(values, np.array([3, 30, 0]), np.array([5, 5, 5]))
        assert_drawn(BatchSource(sequences), sequences, [2, 0, 1])


def test_missing_values_are_drawn_as_they_are():
    """NaN stays where it stands: what it means is decided where it is scaled."""
    values = rows()
    values[6, 1] = np.nan
    drawn = BatchSource(Sequences(values, np.array([5]), np.array([3]))).draw(torch.tensor([0])).values[0]
    np.testing.assert_array_equal(drawn, values[5:8])
