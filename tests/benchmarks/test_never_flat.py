"""The benchmark of random problems: a number is a problem, sizes stay in their box, failures are counted as such."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks import jobs
from benchmarks.never_flat import __main__ as command
from benchmarks.never_flat import data, inputs, rates, report, running, shapes, storage, tasks, working
from benchmarks.never_flat.problem import (
    FEATURES,
    JUDGED,
    MOST_STEPS,
    MOST_VALUES,
    SEQUENCES,
    STEPS,
    Problem,
    draw,
    training_steps,
)

from unflat.sequences import as_sequences

PLAIN = Problem(
    0, 60, 6, 3, "last step", "white", 1, outputs=1, signal=1.0, noise="normal", shape="plain", tails="plain",
    offsets=False, ragged="", missing=0.0, groups=0,
)  # fmt: skip
TINY = replace(PLAIN, n=30, steps=2, features=1)


@pytest.fixture
def random():
    """Give a seeded generator."""
    return np.random.default_rng(5)


def output(verdict="healthy", *, signal=True, r2=0.8, other=0.9, spread=0.9):
    """Make an output's record."""
    reached = {"the default": [r2, 0.02], "ridge": [other - 0.2, 0.02], "boosted trees": [other, 0.02]}
    return {
        "verdict": verdict, "signal": signal, "spread": spread, "flat_below": 0.2, "confidence": 0.9, "reached": reached
    }  # fmt: skip


def record(*outputs, number=0, **changes):
    """Make a problem's record."""
    problem = {**vars(PLAIN), "number": number, **changes}
    fitted = {"fit_seconds": 2.0, "linear": False, "own_held_out": None, "best_epoch": 3, "epochs": 9}
    return {"number": number, "problem": problem, "verdict": outputs[0]["verdict"], "outputs": list(outputs), **fitted}


def test_a_number_is_a_problem():
    """The same number gives the same problem and the same data, bit by bit; another number others."""
    assert draw(3) == draw(3)
    assert draw(3) != draw(4)
    first, again = (data.make(replace(PLAIN, missing=0.2, groups=5)) for _ in range(2))
    np.testing.assert_array_equal(first.training.X, again.training.X)
    np.testing.assert_array_equal(first.judged.y, again.judged.y)
    assert not np.array_equal(data.make(replace(PLAIN, number=1)).judged.y, first.judged.y)


def test_sizes_stay_in_their_box_and_reach_its_ends():
    """Of 500 problems none is beyond a bound, and they go far: to 10,000 sequences, 500 steps, 45 features."""
    problems = [draw(number) for number in range(500)]
    for name, (low, high) in {"n": SEQUENCES, "steps": STEPS, "features": FEATURES}.items():
        sizes = [getattr(problem, name) for problem in problems]
        assert low <= min(sizes) <= 1.5 * low
        assert high / 2 <= max(sizes) <= high
    for problem in problems:
        assert (problem.n + JUDGED) * problem.steps * problem.features <= MOST_VALUES
        assert training_steps(problem.n, problem.steps) <= MOST_STEPS
        assert tasks.TASKS[problem.task].fits(problem.steps, problem.features)
        assert tasks.TASKS[problem.task].features <= problem.relevant <= problem.features


def test_every_kind_is_drawn():
    """Among 500 problems are all tasks, processes and distributions, and each of the hindrances."""
    problems = [draw(number) for number in range(500)]
    assert {problem.task for problem in problems} == set(tasks.TASKS)
    assert {problem.process for problem in problems} == {*inputs.PROCESSES, "mixed"}
    assert {problem.shape for problem in problems} == set(shapes.SHAPES)
    assert {problem.tails for problem in problems} == set(shapes.TAILS)
    assert {problem.ragged for problem in problems} == {"", "list", "padded"}
    assert {problem.noise for problem in problems} == {"normal", "heavy"}
    assert {problem.outputs for problem in problems} == {1, 2, 3, 4}
    for trait in ("missing", "groups", "offsets", "signal"):
        share = np.mean([bool(getattr(problem, trait)) for problem in problems])
        assert 0.1 < share < 0.95


@pytest.mark.parametrize("task", tasks.TASKS)
def test_every_task_gives_finite_data_of_the_right_size(task):
    """Sequences and targets are what `fit` takes, 60 to fit on and 400 to be judged on."""
    features = max(2, tasks.TASKS[task].features)
    drawn = data.make(replace(PLAIN, task=task, steps=9, features=features, relevant=features))
    for part, n in ((drawn.training, 60), (drawn.judged, JUDGED)):
        assert part.X.shape == (n, 9, features)
        assert part.y.shape == (n,)
        assert np.isfinite(part.X).all()
        assert part.y.std() > 0


@pytest.mark.parametrize("process", inputs.PROCESSES)
def test_features_are_standardized(process, random):
    """Every process gives features of mean 0 and deviation 1."""
    values = inputs.draw(process, (50, 20, 2), random)
    np.testing.assert_allclose(values.mean(axis=(0, 1)), 0, atol=1e-12)
    np.testing.assert_allclose(values.std(axis=(0, 1)), 1)


