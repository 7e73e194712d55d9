"""Whether a change made trainings better."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from unflat.diagnosis.proof.statistics import compare

SKILLS = st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=3, max_size=6)


@given(SKILLS)
def test_the_p_value_is_scipys(pairs):
    """A paired t-test, one-sided; SciPy gives nan where gains are all alike."""
    changed, control = zip(*pairs, strict=True)
    gains = np.subtract(changed, control)
    if gains.std() < 1e-6:
        return
    assert compare(changed, control).p_value == pytest.approx(
        ttest_rel(changed, control, alternative="greater").pvalue, abs=1e-9
    )


def test_the_effect_is_cohens_d():
    """The gain over the pooled deviation: means 3 and 1, deviations 1 and 1."""
    assert compare((2.0, 3.0, 4.0), (0.0, 1.0, 2.0)).effect == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("changed", "control", "outcome"),
    [
        ((0.9, 0.91, 0.92), (-1.0, -1.0, -1.0), "proven"),
        ((-1.0, -1.0, -1.0), (-1.0, -1.0, -1.0), "refuted"),  # nothing changed
        ((0.5, 0.5, 0.5), (0.8, 0.8, 0.8), "refuted"),  # worse, without any doubt
        ((0.9, -0.5, 0.1), (0.2, 0.1, 0.0), "unsettled"),  # the runs do not tell
        ((0.805, 0.806, 0.807), (0.800, 0.801, 0.802), "refuted"),  # certain, and nobody would notice
        ((0.9, 0.9, 0.9), (0.5, 0.5, 0.5), "proven"),  # trainings without any randomness
    ],
)
def test_outcomes(changed, control, outcome):
    """Significant, large and noticeable is proven; certainly not noticeable is refuted."""
    assert compare(changed, control).outcome == outcome


def test_a_gain_of_rounding_is_chance():
    """What is the same but for the last digits has gained nothing, on whichever side these fall."""
    control = np.array([-0.012, -0.003, 0.006])
    for rounding in ((6.7e-16, 4.4e-16, 0.0), (2e-11, 1e-11, 2e-11), (-6.7e-16, 0.0, 0.0)):
        assert compare(control + np.array(rounding), control).p_value == 1.0


@pytest.mark.parametrize(
    ("gain", "outcome"), [(0.05, "unsettled"), (0.15, "proven"), (0.0, "unsettled"), (-0.15, "refuted")]
)
def test_small_differences_of_shortened_trainings_settle_nothing(gain, outcome):
    """A twentieth may turn round in a whole training, and so may nothing at all; more than a tenth does not."""
    control = np.array([0.3, 0.31, 0.29])
    changed = control + gain + np.array([0.001, 0.0, -0.001])
    assert compare(changed, control, shortened=True).outcome == outcome


def test_chance_proves_nothing_more_often_than_it_may():
    """Of changes that do nothing, no more than one in twenty is called proven."""
    generator = np.random.default_rng(0)
    found = [compare(*generator.normal(0.5, 0.1, size=(2, 3))).outcome == "proven" for _ in range(2000)]
    assert np.mean(found) <= 0.05


@given(SKILLS)
def test_a_change_is_never_proven_both_ways(pairs):
    """What is proven one way is not proven the other way round."""
    changed, control = zip(*pairs, strict=True)
    outcomes = {compare(changed, control).outcome, compare(control, changed).outcome}
    assert outcomes != {"proven"}
