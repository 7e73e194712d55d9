"""Values that would rule a fit alone."""

import warnings

import numpy as np
import polars as pl
import pytest

from unflat import LSTMRegressor
from unflat.config import ScalingConfig
from unflat.dataset import as_dataset
from unflat.errors import FitWarning, LoneValueWarning, MissingCodeWarning
from unflat.estimator.mistakes import warn_of_missing_codes, without_lone_values
from unflat.windows import make_windows

STANDARD = ScalingConfig("standard", "standard", None)


@pytest.fixture
def mistyped():
    """Forty sequences with two outputs, one target of the second a thousand times too large."""
    random = np.random.default_rng(0)
    y = random.normal(size=(40, 2))
    y[11, 1] = 1e3
    return as_dataset(random.normal(size=(40, 5, 1)), y)


def test_a_target_is_named_and_told_what_to_do(mistyped):
    """Where it stands, what it is and counts as, of which output, and what to do if it is real."""
    told = (
        r"outweighs all other values of its column together.*: the target of .*1.* of sequence 11, 1000, counts as "
        r"[-.\d]+\. Look whether that is a mistake.*scale_target='log'.*loss='huber'"
    )
    with pytest.warns(LoneValueWarning, match=told):
        without_lone_values(mistyped, STANDARD)


def test_the_data_that_were_given_stay_as_they_are(mistyped):
    """A copy is drawn in."""
    with pytest.warns(LoneValueWarning):
        drawn = without_lone_values(mistyped, STANDARD)
    assert mistyped.y[11, 1] == 1e3
    assert abs(drawn.y[11, 1]) < 5
    assert np.array_equal(np.delete(drawn.y, 11, 0), np.delete(mistyped.y, 11, 0))
    assert drawn.sequences is mistyped.sequences


@pytest.mark.parametrize("scale", ["robust", "minmax", "log", "none"])
def test_who_names_another_scale_has_values_taken_as_they_are(mistyped, scale):
    """Whoever chose a scale has looked at the values, of targets and of features apart."""
    scales = ScalingConfig("none" if scale == "log" else scale, scale, None)
    assert without_lone_values(mistyped, scales) is mistyped
    features = as_dataset(
        np.where(np.arange(40)[:, None] == 3, 1e6, np.random.default_rng(0).normal(size=(40, 5))), np.arange(40.0)
    )
    assert without_lone_values(features, scales) is features


def test_a_code_is_told_with_its_columns_and_what_to_do():
    """Of windows the parameter that takes it is named; of arrays, what to put in its place."""
    random = np.random.default_rng(0)
    values = random.uniform(0, 50, size=(200, 2))
    values[::20, 0], values[::40, 1] = -999, 9999
    windows = make_windows(pl.DataFrame(values, ["temp", "load"]), target="load", length=3)
    told = r"-999, 10 times in feature 'temp'; 9999, 5 times in feature 'load'; 9999, \d times in the target\. .*"
    with pytest.warns(MissingCodeWarning, match=told + r"if it does, name it in missing=\.$"):
        warn_of_missing_codes(as_dataset(windows))
    arrays = as_dataset(windows.sequences.dense(), windows.y)
    with pytest.warns(MissingCodeWarning, match=r"feature 0; .*put nan in its place in X, and leave out sequences"):
        warn_of_missing_codes(arrays)


def test_a_fit_tells_of_a_code_and_windows_without_it_do_not():
    """Read as missing, it is no number any more; the model knows, and reads other tables in the same way."""
    random = np.random.default_rng(0)
    frame = pl.DataFrame({"load": np.where(np.arange(120) % 17 == 5, -999.0, random.normal(20, 3, size=120))})
    model = LSTMRegressor(units=(2,), epochs=1, n_members=1, random_state=0, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        with pytest.warns(MissingCodeWarning, match="'load'"):
            model.fit(make_windows(frame, target="load", length=4))
        model.fit(make_windows(frame, target="load", length=4, missing=-999))
    assert model.schema_.missing == (-999.0,)
    coded, empty = frame.head(9), frame.head(9).with_columns(pl.col("load").replace(-999.0, None))
    assert coded["load"].min() == -999
    np.testing.assert_array_equal(model.predict(coded), model.predict(empty))


def test_data_without_any_are_not_copied(mistyped):
    """Nearly always, and then nothing is done."""
    usual = mistyped.take(np.delete(np.arange(40), 11))
    drawn = without_lone_values(usual, STANDARD)
    assert drawn.y is usual.y
    assert drawn.sequences is usual.sequences


def test_of_a_table_the_mistake_is_drawn_in_as_target_and_as_feature():
    """The windows of a series hold it in their past, and all share the row; the frame is left alone."""
    series = np.sin(np.arange(200) / 5)
    series[50] = 1e6
    frame = pl.DataFrame({"load": series, "wind": np.cos(np.arange(200.0)), "day": ["a", "b"] * 100})
    data = as_dataset(make_windows(frame, target="load", length=10))
    with pytest.warns(LoneValueWarning, match=r"the target of sequence 40, 1e\+06.*; feature 'load', 1e\+06"):
        drawn = without_lone_values(data, STANDARD)
    assert np.nanmax(np.abs(drawn.sequences.dense()[..., 0])) < 1.1
    assert drawn.sequences.dense()[..., 1:].tolist() == data.sequences.dense()[..., 1:].tolist()
    assert frame["load"][50] == 1e6


def test_of_windows_that_a_user_has_cut_all_copies_are_drawn_in():
    """A value stands in as many windows as these have steps, and is one mistake."""
    series = np.sin(np.arange(200) / 5)
    series[50] = 1e6
    X = np.lib.stride_tricks.sliding_window_view(series, 10)[:-1]
    with pytest.warns(LoneValueWarning, match=r"the target of sequence 40, .*; feature 0, 1e\+06, counts as"):
        drawn = without_lone_values(as_dataset(X, series[10:]), STANDARD)
    assert np.abs(drawn.sequences.dense()).max() < 1.1


def test_codes_of_categories_are_no_values():
    """A label that is rare outweighs nothing."""
    frame = pl.DataFrame({"y": np.sin(np.arange(99.0)), "label": ["a"] * 98 + ["z"]})
    data = as_dataset(make_windows(frame, target="y", length=3))
    assert without_lone_values(data, STANDARD).sequences is data.sequences
