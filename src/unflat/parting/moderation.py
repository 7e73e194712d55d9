"""How far a model moves away from a simpler one, by what the validation part says of both.

Of all predictions between the simpler model's and the other's, those with the least squared error on the validation
part lie at a share that has a closed form, and an error of its own: shrinkage towards a prior guess (James & Stein
1961; by one standard error, as in Breiman et al. 1984, 3.4.3).

Trained networks move away from the lines that they began at by the share less its error: where the gain is clear, all
of the way; where chance or a few stretches of a series might have made it, less or nothing. All go the same share,
which rests on whatever any of them holds out. Where the validation part is the end of the series that the training part
is of, twice the error is taken off, and of all of the way at the most: what comes after it is another stretch yet, and
the epoch was chosen by this one. A small step that happens to lie right there has a best share far beyond its end; that
is no reserve to take errors from.
Each output goes a share of its own: one of several targets may need the recurrence where another has all of it in the
line, and hours to come do not all follow from the same.
The line itself, which was cross-validated on the training part, moves away from the last value by the share and its
error: all of the way, unless the validation part, where a series has moved on, speaks against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from unflat.config import LossName, NetworkConfig

_ERRORS_OF_A_SERIES = 2.0
"""How many of its errors a share found at the end of a series is less by, where one is elsewhere: what comes next is
another stretch yet."""

_FEWEST_BLOCKS = 4
"""Parts that a series is judged by, at the least: of fewer, nobody knows how they differ."""


def is_moderated(config: NetworkConfig, loss: LossName) -> bool:
    """Whether there is a line to move away from, and squares are what errors are judged by."""
    return config.skip and loss == "mse"


class Share(NamedTuple):
    """How much of the way from earlier errors to later ones is best, by the sequences that both are of.

    Parameters
    ----------
    best : Tensor of shape (outputs,)
        The share that leaves the least squared error of each output; below 0 or above 1 where it lies outside of the
        way.
    error : Tensor of shape (outputs,)
        Their standard errors.
    ends_series : bool
        Whether these sequences are the end of the series that was learned from.
    """

    best: Tensor
    error: Tensor
    ends_series: bool = False

    @property
    def vouched_for(self) -> Tensor:
        """What these sequences speak for, between 0 and 1: the burden of proof lies with going."""
        if self.ends_series:
            return (self.best.clamp(max=1.0) - _ERRORS_OF_A_SERIES * self.error).clamp(min=0.0)
        return (self.best - self.error).clamp(0.0, 1.0)

    @property
    def not_refuted(self) -> Tensor:
        """What these sequences do not speak against, between 0 and 1: the burden of proof lies with staying."""
        return (self.best + self.error).clamp(0.0, 1.0)


class Move(NamedTuple):
    """Errors on a part that networks hold out; of several of a kind, those of their mean.

    Parameters
    ----------
    line : Tensor of shape (n, outputs)
        Of the line that networks begin at.
    trained : Tensor of shape (n, outputs)
        Of the networks that began at it.
    free : Tensor of shape (n, outputs) or None
        Of networks that began without it; None where there are none.
    weights : Tensor of shape (n,) or None
        Weight of each sequence.
    picked : Tensor of shape (n, outputs) or None
        Of a line that picks what tells; None where there is none.
    """

    line: Tensor
    trained: Tensor
    free: Tensor | None
    weights: Tensor | None
    picked: Tensor | None = None

    def of(self, places: Tensor) -> Move:
        """Keep some of the sequences."""
        return Move(*(None if values is None else values[places] for values in self))  # type: ignore[arg-type]  # as here


def mean_of(errors: Sequence[Tensor]) -> Tensor:
    """Give the errors of the mean of several networks: the mean of theirs."""
    return torch.stack(list(errors)).mean(dim=0)


class Settled(NamedTuple):
    """How far networks go from their lines, and which kind of them counts how much, output by output.

    Parameters
    ----------
    of_free : Tensor of shape (outputs,)
        The share of the way from networks that began at the line to those that began without it.
    share : Tensor of shape (outputs,)
        The share of the way from the line to what both come to together.
    of_picks : Tensor of shape (outputs,)
        The share of the way from there to the line that picks.
    """

    of_free: Tensor
    share: Tensor
    of_picks: Tensor

    @classmethod
    def all_the_way(cls, outputs: int) -> Settled:
        """Let networks that began at the line count alone, and as they are."""
        none = torch.zeros(outputs, dtype=torch.float64, device="cpu")
        return cls(none, none + 1, none)

    def errors(self, move: Move) -> Tensor:
        """Give the errors of what is settled."""
        trained = move.trained if move.free is None else _between(move.trained, move.free, self.of_free)
        reached = _between(move.line, trained, self.share)
        return reached if move.picked is None else _between(reached, move.picked, self.of_picks)


def settle(moves: Sequence[Move], apart: int, *, ends_series: bool = False) -> Settled:
    """Settle how far networks go, by all parts together.

    Parameters
    ----------
    moves : sequence of Move
        One of each part.
    apart, ends_series
        As for `share_of_way`.

    Returns
    -------
    Settled
        Networks without the line count as far as the parts vouch for them, and so do all networks, and a line that
        picks beside them.
    """
    settled = Settled.all_the_way(moves[0].line.shape[1])
    both = [move for move in moves if move.free is not None]
    if both:
        trained, free = (torch.cat([getattr(move, kind) for move in both]) for kind in ("trained", "free"))
        settled = settled._replace(of_free=share_of_way(trained, free, _joined(both), apart).vouched_for)
    line = torch.cat([move.line for move in moves])
    after = torch.cat([settled.errors(move) for move in moves])
    way = share_of_way(line, after, _joined(moves), apart, ends_series=ends_series)
    settled = settled._replace(share=way.vouched_for)
    picked = [move.picked for move in moves if move.picked is not None]
    if not picked:
        return settled
    reached = torch.cat([settled.errors(move) for move in moves])
    way = share_of_way(reached, torch.cat(picked), _joined(moves), apart, ends_series=ends_series)
    return settled._replace(of_picks=way.vouched_for)


def _joined(moves: Sequence[Move]) -> Tensor | None:
    weights = [move.weights for move in moves if move.weights is not None]
    return torch.cat(weights) if weights else None


def _between(before: Tensor, after: Tensor, share: Tensor) -> Tensor:
    """Go a share of the way in each output; at its ends, nothing of the other one is asked to be finite."""
    between = torch.lerp(before, after, share.to(before))
    return torch.where(share == 0, before, torch.where(share == 1, after, between))


def share_of_way(
    before: Tensor, after: Tensor, weights: Tensor | None, apart: int, *, ends_series: bool = False
) -> Share:
    """Say how much of the way from earlier errors to later ones is best.

    Parameters
    ----------
    before, after : Tensor of shape (n, outputs)
        Errors on the validation part of what is moved away from and of what is moved to, in the order of time.
    weights : Tensor of shape (n,) or None
        Weight of each sequence.
    apart : int
        Sequences that share steps with a sequence: so many in a row count as one observation.
    ends_series : bool
        Whether the validation part is the end of the series that the training part is of: then two errors are taken
        off, of all of the way at the most.

    Returns
    -------
    Share
        Least squares of each output, and its error; none of the way where there is none, or where errors are not
        finite.
    """
    before, after = before.double(), after.double()
    way = before - after
    counts = torch.ones(len(way), dtype=torch.float64, device="cpu") if weights is None else weights.double()
    gain, size = counts[:, None] * before * way, counts[:, None] * way * way
    leads_on = torch.isfinite(gain).all(dim=0) & (size.sum(dim=0) > 0)
    gain, size = (torch.where(leads_on, values, 0.0) for values in (gain, size))
    whole = torch.where(leads_on, size.sum(dim=0), 1.0)
    best = gain.sum(dim=0) / whole
    blocks = max(len(way) // max(apart, 1), _FEWEST_BLOCKS)
    deviations = [part.sum(dim=0) for part in (gain - best * size).tensor_split(min(blocks, len(way)))]
    # The error of a ratio of sums, by its linear part (Cochran, Sampling Techniques, 1977, 6.19).
    return Share(best, torch.stack(deviations).square().sum(dim=0).sqrt() / whole, ends_series)
