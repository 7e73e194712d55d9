"""What other learners find: signal where there is some, none in noise, and the figures beside closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from unflat.diagnosis.material.past import Past
from unflat.diagnosis.references.finding import find_references
from unflat.diagnosis.references.learners import ECHOES, NEIGHBOURS, RIDGE, TREES
from unflat.diagnosis.references.signal import CHANCE

GENERATOR = np.random.default_rng(12)
X = GENERATOR.normal(size=(600, 8, 2))
SIGNAL = X[:, -1, :1] + X[:, 2, 1:]
NOISE = GENERATOR.normal(size=(600, 1))


def find(y, values=X, held_out=None, seed=0, **known):
    """Look for references."""
    return find_references((values, y), held_out, np.random.default_rng(seed), **known)


def test_the_share_explained_is_the_signals():
    """With a noise of half the signal's variance the best learner explains two thirds, by a straight line."""
    signal = find(SIGNAL + NOISE).signal[0]
    assert signal.learner == RIDGE
    assert signal.r2 == pytest.approx(2 / 3, abs=0.05)
    assert signal.beyond_chance


def test_what_is_no_line_is_found_by_another_learner():
    """A bend is beyond ridge, and the best learner says so."""
    found = find(np.abs(X[:, -1, :1]))
    r2 = {learner.name: learner.r2[0] for learner in found.learners}
    assert set(r2) == {RIDGE, NEIGHBOURS, ECHOES, TREES}
    assert found.signal[0].learner == TREES
    assert found.signal[0].r2 == r2[TREES] > 0.7 > r2[RIDGE]


def test_noise_has_no_signal():
    """Of twelve targets of pure noise, heavy tails among them, hardly one is taken for more."""
    generator = np.random.default_rng(1)
    noise = np.column_stack([generator.normal(size=(600, 6)), generator.standard_t(2, size=(600, 6))])
    found = find(noise)
    assert found.beyond_chance.sum() <= 1
    assert np.median([signal.p_value for signal in found.signal]) > 10 * CHANCE


def test_noise_of_a_series_has_no_signal_either():
    """Two series that remember but do not know each other are not taken for one that explains the other."""
    generator = np.random.default_rng(3)
    series = np.zeros((700, 2))
    for t in range(1, 700):
        series[t] = 0.9 * series[t - 1] + generator.normal(size=2)
    values = np.lib.stride_tricks.sliding_window_view(series[:, 0], 16)[:600, :, None]
    assert not find(series[:600, 1:], values).signal[0].beyond_chance


def test_a_weak_signal_is_a_signal():
    """Seven percent of the variance are found in 600 sequences."""
    signal = find(SIGNAL + 5 * NOISE).signal[0]
    assert signal.beyond_chance
    assert 0 < signal.r2 < 0.1


def test_held_out_data_are_judged_apart():
    """What holds in training need not hold on other data: learners are judged on these, too."""
    found = find(SIGNAL[:400], X[:400], (X[400:], -SIGNAL[400:]))
    assert found.signal[0].r2 > 0.99
    assert found.signal[0].held_out_r2 < 0
    assert find(SIGNAL[:400], X[:400], (X[400:], SIGNAL[400:])).signal[0].held_out_r2 > 0.99
    assert np.isnan(find(SIGNAL).signal[0].held_out_r2)


def test_held_out_sequences_may_be_longer_or_shorter():
    """Sequences of other lengths are laid out beside the training part's."""
    for steps in (5, 12):
        values = np.random.default_rng(0).normal(size=(80, steps, 2))
        assert find(X[:, -1, :1], held_out=(values, values[:, -1, :1])).signal[0].held_out_r2 > 0.4


def test_trees_are_spared_where_a_line_explains_all_and_where_outputs_are_many():
    """What was left out for time is said, and what was not needed is not missed."""
    assert [learner.name for learner in find(SIGNAL).learners] == [RIDGE, NEIGHBOURS, ECHOES]
    many = find(np.repeat(NOISE, 5, axis=1))
    assert [item.what for item in many.not_examined] == ["2 outputs, by boosted trees"]
    assert np.isnan(many.learners[3].r2).tolist() == [False] * 3 + [True] * 2


def test_together_learners_know_more_than_the_best_of_them():
    """A line and a bend side by side: each learner misses one of them, and all of them together miss less of both."""
    y = SIGNAL + 2 * np.abs(X[:, 0, :1]) + NOISE / 4
    found = find(y)
    assert found.together.r2[0] > found.best(0).r2[0]
    left = np.mean((y - found.together.prediction) ** 2) / y.var()
    assert found.together.r2[0] == pytest.approx(1 - left, abs=1e-6)


def test_echoes_know_what_depends_on_the_order_of_steps():
    """Of waits in a queue (Lindley 1952) an echo state network knows far more than learners of tables."""
    work, wait = np.random.default_rng(3).normal(size=(600, 16, 1)), np.zeros((600, 1))
    for step in work.transpose(1, 0, 2):
        wait = np.maximum(wait + step, 0.0)
    found = find(wait, work)
    left = {learner.name: 1 - learner.r2[0] for learner in found.learners}
    assert found.signal[0].learner == ECHOES
    assert left[ECHOES] < 0.65 * min(left[RIDGE], left[NEIGHBOURS])


