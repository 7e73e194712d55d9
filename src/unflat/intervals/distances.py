"""How far errors reach below and above each prediction, learned from the states that the prediction was made of.

Two numbers for each output, at and above 0, are regressed on the frozen network's pooled states and its prediction by
the pinball loss (Koenker & Bassett, Econometrica 46, 1978): the distances to the lower and to the upper decile of the
error. The recurrence is not touched, so the prediction stays what it was.

Calibration multiplies both distances by one number (Kivaranovic, Johnson & Leeb, AISTATS 2020; conformalized quantile
regression in its scaled form, CQR-r of Sesia & Candès, Stat 9, 2020). Against adding a number to both quantiles, the
form of Romano, Patterson & Candès (NeurIPS 2019), it has three virtues: bounds never cross, they widen with the
coverage, and one head serves every coverage. How it is made is in docs/intervals.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import linear, softplus

from unflat.network.restoring import place_of_weights, restored
from unflat.training.optimizing import AdamW, Pace

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_DECILE = 0.9
"""The quantile that both distances estimate: in the tail, and yet with enough errors beyond it to learn from."""

_STEPS, _BATCH, _RATE, _DECAY = 200, 1024, 0.02, 1e-3
"""Adam's steps, and their sizes, down to 0 on a line; the penalty on squared weights."""

FARTHEST = 5.0
"""Standardized states are cut off here, so that what training never saw cannot give any distance."""

FLOOR = 0.05
"""The least distance, as a share of the overall one: where errors were nil, some are still to be expected."""

_LEAST = 64 * float(np.finfo(np.float32).eps)
"""The least overall distance, in units of the target's scale: what float32 leaves of an exact fit."""


class Distances(nn.Module):
    """Distances to either side of predictions.

    Parameters
    ----------
    width : int
        Numbers that describe a sequence.
    outputs : int
        Numbers predicted for it.
    """

    center: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor
    size: Tensor
    learned: Tensor

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(width, dtype=torch.float32, device="cpu"))
        self.register_buffer("scale", torch.ones(width, dtype=torch.float32, device="cpu"))
        self.register_buffer("weight", torch.zeros(width, 2 * outputs, dtype=torch.float32, device=place_of_weights()))
        self.register_buffer("bias", torch.zeros(2 * outputs, dtype=torch.float32, device="cpu"))
        self.register_buffer("size", torch.ones(2 * outputs, dtype=torch.float32, device="cpu"))
        self.register_buffer("learned", torch.tensor(True, device="cpu"))  # noqa: FBT003 - a tensor's value

    def forward(self, described: Tensor) -> Tensor:
        """Give the distances.

        Parameters
        ----------
        described : Tensor of shape (B, width)
            Prediction and pooled states.

        Returns
        -------
        Tensor of shape (B, 2, outputs), float32
            Below and above, on the target's scale, all positive.
        """
        shares = softplus(self.standardized(described) @ self.weight + self.bias) + FLOOR
        return (torch.where(self.learned, shares, 1.0) * self.size).view(len(described), 2, -1)

    def standardized(self, described: Tensor) -> Tensor:
        """Bring descriptions to mean 0 and deviation 1, cut off far outside."""
        return ((described - self.center) / self.scale).clamp(-FARTHEST, FARTHEST)

    def even(self) -> Distances:
        """Give the same overall distances everywhere."""
        return Distances.restore(self.state_dict() | {"learned": torch.tensor(False, device="cpu")})  # noqa: FBT003 - a tensor's value

    def uneven(self) -> Distances:
        """Give the distances that were learned, again."""
        return Distances.restore(self.state_dict() | {"learned": torch.tensor(True, device="cpu")})  # noqa: FBT003 - a tensor's value

    @classmethod
    def restore(cls, state: dict[str, Tensor]) -> Distances:
        """Make it again from what `state_dict` gave."""
        width, twice = state["weight"].shape
        return restored(lambda: cls(width, twice // 2), state)


def fit_distances(described: Tensor, errors: NDArray[np.float64], weights: NDArray[np.float64] | None) -> Distances:
    """Fit the distances on errors of the training part.

    Parameters
    ----------
    described : Tensor of shape (n, width), float32
        Predictions and pooled states.
    errors : ndarray of shape (n, outputs), float64
        Target less prediction, on the target's scale.
    weights : ndarray of shape (n,) or None
        What each sequence counts.

    Returns
    -------
    Distances
        Fitted; the same for the same numbers, since nothing is drawn.
    """
    distances = Distances(described.shape[1], errors.shape[1])
    distances.center.copy_(described.mean(dim=0))
    deviation = described.std(dim=0, correction=0)
    # A state that never moves says nothing; its scale is so large that it stays at 0.
    distances.scale.copy_(torch.where(deviation > _LEAST, deviation, torch.inf))
    sides = np.concatenate([-errors, errors], axis=1)  # how far below, how far above
    overall = np.maximum(np.quantile(sides, _DECILE, axis=0), _LEAST)
    distances.size.copy_(torch.from_numpy(overall))
    distances.bias.fill_(math.log(math.expm1(1 - FLOOR)))  # the overall distance, to begin with
    counts = None if weights is None else torch.from_numpy(weights / weights.mean()).float()
    _descend(distances, distances.standardized(described), torch.from_numpy(sides / overall).float(), counts)
    return distances


def _descend(distances: Distances, states: Tensor, sides: Tensor, counts: Tensor | None) -> None:
    # Transposed: of a tall matrix and a narrow one, this product is the fast one, and so is its gradient's.
    weight = distances.weight.T.clone(memory_format=torch.contiguous_format).requires_grad_()
    bias = distances.bias.clone().requires_grad_()
    optimizer = AdamW([("weight", weight), ("bias", bias)])
    batches = [
        _Batch(states[part].contiguous(), sides[part], None if counts is None else counts[part, None])
        for part in _parts(len(states))
    ]
    for step in range(_STEPS):
        batch = batches[step % len(batches)]
        weight.grad, bias.grad = batch.gradients(weight, bias)
        optimizer.step(Pace(_RATE * (1 - step / _STEPS)))
    distances.weight.copy_(weight.detach().T)
    distances.bias.copy_(bias.detach())


class _Batch(NamedTuple):
    """Sequences of one step.

    Parameters
    ----------
    states : Tensor of shape (n, width)
        Standardized.
    sides : Tensor of shape (n, 2 * outputs)
        How far errors reach, as shares of the overall distances.
    counts : Tensor of shape (n, 1) or None
        What each sequence counts.
    """

    states: Tensor
    sides: Tensor
    counts: Tensor | None

    @torch.no_grad()
    def gradients(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Give the gradients of the mean pinball loss with its penalty, by hand: autograd would take twice the time."""
        score = linear(self.states, weight, bias)
        is_beyond = (self.sides > softplus(score) + FLOOR).to(score.dtype)
        slope = (1 - _DECILE - is_beyond).mul_(score.sigmoid_()).div_(score.numel())
        if self.counts is not None:
            slope.mul_(self.counts)
        return torch.addmm(weight, slope.T, self.states, beta=2 * _DECAY), slope.sum(dim=0)


def _parts(n: int) -> list[slice]:
    """Divide sequences into batches, one for each step in turn: all where they are few, otherwise spread evenly."""
    count = math.ceil(n / _BATCH)
    return [slice(first, None, count) for first in range(count)]
