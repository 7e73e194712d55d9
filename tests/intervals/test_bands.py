import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.config import NetworkConfig, ScalingConfig
from unflat.dataset import as_dataset
from unflat.fitting.preparing import prepare
from unflat.intervals import Bands, Expected, bounds
from unflat.intervals.bands import scores_of
from unflat.intervals.held_out import describe, errors_of
from unflat.parting import Parting


def noisy(n, seed, *, outputs=1, noise="where the second feature is large"):
    """Draw sequences whose last step gives the target, with noise of a size that the mean step tells, or tells not."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 4, 2))
    X[:, :, 1] += random.choice([-2.0, 2.0], size=(n, 1))
    size = np.where(X[:, :, 1].mean(axis=1) > 0, 3.0, 0.1) if noise.startswith("where") else np.ones(n)
    y = X[:, -1, 0][:, None] + size[:, None] * random.normal(size=(n, outputs))
    return as_dataset(X, y[:, 0] if outputs == 1 else y)


def predictor_for(data, scale="standard"):
    """Take scales and the skip's ridge regression; the recurrence is as it was drawn."""
    config = NetworkConfig(units=(8,))
    return prepare(
        Parting.alike(data), config, ScalingConfig("standard", scale), torch.Generator().manual_seed(0)
    ).predictor


@pytest.mark.parametrize("outputs", [1, 2])
def test_coverage_in_simulation_is_the_one_asked_for(outputs):
    """Over fresh draws of calibration and test data the share inside is 0.9, for each output."""
    training = noisy(400, 0, outputs=outputs)
    predictor = predictor_for(training)
    bands = Bands.of(predictor, training)
    shares = []
    for seed in range(1, 101):
        calibrated = bands.calibrated(predictor, noisy(60, seed, outputs=outputs))
        test = noisy(200, 1000 + seed, outputs=outputs)
        expected = calibrated.expect(predictor, test.sequences)
        interval = bounds(predictor, expected, calibrated.calibration.quantiles(0.9, len(test), None))
        shares.append(((test.y >= interval.lower) & (test.y <= interval.upper)).mean(axis=0))
    assert np.mean(shares, axis=0) == pytest.approx(np.full(outputs, 0.9), abs=0.02)


def test_bounds_are_wide_where_errors_are_large():
    """Learned distances tell noisy sequences from quiet ones, and are kept since they narrow the intervals."""
    training = noisy(1000, 0)
    predictor = predictor_for(training)
    bands = Bands.of(predictor, training).calibrated(predictor, noisy(300, 1))
    test = noisy(300, 2)
    distances = bands.expect(predictor, test.sequences).distances.sum(axis=(1, 2))
    loud = test.sequences.dense()[:, :, 1].mean(axis=1) > 0
    assert bool(bands.distances.learned)
    assert distances[loud].mean() > 4 * distances[~loud].mean()


def test_distances_that_do_not_help_on_held_out_data_are_left_alone():
    """Errors whose size says nothing, or the contrary of what training said: one distance for all."""
    training = noisy(300, 0)
    predictor = predictor_for(training)
    other = noisy(300, 1)
    turned = as_dataset(other.sequences.dense() * [1, -1], other.y[:, 0])
    bands = Bands.of(predictor, training).calibrated(predictor, turned)
    assert not bool(bands.distances.learned)
    assert len(np.unique(bands.expect(predictor, turned.sequences).distances[:, 0])) == 1
    assert bool(bands.calibrated(predictor, other).distances.learned), "what was learned is not forgotten"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 50), st.floats(0, 50), st.sampled_from(["standard", "log"]))
def test_bounds_never_cross_hold_the_prediction_and_widen(seed, first, second, scale):
    """For any quantiles, on a plain and a logarithmic scale, and infinite where the quantile is."""
    random = np.random.default_rng(seed)
    data = as_dataset(random.normal(size=(30, 3, 1)), np.exp(random.normal(size=30)))
    predictor = predictor_for(data, scale)
    expected = Expected(random.normal(size=(6, 1)), random.exponential(size=(6, 2, 1)) + 1e-6)
    inner, outer = (bounds(predictor, expected, np.full((6, 1), quantile)) for quantile in sorted((first, second)))
    middle = predictor.target.inverse(torch.from_numpy(expected.center)).numpy()
    assert (outer.lower <= inner.lower).all()
    assert (inner.lower <= middle).all()
    assert (middle <= inner.upper).all()
    assert (inner.upper <= outer.upper).all()
    everything = bounds(predictor, expected, np.full((6, 1), np.inf))
    assert (everything.lower == (0 if scale == "log" else -np.inf)).all()
    assert (everything.upper == np.inf).all()


def test_scores_are_distances_on_the_side_of_the_error():
    """Two below and three above, in units of 1 and 2."""
    distances = np.array([[[1.0], [2.0]]] * 3)
    assert scores_of(np.array([[-2.0], [3.0], [0.0]]), distances).tolist() == [[2.0], [1.5], [0.0]]


def test_description_is_prediction_and_pooled_states():
    """Its first columns are the network's predictions, whatever the batches."""
    data = noisy(50, 0)
    predictor = predictor_for(data)
    described = describe(predictor, data.sequences)
    values = torch.from_numpy(data.sequences.dense())
    with torch.no_grad():
        assert torch.allclose(described[:, :1], predictor.network(predictor.inputs(values)), atol=1e-6)
    assert described.shape == (50, 1 + predictor.network.readout.width)


def test_numbers_come_back_from_a_file():
    """With scores and without."""
    data = noisy(100, 0)
    predictor = predictor_for(data)
    plain = Bands.of(predictor, data)
    for bands in (plain, plain.calibrated(predictor, noisy(60, 1))):
        labels = () if bands.calibration is None else bands.calibration.labels
        again = Bands.from_saved(bands.to_arrays(), labels)
        assert np.array_equal(
            again.expect(predictor, data.sequences).distances, bands.expect(predictor, data.sequences).distances
        )
        assert (again.calibration is None) == (bands.calibration is None)


def test_distances_of_errors_that_they_were_learned_from_promise_nothing():
    """Errors of pure chance, learned by heart: each part is calibrated by distances that never saw its errors."""
    data, test = noisy(80, 0, noise="alike"), noisy(1000, 1, noise="alike")
    predictor = predictor_for(data)
    shares = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        bands = Bands.crossed(predictor, data, random.normal(size=(80, 1)), np.repeat(np.arange(5), 16))
        reach = (
            bands.calibration.quantiles(0.9, len(test), None) * bands.expect(predictor, test.sequences).distances[:, 0]
        )
        shares.append(np.mean(np.abs(random.normal(size=(1000, 1))) <= reach))
    assert np.mean(shares) == pytest.approx(0.9, abs=0.02)


def test_distances_across_parts_tell_noisy_sequences_from_quiet_ones():
    """Where the size of an error can be told, distances learned from the other parts narrow the intervals."""
    data = noisy(400, 0)
    predictor = predictor_for(data)
    errors = errors_of(predictor, data, describe(predictor, data.sequences))
    bands = Bands.crossed(predictor, data, errors, np.arange(400) % 5)
    assert bool(bands.distances.learned)
    distances = bands.expect(predictor, data.sequences).distances.sum(axis=(1, 2))
    loud = data.sequences.dense()[:, :, 1].mean(axis=1) > 0
    assert distances[loud].mean() > 4 * distances[~loud].mean()
