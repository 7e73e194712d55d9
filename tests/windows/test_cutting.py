"""Windows cut from tables, against slices taken by a naive loop."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.errors import (
    AllMissingError,
    ColumnTypeError,
    ConfigurationError,
    InputTypeError,
    MissingColumnError,
    NonFiniteError,
    ShortSeriesWarning,
    TableError,
    TargetLeakError,
    TimeGapWarning,
    UnknownCategoryWarning,
    WindowTooLongError,
)
from unflat.windows import WindowSchema, apply_schema, make_windows


def hourly(n_rows=60, **columns):
    """Make a table like ETTh1: an hourly date, loads and an oil temperature, all values distinct."""
    start = dt.datetime(2016, 7, 1)  # noqa: DTZ001 - the data have no zone
    times = pl.datetime_range(start, start + dt.timedelta(hours=n_rows - 1), "1h", eager=True)
    steps = np.arange(n_rows, dtype=np.float64)
    return pl.DataFrame({"date": times, "HUFL": steps + 0.25, "HULL": steps * 100 + 0.5, "OT": -steps - 1, **columns})


def naive(rows, length, horizon, stride):
    """Cut windows from the rows (group, time, x, y) by a loop: lists of inputs and targets."""
    inputs, targets = [], []
    for group in sorted({row[0] for row in rows}):
        series = sorted(row for row in rows if row[0] == group)
        for start in range(0, len(series), stride):
            target = start + length - 1 + horizon
            if target < len(series) and not np.isnan(series[target][3]):
                window = series[start : start + length]
                inputs.append([[x, y] if horizon else [x] for _, _, x, y in window])
                targets.append(series[target][3])
    return inputs, targets


@st.composite
def tables(draw):
    """Draw rows (group, time, x, y) of a few series in any order, some targets missing."""
    sizes = draw(st.lists(st.integers(1, 14), min_size=1, max_size=3))
    first_times = [draw(st.integers(0, 5)) for _ in sizes]
    rows = [
        (f"s{series}", first + step, 1000.0 * series + step, 0.5 + step - series)
        for series, (size, first) in enumerate(zip(sizes, first_times, strict=True))
        for step in range(size)
    ]
    gone = draw(st.sets(st.integers(0, len(rows) - 1), max_size=3))
    rows = [(g, t, x, float("nan") if i in gone else y) for i, (g, t, x, y) in enumerate(rows)]
    return draw(st.permutations(rows))


@settings(max_examples=150, deadline=None)
@given(rows=tables(), length=st.integers(1, 5), horizon=st.integers(0, 4), stride=st.integers(1, 3))
def test_every_window_is_the_slice_that_a_loop_takes(rows, length, horizon, stride):
    """Inputs, targets, ends, times and groups are those of a loop over sorted series, in any order of rows."""
    inputs, targets = naive(rows, length, horizon, stride)
    frame = pl.DataFrame(rows, schema=["group", "time", "x", "y"], orient="row")
    options = {"target": "y", "length": length, "horizon": horizon, "stride": stride, "time": "time", "group": "group"}
    if not targets:
        with pytest.raises((WindowTooLongError, AllMissingError, TableError), match="expected"):
            make_windows(frame, **options)
        return
    windows = make_windows(frame, **options)
    np.testing.assert_array_equal(windows.sequences.dense(), np.array(inputs))
    np.testing.assert_array_equal(windows.y, targets)
    x = windows.sequences.rows[:, 0]
    assert (x[windows.end_rows] // 1000 == [int(group[1:]) for group in windows.groups]).all()
    np.testing.assert_array_equal(windows.target_rows - windows.end_rows, horizon)
    np.testing.assert_array_equal(windows.target_times.to_numpy() - windows.end_times.to_numpy(), horizon)


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(40)), groups=st.booleans())
def test_shuffled_rows_with_times_give_the_windows_of_sorted_ones(order, groups):
    """With a time column the order of rows means nothing; labels do not depend on it either."""
    frame = hourly(40, sky=["clear", "rain", None, "fog"] * 10, site=[7] * 15 + [12] * 25)
    options = {"target": "OT", "length": 5, "horizon": 2, "group": "site" if groups else None}
    expected = make_windows(frame, **options)
    windows = make_windows(frame[list(order)], **options)
    assert windows.schema == expected.schema
    np.testing.assert_array_equal(windows.sequences.dense(), expected.sequences.dense())
    np.testing.assert_array_equal(windows.y, expected.y)


def test_etth1_like_tables_are_cut_without_a_word_about_them():
    """The date is found, the target's past is a feature, the season is a day."""
    frame = hourly()
    windows = make_windows(frame, target="OT", length=24, horizon=6)
    assert windows.groups is None
    assert windows.schema.time == "date"
    assert windows.sequences.feature_names == ("HUFL", "HULL", "OT")
    assert (windows.past.columns, windows.past.horizon, windows.past.season) == ((2,), 6, 24)
    assert len(windows) == 60 - 24 - 6 + 1
    np.testing.assert_array_equal(windows.y, frame["OT"].to_numpy()[29:])
    assert windows.end_times[0] == frame["date"][23]
    assert windows.target_times[-1] == frame["date"][-1]
    assert repr(windows) == "<31 windows of 24 rows and 3 features, target 'OT' 6 rows ahead>"


