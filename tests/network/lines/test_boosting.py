"""The line that picks, against boosting done sequence by sequence, closed forms and known weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unflat.network.lines.boosting import (
    MOST_PICKED_FROM,
    MOVES,
    RATE,
    boosted,
    moves_worth_making,
    stopped,
    to_pick_from,
)
from unflat.network.lines.line import MOST_CURVED
from unflat.network.lines.sums import Sums, counts_of
from unflat.network.terms import pairs
from unflat.sequences.folds import folds_of


def dealt(n):
    """Hold every sequence out once."""
    return folds_of(np.arange(n), 1, np.random.default_rng(0))


def by_residuals(read, target, counts):
    """Boost a single output with the residuals of each sequence at hand."""
    center, level = np.average(read, axis=0, weights=counts), np.average(target, weights=counts)
    moved, residual, weight, looks = read - center, target - level, np.zeros(read.shape[1]), []
    sizes = (counts[:, None] * moved**2).sum(axis=0)
    for move in range(MOVES[-1] + 1):
        if move in MOVES:
            looks.append(weight.copy())
        best = (counts[:, None] * moved * residual[:, None]).sum(axis=0) / sizes
        picked = (best**2 * sizes).argmax()
        weight[picked] += RATE * best[picked]
        residual = residual - RATE * best[picked] * moved[:, picked]
    return np.array(looks)


@pytest.mark.parametrize("outputs", [1, 3])
def test_boosting_by_sums_is_boosting_by_residuals(outputs):
    """The same weights move whether what is left is told by sums or by every sequence; outputs do not mix."""
    random = np.random.default_rng(0)
    read = (random.normal(size=(40, 12)) * random.uniform(0.1, 9, size=12) + 2).astype(np.float32)
    targets = read[:, :outputs] ** 2 + random.normal(size=(40, outputs))
    counts = counts_of(random.uniform(0.1, 3, size=40), 40)
    coefficients, intercepts = boosted(Sums.of(read, targets, counts))
    for output in range(outputs):
        expected = by_residuals(read.astype(float), targets[:, output], counts)
        np.testing.assert_allclose(coefficients[:, output], expected, rtol=1e-6, atol=1e-9)
    predicted = np.einsum("np,mop->mno", read, coefficients) + intercepts[:, None]
    np.testing.assert_allclose(
        np.average(predicted, axis=1, weights=counts), np.tile(np.average(targets, axis=0, weights=counts), (10, 1))
    )


def test_weights_of_numbers_without_correlation_go_a_tenth_of_the_way_each_time():
    """Of one number alone the closed form is 1 - 0.9^m of least squares, after m moves."""
    read = np.array([[-1.0], [1.0], [-1.0], [1.0]], dtype=np.float32)
    coefficients, _ = boosted(Sums.of(read, 5.0 * read.astype(float), np.ones(4)))
    np.testing.assert_allclose(coefficients[:, 0, 0], 5 * (1 - (1 - RATE) ** np.array(MOVES)), rtol=1e-9)


def test_what_does_not_vary_is_never_picked():
    """A column of one value, however large, has no weight, and everything stays finite."""
    random = np.random.default_rng(0)
    read = np.column_stack([np.full(30, 1e6), random.normal(size=30), np.zeros(30)]).astype(np.float32)
    coefficients, intercepts = boosted(Sums.of(read, random.normal(size=(30, 1)), np.ones(30)))
    assert np.isfinite(coefficients).all()
    assert np.isfinite(intercepts).all()
    assert not coefficients[:, :, [0, 2]].any()


def test_few_are_picked_of_more_numbers_than_sequences():
    """Of 300 numbers and 60 sequences, a line of three is found so well that held-out errors are those of the noise."""
    random = np.random.default_rng(1)
    read = random.normal(size=(260, 300)).astype(np.float32)
    targets = (read[:, [7]] - 2 * read[:, [70]] + read[:, [270]]) + 0.1 * random.normal(size=(260, 1))
    moves = moves_worth_making(read[:60], targets[:60], None, dealt(60))
    weight, bias = stopped(read[:60], targets[:60], None, moves)
    assert set(np.argsort(-np.abs(weight[0]))[:3]) == {7, 70, 270}
    missed = targets[60:] - read[60:] @ weight.T - bias
    assert np.mean(missed**2) < 0.03 * np.var(targets)


def test_without_a_signal_nothing_is_picked():
    """Where moves only make errors on what is held out larger, there are none; each output has its own say."""
    random = np.random.default_rng(2)
    read = random.normal(size=(200, 20)).astype(np.float32)
    targets = np.column_stack([random.normal(size=200), read[:, 3]])
    moves = moves_worth_making(read, targets, None, dealt(200))
    assert MOVES[moves[0]] <= 2
    assert MOVES[moves[1]] >= 64
    weight, _ = stopped(read, targets, None, np.array([0, moves[1]]))
    assert not weight[0].any()
    assert weight[1, 3] == pytest.approx(1, abs=0.01)


def test_sequences_that_count_nothing_have_no_say():
    """A half of weight zero may say what it likes, in folds as in the fit."""
    random = np.random.default_rng(3)
    read = random.normal(size=(80, 5)).astype(np.float32)
    targets = read[:, [0]] + 0.3 * random.normal(size=(80, 1))
    lies = np.concatenate([targets[:40], 1000 * random.normal(size=(40, 1))])
    weights = np.r_[np.ones(40), np.zeros(40)]
    moves = moves_worth_making(read, targets, weights, dealt(80))
    assert moves == moves_worth_making(read, lies, weights, dealt(80))
    np.testing.assert_allclose(
        stopped(read, targets, weights, moves)[0], stopped(read, lies, weights, moves)[0], rtol=1e-6, atol=1e-9
    )


@given(st.integers(1, 400), st.integers(1, 300))
def test_what_is_looked_at_fits(features, steps):
    """Products and all together keep within their room; mean products are left out first."""
    terms = to_pick_from(features, steps)
    assert pairs(terms.products * features) <= MOST_CURVED
    assert terms.products <= steps
    assert terms.lags == 0
    assert terms.extremes == terms.first == (steps > 2)
    assert terms.width(features) <= max(MOST_PICKED_FROM, 5 * features)
    assert terms.moments or terms._replace(moments=True).width(features) > MOST_PICKED_FROM
