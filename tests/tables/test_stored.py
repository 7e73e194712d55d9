"""Parquet files as columns on the disk."""

import os
from datetime import timedelta

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unflat import LSTMRegressor, UnflatWarning, make_windows, open_table, read_table
from unflat.errors import NonFiniteError, OutputError, TableChangedError, UnreadableTableError
from unflat.runs import Cut
from unflat.sequences.columnar import ColumnMatrix
from unflat.tables.stored import StoredTable

N = 1000
START = np.datetime64("2024-01-01", "us")
STAMPS = 1.7e9 + np.arange(N) % 3


@pytest.fixture
def frame():
    """Make a table with a column of every kind."""
    random = np.random.default_rng(0)
    return pl.DataFrame({
        "date": START + np.arange(N) * np.timedelta64(3_600_000_000, "us"),
        "load": random.normal(50, 9, N),
        "narrow": random.normal(size=N).astype(np.float32),
        "stamp": STAMPS,
        "count": random.integers(-5, 2**40, N),
        "small": random.integers(0, 9, N).astype(np.int8),
        "gaps": pl.Series([None if i % 7 == 0 else i for i in range(N)]),
        "holes": pl.Series([None if i % 9 == 0 else i / 3 for i in range(N)], dtype=pl.Float32),
        "flag": random.random(N) < 0.5,
        "label": random.choice(["a", "b"], N),
        "day": pl.Series(START + np.arange(N) * np.timedelta64(3_600_000_000, "us")).cast(pl.Date),
        "price": pl.Series(random.integers(0, 999, N)).cast(pl.Decimal(10, 2)),
    })  # fmt: skip


@pytest.fixture
def path(frame, tmp_path, monkeypatch):
    """Write the table in row groups, and read it in pieces that do not match them."""
    monkeypatch.setattr("unflat.tables.stored._PIECE_ROWS", 170)
    frame.write_parquet(tmp_path / "table.parquet", row_group_size=130)
    return tmp_path / "table.parquet"


def test_columns_are_those_of_the_file(frame, path, tmp_path):
    """Each reads as it does in memory; missing numbers are NaN."""
    table = open_table(path, folder=tmp_path)
    assert isinstance(table, StoredTable)
    assert table.names == tuple(frame.columns)
    assert (table.height, "load" in table, "other" in table) == (N, True, False)
    for name in frame.columns:
        expected = frame[name]
        if expected.null_count():
            expected = expected.cast(pl.Float32 if name == "holes" else pl.Float64).fill_null(float("nan"))
        if name == "price":
            expected = expected.cast(pl.Float64)
        assert table[name].dtype == expected.dtype
        assert table[name].equals(expected), name


def test_numbers_are_narrow_where_that_costs_next_to_nothing(frame, path, tmp_path):
    """Float32 rounds by less than 1e-5 deviations or is not used; what is no number has no floats."""
    table = open_table(path, folder=tmp_path)
    kinds = {name: None if (found := table.floats(name)) is None else found.dtype.name for name in table.names}
    assert kinds == dict.fromkeys(("load", "narrow", "count", "small", "gaps", "holes", "price"), "float32") | {
        "stamp": "float64", "date": None, "flag": None, "label": None, "day": None,
    }  # fmt: skip
    np.testing.assert_array_equal(table.floats("stamp"), STAMPS)
    for name in ("load", "count", "small"):
        exact = frame[name].to_numpy().astype(np.float64)
        assert np.abs(table.floats(name) - exact).max() <= 1e-5 * exact.std()


@pytest.mark.parametrize(
    ("deviation", "kind"),
    [(1.0, np.float32), (2.0**-24 / 0.9e-5, np.float32), (2.0**-24 / 1.1e-5, np.float64), (0, np.float64)],
)
def test_the_bound_is_a_share_of_the_deviation(deviation, kind, tmp_path):
    """A column around 1 is kept in float64 as soon as its deviation falls below 2**-24 / 1e-5; a constant always."""
    values = 1 - deviation + deviation * np.where(np.arange(400) % 2, 1.0, -1.0)
    pl.DataFrame({"x": values}).write_parquet(tmp_path / "t.parquet")
    assert open_table(tmp_path / "t.parquet", folder=tmp_path).floats("x").dtype == kind


def test_windows_stand_on_the_files(path, tmp_path, monkeypatch):
    """They draw what windows of the table in memory draw, of columns that are maps."""
    cut = {
        "target": ("load", "narrow"),
        "length": 12,
        "time": "date",
        "features": ("load", "narrow", "stamp", "gaps", "label"),
    }
    expected = make_windows(read_table(path), **cut)
    monkeypatch.setattr("unflat.windows.columns._LARGE", N)
    windows = make_windows(open_table(path, folder=tmp_path), **cut)
    assert isinstance(windows.sequences.rows, ColumnMatrix)
    np.testing.assert_allclose(windows.sequences.dense(), expected.sequences.dense(), rtol=1e-7)
    np.testing.assert_array_equal(windows.y, expected.y.astype(np.float32))
    assert windows.timeline.season == expected.timeline.season == 24
    assert windows.end_times.equals(expected.end_times)


def test_a_path_will_do(path, monkeypatch):
    """Large files are stored without being asked to, by Python and by commands; small ones are read."""
    small = Cut(target=("load",), length=6, features=("load", "narrow"), time="date").windows(path)
    assert isinstance(small.sequences.rows, np.ndarray)
    monkeypatch.setattr("unflat.tables.files._LARGE", N)
    monkeypatch.setattr("unflat.windows.columns._LARGE", N)
    large = Cut(target=("load",), length=6, features=("load", "narrow"), time="date").windows(path)
    named = make_windows(str(path), target="load", length=6, features=("load", "narrow"), time="date")
    assert isinstance(large.sequences.rows, ColumnMatrix)
    assert isinstance(named.sequences.rows, ColumnMatrix)
    np.testing.assert_allclose(large.sequences.dense(), small.sequences.dense(), rtol=1e-7)


