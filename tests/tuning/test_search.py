import re
import time
import warnings

import numpy as np
import pytest
from sklearn.base import clone

from unflat import LSTMRegressor
from unflat.errors import ConfigurationError, UnflatWarning
from unflat.tuning import Trial
from unflat.tuning.search import Limits, compare, search
from unflat.tuning.training import Task, Trained


class Scripted(Task):
    """A task whose loss is a function of parameters and seed, without any training."""

    def train(self, parameters, seed, report=None, until=float("inf")):
        """Make a course of three tenths, then a loss."""
        self.asked.append((dict(parameters), seed))
        loss = self.loss_of(parameters, seed)
        if isinstance(loss, type):
            raise loss
        behind = report is not None and [report(at, loss * (10 - at)) for at in range(1, 10)][-1]
        cut = self.cost > until - time.perf_counter()
        loss = float("inf") if behind else loss
        return Trained(loss, 5, self.cost, behind, self.stops == len(self.asked), cut=cut)


@pytest.fixture
def scripted(data, small):
    """Give a maker of such tasks."""

    def make(loss_of, *, cost=1.0, stops=None):
        task = Scripted(small, *data)
        for name, value in {"asked": [], "loss_of": staticmethod(loss_of), "cost": cost, "stops": stops}.items():
            object.__setattr__(task, name, value.__func__ if isinstance(value, staticmethod) else value)
        return task

    return make


def searched(task, space, *, seed=7, journal=None, on_trial=None, **limits):
    """Search without a file."""
    chosen = Limits(**{"trials": 6} | limits)
    return search(task, space, chosen, seed=seed, journal=journal, remedy="Choose another.", on_trial=on_trial)


def by_rate(parameters, seed):
    """Let the loss be the distance of the rate from 0.03, the given model's being 0.5."""
    return abs(parameters["learning_rate"] - 0.03) + 1e-6 * (seed > 7) if parameters else 0.5


def test_seeds_of_the_comparison_begin_anew_after_the_last(scripted, space):
    """The largest seed has none above it."""
    task = scripted(by_rate)
    searched(task, space, seed=2**32 - 2, repeats=3)
    assert {seed for _, seed in task.asked[6:]} == {2**32 - 1, 0, 1}


def test_the_model_as_given_comes_first_and_all_have_one_seed(scripted, space):
    """Trial 0 changes nothing; every trial has the search's own seed, so that only parameters differ."""
    task = scripted(by_rate)
    findings = searched(task, space)
    assert len(findings.trials) == 6
    assert task.asked[0] == ({}, 7)
    assert {seed for _, seed in task.asked[:6]} == {7}
    assert all(parameters for parameters, _ in task.asked[1:6])
    assert findings.trial(0).point == {"units": 2, "learning_rate": 0.005}


def test_the_best_trial_is_chosen_if_it_is_better_again(scripted, space):
    """The lowest loss wins once it does with the next seeds too, of which each model has the same."""
    task = scripted(by_rate)
    findings = searched(task, space, repeats=3)
    best = min(findings.trials[1:], key=lambda trial: trial.loss)
    assert findings.chosen == findings.best == best.number
    assert findings.parameters["learning_rate"] == best.point["learning_rate"]
    assert [seed for _, seed in task.asked[6:]] == [8, 8, 9, 9, 10, 10]
    assert findings.comparison.given == (0.5, 0.5, 0.5)
    assert findings.comparison.tuned == pytest.approx([best.loss + 1e-6] * 3)


def test_a_lucky_trial_is_not_chosen(scripted, space):
    """What was the best with the search's seed and is not with others leaves the model as it was."""
    findings = searched(scripted(lambda parameters, seed: 1.0 if not parameters else 0.1 if seed == 7 else 2.0), space)
    assert findings.best != 0
    assert findings.chosen == 0
    assert findings.parameters == {}
    assert not findings.comparison.tuned_wins


def test_without_repeats_the_search_itself_decides(scripted, space):
    """No other seed is tried."""
    task = scripted(by_rate)
    findings = searched(task, space, repeats=0)
    assert findings.comparison is None
    assert findings.chosen == findings.best != 0
    assert len(task.asked) == 6


def test_the_given_model_stays_if_no_trial_is_better(scripted, space):
    """There is nothing to compare then."""
    findings = searched(scripted(lambda parameters, _: 1.0 if parameters else 0.9), space)
    assert (findings.best, findings.comparison, findings.parameters) == (0, None, {})


