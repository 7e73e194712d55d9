"""Running read-outs against the same taken over all steps at once."""

import numpy as np
import pytest

from unflat.network.arrays import DenseArrays
from unflat.streaming.pooling import Attention, Before, Last, Maximum, Mean, Moments, Products

STATES = np.random.default_rng(0).normal(size=(40, 3, 4)).astype(np.float32) - 3  # all maxima below zero


def softmax_mean(states, project, context):
    """Average states (T, n, H) by softmax over time, in float64."""
    scores = np.tanh(states @ project.weight.T + project.bias) @ context.weight.T + context.bias
    shares = np.exp(scores - scores.max(axis=0))
    return (shares / shares.sum(axis=0) * states).sum(axis=0)


def run(make, reference, tolerance=2e-6):
    """Feed states one by one, and compare after each with the reference over all so far."""
    source, result = np.zeros((3, 4), dtype=np.float32), np.zeros((3, 4), dtype=np.float32)
    steps = np.zeros((3, 1))
    pooling = make(source, result, steps)
    result[...] = pooling.start
    for count, states in enumerate(STATES, 1):
        source[...] = states
        steps += 1
        pooling.advance()
        np.testing.assert_allclose(result, reference(STATES[:count].astype(np.float64)), rtol=tolerance)


@pytest.mark.parametrize(("make", "reference"), [
    (lambda source, result, _: Last(source, result), lambda states: states[-1]),
    (lambda source, result, _: Maximum(source, result), lambda states: states.max(axis=0)),
    (Mean, lambda states: states.mean(axis=0)),
], ids=["last", "max", "mean"])  # fmt: skip
def test_a_running_readout_is_the_readout(make, reference):
    """After every step it is what it would be if taken over all steps."""
    run(make, reference)


@pytest.mark.parametrize("size", [1.0, 300.0])
def test_running_attention_is_a_softmax(size):
    """Also where scores are so large that their exponentials would overflow."""
    random = np.random.default_rng(1)
    project = DenseArrays(random.normal(size=(4, 4)).astype(np.float32), random.normal(size=4).astype(np.float32))
    context = DenseArrays(np.float32(size) * random.normal(size=(1, 4)).astype(np.float32), np.float32([size]))
    run(
        lambda source, result, _: Attention(source, result, (project, context)),
        lambda states: softmax_mean(states, project, context),
        2e-6 * size,  # a score's rounding is a share of the score
    )


def test_steps_before_the_last_begin_with_the_latest_and_stay_at_the_first():
    """Three steps back of two streams, of which the second begins anew after the third step."""
    source, result, steps = np.zeros((2, 1), np.float32), np.zeros((2, 3), np.float32), np.zeros((2, 1))
    before = Before(source, result, steps)
    seen = []
    for step in (1.0, 2.0, 3.0, 4.0, 5.0):
        source[...] = [[step], [10 * step]]
        steps += 1
        if step == 4.0:
            steps[1] = 1
        before.advance()
        seen.append(result.tolist())
    assert [row for row, _ in seen] == [[1, 1, 1], [1, 1, 1], [2, 1, 1], [3, 2, 1], [4, 3, 2]]
    assert [row for _, row in seen] == [[10, 10, 10], [10, 10, 10], [20, 10, 10], [40, 40, 40], [40, 40, 40]]


def test_moments_and_products_are_those_of_the_steps_so_far():
    """Of two streams, the second begun anew after the third step, within bounds that cut some values off."""
    random, bounds = np.random.default_rng(1), (np.array([-1.0, -0.5]), np.array([0.5, 1.0]))
    source, steps = np.zeros((2, 2), np.float32), np.zeros((2, 1))
    moments = Moments(source, np.zeros((2, 3), np.float32), steps, bounds)
    products = Products(source, np.zeros((2, 21), np.float32), steps, bounds, 3)
    seen = [[], []]
    for count, step in enumerate(random.normal(size=(6, 2, 2))):
        source[...] = step
        steps += 1
        if count == 3:
            steps[1], seen[1] = 1, []
            moments.state["total"][0][1] = 0
        moments.advance()
        products.advance()
        for stream, own in enumerate(seen):
            own.append(np.clip(step[stream], *bounds))
            mean = np.mean([np.outer(one, one) for one in own], axis=0)[np.triu_indices(2)]
            latest = np.concatenate([own[max(len(own) - back, 0)] for back in (1, 2, 3)])
            np.testing.assert_allclose(moments.result[stream], mean, atol=1e-6)
            np.testing.assert_allclose(products.result[stream], np.outer(latest, latest)[np.triu_indices(6)], atol=1e-6)


def test_a_long_mean_does_not_drift():
    """A hundred thousand steps of numbers that float32 cannot add up."""
    source, result, steps = np.full((1, 1), 0.1, np.float32), np.zeros((1, 1), np.float32), np.zeros((1, 1))
    mean = Mean(source, result, steps)
    for _ in range(100_000):
        steps += 1
        mean.advance()
    assert result[0, 0] == np.float32(0.1)
