"""A small LSTM as a learner among others: it finds what hangs on order, leaks nothing, and minds no odd data."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from unflat.diagnosis.references.learners import ridge
from unflat.diagnosis.references.recurrent import recurrent, steps_of
from unflat.diagnosis.references.tables import Tables, r2_of
from unflat.sequences.folds import folds_of


def queue(n, customers=16, seed=0):
    """Let customers wait as Lindley (1952) has it: nobody can tell how long but by going through all of them."""
    random = np.random.default_rng(seed)
    apart, served = random.gamma(2.0, 2.5, (n, customers)), random.gamma(3.0, 1.6, (n, customers))
    sequences = np.stack([apart, served], axis=2)
    return sequences, waits(sequences)[:, None]


def waits(sequences):
    """Say how long the last one waits, if the counter was free for the first."""
    wait = np.zeros(len(sequences))
    for before, here in pairwise(sequences.transpose(1, 0, 2)):
        wait = np.maximum(wait + before[:, 1] - here[:, 0], 0.0)
    return wait


def asked(values, y, new=0, seed=0):
    """Let networks learn all but the last few, and give the tables and what they predict."""
    n = len(y) - new
    tables = Tables.of(steps_of(values, n), y[:n], (values[n:], y[n:]))
    return tables, recurrent(tables, folds_of(np.arange(n), 1, np.random.default_rng(1)), np.random.default_rng(seed))


def test_it_finds_what_hangs_on_the_order_of_steps():
    """Of waits in a queue it leaves a third of what a line through all steps does, also of sequences held out."""
    work, wait = queue(700)
    tables, found = asked(work, wait, new=150)
    line = ridge(tables.columns.reshape(550, -1), tables.y, tables.asked.reshape(150, -1))
    assert 1 - r2_of(tables.asked_y, found.asked)[0] < (1 - r2_of(tables.asked_y, line)[0]) / 3
    assert r2_of(tables.y, found.known)[0] > 0.85


def test_noise_is_not_learned_by_heart():
    """What it says of a sequence that it did not learn from tells nothing where there is nothing to tell."""
    random = np.random.default_rng(5)
    tables, found = asked(random.normal(size=(300, 8, 2)), random.normal(size=(300, 1)))
    assert r2_of(tables.y, found.known)[0] < 0.05
    assert found.asked.shape == (0, 1)


def test_outputs_that_do_not_vary_are_left_alone():
    """Beside one that varies a constant is predicted as such; of two that vary each is learned."""
    work, wait = queue(400)
    tables, found = asked(work, np.column_stack([wait[:, 0], np.ones(400), 1e6 * work[:, -1, 0]]))
    np.testing.assert_array_equal(found.known[:, 1], 0.0)
    assert r2_of(tables.y, found.known)[[0, 2]].min() > 0.8


def test_a_target_that_differs_once_is_no_obstacle():
    """Where all that differ are in one fold, the other folds' networks have nothing to learn, and say the mean."""
    values, y = np.random.default_rng(0).normal(size=(80, 4, 1)), np.zeros((80, 1))
    y[17] = 1.0
    _, found = asked(values, y)
    assert np.isfinite(found.known).all()


def test_steps_are_scaled_and_few():
    """Features have the training part's scale, what is missing is 0, and long sequences are taken in stretches."""
    values = np.random.default_rng(0).normal(size=(50, 300, 70)) * 1e9 + 1e12
    values[3, :, 1], values[4, 7, 2] = np.nan, np.inf
    steps = steps_of(values, 40)
    assert steps.shape == (50, 64, 64)
    np.testing.assert_allclose(steps[:40, :, 5].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(steps[:40, :, 5].std(), 1, rtol=1e-6)
    assert not steps[3, :, 1].any()
    assert np.isfinite(steps).all()


def test_the_same_seed_gives_the_same_numbers_and_draws_from_nothing_else():
    """Weights and order come from the generator alone; torch's own state stays as it was."""
    work, wait = queue(120, customers=6)
    before = torch.get_rng_state()
    first, again, other = (asked(work, wait, seed=seed)[1].known for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    torch.testing.assert_close(torch.get_rng_state(), before)