@settings(max_examples=60, deadline=None)
@given(rows=tables(), length=st.integers(1, 4), horizons=st.sampled_from([(1,), (1, 3), (2, 3, 5), (0, 2)]))
def test_several_horizons_are_those_of_windows_of_each(rows, length, horizons):
    """Each output equals the target at its own horizon, and there is a window where all of them are known."""
    frame = pl.DataFrame(rows, schema=["group", "time", "x", "y"], orient="row").with_columns(z=-pl.col("x"))
    options = {"target": ["y", "z"], "length": length, "time": "time", "group": "group", "features": "x"}
    try:
        windows = make_windows(frame, horizon=horizons, **options)
        alone = [make_windows(frame, horizon=horizon, **options) for horizon in horizons]
    except (WindowTooLongError, AllMissingError, TableError):
        return
    assert windows.schema.outputs == tuple(f"{name}+{h}" for name in "yz" for h in horizons)
    starts = set.intersection(*(set(one.sequences.starts.tolist()) for one in alone))
    assert set(windows.sequences.starts.tolist()) == starts
    y = windows.y.reshape(len(windows), -1)
    for place, one in enumerate(alone):
        kept = np.isin(one.sequences.starts, windows.sequences.starts)
        np.testing.assert_array_equal(y[:, place :: len(horizons)], one.y[kept])
        np.testing.assert_array_equal(windows.rows_at(horizons[place]), one.target_rows[kept])
        assert windows.times_at(horizons[place]).to_list() == one.target_times.filter(pl.Series(kept)).to_list()


def test_horizons_may_be_a_range():
    """A day ahead, hour by hour, by a range; each output has its own past for baselines, and a season of its own."""
    windows = make_windows(hourly(), target="OT", length=24, horizon=range(1, 25))
    assert windows.y.shape == (60 - 24 - 24 + 1, 24)
    np.testing.assert_array_equal(windows.y[0], -np.arange(24.0, 48.0) - 1)
    assert windows.past.columns == (2,) * 24
    assert windows.past.horizon == tuple(range(1, 25))
    assert repr(windows) == "<13 windows of 24 rows and 3 features, target 'OT' 1, 2, ... and 24 rows ahead>"
    assert windows.schema.outputs[-1] == "OT+24"


def test_windows_to_predict_from_reach_the_last_row_whatever_the_horizons():
    """New data need no targets: the latest window ends at the last row, and each horizon's time follows."""
    frame = hourly()
    schema = make_windows(frame, target="OT", length=4, horizon=(1, 6)).schema
    latest = apply_schema(frame, schema, targets=False)
    assert latest.end_rows[-1] == 59
    last = frame["date"][-1]
    assert [latest.times_at(h)[-1] for h in (1, 6)] == [last + dt.timedelta(hours=h) for h in (1, 6)]
    assert latest.target_times[-1] == last + dt.timedelta(hours=6)


@pytest.mark.parametrize("horizon", [(), (3, 1), (1, 1), (-1, 2), (1.5,), "1,2", (True,)])
def test_horizons_ascend(horizon):
    """Anything but whole numbers in ascending order is refused with the parameter's name."""
    with pytest.raises(ConfigurationError, match=r"'horizon' of make_windows: .*or several in ascending order"):
        make_windows(hourly(), target="OT", length=4, horizon=horizon)


