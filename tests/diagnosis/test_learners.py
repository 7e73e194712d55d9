"""Three learners of different kinds, each finding what it is there for."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from unflat.diagnosis.learners import neighbours, ridge, trees

X = np.random.default_rng(2).normal(size=(400, 3))
LINE = X @ np.array([[1.0, 0.0], [2.0, -1.0], [0.0, 0.5]]) + [3.0, -7.0]
BEND = np.abs(X[:, :1])


def test_ridge_draws_the_straight_line_beyond_the_data():
    """Without noise the penalty is least, and the line is that of least squares, outside the data too."""
    expected = LinearRegression().fit(X, LINE).predict(10 * X[:5])
    np.testing.assert_allclose(ridge(X, LINE, 10 * X[:5]), expected, rtol=1e-4)


def test_ridge_leaves_its_input_alone():
    """The table is used by others after it."""
    before = X.copy()
    ridge(X, LINE, X[:1])
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("learner", [neighbours, trees])
def test_neighbours_and_trees_find_what_is_no_line(learner):
    """A bend that no straight line explains is learned, output by output."""
    asked = np.random.default_rng(3).normal(size=(200, 3))
    found = learner(X, np.column_stack([BEND, -BEND]), asked)
    assert found.shape == (200, 2)
    assert r2_score(np.abs(asked[:, 0]), found[:, 0]) > 0.5
    assert r2_score(-np.abs(asked[:, 0]), found[:, 1]) > 0.5
    assert r2_score(np.abs(asked[:, 0]), ridge(X, BEND, asked)[:, 0]) < 0.1


@pytest.mark.parametrize("learner", [ridge, neighbours, trees])
def test_very_few_rows_are_enough(learner):
    """Eight rows, columns of nothing, and a constant target give finite numbers."""
    asked = learner(np.zeros((8, 5)), np.ones((8, 1)), np.zeros((2, 5)))
    np.testing.assert_allclose(asked, 1)
