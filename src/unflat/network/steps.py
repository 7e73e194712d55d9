"""Operations over time that honour each sequence's length."""

from __future__ import annotations

import torch
from torch import Tensor

_SHARES = 1 << 16
"""Values of 16 bits."""


def valid_steps(lengths: Tensor, steps: int) -> Tensor:
    """Mark the steps that belong to each sequence.

    Parameters
    ----------
    lengths : Tensor of shape (B,), int64
        Steps of each sequence.
    steps : int
        Steps of the padded batch, T.

    Returns
    -------
    Tensor of shape (B, T, 1), bool
        True before each sequence's end.
    """
    return (torch.arange(steps, device=lengths.device) < lengths[:, None])[..., None]


def last_step(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Take each sequence's last step: (B, T, F) to (B, F)."""
    if lengths is None:
        return x[:, -1]
    place = (lengths - 1)[:, None, None].expand(-1, 1, x.shape[-1])
    return x.gather(1, place).squeeze(1)


def steps_before_last(x: Tensor, lengths: Tensor | None, count: int) -> Tensor:
    """Take each sequence's steps before its last, the latest first; its first step stands for those before it.

    Parameters
    ----------
    x : Tensor of shape (B, T, F)
        Sequences, padded at their end.
    lengths : Tensor of shape (B,) or None
        Steps of each; None where all have T.
    count : int
        How many.

    Returns
    -------
    Tensor of shape (B, count, F)
        The steps.
    """
    back = torch.arange(2, count + 2, device=x.device)
    if lengths is None:
        return x[:, (x.shape[1] - back).clamp_(min=0)]
    place = (lengths[:, None] - back).clamp_(min=0)
    return x.gather(1, place[..., None].expand(-1, -1, x.shape[-1]))


def mean_over_steps(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Average each sequence's steps: (B, T, F) to (B, F)."""
    if lengths is None:
        return x.mean(dim=1)
    kept = x.masked_fill(~valid_steps(lengths, x.shape[1]), 0.0)
    return kept.sum(dim=1) / lengths[:, None].to(x.dtype)


def max_over_steps(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Take the largest of each sequence's steps: (B, T, F) to (B, F)."""
    if lengths is None:
        return x.amax(dim=1)
    return x.masked_fill(~valid_steps(lengths, x.shape[1]), -torch.inf).amax(dim=1)


def reverse_steps(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Turn each sequence around in its own steps; the padding stays behind it."""
    if lengths is None:
        return x.flip(1)
    steps = torch.arange(x.shape[1], device=x.device)
    mirrored = lengths[:, None] - 1 - steps
    place = torch.where(mirrored >= 0, mirrored, steps)
    return x.gather(1, place[..., None].expand_as(x))


def drop(x: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Set a share of values to zero and scale up the rest, where randomness is given.

    Parameters
    ----------
    x : Tensor
        Any values.
    rate : float
        The share, in [0, 1), rounded to a multiple of 1/65536: 16 random bits decide on each value.
    generator : torch.Generator or None
        Where the randomness comes from; None outside of training leaves the values as they are.

    Returns
    -------
    Tensor
        Of the same shape and the same expectation (Srivastava et al., JMLR 15, 2014, scaled in training): the scale is
        that of the rounded share.
    """
    dropped = min(round(rate * _SHARES), _SHARES - 1)
    if generator is None or dropped == 0:
        return x
    mask = _kept(x, dropped, generator).to(x.dtype)
    return x * mask.mul_(_SHARES / (_SHARES - dropped))


def _kept(x: Tensor, dropped: int, generator: torch.Generator) -> Tensor:
    """Draw which values to keep; so many of 65,536 are not."""
    if x.device.type != "cpu":
        return torch.empty_like(x).bernoulli_(1 - dropped / _SHARES, generator=generator)
    # On processors numbers are drawn one by one: four values share one of 64 bits, in a quarter of bernoulli_'s time.
    count = x.numel()
    drawn = torch.empty(-(-count // 4), dtype=torch.int64, device="cpu").random_(-(2**63), None, generator=generator)
    return drawn.view(torch.int16)[:count].view(x.shape) >= dropped - _SHARES // 2
