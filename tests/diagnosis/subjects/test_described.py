"""Names and figures of losses and optimizers."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from unflat.diagnosis.subjects import Settings, subject_of
from unflat.diagnosis.subjects.described import check_optimizer, loss_name, settings_of, without_rate
from unflat.errors import ConfigurationError


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (None, None),
        ("MSE", "mse"),
        ("mean_squared_error", "mse"),
        (nn.MSELoss(), "mse"),
        (functional.mse_loss, "mse"),
        (nn.L1Loss(), "mae"),
        ("l1", "mae"),
        (nn.HuberLoss(), "huber"),
        (nn.SmoothL1Loss(), "smooth_l1"),
        (nn.PoissonNLLLoss(), "poissonnllloss"),
    ],
)
def test_a_loss_has_one_name_whatever_stands_for_it(loss, name):
    """Strings, modules and functions of one loss are called the same; a rare one by its own name."""
    assert loss_name(loss) == name


def test_nothing_is_said_where_nothing_is_known():
    """Neither loss nor optimizer is no settings, not empty ones."""
    assert settings_of(None, None) is None
    assert settings_of("mse", None) == Settings(loss="mse")
    assert settings_of(None, "Adam") == Settings(optimizer="adam")


def test_an_optimizer_tells_rate_decay_and_the_steps_it_took():
    """They are read from its groups, the highest rate of all, and from its state."""
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(
        [{"params": [layer.weight], "lr": 0.02}, {"params": [layer.bias], "lr": 0.01, "weight_decay": 0.0}],
        weight_decay=0.3,
    )
    for _ in range(3):
        layer(torch.ones(4, 2)).mean().backward()
        optimizer.step()
    assert settings_of(None, optimizer) == Settings(optimizer="adamw", learning_rate=0.02, steps=3, weight_decay=0.3)


def test_the_rate_of_a_schedule_is_its_highest():
    """After a cycle the rate that stands in the optimizer is tiny; the one that it reached is told."""
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.7, total_steps=5)
    for _ in range(4):
        optimizer.step()
        schedule.step()
    assert optimizer.param_groups[0]["lr"] < 0.01
    settings = settings_of("mse", optimizer)
    assert settings == Settings(loss="mse", optimizer="sgd", learning_rate=0.7)


def test_nothing_is_said_of_a_rate_that_may_be_usual():
    """An optimizer that is not known has none, and that is said; a class derived from Adam keeps its own."""
    parameters = list(nn.Linear(2, 1).parameters())
    unknown = torch.optim.Rprop(parameters, lr=5.0)
    assert settings_of("mse", unknown) == Settings(loss="mse")
    assert [part.why for part in without_rate(unknown)] == ["what rates are usual of Rprop is not known"]

    class Mine(torch.optim.Adam):
        pass

    own = Mine(parameters, lr=0.5)
    assert settings_of("mse", own) == Settings(loss="mse", optimizer="adam", learning_rate=0.5)
    assert without_rate(own) == without_rate("rprop") == without_rate(None) == ()


@pytest.mark.parametrize("optimizer", [5, torch.optim.Adam, [0.1], nn.Linear(1, 1)])
def test_what_is_no_optimizer_is_refused(optimizer):
    """A number tells nothing of a training, and a class not its rate."""
    with pytest.raises(ConfigurationError, match=r"optimizer.*a name such as 'adam', or the optimizer itself"):
        subject_of(nn.Linear(1, 1), optimizer=optimizer)


@pytest.mark.parametrize("optimizer", [None, "adam", "mine", torch.optim.SGD([torch.zeros(1)])])
def test_names_and_optimizers_are_taken(optimizer):
    """Whatever they are called."""
    check_optimizer(optimizer)
