"""Gradients of a loss, measured without touching what a module has accumulated in `.grad`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from unflat.diagnosis.subjects.base import Gradients

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

_AXES_WITH_TIME = 3


def measured(
    loss: Tensor, name: str, parameters: Mapping[str, Tensor], owners: Mapping[str, str], inputs: Tensor | None
) -> Gradients:
    """Differentiate a loss.

    Parameters
    ----------
    loss : Tensor of shape ()
        What to differentiate.
    name : str
        What to call it.
    parameters : mapping of str to Tensor
        Trained parameters, in the order of their layers.
    owners : mapping of str to str
        The layer of each.
    inputs : Tensor of shape (n, T, F), or None
        What the network read, of which gradients by step are taken.

    Returns
    -------
    Gradients
        A parameter that the loss does not depend on has a gradient of 0.
    """
    wanted = [*parameters.values(), *([] if inputs is None else [inputs])]
    found: tuple[Tensor | None, ...] = (None,) * len(wanted)
    if loss.requires_grad and wanted:
        found = torch.autograd.grad(loss, wanted, allow_unused=True)
    norms = {key: _norm(gradient) for key, gradient in zip(parameters, found, strict=False)}
    sizes = {key: float(parameter.detach().norm()) for key, parameter in parameters.items()}
    squares: dict[str, float] = {}
    for key, norm in norms.items():
        squares[owners[key]] = squares.get(owners[key], 0.0) + norm**2
    return Gradients(
        by_parameter={key: norm / sizes[key] if sizes[key] else math.nan for key, norm in norms.items()},
        by_layer={layer: math.sqrt(square) for layer, square in squares.items()},
        by_step=None if inputs is None or inputs.ndim != _AXES_WITH_TIME else _by_step(inputs, found[-1]),
        loss=name,
        value=float(loss.detach()),
        norm=math.sqrt(sum(squares.values())),
    )


def _norm(gradient: Tensor | None) -> float:
    return 0.0 if gradient is None else float(gradient.detach().norm())


def _by_step(inputs: Tensor, gradient: Tensor | None) -> NDArray[Any]:
    values = torch.zeros_like(inputs) if gradient is None else gradient
    norms: NDArray[Any] = values.detach().double().square().sum(dim=(0, 2)).sqrt().cpu().numpy()
    return norms
