"""How far a trained network moves away from the line that it began at: as far as the validation part can vouch for.

Of all predictions between the line's and the trained network's, those with the least squared error on the validation
part lie at a share that has a closed form, and an error of its own. The share less this error is what is moved: where
the gain is clear, all of it; where chance or a few stretches of a series might have made it, less or nothing. It is
shrinkage towards a prior guess (James & Stein 1961; by one standard error, as in Breiman et al. 1984, 3.4.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from unflat.config import LossName, NetworkConfig


def is_moderated(config: NetworkConfig, loss: LossName) -> bool:
    """Whether there is a line to move away from, and squares are what errors are judged by."""
    return config.skip and loss == "mse"


def share_vouched_for(before: Tensor, after: Tensor, weights: Tensor | None, apart: int) -> float:
    """Say how much of the way from earlier errors to later ones the later ones' sequences vouch for.

    Parameters
    ----------
    before, after : Tensor of shape (n, outputs)
        Errors on the validation part of what training began at and of what it led to, in the order of time.
    weights : Tensor of shape (n,) or None
        Weight of each sequence.
    apart : int
        Sequences that share steps with a sequence: so many in a row count as one observation.

    Returns
    -------
    float
        Between 0, to stay, and 1, to go all the way.
    """
    before, after = before.double(), after.double()
    way = before - after
    counts = torch.ones(len(way), dtype=torch.float64) if weights is None else weights.double()
    gain, size = counts * (before * way).mean(dim=1), counts * (way * way).mean(dim=1)
    if not (torch.isfinite(gain).all() and float(size.sum()) > 0):
        return 0.0
    best = float(gain.sum() / size.sum())
    blocks = max(len(way) // max(apart, 1), _FEWEST_BLOCKS)
    deviations = torch.stack([part.sum() for part in (gain - best * size).tensor_split(min(blocks, len(way)))])
    # The error of a ratio of sums, by its linear part (Cochran, Sampling Techniques, 1977, 6.19).
    error = float(deviations.square().sum().sqrt() / size.sum())
    return min(max(best - error, 0.0), 1.0)


_FEWEST_BLOCKS = 4
"""Parts that a series is judged by, at the least: of fewer, nobody knows how they differ."""
