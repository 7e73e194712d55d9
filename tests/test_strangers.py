"""Noise for the sake of series that training never saw."""

import numpy as np
import polars as pl
import pytest

from unflat import LSTMRegressor, load, make_windows
from unflat.dataset import as_dataset
from unflat.scaling import fit_input_scaling
from unflat.strangers import deviations_of, noise_for


def windows(series, *, steps=30, features=1, dates=False):
    """Cut windows of 4 steps out of a table of several series."""
    random = np.random.default_rng(0)
    count = series * steps
    columns = {f"x{place}": random.normal(size=count) for place in range(features)}
    day = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, steps), eager=True)
    time = pl.concat([day] * series) if dates else np.tile(np.arange(steps), series)
    frame = pl.DataFrame(
        {"unit": np.repeat(np.arange(series), steps), "t": time, **columns, "y": random.normal(size=count)}
    )
    return make_windows(frame, target="y", features=list(columns), length=4, horizon=0, group="unit", time="t")


@pytest.mark.parametrize(("series", "features"), [(10, 1), (40, 1), (40, 6)])
def test_noise_is_as_wide_as_silvermans_kernels(series, features):
    """The rule for a normal density of as many dimensions, from as many points as there are series."""
    expected = (4 / ((features + 2) * series)) ** (1 / (features + 4))
    assert noise_for(as_dataset(windows(series, features=features), None)) == pytest.approx(expected)


def test_groups_of_arrays_are_series():
    """Groups that are given to `fit` are held out whole, as series of a table are."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 5, 2)), random.normal(size=60)
    data = as_dataset(X, y, groups=np.repeat(np.arange(12), 5))
    assert noise_for(data) == pytest.approx((4 / (4 * 12)) ** (1 / 6))


def test_where_series_go_on_there_is_no_noise():
    """What is held out by time is of the series that training saw: to know them is right."""
    assert noise_for(as_dataset(windows(10, dates=True), None)) == 0
    assert noise_for(as_dataset(windows(3), None)) == 0  # too few series to hold one out


def test_sequences_of_no_series_get_no_noise():
    """Neither where nothing is said of series, nor where each sequence is one of its own."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 5, 2)), random.normal(size=60)
    assert noise_for(as_dataset(X, y)) == 0
    assert noise_for(as_dataset(X, y, groups=np.arange(60))) == 0


@pytest.mark.parametrize("scale", ["standard", "minmax", "none"])
def test_deviations_are_those_of_the_scaled_numbers(scale):
    """Whatever the scale; padding counts for nothing, and the indicator of a missing value does not vary."""
    random = np.random.default_rng(1)
    raw = [random.normal(5, (1.0, 20.0), size=(length, 2)) for length in random.integers(3, 9, size=200)]
    raw[0][1, 1] = np.nan
    data = as_dataset(raw, random.normal(size=200))
    scaling, _ = fit_input_scaling(data.sequences, scale)
    rows = np.concatenate(raw)
    whole = np.nanstd(rows, axis=0)
    units = {"standard": np.ones(2), "minmax": np.nanmax(rows, axis=0) - np.nanmin(rows, axis=0), "none": np.ones(2)}
    expected = np.ones(2) if scale == "standard" else whole / units[scale]
    deviations = deviations_of(scaling, data).numpy()
    np.testing.assert_allclose(deviations[:2], expected, rtol=0.02)
    assert deviations[2:].tolist() == [0.0]


def worn(random, series, steps=40, window=8):
    """Make series that wear out: each has levels of its own, and a wear that its target is the rest of."""
    life = random.uniform(0.6, 1.4, size=series)
    X, y, unit = [], [], []
    for number in range(series):
        wear = 3 * np.arange(steps) / steps * life[number]
        levels = random.normal(size=6)
        rows = levels + np.outer(wear, np.ones(6)) + random.normal(0, 0.3, size=(steps, 6))
        for end in range(window, steps + 1):
            X.append(rows[end - window : end])
            y.append(wear[end - 1])
            unit.append(number)
    return np.array(X), np.array(y), np.array(unit)


def test_noise_keeps_series_from_being_learned_by_heart():
    """Series differ in their levels more than by wear; trained to the end, one without noise has learned these."""
    random = np.random.default_rng(0)
    X, y, unit = worn(random, 12)
    others, truth, _ = worn(random, 60)
    error = {}
    for noise in ("auto", 0.0):
        errors = []
        for seed in range(3):
            model = LSTMRegressor(
                units=(24,), epochs=20, skip=False, input_noise=noise, validation_fraction=0.0, random_state=seed
            ).fit(X, y, groups=unit)
            errors.append(np.mean((model.predict(others) - truth) ** 2))
        error[noise] = np.mean(errors)
    assert error["auto"] < 0.8 * error[0.0] < truth.var()


def test_noise_is_kept_in_the_file(tmp_path):
    """A loaded model knows how it was trained, for when training goes on, and predicts the same."""
    random = np.random.default_rng(0)
    X, y, unit = worn(random, 6, steps=14)
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False).fit(X, y, groups=unit)
    model.save(tmp_path / "worn.unflat")
    again = load(tmp_path / "worn.unflat")
    assert again.predictor_.network.config.input_noise == model.predictor_.network.config.input_noise > 0
    assert again.predictor_.network.noise.deviations.tolist() == model.predictor_.network.noise.deviations.tolist()
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
