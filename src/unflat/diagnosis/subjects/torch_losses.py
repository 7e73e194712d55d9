"""Losses of torch, by name or as users give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from unflat.diagnosis.subjects.described import loss_name
from unflat.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Objective = Callable[[Tensor, Tensor], Tensor]

_BY_NAME: dict[str, Objective] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
    "smooth_l1": functional.smooth_l1_loss,
}


def objective(loss: Any) -> Objective | None:  # noqa: ANN401 - what a user gives
    """Make a loss callable.

    Parameters
    ----------
    loss : str, callable or None
        A name, or a function of prediction and target.

    Returns
    -------
    callable or None
        None where no loss was given.

    Raises
    ------
    ConfigurationError
        If it is neither callable nor a known name.
    """
    if loss is None or callable(loss):
        found: Objective | None = loss
        return found
    name = loss_name(loss) if isinstance(loss, str) else None
    if name not in _BY_NAME:
        names = ", ".join(map(repr, _BY_NAME))
        raise ConfigurationError("diagnose", "loss", f"a function of prediction and target, or one of {names}", loss)
    return _BY_NAME[name]


def compared(loss: Objective, prediction: Tensor, target: Tensor) -> Tensor:
    """Compute a loss as training does, the two shaped as they come; a loss of each value is averaged."""
    value = loss(prediction, target)
    return value if value.ndim == 0 else value.mean()


def squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Stand in for an unknown loss; the target takes the prediction's shape, where it has as many values."""
    if prediction.numel() == target.numel():
        target = target.reshape(prediction.shape)
    return torch.mean((prediction - target) ** 2)
