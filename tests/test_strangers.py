"""Noise for the sake of series that training never saw."""

import numpy as np
import polars as pl
import pytest

from unflat import LSTMRegressor, load, make_windows
from unflat.dataset import as_dataset
from unflat.scaling import fit_input_scaling, fit_target_scaler
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
def test_noise_is_twice_as_wide_as_silvermans_kernels(series, features):
    """The rule for a normal density of as many dimensions, from as many points as there are series."""
    expected = 2 * (4 / ((features + 2) * series)) ** (1 / (features + 4))
    assert noise_for(as_dataset(windows(series, features=features), None)) == pytest.approx(expected)


def test_groups_of_arrays_are_series():
    """Groups that are given to `fit` are held out whole, as series of a table are."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 5, 2)), random.normal(size=60)
    data = as_dataset(X, y, groups=np.repeat(np.arange(12), 5))
    assert noise_for(data) == pytest.approx(2 * (4 / (4 * 12)) ** (1 / 6))


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


def levels(random, own, *, scale="standard", slope=0.0, series=400, each=12, missing=False):
    """Measure the deviations of a first feature, whose level is a series' own and the target's, and of plain noise."""
    series_of = np.repeat(np.arange(series), each)
    y = random.normal(size=series * each)
    first = own * random.normal(size=series)[series_of] + slope * (y + y**3)
    raw = np.stack([first, np.zeros_like(first)], axis=1)[:, None] + random.normal(size=(series * each, 5, 2))
    if missing:
        raw[3, 2, 1] = np.nan
    data = as_dataset(raw, y, groups=series_of)
    inputs, _ = fit_input_scaling(data.sequences, scale)
    target = fit_target_scaler(data.y, "standard", data.names)
    return deviations_of(inputs, target, data).numpy(), raw


@pytest.mark.parametrize("scale", ["standard", "minmax", "none"])
def test_deviations_are_those_of_levels_from_series_to_series(scale):
    """On the network's scale, whatever it is; steps that differ by chance alone are no level."""
    (first, second), raw = levels(np.random.default_rng(1), 0.7, scale=scale)
    unit = {"standard": raw[..., 0].std(), "minmax": np.ptp(raw[..., 0]), "none": 1.0}[scale]
    assert first == pytest.approx(0.7 / unit, rel=0.1)
    assert second < 0.15 * first


def test_a_level_that_is_the_targets_is_none_of_the_series():
    """What bends with the target is explained by it, and what is left is as if it were not there."""
    (first, second), _ = levels(np.random.default_rng(2), 0.0, slope=2.0)
    assert max(first, second) < 0.05


def test_indicators_have_no_level():
    """A value that is missing here and there is no mark of a series."""
    deviations, _ = levels(np.random.default_rng(3), 0.7, missing=True)
    assert deviations.shape == (3,)
    assert deviations[2] == 0


def test_without_series_there_are_no_levels():
    """Noise that is asked for where nothing is said of series moves nothing."""
    random = np.random.default_rng(0)
    data = as_dataset(random.normal(size=(40, 5, 2)), random.normal(size=40))
    inputs, _ = fit_input_scaling(data.sequences, "standard")
    target = fit_target_scaler(data.y, "standard", data.names)
    assert deviations_of(inputs, target, data).tolist() == [0, 0]


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
