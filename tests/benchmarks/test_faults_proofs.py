"""The benchmark of proofs: a mutant's cures are tried, proven ones trained again, and what holds is counted."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.faults import proofs
from benchmarks.faults.operators import OPERATORS
from benchmarks.faults.plan import Entry
from benchmarks.faults.program import Network, Pairs, Program, Sets, Training


def pairs(n, seed):
    """Draw sequences of 6 steps in units of their own, with a target in another."""
    X = np.random.default_rng(seed).normal(size=(n, 6, 2))
    return Pairs(X * 5 + 30, 400 + 70 * X[:, -1, 0])


@pytest.fixture
def mutant():
    """Make a program whose target is not scaled."""
    program = Program(
        "torch", "small", 0, 0, Sets(pairs(150, 0), pairs(60, 1)), network=Network(units=(6,)),
        training=Training(rate=1e-2, epochs=15, batch=16), sound=0.3,
    )  # fmt: skip
    mutation = next(iter(OPERATORS["target_scale"](program)))
    return Entry("torch/small", "mutant", mutation.mutant, "target_scale", mutation.variant, "twin")


def test_a_proven_cure_is_trained_again_on_fresh_seeds(mutant):
    """The record holds the trials, and of proven ones what they gained with seeds that the proof did not use."""
    record = proofs.run(mutant, budget=30)
    trial = next(trial for trial in record["trials"] if trial["cures"] == ["target_scale"])
    assert trial["outcome"] == "proven"
    assert len(trial["fresh gains"]) == proofs.FRESH
    assert np.mean(trial["fresh gains"]) > 0.3
    assert record["proven"][0] == "target_scale"


def test_figures_count_what_holds():
    """A proven cure holds if its mean gain on fresh seeds is above 0."""

    def trial(outcome, *gains, cure="target_scale"):
        return {"cures": [cure], "outcome": outcome} | ({"fresh gains": list(gains)} if gains else {})

    records = [
        {"cause": "target_scale", "proven": ["target_scale"], "trials": [trial("proven", 0.5, -0.1)], "seconds": 3.0},
        {
            "cause": "target_scale",
            "proven": [],
            "trials": [trial("proven", -0.5, 0.1), trial("refuted")],
            "seconds": 9.0,
        },
        {"cause": "overfit", "proven": [], "trials": [trial("unsettled")], "seconds": 1.0},
        {"cause": "no_signal", "proven": [], "trials": [], "seconds": 1.0},
    ]
    found = proofs.figures(records)
    assert found["trials"] == {"proven": 2, "refuted": 1, "unsettled": 1}
    assert found["proven that hold on fresh seeds"] == {"some": 1, "of": 2}
    assert found["injected cause's cure proven, where it was tried"] == {"some": 1, "of": 2}
    assert (found["mutants"], found["with a cure tried"], found["longest seconds"]) == (4, 3, 9.0)


def test_only_mutants_with_an_effect_are_chosen(monkeypatch, tmp_path, mutant):
    """Those of the stored run that lowered skill against a sound twin."""
    stored = [
        {"key": "twin", "kind": "healthy", "skill": 0.9, "sound": 0.3},
        {"key": "torch/small", "kind": "mutant", "skill": 0.1, "twin": "twin", "cause": "target_scale"},
    ]
    monkeypatch.setattr(proofs, "load", lambda _: stored)
    monkeypatch.setattr(proofs, "plan", lambda *_, **__: [mutant])
    assert list(proofs.chosen("first", tmp_path, 1, ("torch",))) == [mutant]
    stored[1]["skill"] = 0.89
    assert list(proofs.chosen("first", tmp_path, 1, ("torch",))) == []