def test_a_target_at_horizon_0_among_others_must_not_be_a_feature():
    """One horizon of 0 is enough for the answer to stand in its own window."""
    assert make_windows(hourly(), target="OT", length=4, horizon=(0, 6)).schema.features == ("HUFL", "HULL")
    with pytest.raises(TargetLeakError, match="'OT' at horizon 0"):
        make_windows(hourly(), target="OT", length=4, horizon=(0, 6), features=["OT", "HUFL"])


def test_pandas_and_polars_give_the_same_windows():
    """A frame's library, and whether its times stand in the index, change nothing."""
    frame = hourly(40, sky=["clear", "rain", None, "fog"] * 10, on=[True, False] * 20)
    pandas = pd.DataFrame({name: frame[name].to_list() for name in frame.columns})
    expected = make_windows(frame, target="OT", length=4)
    for other in (pandas, pandas.set_index("date")):
        windows = make_windows(other, target="OT", length=4)
        assert windows.schema == expected.schema
        np.testing.assert_array_equal(windows.sequences.dense(), expected.sequences.dense())
        np.testing.assert_array_equal(windows.y, expected.y)
        assert windows.target_times.to_list() == expected.target_times.to_list()


def test_an_index_of_labels_is_no_feature_unless_named():
    """What stands in a pandas index tells rows apart; it can be the group, and a feature only by name."""
    index = pd.Index([3, 3, 3, 8, 8, 8], name="unit")
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6]}, index=index)
    windows = make_windows(frame, target="x", length=2, group="unit")
    assert windows.schema.features == ("x",)
    assert windows.groups.tolist() == [3, 8]
    assert make_windows(frame, target="x", length=2).schema.features == ("x",)
    assert make_windows(frame, target="x", length=2, features=["unit"]).sequences.rows[:, 0].tolist() == [*index]


def test_sunspots_of_statsmodels_are_cut_by_year():
    """A real series with its time in numbers: 309 years, none missing."""
    data = sm.datasets.sunspots.load_pandas().data
    windows = make_windows(data, target="SUNACTIVITY", length=22, horizon=3, time="YEAR")
    spots = data["SUNACTIVITY"].to_numpy()
    assert len(windows) == 309 - 22 - 3 + 1
    np.testing.assert_array_equal(windows.y, spots[24:])
    np.testing.assert_array_equal(windows.sequences.dense()[100, :, 0], spots[100:122])
    assert windows.target_times[0] == 1724.0
    assert windows.past.season is None


def test_several_targets_have_a_column_each():
    """Targets keep the order they were named in, whether they are features or not."""
    frame = hourly(20)
    windows = make_windows(frame, target=["OT", "HUFL"], length=3, horizon=2)
    assert windows.past.columns == (2, 0)
    np.testing.assert_array_equal(windows.y, frame[["OT", "HUFL"]].to_numpy()[4:])
    apart = make_windows(frame, target=["OT", "HUFL"], length=3, horizon=2, features="HULL")
    assert apart.past is None
    np.testing.assert_array_equal(apart.y, windows.y)


def test_a_target_apart_from_the_features_keeps_its_precision():
    """A float64 target is not rounded for float32 features, nor are they widened for it."""
    frame = pl.DataFrame({"x": np.arange(5, dtype=np.float32), "y": np.arange(5) + 1e-12})
    windows = make_windows(frame, target="y", length=2, features=["x"])
    assert windows.sequences.rows.dtype == np.float32
    assert windows.y.dtype == np.float64
    np.testing.assert_array_equal(windows.y, frame["y"].to_numpy()[2:])


def test_missing_rows_at_the_edges_of_a_window_stay():
    """NaN among the features is kept where it stands; only a missing target leaves a window out."""
    x = [None, None, 3.0, 4.0, None, None]
    windows = make_windows(pl.DataFrame({"x": x, "y": [1.0, 2, 3, None, 5, 6]}), target="y", length=2, features="x")
    np.testing.assert_array_equal(windows.y, [3, 5, 6])
    np.testing.assert_array_equal(windows.sequences.dense()[:, :, 0], [[np.nan, np.nan], [3, 4], [4, np.nan]])
    assert windows.sequences.lengths.tolist() == [2, 2, 2]


