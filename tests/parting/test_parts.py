from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from unflat.dataset import as_dataset
from unflat.errors import ConfigurationError, TooFewSamplesError
from unflat.parting import FEW, FEWEST_TO_HOLD_OUT, hold_out, parted
from unflat.windows import make_windows

RANDOM = np.random.RandomState  # as scikit-learn's check_random_state gives


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


def test_of_windows_that_nearly_all_overlap_the_last_are_held_out_as_well():
    """Where keeping clear of them would cost most of the rest, a quarter of it is left out at the most."""
    X = np.lib.stride_tricks.sliding_window_view(np.random.default_rng(5).normal(size=80), 40)[:, :, None]
    training, held_out = hold_out(as_dataset(X, X[:, -1, 0]), 0.1, RANDOM(0))
    np.testing.assert_array_equal(held_out.y, X[-4:, -1])
    assert len(training) == 37 - 9
    np.testing.assert_array_equal(training.y, X[:28, -1])
    assert held_out.goes_on


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


def test_groups_given_with_windows_are_honoured(series, windows_of):
    """Groups named in the call outweigh the windows' own order in time."""
    windows = windows_of(series(10))
    training, held_out = hold_out(as_dataset(windows, groups=windows.groups), 0.1, RANDOM(0))
    assert not set(training.groups) & set(held_out.groups)


def test_one_group_cannot_be_divided():
    """A single group leaves nothing to train on, and is refused."""
    X = np.arange(40.0)[:, None]
    with pytest.raises(TooFewSamplesError, match=r"The groups to hold a validation part out of: .*at least 2"):
        hold_out(as_dataset(X, X[:, 0], groups=np.zeros(40)), 0.1, RANDOM(0))


def test_series_that_count_their_own_cycles_are_held_out_whole(series, windows_of):
    """Where time begins anew in each series, whole series are held out: no series is in both parts."""
    windows = windows_of(series(10))
    training, held_out = hold_out(as_dataset(windows), 0.2, RANDOM(0))
    assert not set(training.windows.groups) & set(held_out.windows.groups)


def test_series_that_share_dates_are_held_out_by_time(series, windows_of):
    """Where all series share the calendar, the last days are held out, and training ends before them in all."""
    dates = np.tile(np.arange("2020-01-01", "2020-01-31", dtype="datetime64[D]"), 10)
    windows = windows_of(series(10, day=dates), time="day")
    training, held_out = hold_out(as_dataset(windows), 0.2, RANDOM(0))
    assert set(training.windows.groups) == set(held_out.windows.groups)
    assert training.windows.target_times.max() < held_out.windows.target_times.min()


def test_split_of_a_split_is_of_the_same_kind(series, windows_of):
    """Windows that were split by group are held out by group, whatever their times are."""
    dates = np.tile(np.arange("2020-01-01", "2020-01-31", dtype="datetime64[D]"), 10)
    windows = windows_of(series(10, day=dates), time="day").split(by="group", validation=0).train
    training, held_out = hold_out(as_dataset(windows), 0.2, RANDOM(0))
    assert not set(training.windows.groups) & set(held_out.windows.groups)


def independent(n):
    """Give sequences that tell nothing of each other, with targets that name them."""
    X = np.random.default_rng(0).normal(size=(n, 4, 1))
    return as_dataset(X, np.arange(float(n)))


def held_out_of(parting):
    """Give the targets that each network holds out."""
    return [part.held_out.y[:, 0] for part in parting.parts]


def test_of_few_sequences_each_is_held_out_of_one_network():
    """Five networks hold out a fifth each, all different, learn from all else, and together hold out everything."""
    data = independent(103)
    parting = parted(data, None, "auto", RANDOM(0), "auto")
    assert parting.crossed
    assert [part.members for part in parting.parts] == [(0,), (1,), (2,), (3,), (4,)]
    np.testing.assert_array_equal(np.sort(np.concatenate(held_out_of(parting))), np.arange(103))
    for part in parting.parts:
        np.testing.assert_array_equal(part.training.y[:, 0], part.places)
        np.testing.assert_array_equal(np.union1d(part.places, part.held_out.y[:, 0]), np.arange(103))
        assert not np.isin(part.places, part.held_out.y[:, 0]).any()
    np.testing.assert_array_equal(parting.held_out.y[:, 0], np.concatenate(held_out_of(parting)))
    assert parting.part_of_each.tolist() == np.repeat(range(5), [len(y) for y in held_out_of(parting)]).tolist()
    assert parting.whole is data


def test_what_several_networks_hold_out_is_averaged():
    """Three networks that hold out half each hold out half of the sequences twice: what is found of these is a mean."""
    parting = parted(independent(40), None, 0.5, RANDOM(0), 3)
    named = np.concatenate(held_out_of(parting))
    assert len(named) == 60
    np.testing.assert_array_equal(np.sort(named[parting.firsts]), np.arange(40))
    found = np.column_stack([named + 100 * parting.part_of_each, named])
    once = parting.once(found)
    np.testing.assert_array_equal(once[:, 1], named[parting.firsts])
    np.testing.assert_allclose(once[:, 0], [found[named == name, 0].mean() for name in once[:, 1]])


