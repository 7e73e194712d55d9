"""Columns that stand apart, indexed as a matrix."""

import numpy as np
import pytest
import torch

from unflat.scaling.ranges import InputRange
from unflat.scaling.scales import fit_input_scaling
from unflat.sequences import Sequences
from unflat.sequences.batches import BatchSource
from unflat.sequences.columnar import ColumnMatrix, blocks_of, with_columns

ROWS = np.random.default_rng(0).normal(10, 3, size=(50, 4)).astype(np.float32)
KEYS = {
    "a row": 7,
    "rows": slice(3, 9),
    "rows by number": np.array([[4, 0], [49, 4]]),
    "rows by mask": np.arange(50) % 3 == 0,
    "a column": (slice(None), 2),
    "a column's rows": (np.array([1, 5]), np.int64(3)),
    "columns": (slice(2, 5), slice(1, 3)),
    "columns by number": (slice(2, 5), [3, 0]),
}


@pytest.fixture
def apart():
    """Put the columns of the matrix apart."""
    return ColumnMatrix([column.copy() for column in ROWS.T])


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_it_is_indexed_as_a_matrix_is(apart, key):
    """Whatever selects rows, columns or both gives what the same selection of a matrix gives."""
    found = apart[key]
    np.testing.assert_array_equal(found, ROWS[key])
    assert found.dtype == np.float32


def test_it_says_what_a_matrix_says(apart):
    """Shape, length, size, bytes and type."""
    assert (apart.shape, len(apart), apart.size, apart.nbytes, apart.dtype) == ((50, 4), 50, 200, 800, np.float32)
    assert apart.ndim == ROWS.ndim


def test_a_column_is_a_view_and_blocks_are_the_columns(apart):
    """Nothing is copied where nothing is gathered."""
    assert np.shares_memory(apart[:, 1], apart.columns[1])
    assert all(np.shares_memory(block, column) for block, column in zip(blocks_of(apart), apart.columns, strict=True))
    assert blocks_of(ROWS)[0] is ROWS


def test_columns_of_two_types_meet_in_the_wider():
    """A time stamp keeps its digits beside narrow columns, which stay narrow."""
    stamps = 1.7e9 + np.arange(5.0)
    rows = ColumnMatrix([stamps, np.ones(5, dtype=np.float32)])
    assert (rows.dtype, rows.nbytes) == (np.float64, 60)
    np.testing.assert_array_equal(rows[:, 0], stamps)
    sequences = Sequences(rows, np.array([0, 2]), np.broadcast_to(np.int64(3), (2,)))
    values = BatchSource(sequences).draw(torch.tensor([1])).values
    assert values.dtype == torch.float64
    np.testing.assert_array_equal(values[0, :, 0], stamps[2:])


@pytest.mark.parametrize(
    "lengths", [np.broadcast_to(np.int64(5), (4,)), np.array([5, 2, 9, 1])], ids=["equal", "ragged"]
)
def test_everything_downstream_takes_it_for_a_matrix(apart, lengths):
    """Batches, scales, ranges and copies are those of the same sequences over a matrix."""
    starts = np.array([40, 0, 3, 44])
    one, other = Sequences(ROWS, starts, lengths), Sequences(apart, starts, lengths)
    index = torch.tensor([3, 0, 2])
    for a, b in zip(BatchSource(one).draw(index), BatchSource(other).draw(index), strict=True):
        assert (a is None and b is None) or torch.equal(a, b)
    np.testing.assert_array_equal(one.dense(), other.dense())
    scales = [fit_input_scaling(sequences, "standard")[0].scaler for sequences in (one, other)]
    assert torch.equal(scales[0].center, scales[1].center)
    assert torch.equal(scales[0].scale, scales[1].scale)
    far = InputRange(np.full(4, 9.9), np.full(4, 10.1))
    assert far.outside(one, 1.0) == far.outside(other, 1.0)


def test_columns_are_put_in_place_of_others_in_a_copy():
    """Of a matrix and of columns that stand apart alike; what was given stays, and columns that stay are not copied."""
    matrix = np.arange(6.0).reshape(3, 2)
    apart = ColumnMatrix([matrix[:, 0].copy(), matrix[:, 1].copy()])
    for rows in (matrix, apart):
        changed = with_columns(rows, {1: np.array([7.0, 8.0, 9.0])})
        assert changed[:].tolist() == [[0, 7], [2, 8], [4, 9]]
        assert rows[:].tolist() == matrix.tolist()
    assert with_columns(apart, {1: matrix[:, 1]}).columns[0] is apart.columns[0]
