"""Losses of torch, by name or as users give them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from unflat.diagnosis.subjects.torch_losses import compared, objective, squared_error
from unflat.errors import ConfigurationError

PREDICTION, TARGET = torch.tensor([0.0, 2.0]), torch.tensor([1.0, 5.0])


@pytest.mark.parametrize(("name", "value"), [("mse", 5.0), ("L1", 2.0), ("huber", 1.5), ("smooth_l1", 1.5)])
def test_losses_by_name(name, value):
    """Errors of 1 and 3 have these known costs."""
    loss = objective(name)
    assert compared(loss, PREDICTION, TARGET).item() == pytest.approx(value)


def test_a_loss_that_is_given_is_used_as_it_is():
    """Modules and functions are themselves; none stays none."""
    module = nn.L1Loss()
    assert objective(module) is module
    assert objective(None) is None


def test_an_unknown_name_is_refused():
    """The message lists the names there are."""
    with pytest.raises(ConfigurationError, match="received 'hinge'"):
        objective("hinge")


def test_the_stand_in_never_broadcasts_where_sizes_fit():
    """A column against a row of as many values is compared value by value."""
    assert squared_error(PREDICTION[:, None], TARGET).item() == pytest.approx(5)
