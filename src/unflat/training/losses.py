"""Losses that refuse to broadcast.

A prediction of shape (B, 1) less a target of shape (B,) is a matrix (B, B), whose smallest mean square is reached by
predicting the mean for everyone: a flat model, without an error. Here the two shapes must be the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from unflat.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from unflat.config import LossName, TrainingConfig

    Elementwise = Callable[[Tensor], Tensor]


class Loss:
    """The weighted mean of an error's cost.

    Parameters
    ----------
    name : {"mse", "mae", "huber", "quantile"}
        The cost e², |e|, Huber's, or the quantile's, of the error e = target - prediction.
    quantile : float
        The quantile estimated by the cost of that name.
    """

    def __init__(self, name: LossName, quantile: float = 0.5) -> None:
        self.name = name
        self._cost = _pinball(quantile) if name == "quantile" else _COSTS[name]

    @classmethod
    def of(cls, config: TrainingConfig) -> Loss:
        """Make the loss that a training is configured with."""
        return cls(config.loss, config.quantile)

    def __call__(self, prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Average the cost over sequences and outputs.

        Parameters
        ----------
        prediction, target : Tensor of shape (B, outputs)
            Scaled units.
        weight : Tensor of shape (B,) or None
            Weight of each sequence. Their mean over all data is to be 1: a batch is not divided by its own weights,
            which would make a sequence count by the company that it is drawn with.

        Returns
        -------
        Tensor of shape ()
            The weighted mean cost, in the target's precision.

        Raises
        ------
        ShapeError
            If the shapes differ, or there is not one weight for each sequence.
        """
        if prediction.shape != target.shape:
            raise ShapeError(
                "The loss", f"a target of the prediction's shape {tuple(prediction.shape)}", target.shape,
                "Give both the shape (batch, outputs); broadcasting would train towards the mean.",
            )  # fmt: skip
        cost = self._cost(target - prediction)
        if weight is None:
            return cost.mean()
        if weight.shape != prediction.shape[:1]:
            raise ShapeError(
                "The loss", f"weights of shape {tuple(prediction.shape[:1])}", weight.shape,
                "Give one weight for each sequence of the batch.",
            )  # fmt: skip
        return (cost.mean(dim=1) * weight).mean()


def _square(error: Tensor) -> Tensor:
    return error.square()


def _huber(error: Tensor) -> Tensor:
    """e²/2 within one scaled unit, |e| - 1/2 beyond (Huber, Annals of Mathematical Statistics 35, 1964)."""
    size = error.abs()
    return torch.where(size <= 1, 0.5 * error.square(), size - 0.5)


def _pinball(quantile: float) -> Elementwise:
    """q·e above, (q - 1)·e below the prediction (Koenker & Bassett, Econometrica 46, 1978)."""

    def cost(error: Tensor) -> Tensor:
        return torch.maximum(quantile * error, (quantile - 1) * error)

    return cost


_COSTS: dict[str, Elementwise] = {"mse": _square, "mae": torch.abs, "huber": _huber}
