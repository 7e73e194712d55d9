"""What training draws from: sequences with their targets, raw until they are drawn, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from torch import Tensor

    from unflat.scaling.scales import InputScaling
    from unflat.sequences.batches import BatchSource

_NUMBERS_TOGETHER = 1 << 16
"""Numbers gathered and scaled at a time, at most, if a batch has fewer: half a megabyte in double precision."""


class ScaledBatch(NamedTuple):
    """A batch as the network reads it, on its device.

    Parameters
    ----------
    x : Tensor of shape (B, T, F), float32
        Scaled sequences.
    lengths : Tensor of shape (B,) or None
        Steps of each; None where all have T.
    target : Tensor of shape (B, outputs), float32
        Scaled targets.
    weight : Tensor of shape (B,) or None
        Weight of each sequence.
    context : Tensor of shape (B, C), float32, or None
        What stands beside each sequence, scaled.
    """

    x: Tensor
    lengths: Tensor | None
    target: Tensor
    weight: Tensor | None
    context: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Examples:
    """Sequences with their targets, drawn raw and scaled batch by batch.

    Parameters
    ----------
    source : BatchSource
        Raw sequences.
    scaling : InputScaling
        From raw features to the network's.
    targets : Tensor of shape (n, outputs), float32
        Scaled targets.
    weights : Tensor of shape (n,), float32, or None
        Weight of each sequence, with mean 1.
    context : InputScaling or None
        From what stands beside sequences to the network's; None where nothing does.
    """

    source: BatchSource
    scaling: InputScaling
    targets: Tensor
    weights: Tensor | None = None
    context: InputScaling | None = None

    def __len__(self) -> int:
        return len(self.source)

    @property
    def alike(self) -> bool:
        """Whether all sequences have the same number of steps."""
        return self.source.size is not None

    def draw(self, index: Tensor, device: torch.device) -> ScaledBatch:
        """Gather, scale and move the sequences of these numbers."""
        values, lengths, context = self.source.draw(index)
        return ScaledBatch(
            self.scaling(values).to(device),
            None if lengths is None else lengths.to(device),
            self.targets[index].to(device),
            None if self.weights is None else self.weights[index].to(device),
            None if self.context is None else self.context(context).to(device),
        )

    def batches(self, order: Tensor, batch_size: int, device: torch.device) -> Iterator[ScaledBatch]:
        """Draw batch after batch in an order.

        Several batches are gathered and scaled together where that gives the same: between two steps every small
        operation is slow, since a step leaves nothing of it near the processor.

        Parameters
        ----------
        order : Tensor of shape (n,)
            Which sequences.
        batch_size : int
            Sequences in a batch; the last may have fewer.
        device : torch.device
            Where they are wanted.

        Yields
        ------
        ScaledBatch
            A batch.
        """
        size = self.source.size
        # Sequences of unequal length are as long as the longest of their own batch.
        together = 1 if size is None else max(1, _NUMBERS_TOGETHER // (batch_size * size))
        for several in order.split(batch_size * together):
            drawn = self.draw(several, device)
            if len(several) <= batch_size:
                yield drawn
                continue
            for first in range(0, len(several), batch_size):
                part = slice(first, first + batch_size)
                yield ScaledBatch(*(None if values is None else values[part] for values in drawn))  # type: ignore[arg-type]  # as drawn