def test_labels_become_codes_and_truth_values_numbers():
    """A label's code is its place in the schema; True is 1."""
    frame = hourly(6, sky=["b", None, "a", "b", "a", "b"], on=[True, False] * 3)
    windows = make_windows(frame, target="OT", length=6, horizon=0)
    assert windows.schema.categories == {"sky": ("a", "b")}
    assert windows.sequences.categorical == (2,)
    np.testing.assert_array_equal(windows.sequences.rows[:, 2], [1, np.nan, 0, 1, 0, 1])
    np.testing.assert_array_equal(windows.sequences.rows[:, 3], [1, 0, 1, 0, 1, 0])


@pytest.mark.parametrize("stored", [pl.Int64, pl.UInt8, pl.Float32, pl.String], ids=str)
def test_numbers_that_are_called_labels_are_read_as_text_is(stored):
    """The number of a station becomes a code, the same one whatever type a later table holds it in."""
    frame = pl.DataFrame({"station": [10, 2, None, 10, 2, 2], "x": [1.0, 2, 3, 4, 5, 6]})
    windows = make_windows(frame, target="x", length=2, labels="station")
    assert windows.schema.categories == {"station": ("10", "2")}
    assert windows.sequences.categorical == (0,)
    np.testing.assert_array_equal(windows.sequences.rows[:, 0], [0, 1, np.nan, 0, 1, 1])
    later = apply_schema(frame.cast({"station": stored}), windows.schema, targets=True)
    np.testing.assert_array_equal(later.sequences.rows, windows.sequences.rows)
    with pytest.warns(UnknownCategoryWarning, match="'7'"):
        apply_schema(frame.with_columns(station=pl.lit(7.0)), windows.schema, targets=True)


def test_labels_of_a_file_stay_as_they_are_written(tmp_path):
    """A code keeps its zeros, spaces around it are none of it, and a file of fewer codes reads them alike."""
    path = tmp_path / "codes.csv"
    path.write_text("code,x\n007, 1\n 7,2\nA9,3\n007,4\n7,5\nA9,6\n", encoding="utf-8")
    windows = make_windows(path, target="x", length=2, labels=["code"])
    assert windows.schema.categories == {"code": ("007", "7", "A9")}
    fewer = tmp_path / "fewer.csv"
    fewer.write_text("code,x\n7,1\n007,2\n007,3\n", encoding="utf-8")
    assert apply_schema(fewer, windows.schema, targets=True).sequences.rows[:, 0].tolist() == [1, 0, 0]


def test_labels_of_a_file_and_of_a_frame_are_one(tmp_path):
    """The numbers of stations, one of which is missing, have the same codes whether they come by pandas or its file."""
    frame = pd.DataFrame({"station": [10, 2, None, 10, 2, 2], "x": [1.0, 2, 3, 4, 5, 6]})
    frame.to_csv(tmp_path / "stations.csv", index=False)
    windows = make_windows(tmp_path / "stations.csv", target="x", length=2, labels="station")
    assert windows.schema.categories == {"station": ("10", "2")}
    for stored in ("float64", "Int64", "category"):
        later = apply_schema(frame.astype({"station": stored}), windows.schema, targets=True)
        np.testing.assert_array_equal(later.sequences.rows, windows.sequences.rows)


@pytest.mark.parametrize(
    ("labels", "error", "words"),
    [
        ("stations", MissingColumnError, "label column 'stations'.*'station'"),
        ("x", ConfigurationError, "labels.*features, known or static.*'x'"),
        (["station", "station"], ConfigurationError, "labels.*distinct"),
    ],
)
def test_labels_that_are_no_columns_to_read_are_refused(labels, error, words):
    """What is called labels is a column that a window holds, once."""
    frame = pl.DataFrame({"station": [1, 2] * 3, "x": range(6)})
    with pytest.raises(error, match=words):
        make_windows(frame, target="x", length=2, horizon=0, labels=labels)


def test_rows_in_file_order_need_no_time():
    """Without a time column, rows are taken as they stand, series by series."""
    frame = pl.DataFrame({"unit": [2, 1, 2, 1, 1], "x": [1.0, 2, 3, 4, 5]})
    windows = make_windows(frame, target="x", length=1, group="unit")
    assert windows.end_times is None
    assert windows.target_times is None
    assert windows.groups.tolist() == [1, 1, 2]
    assert windows.y.tolist() == [4, 5, 3]


