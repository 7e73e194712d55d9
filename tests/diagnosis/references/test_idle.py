"""Steps after which nothing more is told of the target."""

import numpy as np
import pytest

from unflat.diagnosis.references.idle import steps_that_tell


def sequences(told_at, steps=40):
    """Draw sequences of noise, and targets that the steps named tell."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300, steps, 2))
    return X, X[:, told_at, :1].sum(axis=1) + 0.3 * random.normal(size=(300, 1))


@pytest.mark.parametrize(
    ("told_at", "steps", "first"),
    [([0, 4], 40, 10), ([2, 12], 40, 20), ([2, 25], 40, 30), ([2, 39], 40, 40), ([0, 4], 29, 29)],
)
def test_what_follows_after_all_that_tells_is_idle(told_at, steps, first):
    """Of forty steps a quarter, a half or three may tell all; of a short sequence all are asked."""
    assert steps_that_tell(*sequences(told_at, steps)) == first


def test_where_nobody_finds_anything_no_step_is_idle():
    """Without a signal in the first steps there is none that the others could hide."""
    X, _ = sequences([0])
    assert steps_that_tell(X, np.random.default_rng(1).normal(size=(300, 1))) == 40
