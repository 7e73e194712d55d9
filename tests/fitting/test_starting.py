"""What training begins at, chosen on a training part and held against a validation part."""

import numpy as np
import pytest
import torch

from unflat.dataset import as_dataset
from unflat.fitting.starting import starts_of
from unflat.network.lines.reading import Reader
from unflat.parting import Parting, parted
from unflat.scaling.scales import fit_input_scaling, fit_target_scaler


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
    ((line, _),) = starts_of(inputs, None, target, Parting.alike(training, validation))
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
    ((line, bounds),) = starts_of(inputs, None, target, Parting.alike(asked))
    assert line.terms.moments
    read = Reader(inputs, None, bounds).read(asked.sequences, line.terms)
    error = line.predict(read) - target(torch.from_numpy(asked.y)).numpy()
    assert np.sqrt(np.mean(error**2)) < 1e-4


def test_networks_that_hold_out_different_parts_begin_at_lines_of_their_own():
    """All read the same, and none has seen the targets that it holds out."""
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 5, 2))
    y = 100 - 20 * X[:, -1, 0] + random.normal(0, 5, size=60)
    data = as_dataset(X, y)
    inputs, _ = fit_input_scaling(data.sequences, "standard")
    target = fit_target_scaler(data.y, "standard", data.names)

    def lines(targets):
        parting = parted(as_dataset(X, targets), None, "auto", np.random.RandomState(0), 5)
        return parting, [line for line, _ in starts_of(inputs, None, target, parting)]

    parting, before = lines(y)
    assert len({line.weight.tobytes() for line in before}) == 5
    assert len({line.terms for line in before}) == 1
    held_out = np.setdiff1d(np.arange(60), parting.parts[2].places)
    y[held_out] += 1.0  # so little that the same is chosen
    after = lines(y)[1]
    np.testing.assert_array_equal(after[2].weight, before[2].weight)
    assert not np.array_equal(after[3].weight, before[3].weight)


@pytest.mark.parametrize(("level", "believed"), [(0.0, True), (3.0, False)])
def test_the_end_of_a_short_series_may_refute_the_lines_of_all_its_stretches(level, believed):
    """A pull towards one level, which most networks have learned, is wrong where the series ends at another."""
    before, end = series(190, 0.0, 0.3, seed=1), series(40, level, 0.3, seed=4)
    values = np.concatenate([before.sequences.dense()[::10, :, 0].ravel(), end.y[:, 0]])
    windows = np.lib.stride_tricks.sliding_window_view(values, 11)
    data = as_dataset(windows[:, :10, None], windows[:, 10])
    parting = parted(data, None, "auto", np.random.RandomState(0), "auto")
    inputs, _ = fit_input_scaling(data.sequences, "standard")
    target = fit_target_scaler(data.y, "standard", data.names)
    starts = starts_of(inputs, None, target, parting)
    assert len(starts) == 5
    slopes = [start.line.weight[0, 0] * float(target.scale[0] / inputs.scaler.scale[0]) for start in starts]
    assert (max(slopes) < 0.85) if believed else (min(slopes) > 0.9)


def test_a_line_for_other_series_is_judged_on_other_series():
    """Where each series has a level of its own that its steps tell, neighbours of the same series would praise it."""
    random = np.random.default_rng(1)
    levels = np.repeat(random.normal(size=(12, 6)), 40, axis=0)  # six features name the series
    X = np.repeat(levels[:, None], 3, axis=1) + 0.1 * random.normal(size=(480, 3, 6))
    y = np.repeat(random.normal(size=12), 40) + 0.1 * random.normal(size=480)
    order = random.permutation(480)
    named = as_dataset(X[order], y[order], groups=np.repeat(np.arange(12), 40)[order])
    alone, mixed = (np.linalg.norm(started(data)[0].weight) for data in (named, as_dataset(X[order], y[order])))
    assert alone < 0.5 * mixed
