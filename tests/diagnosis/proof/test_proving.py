"""Cures, tried by training again."""

from types import SimpleNamespace

import numpy as np
import pytest

from unflat.diagnosis.programs import EDITS, Edit
from unflat.diagnosis.proof import Clock, prove
from unflat.diagnosis.references.signal import Signal
from unflat.errors import ModelFailedError

TARGET, INPUTS = EDITS["target_scale"], EDITS["input_scale"]


@pytest.fixture
def proof(part):
    """Prove with a scripted program, on data that others explain wholly."""

    def run(program, causes, *, seconds=1e6, attainable=1.0):
        signal = Signal(attainable, p_value=0.001, learner="ridge")
        examination = SimpleNamespace(training=part(), held_out=None, references=SimpleNamespace(signal=(signal,)))
        return prove(program, causes, examination, Clock(seconds), np.random.default_rng(0))

    return run


def outcomes(found):
    """Give what came of each trial."""
    return {trial.cures: trial.outcome for trial in found.trials}


def test_a_cure_that_suffices_ends_it(scripted, proof):
    """One is proven, the other refuted; nothing is added to what reaches others already."""
    found = proof(scripted({TARGET: 1.0}), ("target_scale", "input_scale"))
    assert outcomes(found) == {("target_scale",): "proven", ("input_scale",): "refuted"}
    assert found.proven == ("target_scale",)
    assert len(found.unchanged) >= len(found.trials[0].skills) >= 3


def test_a_second_cure_is_added_to_the_first_where_that_is_not_enough(scripted, proof):
    """As with the document's raw data: the target, then the inputs, which alone do nothing."""
    found = proof(scripted({TARGET: 0.4, TARGET | INPUTS: 0.99}), ("target_scale", "input_scale"))
    assert outcomes(found) == {
        ("target_scale",): "proven",
        ("input_scale",): "refuted",
        ("target_scale", "input_scale"): "proven",
    }
    assert found.trials[-1].beside == ("target_scale",)
    assert found.trials[-1].change == "standardize the inputs"
    assert found.trials[-1].control == found.trials[0].skills
    assert found.proven == ("target_scale", "input_scale")


def test_cures_that_only_help_together_are_found(scripted, proof):
    """Where none helps alone, they are tried two by two, against the training unchanged."""
    found = proof(scripted({TARGET | INPUTS: 0.9}), ("target_scale", "input_scale"))
    assert found.trials[-1].cures == ("target_scale", "input_scale")
    assert found.trials[-1].beside == ()
    assert found.proven == ("target_scale", "input_scale")


def test_enough_is_judged_by_what_others_reach(scripted, proof):
    """On weak data a skill of 0.3 is all there is: nothing more is added."""
    found = proof(scripted({TARGET: 0.3}), ("target_scale", "input_scale"), attainable=0.3)
    assert ("target_scale", "input_scale") not in outcomes(found)


def test_what_is_unsettled_is_repeated(scripted, proof):
    """With more seeds, while there is time."""
    found = proof(scripted({TARGET: 0.05}, noise=0.05), ("target_scale",))
    assert len(found.trials[0].skills) > 3


def test_what_cannot_be_tried_is_said(scripted, proof):
    """Cures that are no training, changes that are refused, the same change twice, and the fourth cause."""
    program = scripted({TARGET: 1.0}, refused={Edit.THAW: "it has none"})
    causes = (
        "inverse_forgotten", "frozen_parameters", "target_scale", "target_scaled_by_other_column",
        "input_scale", "rate_too_low", "loss_broadcast",
    )  # fmt: skip
    why = {item.cures: item.why for item in proof(program, causes).left_out}
    assert "how the model is used" in why["inverse_forgotten",]
    assert why["frozen_parameters",] == "it has none"
    assert "same change" in why["target_scaled_by_other_column",]
    assert "3 likeliest" in why["loss_broadcast",]


def test_a_training_that_fails_does_not_end_the_others(scripted, proof):
    """What was raised is told, and the other cures are tried."""
    found = proof(scripted({TARGET: 1.0}, failing=INPUTS), ("input_scale", "target_scale"))
    assert found.proven == ("target_scale",)
    assert any("it does not fit" in item.why for item in found.left_out)