@pytest.mark.parametrize(
    "labels", [[2, 10], ["a", "b"], [dt.date(2020, 1, 1), dt.date(2020, 1, 2)], [False, True], [0.5, 1.5]]
)
def test_series_keep_the_labels_that_the_table_has(labels):
    """A group column may be of any type, and its values come back as they were."""
    frame = pl.DataFrame({"g": [labels[1]] * 3 + [labels[0]] * 3, "x": range(6)})
    windows = make_windows(frame, target="x", length=2, group="g")
    assert pl.Series(windows.groups).to_list() == labels
    assert windows.y.tolist() == [5, 2]


def stores(backwards=False):
    """Give two stores of two items each, whose labels would be mistaken for each other if joined by a comma."""
    parts = [
        pl.DataFrame({"day": range(8), "sales": np.arange(8.0) + 10 * place}).with_columns(
            store=pl.lit(store), item=pl.lit(item)
        )
        for place, (store, item) in enumerate([("a", "b, c"), ("a, b", "c"), ("a", "d"), ("b", "d")])
    ]
    return pl.concat(parts[::-1] if backwards else parts)


@pytest.mark.parametrize("backwards", [False, True])
def test_several_columns_tell_series_apart_together(backwards):
    """Windows are those of the series one by one, and what stands in each column is kept for each."""
    windows = make_windows(stores(backwards), target="sales", length=3, time="day", group=["store", "item"])
    assert windows.schema.group == ("store", "item")
    assert windows.schema.features == ("sales",)
    assert len(windows) == 4 * 5
    store, item = (member.to_list() for member in windows.timeline.members)
    assert set(zip(store, item, strict=True)) == {("a", "b, c"), ("a, b", "c"), ("a", "d"), ("b", "d")}
    for place, series in enumerate(zip(store, item, strict=True)):
        level = {("a", "b, c"): 0, ("a, b", "c"): 10, ("a", "d"): 20, ("b", "d"): 30}[series]
        mine = windows.timeline.series_of(windows.sequences.starts) == place
        assert windows.y[mine].tolist() == [level + row for row in range(3, 8)]
    again = WindowSchema.from_dict(json.loads(json.dumps(windows.schema.to_dict())))
    assert again == windows.schema
    assert len(apply_schema(stores(), again, targets=False)) == 4 * 6


def test_one_of_several_group_columns_must_be_there():
    """The one that is missing is named; a list of one column is that column."""
    with pytest.raises(MissingColumnError, match="The group column 'shop'"):
        make_windows(stores(), target="sales", length=3, time="day", group=("store", "shop"))
    one = stores().filter(pl.col("item") == "d")
    assert make_windows(one, target="sales", length=3, time="day", group=["store"]).schema.group == "store"


def test_columns_are_named_by_numbers_and_by_lists_of_any_kind():
    """As frames made of an array have them, and as pandas gives its columns."""
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)))
    windows = make_windows(frame, target=2, features=frame.columns[:2], length=3)
    assert windows.schema.targets == ("2",)
    assert windows.schema.features == ("0", "1")
    counted = frame.assign(**{"0": range(20)}).drop(columns=0).rename(columns={"0": 0})
    assert make_windows(counted, target=1, time=0, length=3).schema.time == "0"
    named = frame.set_axis(["x", "y", "z"], axis=1)
    assert make_windows(named, target="z", features=np.array(["x", "y"]), length=3).schema.features == ("x", "y")


def test_schema_cuts_the_same_windows_from_another_table():
    """With targets, windows end where a target exists; without, they reach the latest rows."""
    frame = hourly(30, sky=["a", "b", "c"] * 10)
    fitted = make_windows(frame[:20], target="OT", length=4, horizon=3).schema
    judged = apply_schema(frame[10:], fitted, targets=True)
    np.testing.assert_array_equal(judged.y, frame["OT"].to_numpy()[16:])
    latest = apply_schema(frame[10:], fitted, targets=False)
    assert (latest.has_targets, latest.y) == (False, None)
    assert len(latest) == 20 - 4 + 1
    np.testing.assert_array_equal(latest.sequences.dense()[: len(judged)], judged.sequences.dense())
    assert latest.target_rows.tolist() == [*range(6, 20), -1, -1, -1]
    last = frame["date"][-1]
    assert latest.end_times[-1] == last
    assert latest.target_times[-4:].to_list() == [last + dt.timedelta(hours=h) for h in range(4)]
    assert latest.past == judged.past


