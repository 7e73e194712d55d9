"""Batches drawn from sequences by gathering from a view: no loader, no copy but the batch itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from unflat.sequences.columnar import blocks_of
from unflat.sequences.index import sequences_together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.sequences.index import Sequences


class Batch(NamedTuple):
    """Some sequences, side by side.

    Parameters
    ----------
    values : Tensor of shape (B, T, F), float32 or float64
        Raw units; what stands after a sequence's end has no meaning.
    lengths : Tensor of shape (B,), int64, or None
        Steps of each sequence; None where every sequence fills all T.
    context : Tensor of shape (B, C), float64, or None
        What stands beside each sequence, in raw units; None where nothing does.
    """

    values: Tensor
    lengths: Tensor | None
    context: Tensor | None = None


class BatchSource:
    """Draws batches of sequences by their numbers.

    Parameters
    ----------
    sequences : Sequences
        What to draw from; its rows are shared, not copied.
    """

    def __init__(self, sequences: Sequences) -> None:
        self._count, self._features = sequences.rows.shape
        self._blocks = [_shared(block) for block in blocks_of(sequences.rows)]
        self._starts = _shared(sequences.starts)
        self._steps = sequences.longest
        self._windows = [self._every_window(block) for block in self._blocks]
        self._lengths = None if sequences.equally_long else _shared(sequences.lengths)
        self._context = [(_shared(part.values), _shared(part.places), part.offset) for part in sequences.context]

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def longest(self) -> int:
        """Steps of the longest sequence."""
        return self._steps

    @property
    def size(self) -> int | None:
        """Numbers of a sequence; None where they have unequal lengths."""
        return self._steps * self._features if self._lengths is None else None

    def draw(self, index: Tensor | slice) -> Batch:
        """Gather the sequences of these numbers.

        Parameters
        ----------
        index : Tensor of shape (B,), int64 or int32, or slice
            Which sequences.

        Returns
        -------
        Batch
            Copies of them, as long as the longest among them.
        """
        starts = self._starts[index]
        if self._lengths is None:
            parts = [windows.index_select(0, starts).view(len(starts), self._steps, -1) for windows in self._windows]
            return Batch(_side_by_side(parts), None, self._beside(index))
        lengths = self._lengths[index]
        steps = torch.arange(int(lengths.max()), device="cpu")
        # The last sequence may end with the rows: what is read beyond it is masked by the lengths.
        place = (starts[:, None] + steps).clamp_(max=self._count - 1)
        return Batch(_side_by_side([block[place] for block in self._blocks]), lengths, self._beside(index))

    def in_order(self, batch_size: int) -> Iterator[tuple[slice, Batch]]:
        """Go through all sequences once, in order.

        Parameters
        ----------
        batch_size : int
            Sequences in a batch; the last may have fewer.

        Yields
        ------
        tuple of slice and Batch
            Which sequences, and their values.
        """
        for first in range(0, len(self), batch_size):
            part = slice(first, min(first + batch_size, len(self)))
            yield part, self.draw(part)

    def _beside(self, index: Tensor | slice) -> Tensor | None:
        if not self._context:
            return None
        parts = [values.index_select(0, places[index] + offset).double() for values, places, offset in self._context]
        return torch.cat(parts, dim=-1)

    def _every_window(self, block: Tensor) -> Tensor:
        """View a block as all windows that could be cut, (R - T + 1, T * F); overlapping ones share memory."""
        rows, features = block.shape
        return block.as_strided((rows - self._steps + 1, self._steps * features), (features, 1))


def batches_of(sequences: Sequences) -> Iterator[Batch]:
    """Go through all sequences once, in order, as many at a time as fit beside each other."""
    return (batch for _, batch in BatchSource(sequences).in_order(sequences_together(sequences.longest)))


def _side_by_side(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)


class _Unlocked:
    """The memory of an array, said to be writable.

    Torch warns of memory that is not, though batches never write to it, and the filter that would silence it is one
    for the whole process: threads that set and restore it at once leave it behind.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array  # whose memory it is, for as long as that is in use
        self.__array_interface__ = array.__array_interface__ | {"data": (array.ctypes.data, False)}


def _shared(array: NDArray[Any]) -> Tensor:
    """View an array as a tensor."""
    array = np.ascontiguousarray(array)
    return torch.from_numpy(array if array.flags.writeable else np.asarray(_Unlocked(array)))
