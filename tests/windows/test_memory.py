"""Windows are an index: what they hold and what it takes to make them stays near the size of the table."""

import tracemalloc

import numpy as np
import polars as pl
import pytest
import torch

from unflat.sequences.batches import BatchSource
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
    assert source._blocks[0].data_ptr() == rows.__array_interface__["data"][0]
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


def test_large_frames_that_cannot_change_are_not_copied(frame, traced, monkeypatch):
    """Windows of a large polars frame stand on its columns, and draw the same values as a copy gives."""
    copied = make_windows(frame, target="x0", length=LENGTH)
    monkeypatch.setattr("unflat.windows.columns._LARGE", ROWS)
    windows, peak = traced(lambda: make_windows(frame, target="x0", length=LENGTH))
    assert peak < 0.6 * TABLE
    assert np.shares_memory(windows.sequences.rows[:, 3], frame["x3"].to_numpy())
    index = torch.tensor([0, 77, len(windows) - 1])
    values = [BatchSource(cut.sequences).draw(index).values for cut in (copied, windows)]
    assert torch.equal(*values)
    np.testing.assert_array_equal(windows.y, copied.y)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.to_pandas(),
        lambda frame: frame.reverse().with_columns(time=pl.int_range(ROWS, 0, -1)),
        lambda frame: frame.with_columns(pl.all().cast(pl.Int64)),
    ],
    ids=["can change", "out of order", "not floats"],
)
def test_frames_that_cannot_be_used_as_they_are_are_copied(frame, change, monkeypatch):
    """Where a column may change, lies in another order, or has another type, windows have a matrix of their own."""
    monkeypatch.setattr("unflat.windows.columns._LARGE", ROWS)
    changed = change(frame)
    windows = make_windows(changed, target="x0", length=LENGTH, time="time" if "time" in changed.columns else None)
    assert isinstance(windows.sequences.rows, np.ndarray)
    assert not np.shares_memory(windows.sequences.rows, changed["x0"].to_numpy())


def test_other_columns_of_a_large_frame_are_copied_beside_those_that_stay(monkeypatch):
    """Missing values, whole numbers, labels and the calendar get columns of their own, and read as in a copy."""
    n = 500
    random = np.random.default_rng(1)
    frame = pl.DataFrame({
        "date": pl.Series(np.datetime64("2024-01-01", "ms") + np.arange(n) * np.timedelta64(3_600_000, "ms")),
        "load": random.normal(size=n),
        "gaps": pl.Series([None if i % 7 == 0 else float(i) for i in range(n)], dtype=pl.Float32),
        "count": random.integers(0, 9, n),
        "label": random.choice(["a", "b"], n),
    })  # fmt: skip
    copied = make_windows(frame, target="load", length=12, calendar=("hour",))
    monkeypatch.setattr("unflat.windows.columns._LARGE", n)
    windows = make_windows(frame, target="load", length=12, calendar=("hour",))
    assert not isinstance(windows.sequences.rows, np.ndarray)
    assert np.shares_memory(windows.sequences.rows[:, 0], frame["load"].to_numpy())
    np.testing.assert_allclose(windows.sequences.dense(), copied.sequences.dense(), rtol=1e-6, atol=1e-7)
