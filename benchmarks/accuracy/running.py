"""Run one task: fit the package's defaults once for each seed, and the references beside them."""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.accuracy.references import run_references

from unflat import DataWarning, LSTMRegressor, Windows
from unflat.metrics import score_intervals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.accuracy.problem import Part, Problem, Task

QUICK_VALUES = 200_000
"""Numbers in the parts of a quick run: enough to see that everything works, and nothing about accuracy."""


@dataclass(frozen=True)
class Budget:
    """What is changed for a quick run; a full one changes nothing.

    Parameters
    ----------
    estimator : dict
        Parameters of the estimator that are not the package's defaults.
    trees : int
        Boosting rounds.
    values : int or None
        About how many numbers each part may hold.
    """

    estimator: dict[str, Any]
    trees: int = 100
    values: int | None = None

    def with_members(self, count: int) -> Budget:
        """Train so many networks, and predict their mean."""
        return self if count == 1 else replace(self, estimator={**self.estimator, "n_members": count})


FULL = Budget({})
QUICK = Budget({"epochs": 2}, trees=5, values=QUICK_VALUES)


@dataclass(frozen=True)
class Fit:
    """One fit of the package.

    Parameters
    ----------
    seed : int
        The seed of the fit, and of the data if they are generated.
    scores : dict of str to float
        By the names that `Problem.scores` gives them.
    fit_seconds, predict_seconds : float
        Wall time of `fit`, and of `predict` for all test parts.
    epochs, best_epoch : int
        Epochs that were run, and the one whose weights were kept.
    stopped : str
        Why there were no more.
    warnings : tuple of str
        What `fit` and `predict` warned of.
    intervals : dict of str to float
        Of the intervals for 0.9 on the first test part: coverage, and the mean width and interval score as shares of
        the target's standard deviation, means over outputs; of a single series also the coverage of intervals that
        learn from each truth. Empty where the bounds are infinite.
    linear : bool
        Whether the fitted model is its linear part alone.
    """

    seed: int
    scores: dict[str, float]
    fit_seconds: float
    predict_seconds: float
    epochs: int
    best_epoch: int
    stopped: str
    warnings: tuple[str, ...]
    intervals: dict[str, float]
    linear: bool


def run_task(task: Task, data: Path | None, seeds: range, budget: Budget = FULL) -> Iterator[dict[str, Any]]:
    """Run a task, and give what is known after each seed, so that an interruption loses one at most.

    Parameters
    ----------
    task : Task
        What to run.
    data : Path or None
        The data folder.
    seeds : range
        The seeds.
    budget : Budget
        How much to do.

    Yields
    ------
    dict
        Everything so far, as plain JSON values.
    """
    fits: list[Fit] = []
    references: dict[str, list[dict[str, Any]]] = {}
    reasons: dict[str, str] = {}
    for seed in seeds:
        problem = _problem(task, data, seed, budget)
        if task.generated or not references:
            reasons = _refer(problem, seed, budget, references)
        fits.append(fit_defaults(problem, seed, budget))
        yield {
            "protocol": task.protocol,
            "sizes": sizes(problem),
            "published": [asdict(figure) for figure in task.published],
            "unflat": [asdict(fit) for fit in fits],
            "references": references,
            "not applicable": reasons,
        }


def repeat_references(task: Task, data: Path | None, result: dict[str, Any], budget: Budget = FULL) -> dict[str, Any]:
    """Run the references again, and leave the fits that stand beside them as they are.

    Parameters
    ----------
    task : Task
        The task.
    data : Path or None
        The data folder.
    result : dict
        What was stored of it.
    budget : Budget
        How much there was to do.

    Returns
    -------
    dict
        The result with other references.

    Raises
    ------
    ValueError
        If the fits are of other data.
    """
    references: dict[str, list[dict[str, Any]]] = {}
    reasons: dict[str, str] = {}
    seeds = [fit["seed"] for fit in result["unflat"]]
    for seed in seeds if task.generated else seeds[:1]:
        problem = _problem(task, data, seed, budget)
        if sizes(problem) != result["sizes"]:
            raise ValueError(f"The fits of {task.name} are of other data: {result['sizes']}, not {sizes(problem)}.")
        reasons = _refer(problem, seed, budget, references)
    return result | {"references": references, "not applicable": reasons}


