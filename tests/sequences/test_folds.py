"""What a learner may learn from and is judged on: every sequence once, and no shared steps between the two."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.sequences.folds import FOLDS, folds_of, folds_of_series, places_apart_in, shuffled


def windows(n, steps, stride):
    """Cut windows out of one series."""
    series = np.random.default_rng(1).normal(size=n * stride + steps)
    return np.stack([series[i * stride : i * stride + steps] for i in range(n)])[:, :, None]


@pytest.mark.parametrize(("stride", "apart"), [(1, 12), (3, 4), (5, 3), (12, 1), (20, 1)])
def test_overlap_is_read_off_the_numbers(stride, apart):
    """Windows of 12 steps, cut every so many, share none from a known number of places on."""
    assert places_apart_in(windows(60, 12, stride)) == apart


def test_independent_and_constant_sequences_do_not_overlap():
    """Sequences of their own, sequences of one value, all the same ones, or a single one share nothing."""
    assert places_apart_in(np.random.default_rng(2).normal(size=(50, 8, 3))) == 1
    assert places_apart_in(np.repeat(np.arange(50.0)[:, None, None], 8, axis=1)) == 1
    assert places_apart_in(np.zeros((50, 8, 3))) == 1
    assert places_apart_in(np.zeros((1, 8, 3))) == 1


@given(st.integers(10, 200), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_each_sequence_is_judged_once_and_never_learned_from_meanwhile(n, apart):
    """The folds divide the sequences, and none stands on both sides."""
    folds = folds_of(np.arange(n), apart, np.random.default_rng(0))
    assert sorted(np.concatenate([fold.held_out for fold in folds])) == list(range(n))
    assert all(not set(fold.training) & set(fold.held_out) for fold in folds)


@pytest.mark.parametrize(("n", "apart"), [(2, 1), (3, 2), (1, 1), (2, 12), (4, 12)])
def test_hardly_any_sequences_make_hardly_any_folds(n, apart):
    """Fewer sequences than folds make a fold each, none of them empty."""
    folds = folds_of(np.arange(n), apart, np.random.default_rng(0))
    assert sorted(np.concatenate([fold.held_out for fold in folds])) == list(range(n))
    assert all(len(fold.held_out) == 1 for fold in folds)
    assert all(len(fold.training) == n - 1 for fold in folds)


def test_windows_that_share_steps_are_kept_apart():
    """In a long series whoever is learned from is at least a window's length from whoever is judged."""
    places = np.sort(np.random.default_rng(3).permutation(3000)[:800])
    for fold in folds_of(places, 16, np.random.default_rng(0)):
        gaps = np.abs(places[fold.training][:, None] - places[fold.held_out])
        assert gaps.min() >= 16


def test_a_short_series_is_learned_from_all_the_same():
    """Where nearly every window shares steps with all others, some leak is better than nothing to learn from."""
    folds = folds_of(np.arange(30), 25, np.random.default_rng(0))
    assert min(len(fold.training) for fold in folds) == 24


@given(st.integers(1, 100), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_shuffling_loses_nothing(n, length):
    """Every position comes out once."""
    assert sorted(shuffled(n, length, np.random.default_rng(0))) == list(range(n))


def test_blocks_stay_together():
    """Most neighbours are neighbours still when blocks are shuffled, and hardly any when all are."""
    together = [np.mean(np.diff(shuffled(1000, length, np.random.default_rng(0))) == 1) for length in (1, 20)]
    assert together[0] < 0.05
    assert together[1] > 0.9


@given(st.lists(st.integers(0, 8), min_size=2, max_size=60).filter(lambda series: len(set(series)) > 1))
def test_series_are_held_out_whole_and_once(series):
    """Each fold judges whole series and learns from all others; together they judge every sequence."""
    series = np.array(series)
    folds = folds_of_series(series, np.random.default_rng(0))
    assert len(folds) == min(FOLDS, len(np.unique(series)))
    np.testing.assert_array_equal(np.sort(np.concatenate([fold.held_out for fold in folds])), np.arange(len(series)))
    for fold in folds:
        assert not set(series[fold.training]) & set(series[fold.held_out])
        assert len(fold.training) + len(fold.held_out) == len(series)