def test_few_and_noisy_sums_of_squares_are_a_signal():
    """How much a hundred series swing, half noise, is found, and among held-out ones that were learned apart."""
    gains, noise = np.random.default_rng(5).normal(size=(300, 12, 1)), np.random.default_rng(6).normal(size=(300, 1))
    y = np.sqrt((gains[..., 0] ** 2) @ 0.6 ** np.arange(12)[::-1])[:, None]
    few = find(y[:100] + 0.7 * y.std() * noise[:100], gains[:100])
    assert few.signal[0].learner == ECHOES
    assert few.signal[0].beyond_chance
    assert find(y[:100], gains[:100], (gains[100:], y[100:])).within.r2[0] > 0.6


def test_bad_numbers_are_no_obstacle():
    """Missing and infinite inputs and targets, and units of any size, leave the signal to be found."""
    values, y = X * 1e9 + 1e12, SIGNAL * 1e-12
    values[3], values[4, 2], y[5], y[6] = np.nan, np.inf, np.nan, -np.inf
    found = find(y, values)
    assert found.n == 598
    assert found.signal[0].r2 > 0.95


@pytest.mark.parametrize("y", [np.ones((600, 1)), np.full((600, 1), np.nan)])
def test_a_target_without_variance_has_no_signal(y):
    """Constant and missing targets were not examined by anyone."""
    signal = find(y).signal[0]
    assert not signal.examined
    assert not signal.beyond_chance


def test_too_few_sequences_are_said_to_be():
    """Nine sequences are too few to learn and judge."""
    found = find(SIGNAL[:9], X[:9])
    assert found.learners == ()
    assert "9 sequences" in found.not_examined[0].why


def test_the_same_seed_gives_the_same_figures():
    """Nothing but the generator is random, and the global state is not drawn from."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that must not change
    first, second = find(NOISE, seed=4), find(NOISE, seed=4)
    assert str(first.signal) == str(second.signal)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002 - as above


def test_a_known_past_is_believed():
    """Where windows say which feature is the past, none is looked for."""
    past = (Past(1, 1.0, 3),)
    assert find(SIGNAL, past=past).past == past


def test_large_data_are_sampled():
    """Of many sequences a part is enough, and it takes seconds."""
    values = np.random.default_rng(0).normal(size=(5000, 4, 1))
    assert find(values[:, -1], values).n == 1500


def test_a_few_targets_beyond_measure_hide_no_signal():
    """Three values of a thousand deviations own a target's variance; the signal of all others is found all the same."""
    spoiled = SIGNAL.copy()
    spoiled[[5, 50, 500]] += 3000
    assert find(spoiled).signal[0].r2 > 0.8


def test_heavy_tails_are_left_as_they_are():
    """Extreme values of Student's t are the target's own, and unexplained as such."""
    tails = SIGNAL + np.random.default_rng(3).standard_t(2, size=(600, 1))
    assert find(tails).signal[0].r2 < 0.6


def test_predictions_stand_where_their_sequences_do():
    """Each learner's predictions come in the targets' units, nan for a target that is missing; R² is theirs."""
    y = 300 * SIGNAL + 5000
    y[7] = np.nan
    found = find(y, held_out=(X[:200], 300 * SIGNAL[:200] + 5000))
    learner = found.best(0)
    assert learner.name == RIDGE
    assert np.isnan(learner.prediction[7])
    known = np.isfinite(y[:, 0])
    error = np.mean((learner.prediction[known] - y[known]) ** 2) / np.var(y[known])
    assert 1 - error == pytest.approx(learner.r2[0])
    assert learner.held_out_prediction.shape == (200, 1)


def test_held_out_data_elsewhere_are_learned_from_themselves():
    """Inputs in other units spoil what was learned in training, and not what can be learned of them."""
    found = find(SIGNAL, held_out=(X[:200] * 500 + 9000, SIGNAL[:200]))
    assert found.signal[0].held_out_r2 < 0
    assert found.within.r2[0] > 0.9
    assert find(SIGNAL, held_out=(X[:40], SIGNAL[:40])).within is None


def test_padding_hides_no_signal():
    """Zeros behind sequences of different lengths are taken away before the last steps are laid side by side."""
    lengths = GENERATOR.integers(5, 9, 600)
    padded = np.zeros((600, 20, 2))
    for row, values, length in zip(padded, X, lengths, strict=True):
        row[:length] = values[8 - length :]
    assert find(X[:, -2, :1], padded).signal[0].r2 > 0.95


def test_a_few_values_beyond_measure_hide_no_signal_of_a_column():
    """A sensor's error code in three sequences is brought nearer, so that a straight line is found beside it."""
    spoiled = X.copy()
    spoiled[[5, 77, 300], [-1, 2, -1]] += 3000
    ridge = next(learner for learner in find(SIGNAL, spoiled).learners if learner.name == RIDGE)
    assert ridge.r2[0] > 0.8
