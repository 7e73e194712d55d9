"""What the tests of proofs share: a program whose trainings are made up, and data around it."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from unflat.diagnosis.measured.examination import Part
from unflat.diagnosis.programs import Program
from unflat.errors import ModelFailedError


@dataclass(eq=False)
class Scripted(Program):
    """A program that predicts as well as it is told to for each set of changes."""

    skills: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)
    failing: frozenset = frozenset()
    noise: float = 0.01
    epochs: int | None = 10
    assumed: tuple = ()
    jobs: list = field(default_factory=list)

    def refuses(self, edit):
        return self.refused.get(edit)

    def run(self, job, edits):
        self.jobs.append((job, frozenset(edits)))
        if self.failing & set(edits):
            raise ModelFailedError("Scripted", (1,), ValueError("it does not fit"))
        truth = np.asarray(job.X_new)[:, -1, 0]
        skill = self.skills.get(frozenset(edits), 0.0)
        error = np.random.default_rng([job.seed, len(edits)]).normal(scale=self.noise)
        share = np.sqrt(max(1 - min(skill + error, 1.0), 0.0))
        return (1 - share) * truth  # its squared error is that share of the variance


@pytest.fixture
def scripted():
    """Make such a program."""
    return Scripted


@pytest.fixture
def part():
    """Make data of which the last value is the target, centred."""

    def make(n=400, steps=3, seed=0):
        X = np.random.default_rng(seed).normal(size=(n, steps, 1))
        X[:, -1, 0] -= X[:, -1, 0].mean()
        y = X[:, -1, :]
        return Part(X, X, y, (n,), np.zeros((n, 1)), (n,))

    return make