def test_a_training_that_cannot_be_repeated_is_told(scripted, proof):
    """Where even the unchanged one fails, nothing is proven."""

    class Broken(scripted):
        def run(self, job, edits):
            self.failing = frozenset(Edit)
            return super().run(job, {Edit.THAW})

    found = proof(Broken(), ("target_scale",))
    assert found.trials == ()
    assert "could not be run again" in found.left_out[0].why


def test_no_time_is_said(scripted, proof):
    """A budget that is used up leaves everything out, aloud."""
    found = proof(scripted({TARGET: 1.0}), ("target_scale", "input_scale"), seconds=1e-9)
    assert found.trials == ()
    assert {cure for item in found.left_out for cure in item.cures} == {"target_scale", "input_scale"}
    assert all("budget" in item.why for item in found.left_out)


@pytest.mark.parametrize(("epochs", "unit"), [(None, "one training takes"), (10, "one pass over the data takes")])
def test_what_takes_too_long_is_named(scripted, proof, epochs, unit):
    """A training whose passes nobody counts was timed as a whole."""
    found = proof(scripted({TARGET: 1.0}, epochs=epochs), ("target_scale",), seconds=1e-9)
    assert unit in found.left_out[0].why


def test_nothing_is_said_of_trainings_that_were_not_made(scripted, proof, monkeypatch):
    """Where the time is over before the first, no note says how long each was; a budget that would do is named."""
    monkeypatch.setattr("unflat.diagnosis.proof.bench.Bench.time", lambda _: 0.9)
    monkeypatch.setattr("unflat.diagnosis.proof.proving._Proving._expected", lambda *_: 1e9)
    found = proof(scripted({TARGET: 1.0}), ("target_scale",), seconds=30)
    assert not found.notes
    assert not found.trials
    assert any("budget=80 would do" in item.why for item in found.left_out)


def test_what_was_shortened_is_said(scripted, proof, monkeypatch):
    """Fewer epochs than the user's are a note, as is what was assumed of his training."""
    monkeypatch.setattr("unflat.diagnosis.proof.bench.Bench.time", lambda _: 0.9)
    found = proof(scripted({TARGET: 1.0}, assumed=("The batch size is not known.",)), ("target_scale",), seconds=30)
    assert found.notes[0] == "The batch size is not known."
    assert "4 of the 10 epochs" in found.notes[1]
    assert "less than half" in found.notes[2]


@pytest.mark.parametrize(("epoch", "outcome"), [(0.9, "unsettled"), (0.5, "proven")])
def test_a_small_gain_of_much_shortened_trainings_is_unsettled(scripted, proof, monkeypatch, epoch, outcome):
    """With 4 of 10 epochs a gain of 0.05 may turn round; with 8 of them it counts."""
    monkeypatch.setattr("unflat.diagnosis.proof.bench.Bench.time", lambda _: epoch)
    found = proof(scripted({TARGET: 0.05}, noise=0.001), ("target_scale",), seconds=30)
    assert outcomes(found) == {("target_scale",): outcome}


@pytest.mark.parametrize(("epoch", "outcome"), [(0.2, "unsettled"), (0.001, "proven")])
def test_more_epochs_are_not_proven_by_trainings_with_fewer(scripted, proof, monkeypatch, epoch, outcome):
    """Of a shortened training more is always better; that of the user's own length can tell."""
    monkeypatch.setattr("unflat.diagnosis.proof.bench.Bench.time", lambda _: epoch)
    found = proof(scripted({EDITS["too_few_updates"]: 0.9}), ("too_few_updates",), seconds=30)
    assert outcomes(found) == {("too_few_updates",): outcome}


def test_causes_without_a_cure_to_try_are_no_error(scripted, proof):
    """A table without trials, and the reason."""
    found = proof(scripted(), ("no_signal",))
    assert found.trials == ()
    assert "other data" in found.left_out[0].why


def test_no_cure_vanishes_where_the_unchanged_training_fails_later(scripted, proof):
    """Where it cannot be repeated often enough, each cure is either in the table or among those left out."""

    class Fragile(scripted):
        def run(self, job, edits):
            before = sum(not edits for _, edits in self.jobs)
            if not edits and before > 3:  # two to measure the time, two repetitions
                raise ModelFailedError("Fragile", (1,), ValueError("no more"))
            return super().run(job, edits)

    found = proof(Fragile({TARGET: 1.0}), ("target_scale", "input_scale"))
    named = {cause for trial in found.trials for cause in trial.cures}
    named |= {cause for item in found.left_out for cause in item.cures}
    assert named == {"target_scale", "input_scale"}