def test_windows_to_predict_from_are_counted_from_the_latest_row():
    """With a stride, the latest rows of each series are in a window all the same."""
    frame = pl.DataFrame({"g": ["a"] * 8 + ["b"] * 5, "x": [*range(8), *range(100, 105)]})
    fitted = make_windows(frame, target="x", length=3, stride=3, group="g").schema
    ends = apply_schema(frame, fitted, targets=False).end_rows
    assert ends.tolist() == [4, 7, 12]
    assert make_windows(frame, target="x", length=3, stride=3, group="g").end_rows.tolist() == [2, 5, 10]


def test_targets_that_are_no_features_are_not_needed_to_predict():
    """A table to predict from need not hold what is to be predicted; one to judge by must."""
    frame = hourly(10)
    fitted = make_windows(frame, target="OT", length=2, horizon=0).schema
    windows = apply_schema(frame.drop("OT"), fitted, targets=False)
    assert len(windows) == 9
    assert windows.target_times.to_list() == frame["date"][1:].to_list()
    with pytest.raises(MissingColumnError, match="The target column 'OT'"):
        apply_schema(frame.drop("OT"), fitted, targets=True)


def test_unknown_labels_have_a_code_of_their_own_and_a_warning():
    """A label that the schema does not know is named in a warning; its code is the one after the last, not NaN."""
    frame = hourly(6, sky=["a", "b", "a", "b", "a", "b"])
    fitted = make_windows(frame, target="OT", length=2).schema
    other = frame.with_columns(sky=pl.Series(["a", "hail", "b", "snow", None, "a"]))
    with pytest.warns(UnknownCategoryWarning, match="'sky' holds labels.*: 'hail', 'snow'"):
        windows = apply_schema(other, fitted, targets=False)
    np.testing.assert_array_equal(windows.sequences.rows[:, 3], [0, 2, 1, 2, np.nan, 0])


def test_lists_are_no_labels():
    """A column of labels that became lists is refused, not turned into their text."""
    frame = hourly(4, sky=["a", "b", "a", "b"])
    fitted = make_windows(frame, target="OT", length=2).schema
    with pytest.raises(ColumnTypeError, match=r"'sky': expected labels; received values of type List"):
        apply_schema(frame.with_columns(sky=pl.Series([["a"]] * 4)), fitted, targets=False)


def test_numbers_serve_as_labels_where_labels_were_fitted():
    """Labels that read as numbers match in a table whose reader made them numbers."""
    frame = pl.DataFrame({"kind": pl.Series(["1", "2", "1"], dtype=pl.Categorical), "y": [1.0, 2, 3]})
    fitted = make_windows(frame, target="y", length=1).schema
    windows = apply_schema(pl.DataFrame({"kind": [2, 1], "y": [1.0, 2]}), fitted, targets=False)
    assert windows.sequences.rows[:, 0].tolist() == [1, 0]


