"""Echoes: what the states of a random recurrence keep of sequences, and of their order."""

import numpy as np
import pytest

from unflat.diagnosis.references.learners import ridge
from unflat.diagnosis.references.reservoir import UNITS, echoes


@pytest.fixture
def random():
    """Draw the same numbers in each test."""
    return np.random.default_rng(5)


def r2(X, y, n):
    """Learn from the first n sequences by a line, and score the others."""
    found = ridge(X[:n], y[:n, None], X[n:])[:, 0]
    return 1 - np.mean((y[n:] - found) ** 2) / y[n:].var()


def test_a_line_reads_a_recursion_off_them(random):
    """Waits of a queue (Lindley 1952) depend on all that came, step by step: the line knows more from the states."""
    work = random.normal(size=(600, 16))
    wait = np.zeros(600)
    for step in work.T:
        wait = np.maximum(wait + step, 0.0)
    states = echoes(work[:, :, None], np.random.default_rng(0), slice(400))
    assert 1 - r2(states, wait, 400) < 0.7 * (1 - r2(work, wait, 400))


def test_they_tell_orders_apart(random):
    """The same steps in another order leave another state."""
    values = random.normal(size=(30, 9, 2))
    there, back = (echoes(given, np.random.default_rng(0)) for given in (values, values[:, ::-1]))
    assert there.shape == (30, 2 * UNITS)
    assert not np.allclose(there, back)


def test_they_follow_the_equation(random):
    """One sequence by hand: states of leaky units, the last and the mean, scaled like all others."""
    values = random.normal(size=(20, 4, 1))
    drawn = np.random.default_rng(3)
    W = drawn.normal(size=(UNITS, UNITS))
    W *= 0.99 / np.abs(np.linalg.eigvals(W)).max()
    V, b = 0.5 * drawn.normal(size=(1, UNITS)), 0.5 * drawn.normal(size=UNITS)
    scaled = (values - values.mean()) / values.std()
    states = np.zeros((5, 20, UNITS))
    for step in range(4):
        new = np.tanh(scaled[:, step] @ V + states[step] @ W + b)
        states[step + 1] = 0.5 * states[step] + 0.5 * new
    expected = np.hstack([states[-1], states[1:].mean(axis=0)])
    expected = (expected - expected.mean(axis=0)) / expected.std(axis=0)
    np.testing.assert_allclose(echoes(values, np.random.default_rng(3)), expected, rtol=1e-8, atol=1e-8)


def test_what_is_missing_changes_no_state(random):
    """Steps without any value, as padding has them, leave the last state as it was; infinite values are missing."""
    values = random.normal(size=(25, 6, 2))
    padded = np.concatenate([values, np.full((25, 3, 2), np.nan)], axis=1)
    endless = padded.copy()
    endless[:, -1] = np.inf
    plain, longer, worse = (echoes(given, np.random.default_rng(0))[:, :UNITS] for given in (values, padded, endless))
    np.testing.assert_allclose(longer, plain, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(worse, plain, rtol=1e-9, atol=1e-9)


def test_scales_are_those_of_the_sequences_that_are_known(random):
    """What is asked for has no part in the scale, however far it lies; units of features do not matter."""
    values = random.normal(size=(40, 5, 2))
    far = np.concatenate([values, 1e6 + values])
    known = echoes(far, np.random.default_rng(0), slice(40))[:40]
    np.testing.assert_allclose(known, echoes(values, np.random.default_rng(0)), rtol=1e-9, atol=1e-9)
    units = echoes(values * [1e-9, 1e12] + [3.0, 0.0], np.random.default_rng(0))
    np.testing.assert_allclose(units, echoes(values, np.random.default_rng(0)), rtol=1e-4, atol=1e-4)


def test_long_sequences_are_taken_in_stretches(random):
    """Of 1,000 steps the means of 128 stretches are gone through; constant stretches lose nothing."""
    stretches = random.normal(size=(20, 128, 1))
    long = np.repeat(stretches, 8, axis=1)
    first, second = (echoes(given, np.random.default_rng(0)) for given in (long, stretches))
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-9)


def test_a_constant_feature_and_a_large_one_do_no_harm():
    """Nothing but finite numbers comes out, of a constant, of 1e200, and of nothing at all."""
    values = np.stack([np.full((12, 4), 7.0), np.full((12, 4), np.nan), np.arange(48.0).reshape(12, 4) * 1e200], axis=2)
    assert np.isfinite(echoes(values, np.random.default_rng(0))).all()
