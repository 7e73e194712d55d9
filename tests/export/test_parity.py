"""How far an exported model is from the model: drawn sequences, and differences in the target's spread."""

from types import SimpleNamespace

import numpy as np
import pytest

from unflat.errors import ParityError
from unflat.export.parity import draw_sequences, worst_difference
from unflat.network.arrays import InputArrays
from unflat.scaling.ranges import InputRange


def target(center, scale, *, logarithmic=False):
    """Stand in for a predictor, of which only the target's scale is looked at."""
    return SimpleNamespace(target_center=np.array(center), target_scale=np.array(scale), logarithmic=logarithmic)


def test_drawn_sequences_fill_the_ranges_of_the_training():
    """Numbers lie all over their range, categories are those known, another or none, gaps stand where they may."""
    inputs = InputArrays(
        numeric=np.array([0, 2]),
        center=np.array([1e9, -5.0]),
        scale=np.array([2.0, 1e-3]),
        with_missing=np.array([1]),
        code_columns=np.array([1, 1]),
        codes=np.array([4.0, 7.0]),
        unseen=np.array([0.5, 0.5]),
    )
    ranges = InputRange(np.array([1e9 - 3, np.nan, -5.002]), np.array([1e9 + 9, np.nan, -4.998]))
    arrays = SimpleNamespace(inputs=inputs, context=None)
    sequences = draw_sequences(arrays, ranges)
    stamp, label, gappy = sequences.rows.T
    assert (sequences.lengths.min(), sequences.longest, len(sequences)) == (1, 32, 64)
    assert stamp.min() == pytest.approx(1e9 - 3, abs=0.1)
    assert stamp.max() == pytest.approx(1e9 + 9, abs=0.1)
    assert set(label[~np.isnan(label)]) == {4.0, 7.0, 8.0}
    assert np.isnan(label).any()
    assert np.nanstd(gappy) == pytest.approx(0.004 / np.sqrt(12), rel=0.1)
    assert 0.05 < np.isnan(gappy).mean() < 0.2
    assert np.array_equal(sequences.rows, draw_sequences(arrays, ranges).rows, equal_nan=True)


def test_what_stands_beside_is_drawn_as_well():
    """Its columns have ranges, categories and names of their own; each sequence has its own row."""
    none = np.array([], dtype=np.int64)
    inputs = InputArrays(np.array([0]), np.zeros(1), np.ones(1), none, none, np.array([]), np.array([]))
    beside = InputArrays(
        np.array([1]), np.zeros(1), np.ones(1), none, np.array([0, 0]), np.array([2.0, 3.0]), np.array([0.5, 0.5])
    )
    ranges = InputRange(np.zeros(1), np.ones(1), InputRange(np.array([np.nan, 40.0]), np.array([np.nan, 50.0])))
    sequences = draw_sequences(SimpleNamespace(inputs=inputs, context=beside), ranges, ("pump", "price"))
    assert sequences.context_names == ("pump", "price")
    assert sequences.context_categorical == (0,)
    pump, price = sequences.context_at(slice(None)).T
    assert set(pump[~np.isnan(pump)]) == {2.0, 3.0, 4.0}
    assert len(np.unique(price)) == len(sequences)
    assert 40 <= price.min() < price.max() <= 50


def test_the_difference_is_measured_in_the_targets_spread():
    """Without held-out scores the scale is the spread; the largest over sequences and outputs counts."""
    model = np.array([[100.0, 5.0], [101.0, 5.0]])
    exported = model + np.array([[0, 3e-6], [4e-5, 0]])
    assert worst_difference(model, exported, target([100.0, 5.0], [10.0, 1.0]), None) == pytest.approx(4e-6)


def test_held_out_scores_know_the_spread_better():
    """The error of the mean on held-out data is the target's standard deviation, whatever the scale."""
    held_out = SimpleNamespace(outputs=[SimpleNamespace(baseline_rmse={"mean": 50.0})])
    model = np.array([[100.0]])
    difference = worst_difference(model, model + 1e-4, target([0.0], [1.0]), held_out)
    assert difference == pytest.approx(1e-6, rel=1e-4)  # the prediction's own distance, 100, is more than 50


def test_far_from_the_center_the_distance_counts():
    """Seven digits are seven digits: what a straight line foretells far outside is compared at its own size."""
    model = np.array([[1e6]])
    assert worst_difference(model, model + 1.0, target([0.0], [1.0]), None) == pytest.approx(1e-6)


def test_a_logarithmic_target_is_compared_by_ratio():
    """Its scaled number is a logarithm, whose error is multiplied by the prediction."""
    model = np.array([[np.exp(10.0)], [0.0]])
    exported = model * (1 + 2e-5)
    assert worst_difference(model, exported, target([0.0], [2.0], logarithmic=True), None) == pytest.approx(
        2e-6, rel=1e-3
    )


def test_the_same_non_numbers_are_the_same():
    """A model that diverged is exported as it is."""
    model = np.array([[np.nan], [np.inf], [1.0]])
    assert worst_difference(model, model.copy(), target([0.0], [1.0]), None) == 0


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1.01])
def test_a_difference_is_raised_with_its_place(wrong):
    """Too far, infinite or no number where the model has one: the sequence is named."""
    model = np.ones((3, 2))
    exported = model.copy()
    exported[1, 1] = wrong
    with pytest.raises(ParityError, match="for sequence 1 of the sample") as raised:
        worst_difference(model, exported, target([0.0, 0.0], [1.0, 1.0]), None)
    assert raised.value.sequence == 1
