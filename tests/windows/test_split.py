"""Splits: parts of the sizes asked for, and nothing of a later part in training."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from unflat.errors import ConfigurationError, EmptyPartError, InputError
from unflat.windows import apply_schema, make_windows


def panel(sizes, firsts=None):
    """Make a table of series of some sizes that start at some times; all values are distinct."""
    firsts = [0] * len(sizes) if firsts is None else firsts
    rows = [
        (f"s{i}", first + step, 1000.0 * i + step)
        for i, (size, first) in enumerate(zip(sizes, firsts, strict=True))
        for step in range(size)
    ]
    return pl.DataFrame(rows, schema=["g", "t", "x"], orient="row").with_columns(y=-pl.col("x"))


def covered_rows(windows):
    """Give the rows that windows or their targets hold, by a loop."""
    rows = {row for horizon in windows.schema.horizons for row in windows.rows_at(horizon).tolist()}
    for start in windows.sequences.starts.tolist():
        rows.update(range(start, start + windows.schema.length))
    return sorted(rows)


def later_rows(windows, parts, by):
    """Mark the rows of validation and test: by their times or places in each series, or their series."""
    timeline = windows.timeline
    later = np.zeros(timeline.bounds[-1], dtype=bool)
    targets = np.concatenate([part.rows_at(part.schema.horizons[0]) for part in parts[1:]])
    if len(targets) == 0:
        return later
    if by == "time" and timeline.times is not None:
        times = timeline.times.to_numpy()
        return times >= times[targets].min()
    for row in targets.tolist():
        series = np.searchsorted(timeline.bounds, row, side="right")
        first = row if by == "time" else timeline.bounds[series - 1]
        later[first : timeline.bounds[series]] = True
    return later


@st.composite
def splits(draw):
    """Draw a panel, how windows are cut from it and how they are split."""
    sizes = draw(st.lists(st.integers(12, 40), min_size=1, max_size=4))
    firsts = [draw(st.integers(0, 8)) for _ in sizes]
    options = {
        "target": draw(st.sampled_from(["y", ["y", "x"]])),
        "length": draw(st.integers(1, 6)),
        "horizon": draw(st.sampled_from([1, 2, 3, 4, (2,), (1, 2), (1, 3, 4)])),
        "stride": draw(st.integers(1, 3)),
        "time": draw(st.sampled_from(["t", None])),
        "group": "g",
        "features": ["x", "y"],
    }
    how = {
        "test": draw(st.sampled_from([0, 0.1, 0.2, 0.4])),
        "validation": draw(st.sampled_from([0, 0.1, 0.3])),
        "by": draw(st.sampled_from(["time", "time", "group"])),
        "random_state": draw(st.integers(0, 3)),
    }
    if how["by"] == "time":
        how["gap"] = draw(st.sampled_from([0, 0, 3]))
    return panel(sizes, firsts), options, how


@settings(max_examples=120, deadline=None)
@given(splits(), st.integers(0, 2**32 - 1))
def test_nothing_of_later_parts_reaches_training(drawn, seed):
    """Training windows stay as they are, values and targets, when every row of the later parts becomes nonsense."""
    frame, options, how = drawn
    windows = make_windows(frame, **options)
    try:
        parts = windows.split(**how)
    except EmptyPartError:
        assume(condition=False)
    later = later_rows(windows, parts, how["by"])
    noise = np.random.default_rng(seed).normal(1e6, 1e5, frame.height)
    nonsense = frame.with_columns(
        x=pl.Series(np.where(later, noise, frame["x"])), y=pl.Series(np.where(later, -noise, frame["y"]))
    )
    again = make_windows(nonsense, **options).split(**how).train
    assert covered_rows(again) == covered_rows(parts.train)
    np.testing.assert_array_equal(again.sequences.dense(), parts.train.sequences.dense())
    np.testing.assert_array_equal(again.y, parts.train.y)


@settings(max_examples=80, deadline=None)
@given(splits())
def test_a_split_by_time_cuts_all_series_at_the_same_times(drawn):
    """Every row of training precedes every later target, in any series; later parts follow each other, gaps between."""
    frame, options, how = drawn
    how = {"gap": 0, **how, "by": "time"}
    windows = make_windows(frame, **{**options, "time": "t"})
    try:
        parts = windows.split(**how)
    except EmptyPartError:
        assume(condition=False)
    times = windows.timeline.times.to_numpy()
    nearest = [part.times_at(part.schema.horizons[0]).to_numpy() for part in parts]
    for later in nearest[1:]:
        assert len(later) == 0 or times[covered_rows(parts.train)].max() + how["gap"] < later.min()
    furthest = parts.validation.target_times.to_numpy()
    assert min(map(len, nearest[1:])) == 0 or furthest.max() + how["gap"] < nearest[2].min()
    if how["gap"] == 0 and len(windows.schema.horizons) == 1:
        assert sum(map(len, parts)) == len(windows)
    assert {part.split_by for part in parts} == {"time"}


@settings(max_examples=40, deadline=None)
@given(splits())
def test_a_split_by_group_cuts_no_series(drawn):
    """Each series is in one part as a whole, and every window in some part."""
    frame, options, how = drawn
    windows = make_windows(frame, **options)
    how = {key: how[key] for key in ("test", "validation", "random_state")}
    try:
        parts = windows.split(by="group", **how)
    except EmptyPartError:
        assume(condition=False)
    labels = [set(part.groups) for part in parts]
    assert sum(map(len, labels)) == len(set.union(*labels)) == len(set(windows.groups))
    assert sum(map(len, parts)) == len(windows)
    assert parts.train.split_by == "group"


def test_parts_have_the_shares_asked_for():
    """Of one series, shares are shares of its rows; a part's targets follow its predecessor's."""
    frame = panel([1000])
    parts = make_windows(frame, target="y", length=20, horizon=5, time="t").split(test=0.2, validation=0.1)
    assert parts.train.target_rows[[0, -1]].tolist() == [24, 699]
    assert parts.validation.target_rows[[0, -1]].tolist() == [700, 799]
    assert parts.test.target_rows[[0, -1]].tolist() == [800, 999]
    assert parts.test.end_rows[0] - 19 == 776  # inputs reach back before the cut


def test_inputs_of_two_parts_share_no_row_with_a_gap_of_a_window():
    """A gap of length + horizon - 1 rows keeps later inputs off the rows of training."""
    windows = make_windows(panel([300]), target="y", length=10, horizon=3, time="t")
    parts = windows.split(gap=12)
    first_inputs = [part.sequences.starts[0] for part in parts[1:]]
    assert first_inputs == [210, 240]
    assert [len(part) for part in parts] == [210 - 12, 30 - 12, 60 - 12]


def test_a_window_belongs_to_a_part_only_if_all_its_targets_do():
    """Of several horizons, windows with a cut between their targets are in no part; a gap counts from the nearest."""
    windows = make_windows(panel([1000]), target="y", length=20, horizon=(1, 6), time="t")
    parts = windows.split(test=0.2, validation=0.1)
    ends = [part.end_rows[[0, -1]].tolist() for part in parts]
    assert ends == [[19, 693], [699, 793], [799, 993]]  # rows 700 and 800 are the first of the later parts
    first_inputs = [part.sequences.starts[0] for part in windows.split(gap=20)[1:]]
    assert first_inputs == [700, 800]  # 20 rows and the nearest horizon, less 1


def test_without_times_each_series_is_cut_at_its_own_share():
    """In file order, positions of different series are not of one time; each is cut by itself."""
    windows = make_windows(panel([100, 50]), target="y", length=2, group="g", features="y")
    parts = windows.split(test=0.2, validation=0)
    assert parts.test.target_rows.tolist() == [*range(80, 100), *range(140, 150)]
    assert len(parts.validation) == 0


def test_a_part_can_be_split_again():
    """A training part gives up its own last rows, however the whole was split."""
    windows = make_windows(panel([1000]), target="y", length=20, time="t")
    train = windows.split(test=0.2, validation=0).train
    inner = train.split(test=0, validation=0.25)
    assert inner.validation.target_rows[[0, -1]].tolist() == [600, 799]
    assert inner.train.target_rows[-1] == 599
    by_group = make_windows(panel([30] * 8), target="y", length=4, group="g", features="y", time="t")
    rest = by_group.split(test=0.25, validation=0, by="group").train
    again = rest.split(test=0, validation=0.5, by="group")
    assert [len(set(part.groups)) for part in again] == [3, 3, 0]


def test_series_are_drawn_anew_by_the_random_state():
    """The same state draws the same series, another one others; a generator serves too."""
    windows = make_windows(panel([6] * 40), target="y", length=2, group="g", features="y")
    drawn = [set(windows.split(by="group", random_state=state).test.groups) for state in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    given = windows.split(by="group", random_state=np.random.default_rng(0)).test.groups
    assert set(given) == drawn[0]
    assert len(drawn[0]) == 8


@pytest.mark.parametrize("state", ["abc", -1, 1.5, True, [1, 2]])
@pytest.mark.parametrize("by", ["time", "group"])
def test_a_random_state_that_is_none_is_refused(state, by):
    """The parameter is named, whether or not anything is drawn by it."""
    windows = make_windows(panel([6] * 40), target="y", length=2, group="g", features="y")
    for split in (windows.split, windows.split_positions):
        with pytest.raises(ConfigurationError, match=r"'random_state' of Windows\.split: expected None, a RandomState"):
            split(by=by, random_state=state)


def test_positions_are_those_of_the_parts():
    """Positions select what the parts hold, also from windows in another order."""
    windows = make_windows(panel([60, 40]), target="y", length=3, group="g", time="t", features="y")
    shuffled = windows.take(np.random.default_rng(0).permutation(len(windows)))
    for each in (windows, shuffled):
        for part, positions in zip(each.split(gap=1), each.split_positions(gap=1), strict=True):
            np.testing.assert_array_equal(each.take(positions).y, part.y)
    np.testing.assert_array_equal(np.sort(shuffled.split().train.y), np.sort(windows.split().train.y))


def test_a_part_without_windows_has_no_numbers_either():
    """A part that was not asked for is empty in every respect, and fails in none."""
    parts = make_windows(panel([30]), target=["y", "x"], length=3, time="t").split(test=0.2, validation=0)
    none = parts.validation
    assert len(none) == 0
    assert none.y.shape == (0, 2)
    assert none.end_rows.shape == none.target_rows.shape == (0,)
    assert len(none.target_times) == 0


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"test": 1.0}, r"'test' of Windows.split: expected a number in \[0, 1\); received 1.0"),
        ({"validation": -0.1}, "'validation' of Windows.split"),
        ({"test": 0.6, "validation": 0.5}, "less than 0.4, beside test=0.6; received 0.5"),
        ({"by": "random"}, "one of 'time', 'group'; received 'random'"),
        ({"gap": -1}, "'gap' of Windows.split"),
        ({"by": "group", "gap": 2}, "0 with by='group'"),
        ({"by": "group"}, "no group column was named"),
    ],
)
def test_wrong_ways_to_split_are_refused(how, message):
    """An error names the parameter and what it may be."""
    with pytest.raises(ConfigurationError, match=message):
        make_windows(panel([50]), target="y", length=3, features="y", time="t").split(**how)


@pytest.mark.parametrize(
    ("sizes", "how", "message"),
    [
        ([40], {"gap": 30}, "The validation part: expected at least one window; .* 0 for validation.*smaller"),
        ([40], {"test": 0.001, "validation": 0}, "The test part"),
        ([12, 12, 12], {}, "The training part: .*by='group'"),
        ([40, 40], {"by": "group"}, "The training part: .*Split by='time'"),
    ],
)
def test_a_part_that_would_be_empty_is_refused(sizes, how, message):
    """An error names the part, the sizes of all, and a remedy."""
    windows = make_windows(panel(sizes), target="y", length=10, features="y", group="g", time="t")
    with pytest.raises(EmptyPartError, match=message):
        windows.split(**how)


@pytest.mark.parametrize(
    ("series", "options", "natural"),
    [
        (1, {"time": "t"}, "time"),
        (4, {"time": "t", "group": "g"}, "time"),
        (5, {"time": "t", "group": "g"}, "group"),
        (5, {"group": "g"}, "group"),
        (5, {"time": "day", "group": "g"}, "time"),
    ],
)
def test_cycles_are_split_by_series_and_dates_by_time(series, options, natural):
    """A count that begins anew in each of several series is no time to cut all of them at; dates are."""
    frame = panel([12] * series)
    if options.get("time") == "day":
        frame = frame.with_columns(day=pl.col("t").cast(pl.Int32).cast(pl.Date))
    windows = make_windows(frame, target="y", length=2, features="y", **options)
    assert windows.natural_split == natural
    assert windows.split(by="time").train.natural_split == "time"


def test_windows_to_predict_from_cannot_be_split():
    """Without targets there is nothing to train on."""
    frame = panel([30])
    schema = make_windows(frame, target="y", length=3, time="t", features="y").schema
    with pytest.raises(InputError, match=r"windows to predict from.*make_windows"):
        apply_schema(frame, schema, targets=False).split()


def test_dates_and_zones_cut_as_numbers_do():
    """The cut is found in times of any type."""
    start = dt.datetime(2020, 3, 20)  # noqa: DTZ001 - given a zone below
    times = pl.datetime_range(start, start + dt.timedelta(hours=99), "1h", eager=True, time_zone="Europe/Berlin")
    frame = pl.DataFrame({"t": times, "y": np.arange(100.0)})
    for column in (times, times.dt.replace_time_zone(None).dt.cast_time_unit("ns")):
        parts = make_windows(frame.with_columns(t=column), target="y", length=3).split()
        assert [part.y[0] for part in parts] == [3, 70, 80]
