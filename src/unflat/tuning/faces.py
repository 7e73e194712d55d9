"""`tune` for data in memory, `tune_run` for a file: the same search, and a model that was fitted as any other."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from unflat.errors import ConfigurationError
from unflat.estimator import LSTMRegressor
from unflat.randomness import seed_of
from unflat.runs import TUNING, Holdout, check_free, make_folder, read_parts, train_run
from unflat.saving.artifact import write_atomically
from unflat.style import save
from unflat.tuning.deadline import within
from unflat.tuning.picture import tuning_figure
from unflat.tuning.search import Limits, search
from unflat.tuning.space import Space, in_words
from unflat.tuning.study import optuna_module
from unflat.tuning.training import Task
from unflat.tuning.words import told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from unflat.randomness import RandomSource
    from unflat.runs import Cut, Outcome
    from unflat.tuning.records import Findings
    from unflat.tuning.search import OnTrial

JOURNAL = "journal.jsonl"
FINDINGS = "findings.json"
TRIALS = "trials.csv"
FIGURE = "tuning.png"

_ANEW = "Choose another place, or begin anew with --force (force=True)."


class Tuned(NamedTuple):
    """A model that a search chose.

    Parameters
    ----------
    model : LSTMRegressor
        Fitted, with the parameters that were chosen.
    findings : Findings
        What the search found.
    """

    model: LSTMRegressor
    findings: Findings

    def __str__(self) -> str:
        return told(self.findings)


class TunedRun(NamedTuple):
    """A run whose model a search chose.

    Parameters
    ----------
    outcome : Outcome
        The run, as `train_run` gives it.
    findings : Findings
        What the search found.
    """

    outcome: Outcome
    findings: Findings

    def __str__(self) -> str:
        return f"{told(self.findings)}\n\n{self.outcome.evaluation}"


def tune(
    X: object,
    y: object = None,
    *,
    sample_weight: object = None,
    groups: object = None,
    validation: object = None,
    model: LSTMRegressor | None = None,
    space: Space | None = None,
    trials: int | None = None,
    budget: float | None = None,
    repeats: int = 2,
    storage: str | PathLike[str] | None = None,
    random_state: RandomSource = 0,
    on_trial: OnTrial | None = None,
) -> Tuned:
    """Search for parameters that do better than the defaults, and fit the model that has them.

    Every trial is `LSTMRegressor.fit` with other parameters, on the same training part, scored on the same part that
    is held out of it: the last part of time for windows, whole groups where there are groups. Scales are fitted on
    the training part. The first trial is the model as given. The best one replaces it only if it is better again
    when both are trained with other seeds. Keep what you want to judge the result by out of X.

    Parameters
    ----------
    X, y, sample_weight, groups, validation
        As for `LSTMRegressor.fit`. With `validation`, trials are scored on it; else on `validation_fraction` of X.
    model : LSTMRegressor or None
        What to vary; None for one with all defaults. It stays as it is.
    space : Space or None
        What may be varied, and how far; None for all of `Space()`.
    trials : int or None
        Trials in all, the first one and those of earlier calls with this storage included; None for 30, or as many as
        the budget admits where there is one.
    budget : float or None
        Seconds, for this call in all; None for no limit. Where it is too short for the trainings of one model, that
        one is ended early, when the call has taken half as long again, and a warning says so. The comparison at the end
        is held to that time as well: seeds that there is none for are left out, and without any the model as given is
        kept.
    repeats : int
        Other seeds with which the best trial and the model as given are compared at the end; 0 takes the best trial
        without.
    storage : str or path, or None
        A file that keeps the trials; another call with it goes on from them. None keeps nothing.
    random_state : int, RandomState, Generator or None
        Seed of all that is random, and the `random_state` of the model that is returned, whatever the given one's is.
        The same seed on the same machine, with as many threads, gives the same trials, also when the search was stopped
        and gone on with in between. Of the others one seed is drawn; to go on with a search, give it the returned
        model's.
    on_trial : callable or None
        Called after each trial with the `Trial` and the best one so far.

    Returns
    -------
    Tuned
        `model`, fitted, and `findings`, which say what was tried, what mattered and what was chosen; it prints.

    Raises
    ------
    MissingExtraError
        If Optuna is not installed.
    ConfigurationError
        If a parameter, here or of the model, is outside what it may be.
    InputError
        If the data cannot be used, or are too few to hold a part out of them.
    OutputExistsError
        If the storage holds a search over other data, another space or another model.

    Warns
    -----
    FitWarning
        Of the model that is returned, as `fit` warns, and where the budget ended its training. Trials are silent.

    Notes
    -----
    A loss that was the lowest of many is lower than that of new data: report scores of data that the search has not
    seen.
    """
    optuna_module()
    given, space = _given(model, space)
    seed = seed_of(random_state)
    began = perf_counter()
    task = Task(given, X, y, sample_weight, groups, validation)
    findings = search(
        task,
        space,
        Limits(trials, budget, repeats),
        seed=seed,
        journal=storage,
        remedy="Choose another file for the storage.",
        on_trial=on_trial,
    )
    chosen = task.changed(findings.parameters, seed)
    with within(chosen, budget, began):
        task.fit(chosen)
    return Tuned(chosen, findings)


def _given(model: object, space: object) -> tuple[LSTMRegressor, Space]:
    """Take what is varied and how far, each as by default where it is None."""
    if not isinstance(model, LSTMRegressor | None):
        raise ConfigurationError("tune", "model", "an LSTMRegressor, which need not be fitted, or None", model)
    if not isinstance(space, Space | None):
        words = "a Space, such as replace(Space(), units=Span(8, 64, log=True, whole=True)), or None"
        raise ConfigurationError("tune", "space", words, space)
    return LSTMRegressor() if model is None else model, Space() if space is None else space


def tune_run(
    data: str | PathLike[str],
    folder: str | PathLike[str],
    *,
    cut: Cut | None = None,
    holdout: Holdout | None = None,
    model: LSTMRegressor | None = None,
    space: Space | None = None,
    trials: int | None = None,
    budget: float | None = None,
    repeats: int = 2,
    test_data: str | PathLike[str] | None = None,
    random_state: RandomSource = 0,
    force: bool = False,
    command: Sequence[str] = (),
    illustrate: Callable[[Outcome, Path], None] | None = None,
    on_trial: OnTrial | None = None,
) -> TunedRun:
    """Read a file, search on all of it but the test part, and write the run of the model that was chosen.

    The trials are kept in the folder from the first on; a second call with the same folder and settings goes on from
    them. At the end the folder becomes the one that `train_run` writes with the chosen parameters, and beside it has
    `tuning/findings.json`, `tuning/trials.csv`, the journal of the trials and `figures/tuning.png`. The test part is
    looked at once, when the run is judged.

    Parameters
    ----------
    data, folder, cut, test_data, command, illustrate
        As for `train_run`.
    holdout : Holdout or None
        What is kept from training. With a share for validation, trials are scored on it, and the model of the run
        chooses its epoch by it. None for 20 % to judge by and no such share, as for `train_run`: trials, of one network
        each, are then scored on what the model holds out of all the rest, and the model of the run is fitted on all the
        rest as any other, holding out of it what suits the data.
    model, space, trials, budget, repeats, random_state, on_trial
        As for `tune`.
    force : bool
        Whether a run or a search that is in the folder is replaced. Anything else in its place is never touched.

    Returns
    -------
    TunedRun
        The run on the disk, and what the search found.

    Raises
    ------
    MissingExtraError
        If Optuna is not installed.
    OutputExistsError
        If the place is taken by anything but this search.
    OutputError
        If the disk is full or read-only.
    UnflatError
        If the data or the model's parameters cannot be used.
    """
    optuna_module()
    folder = Path(folder)
    given, space = _given(model, space)
    seed = seed_of(random_state)
    holdout = Holdout(validation=0.0) if holdout is None else holdout
    parts = read_parts(data, test_data, cut, holdout)
    task = Task(given, *parts.train, validation=parts.validation_to_fit)
    limits, began = Limits(trials, budget, repeats), perf_counter()
    task.check(seed)
    journal = _place(folder, force=force)  # last: what cannot be searched leaves the folder as it was
    findings = search(
        task,
        space,
        limits,
        seed=seed,
        journal=journal,
        remedy=_ANEW,
        on_trial=on_trial,
    )

    def finish(outcome: Outcome, figures: Path) -> None:
        if illustrate is not None:
            illustrate(outcome, figures)
        _write(findings, journal, figures)

    chosen = task.changed(findings.parameters, seed)
    with within(chosen, budget, began):
        outcome = train_run(
            data, folder, cut=cut, holdout=holdout, model=chosen, test_data=test_data, force=True, command=command,
            illustrate=finish,
        )  # fmt: skip
    return TunedRun(outcome, findings)


def _place(folder: Path, *, force: bool) -> Path:
    """Find or make the journal's place; raise if the folder holds anything but a search to go on with."""
    journal = folder / TUNING / JOURNAL
    check_free(folder, force=force or journal.exists())
    if force:
        journal.unlink(missing_ok=True)
    make_folder(journal.parent)
    return journal


def _write(findings: Findings, journal: Path, figures: Path) -> None:
    """Put what was found beside the run that is being written."""
    place = figures.parent / TUNING
    make_folder(place)
    shutil.copyfile(journal, place / JOURNAL)
    document = json.dumps(findings.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(place / FINDINGS, f"{document}\n".encode())
    write_atomically(place / TRIALS, _as_csv(findings).encode())
    save(tuning_figure(findings), figures / FIGURE)


def _as_csv(findings: Findings) -> str:
    rows: list[dict[str, Any]] = []
    for trial in findings.trials:
        row = {key: value for key, value in trial.to_dict().items() if key != "point"}
        point = {name: in_words(value) if isinstance(value, tuple) else value for name, value in trial.point.items()}
        rows.append(row | point)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
