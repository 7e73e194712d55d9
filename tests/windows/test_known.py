"""Columns that are known in advance: read at the rows of the targets, beside each window, and nothing else is."""

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat import LSTMRegressor, evaluate, load
from unflat.diagnosis import diagnose
from unflat.errors import (
    ConfigurationError,
    InputError,
    MissingColumnError,
    MissingFutureError,
    MissingValuesWarning,
    ModelError,
    OutOfRangeWarning,
)
from unflat.network import predict_all
from unflat.windows import WindowSchema, apply_schema, make_windows

START = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - the data have no zone


def table(n=60, *, groups=("a",), seed=0):
    """Make hourly series: a load that is ten times the price of its own hour, and noise that nothing knows."""
    random = np.random.default_rng(seed)
    hours = pl.datetime_range(START, START + dt.timedelta(hours=n - 1), "1h", eager=True)
    parts = []
    for group in groups:
        price = random.normal(5, 1, n)
        noise = random.normal(size=n)
        parts.append(
            pl.DataFrame({"hour": hours, "site": [group] * n, "price": price, "noise": noise, "load": 10 * price})
        )
    return pl.concat(parts)


def with_future(frame, steps):
    """Empty all but the known columns in the last steps of each series."""
    last = pl.col("hour") > frame["hour"].max() - dt.timedelta(hours=steps)
    return frame.with_columns(
        pl.when(last).then(None).otherwise(pl.col(name)).alias(name) for name in ("noise", "load")
    )


CUT = {"target": "load", "length": 4, "features": ["load", "noise"], "known": "price", "time": "hour", "group": "site"}


@settings(max_examples=40, deadline=None)
@given(
    horizon=st.sampled_from([1, 3, (1,), (1, 2, 5), (2, 4)]),
    stride=st.integers(1, 3),
    pick=st.lists(st.integers(0, 10), max_size=5),
)
def test_what_is_known_is_taken_at_the_row_of_each_target(horizon, stride, pick):
    """Beside each window stand the prices at its targets' rows, also after windows were selected; rows are shared."""
    windows = make_windows(table(30, groups="ab"), horizon=horizon, stride=stride, **CUT)
    price = table(30, groups="ab")["price"].to_numpy()
    expected = np.column_stack([price[windows.rows_at(h)] for h in windows.schema.horizons])
    np.testing.assert_array_equal(windows.sequences.context_at(slice(None)), expected)
    assert windows.sequences.context_names == tuple(f"price+{h}" for h in windows.schema.horizons)
    taken = windows.take(np.array(pick, dtype=int)).sequences
    np.testing.assert_array_equal(taken.context_at(slice(None)), expected[pick])
    for column in range(expected.shape[1]):
        np.testing.assert_array_equal(taken.context_column(column), expected[pick, column])
    first = windows.sequences.context[0]
    assert all(part.values is first.values and part.places is first.places for part in windows.sequences.context)


@settings(max_examples=30, deadline=None)
@given(horizon=st.sampled_from([1, 3, (1, 4)]), seed=st.integers(0, 1000))
def test_nothing_but_the_known_columns_of_later_rows_is_read(horizon, seed):
    """A prediction stays as it is, bit for bit, whatever the unknown columns of the rows after its window hold."""
    frame = table(30)
    schema = make_windows(frame, horizon=horizon, calendar="hour", **CUT).schema
    random = np.random.default_rng(seed)
    at = int(random.integers(4, 25))
    wild = frame.with_columns(
        pl.when(pl.int_range(pl.len()) < at).then(pl.col(name)).otherwise(random.normal() * 1e6).alias(name)
        for name in ("load", "noise")
    )
    one, other = (apply_schema(each, schema, targets=True) for each in (frame, wild))
    before = one.end_rows < at
    np.testing.assert_array_equal(one.sequences.dense()[before], other.sequences.dense()[before])
    np.testing.assert_array_equal(one.sequences.context_at(before), other.sequences.context_at(before))


def test_the_calendar_of_the_targets_row_stands_beside_what_is_known():
    """With known columns, each target's own hour is given, too."""
    windows = make_windows(table(30), horizon=(1, 5), calendar="hour", **CUT)
    names = ("price+1", "hour_hour_sin+1", "hour_hour_cos+1", "price+5", "hour_hour_sin+5", "hour_hour_cos+5")
    assert windows.sequences.context_names == windows.schema.beside == names
    angle = 2 * np.pi * (windows.rows_at(5) % 24) / 24
    np.testing.assert_allclose(windows.sequences.context_column(4), np.sin(angle), atol=1e-12)


