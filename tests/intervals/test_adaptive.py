import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.conformal import PredictionInterval
from unflat.errors import ConfigurationError, InputError, ShapeError
from unflat.intervals import AdaptiveInterval, Expected


def follow(scores, *, coverage=0.9, gamma=0.05, outputs=1, one_dimensional=True, highest=np.inf):
    """Follow a series whose predictions are 0, distances 1 and bounds at most `highest`; X says how many."""
    limits = np.array([[-np.inf], [highest]]) * np.ones(outputs)

    def admit(truths):
        limits[1] = np.where(truths.max(axis=0) > limits[1], np.inf, limits[1])

    return AdaptiveInterval(
        lambda X: Expected(np.zeros((len(X), outputs)), np.ones((len(X), 2, outputs))),
        lambda _, quantiles: PredictionInterval(*np.clip([-quantiles, quantiles], *limits[:, None])),
        lambda y: y,
        scores,
        limits=limits.copy,
        admit=admit,
        coverage=coverage,
        gamma=gamma,
        one_dimensional=one_dimensional,
    )


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from([0.5, 0.8, 0.9]),
    st.floats(0.01, 0.5),
    st.sampled_from(["growing", "shrinking", "random", "hostile"]),
)
def test_coverage_is_kept_whatever_the_series_does(seed, coverage, gamma, kind):
    """Proposition 4.1 of Gibbs & Candès (2021): misses stay within (max(a, 1 - a) + gamma) / (gamma T) of alpha."""
    random = np.random.default_rng(seed)
    tracked = follow(random.exponential(size=(20, 1)), coverage=coverage, gamma=gamma)
    T = 150
    for t in range(T):
        interval = tracked.predict([t])
        finite = min(float(interval.upper[0]), 1e6)
        tracked.update({
            "growing": 1.05**t,
            "shrinking": 0.9**t,
            "random": random.normal(),
            "hostile": finite * 1.01 + 1e-9,  # just outside of every finite interval
        }[kind])  # fmt: skip
    alpha = 1 - coverage
    assert abs((1 - tracked.covered[0]) - alpha) <= (max(alpha, 1 - alpha) + gamma) / (gamma * T) + 1e-12


def test_first_interval_is_that_of_split_conformal():
    """Before any truth the interval is the calibration's ceil((n + 1) · coverage)-th score."""
    scores = np.random.default_rng(0).exponential(size=(99, 1))
    interval = follow(scores).predict([0])
    assert interval.upper[0] == np.sort(scores[:, 0])[89]
    assert interval.lower[0] == -interval.upper[0]


def test_alpha_follows_its_equation():
    """alpha[t + 1] = alpha[t] + gamma (alpha - missed): a hit, then a miss."""
    tracked = follow(np.arange(1.0, 21.0)[:, None])
    tracked.predict([0, 1])
    tracked.update(0.0)
    assert tracked.alpha == pytest.approx([0.1 + 0.05 * 0.1])
    tracked.update(1e3)
    assert tracked.alpha == pytest.approx([0.1 + 0.05 * 0.1 + 0.05 * (0.1 - 1)])
    assert tracked.covered == pytest.approx([0.5])


def test_truths_belong_to_the_oldest_predictions():
    """With several under way, the interval that was given is the one that is judged."""
    tracked = follow(np.full((20, 1), 1.0))
    tracked.predict([0, 1, 2])
    assert tracked.pending == 3
    tracked.update([0.5, 2.0])
    assert tracked.pending == 1
    assert tracked.covered == pytest.approx([0.5])
    with pytest.raises(InputError, match="at most 1, as many predictions wait"):
        tracked.update([0.0, 0.0])


