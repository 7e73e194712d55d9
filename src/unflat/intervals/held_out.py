"""Errors on the held-out part that know nothing of themselves, though that part chose the epoch.

The epoch whose weights are kept has the least loss on the held-out part among all epochs: errors measured there are
smaller than those to come. Of 20 sequences held out, intervals for 0.9 covered 0.87 to 0.89. Half of the part for each
of the two jobs would be honest, and leave too little for either. So the choice alone is cross-validated, which costs
no training: the errors of one fold are those of the epoch that the other folds choose, as in cross-conformal
prediction (Vovk, Annals of Mathematics and Artificial Intelligence 74, 2015) and CV+ (Barber, Candès, Ramdas &
Tibshirani, Annals of Statistics 49, 2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.dataset import places_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.dataset import Dataset
    from unflat.losses import Loss
    from unflat.moderation import Share

FOLDS = 5

MOST_FOLDED = 1000
"""Of a larger part, no sequence has a say in the choice that could be noticed: its errors are taken as they are."""


def folds_of(data: Dataset) -> NDArray[np.int64]:
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


def cross_chosen(
    errors: Sequence[Tensor],
    folds: NDArray[np.int64],
    loss: Loss,
    weights: NDArray[np.float64] | None,
    share_of: Callable[[Tensor, Tensor, Tensor | None], Share] | None = None,
) -> NDArray[np.float64]:
    """Take each fold's errors from the epoch that the others choose, moderated by what the others vouch for.

    Parameters
    ----------
    errors : sequence of Tensor of shape (n, outputs)
        Of each epoch, the first before training.
    folds : ndarray of shape (n,), int64
        The fold of each sequence.
    loss : Loss
        What epochs are compared by.
    weights : ndarray of shape (n,) or None
        What each sequence counts.
    share_of : callable or None
        From errors before and after a network's move away from its line, and weights, to the share of it that is
        best; None if the move is not moderated.

    Returns
    -------
    ndarray of shape (n, outputs), float64
        One error of each sequence.
    """
    counts = None if weights is None else torch.from_numpy(weights).float()
    taken = np.empty(errors[0].shape)
    for fold in np.unique(folds):
        others = torch.from_numpy(np.flatnonzero(folds != fold))
        # One fold alone has nobody to ask, and is judged by itself.
        others = others if len(others) else torch.arange(len(folds))
        losses = [_loss(loss, epoch[others], None if counts is None else counts[others]) for epoch in errors]
        chosen = errors[int(np.argmin(losses))]
        if share_of is not None:
            counted = None if counts is None else counts[others]
            share = share_of(errors[0][others], chosen[others], counted)
            chosen = torch.lerp(errors[0], chosen, share.vouched_for)
        taken[folds == fold] = chosen.numpy()[folds == fold]
    return taken


def _loss(loss: Loss, errors: Tensor, weights: Tensor | None) -> float:
    value = float(loss(torch.zeros_like(errors), errors, weights))
    return value if np.isfinite(value) else np.inf
