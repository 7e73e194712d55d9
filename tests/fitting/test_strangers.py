"""Noise for the sake of series that training never saw."""

import warnings

import hypothesis.extra.numpy as hnp
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unflat import FitWarning, LSTMRegressor, load, make_windows
from unflat.dataset import as_dataset
from unflat.fitting.strangers import Levels, levels_of
from unflat.scaling.scales import fit_input_scaling, fit_target_scaler


def windows(series, *, steps=30, features=4, dates=False):
    """Cut windows of 4 steps out of a table of several series."""
    random = np.random.default_rng(0)
    count = series * steps
    own = np.repeat(random.normal(size=(series, features)), steps, axis=0)
    columns = {f"x{place}": own[:, place] + random.normal(0, 0.1, size=count) for place in range(features)}
    day = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, steps), eager=True)
    time = pl.concat([day] * series) if dates else np.tile(np.arange(steps), series)
    frame = pl.DataFrame(
        {"unit": np.repeat(np.arange(series), steps), "t": time, **columns, "y": random.normal(size=count)}
    )
    return make_windows(frame, target="y", features=list(columns), length=4, horizon=0, group="unit", time="t")


def fitted_noise(X, y=None, groups=None, **settings):
    """Fit for an epoch, and give the noise that it was trained under."""
    model = LSTMRegressor(units=(3,), epochs=1, random_state=0, progress=False, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        return model.fit(X, y, groups=groups).predictor_.network.config.input_noise


def test_noise_is_for_series_that_are_held_out_whole():
    """Groups given to `fit` and series of a table alike, unless their time is a date: then they go on."""
    random = np.random.default_rng(0)
    X, y, unit = worn(random, 12)
    assert fitted_noise(X, y, unit) > 0
    assert fitted_noise(X, y) == 0
    assert fitted_noise(windows(12)) > 0
    assert fitted_noise(windows(12, dates=True)) == 0
    assert fitted_noise(windows(3)) == 0  # too few series to hold one out


def test_sequences_that_are_series_of_their_own_get_no_noise():
    """Nothing is there to be known again."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 5, 2)), random.normal(size=60)
    assert fitted_noise(X, y, np.arange(60)) == 0


def test_noise_that_is_asked_for_is_taken():
    """A number stands, also none."""
    X, y, unit = worn(np.random.default_rng(0), 12)
    assert fitted_noise(X, y, unit, input_noise=0.7) == 0.7
    assert fitted_noise(X, y, unit, input_noise=0) == 0


@pytest.mark.parametrize("alike", [1, 4, 14])
def test_noise_leaves_half_of_the_bits_that_name_a_series(alike):
    """For features that are all alike it has a closed form: from 1 + 1 / (r + s²) = m ** (1 / d)."""
    between, within, series = 0.4, 0.05, 100
    levels = Levels(np.full(alike, between), np.full(alike, within), series)
    expected = 1 / (series ** (1 / alike) - 1) - (within / between) ** 2
    assert levels.noise == pytest.approx(np.sqrt(max(expected, 0)), abs=1e-6)
    if expected > 0:
        assert levels.bits(levels.noise) == pytest.approx(np.log2(series) / 2)


@given(
    hnp.arrays(float, 5, elements=st.floats(0, 3)), hnp.arrays(float, 5, elements=st.floats(0, 3)), st.integers(0, 500)
)
def test_noise_hides_and_is_never_more_than_needed(between, within, series):
    """Whatever the levels: no noise where they tell little, and under it they tell no more than half of a name."""
    levels = Levels(between, within, series)
    half = np.log2(max(series, 1)) / 2
    assert levels.bits(levels.noise) <= half + 1e-6 or levels.noise == pytest.approx(16)
    assert levels.noise == 0 or levels.bits(0.99 * levels.noise) > half


def levels(random, own, *, scale="standard", slope=0.0, series=400, each=12, missing=False):
    """Measure the levels of a first feature, which are a series' own and the target's, and of plain noise."""
    series_of = np.repeat(np.arange(series), each)
    y = random.normal(size=series * each)
    first = own * random.normal(size=series)[series_of] + slope * (y + y**3)
    raw = np.stack([first, np.zeros_like(first)], axis=1)[:, None] + random.normal(size=(series * each, 5, 2))
    if missing:
        raw[3, 2, 1] = np.nan
    data = as_dataset(raw, y, groups=series_of)
    inputs, _ = fit_input_scaling(data.sequences, scale)
    target = fit_target_scaler(data.y, "standard", data.names)
    return levels_of(inputs, target, data), raw


@pytest.mark.parametrize("scale", ["standard", "minmax", "none"])
def test_levels_differ_from_series_to_series_and_within(scale):
    """On the network's scale, whatever it is; steps that differ by chance alone are no level."""
    found, raw = levels(np.random.default_rng(1), 0.7, scale=scale)
    unit = {"standard": raw[..., 0].std(), "minmax": np.ptp(raw[..., 0]), "none": 1.0}[scale]
    assert found.series == 400
    assert found.between[0] == pytest.approx(0.7 / unit, rel=0.1)
    assert found.within[0] == pytest.approx(5**-0.5 / unit, rel=0.1)
    assert found.between[1] < 0.15 * found.within[1]


def test_a_level_that_is_the_targets_is_none_of_the_series():
    """What bends with the target is explained by it, and what is left is as if it were not there."""
    found, _ = levels(np.random.default_rng(2), 0.0, slope=2.0)
    assert found.between.max() < 0.05


def test_indicators_have_no_level():
    """A value that is missing here and there is no mark of a series."""
    found, _ = levels(np.random.default_rng(3), 0.7, missing=True)
    assert len(found.between) == len(found.within) == 2


def test_without_series_there_are_no_levels():
    """Noise that is asked for where nothing is said of series moves nothing."""
    random = np.random.default_rng(0)
    data = as_dataset(random.normal(size=(40, 5, 2)), random.normal(size=40))
    inputs, _ = fit_input_scaling(data.sequences, "standard")
    target = fit_target_scaler(data.y, "standard", data.names)
    found = levels_of(inputs, target, data)
    assert (found.series, found.noise, found.between.tolist()) == (0, 0, [0, 0])


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


@pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")
def test_noise_is_kept_in_the_file(tmp_path):
    """A loaded model knows how it was trained, for when training goes on, and predicts the same."""
    random = np.random.default_rng(0)
    X, y, unit = worn(random, 6, steps=14)
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False).fit(X, y, groups=unit)
    model.save(tmp_path / "worn.unflat")
    again = load(tmp_path / "worn.unflat")
    assert again.predictor_.network.config.input_noise == model.predictor_.network.config.input_noise > 0
    for one, other in zip(again.predictor_.network.members, model.predictor_.network.members, strict=True):
        assert one.noise.deviations.tolist() == other.noise.deviations.tolist()
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