def test_a_feature_missing_throughout_a_new_table_is_no_error():
    """A sensor that is down is missing values; a target that is, leaves nothing to judge by."""
    frame = hourly(8)
    fitted = make_windows(frame, target="OT", length=2).schema
    down = frame.with_columns(HUFL=pl.lit(None), OT=pl.lit(None, dtype=pl.String))
    assert np.isnan(apply_schema(down, fitted, targets=False).sequences.rows[:, [0, 2]]).all()
    with pytest.raises(AllMissingError, match="nothing but NaN in 'OT'"):
        apply_schema(down, fitted, targets=True)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"target": "0T"}, MissingColumnError, "The target column '0T'.*Did you mean 'OT'"),
        ({"features": ["HUFL", "HUUL"]}, MissingColumnError, "The feature column 'HUUL'.*Did you mean 'HU"),
        ({"time": "data"}, MissingColumnError, "The time column 'data'.*Did you mean 'date'"),
        ({"group": "g"}, MissingColumnError, "The group column 'g'.*Choose one of 'date', 'HUFL'"),
        ({"features": ["OT"], "horizon": 0}, TargetLeakError, "'OT' at horizon 0"),
        ({"features": ["date"]}, ColumnTypeError, "'date': expected numbers; received points in time.*features="),
        ({"target": "date"}, ColumnTypeError, "'date': expected numbers; received points in time"),
        ({"target": []}, ConfigurationError, "'target' of make_windows"),
        ({"target": 0.5}, ConfigurationError, "'target' of make_windows.*received 0.5"),
        ({"features": ["HUFL", "HUFL"]}, ConfigurationError, "'features' of make_windows.*distinct"),
        ({"features": []}, ConfigurationError, "'features' of make_windows"),
        ({"length": 0}, ConfigurationError, "'length' of make_windows.*at least 1; received 0"),
        ({"length": 2.5}, ConfigurationError, "'length' of make_windows"),
        ({"horizon": -1}, ConfigurationError, "'horizon' of make_windows.*at least 0"),
        ({"stride": 0}, ConfigurationError, "'stride' of make_windows"),
        ({"length": 8, "horizon": 3}, WindowTooLongError, "at least 11 rows; received 10 rows.*at most 7 rows"),
    ],
)
def test_wrong_arguments_are_refused(changes, error, message):
    """An error names the parameter or the column and its role, and what to do."""
    with pytest.raises(error, match=message):
        make_windows(hourly(10), **{"target": "OT", "length": 2, **changes})


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"x": [1.0, float("inf"), 3.0]}, NonFiniteError, "'x', row 1: .*received inf"),
        ({"x": [None, None, None]}, AllMissingError, "'x'"),
        ({"x": ["1", "2", "oh"]}, ColumnTypeError, "'oh' in row 2"),
        ({"x": [[1], [2], [3]]}, ColumnTypeError, "'x': expected numbers; received values of type List"),
        ({"y": [None, None, None]}, AllMissingError, "'y'"),
        (
            {"y": ["a", "b", "c"]},
            ColumnTypeError,
            "'y': expected numbers; received text, 'a' in row 0.* choose one of numbers",
        ),
        ({"y": [1.0, 2.0, None], "x": [0, 0, 0]}, TableError, "missing values wherever a window's target lies"),
        (
            {"t": [dt.date(2020, 1, 1)] * 3, "u": ["2020-01-02"] * 3},
            ConfigurationError,
            "one of 't', 'u', which all hold times",
        ),
        ({"t": ["2020-01-01", "2020-01-0z", "2020-01-03"]}, ColumnTypeError, "'t'.*'2020-01-0z' in row 1"),
    ],
)
def test_columns_that_cannot_serve_are_refused(columns, error, message):
    """An error names the column and, where there is one, the row."""
    with pytest.raises(error, match=message):
        make_windows(pl.DataFrame({"y": [1.0, 2.0, 3.0], **columns}), target="y", length=2)


def test_a_second_column_of_times_is_no_feature_by_accident():
    """Where the time is named, another column of times must be left out by name."""
    frame = hourly(10).with_columns(seen=pl.col("date") + pl.duration(minutes=5))
    with pytest.raises(
        ConfigurationError, match=r"'time' of make_windows.*one of 'date', 'seen', which all hold times"
    ):
        make_windows(frame, target="OT", length=2)
    with pytest.raises(ColumnTypeError, match=r"'seen'.*leave it out with features="):
        make_windows(frame, target="OT", length=2, time="date")
    assert len(make_windows(frame, target="OT", length=2, time="date", features=["OT"])) == 8


@pytest.mark.parametrize("time", [None, "utc", "local"])
def test_the_same_time_on_two_clocks_is_one(time):
    """The first of them is taken unless one is named, and the other is no feature."""
    utc = hourly(10)["date"].dt.replace_time_zone("UTC")
    frame = hourly(10).drop("date").with_columns(utc=utc, local=utc.dt.convert_time_zone("Europe/Berlin"))
    windows = make_windows(frame, target="OT", length=2, time=time)
    assert windows.schema.time == (time or "utc")
    assert not {"utc", "local"} & set(windows.schema.features)
    naive = frame.with_columns(local=pl.col("local").dt.replace_time_zone(None))
    with pytest.raises(ConfigurationError, match="one of 'utc', 'local', which all hold times"):
        make_windows(naive, target="OT", length=2)