@pytest.mark.filterwarnings("ignore::unflat.UnflatWarning")
def test_models_learn_from_files_and_predict_for_them(path, tmp_path, monkeypatch):
    """A model of stored windows is the model of the same windows in memory, up to rounding."""
    monkeypatch.setattr("unflat.windows.columns._LARGE", N)
    cut = {"target": "load", "length": 6, "features": ("load", "narrow", "stamp"), "time": "date"}
    stored, held = make_windows(open_table(path, folder=tmp_path), **cut), make_windows(read_table(path), **cut)
    assert issubclass(UnflatWarning, UserWarning)
    models = [LSTMRegressor(units=(4,), epochs=2, random_state=0).fit(windows) for windows in (stored, held)]
    predictions = [model.predict(held) for model in models]
    np.testing.assert_allclose(*predictions, atol=1e-3 * held.y.std())


def test_rows_out_of_order_are_brought_into_order(frame, tmp_path, monkeypatch):
    """By a copy in memory, with the same values."""
    monkeypatch.setattr("unflat.windows.columns._LARGE", N)
    frame.reverse().write_parquet(tmp_path / "t.parquet")
    windows = make_windows(
        open_table(tmp_path / "t.parquet", folder=tmp_path), target="load", length=5, features="load", time="date"
    )
    np.testing.assert_allclose(windows.sequences.rows[:, 0], frame["load"].to_numpy(), rtol=1e-6)


def test_nothing_is_left(path, tmp_path):
    """Not while the columns are in use, and not after an error."""
    folder = tmp_path / "columns"
    folder.mkdir()
    table = open_table(path, folder=folder)
    assert len(table.floats("load")) == N
    if os.name == "posix":
        assert list(folder.iterdir()) == []
    path.write_bytes(b"")
    with pytest.raises(TableChangedError):
        table["narrow"]
    assert len(table["load"]) == N  # read before
    del table
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("how", ["rewritten", "removed", "cut short", "touched"])
def test_a_file_that_changes_while_it_is_read_is_refused(frame, path, tmp_path, how, monkeypatch):
    """In the middle of a column, by an error of its own that names the file."""
    changes = {
        "rewritten": lambda: frame.head(500).write_parquet(path),
        "removed": path.unlink,
        "cut short": lambda: path.write_bytes(path.read_bytes()[:2000]),
        "touched": lambda: os.utime(path, ns=(0, 0)),
    }
    table, read = open_table(path, folder=tmp_path), []
    pieces = StoredTable._pieces

    def interrupted(self, name):
        for piece in pieces(self, name):
            read.append(len(piece))
            if len(read) == 2:
                changes[how]()
            yield piece

    monkeypatch.setattr(StoredTable, "_pieces", interrupted)
    with pytest.raises(TableChangedError, match=r"table\.parquet: expected a file that stays as it is"):
        table.floats("load")
    assert read == [170, 170]
    assert {file.name for file in tmp_path.iterdir()} <= {"table.parquet"}


def test_a_file_that_was_damaged_before_is_unreadable(path, tmp_path):
    """No change is blamed for what was so from the beginning."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableTableError, match="expected a Parquet file"):
        open_table(path, folder=tmp_path)


@pytest.mark.parametrize("read", [read_table, open_table])
def test_a_time_zone_that_is_a_fixed_offset_is_told(tmp_path, read):
    """The file is whole: the error names the zone, and what to do, whatever way the file is read."""
    times = pa.array([0, 1], pa.timestamp("us", "+05:30"))
    pq.write_table(pa.table({"t": times}), tmp_path / "t.parquet")
    more = {"folder": tmp_path} if read is open_table else {}
    with pytest.raises(UnreadableTableError, match=r"times in UTC.*the time zone '\+05:30'.*Convert"):
        read(tmp_path / "t.parquet", **more)


def test_a_folder_that_is_not_there_is_named(path, tmp_path):
    """The remedy says how another is chosen."""
    table = open_table(path, folder=tmp_path / "nowhere")
    with pytest.raises(OutputError, match=r"nowhere.*No such file.*open_table\(path, folder=\.\.\.\)"):
        table["load"]


def test_infinite_values_are_found_where_they_stand(tmp_path):
    """As in any table, with their row."""
    values = np.arange(50.0)
    values[33] = np.inf
    pl.DataFrame({"x": values}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(NonFiniteError, match="row 33"):
        make_windows(open_table(tmp_path / "t.parquet", folder=tmp_path), target="x", length=3)


def test_other_files_are_read(tmp_path):
    """A CSV file has no columns to be stored; it becomes a table all the same."""
    pl.DataFrame({"x": [1.0, 2.0, 4.0, 3.0, 5.0]}).write_csv(tmp_path / "t.csv")
    assert open_table(tmp_path / "t.csv")["x"].to_list() == [1.0, 2.0, 4.0, 3.0, 5.0]
    assert len(make_windows(tmp_path / "t.csv", target="x", length=2)) == 3


def test_times_of_a_stored_column_step_regularly(path, tmp_path):
    """The map of a time column is a column of times."""
    times = open_table(path, folder=tmp_path)["date"]
    assert times[1] - times[0] == timedelta(hours=1)
