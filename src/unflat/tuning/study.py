"""The trials of a search in Optuna's hands: what is drawn next, what is given up, what is kept on the disk."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from unflat._optional import require
from unflat.errors import CorruptArtifactError, OutputError, OutputExistsError
from unflat.tuning.records import Trial
from unflat.tuning.space import Choice, in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike
    from types import ModuleType

    import optuna

    from unflat.tuning.space import Dimension, Space

_NAME = "unflat"
_SETTINGS = "settings"
_DRAWN_AT_RANDOM = 8
"""Trials that are drawn evenly, before those that there are say where to look."""

MILESTONES = 10
"""Shares of a training at which trials are compared: trainings of unequal length have them in common."""

_FIRST_MILESTONE = 4
"""Before the one-cycle rate has risen to its height, at 0.3, the loss tells little of the end."""

_FEWEST_TO_PRUNE = 4
_FEWEST_TO_EXPLAIN = 6


def optuna_module() -> ModuleType:
    """Import Optuna, or say how to install it."""
    return require("optuna", extra="tune")


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Let Optuna say nothing but errors while the block lasts."""
    module = optuna_module()
    before = module.logging.get_verbosity()
    module.logging.set_verbosity(module.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", module.exceptions.ExperimentalWarning)
            yield
    finally:
        module.logging.set_verbosity(before)


@dataclass(frozen=True, eq=False)
class Trials:
    """The trials of one search.

    Parameters
    ----------
    study : optuna.Study
        Where they are kept.
    space : Space
        What they are drawn from.
    seed : int
        Draws them: with the same trials before it, the same one comes next, also in a later call.
    """

    study: optuna.Study
    space: Space
    seed: int

    @classmethod
    def open(
        cls, path: str | PathLike[str] | None, space: Space, seed: int, settings: Mapping[str, Any], *, remedy: str
    ) -> Self:
        """Begin a search, or go on with the one that a file holds.

        Parameters
        ----------
        path : str or path, or None
            The file, a journal that grows with each trial; None keeps all in memory.
        space : Space
            What is drawn from.
        seed : int
            What draws.
        settings : mapping
            All that makes trials comparable, as plain JSON values; a search that is gone on with must have the same.
        remedy : str
            What to do where the file holds another search.

        Returns
        -------
        Trials
            The search.

        Raises
        ------
        OutputExistsError
            If the file holds a search with other settings.
        CorruptArtifactError
            If the file is no such journal.
        OutputError
            If it cannot be written.
        """
        module = optuna_module()
        try:
            study = module.create_study(
                study_name=_NAME, storage=_storage(path), load_if_exists=True, direction="minimize",
                pruner=module.pruners.MedianPruner(_FEWEST_TO_PRUNE, _FIRST_MILESTONE),
            )  # fmt: skip
            _hold_against(study, path, settings, remedy)
        except OutputExistsError:
            raise
        except OSError as error:
            raise OutputError(
                path or "", error.strerror or str(error), "Choose a place that is yours and has room."
            ) from error
        except (ValueError, KeyError, TypeError, AssertionError) as error:  # all that Optuna raises of a foreign file
            raise CorruptArtifactError(
                path or "", "the journal of a search", f"a file that does not read as one ({error})", remedy
            ) from error
        trials = cls(study, space, seed)
        trials._close_abandoned()
        return trials

    def _close_abandoned(self) -> None:
        """Close what an earlier call began and was stopped in: it would otherwise count as under way."""
        states = optuna_module().trial.TrialState
        for trial in self.study.get_trials(deepcopy=False, states=(states.RUNNING,)):
            self.study.tell(trial.number, state=states.FAIL)

    def ask(self) -> optuna.Trial:
        """Draw the next trial: at random at first, then by a tree-structured Parzen estimator.

        Bergstra, Bardenet, Bengio & Kégl, NeurIPS 2011; multivariate, after Falkner, Klein & Hutter, ICML 2018.
        """
        module = optuna_module()
        done = [trial for trial in self.records() if trial.state != "interrupted"]
        # A sampler for each trial: one that draws on from call to call would begin anew where a search goes on.
        seed = int(np.random.SeedSequence([self.seed, len(done)]).generate_state(1)[0])
        self.study.sampler = module.samplers.TPESampler(
            n_startup_trials=_DRAWN_AT_RANDOM, seed=seed, multivariate=True, group=True
        )
        drawn = {name: _distribution(dimension) for name, dimension in self.space.dimensions.items()}
        trial: optuna.Trial = self.study.ask(drawn)
        return trial

    def point(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Turn what Optuna keeps of a trial into values of the space's dimensions."""
        dimensions = self.space.dimensions
        return {name: _value(dimensions[name], params[name]) for name in dimensions if name in params}

    def add_given(self, point: Mapping[str, Any], trial: Trial, course: Mapping[int, float]) -> None:
        """Enter the model as it was given, which is not drawn.

        Parameters
        ----------
        point : mapping
            Its place, in the dimensions in which it lies in the space.
        trial : Trial
            What became of it.
        course : mapping of int to float
            Its loss at each milestone.
        """
        module, dimensions = optuna_module(), self.space.dimensions
        self.study.add_trial(
            module.trial.create_trial(
                state=module.trial.TrialState.COMPLETE,
                value=trial.loss,
                params={name: _kept(dimensions[name], value) for name, value in point.items()},
                distributions={name: _distribution(dimensions[name]) for name in point},
                intermediate_values=dict(course),
                user_attrs={"epochs": trial.epochs, "seconds": trial.seconds, "linear": trial.linear},
            )
        )

    def tell(self, trial: optuna.Trial, outcome: Trial) -> None:
        """Enter what became of a trial."""
        states = optuna_module().trial.TrialState
        kinds = {"complete": states.COMPLETE, "pruned": states.PRUNED}
        trial.set_user_attr("epochs", outcome.epochs)
        trial.set_user_attr("seconds", outcome.seconds)
        trial.set_user_attr("state", outcome.state)
        trial.set_user_attr("linear", outcome.linear)
        value = outcome.loss if outcome.state == "complete" else None
        self.study.tell(trial, value, state=kinds.get(outcome.state, states.FAIL))

    def records(self) -> tuple[Trial, ...]:
        """Give all trials as plain data."""
        return tuple(self._record(trial) for trial in self.study.get_trials(deepcopy=False))

    def _record(self, trial: optuna.trial.FrozenTrial) -> Trial:
        values = trial.user_attrs
        names = {"COMPLETE": "complete", "PRUNED": "pruned"}
        state = names.get(trial.state.name, values.get("state", "interrupted"))
        loss = min(trial.intermediate_values.values(), default=None) if state == "pruned" else trial.value
        taken = values.get("epochs", 0), values.get("seconds", 0.0)
        return Trial(trial.number, self.point(trial.params), state, loss, *taken, values.get("linear", False))

    def importance(self) -> dict[str, float]:
        """Say what mattered, by PED-ANOVA (Watanabe, Bansal & Hutter, IJCAI 2023).

        It asks by which dimensions the better trials differ from all of them.

        Returns
        -------
        dict of str to float
            The share of each dimension, largest first; empty with fewer than six complete trials, or where no
            dimension tells good trials from others.
        """
        module = optuna_module()
        complete = self.study.get_trials(deepcopy=False, states=(module.trial.TrialState.COMPLETE,))
        # Where the model as given stands outside of the space, it is no example of anything inside.
        inside = [trial for trial in complete if set(trial.params) == set(self.space.dimensions)]
        if len(inside) < _FEWEST_TO_EXPLAIN or len({trial.value for trial in inside}) == 1:
            return {}
        study = module.create_study(direction="minimize")
        study.add_trials(inside)
        shares = module.importance.get_param_importances(
            study, evaluator=module.importance.PedAnovaImportanceEvaluator()
        )
        finite = {name: float(share) for name, share in shares.items() if np.isfinite(share)}
        return finite if sum(finite.values()) > 0 else {}


def _storage(path: str | PathLike[str] | None) -> optuna.storages.BaseStorage | None:
    """Open a journal: plain lines, one for each event, that need no database."""
    if path is None:
        return None
    journal = optuna_module().storages.journal
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    # Links, which its other lock is made of, are a privilege on Windows.
    backend = journal.JournalFileBackend(str(path), lock_obj=journal.JournalFileOpenLock(str(path)))
    storage: optuna.storages.BaseStorage = journal.JournalStorage(backend)
    return storage


def _hold_against(
    study: optuna.Study, path: str | PathLike[str] | None, settings: Mapping[str, Any], remedy: str
) -> None:
    """Refuse to mix trials that cannot be compared; where there are none yet, settings may still be put right."""
    known = study.user_attrs.get(_SETTINGS)
    if known is None or not study.get_trials(deepcopy=False):
        study.set_user_attr(_SETTINGS, dict(settings))
        return
    other = [name for name in settings if known.get(name) != settings[name]]
    if other:
        raise OutputExistsError(path or "", f"a search with other {' and '.join(other)} is there", remedy)


def _distribution(dimension: Dimension) -> optuna.distributions.BaseDistribution:
    distributions = optuna_module().distributions
    made: optuna.distributions.BaseDistribution
    if isinstance(dimension, Choice):
        made = distributions.CategoricalDistribution(dimension.labels)
    elif dimension.whole:
        made = distributions.IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    else:
        made = distributions.FloatDistribution(float(dimension.low), float(dimension.high), log=dimension.log)
    return made


def _value(dimension: Dimension, kept: Any) -> Any:  # noqa: ANN401 - a choice may be of anything
    return dimension.values[dimension.labels.index(kept)] if isinstance(dimension, Choice) else kept


def _kept(dimension: Dimension, value: Any) -> Any:  # noqa: ANN401 - as above
    return in_words(value) if isinstance(dimension, Choice) else value
