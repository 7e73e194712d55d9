"""Errors on the held-out part that know nothing of themselves, though that part chose the epoch.

The epoch whose weights are kept has the least loss on the held-out part among all epochs: errors measured there are
smaller than those to come. Of 20 sequences held out, intervals for 0.9 covered 0.87 to 0.89. Half of the part for each
of the two jobs would be honest, and leave too little for either. So the choice alone is cross-validated, which costs
no training: the errors of one fold are those of the epoch that the other folds choose, as in cross-conformal
prediction (Vovk, Annals of Mathematics and Artificial Intelligence 74, 2015) and CV+ (Barber, Candès, Ramdas &
Tibshirani, Annals of Statistics 49, 2021).
"""

from __future__ import annotations

from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from unflat.parting.moderation import Move, Settled, is_moderated, mean_of, settle
from unflat.sequences import sequences_together
from unflat.sequences.batches import BatchSource
from unflat.sequences.folds import places_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.dataset import Dataset
    from unflat.network import Predictor
    from unflat.parting import Parting
    from unflat.sequences import Sequences
    from unflat.training.losses import Loss

FOLDS = 5

MOST_FOLDED = 1000
"""Of a larger part, no sequence has a say in the choice that could be noticed: its errors are taken as they are."""


def fold_numbers(data: Dataset) -> NDArray[np.int64]:
    """Deal sequences into folds: groups as wholes, sequences that share steps in blocks of time, others in turn.

    Parameters
    ----------
    data : Dataset
        The held-out part.

    Returns
    -------
    ndarray of shape (n,), int64
        The fold of each sequence.
    """
    n = len(data)
    if data.groups is not None and len(labels := np.unique(data.groups)) > 1:
        members: NDArray[Any] = np.searchsorted(labels, data.groups)
        return members.astype(np.int64) % FOLDS
    places = np.arange(n, dtype=np.int64)
    return places % FOLDS if places_apart(data.sequences) == 1 else places * FOLDS // n


class Judged(NamedTuple):
    """A part that networks hold out, and their errors on it.

    Parameters
    ----------
    trained : sequence of sequences of Tensor of shape (n, outputs)
        Of each network that began at the line, of each epoch, the first before training.
    folds : ndarray of shape (n,), int64
        The fold of each sequence.
    weights : ndarray of shape (n,) or None
        What each sequence counts.
    free : sequence of sequences of Tensor of shape (n, outputs)
        The same of networks that began without it.
    picked : Tensor of shape (n, outputs) or None
        Errors of a line that picks.
    """

    trained: Sequence[Sequence[Tensor]]
    folds: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None
    free: Sequence[Sequence[Tensor]] = ()
    picked: Tensor | None = None

    def move(self, loss: Loss, fold: int) -> Move:
        """Go from the errors before training to those of the epochs that the other folds choose."""
        counts = None if self.weights is None else torch.from_numpy(self.weights).float()
        choosing = torch.from_numpy(_others(self.folds, fold))
        chosen = [
            [_best(epochs, loss, choosing, counts) for epochs in of_kind] for of_kind in (self.trained, self.free)
        ]
        trained, free = (mean_of(of_kind) if of_kind else None for of_kind in chosen)
        return Move(self.trained[0][0], trained, free, counts, self.picked)  # type: ignore[arg-type]  # there is always one


def _best(epochs: Sequence[Tensor], loss: Loss, choosing: Tensor, counts: Tensor | None) -> Tensor:
    """Give the errors of the epoch that some sequences choose."""
    own = None if counts is None else counts[choosing]
    return epochs[int(np.argmin([_loss(loss, errors[choosing], own) for errors in epochs]))]