def _problem(task: Task, data: Path | None, seed: int, budget: Budget) -> Problem:
    problem = task.make(data or Path(), seed)
    return problem if budget.values is None else problem.thinned(budget.values)


def _refer(problem: Problem, seed: int, budget: Budget, references: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """Add what the references reach to what is known of them, and give the reasons of those that do not apply."""
    scored, reasons = run_references(problem, seed, trees=budget.trees)
    for name, reference in scored.items():
        references.setdefault(name, []).append({"seed": seed, **asdict(reference)})
    return reasons


def fit_defaults(problem: Problem, seed: int, budget: Budget = FULL) -> Fit:
    """Fit the estimator as it comes, with nothing set but the seed.

    Parameters
    ----------
    problem : Problem
        The data.
    seed : int
        The estimator's `random_state`.
    budget : Budget
        What a quick run changes.

    Returns
    -------
    Fit
        Scores, times, and what was warned of.
    """
    model = LSTMRegressor(random_state=seed, **budget.estimator)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        started = time.perf_counter()
        model.fit(problem.train.X, problem.train.y, validation=_argument(problem.validation))
        fitted = time.perf_counter()
        scores = problem.scores(lambda part: model.predict(part.X))
        predicted = time.perf_counter()
    history = model.history_
    return Fit(
        seed,
        scores,
        fitted - started,
        predicted - fitted,
        len(history.epochs),
        history.best_epoch,
        history.stopped,
        tuple(f"{warning.category.__name__}: {warning.message}" for warning in caught),
        interval_scores(model, next(iter(problem.tests.values()))),
        model.linear_,
    )


def interval_scores(model: LSTMRegressor, part: Part, asked: float = 0.9) -> dict[str, float]:
    """Score the intervals of a fitted model; nothing where one is infinite.

    Parameters
    ----------
    model : LSTMRegressor
        Fitted, with a held-out part.
    part : Part
        What to score on.
    asked : float
        The coverage that is asked for.

    Returns
    -------
    dict of str to float
        As `Fit.intervals` says.
    """
    y = part.targets
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # predict has said what there is to say of the inputs
        bounds = [np.reshape(bound, y.shape) for bound in model.predict_interval(part.X, asked)]
        if not np.isfinite(bounds).all():
            return {}
        scored = score_intervals(y, *bounds, asked)
        scores = {
            "coverage": float(np.mean([one.coverage for one in scored])),
            "width": float(np.mean([one.width for one in scored] / y.std(axis=0))),
            "interval score": float(np.mean([one.score for one in scored] / y.std(axis=0))),
        }
        if isinstance(part.X, Windows) and part.X.timeline.labels is None:
            tracked = model.track_interval(asked)
            tracked.replay(part.X, part.X.y, delay=max(1, part.X.schema.horizon))
            scores["coverage, tracked"] = float(tracked.covered.mean())
    return scores


def sizes(problem: Problem) -> dict[str, Any]:
    """Count sequences, steps, features and outputs."""
    sequences = problem.train.sequences
    return {
        "train": len(problem.train),
        "validation": None if problem.validation is None else len(problem.validation),
        "tests": {name: len(part) for name, part in problem.tests.items()},
        "steps": sequences.longest,
        "features": sequences.n_features,
        "outputs": problem.train.targets.shape[1],
    }


def _argument(validation: Part | None) -> object:
    """Give a part in the form that `fit` takes as validation."""
    if validation is None:
        return None
    return validation.X if validation.y is None else (validation.X, validation.y)