def test_trials_that_fall_behind_are_given_up(scripted, space):
    """Pruned ones have their best loss until then, and cannot be the best."""
    findings = searched(scripted(lambda p, _: 10 * p["learning_rate"] if p else 0.01), space, trials=12)
    states = {trial.state for trial in findings.trials}
    assert states == {"complete", "pruned"}
    assert all(trial.loss is not None for trial in findings.trials)
    assert findings.best == 0


def test_a_trial_without_memory_or_loss_fails_alone(scripted, space):
    """The search goes on, and says so."""

    def loss_of(parameters, _):
        return 0.5 if not parameters else MemoryError if parameters["units"][-1] > 1 else float("inf")

    findings = searched(scripted(loss_of), space)
    assert [trial.state for trial in findings.trials] == ["complete"] + ["failed"] * 5


def test_errors_of_the_model_as_given_are_not_hidden(data, space):
    """Parameters that cannot be used are the user's to put right, before any trial."""
    with pytest.raises(ConfigurationError, match="'clip_norm' of LSTMRegressor"):
        searched(Task(LSTMRegressor(clip_norm=-1, progress=False), *data), space)


@pytest.mark.parametrize("raised", [True, False])
def test_ctrl_c_ends_the_search_and_keeps_what_was_found(scripted, space, tmp_path, raised):
    """An interrupt in a trial, whether fit took it or not, ends it; the next call begins with that trial."""
    if raised:
        calls = iter(range(99))
        task = scripted(lambda p, seed: KeyboardInterrupt if next(calls) == 3 else by_rate(p, seed))
    else:
        task = scripted(by_rate, stops=4)
    findings = searched(task, space, journal=tmp_path / "journal")
    assert [trial.state for trial in findings.trials] == ["complete"] * 3 + ["interrupted"]
    assert findings.interrupted
    assert findings.best != 0
    again = searched(scripted(by_rate), space, journal=tmp_path / "journal")
    assert again.trials[4].point == findings.trials[3].point
    assert sum(trial.state != "interrupted" for trial in again.trials) == 6
    assert not again.interrupted


def test_ctrl_c_in_the_first_training_or_the_comparison_ends_all(scripted, space, tmp_path):
    """There is nothing to choose then; but complete trials are kept."""
    with pytest.raises(KeyboardInterrupt):
        searched(scripted(by_rate, stops=1), space)
    with pytest.raises(KeyboardInterrupt):
        searched(scripted(by_rate, stops=7), space, journal=tmp_path / "journal")
    task = scripted(by_rate)
    assert searched(task, space, journal=tmp_path / "journal").chosen != 0
    assert len(task.asked) == 4


def test_a_second_call_goes_on(scripted, space, tmp_path):
    """The number of trials is that of all calls; nothing is trained twice but the comparison."""
    whole = searched(scripted(by_rate), space, trials=8)
    first = scripted(by_rate)
    searched(first, space, trials=5, journal=tmp_path / "journal")
    second = scripted(by_rate)
    findings = searched(second, space, trials=8, journal=tmp_path / "journal")
    assert findings.trials == whole.trials
    assert len(second.asked) == 3 + 4


def test_a_budget_leaves_time_for_the_end(scripted, space):
    """No trial begins that would, with the trainings that close the search, exceed the time."""
    task = scripted(by_rate, cost=10.0)  # as they say; they take no time
    assert len(searched(task, space, trials=None, budget=55).trials) == 1
    assert len(searched(scripted(by_rate, cost=10.0), space, trials=4, budget=70).trials) == 4


def test_a_training_that_a_budget_cuts_is_compared_with_nothing(scripted, space, tmp_path):
    """The model as given, ended early, is the only trial of its call and none of the next one's."""
    cut = searched(scripted(by_rate, cost=10.0), space, trials=None, budget=2, journal=tmp_path / "journal")
    assert [trial.state for trial in cut.trials] == ["complete"]
    assert (cut.chosen, cut.parameters, cut.interrupted) == (0, {}, False)
    assert len(searched(scripted(by_rate), space, journal=tmp_path / "journal").trials) == 6


