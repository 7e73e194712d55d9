"""Names and figures of losses and optimizers, read off whatever stands for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.subjects.base import Settings
from unflat.diagnosis.subjects.optimizers import optimizer_name
from unflat.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOSSES = {
    "mse": "mse", "mseloss": "mse", "mse_loss": "mse", "meansquarederror": "mse", "mean_squared_error": "mse",
    "squared_error": "mse", "l2": "mse",
    "mae": "mae", "l1": "mae", "l1loss": "mae", "l1_loss": "mae", "meanabsoluteerror": "mae",
    "mean_absolute_error": "mae", "absolute_error": "mae",
    "huber": "huber", "huberloss": "huber", "huber_loss": "huber",
    "smooth_l1": "smooth_l1", "smoothl1loss": "smooth_l1", "smooth_l1_loss": "smooth_l1",
}  # fmt: skip


def loss_name(loss: object) -> str | None:
    """Name a loss: one word for what frameworks call by several, else the name of its class or function."""
    if loss is None:
        return None
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", None) or type(loss).__name__
    return _LOSSES.get(name.lower(), name.lower())


def settings_of(loss: object, optimizer: object) -> Settings | None:
    """Say how a model was trained.

    Parameters
    ----------
    loss : str, callable or None
        The loss.
    optimizer : str, torch.optim.Optimizer, Keras optimizer or None
        The optimizer, as training left it.

    Returns
    -------
    Settings or None
        None where neither is known.
    """
    if loss is None and optimizer is None:
        return None
    name = loss_name(loss)
    if isinstance(optimizer, str) or optimizer is None:
        return Settings(loss=name, optimizer=None if optimizer is None else optimizer.lower())
    groups: list[Mapping[str, Any]] = getattr(optimizer, "param_groups", [])
    known = optimizer_name(type(optimizer))
    return Settings(
        loss=name,
        optimizer=known,
        # Schedules leave the latter two there. A rate means nothing where nobody knows what is usual.
        learning_rate=None if known is None else _highest(groups, "lr", "initial_lr", "max_lr"),
        steps=_steps(optimizer),
        weight_decay=_highest(groups, "weight_decay") or None,
    )


def check_optimizer(optimizer: object) -> None:
    """Refuse what neither names an optimizer nor is one.

    Raises
    ------
    ConfigurationError
        Of a number, or a class, say.
    """
    is_one = any(
        not isinstance(optimizer, type) and hasattr(optimizer, has) for has in ("param_groups", "learning_rate")
    )
    if not (optimizer is None or isinstance(optimizer, str) or is_one):
        raise ConfigurationError("diagnose", "optimizer", "a name such as 'adam', or the optimizer itself", optimizer)


def without_rate(optimizer: object) -> tuple[NotExamined, ...]:
    """Say that nothing is said of a rate, where it is not known what is usual of an optimizer."""
    if optimizer is None or isinstance(optimizer, str) or optimizer_name(type(optimizer)) is not None:
        return ()
    kind = type(optimizer).__name__
    return (NotExamined("learning rate", f"what rates are usual of {kind} is not known"),)


def _highest(groups: list[Mapping[str, Any]], *names: str) -> float | None:
    values = [float(group[name]) for group in groups for name in names if group.get(name) is not None]
    return max(values, default=None)


def _steps(optimizer: object) -> int | None:
    """Count the steps that were taken, which Adam and its kin keep for every parameter."""
    states: Mapping[Any, Any] = getattr(optimizer, "state", {})
    counted = [int(state["step"]) for state in states.values() if "step" in state]
    return max(counted, default=None)
