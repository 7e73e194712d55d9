"""What training begins at, chosen on a training part and held against a validation part."""

import numpy as np
import pytest
import torch

from unflat.dataset import as_dataset
from unflat.scaling import fit_input_scaling, fit_target_scaler
from unflat.starting import _summaries, start_of


def series(n, level, pull, seed):
    """Make a series that is pulled towards a level, and cut windows of ten with the value after each."""
    random = np.random.default_rng(seed)
    values = [level]
    for noise in random.normal(size=n + 10):
        values.append(values[-1] + pull * (level - values[-1]) + noise)
    windows = np.lib.stride_tricks.sliding_window_view(np.array(values), 11)
    return as_dataset(windows[:, :10, None], windows[:, 10])


def started(training, validation=None):
    """Predict both parts in raw units by the line that a training would begin at."""
    inputs, _ = fit_input_scaling(training.sequences, "standard")
    target = fit_target_scaler(training.y, "standard", training.names)
    line, _ = start_of(inputs, None, target, training, validation)
    slope = line.weight[0, 0] * float(target.scale[0] / inputs.scaler.scale[0])
    return line, slope


def test_line_of_another_season_gives_way_to_the_last_value():
    """A pull towards one level, learned in training, is not believed where what is held out stays at another."""
    training, elsewhere = series(800, 0.0, 0.3, seed=1), series(200, 60.0, 0.0, seed=2)
    _, believed = started(training)
    _, refuted = started(training, elsewhere)
    assert believed < 0.8
    assert refuted == pytest.approx(1.0, abs=0.1)


def test_line_that_holds_on_the_validation_part_is_left_alone():
    """Of the same series, what is held out takes nothing from the line."""
    training, later = series(800, 0.0, 0.3, seed=1), series(200, 0.0, 0.3, seed=3)
    alone, _ = started(training)
    judged, _ = started(training, later)
    np.testing.assert_array_equal(judged.weight, alone.weight)


def test_targets_of_another_kind_are_held_against_the_mean_only():
    """Where no last value is near the target, a validation part that contradicts the line does not change it."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 5, 2))
    training = as_dataset(X, 100 - 20 * X[:, -1, 0])
    against = as_dataset(X[:50], 100 + 20 * X[:50, -1, 0])
    np.testing.assert_array_equal(started(training, against)[0].weight, started(training)[0].weight)


def test_start_reads_raw_values_missing_and_all():
    """With values missing the line is still finite, and no worse than the mean."""
    random = np.random.default_rng(0)
    data = series(400, 0.0, 0.2, seed=5)
    values = data.sequences.rows.copy()
    values[random.random(len(values)) < 0.1] = np.nan
    X = np.stack([values[start : start + 10] for start in data.sequences.starts])
    holed = as_dataset(X, data.y[:, 0])
    line, _ = started(holed)
    assert np.isfinite(line.weight).all()
    inputs, _ = fit_input_scaling(holed.sequences, "standard")
    assert line.weight.shape[1] >= 2 * inputs.width
    assert torch.isfinite(inputs(torch.from_numpy(X))).all()


def test_mean_products_of_long_sequences_are_read_in_full():
    """One step in three hundred is marked, and its value is asked: the mean product, hardly varying, is not shrunk."""
    random = np.random.default_rng(0)
    values, marks = random.random((500, 300)), np.zeros((500, 300))
    marks[np.arange(500), random.integers(300, size=500)] = 1.0
    asked = as_dataset(np.stack([values, marks], axis=2), (values * marks).sum(axis=1))
    inputs, _ = fit_input_scaling(asked.sequences, "standard")
    target = fit_target_scaler(asked.y, "standard", asked.names)
    line, bounds = start_of(inputs, None, target, asked)
    assert line.terms.moments
    read = _summaries(inputs, None, asked, line.terms, bounds)
    error = line.predict(read) - target(torch.from_numpy(asked.y)).numpy()
    assert np.sqrt(np.mean(error**2)) < 1e-4