def test_a_trial_that_a_budget_cuts_ends_the_search(scripted, space, tmp_path):
    """It counts as interrupted, though nobody interrupted the search, and is what the next call begins with."""
    whole = searched(scripted(by_rate), space, trials=2)

    class Slower(type(scripted(by_rate))):
        def train(self, parameters, seed, report=None, until=float("inf")):
            object.__setattr__(self, "cost", 100.0 if parameters and report else 0.01)
            return super().train(parameters, seed, report, until)

    task = scripted(by_rate)
    task.__class__ = Slower
    findings = searched(task, space, trials=None, budget=30, journal=tmp_path / "journal")
    assert [trial.state for trial in findings.trials] == ["complete", "interrupted"]
    assert not findings.interrupted
    again = searched(scripted(by_rate), space, trials=2, journal=tmp_path / "journal")
    assert again.trials[2].point == whole.trials[1].point


@pytest.mark.parametrize(("in_time", "seeds"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)])
def test_a_comparison_keeps_to_the_budget(scripted, space, in_time, seeds):
    """Trainings that there is no time for are ended; only seeds with which both have come to their end are compared."""

    class Slowing(type(scripted(by_rate))):
        def train(self, parameters, seed, report=None, until=float("inf")):
            done = sum(seed != 7 for _, seed in self.asked)
            object.__setattr__(self, "cost", 1000.0 if seed != 7 and done >= in_time else 0.01)
            return super().train(parameters, seed, report, until)

    task = scripted(by_rate)
    task.__class__ = Slowing
    findings = searched(task, space, trials=6, budget=30, repeats=2)
    assert len(task.asked) == 6 + min(in_time + 1, 4)
    assert (0 if findings.comparison is None else len(findings.comparison.given)) == seeds
    assert findings.best != 0
    assert findings.chosen == (findings.best if seeds else 0)


def test_a_budget_counts_the_networks_of_the_end():
    """A trial has one network; where the model that is kept has five, its training takes five times as long."""
    done = (Trial(0, {}, "complete", 1.0, 1, 10.0),)
    assert not Limits(budget=75).reached(done, 10.0, networks=1)
    assert Limits(budget=75).reached(done, 10.0, networks=5)


def test_no_fewer_networks_are_foreseen_than_are_trained(data):
    """Several of little data, and as many as wished."""
    model = LSTMRegressor(units=(2,), epochs=1, progress=False)
    for given, more in ((model, {}), (clone(model).set_params(n_members=3), {}), (model, {"validation": data})):
        task = Task(given, *data, **more)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnflatWarning)
            fitted = task.fit(task.changed({}, 7))
        assert task.networks(7) >= len(fitted.histories_)  # networks that add nothing are not kept
        assert task.networks(7) >= {"auto": 2, 3: 3}[given.n_members]


def test_thirty_trials_by_default():
    """Neither a number nor a budget means thirty; a budget alone means as many as it admits."""
    done = tuple(Trial(number, {}, "complete", 1.0, 1, 0.001) for number in range(30))
    assert Limits().reached(done, 0.0)
    assert not Limits().reached(done[:-1], 0.0)
    assert not Limits(budget=100).reached(done, 50.0)
    assert Limits(budget=100).reached(done[:1], 99.9999)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"trials": 0}, "'trials' of tune: expected a whole number of at least 1 or None; received 0"),
        ({"budget": -1.0}, "'budget' of tune: expected a number in"),
        ({"repeats": None}, "'repeats' of tune: expected a whole number of at least 0; received None"),
    ],
)
def test_limits_that_cannot_be_are_refused(limits, message):
    """The message names the argument of `tune`."""
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        Limits(**limits)


def test_callers_are_told_of_each_trial(scripted, space):
    """Each trial is given as it ended, with the best one so far."""
    told = []
    findings = searched(scripted(by_rate), space, on_trial=lambda trial, best: told.append((trial, best.loss)))
    assert tuple(trial for trial, _ in told) == findings.trials
    losses = [trial.loss for trial in findings.trials]
    assert [best for _, best in told] == list(np.minimum.accumulate(losses))


def test_a_loss_that_is_no_number_never_wins(scripted):
    """Neither model wins by having no loss."""
    infinite = float("inf")
    assert not compare(scripted(lambda *_: infinite), {"units": (1,)}, [1, 2]).tuned_wins
    assert compare(scripted(lambda p, _: 1.0 if p else infinite), {"units": (1,)}, [1]).tuned_wins
