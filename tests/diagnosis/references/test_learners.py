"""Four learners of different kinds, each finding what it is there for."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from unflat.diagnosis.references.learners import neighbours, ridge, smooth, trees

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


@pytest.mark.parametrize("learner", [neighbours, smooth, trees])
def test_others_find_what_is_no_line(learner):
    """A bend that no straight line explains is learned, output by output."""
    asked = np.random.default_rng(3).normal(size=(200, 3))
    found = learner(X, np.column_stack([BEND, -BEND]), asked)
    assert found.shape == (200, 2)
    assert r2_score(np.abs(asked[:, 0]), found[:, 0]) > 0.5
    assert r2_score(-np.abs(asked[:, 0]), found[:, 1]) > 0.5
    assert r2_score(np.abs(asked[:, 0]), ridge(X, BEND, asked)[:, 0]) < 0.1


@pytest.mark.parametrize("learner", [ridge, neighbours, smooth, trees])
def test_very_few_rows_are_enough(learner):
    """Eight rows, columns of nothing, and a constant target give finite numbers."""
    asked = learner(np.zeros((8, 5)), np.ones((8, 1)), np.zeros((2, 5)))
    np.testing.assert_allclose(asked, 1)


def test_the_smooth_kernel_is_the_mean_of_a_gaussian_process():
    """With the width and the penalty that it found best, scikit-learn's process predicts the same."""
    y = np.sin(2 * X[:80, :1]) + 0.1 * np.random.default_rng(0).normal(size=(80, 1))
    rows, asked = X[:80], X[100:120]
    apart = ((rows[:, None] - rows) ** 2).sum(axis=2)
    found = []
    for width, penalty in product((0.5, 2.0, 8.0), np.logspace(-6, 0, 7)):
        kernel = RBF(np.sqrt(width * np.median(apart) / 2), "fixed")
        process = GaussianProcessRegressor(kernel, alpha=80 * penalty, optimizer=None)
        left_out = [
            process.fit(np.delete(rows, i, 0), np.delete(y - y.mean(), i)).predict(rows[i : i + 1]) for i in range(80)
        ]
        error = np.mean((np.ravel(left_out) - (y - y.mean())[:, 0]) ** 2)
        found.append((error, y.mean() + process.fit(rows, (y - y.mean())[:, 0]).predict(asked)))
    expected = min(found, key=lambda pair: pair[0])[1]
    np.testing.assert_allclose(smooth(rows, y, asked)[:, 0], expected, rtol=1e-5)


def test_the_smooth_kernel_takes_rows_evenly_of_many():
    """Of 2,000 rows it learns from 400 of all places, and finds the bend all the same."""
    rows = np.sort(np.random.default_rng(4).uniform(-2, 2, (2000, 1)), axis=0)
    asked = np.linspace(-2, 2, 50)[:, None]
    np.testing.assert_allclose(smooth(rows, np.sin(3 * rows), asked), np.sin(3 * asked), atol=1e-2)
