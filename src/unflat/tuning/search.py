"""The search: the model as given first, then trial after trial, and at the end the best of them put to the proof."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.config import AtLeast, Interval
from unflat.errors import ConfigurationError
from unflat.randomness import SEEDS
from unflat.tuning.deadline import SLACK
from unflat.tuning.records import GIVEN, Comparison, Findings, Trial
from unflat.tuning.study import Trials, quiet_optuna
from unflat.tuning.training import Trained, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    import optuna

    from unflat.tuning.space import Space
    from unflat.tuning.training import Task

    OnTrial = Callable[[Trial, Trial], None]
    """Takes the trial that has just ended, and the best one so far."""

_TRIALS = 30


@dataclass(frozen=True)
class Limits:
    """How far a search goes.

    Parameters
    ----------
    trials : int or None
        Trials in all, the model as given and those of earlier calls included; None for 30, or for any number where
        there is a budget.
    budget : float or None
        Seconds of this call, the closing trainings included as far as they can be foreseen; None for no limit. A
        training that would make it half as long again is ended early, and one of a comparison then counts for nothing.
    repeats : int
        How often the best trial and the model as given are trained anew, each time with another seed, before one of
        them is chosen. With 0 the losses of the search itself decide.

    Raises
    ------
    ConfigurationError
        If one is outside what it may be.
    """

    trials: int | None = None
    budget: float | None = None
    repeats: int = 2

    def __post_init__(self) -> None:
        for name, value, constraint in (
            ("trials", self.trials, AtLeast(1)),
            ("budget", self.budget, Interval(0, float("inf"), "neither")),
            ("repeats", self.repeats, AtLeast(0)),
        ):
            optional = name != "repeats"
            if not (constraint.admits(value) or (optional and value is None)):
                words = f"{constraint} or None" if optional else str(constraint)
                raise ConfigurationError("tune", name, words, value)

    def reached(self, records: tuple[Trial, ...], elapsed: float, networks: int = 1) -> bool:
        """Whether no further trial is to begin; of `networks` is the model that is trained at the end."""
        done = [trial for trial in records if trial.state != "interrupted"]
        most = _TRIALS if self.trials is None and self.budget is None else self.trials
        if most is not None and len(done) >= most:
            return True
        if self.budget is None:
            return False
        mean = sum(trial.seconds for trial in done) / len(done)
        return elapsed + mean + self.closing(records, networks) > self.budget

    def closing(self, records: tuple[Trial, ...], networks: int) -> float:
        """Foresee the seconds of the trainings that close the search."""
        given, best = records[GIVEN].seconds, best_of(records).seconds
        return self.repeats * (given + best) + networks * best


def search(
    task: Task,
    space: Space,
    limits: Limits,
    *,
    seed: int,
    journal: str | PathLike[str] | None,
    remedy: str,
    on_trial: OnTrial | None = None,
) -> Findings:
    """Search a space for parameters that do better on the validation part than a model's own.

    Parameters
    ----------
    task : Task
        Data and model.
    space : Space
        What is varied.
    limits : Limits
        How far.
    seed : int
        Seed of all that is drawn, and of every trial's model: trials differ by their parameters alone.
    journal : str or path, or None
        Where trials are kept, to go on from; None for nowhere.
    remedy : str
        What to do where the journal holds another search.
    on_trial : callable or None
        Told of each trial.

    Returns
    -------
    Findings
        What was found. Ctrl-C ends the search early, and what was found until then counts.

    Raises
    ------
    MissingExtraError
        If Optuna is not installed.
    OutputExistsError, CorruptArtifactError, OutputError
        If the journal is another search's, damaged, or cannot be written.
    InputError, ConfigurationError
        If the data or the model's parameters cannot be used.
    """
    began = time.perf_counter()
    with quiet_optuna():
        trials = Trials.open(journal, space, seed, _settings(task, space, seed), remedy=remedy)
        runner = _Runner(task, trials, on_trial)
        networks = 1 if limits.budget is None else task.networks(seed)
        end = inf if limits.budget is None else began + SLACK * limits.budget
        cut = runner.try_given(until=inf if end == inf else began + (end - began) / (1 + networks))
        if cut is not None:
            return Findings((cut,), GIVEN, None, {}, {})
        ended = False
        while not ended and not limits.reached(trials.records(), time.perf_counter() - began, networks):
            ended = runner.try_next(until=end - limits.closing(trials.records(), networks)).state == "interrupted"
        records = trials.records()
        best = best_of(records)
        parameters = runner.parameters_of(best)
        comparison = None
        if best.number != GIVEN and limits.repeats:
            seeds = [(seed + 1 + i) % SEEDS for i in range(limits.repeats)]
            comparison = compare(task, parameters, seeds, until=end - networks * best.seconds)
        better_again = comparison is not None and comparison.tuned_wins
        chosen = parameters if best.number != GIVEN and (better_again or not limits.repeats) else {}
        return Findings(records, best.number, comparison, chosen, trials.importance(), runner.interrupted)


def _settings(task: Task, space: Space, seed: int) -> dict[str, Any]:
    """Write down all that makes two trials comparable, as plain JSON values."""
    left_out = {"callbacks", "progress", "random_state", "device"}
    parameters = task.model.get_params(deep=False)
    return {
        "data": fingerprint(task, seed),
        "space": repr(space),
        "parameters": {name: _exactly(value) for name, value in parameters.items() if name not in left_out},
        "seed": seed,
    }


def _exactly(value: object) -> str:
    """Write a parameter with all its digits, a list as a tuple and a number alike whatever library holds it."""
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_exactly, value))})"
    return repr(value.item() if isinstance(value, np.generic) else value)


def best_of(records: tuple[Trial, ...]) -> Trial:
    """Find the trial with the lowest loss; of equal ones the first."""
    return min(
        (trial for trial in records if trial.state == "complete"),
        key=lambda trial: float("inf") if trial.loss is None else trial.loss,
    )


def compare(task: Task, parameters: Mapping[str, Any], seeds: list[int], *, until: float = inf) -> Comparison | None:
    """Train the model as given and the tuned one anew, seed by seed.

    The lowest of many losses is low by luck too: of initial weights, of the order of sequences, and of the part that
    they are scored on. Other seeds have other luck; where no validation part was given, nor one ends a series, each
    holds out its own.

    Parameters
    ----------
    task : Task
        Data and model.
    parameters : mapping
        What the tuned model differs by.
    seeds : list of int
        The seeds.
    until : float
        When time is up, on `time.perf_counter`.

    Returns
    -------
    Comparison or None
        Their losses with the seeds that there was time for; None if there was for none.
    """
    losses: list[tuple[float, float]] = []
    for seed in seeds:
        given = _trained(task, {}, seed, until)
        tuned = given if given.cut else _trained(task, parameters, seed, until)
        if tuned.cut:
            break
        losses.append((given.loss, tuned.loss))
    return Comparison(*zip(*losses, strict=True)) if losses else None


def _trained(task: Task, parameters: Mapping[str, Any], seed: int, until: float) -> Trained:
    trained = task.train(parameters, seed, until=until)
    if trained.interrupted:
        raise KeyboardInterrupt  # half a comparison is none; the trials are kept
    return trained


class _Runner:
    """Runs trials and enters what became of them."""

    def __init__(self, task: Task, trials: Trials, on_trial: OnTrial | None) -> None:
        self._task = task
        self._trials = trials
        self._on_trial = on_trial
        self._n = len(task.parts(trials.seed)[0])
        self.interrupted = False

    def parameters_of(self, trial: Trial) -> dict[str, Any]:
        """Give what a trial's model has instead of the given one's."""
        return {} if trial.number == GIVEN else self._task.parameters_at(trial.point, self._n)

    def try_given(self, until: float) -> Trial | None:
        """Try the model as it was given, unless an earlier call has.

        Returns
        -------
        Trial or None
            What became of it, where time was up before its end: it is not kept, for no other can be compared with it.
        """
        if self._trials.records():
            return None
        course: dict[int, float] = {}

        def note(milestone: int, loss: float) -> bool:
            course[milestone] = loss
            return False

        trained = self._task.train({}, self._trials.seed, note, until)
        if trained.interrupted:
            raise KeyboardInterrupt
        point = self._trials.space.point_of(self._task.given_parameters(self._n))
        trial = Trial(GIVEN, point, "complete", trained.loss, trained.epochs, trained.seconds, trained.linear)
        if trained.cut:
            return trial
        self._trials.add_given(point, trial, {at: loss for at, loss in course.items() if isfinite(loss)})
        self._tell(GIVEN)
        return None

    def try_next(self, until: float) -> Trial:
        """Draw a trial and run it; one that time was up for, or Ctrl-C ended, is drawn again by the next call."""
        asked = self._trials.ask()
        point = self._trials.point(asked.params)
        trial = Trial(asked.number, point, "interrupted", None, 0, 0.0)
        try:
            trained = self._train(asked, point, until)
            trial, self.interrupted = _ended(trial, trained), trained.interrupted
        except (torch.OutOfMemoryError, MemoryError):
            trial = replace(trial, state="failed")
        except KeyboardInterrupt:
            self.interrupted = True
        self._trials.tell(asked, trial)
        self._tell(trial.number)
        return trial

    def _train(self, asked: optuna.Trial, point: Mapping[str, Any], until: float) -> Trained:
        def report(milestone: int, loss: float) -> bool:
            asked.report(loss, milestone)
            return asked.should_prune()

        return self._task.train(self._task.parameters_at(point, self._n), self._trials.seed, report, until)

    def _tell(self, number: int) -> None:
        if self._on_trial is not None:
            records = self._trials.records()
            self._on_trial(records[number], best_of(records))


def _ended(trial: Trial, trained: Trained) -> Trial:
    trial = replace(trial, epochs=trained.epochs, seconds=trained.seconds)
    if trained.interrupted or trained.cut:
        return trial
    if trained.gave_up:
        return replace(trial, state="pruned")
    if not isfinite(trained.loss):
        return replace(trial, state="failed")
    return replace(trial, state="complete", loss=trained.loss, linear=trained.linear)