def test_new_data_are_predicted_from_their_last_row_with_a_past():
    """Rows with nothing but known values are the future: the latest window ends before them."""
    schema = make_windows(table(), horizon=(1, 3), **CUT).schema
    for steps in (3, 7):
        frame = with_future(table(30, groups="ab"), steps)
        latest = apply_schema(frame, schema, targets=False)
        assert latest.end_rows.max() == 59 - steps
        assert latest.end_rows[latest.groups == "a"].max() == 29 - steps
        np.testing.assert_array_equal(
            latest.sequences.context_column(1)[-1], frame["price"][int(latest.end_rows[-1]) + 3]
        )


def test_rows_ahead_that_are_missing_are_named():
    """Without the rows to come, or with nothing known in them, the error says after which row, and how many."""
    schema = make_windows(table(), horizon=(1, 3), **CUT).schema
    with pytest.raises(
        MissingFutureError, match=r"'price' after 2024-01-02 05:00:00 of the series 'a'.*3 rows.*received 0"
    ):
        apply_schema(table(30), schema, targets=False)
    with pytest.raises(MissingFutureError, match=r"received 2 such rows; 2 series lack some"):
        apply_schema(with_future(table(30, groups="ab"), 2), schema, targets=False)
    empty = with_future(table(30), 3).with_columns(
        price=pl.when(pl.int_range(pl.len()) == 29).then(None).otherwise(pl.col("price"))
    )
    with pytest.raises(MissingFutureError, match="received 2 such rows") as caught:
        apply_schema(empty, schema, targets=False)
    assert (caught.value.columns, caught.value.horizon, caught.value.count) == (("price",), 3, 2)


@pytest.mark.filterwarnings("ignore::unflat.errors.TimeGapWarning")
def test_rows_ahead_must_follow_without_a_gap():
    """Rows behind a gap in time are not those that follow; before an older gap, windows keep their distance."""
    frame = with_future(table(50), 3)
    schema = make_windows(table(), horizon=3, **CUT).schema
    apart = frame.filter(~pl.int_range(pl.len()).is_between(46, 46))
    with pytest.raises(MissingFutureError, match="received 0 such rows"):
        apply_schema(frame.filter(pl.int_range(pl.len()) != 47), schema, targets=False)
    with pytest.raises(MissingFutureError, match="after 2024-01-02 21:00:00"):
        apply_schema(apart, schema, targets=False)
    older = apply_schema(frame.filter(pl.int_range(pl.len()) != 20), schema, targets=False)
    assert older.end_rows.tolist() == [*range(3, 17), *range(23, 46)]


def test_a_model_of_known_columns_alone_predicts_the_end_of_the_table():
    """Where every feature is known in advance, the future is as far as the horizon reaches."""
    cut = CUT | {"features": ["price"]}
    schema = make_windows(table(), horizon=3, **cut).schema
    assert apply_schema(table(30), schema, targets=False).end_rows[-1] == 26


@pytest.mark.parametrize(
    ("known", "error", "named"),
    [
        ("load", ConfigurationError, "'known' of make_windows: expected none of the targets"),
        (("price", "price"), ConfigurationError, "distinct names"),
        ("cost", MissingColumnError, "The known column 'cost'"),
    ],
)
def test_what_cannot_be_known_is_refused(known, error, named):
    """The target's own future, repeated names and columns that are not there."""
    with pytest.raises(error, match=named):
        make_windows(table(), **(CUT | {"known": known}))


def test_a_schema_with_known_columns_survives_json():
    """A file knows which columns are known; an older one has none."""
    schema = make_windows(table(), horizon=(1, 3), **CUT).schema
    values = json.loads(json.dumps(schema.to_dict()))
    assert WindowSchema.from_dict(values) == schema
    del values["known"]
    assert WindowSchema.from_dict(values).beside == ()


