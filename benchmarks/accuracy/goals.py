"""What was asked of the defaults before they were chosen, and how far each of these goals is reached."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.accuracy.skill import skill
from benchmarks.never_flat.rates import is_failure, literal

from unflat.baselines import LAST_VALUE, RIDGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Result = Mapping[str, Any]
    Results = Mapping[str, Result]

FEWEST_SEEDS = 5
"""A mean over fewer counts as no result."""

MOST_SECONDS = 600.0
"""Of a fit, on two cores."""

FEWEST_PROBLEMS = 500

COVERAGE = (0.88, 0.92)
"""What intervals for 0.9 may cover where sequences are exchangeable."""

EXCHANGEABLE = {
    "flood": "events apart from each other, of one simulation",
    "adding-100": "drawn independently",
    "adding-200": "drawn independently",
    "adding-600": "drawn independently",
    "narma10": "windows of one series, but of a stationary one whose inputs are drawn independently",
}
"""Tasks whose test sequences are like those held out of the training part, and why."""

NOT_EXCHANGEABLE = {
    "article": "test targets lie beyond all that train",
    "cmapss": "the last window of each test engine, of truth beyond the cap, where all windows and a cap train",
    "etth1": "later months",
    "beijing": "later months",
    "glucose": "later weeks",
    "sunspots": "later cycles",
    "mackey-glass": "one path of an equation without noise: nothing of it is drawn but where it begins",
}
"""Other tasks, by how their names begin, and why not."""


@dataclass(frozen=True)
class Goal:
    """A score that was to be reached.

    Parameters
    ----------
    task, measure : str
        Whose score.
    bound : float
        What it is not to exceed.
    source : str
        Where the bound is from.
    beats : tuple of str
        References whose own score, measured beside, must not be reached either: these bounds are strict.
    ensemble : bool
        Whether the best of stored ensembles counts, too.
    """

    task: str
    measure: str
    bound: float
    source: str
    beats: tuple[str, ...] = ()
    ensemble: bool = False


CMAPSS = "deep LSTM 16.14, DCNN 12.61, MTSTAN 10.97"
GOALS = (
    Goal("flood", "RMSE", 0.0025, "the best of 21 methods, MultiROCKET, has .0040"),
    Goal("cmapss-fd001", "RMSE capped", 12.6, CMAPSS),
    Goal("cmapss-fd001", "RMSE uncapped", 14.0, CMAPSS),
    Goal("cmapss-fd001", "RMSE capped", 11.8, "bi-level LSTM 11.80", ensemble=True),
    Goal("beijing-tutorial", "RMSE", 26.496, "the tutorial's LSTM, and the last value", (LAST_VALUE,)),
    Goal("etth1-alone-1", "MSE", 0.0039, "ridge", (RIDGE,)),
    Goal("etth1-alone-24", "MSE", 0.0432, "ridge", (RIDGE,)),
    Goal("glucose-30", "RMSE", 27.96, "ridge, and the last value", (RIDGE, LAST_VALUE)),
    Goal("narma10", "NRMSE", 0.10, "recurrent nets .25-.28, echo state networks about .2"),
    Goal("mackey-glass-84", "NRMSE", 0.10, "ridge .569"),
    Goal("adding-600", "MSE", 1e-3, "LSTM .164"),
)
"""Scores; the temperature alone of ETTh1 is what the figures of ridge belong to."""


@dataclass(frozen=True)
class Stored:
    """All that there is to judge by.

    Parameters
    ----------
    results : mapping of str to mapping
        A result by each task's name, of the defaults.
    ensembles : sequence of such mappings
        Of ensembles.
    two_cores : such a mapping
        Of fits on two threads, for their time.
    problems : sequence of mapping
        Records of the benchmark of random problems.
    """

    results: Results
    ensembles: Sequence[Results] = ()
    two_cores: Results = field(default_factory=dict)
    problems: Sequence[Result] = ()


def goals(stored: Stored) -> str:
    """Write the table of goals.

    Parameters
    ----------
    stored : Stored
        What there is to judge by. What is not stored is not reached; nor is what a quick run came to, or fewer seeds.

    Returns
    -------
    str
        Markdown.
    """
    lines = ["### Goals", "", "| goal | must be | from | measured | |", "| --- | --- | --- | --- | --- |"]
    rows = [*_scores(stored), _never_flat(stored.problems), _skills(stored.results)]
    rows += [*_coverages(stored.results), _times(stored)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    told = (f"{name} {_seconds(*timing(one, stored.two_cores.get(name)))}" for name, one in stored.results.items())
    return "\n".join([*lines, "", *_others(stored.results), f"- Seconds of a fit: {', '.join(told)}.", ""])


def doubt(result: Result | None) -> str:
    """Say why a result counts as none; nothing where it counts."""
    if result is None:
        return "no result"
    if result.get("quick"):
        return "a quick run, which does not count"
    count = len(result["unflat"])
    return "" if count >= FEWEST_SEEDS else f"{count} of {FEWEST_SEEDS} seeds, which does not count"


def _scores(stored: Stored) -> Iterator[tuple[str, ...]]:
    for goal in GOALS:
        where = [stored.results, *(stored.ensembles if goal.ensemble else ())]
        found = [results[goal.task] for results in where if goal.task in results]
        counted = [result for result in found if not doubt(result)]
        name = f"{goal.task}, {goal.measure}" + ", ensembles too" * goal.ensemble
        if not counted:
            yield name, f"≤ {goal.bound:g}", goal.source, "", doubt(found[0] if found else None)
            continue
        result = min(counted, key=lambda one: _mean(one["unflat"], goal.measure))
        rivals = [_mean(result["references"][one], goal.measure) for one in goal.beats if one in result["references"]]
        bound = min([goal.bound, *rivals])
        mean, deviation = _mean(result["unflat"], goal.measure), _deviation(result["unflat"], goal.measure)
        reached = mean < bound if goal.beats else mean <= bound
        sign = "<" if goal.beats else "≤"
        yield (
            name, f"{sign} {bound:.4g}", goal.source, f"{mean:.4g} ± {deviation:.2g}",
            _verdict(reached, f"by {abs(mean / bound - 1):.1%}"),
        )  # fmt: skip


def _never_flat(problems: Sequence[Result]) -> tuple[str, ...]:
    failures = sum(map(is_failure, problems))
    enough = len(problems) >= FEWEST_PROBLEMS
    told = (
        _verdict(failures == 0, f"by {failures}" * bool(failures))
        if enough
        else f"{len(problems)} problems, which does not count"
    )
    measured = f"{failures} of {len(problems)}, literally {literal(problems)['failures']} (see its page)"
    return "never flat, failures", "0 of 500", "", measured, told


def _skills(results: Results) -> tuple[str, ...]:
    found = {name: (doubt(result), skill(result)) for name, result in results.items()}
    known = {name: one.value for name, (doubted, one) in found.items() if one is not None and not doubted}
    head = ("skill against the best of mean, last, seasonal, ridge, every task", "≥ 0", "")
    if not known:
        return *head, "", "no result"
    below = [f"{name} by {-value:.2g}" for name, value in known.items() if value < 0]
    worst = min(known, key=lambda name: known[name])
    measured = f"{len(known) - len(below)} of {len(known)} tasks, the least {known[worst]:.3f} ({worst})"
    return *head, measured, _verdict(not below, ", ".join(below))


def _coverages(results: Results) -> Iterator[tuple[str, ...]]:
    low, high = COVERAGE
    for task in EXCHANGEABLE:
        head = (f"coverage at 0.9, {task}", f"{low} to {high}", "")
        result = results.get(task)
        covered = _coverage(result)
        if result is None or doubt(result) or not covered:
            yield *head, "", doubt(result) or "bounds are infinite"
            continue
        mean = statistics.fmean(covered)
        off = max(low - mean, mean - high)
        yield *head, f"{mean:.3f} ± {_spread(covered):.2g}", _verdict(off <= 0, f"by {abs(off):.3f}")


def _times(stored: Stored) -> tuple[str, ...]:
    timed = {name: timing(result, stored.two_cores.get(name)) for name, result in stored.results.items()}
    known = {name: one for name, one in timed.items() if not doubt(stored.results[name])}
    head = ("seconds of a fit, every task", f"≤ {MOST_SECONDS:g} on two cores", "")
    if not known:
        return *head, "", "no result"
    longest = max(known, key=lambda name: known[name][0])
    beyond = {name: one for name, one in known.items() if one[0] > MOST_SECONDS}
    measured = f"the longest {_seconds(*known[longest])}, {longest}"
    # One thread is no measure of two cores where it takes longer: then the goal is open.
    unknown = [name for name, (_, threads) in beyond.items() if threads == 1]
    if unknown:
        return *head, measured, f"not known on two cores: {', '.join(unknown)}"
    by = ", ".join(f"{name} by {seconds - MOST_SECONDS:.0f}" for name, (seconds, _) in beyond.items())
    return *head, measured, _verdict(not beyond, by)


def timing(result: Result, on_two: Result | None = None) -> tuple[float, int]:
    """Give the seconds of a fit, the mean over seeds, and on how many threads; of the result on two if there is one."""
    counted = result if on_two is None or on_two.get("quick") else on_two
    return statistics.fmean(fit["fit_seconds"] for fit in counted["unflat"]), counted["environment"]["threads"]


def _seconds(seconds: float, threads: int) -> str:
    return f"{seconds:.3g} on {'one thread' if threads == 1 else f'{threads} threads'}"


def _others(results: Results) -> Iterator[str]:
    """Tell what counts as exchangeable, and the coverage of what does not."""
    counted = "; ".join(f"{task}: {why}" for task, why in EXCHANGEABLE.items())
    yield f"- Counted as exchangeable: {counted}."
    for start, why in NOT_EXCHANGEABLE.items():
        named = {name: _coverage(result) for name, result in results.items() if name.startswith(start)}
        told = ", ".join(f"{name} {statistics.fmean(covered):.3f}" for name, covered in named.items() if covered)
        yield f"- Not counted, {start}: {why}" + (f"; coverage {told}." if told else ".")


def _verdict(reached: bool, by: str) -> str:
    return ("reached" if reached else "**missed**") + f", {by}" * bool(by)


def _coverage(result: Result | None) -> list[float]:
    fits = [] if result is None else result["unflat"]
    covered = [fit["intervals"]["coverage"] for fit in fits if fit.get("intervals")]
    return covered if len(covered) == len(fits) else []


def _mean(runs: Sequence[Result], measure: str) -> float:
    return statistics.fmean(run["scores"][measure] for run in runs)


def _deviation(runs: Sequence[Result], measure: str) -> float:
    return _spread([run["scores"][measure] for run in runs])


def _spread(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0
