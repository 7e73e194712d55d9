"""What simple learners find in the sample."""

import numpy as np
import pytest

from unflat.diagnosis.references.finding import find_references
from unflat.watch.sample import choose
from unflat.watch.signal import find_signal


def test_a_strong_signal_is_found_as_the_diagnosis_finds_it(problem):
    """Ridge explains a straight line on sequences that it was not fitted on."""
    X, y = problem(r2=0.8)
    signal = find_signal(choose(X, y, 128)).signal[0]
    reference = find_references((X.astype(float), y[:, None].astype(float)), None, np.random.default_rng(0)).signal[0]
    assert signal.beyond_chance
    assert signal.r2 == pytest.approx(reference.r2, abs=0.05)


@pytest.mark.parametrize("seed", range(8))
def test_noise_is_not_taken_for_a_signal(problem, seed):
    """Where the target does not depend on the sequences, nothing is to be blamed for not learning it."""
    signal = find_signal(choose(*problem(seed, r2=0.0), 128)).signal[0]
    assert not (signal.beyond_chance and signal.r2 >= 0.2)


def test_outputs_are_judged_each_for_itself(problem):
    """One output of signal and one of noise, and one that is constant."""
    X, y = problem()
    noise = np.random.default_rng(1).normal(size=len(y))
    found = find_signal(choose(X, np.column_stack([y, noise, np.ones(len(y))]), 128))
    assert [signal.beyond_chance for signal in found.signal] == [True, False, False]