def test_what_each_holds_out_alone_stays_in_its_order():
    """Where no two networks hold out the same, there is nothing to average."""
    parting = parted(independent(40), None, "auto", RANDOM(0), "auto")
    found = np.random.default_rng(0).normal(size=(40, 2))
    np.testing.assert_array_equal(parting.firsts, np.arange(40))
    np.testing.assert_array_equal(parting.once(found), found)


def test_a_share_leaves_something_to_learn_from():
    """Nearly everything may be held out, but not all."""
    training, held_out = hold_out(independent(400), 0.999, RANDOM(0))
    assert (len(training), len(held_out)) == (1, 399)


@pytest.mark.parametrize(("n", "networks"), [(FEWEST_TO_HOLD_OUT - 1, 1), (FEW - 1, 5), (FEW, 1)])
def test_as_many_networks_as_little_data_ask_for(n, networks):
    """Of so few that nothing is held out, and of enough to hold a tenth out, one network learns."""
    assert len(parted(independent(n), None, "auto", RANDOM(0), "auto").of_each) == networks


def test_few_series_are_few_however_many_sequences_they_have(series, windows_of):
    """Whole series are held out, each of one network."""
    windows = windows_of(series(30)).split(by="group", test=0, validation=0).train
    parting = parted(as_dataset(windows), None, "auto", RANDOM(0), "auto")
    held_out = [set(part.held_out.series) for part in parting.parts]
    assert [len(labels) for labels in held_out] == [6] * 5
    assert len(set.union(*held_out)) == 30
    for part in parting.parts:
        assert not set(part.training.series) & set(part.held_out.series)


def test_what_must_be_later_or_was_given_is_held_out_of_all_networks(series):
    """The end of a long series, and a validation part of the user's own: every network has the same part."""
    later = as_dataset(make_windows(series(1, rows=FEW + 3), target="x", length=3, features=["x"]))
    assert [part.members for part in parted(later, None, "auto", RANDOM(0), 3).parts] == [(0, 1, 2)]
    assert len(parted(later, None, "auto", RANDOM(0), "auto").of_each) == 1
    X, y = np.zeros((30, 4, 1)), np.zeros(30)
    given = parted(independent(100), (X, y), "auto", RANDOM(0), 3)
    assert [part.members for part in given.parts] == [(0, 1, 2)]
    assert len(given.whole) == 100
    assert len(given.held_out) == 30
    assert len(parted(independent(100), (X, y), "auto", RANDOM(0), "auto").of_each) == 1


def short_series(kind, n, length=8, stride=1):
    """Give the windows of a short series, cut from a table or by a user, with targets that name them."""
    rows = n * stride + length
    steps = np.random.default_rng(6).normal(size=rows)
    if kind == "table":
        frame = pl.DataFrame({"x": steps, "y": named(np.arange(rows) - length)})
        windows = make_windows(frame, target="y", length=length, features=["x"], stride=stride)
        return as_dataset(windows)
    X = np.lib.stride_tricks.sliding_window_view(steps, length)[:-1:stride, :, None]
    return as_dataset(X, named(np.arange(len(X))))


def named(places):
    """Give numbers that go up and down around a level, of which each tells its place."""
    return np.where(places % 2, 1.0, -1.0) * (1000 + places)


def places_of(dataset):
    """Tell the places from such targets."""
    return np.abs(dataset.y[:, 0]) - 1000


@pytest.mark.parametrize("kind", ["table", "array"])
def test_of_a_short_series_each_stretch_is_held_out_of_one_network(kind):
    """Five stretches go around, in order, and no network learns from a window that shares a step with its own."""
    data = short_series(kind, 103)
    parting = parted(data, None, "auto", RANDOM(0), "auto", free=True)
    assert [part.members for part in parting.parts] == [(place,) for place in range(5)]
    places = places_of(data)
    np.testing.assert_array_equal(places_of(parting.held_out), places)
    assert parting.latest is parting.parts[-1]
    for part in parting.parts:
        first, *_, last = places_of(part.held_out)
        np.testing.assert_array_equal(places_of(part.training), [p for p in places if not first - 8 < p < last + 8])
        np.testing.assert_array_equal(data.y[part.places], part.training.y)


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_stretches_of_a_named_share_end_with_the_series_and_do_not_overlap(share):
    """Networks that hold out less than everything hold out the latest."""
    parting = parted(short_series("array", 100), None, share, RANDOM(0), 4)
    assert [len(part.held_out) for part in parting.parts] == [10 if share == 0.1 else 25] * 4
    np.testing.assert_array_equal(places_of(parting.held_out), np.arange(100.0)[-len(parting.held_out) :])


