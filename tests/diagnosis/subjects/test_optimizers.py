"""What is usual of optimizers."""

import pytest

from unflat.diagnosis.subjects.optimizers import usual_rate


@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 1e-3), ("sgd", 1e-2), (None, 1e-3), ("rmsprop", 1e-3)])
def test_usual_rate_is_of_the_optimizers_kind(optimizer, rate):
    """Steps of Adam's kin do not grow with the gradient, those of plain descent do."""
    assert usual_rate(optimizer) == rate
