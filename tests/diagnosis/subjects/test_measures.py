"""Small measures: shapes, batch sizes, and how far two predictions are apart."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from unflat.diagnosis.subjects.measures import batch_size_for, shape_of, shift, taken


def test_shapes_of_arrays_and_lists():
    """An array has its shape, a list its length."""
    assert shape_of(np.zeros((2, 3))) == (2, 3)
    assert shape_of([1, 2, 3]) == (3,)


def test_batches_are_smaller_the_longer_sequences_are():
    """The steps predicted together are bounded; one sequence is always taken."""
    assert batch_size_for(np.zeros((2, 1 << 10, 1))) == 1 << 7
    assert batch_size_for(np.broadcast_to(0.0, (2, 1 << 20, 1))) == 1


def test_the_shift_is_relative_to_the_larger_deviation():
    """A shift of one by 3 of predictions with deviation 2 and 4 is 3 / 4."""
    a = np.array([-2.0, 2.0, -2.0, 2.0])
    assert shift(a, 2 * a) == pytest.approx(2 / 4)
    assert shift(a, a + 3) == pytest.approx(3 / 2)


def test_equal_predictions_are_not_shifted_and_constants_infinitely():
    """No difference is 0 even without deviation; a difference without deviation is infinite."""
    assert shift(np.ones(3), np.ones(3)) == 0
    assert shift(np.ones(3), np.zeros(3)) == math.inf


def test_the_output_that_moves_most_counts():
    """Of several outputs the largest shift is given."""
    a = np.array([[-1.0, -1.0], [1.0, 1.0]])
    assert shift(a, a + np.array([0.0, 5.0])) == pytest.approx(5)


def test_sequences_are_taken_in_their_kind():
    """Lists of unequal sequences stay lists, arrays become arrays, and of frames rows are taken."""
    assert taken([[1], [2, 3], [4]], np.array([2, 1])) == [[4], [2, 3]]
    assert np.array_equal(taken(np.arange(5), np.array([3, 0])), [3, 0])
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})
    assert taken(frame, np.array([2, 0])).to_dict("list") == {"a": [3, 1], "b": [6, 4]}