@pytest.fixture(scope="module")
def fitted():
    """Fit a model that can only know the load from the price of its hour."""
    windows = make_windows(table(300), horizon=(1, 3), **CUT)
    return windows, LSTMRegressor(units=(8,), epochs=10, random_state=0, progress=False).fit(windows)


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_what_is_known_reaches_the_network_and_the_baseline(fitted):
    """The load follows from the price of its own hour: with it model and ridge are near exact, without they are not."""
    windows, model = fitted
    scores = model.held_out_.outputs
    assert [s.r2 > 0.99 for s in scores] == [True, True]
    assert all(s.baseline_rmse["ridge"] < 0.05 * s.baseline_rmse["mean"] for s in scores)
    without = make_windows(table(300), horizon=(1, 3), **(CUT | {"known": ()}))
    blind = LSTMRegressor(units=(8,), epochs=10, random_state=0, progress=False).fit(without)
    assert blind.held_out_.outputs[0].r2 < 0.3
    assert len(windows) == len(without)


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
@pytest.mark.parametrize("skip", [True, False])
def test_a_file_holds_what_is_known(fitted, tmp_path, skip):
    """A saved model predicts the same bits, intervals among them, from a table that goes on; evaluate takes it."""
    windows, model = fitted
    if not skip:
        model = LSTMRegressor(units=(8,), epochs=60, skip=False, random_state=0, progress=False).fit(windows)
        assert model.held_out_.outputs[0].r2 > 0.8  # the mixing layer alone carries it
    model.save(tmp_path / "m.unflat")
    again = load(tmp_path / "m.unflat")
    frame = with_future(table(80), 3)
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    np.testing.assert_array_equal(again.predict_interval(frame).lower, model.predict_interval(frame).lower)
    assert evaluate(again, table(80)).assessment.outputs[0].r2 > 0.8
    assert again.input_range_.context.low.shape == (2,)


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_members_of_an_ensemble_read_what_is_known(fitted, tmp_path):
    """Several networks share what stands beside windows, in a file as well, and go on learning with it."""
    windows, _ = fitted
    several = LSTMRegressor(units=(4,), epochs=2, n_members=2, random_state=0, progress=False).fit(windows)
    several.save(tmp_path / "m.unflat")
    expected = several.predict(windows)
    np.testing.assert_array_equal(load(tmp_path / "m.unflat").predict(windows), expected)
    alone = [predict_all(member, windows.sequences) for member in several.predictor_.members]
    np.testing.assert_allclose(np.mean(alone, axis=0), expected, rtol=1e-6)
    assert not np.array_equal(several.partial_fit(windows).predict(windows), expected)


def test_known_values_far_outside_or_missing_are_warned_of(fitted):
    """What stands beside windows is looked at as their features are."""
    _, model = fitted
    frame = with_future(table(80), 3)
    last = pl.int_range(pl.len()) == 79
    with pytest.warns(OutOfRangeWarning, match=r"feature 'price\+3' is 900"):
        model.predict(frame.with_columns(price=pl.when(last).then(900.0).otherwise(pl.col("price"))))
    hole = pl.int_range(pl.len()) == 40
    with pytest.warns(MissingValuesWarning, match=r"'price\+1', 'price\+3'"):
        model.predict(frame.with_columns(price=pl.when(hole).then(None).otherwise(pl.col("price"))))


def test_sequences_without_what_is_known_are_refused(fitted):
    """Bare arrays hold no future, windows of another horizon a different one."""
    windows, model = fitted
    with pytest.raises(InputError, match=r"price\+1, price\+3 beside them.*received nothing"):
        model.predict(windows.sequences.dense())
    with pytest.raises(InputError, match="the columns and categories of the windows"):
        model.predict(make_windows(table(), horizon=(1, 4), **CUT))
    with pytest.raises(InputError, match="The validation X"):
        LSTMRegressor(progress=False).fit(windows, validation=(windows.sequences.dense(), windows.y))
    with pytest.raises(InputError, match="X: expected sequences with price"):
        load_of(model).partial_fit(windows.sequences.dense(), windows.y)


def load_of(model):
    """Give a model of the same parts that may be changed."""
    again = LSTMRegressor(progress=False)
    again.__dict__.update(model.__dict__)
    return again


def test_where_sequences_stand_alone_such_a_model_is_refused(fitted):
    """Diagnoses take sequences alone, and say so."""
    windows, model = fitted
    with pytest.raises(ModelError, match="known or static columns"):
        diagnose(model, windows)