def test_marks_stand_where_values_are_added(random):
    """The adding task puts two marks into each sequence, within its length, and its target is the sum there."""
    values = random.normal(size=(200, 12, 3))
    lengths = random.integers(4, 13, 200)
    seen = tasks.Seen(values, lengths, np.array([1.0, 1.0, 0.0]))
    y = tasks.adding(seen, random)
    assert (values[:, :, 1].sum(axis=1) == 2).all()
    assert not values[:, :, 1][~seen.inside].any()
    np.testing.assert_allclose(y, (values[:, :, 0] * values[:, :, 1]).sum(axis=1))


def test_tasks_see_only_what_belongs_to_a_sequence(random):
    """Where lengths vary, what stands beyond a sequence's end changes no target."""
    values, lengths = random.normal(size=(50, 10, 2)), random.integers(4, 11, 50)
    other = values.copy()
    beyond = np.arange(10) >= lengths[:, None]
    other[beyond] = 99.0
    for name, task in tasks.TASKS.items():
        if not task.alone:
            found = [
                task.target(tasks.Seen(given.copy(), lengths, np.array([0.7, 0.0])), np.random.default_rng(1))
                for given in (values, other)
            ]
            np.testing.assert_array_equal(*found, err_msg=name)


def test_noise_leaves_the_share_of_signal_that_is_asked():
    """The last step explains four fifths of the variance where the signal is 0.8, and nothing where it is 0."""
    for signal in (0.8, 0.0):
        drawn = data.make(replace(PLAIN, n=20_000, signal=signal))
        explained = np.corrcoef(drawn.training.X[:, -1, 0], drawn.training.y)[0, 1] ** 2
        assert explained == pytest.approx(signal, abs=0.02)


def test_windows_of_a_series_are_judged_on_later_ones():
    """Each window begins one step after the one before; those judged share no step with those fitted on."""
    drawn = data.make(replace(PLAIN, task="seasonal", features=1))
    X, judged = drawn.training.X, drawn.judged.X
    np.testing.assert_array_equal(X[1:, :-1], X[:-1, 1:])
    assert not np.isin(judged, X).any()


def test_units_go_from_a_billionth_to_a_billion_with_offsets():
    """Deviations of features lie over many magnitudes, and offsets lie up to a million deviations away."""
    drawn = data.make(replace(PLAIN, features=40, offsets=True))
    deviation = drawn.training.X.std(axis=(0, 1))
    assert deviation.min() < 1e-6
    assert deviation.max() > 1e6
    assert data.SMALLEST / 2 < deviation.min() < deviation.max() < 2 * data.LARGEST
    assert 1e4 < np.abs(drawn.training.X.mean(axis=(0, 1)) / deviation).max() < 2e6


@pytest.mark.parametrize("form", ["list", "padded"])
def test_lengths_of_their_own(form):
    """Ragged sequences come as a list, or padded with NaN at their end, and hold the same numbers."""
    ragged = as_sequences(data.make(replace(PLAIN, ragged=form, missing=0.3)).training.X)
    plain = as_sequences(data.make(replace(PLAIN, ragged="list", missing=0.3)).training.X)
    assert sorted(set(ragged.lengths)) == [2, 3, 4, 5, 6]
    np.testing.assert_array_equal(ragged.dense(), plain.dense())


def test_missing_values_never_are_padding():
    """As many values are missing as is said, but no sequence becomes shorter by them."""
    X = data.make(replace(PLAIN, n=2000, features=1, missing=0.4)).training.X
    assert np.isnan(X).mean() == pytest.approx(0.4 * 4 / 6, abs=0.02)
    assert (as_sequences(X).lengths == 6).all()


def test_groups_are_judged_on_others():
    """No group of the sequences to be judged was fitted on, and a group's sequences have a level in common."""
    drawn = data.make(replace(PLAIN, n=3000, groups=5, task="mean step", process="level"))
    assert not np.isin(drawn.judged.groups, drawn.training.groups).any()
    means = [drawn.training.X[drawn.training.groups == group, :, 1].mean() for group in range(5)]
    deviation = drawn.training.X[:, :, 1].std()
    assert np.std(means) > 0.1 * deviation


def test_kinds():
    """Spread and skill are asked where others have skill beyond error, and the worst of these outputs decides."""
    assert rates.kind(record(output())) == "sound"
    assert rates.kind(record(output(), output(r2=-0.1), output(spread=0.2, other=0.9))) == "flat"
    assert rates.kind(record(output(spread=0.2, other=0.5))) == "sound"
    assert rates.kind(record(output(r2=0.0))) == "without skill"
    assert rates.kind(record(output(r2=None), output(r2=-1))) == "diverged"
    assert rates.kind(record(output("flat", r2=-1, other=0.03))) == "wrong without signal"
    assert rates.kind(record(output(), output("failing", r2=-1, signal=False))) == "sound"
    assert rates.kind(record(output("no_signal", signal=False))) == "quiet"
    assert rates.kind({"number": 1, "error": "ValueError: no"}) == "error"


