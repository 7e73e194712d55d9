"""From gradients to steps: AdamW, the cycle of its rate, and the limit on a step's gradient.

They are torch's, number by number, and are asked for without `torch.optim`, whose first optimizer loads a compiler that
is not used here: a second of each process in which a model is trained.
"""

from __future__ import annotations

import math
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

_BETAS = (0.9, 0.999)
"""How much of the mean and of the mean square of gradients is kept from step to step: Adam's own."""

_WARM_UP_SHARE = 0.3
"""Share of a cycle in which the rate rises (Smith & Topin 2019; torch's default)."""

_RISE, _FALL = 25.0, 1e4
"""How far below its highest the rate begins, and how far below that it ends: torch's defaults."""

_MOMENTA = (0.95, 0.85)
"""The share of the mean of gradients that is kept while the rate is low, and while it is high: torch's defaults."""


class Pace(NamedTuple):
    """How fast a step goes.

    Parameters
    ----------
    rate : float
        The learning rate.
    momentum : float
        The share of the mean of gradients that is kept.
    """

    rate: float
    momentum: float = _BETAS[0]


class OneCycle:
    """One cycle of the rate, up and down to almost nothing, the momentum against it (Smith & Topin 2019).

    Parameters
    ----------
    highest : float
        The rate at the top.
    steps : int
        Steps of the whole training.
    """

    def __init__(self, highest: float, steps: int) -> None:
        self._highest = highest
        # As if there were one more step, so that the last is not made at the lowest rate of all.
        total = max(steps, 2) + 1
        self._top, self._end = _WARM_UP_SHARE * total - 1, total - 1

    def __call__(self, step: int) -> Pace:
        """Say how fast a step goes, numbered from 0."""
        low, high = _MOMENTA
        first = self._highest / _RISE
        if step <= self._top:
            way = step / self._top
            return Pace(_between(first, self._highest, way), _between(low, high, way))
        way = (step - self._top) / (self._end - self._top)
        return Pace(_between(self._highest, first / _FALL, way), _between(high, low, way))


def _between(start: float, end: float, way: float) -> float:
    """Go a share of the way along a half wave of the cosine."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * way))


class Constant:
    """The same rate throughout.

    Parameters
    ----------
    rate : float
        The rate.
    """

    def __init__(self, rate: float) -> None:
        self._pace = Pace(rate)

    def __call__(self, _step: int) -> Pace:
        """Say how fast any step goes."""
        return self._pace


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter, ICLR 2019, algorithm 2).

    Weight matrices are decayed; biases and the skip are spared. Decay pulls towards zero: right for weights that say
    how strongly states act on each other, wrong for the line that carries the trend and for offsets.

    Parameters
    ----------
    named : iterable of (str, Tensor)
        Parameters and their names, as `named_parameters` gives them; those that require a gradient are moved.
    decay : float
        The share of its rate by which a step decays weight matrices.
    epsilon : float
        What is added to the denominator.
    """

    def __init__(self, named: Iterable[tuple[str, Tensor]], *, decay: float = 0.0, epsilon: float = 1e-8) -> None:
        named = [(name, parameter) for name, parameter in named if parameter.requires_grad]
        self.parameters = [parameter for _, parameter in named]
        decayed = [_is_decayed(name, parameter) for name, parameter in named]
        self._groups = [
            _Moved([p for p, is_decayed in zip(self.parameters, decayed, strict=True) if is_decayed == kind], decay)
            for kind, decay in ((True, decay), (False, 0.0))
        ]
        self._epsilon = epsilon

    @property
    def decayed(self) -> list[Tensor]:
        """The parameters that are decayed."""
        return self._groups[0].parameters

    def forget_gradients(self) -> None:
        """Let the gradients of the last step go."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self, pace: Pace) -> None:
        """Move the parameters by their gradients."""
        for group in self._groups:
            group.move(pace, self._epsilon)

    def moments(self) -> dict[str, Any]:
        """Give what is known of earlier gradients, for a training that goes on from this one."""
        return {"groups": [group.moments for group in self._groups]}

    def go_on_from(self, moments: dict[str, Any]) -> None:
        """Take over what an earlier training of the same network knew of its gradients."""
        for group, known in zip(self._groups, moments["groups"], strict=True):
            group.take_over(known)


class _Moments(NamedTuple):
    """Of each parameter, the mean and the mean square of its gradients, and the steps they are of."""

    mean: list[Tensor]
    square: list[Tensor]
    steps: list[Tensor]


class _Moved:
    """Parameters that share a decay."""

    def __init__(self, parameters: list[Tensor], decay: float) -> None:
        self.parameters = parameters
        self._decay = decay
        self.moments = _Moments(
            [torch.zeros_like(parameter) for parameter in parameters],
            [torch.zeros_like(parameter) for parameter in parameters],
            [torch.zeros((), dtype=torch.float32, device=parameter.device) for parameter in parameters],
        )

    def take_over(self, known: _Moments) -> None:
        """Go on from moments, which may lie on another device, and leave them as they are."""
        devices = [parameter.device for parameter in self.parameters]
        self.moments = _Moments(
            *([one.to(device, copy=True) for one, device in zip(of_all, devices, strict=True)] for of_all in known)
        )

    @torch.no_grad()
    def move(self, pace: Pace, epsilon: float) -> None:
        """Move those that have a gradient."""
        at_work = [p.grad is not None for p in self.parameters]
        mean, square, steps = (list(compress(of_all, at_work)) for of_all in self.moments)
        if not steps:
            return
        torch._foreach_add_(steps, 1)
        # All parameters in one pass over their numbers, as `torch.optim.AdamW(fused=True)` has it.
        torch._fused_adamw_(
            list(compress(self.parameters, at_work)), _gradients(self.parameters), mean, square, [], steps,
            lr=pace.rate, beta1=pace.momentum, beta2=_BETAS[1], weight_decay=self._decay, eps=epsilon,
            amsgrad=False, maximize=False,
        )  # fmt: skip


def _is_decayed(name: str, parameter: Tensor) -> bool:
    return parameter.ndim > 1 and not name.startswith("skip.")


def clip(parameters: Sequence[Tensor], limit: float | None) -> Tensor:
    """Scale gradients down where their norm, over all of them, is above a limit.

    Parameters
    ----------
    parameters : sequence of Tensor
        Whose gradients.
    limit : float or None
        The most; None for no limit.

    Returns
    -------
    Tensor of shape ()
        The norm before.
    """
    norm = get_total_norm(_gradients(parameters), foreach=True)
    # On other devices, to ask would be to wait for all that they were told to do.
    if limit is not None and (norm.device.type != "cpu" or not float(norm) <= limit):
        clip_grads_with_norm_(parameters, limit, norm)
    return norm


def _gradients(parameters: Iterable[Tensor]) -> list[Tensor]:
    return [parameter.grad for parameter in parameters if parameter.grad is not None]