def cross_chosen(
    parts: Sequence[Judged], loss: Loss, settled_by: Callable[[Sequence[Move]], Settled] | None = None
) -> NDArray[np.float64]:
    """Take each fold's errors from the epochs that the others choose, moderated by what the others vouch for.

    Parameters
    ----------
    parts : sequence of Judged
        What is held out, with the errors of the networks that hold it out.
    loss : Loss
        What epochs are compared by.
    settled_by : callable or None
        From errors of the others to how far networks go; None if they go all of the way.

    Returns
    -------
    ndarray of shape (n, outputs), float64
        One error of each sequence, part after part: that of the networks' mean.
    """
    folds = np.concatenate([part.folds for part in parts])
    taken = np.empty((len(folds), parts[0].trained[0][0].shape[1]))
    for fold in np.unique(folds):
        moves = [part.move(loss, fold) for part in parts]
        settled = Settled.all_the_way(taken.shape[1])
        if settled_by is not None:
            known = [torch.from_numpy(np.flatnonzero(part.folds != fold)) for part in parts]
            alone = sum(map(len, known)) == 0
            settled = settled_by(moves if alone else [move.of(own) for move, own in zip(moves, known, strict=True)])
        taken[folds == fold] = torch.cat([settled.errors(move) for move in moves]).numpy()[folds == fold]
    return taken


def _others(folds: NDArray[np.int64], fold: int) -> NDArray[np.int64]:
    """Find who is not of a fold; one fold alone has nobody to ask, and is judged by itself."""
    others = np.flatnonzero(folds != fold)
    return others if len(others) else np.arange(len(folds))


def errors_unseen(
    predictor: Predictor,
    parting: Parting,
    errors: Sequence[Sequence[Tensor]],
    loss: Loss,
    picked: Sequence[Tensor] = (),
) -> NDArray[np.float64]:
    """Give errors on what is held out that know nothing of themselves, part after part, on the target's scale.

    Parameters
    ----------
    predictor : Predictor
        Trained.
    parting : Parting
        What its networks learned from, and what they held out.
    errors : sequence of sequences of Tensor
        Of each network, the errors of every epoch on what it holds out; empty where that is large.
    loss : Loss
        What epochs were chosen by.
    picked : sequence of Tensor
        Of each part, the errors of the line that picks; empty where there is none.

    Returns
    -------
    ndarray of shape (n, outputs), float64
        Target less prediction.
    """
    held_out = parting.held_out_parts
    if not all(errors):
        alone = [(predictor.only(part.members), data) for part, data in held_out]
        return np.concatenate([errors_of(one, data, describe(one, data.sequences)) for one, data in alone])
    judged = [
        Judged(
            [errors[i] for i in part.at_line], fold_numbers(data), data.weights, [errors[i] for i in part.free], beside
        )
        for (part, data), beside in zip_longest(held_out, picked[: len(held_out)])
    ]
    if not is_moderated(predictor.network.config, loss.name) or parting.held_out is None:
        return cross_chosen(judged, loss)
    apart, goes_on = places_apart(parting.held_out.sequences), parting.held_out.goes_on
    return cross_chosen(judged, loss, partial(settle, apart=apart, ends_series=goes_on))


def worth_folding(parting: Parting) -> bool:
    """Whether what a network holds out is so little that its choice of the epoch shows in its errors."""
    sizes = [len(data) for _, data in parting.held_out_parts]
    return bool(sizes) and max(sizes) <= MOST_FOLDED


def errors_of(predictor: Predictor, data: Dataset, described: Tensor) -> NDArray[np.float64]:
    """Give target less prediction on the target's scale, of sequences as `describe` describes them."""
    targets: NDArray[np.float64] = predictor.target(torch.from_numpy(data.y)).numpy()
    errors: NDArray[np.float64] = targets - described[:, : data.y.shape[1]].double().numpy()
    return errors


@torch.no_grad()
def describe(predictor: Predictor, sequences: Sequences) -> Tensor:
    """Give scaled predictions and pooled states, side by side: shape (n, outputs + width), float32."""
    batches = BatchSource(sequences).in_order(sequences_together(sequences.longest))
    return torch.cat([torch.cat(predictor.with_states(*batch), dim=1).cpu() for _, batch in batches])


def _loss(loss: Loss, errors: Tensor, weights: Tensor | None) -> float:
    value = float(loss(torch.zeros_like(errors), errors, weights))
    return value if np.isfinite(value) else np.inf