def test_who_has_skill_and_is_far_behind_counts_apart():
    """Half of what others explain is no lack of spread and skill; the diagnosis says what it is."""
    assert rates.is_far_behind(record(output("failing", r2=0.3)))
    assert not rates.is_far_behind(record(output("healthy", r2=0.8)))
    assert not rates.is_far_behind(record(output("failing", r2=-0.3)))


def test_skill_is_that_of_targets_as_they_are():
    """R² counts outliers as what they are, with the error of a mean; a prediction that is no number has none."""
    random = np.random.default_rng(0)
    y = random.normal(size=400)
    y[7] = 50.0
    found, error = running._skill(y, np.where(np.arange(400) == 7, 0.0, y))
    assert found == pytest.approx(1 - 2500 / 400 / y.var(), abs=1e-5)
    assert error > 0
    assert running._skill(y, np.full(400, np.nan)) == [None, None]


def test_figures_count_each_problem_once():
    """Failures stand by number, distances are of outputs that were asked, and what has no signal counts apart."""
    failed = {"number": 4, "problem": {**vars(PLAIN), "number": 4}, "error": "ValueError: no"}
    records = [
        record(output(r2=0.8, other=0.9), number=1),
        record(output("flat", r2=0.0, other=0.6), output(r2=0.5, other=0.4), number=2),
        record(output("healthy", signal=False), number=3),
        failed,
        record(output("no_signal", signal=False), number=5, signal=0.0),
    ]
    found = rates.figures(records)
    assert (found["problems"], found["with signal"], found["failures"]) == (5, 2, [2, 4])
    assert found["outputs asked"] == 3
    assert found["behind the best reference"] == {"0.0": 2, "0.05": 2, "0.1": 1, "0.25": 1}
    assert found["distance"]["0.5"] == pytest.approx(0.1)
    assert found["without signal"]["by design"] == 1
    assert found["without signal"]["of these, found by the default"] == 1
    text = report.report(records)
    assert (
        "| 2 | last step (white); n 60, T 6, F 3 (1 relevant); signal 1 | without skill | 0.9 | 0 ± 0.02 | 0.6 ± 0.02 |"
        in text
    )
    assert "| 4 |" in text


def test_the_literal_count_asks_for_skill_alone():
    """What no learner found in the sequences fitted on counts all the same, and is added where the default fails."""
    unclear = output("flat", signal=False, r2=-0.1, other=0.05)  # its best learner is 2.5 errors above 0
    records = [
        record(unclear, number=1),
        record(output("healthy", signal=False, r2=0.8, other=0.9), number=2),
        record(output("flat", signal=False, r2=-0.1, other=0.03), number=3, signal=0.0),
        record(output("flat", r2=-0.1, other=0.6), number=4),
    ]
    found = rates.figures(records)
    assert found["failures"] == [4]
    assert found["literally"] == {
        "with signal": 3,
        "without a signal by design": 0,
        "failures": 2,
        "added": {"1": "without skill"},
    }
    text = report.report(records)
    added = text[text.index("Added by the literal count") : text.index("With spread and skill")]
    assert "| 1 |" in added
    assert "| 4 |" not in added


def test_a_problem_runs_and_its_record_is_json():
    """A straight line is sound; an error is put down as one."""
    found = running.run(TINY)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert rates.kind(found) == "sound"
    assert found["outputs"][0]["reached"]["the default"][0] > 0.9
    refused = running.run(replace(PLAIN, task="no such task"))
    assert refused["error"] == "KeyError: 'no such task'"


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    """What has a line is not run again; what is stored are the problems asked for, with versions and command."""
    ran = []
    monkeypatch.setattr(
        working, "run", lambda problem: ran.append(problem.number) or record(output(), number=problem.number)
    )
    path = tmp_path / "results.json"
    working.work([7, 9], path)
    working.work([7, 8, 9], path)
    assert ran == [7, 9, 8]
    monkeypatch.setattr(jobs.multiprocessing, "get_context", lambda _kind: Inline)
    assert command.main(["--problems", "2", "--first", "8", "--output", str(path)]) == 0
    assert ran == [7, 9, 8]
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored["figures"]["problems"] == 2
    assert stored["environment"]["command"] == "python -m benchmarks.never_flat --problems 2 --first 8 --output FILE"
    assert [found["number"] for found in storage.load(path)] == [8, 9]
    assert "| problems | 2 |" in capsys.readouterr().out


def test_one_problem_is_shown(monkeypatch, capsys):
    """`--only` prints what a problem is and its diagnosis, and stores nothing."""
    monkeypatch.setattr(command, "draw", lambda number: replace(TINY, number=number))
    assert command.main(["--only", "12"]) == 0
    printed = capsys.readouterr().out
    assert "last step (white); n 30, T 2, F 1 (1 relevant); signal 1" in printed
    assert "healthy" in printed.lower()


class Inline:
    """Runs a process's work at once, in this one."""

    exitcode = 0

    def __init__(self, *, target, args):
        self.target, self.args = target, args

    @classmethod
    def Process(cls, *, target, args):  # noqa: N802 - multiprocessing's name
        return cls(target=target, args=args)

    def start(self):
        self.target(*self.args)

    def join(self):
        """Be done."""

    def is_alive(self):
        """Say that nothing is left to do."""
        return False
