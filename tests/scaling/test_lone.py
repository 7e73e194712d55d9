"""Targets that alone outweigh all others together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unflat.scaling.lone import Lone, drawn_in, lone_targets


def column(*values):
    """Make targets of one output."""
    return np.array(values, dtype=np.float64)[:, None]


@pytest.fixture
def usual():
    """Twenty targets between -1 and 1, their median at zero."""
    return np.linspace(-1.0, 1.0, 21)[:, None]


class TestLoneTargets:
    """Which are found, and what they count as."""

    def test_a_mistyped_target_counts_as_the_largest_of_the_others(self, usual):
        y = usual.copy()
        y[4] = 1e6
        middle = np.median(y)
        (lone,) = lone_targets(y)
        assert lone == Lone(4, 0, 1e6, pytest.approx(middle + np.abs(np.delete(y, 4) - middle).max()))

    def test_it_is_drawn_in_from_its_own_side(self, usual):
        y = usual.copy()
        y[4] = -1e6
        (lone,) = lone_targets(y)
        assert lone.drawn_to == pytest.approx(np.median(y) - np.abs(np.delete(y, 4) - np.median(y)).max())

    @pytest.mark.parametrize(("times", "found"), [(1.01, 1), (0.99, 0)])
    def test_it_must_outweigh_all_others_together(self, times, found):
        others = np.array([-1.0, 1.0] * 10 + [0.0, 0.0])  # 20 squares of one, and a median that stays at zero
        y = column(*others, times * np.sqrt(20))
        assert np.median(y) == 0
        assert len(lone_targets(y)) == found

    @pytest.mark.parametrize("times", [1.0001, 1.5, 3.0])
    def test_it_counts_the_less_the_farther_out_it_is(self, times):
        y = column(*[-1.0, 1.0] * 50, 0.0, 0.0, times * 10.0)
        (lone,) = lone_targets(y)
        assert lone.drawn_to == pytest.approx(10 / times)

    def test_weights_count_as_copies_do(self, usual):
        """A target of weight 3 is drawn to where its three copies would stand, were they found."""
        y = np.vstack([usual, [[9.0]]])
        weights = np.ones(22)
        weights[-1] = 3.0
        (lone,) = lone_targets(y, weights)
        apart = np.abs(y[:, 0] - np.median(y))
        assert lone.drawn_to - np.median(y) == pytest.approx(max(np.square(apart[:-1]).sum() / (3 * apart[-1]), 1.05))

    def test_a_target_of_heavy_tails_is_left(self):
        y = np.random.default_rng(0).standard_t(3, size=(500, 1))
        assert lone_targets(y) == []

    def test_of_fewer_than_twenty_none_is_drawn_in(self, usual):
        y = usual[:19].copy()
        y[4] = 1e6
        assert lone_targets(y) == []

    def test_where_all_others_are_one_number_it_is_all_there_is_to_learn(self):
        y = np.zeros((40, 1))
        y[3] = 7.0
        assert lone_targets(y) == []

    def test_values_that_double_from_each_to_the_next_lose_one_in_a_hundred_at_the_most(self):
        assert len(lone_targets(2.0 ** np.arange(60)[:, None])) == 1
        assert len(lone_targets(1.01 ** np.arange(300)[:, None])) == 0

    def test_one_in_a_hundred_may_be_drawn_in_one_after_the_other(self):
        y = np.random.default_rng(1).normal(size=(400, 1))
        y[[5, 50, 150]] = [[1e3], [-1e6], [1e9]]
        found = lone_targets(y)
        assert [lone.place for lone in found] == [150, 50, 5]
        assert np.abs(drawn_in(y, found)).max() == pytest.approx(np.abs(np.delete(y, [5, 50, 150])).max(), rel=0.1)

    def test_a_target_without_weight_outweighs_nothing(self, usual):
        y = usual.copy()
        y[4] = 1e6
        weights = np.ones(21)
        weights[4] = 0.0
        assert lone_targets(y, weights) == []

    def test_each_output_has_its_own(self, usual):
        y = np.hstack([usual, usual, usual])
        y[2, 0], y[7, 2] = 1e3, -1e9
        assert [(lone.output, lone.place) for lone in lone_targets(y)] == [(0, 2), (2, 7)]

    def test_a_square_beyond_all_numbers_is_found(self, usual):
        y = usual.copy()
        y[4] = 1e300
        (lone,) = lone_targets(y)
        assert abs(lone.drawn_to) < 2


class TestDrawnIn:
    """What is left of them."""

    @given(arrays(np.float64, (25, 2), elements=st.floats(-1e9, 1e9, width=32)))
    def test_only_what_was_found_changes_and_comes_nearer_to_the_median(self, y):
        before = y.copy()
        found = lone_targets(y)
        drawn = drawn_in(y, found)
        assert np.array_equal(y, before)
        changed = {(lone.place, lone.output) for lone in found}
        for place, output in np.argwhere(drawn != y):
            assert (place, output) in changed
            middle = np.median(y[:, output])
            assert abs(drawn[place, output] - middle) < abs(y[place, output] - middle)