@pytest.mark.parametrize("why", ["long windows", "a trend", "a trend in one of two targets"])
def test_the_end_of_a_short_series_is_held_out_where_a_stretch_would_not_do(why):
    """Where what shares steps with a stretch is more than half, or the series goes on to where it has not been."""
    data = short_series("array", 100, length=30 if why == "long windows" else 8)
    trend = np.arange(100.0)[:, None]
    if why != "long windows":
        data = replace(data, y=trend if why == "a trend" else np.hstack([data.y, trend]), names=("a", "b"))
    parting = parted(data, None, "auto", RANDOM(0), "auto")
    assert len(parting.parts) == 1
    np.testing.assert_array_equal(parting.held_out.y, data.y[-10:])
    assert parting.latest is parting.parts[0]


def test_windows_of_a_series_that_share_no_step_are_held_out_in_order():
    """Strides may be as long as windows; what follows one another is held out together all the same."""
    parting = parted(short_series("table", 40, length=3, stride=3), None, "auto", RANDOM(0), "auto")
    assert [np.diff(places_of(part.held_out)).tolist() for part in parting.parts] == [[3.0] * 7] * 5
    assert [len(part.training) for part in parting.parts] == [32] * 5


def test_several_series_that_share_dates_have_no_stretches(series, windows_of):
    """What is held out of few windows of many series is later than what is learned from, in all of them."""
    dates = np.tile(np.arange("2020-01-01", "2020-01-11", dtype="datetime64[D]"), 10)
    data = as_dataset(windows_of(series(10, rows=10, day=dates), time="day"))
    assert len(parted(data, None, "auto", RANDOM(0), "auto").parts) == 1


def test_what_is_drawn_by_chance_has_no_latest_part():
    """Nothing comes last among sequences that tell nothing of each other."""
    assert parted(independent(100), None, "auto", RANDOM(0), "auto").latest is None


def test_a_share_that_is_named_is_held_out_of_each_network():
    """Shares that do not go around overlap no sooner than they must, and ten networks hold out a tenth."""
    parting = parted(independent(100), None, 0.3, RANDOM(0), 4)
    assert [len(part.held_out) for part in parting.parts] == [30] * 4
    assert len(np.unique(np.concatenate(held_out_of(parting)))) == 100
    assert [len(part.held_out) for part in parted(independent(100), None, "auto", RANDOM(0), 10).parts] == [10] * 10


def test_nothing_is_held_out_of_many_networks_without_a_share():
    """All learn from everything."""
    parting = parted(independent(50), None, 0, RANDOM(0), 3)
    assert parting.held_out is None
    assert [len(part.training) for part in parting.of_each] == [50] * 3


def test_parts_of_networks_that_were_never_trained_are_dropped():
    """After the second of five, what two networks hold out is all that is held out."""
    parting = parted(independent(100), None, "auto", RANDOM(0), 5).kept(2)
    assert [part.members for part in parting.parts] == [(0,), (1,)]
    np.testing.assert_array_equal(parting.held_out.y[:, 0], np.concatenate(held_out_of(parting)))
    alike = parted(independent(100), None, 0.1, RANDOM(0), 1)
    assert alike.kept(1) is alike


@pytest.mark.parametrize(("given", "message"), [
    ({"share": 1.0}, r"'validation_fraction' of LSTMRegressor: expected 'auto', or a number in \[0, 1\); received 1.0"),
    ({"share": "half"}, "'validation_fraction' of LSTMRegressor: expected 'auto'"),
    ({"members": 0}, "'n_members' of LSTMRegressor: expected 'auto', or a whole number of at least 1; received 0"),
])  # fmt: skip
def test_parts_that_cannot_be_are_refused(given, message):
    """The message names the parameter, what it may be, and what it is."""
    asked = {"share": 0.1, "members": 1} | given
    with pytest.raises(ConfigurationError, match=message):
        parted(independent(50), None, asked["share"], RANDOM(0), asked["members"])


@pytest.mark.parametrize(
    ("n", "steps", "validation", "networks"),
    [(400, 3, 0, 2), (2222, 3, 0, 2), (2224, 3, 0, 1), (400, 600, 0, 1), (200, 3, 20, 2), (200, 3, 19, 1)],
)
def test_one_of_few_sequences_has_one_beside_it_that_begins_without_a_line(n, steps, validation, networks):
    """Where twice the time is not long, and enough is held out; both learn from the same, and hold out the same."""
    random = np.random.default_rng(0)
    data = as_dataset(random.normal(size=(n, steps)), random.normal(size=n))
    given = (random.normal(size=(validation, steps)), random.normal(size=validation)) if validation else None
    parting = parted(data, given, "auto", RANDOM(0), "auto", free=True)
    (part,) = parting.parts
    assert part.members == tuple(range(networks))
    assert part.free == tuple(range(1, networks))
    assert not parting.crossed
    assert len(part.held_out) == (validation or round(0.1 * n))


@pytest.mark.parametrize(("share", "members", "free"), [("auto", 1, True), (0, "auto", True), ("auto", "auto", False)])
def test_who_names_one_network_or_holds_out_nothing_has_one(share, members, free):
    """Nothing could say how far another counts, or none is wanted, or there is no line to begin without."""
    parting = parted(independent(400), None, share, RANDOM(0), members, free=free)
    assert parting.parts[0].members == (0,)
