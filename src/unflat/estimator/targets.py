"""Targets that would rule a fit alone: drawn in, with a warning, before anything is learned from them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from unflat.errors import LoneTargetWarning
from unflat.scaling.lone import drawn_in, lone_targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unflat.config import TargetScale
    from unflat.dataset import Dataset
    from unflat.scaling.lone import Lone


def without_lone_targets(data: Dataset, scale: TargetScale, *, stacklevel: int) -> Dataset:
    """Draw in targets that outweigh all others together, and warn of them.

    Parameters
    ----------
    data : Dataset
        What a fit was given; it stays as it is.
    scale : {"standard", "robust", "minmax", "log", "none"}
        How targets are scaled. Only "standard" draws any in: who names another scale has looked at them.
    stacklevel : int
        Frames between this function and the user's call, for the warning's line.

    Returns
    -------
    Dataset
        The same, or one with other targets.
    """
    lone = lone_targets(data.y, data.weights) if scale == "standard" else []
    if not lone:
        return data
    warnings.warn(_told(lone, data), LoneTargetWarning, stacklevel=stacklevel)
    return replace(data, y=drawn_in(data.y, lone))


def _told(lone: Sequence[Lone], data: Dataset) -> str:
    count = len(lone)
    subject = "A target outweighs" if count == 1 else f"{count} targets outweigh"
    first = lone[0]
    named = "" if data.flat else f" of {data.names[first.output]}"
    return (
        f"{subject} all {len(data) - 1} others together: {first}{named}. Squared errors would be about nothing else. "
        "Look whether it is a mistake. If it is real, scale_target='log' takes positive targets of any size as they "
        "are, and scale_target='robust' with loss='huber' any others."
    )
