import numpy as np
import pytest

from unflat.diagnosis.references.linear import linear_r2, ranks, squared_correlation, summary


def test_line_is_found_and_noise_is_not():
    """Targets of a straight line are explained whole, independent ones not at all, the best output counts."""
    random = np.random.default_rng(0)
    columns = random.normal(size=(300, 4))
    line, noise = columns @ [[1.0], [2.0], [0.0], [-1.0]], random.normal(size=(300, 1))
    assert linear_r2(columns, line) == pytest.approx(1, abs=1e-4)
    assert linear_r2(columns, noise) < 0.05
    assert linear_r2(columns, np.hstack([noise, line])) == pytest.approx(1, abs=1e-4)


def test_nothing_is_found_in_a_few_sequences():
    """Fewer than twenty have no fold worth the name."""
    assert linear_r2(np.arange(19.0)[:, None], np.arange(19.0)[:, None]) == 0


def test_summary_is_first_last_and_mean_and_mean_square():
    """Each column is one of them, standardized: two sequences are at -1 and 1; squares are those about the mean, 4."""
    values = np.array([[[0.0], [5.0], [4.0]], [[2.0], [5.0], [8.0]]])
    assert summary(values) == pytest.approx(np.array([[-1, -1, -1, -1], [1, 1, 1, 1]]))
    assert summary(values - [[[4.0]], [[-4.0]]])[:, -1] == pytest.approx([-1, 1])


def test_a_sum_of_squares_is_found():
    """How much series of noise swing is told by squares, and by no straight line through their steps."""
    random = np.random.default_rng(1)
    X = random.normal(size=(200, 10, 1))
    fading = (X[..., 0] ** 2) @ 0.7 ** np.arange(10)[::-1]
    assert linear_r2(summary(50 * X + 300), fading[:, None]) > 0.95
    assert linear_r2(X[..., 0], fading[:, None]) < 0.1
    long = random.normal(size=(200, 80, 1)) * random.uniform(0.5, 2, (200, 1, 1))
    assert linear_r2(summary(long), (long**2).mean(axis=1)) > 0.95


def test_ranks_are_orders():
    """An extreme value is but the last."""
    assert ranks(np.array([[5.0], [-1e9], [7.0]])).ravel().tolist() == [1, 0, 2]


def test_squared_correlation_is_numpys():
    """Independent of sign and scale; 0 for a constant or for NaN."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 50))
    assert squared_correlation(y, -3 * x + 2) == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)
    assert squared_correlation(y, np.ones(50)) == 0
    assert squared_correlation(y, np.full(50, np.nan)) == 0


def test_every_step_of_short_sequences_has_a_column():
    """With four sequences for each value all steps are kept, with eight their squares; with fewer first, last, mean."""
    X = np.random.default_rng(0).normal(size=(200, 10, 2))
    assert summary(X).shape == (200, 42)
    assert summary(X[:159]).shape == (159, 24)
    assert summary(X[:79]).shape == (79, 8)
    assert summary(np.zeros((1000, 65, 2))).shape == (1000, 8)
    assert linear_r2(summary(X), X[:, 4, :1]) > 0.9
