"""What is usual of optimizers."""

import pytest
import torch

from unflat.diagnosis.subjects.optimizers import optimizer_name, usual_rate


@pytest.mark.parametrize(
    ("optimizer", "rate"), [("adam", 1e-3), ("sgd", 1e-2), (None, 1e-3), ("rmsprop", 1e-3), ("adadelta", 1.0)]
)
def test_usual_rate_is_of_the_optimizers_kind(optimizer, rate):
    """Steps of Adam's kin do not grow with the gradient, those of plain descent do."""
    assert usual_rate(optimizer) == rate


def test_an_optimizer_is_what_it_is_derived_from():
    """The nearest known class names it; one of no known kin has no name."""

    class Mine(torch.optim.AdamW):
        pass

    names = [optimizer_name(kind) for kind in (Mine, torch.optim.Adadelta, torch.optim.LBFGS)]
    assert names == ["adamw", "adadelta", None]