def test_a_table_of_nothing_but_its_target_needs_a_horizon():
    """At horizon 0 a target cannot be its own feature; ahead, its past can."""
    frame = pl.DataFrame({"y": [1.0, 2.0, 3.0]})
    assert make_windows(frame, target="y", length=1).y.tolist() == [2, 3]
    with pytest.raises(ConfigurationError, match="no other column"):
        make_windows(frame, target="y", length=1, horizon=0)


def test_empty_frames_and_other_things_are_refused():
    """No rows are too few; an array is no frame."""
    with pytest.raises(WindowTooLongError, match="received 0 rows"):
        make_windows(hourly(10).clear(), target="OT", length=2)
    schema = make_windows(hourly(10), target="OT", length=2).schema
    with pytest.raises(WindowTooLongError, match="received 0 rows"):
        apply_schema(hourly(10).clear(), schema, targets=False)
    with pytest.raises(InputTypeError, match="numpy ndarray"):
        make_windows(np.ones((3, 2)), target="OT", length=2)


def test_series_too_short_are_passed_over():
    """A series without a window gives none, and the others give theirs; to predict, no horizon is needed."""
    frame = pl.DataFrame({"g": ["a"] * 2 + ["b"] * 4, "x": range(6)})
    windows = make_windows(frame, target="x", length=3, group="g")
    assert windows.groups.tolist() == ["b"]
    with pytest.raises(
        WindowTooLongError,
        match=r"model, which reads 3 rows: .*at least 3 rows; received 2 rows.* Give at least 3 rows",
    ):
        apply_schema(frame[:2], windows.schema, targets=False)
    assert len(apply_schema(frame[2:5], windows.schema, targets=False)) == 1


def test_series_that_nothing_is_predicted_for_are_told():
    """Of series with fewer rows than a window the first is named, and how many there are, in words and as values."""
    frame = pl.DataFrame({"g": ["a"] * 4 + ["b"] * 2 + ["c"] * 3 + ["d"], "x": range(10)})
    windows = make_windows(frame, target="x", length=3, group="g")
    message = r"latest rows of the series 'b' are 2, .* a window has 3: nothing is predicted .* with 2 of 4 series"
    with pytest.warns(ShortSeriesWarning, match=message) as caught:
        latest = apply_schema(frame, windows.schema, targets=False)
    assert latest.groups.tolist() == ["a", "a", "c"]
    (warning,) = [record.message for record in caught]
    assert (warning.series, warning.rows, warning.length, warning.count) == ("b", 2, 3, 2)


def test_a_gap_before_the_latest_rows_is_told():
    """Where windows end at a gap, and the rows after it are fewer than a window, no prediction is the latest."""
    frame = hourly(40)
    frame = pl.concat([frame[:30], frame[38:]])
    with pytest.warns(TimeGapWarning):
        schema = make_windows(frame, target="OT", length=3).schema
    with pytest.warns(TimeGapWarning), pytest.warns(ShortSeriesWarning, match="The latest rows are 2, with no gap"):
        apply_schema(frame, schema, targets=False)


@pytest.mark.parametrize("clock", [" 10:00 AM", ""])
@pytest.mark.parametrize("in_file", [True, False])
def test_dates_are_read_as_those_that_the_columns_were_found_in(tmp_path, in_file, clock):
    """Rows of the first days of a month, which do not tell day from month, are read as the first table's."""
    days = [f"01/{day:02}/2024{clock}" for day in range(1, 32)]
    known = pl.DataFrame({"date": days, "load": np.arange(31.0)})
    new = pl.DataFrame({"date": [f"02/{day:02}/2024{clock}" for day in range(1, 8)], "load": np.arange(7.0)})
    if in_file:
        known.write_csv(tmp_path / "known.csv")
        new.write_csv(tmp_path / "new.csv")
        known, new = tmp_path / "known.csv", tmp_path / "new.csv"
    schema = make_windows(known, target="load", length=3).schema
    assert schema.date_format == "%m/%d/%Y"
    ends = apply_schema(new, schema, targets=False).end_times
    assert [(end.month, end.day) for end in ends] == [(2, day) for day in range(3, 8)]
