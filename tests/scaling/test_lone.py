"""Values that alone outweigh all others of their column together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unflat.scaling.lone import drawn_in, lone_values


@pytest.fixture
def usual():
    """Twenty-one values between -1 and 1, their median at zero."""
    return np.linspace(-1.0, 1.0, 21)


class TestLoneValues:
    """Which are found, and what they count as."""

    @pytest.mark.parametrize("value", [1e6, -1e6])
    def test_a_gross_mistake_counts_as_the_largest_of_the_others(self, usual, value):
        """It is drawn in from its own side."""
        usual[4] = value
        (lone,) = lone_values(usual)
        assert (lone.places.tolist(), lone.value) == ([4], value)
        assert lone.drawn_to == pytest.approx(np.sign(value))

    @pytest.mark.parametrize(("times", "found"), [(1.01, 1), (0.99, 0)])
    def test_it_must_outweigh_all_others_together(self, times, found):
        """Twenty squares of one, and a median that stays at zero."""
        column = np.array([-1.0, 1.0] * 10 + [0.0, 0.0, times * np.sqrt(20)])
        assert np.median(column) == 0
        assert len(lone_values(column)) == found

    @pytest.mark.parametrize("times", [1.0001, 1.5, 3.0])
    def test_it_counts_the_less_the_farther_out_it_is(self, times):
        """As much as before where it is as heavy as the others, and then in inverse proportion."""
        (lone,) = lone_values(np.array([-1.0, 1.0] * 50 + [0.0, 0.0, times * 10.0]))
        assert lone.drawn_to == pytest.approx(10 / times)

    def test_weights_count_as_copies_do(self, usual):
        """A value of weight 3 is drawn to where three of them are."""
        column, weights = np.append(usual, 9.0), np.append(np.ones(21), 3.0)
        (lone,) = lone_values(column, weights)
        (of_copies,) = lone_values(np.repeat(column, weights.astype(int)), copies=3)
        assert (lone.value, lone.drawn_to) == pytest.approx((9.0, of_copies.drawn_to))
        assert lone.drawn_to == pytest.approx(1.0)

    @pytest.mark.parametrize("weight", [20.0, 60.0, 1000.0, 1e9])
    @pytest.mark.parametrize("value", [0.5, 1.0, 2.0])
    def test_a_heavy_weight_makes_no_mistake_of_a_usual_value(self, weight, value):
        """However much it counts, there are values beyond it."""
        column, weights = np.random.default_rng(0).normal(size=200), np.ones(200)
        place = int(np.argmin(np.abs(column - value)))
        weights[place] = weight
        assert lone_values(column, weights) == []

    def test_weights_of_one_are_none(self):
        """What each counts is then what it counts without them."""
        column = np.random.default_rng(1).normal(size=400)
        column[[5, 50]] = [1e3, -1e6]
        for found, expected in zip(lone_values(column, np.ones(400)), lone_values(column), strict=True):
            assert (found.places.tolist(), *found[1:]) == (expected.places.tolist(), *expected[1:])

    def test_a_value_without_weight_outweighs_nothing(self, usual):
        """It is not learned from anyway."""
        usual[4] = 1e6
        weights = np.ones(21)
        weights[4] = 0.0
        assert lone_values(usual, weights) == []

    def test_heavy_tails_are_left(self):
        """Of hundreds, none outweighs the others."""
        assert lone_values(np.random.default_rng(0).standard_t(3, size=500)) == []

    def test_of_fewer_than_twenty_none_is_drawn_in(self, usual):
        """Nobody can say what is usual."""
        column = usual[:19]
        column[4] = 1e6
        assert lone_values(column) == []

    def test_where_all_others_are_one_number_it_is_all_there_is_to_learn(self):
        """An event that happened once is no mistake."""
        column = np.zeros(40)
        column[3] = 7.0
        assert lone_values(column) == []

    def test_values_that_double_lose_one_in_a_hundred_at_the_most(self):
        """Each of them outweighs all smaller ones; values that grow slowly do not."""
        assert len(lone_values(2.0 ** np.arange(60))) == 1
        assert lone_values(1.01 ** np.arange(300)) == []

    def test_one_in_a_hundred_may_be_drawn_in_one_after_the_other(self):
        """A larger mistake does not hide a smaller one."""
        column = np.random.default_rng(1).normal(size=400)
        column[[5, 50, 150]] = [1e3, -1e6, 1e9]
        found = lone_values(column)
        assert [lone.places.tolist() for lone in found] == [[150], [50], [5]]
        others = np.delete(column, [5, 50, 150])
        drawn = drawn_in(column, found)
        assert (drawn.min(), drawn.max()) == pytest.approx((others.min(), others.max()))

    def test_what_is_missing_is_none_of_them(self, usual):
        """Places are those of the column with its gaps."""
        column = np.insert(usual, 3, np.nan)
        column[10] = 1e6
        assert lone_values(column)[0].places.tolist() == [10]
        assert lone_values(np.full(30, np.nan)) == []

    @pytest.mark.parametrize("place", [5, 250, 299])
    def test_a_column_is_looked_at_piece_by_piece(self, place, monkeypatch):
        """In whichever piece the value stands, and whether or not the pieces beside it hold anything."""
        monkeypatch.setattr("unflat.scaling.lone.CHUNK_ROWS", 100)
        column = np.random.default_rng(3).normal(size=300)
        column[100:200] = np.nan
        column[place] = 1e5
        assert lone_values(column)[0].places.tolist() == [place]
        assert lone_values(np.delete(column, place)) == []

    def test_copies_of_one_value_are_one_where_windows_overlap(self):
        """They are found together up to the number of copies that overlap makes, and not beyond."""
        column = np.random.default_rng(2).normal(size=2000)
        column[[100, 107, 114]] = 1e5
        assert lone_values(column, copies=2) == []
        (lone,) = lone_values(column, copies=3)
        assert lone.places.tolist() == [100, 107, 114]

    def test_a_square_beyond_all_numbers_is_found(self, usual):
        """Squares of 1e300 are infinite."""
        usual[4] = 1e300
        assert abs(lone_values(usual)[0].drawn_to) < 2


class TestDrawnIn:
    """What is left of them."""

    @given(arrays(np.float64, 25, elements=st.floats(-1e9, 1e9, width=32)))
    def test_only_what_was_found_changes_and_comes_nearer_to_the_median(self, column):
        """And the column that was given stays as it is."""
        before = column.copy()
        found = lone_values(column)
        drawn = drawn_in(column, found)
        assert np.array_equal(column, before)
        places = [place for lone in found for place in lone.places]
        assert np.flatnonzero(drawn != column).tolist() == sorted(places)
        middle = np.median(column)
        assert all(abs(drawn[place] - middle) < abs(column[place] - middle) for place in places)