@pytest.mark.parametrize("delay", [1, 4])
def test_replay_is_the_same_as_step_by_step(delay):
    """A stretch gone through at once gives what predict and update give in turn, late truths too."""
    random = np.random.default_rng(0)
    scores, y = random.exponential(size=(30, 1)), random.normal(size=60) * np.linspace(0.5, 4, 60)
    at_once, in_turn = follow(scores), follow(scores)
    replayed = at_once.replay(range(60), y, delay=delay)
    uppers = []
    for t in range(60):
        uppers.append(in_turn.predict([t]).upper[0])
        if t - delay + 1 >= 0:
            in_turn.update(y[t - delay + 1])
    if delay > 1:
        in_turn.update(y[60 - delay + 1 :])
    assert replayed.upper.tolist() == uppers
    assert at_once.alpha == in_turn.alpha
    assert at_once.pending == in_turn.pending == 0


@pytest.mark.parametrize("delay", [1, 3])
def test_a_truth_beyond_the_limit_of_its_bounds_is_a_miss_and_opens_it(delay):
    """The share inside is that of the bounds which were given, in a replay too; those given later go beyond."""
    scores, y = np.full((20, 1), 9.0), np.array([0.0, 2.0, 8.0, 8.0, 0.5, 8.0, 8.0])
    tracked, in_turn = follow(scores, highest=3.0), follow(scores, highest=3.0)
    replayed = tracked.replay(range(7), y, delay=delay)
    uppers = []
    for t in range(7):
        uppers.append(in_turn.predict([t]).upper[0])
        if t - delay + 1 >= 0:
            in_turn.update(y[t - delay + 1])
    if delay > 1:
        in_turn.update(y[7 - delay + 1 :])
    assert replayed.upper.tolist() == uppers
    assert uppers[: 2 + delay] == [3.0] * (2 + delay)
    assert min(uppers[2 + delay :]) > 8
    inside = np.mean(y <= replayed.upper)
    assert tracked.covered == in_turn.covered == pytest.approx([inside])


def test_replay_asks_for_truths_that_are_due_first():
    """A stretch cannot be gone through over predictions that still wait."""
    tracked = follow(np.ones((20, 1)))
    tracked.predict([0])
    with pytest.raises(InputError, match="1 that do"):
        tracked.replay([0], [0.0])


@pytest.mark.parametrize("delay", [0, -3, 1.5])
def test_what_is_no_delay_is_refused_before_anything_is_learned(delay):
    """A truth is there one sequence later at the earliest."""
    tracked = follow(np.ones((20, 1)))
    with pytest.raises(ConfigurationError, match="'delay' of replay: expected a whole number of at least 1"):
        tracked.replay(range(30), np.zeros(30), delay=delay)
    assert tracked.pending == 0
    assert np.isnan(tracked.covered).all()


def test_scores_remembered_are_the_latest():
    """After more truths than are remembered, the calibration's scores are gone."""
    tracked = follow(np.full((20, 1), 50.0))
    tracked.replay(range(150), np.random.default_rng(0).uniform(1.0, 2.0, 150))
    assert tracked.quantiles[0] <= 2.0


def test_each_output_keeps_a_coverage_of_its_own():
    """Of two outputs one grows tenfold: only its intervals widen."""
    random = np.random.default_rng(0)
    tracked = follow(np.abs(random.normal(size=(50, 2))), outputs=2, one_dimensional=False)
    y = random.normal(size=(300, 2)) * [1, 10]
    interval = tracked.replay(range(300), y)
    assert interval.upper.shape == (300, 2)
    assert tracked.covered == pytest.approx([0.9, 0.9], abs=0.06)
    tracked.predict([0])
    tracked.update(y[0])  # one row without the axis of sequences
    tracked.predict([0])
    with pytest.raises(ShapeError, match="2 outputs"):
        tracked.update([[1.0, 2.0, 3.0]])


def test_a_target_that_the_scale_cannot_take_is_a_miss():
    """The logarithm of a negative number is nan; the interval did not hold it."""
    tracked = follow(np.ones((20, 1)))
    tracked._scale = lambda y: np.full_like(y, np.nan)
    tracked.predict([0])
    tracked.update(1.0)
    assert tracked.covered == [0.0]
