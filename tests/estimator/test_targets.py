"""Targets that would rule a fit alone."""

import numpy as np
import pytest

from unflat.dataset import as_dataset
from unflat.errors import LoneTargetWarning
from unflat.estimator.targets import without_lone_targets


@pytest.fixture
def mistyped():
    """Forty sequences with two outputs, one target of the second a thousand times too large."""
    random = np.random.default_rng(0)
    y = random.normal(size=(40, 2))
    y[11, 1] = 1e3
    return as_dataset(random.normal(size=(40, 5, 1)), y)


def test_it_is_named_and_told_what_to_do(mistyped):
    """Where it stands, what it is and counts as, of which output, and what to do if it is real."""
    told = (
        r"A target outweighs all 39 others together: that of sequence 11 is 1000, and counts as .* of .*1.*"
        r"Look whether it is a mistake.*scale_target='log'.*loss='huber'"
    )
    with pytest.warns(LoneTargetWarning, match=told):
        without_lone_targets(mistyped, "standard", stacklevel=1)


def test_the_data_that_were_given_stay_as_they_are(mistyped):
    """A copy is drawn in."""
    with pytest.warns(LoneTargetWarning):
        drawn = without_lone_targets(mistyped, "standard", stacklevel=1)
    assert mistyped.y[11, 1] == 1e3
    assert abs(drawn.y[11, 1]) < 5
    assert np.array_equal(np.delete(drawn.y, 11, 0), np.delete(mistyped.y, 11, 0))


@pytest.mark.parametrize("scale", ["robust", "minmax", "log", "none"])
def test_who_names_another_scale_has_targets_taken_as_they_are(mistyped, scale):
    """Whoever chose a scale has looked at the targets."""
    assert without_lone_targets(mistyped, scale, stacklevel=1) is mistyped


def test_data_without_any_are_not_copied(mistyped):
    """Nearly always, and then nothing is done."""
    usual = mistyped.take(np.delete(np.arange(40), 11))
    assert without_lone_targets(usual, "standard", stacklevel=1) is usual
