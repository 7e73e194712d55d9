"""Targets on one scale and back, predictions where their sequences stand, and learners weighed together."""

from __future__ import annotations

import numpy as np
import pytest

from unflat.diagnosis.references.signal import Reference
from unflat.diagnosis.references.tables import TOGETHER, Tables, in_place, orders_of, padded_alike, r2_of

GENERATOR = np.random.default_rng(4)
COLUMNS = GENERATOR.normal(size=(120, 3))
Y = np.column_stack([700 + 20 * COLUMNS[:, 0], np.full(120, 9.0)])
NOTHING = np.full(2, np.nan)


def test_targets_are_scaled_by_the_training_part_and_come_back():
    """The training part has mean 0 and deviation 1, the held-out part its scale; a constant stays what it is."""
    tables = Tables.of(COLUMNS, Y[:80], (COLUMNS[80:], Y[80:]))
    np.testing.assert_allclose(tables.y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(tables.y.std(axis=0), [1, 0])
    np.testing.assert_allclose(tables.in_units(tables.y), Y[:80])
    np.testing.assert_allclose(tables.in_units(tables.asked_y), Y[80:])
    np.testing.assert_array_equal(tables.asked, COLUMNS[80:])


def test_what_is_reached_is_in_the_targets_units():
    """R² is that of the predictions in their units, and nan of a constant; without orders every target is as likely."""
    tables = Tables.of(COLUMNS, Y[:80], (COLUMNS[80:], Y[80:]))
    found = tables.reached("half", tables.y / 2, tables.asked_y / 2, [])
    assert found.r2 == pytest.approx([0.75, np.nan], nan_ok=True)
    np.testing.assert_allclose(found.r2, r2_of(Y[:80], found.prediction))
    np.testing.assert_allclose(found.held_out_r2, r2_of(Y[80:], found.held_out_prediction))
    np.testing.assert_array_equal(found.p_value, 1.0)


def test_together_learners_are_weighed_as_least_squares_would():
    """Of two halves of a target each is taken whole; who was not tried is left out, and a constant has no R²."""
    tables = Tables.of(COLUMNS, Y, None)
    half = GENERATOR.normal(size=(120, 1)) * [[1.0, 0.0]]
    one, other = tables.in_units(half), tables.in_units(tables.y - half)
    tried = [Reference(name, np.zeros(2), NOTHING, NOTHING, p, Y[:0]) for name, p in (("one", one), ("other", other))]
    untried = Reference("none", NOTHING, NOTHING, NOTHING, np.full_like(Y, np.nan), Y[:0])
    both = tables.together((*tried, untried))
    assert both.name == TOGETHER
    np.testing.assert_allclose(both.prediction, Y)
    assert both.r2 == pytest.approx([1.0, np.nan], nan_ok=True)


def test_predictions_for_some_stand_among_all():
    """Those that nobody was asked about are nan; where there is no held-out part, there are no predictions for it."""
    found = in_place(
        Reference("one", NOTHING, NOTHING, NOTHING, np.ones((2, 2)), np.ones((0, 2))), (np.array([1, 3]), 5), (None, 0)
    )
    np.testing.assert_array_equal(found.prediction[:, 0], [np.nan, 1, np.nan, 1, np.nan])
    assert found.held_out_prediction is None


def test_overlapping_windows_are_shuffled_in_blocks():
    """Neighbours stay together for three lengths of a window, and each order has every place once."""
    free, kept = (orders_of(np.arange(400), 400, apart, np.random.default_rng(0)) for apart in (1, 10))
    assert len(free) == len(kept) == 999
    together = [np.mean(np.diff(order) == 1) for order in (free[0], kept[0])]
    assert together[0] < 0.05
    assert together[1] > 0.9
    assert all(np.array_equal(np.sort(order), np.arange(400)) for order in kept[:20])


def test_parts_of_different_lengths_are_put_together():
    """Shorter sequences end on nan."""
    values, held_out = np.ones((3, 4, 1)), (np.ones((2, 6, 1)), np.ones((2, 1)))
    together = padded_alike(values, held_out)
    assert together.shape == (5, 6, 1)
    assert np.isnan(together[:3, 4:]).all()
    assert np.isfinite(together[3:]).all()
    assert padded_alike(values, None).shape == (3, 4, 1)
