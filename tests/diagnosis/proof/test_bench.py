"""The bench that trainings run on."""

import numpy as np
import pytest

from unflat.diagnosis.programs import Edit
from unflat.diagnosis.proof.bench import Bench, Clock, skill_of

CURE = frozenset({Edit.STANDARDIZE_TARGET})


def test_a_clock_counts_down():
    """What is left is the budget less what has passed, and goes below 0."""
    times = iter([100.0, 130.0, 170.0])
    clock = Clock(60.0, lambda: next(times))
    assert clock.left == 30.0
    assert clock.left == -10.0


def test_trainings_are_scored_on_sequences_they_have_not_seen(scripted, part):
    """A quarter is held out where nothing else is given, another one for each seed."""
    program = scripted()
    bench = Bench(program, part(), None, [1, 2])
    bench.skill(CURE, 0)
    bench.skill(CURE, 1)
    (first, _), (second, _) = program.jobs
    assert (len(first.X), len(first.X_new)) == (300, 100)
    seen, held_out = ({tuple(row) for row in X[:, :, 0]} for X in (first.X, first.X_new))
    assert not seen & held_out
    assert not np.array_equal(first.X_new, second.X_new)
    assert first.y.shape == (300,)


def test_data_of_the_users_own_are_the_judge(scripted, part):
    """All of them, for every seed; a tenth of the training sequences is left out, so that seeds differ."""
    program, held_out = scripted(), part(n=50, seed=1)
    bench = Bench(program, part(), held_out, [1, 2])
    bench.skill(CURE, 0)
    bench.skill(CURE, 1)
    (first, _), (second, _) = program.jobs
    assert first.X_new is held_out.X
    assert len(first.X) == 360
    assert not np.array_equal(first.X, second.X)


def test_overlapping_windows_are_held_out_in_one_stretch(scripted, part):
    """No window that shares a step with those held out is trained on."""
    series = np.random.default_rng(0).normal(size=203)
    windows = np.lib.stride_tricks.sliding_window_view(series, 4)[..., None].copy()
    whole = part(n=200, steps=4)
    data = type(whole)(windows, windows, windows[:, -1], (200,), whole.prediction, (200,))
    program = scripted()
    Bench(program, data, None, [3]).skill(CURE, 0)
    ((job, _),) = program.jobs
    assert not np.isin(job.X, job.X_new).any()
    assert len(job.X_new) == 50


def test_the_skill_is_what_the_training_reached(scripted, part):
    """Against the mean, on the held-out part."""
    bench = Bench(scripted({CURE: 0.7}, noise=0.0), part(), None, [1])
    assert bench.skill(CURE, 0) == pytest.approx(0.7, abs=0.02)
    assert bench.skill(frozenset(), 0) == pytest.approx(0.0, abs=0.02)


def test_no_training_is_done_twice(scripted, part):
    """What was measured is remembered, by changes and seed."""
    program = scripted()
    bench = Bench(program, part(), None, [1, 2])
    assert [bench.skill(CURE, 0) for _ in range(3)] == list(bench.skills(CURE)) * 3
    assert len(program.jobs) == 1
    assert bench.has(CURE, 0)
    assert not bench.has(CURE, 1)


def test_fewer_epochs_and_sequences_are_what_programs_get(scripted, part):
    """A shortened training is shortened for all alike."""
    program = scripted()
    bench = Bench(program, part(), None, [1])
    bench.epochs, bench.share = 4, 0.5
    bench.skill(CURE, 0)
    assert program.jobs[0][0].epochs == 4
    assert len(program.jobs[0][0].X) == 150


def test_time_is_that_of_one_pass(scripted, part):
    """One epoch to warm up, two to measure; of a program without epochs one whole training, which is kept."""
    counted, whole = scripted(), scripted(epochs=None)
    assert Bench(counted, part(), None, [1]).time() > 0
    assert [job.epochs for job, _ in counted.jobs] == [1, 2]
    bench = Bench(whole, part(), None, [1])
    assert bench.time() > 0
    assert bench.has(frozenset(), 0)


@pytest.mark.parametrize(
    ("prediction", "skill"),
    [([1.0, 2.0, 3.0, 4.0], 1.0), ([2.5] * 4, 0.0), ([1e9] * 4, -1.0), ([1.0, 2.0, 3.0, np.nan], -1.0)],
)
def test_skill_against_the_mean(prediction, skill):
    """1 is perfect, 0 the mean; anything worse than -1, and what is no number, counts as -1."""
    y = np.array([[1.0], [2.0], [3.0], [4.0]])
    assert skill_of(np.array(prediction)[:, None], y, y) == pytest.approx(skill)


def test_targets_that_are_not_known_do_not_count():
    """Neither where predictions are judged, nor in the mean."""
    y = np.array([[1.0], [2.0], [np.nan], [3.0]])
    assert skill_of(np.array([[1.0], [2.0], [99.0], [3.0]]), y, y) == 1.0


def test_outputs_are_averaged():
    """One output right and one at the mean is half a skill."""
    y = np.array([[1.0, 5.0], [2.0, 6.0], [3.0, 10.0]])
    prediction = y.copy()
    prediction[:, 1] = 7.0
    assert skill_of(prediction, y, y) == pytest.approx(0.5)
