"""Cures, tried by training again: each against the same training without it, then one added to another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from unflat.diagnosis.programs import EDITS, LONGER, NO_RETRAINING, Edit, in_words
from unflat.diagnosis.proof.bench import Bench, Clock
from unflat.diagnosis.proof.planning import MOST_CURES, MOST_SEEDS, RESERVE, SEEDS, plan
from unflat.diagnosis.proof.records import LeftOut, Proof, Trial
from unflat.diagnosis.proof.statistics import compare
from unflat.errors import ModelFailedError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np

    from unflat.diagnosis.measured import Examination
    from unflat.diagnosis.programs import Program
    from unflat.diagnosis.proof.planning import Plan
    from unflat.diagnosis.records import CauseId

Cures = tuple["CauseId", ...]

_NO_TIME = "no time was left"


def prove(
    program: Program,
    causes: Sequence[CauseId],
    examination: Examination,
    clock: Clock,
    generator: np.random.Generator,
) -> Proof:
    """Try the cures of the causes named first.

    Every training starts from new weights, with the same seeds, the same number of epochs and the same sequences, and
    is scored on sequences that it was not trained on. A cure is proven if its gain in skill over the unchanged training
    is significant (paired t-test, p < 0.05), large (Cohen's d of at least 0.5) and noticeable (0.01; 0.1 where they
    are shortened to less than half, since a small gain may turn round later). Where the best
    does not reach what other learners do, each of the others is added to it and compared with it alone; where none is
    proven, they are tried two by two.

    Parameters
    ----------
    program : Program
        The user's training.
    causes : sequence of str
        Most likely first.
    examination : Examination
        What was measured of the model: its data, and what other learners reach.
    clock : Clock
        The time there is.
    generator : numpy.random.Generator
        Draws the seeds.

    Returns
    -------
    Proof
        The table of trials, failures included, and what was left out.
    """
    seeds = [int(seed) for seed in generator.integers(2**31, size=MOST_SEEDS)]
    bench = Bench(program, examination.training, examination.held_out, seeds)
    return _Proving(program, bench, clock, _attainable(examination)).of(causes)


class _Proving:
    """The course of one proof."""

    def __init__(self, program: Program, bench: Bench, clock: Clock, attainable: float) -> None:
        self._program = program
        self._bench = bench
        self._clock = clock
        self._attainable = attainable
        self._trials: dict[Cures, Trial] = {}
        self._left_out: list[LeftOut] = []
        self._edits: dict[CauseId, frozenset[Edit]] = {}
        self._shortened = self._fewer_epochs = False
        self._needs = 0.0

    def of(self, causes: Sequence[CauseId]) -> Proof:
        """Try cures, alone and together, as long as there is time."""
        possible = self._possible(causes)
        planned = self._planned(possible) if possible else None
        if planned is not None:
            tried = self._alone(possible[: planned.cures])
            if planned.combined:
                self._together(tried)
            self._settle()
        return self._proof(planned)

    def _possible(self, causes: Iterable[CauseId]) -> list[CauseId]:
        """Choose the cures that this training can be given, and say why others cannot."""
        for cause in causes:
            edits = EDITS.get(cause, frozenset())
            refusals = [reason for edit in Edit if edit in edits and (reason := self._program.refuses(edit))]
            made = frozenset(edit for edit in edits if not self._program.refuses(edit))
            if not made:
                self._leave_out((cause,), refusals[0] if refusals else NO_RETRAINING[cause])
            elif made in self._edits.values():
                same = next(other for other, others in self._edits.items() if others == made)
                self._leave_out((cause,), f"its cure is the same change as that of {same}")
            else:
                self._edits[cause] = made
        for cause in list(self._edits)[MOST_CURES:]:
            self._leave_out((cause,), f"only the cures of the {MOST_CURES} likeliest causes are tried")
            del self._edits[cause]
        return list(self._edits)

    def _planned(self, possible: list[CauseId]) -> Plan | None:
        try:
            epoch = self._bench.time()
        except (ModelFailedError, ShapeError) as error:
            self._leave_out(tuple(possible), f"the training could not be run again: {error}")
            return None
        factors = [LONGER if Edit.MORE_EPOCHS in self._edits[cause] else 1 for cause in possible]
        trainings = SEEDS * (1 + sum(factors[:MOST_CURES])) + 1  # one may have been made to measure it
        self._needs = self._clock.passed + trainings * epoch * (self._program.epochs or 1) / RESERVE
        found = plan(self._clock.left, epoch, self._program.epochs, factors)
        if found is None:
            unit = "training" if self._program.epochs is None else "pass over the data"
            self._leave_out(tuple(possible), f"{_NO_TIME}: one {unit} takes {epoch:.1f} s; {self._way_out()}")
            return None
        self._bench.epochs, self._bench.share = found.epochs, found.share
        self._shortened = found.shortens(self._program.epochs)
        self._fewer_epochs = found.epochs is not None and found.epochs < (self._program.epochs or 0)
        for cause in possible[found.cures :]:
            self._leave_out((cause,), f"{_NO_TIME}; {self._way_out()}")
        return found

    def _way_out(self) -> str:
        """Name a budget in which each cure can be tried with whole trainings."""
        return f"budget={_rounded_up(max(self._needs, self._clock.budget))} would do"

    def _alone(self, cures: list[CauseId]) -> list[CauseId]:
        """Try each cure for itself, seed by seed, so that what is known when time runs out is of all of them."""
        failed: set[CauseId] = set()
        for repetition in range(SEEDS):
            for cures_together in ((), *((cure,) for cure in cures)):
                if not failed.intersection(cures_together) and not self._run(cures_together, repetition):
                    failed.update(cures_together)
        for cure in cures:
            if cure not in failed and not self._compare((cure,), ()):
                self._leave_out((cure,), f"the training unchanged was not repeated often enough: {_NO_TIME}")
                failed.add(cure)
        return [cure for cure in cures if cure not in failed]

    def _together(self, tried: list[CauseId]) -> None:
        """Add cures to the best one until that is good enough; where none helps, try them two by two."""
        base = self._best_alone(tried)
        for length in range(len(base) + 1, len(tried) + 1):
            if base and self._suffices(base):
                return
            candidates = [(*base, cure) for cure in tried if cure not in base] if base else _pairs(tried)
            found = [cures for cures in candidates if self._try(cures, beside=base)]
            better = [cures for cures in found if self._trials[cures].outcome == "proven"]
            if not better or length == len(tried):
                return
            base = max(better, key=self._skill)

    def _best_alone(self, tried: list[CauseId]) -> Cures:
        proven = [(cure,) for cure in tried if self._is_proven((cure,))]
        return max(proven, key=self._skill, default=())

    def _try(self, cures: Cures, beside: Cures) -> bool:
        if all(self._run(cures, repetition) for repetition in range(SEEDS)):
            self._compare(cures, beside)
        return cures in self._trials

    def _settle(self) -> None:
        """Repeat what is unsettled with more seeds, while there is time."""
        for repetition in range(SEEDS, MOST_SEEDS):
            for trial in [trial for trial in self._trials.values() if trial.outcome == "unsettled"]:
                enough = len(trial.skills) == repetition
                if (
                    enough
                    and self._run(trial.beside, repetition, aloud=False)
                    and self._run(trial.cures, repetition, aloud=False)
                ):
                    self._compare(trial.cures, trial.beside)

    def _run(self, cures: Cures, repetition: int, *, aloud: bool = True) -> bool:
        """Train with some cures; False where there is no time, or the training fails."""
        edits = self._edits_of(cures)
        if self._expected(cures) > self._clock.left and not self._bench.has(edits, repetition):
            if aloud:
                self._leave_out(cures, f"{_NO_TIME}; {self._way_out()}")
            return False
        try:
            self._bench.skill(edits, repetition)
        except (ModelFailedError, ShapeError) as error:
            self._leave_out(cures, f"the training so changed could not be run: {error}")
            return False
        return True

    def _expected(self, cures: Cures) -> float:
        """Give the seconds that a training takes: what it took before, else what the longest without it did."""
        own = self._bench.seconds.get(self._edits_of(cures))
        longer = LONGER if Edit.MORE_EPOCHS in self._edits_of(cures) else 1
        return max(self._bench.seconds.values(), default=0.0) * longer if own is None else own

    def _compare(self, cures: Cures, beside: Cures) -> bool:
        """Compare the trainings that were done; False where they are too few."""
        changed, control = self._skills(cures), self._skills(beside)
        both = min(len(changed), len(control))
        if both < SEEDS:
            return False
        found = compare(changed[:both], control[:both], shortened=self._shortened)
        added = self._edits_of(cures) - self._edits_of(beside)
        if self._fewer_epochs and Edit.MORE_EPOCHS in added and found.outcome == "proven":
            # Of a training with fewer epochs more of them are better, whatever they do to the user's own.
            found = found._replace(outcome="unsettled")
        change = in_words(added)
        self._trials[cures] = Trial(cures, beside, change, changed[:both], control[:both], *found)
        return True

    def _skills(self, cures: Cures) -> tuple[float, ...]:
        return self._bench.skills(self._edits_of(cures))

    def _skill(self, cures: Cures) -> float:
        skills = self._skills(cures)
        return sum(skills) / len(skills)

    def _suffices(self, cures: Cures) -> bool:
        """Whether it reaches what other learners do: no more than one and a half times their error, and a hundredth."""
        skill = self._skill(cures)
        return 1 - skill <= 1.5 * (1 - self._attainable) + 0.01 and skill >= self._attainable / 2

    def _is_proven(self, cures: Cures) -> bool:
        return cures in self._trials and self._trials[cures].outcome == "proven"

    def _edits_of(self, cures: Cures) -> frozenset[Edit]:
        return frozenset().union(*(self._edits[cure] for cure in cures))

    def _leave_out(self, cures: Cures, why: str) -> None:
        if cures:
            self._left_out.append(LeftOut(cures, why))

    def _proof(self, planned: Plan | None) -> Proof:
        return Proof(
            tuple(self._trials.values()),
            tuple(dict.fromkeys(self._left_out)),
            self._skills(()) if planned is not None else (),
            tuple(self._notes(planned)),
            self._clock.passed,
            self._clock.budget,
        )

    def _notes(self, planned: Plan | None) -> Iterator[str]:
        if planned is None:
            return
        yield from self._program.assumed
        whole = self._program.epochs
        shorter = [] if whole is None or planned.epochs == whole else [f"{planned.epochs} of the {whole} epochs"]
        if planned.share < 1:
            shorter.append(f"{planned.share:.0%} of the sequences")
        ran = bool(self._trials or self._skills(()))
        if shorter and ran:
            yield f"Each training had {' and '.join(shorter)}, so that all fit into {self._clock.budget:.0f} seconds."
        if self._shortened and ran:
            yield "That is less than half: only clear differences count, since small ones may turn round later."


def _rounded_up(seconds: float) -> int:
    """Give one figure above a number of seconds: machines are not always as fast."""
    unit = 10 ** max(0, math.floor(math.log10(max(seconds, 1.0))))
    return int((seconds // unit + 1) * unit)


def _pairs(cures: list[CauseId]) -> list[Cures]:
    return [(first, second) for place, first in enumerate(cures) for second in cures[place + 1 :]]


def _attainable(examination: Examination) -> float:
    """Give what other learners explain, averaged over the outputs; 0 where they find nothing."""
    signals = [max(signal.r2, 0.0) if signal.beyond_chance else 0.0 for signal in examination.references.signal]
    return sum(signals) / max(len(signals), 1)
