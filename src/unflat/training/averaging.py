"""The weights that are kept: an average over the latest steps, which strays less than the steps themselves."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

_RISE = 10
"""Steps after which an average looks back one step further: early on, what is long past is only in the way."""


class AveragedWeights:
    """A moving average of parameters that training moves (Polyak & Juditsky, SIAM J. Control Optim. 1992).

    Each step the average goes a share of the way to the new weights: one over the horizon, and more at first, when
    weights move fast and few steps have been made.

    Parameters
    ----------
    parameters : sequence of Tensor
        What training moves.
    horizon : float
        Steps that the average reaches back, in the mean; one or less for the last step alone.
    """

    def __init__(self, parameters: Sequence[Tensor], horizon: float) -> None:
        self._parameters: list[Tensor] = [parameter.detach() for parameter in parameters]
        self._average = [parameter.clone() for parameter in self._parameters]
        self._horizon = horizon
        self._steps = 0

    @torch.no_grad()
    def follow(self) -> None:
        """Take in the weights that a step has led to."""
        self._steps += 1
        reach = min(self._horizon, 1 + (self._steps - 1) / _RISE)
        torch._foreach_lerp_(self._average, self._parameters, 1 / max(reach, 1.0))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Have the average stand in the parameters' place while the context lasts."""
        moving = [parameter.clone() for parameter in self._parameters]
        self.settle()
        try:
            yield
        finally:
            torch._foreach_copy_(self._parameters, moving)

    def settle(self) -> None:
        """Put the average in the parameters' place for good."""
        torch._foreach_copy_(self._parameters, self._average)
