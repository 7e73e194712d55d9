"""Static columns: one value for each series, beside its windows and not in their steps."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat import LSTMRegressor, load
from unflat.errors import ColumnTypeError, ConfigurationError, MissingColumnError, UnknownCategoryWarning
from unflat.windows import WindowSchema, apply_schema, make_windows


def panel(sizes=(12, 20, 9), *, kinds=("flat", "house", "flat"), seed=0):
    """Make series of noise whose level and sign follow from the size and the kind of their house."""
    random = np.random.default_rng(seed)
    parts = []
    for number, (size, kind) in enumerate(zip(sizes, kinds, strict=True)):
        noise = random.normal(size=size)
        area = 50.0 * (number + 1)
        sign = 1 if kind == "flat" else -1
        parts.append(
            pl.DataFrame({
                "home": [f"h{number}"] * size, "day": range(size), "area": [area] * size, "kind": [kind] * size,
                "heat": noise, "load": sign * noise + area,
            })
        )  # fmt: skip
    return pl.concat(parts)


CUT = {"target": "load", "features": "heat", "length": 3, "horizon": 0, "time": "day", "group": "home"}
STATIC = CUT | {"static": ("area", "kind")}


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(41)), st.sets(st.integers(0, 40), max_size=8), st.lists(st.integers(0, 30), max_size=5))
def test_each_window_has_the_values_of_its_series(order, gone, pick):
    """In any order of rows, and where some of them leave the value out, each window stands beside its series' own."""
    assert panel().height == 41
    frame = panel().with_columns(
        pl.when(pl.int_range(pl.len()).is_in(list(gone))).then(None).otherwise(pl.col("area")).alias("area")
    )
    windows = make_windows(frame[list(order)], **STATIC).take(np.array(pick, dtype=int))
    beside = windows.sequences.context_at(slice(None))
    assert beside[:, 0].tolist() == [50.0 * (int(home[1:]) + 1) for home in windows.groups]
    assert beside[:, 1].tolist() == [1.0 if home == "h1" else 0.0 for home in windows.groups]


def test_a_value_is_given_once_for_a_series():
    """There are as many rows of static values as series, and none in the steps of windows."""
    windows = make_windows(panel(), **STATIC)
    (context,) = windows.sequences.context
    assert context.values.shape == (3, 2)
    assert (context.names, context.categorical) == (("area", "kind"), (1,))
    assert windows.schema.inputs == ("heat",)
    assert make_windows(panel(), **(STATIC | {"features": None})).schema.features == ("heat",)
    assert windows.schema.categories == {"kind": ("flat", "house")}
    assert WindowSchema.from_dict(json.loads(json.dumps(windows.schema.to_dict()))) == windows.schema


def test_known_and_static_columns_stand_side_by_side():
    """What is known at each horizon comes first, then what is static."""
    windows = make_windows(panel(), **(STATIC | {"known": "heat", "horizon": (1, 2)}))
    assert windows.sequences.context_names == windows.schema.beside == ("heat+1", "heat+2", "area", "kind")
    assert windows.sequences.context_categorical == (3,)


@pytest.mark.parametrize("name", ["area", "kind"])
def test_a_column_that_varies_is_refused_with_its_group(name):
    """The error names the column, the series, two of its values, and the row of the second."""
    other, shown = (7.5, r"100.0 and 7\.5") if name == "area" else ("flat", "'house' and 'flat'")
    frame = panel().with_columns(pl.when(pl.int_range(pl.len()) == 20).then(pl.lit(other)).otherwise(name).alias(name))
    expected = (
        f"'{name}': expected one value in each series of 'home'.*{shown} in the series 'h1', the second in row 20"
    )
    with pytest.raises(ColumnTypeError, match=expected) as caught:
        make_windows(frame, **STATIC)
    assert caught.value.row == 20
    schema = make_windows(panel(), **STATIC).schema
    with pytest.raises(ColumnTypeError, match=f"{shown} in the series 'h1', the second in row 40"):
        apply_schema(moved(frame), schema, targets=True)


def moved(frame):
    """Put row 20 last: the error counts rows as the table has them."""
    rest = pl.int_range(pl.len()) != 20
    return frame.filter(rest).vstack(frame[20:21])


@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        ({"static": "load"}, ConfigurationError, "'static' of make_windows: expected none of the targets"),
        ({"group": None}, ConfigurationError, "no group column tells series apart"),
        ({"features": ["heat", "area"]}, ConfigurationError, "neither features nor known; received 'area'"),
        ({"static": "zone"}, MissingColumnError, "The static column 'zone'"),
    ],
)
def test_what_cannot_be_static_is_refused(change, error, named):
    """A target, a table of one series, a feature, a column that is not there."""
    with pytest.raises(error, match=named):
        make_windows(panel(), **(STATIC | change))


def homes(count, seed):
    """Make many homes, of either kind."""
    kinds = np.random.default_rng(seed).choice(["flat", "house"], count)
    return panel([12] * count, kinds=kinds, seed=seed)


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_static_columns_change_what_steps_mean(tmp_path):
    """The sign of the effect follows from the kind: a model that is told the kind learns it, for unseen homes too."""
    train, test = homes(60, 1), homes(60, 2)
    kinds = CUT | {"target": "load", "static": "kind"}
    effect = (pl.col("load") - pl.col("area")).alias("load")
    models = [
        LSTMRegressor(units=(8,), n_members=1, epochs=40, random_state=0, progress=False).fit(
            make_windows(train.with_columns(effect), **cut)
        )
        for cut in (kinds, CUT)
    ]
    scores = []
    for model in models:
        windows = apply_schema(test.with_columns(effect), model.schema_, targets=True)
        scores.append(model.score(windows))
    assert scores[0] > 0.8
    assert scores[1] < 0.3
    models[0].save(tmp_path / "m.unflat")
    np.testing.assert_array_equal(load(tmp_path / "m.unflat").predict(test), models[0].predict(test))
    with pytest.warns(UnknownCategoryWarning, match="'kind' holds labels .*'boat'"):
        models[0].predict(test.with_columns(kind=pl.lit("boat")))
