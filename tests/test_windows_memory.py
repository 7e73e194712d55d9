"""Windows are an index: what they hold and what it takes to make them stays near the size of the table."""

import tracemalloc

import numpy as np
import polars as pl
import pytest

from unflat.batches import BatchSource
from unflat.windows import make_windows

ROWS, FEATURES, LENGTH = 100_000, 8, 96
TABLE = ROWS * FEATURES * 4


@pytest.fixture(scope="module")
def frame():
    """Make a float32 table."""
    random = np.random.default_rng(0)
    return pl.DataFrame({f"x{i}": random.random(ROWS, dtype=np.float32) for i in range(FEATURES)})


@pytest.fixture
def traced():
    """Measure the peak of what numpy and Python allocate while something runs."""

    def measure(run):
        tracemalloc.start()
        try:
            result = run()
            return result, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


def test_cutting_takes_one_copy_of_the_table(frame, traced):
    """The peak is the row matrix and an index: far from a copy for each of the 96 rows of a window."""
    windows, peak = traced(lambda: make_windows(frame, target="x0", length=LENGTH))
    assert windows.sequences.rows.nbytes == TABLE
    assert peak < 2 * TABLE


def test_splitting_and_targets_take_less_than_the_table(frame, traced):
    """Parts share the rows and, of one series, the index; targets are gathered when asked for."""
    windows = make_windows(frame, target="x0", length=LENGTH)
    parts, peak = traced(windows.split)
    assert peak < TABLE
    for part in parts:
        assert part.sequences.rows is windows.sequences.rows
        assert np.shares_memory(part.sequences.starts, windows.sequences.starts)
        assert part.sequences.lengths.strides == (0,)
    y, peak = traced(lambda: windows.y)
    assert peak < y.nbytes + TABLE


def test_batches_are_drawn_from_the_rows_themselves(frame):
    """A source of batches views the row matrix and the index."""
    windows = make_windows(frame, target="x0", length=LENGTH)
    source = BatchSource(windows.sequences)
    rows, starts = windows.sequences.rows, windows.sequences.starts
    assert source._rows.data_ptr() == rows.__array_interface__["data"][0]
    assert source._starts.data_ptr() == starts.__array_interface__["data"][0]
    index = np.array([0, 77, len(windows) - 1])
    drawn = source.draw(source._starts.new_tensor(index).long()).values.numpy()
    np.testing.assert_array_equal(drawn, windows.take(index).sequences.dense().astype(np.float32))


def test_targets_apart_take_one_column(frame, traced):
    """A target that is no feature adds its column, not a table."""
    windows, peak = traced(lambda: make_windows(frame, target="x0", length=LENGTH, horizon=0))
    assert windows.sequences.rows.nbytes == TABLE * 7 // 8
    assert windows.columns[0].nbytes == TABLE // 8
    assert peak < 2 * TABLE


def test_what_is_known_takes_its_columns_whatever_the_horizons(frame, traced):
    """Known columns are copied once: their values at many horizons are looked up, and no window repeats them."""
    _, plain = traced(lambda: make_windows(frame, target="x0", length=LENGTH, horizon=24))
    windows, peak = traced(
        lambda: make_windows(frame, target="x0", length=LENGTH, horizon=range(1, 25), known=("x1", "x2"))
    )
    assert len(windows.sequences.context_names) == 48
    assert peak < plain + 0.6 * TABLE


def test_large_matrices_are_indexed_by_wider_numbers():
    """The index is of 32 bits only where the place of any value of the matrix fits in them."""
    from unflat.windows.cutting import _starts  # noqa: PLC0415 - a part of the module, not of its interface

    schema = make_windows(pl.DataFrame({"x": [1.0, 2.0]}), target="x", length=1).schema
    segments = np.array([0, 10])
    assert _starts(segments, [(0, 10)], schema, None, 2**31 - 1).dtype == np.int32
    assert _starts(segments, [(0, 10)], schema, None, 2**31).dtype == np.int64
