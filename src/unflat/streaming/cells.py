"""One step of a recurrent layer, written in place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from unflat.network.arrays import Array, CellArrays

_HALF = np.float32(0.5)


class CellStep(ABC):
    """A layer that reads what stands in one array and leaves its new state there.

    Parameters
    ----------
    arrays : CellArrays
        The layer's weights.
    line : ndarray of shape (n, features + 1 + units), float32
        For each stream what the layer reads, a one for its bias, and its state, which is replaced.
    """

    def __init__(self, arrays: CellArrays, line: Array) -> None:
        units = arrays.units
        self._line = line
        self._hidden = line[:, -units:]
        self._weight = np.ascontiguousarray(self._fused(arrays), dtype=np.float32)
        self._products = np.empty((len(line), self._weight.shape[1]), dtype=np.float32)
        self._gates = [self._products[:, first : first + units] for first in range(0, self._weight.shape[1], units)]

    @property
    @abstractmethod
    def state(self) -> dict[str, Array]:
        """What must be kept from one step to the next: arrays of shape (n, units), all zero at the start."""

    @abstractmethod
    def advance(self) -> None:
        """Read one step."""

    @staticmethod
    @abstractmethod
    def _fused(arrays: CellArrays) -> Array:
        """Give the weights as one matrix, (features + 1 + units, products)."""


class LSTMStep(CellStep):
    """An LSTM's step: the equations of `unflat.network.recurrence.Recurrence`.

    Parameters
    ----------
    arrays : CellArrays
        The layer's weights.
    line : ndarray
        What it reads and its state, see `CellStep`.
    """

    def __init__(self, arrays: CellArrays, line: Array) -> None:
        super().__init__(arrays, line)
        self._memory = np.zeros((len(line), arrays.units), dtype=np.float32)
        self._sigmoids = self._products[:, : 3 * arrays.units]

    @property
    def state(self) -> dict[str, Array]:
        """Hidden state h and memory c."""
        return {"hidden": self._hidden, "memory": self._memory}

    @staticmethod
    def _fused(arrays: CellArrays) -> Array:
        bias = arrays.bias_input + arrays.bias_hidden
        i, f, g, o = np.split(np.vstack([arrays.weight_input.T, bias, arrays.weight_hidden.T]), 4, axis=1)
        return np.hstack([_HALF * i, _HALF * f, _HALF * o, g])

    def advance(self) -> None:
        """Read one step."""
        i, f, o, g = self._gates
        sigmoids, c = self._sigmoids, self._memory
        np.dot(self._line, self._weight, out=self._products)
        np.tanh(self._products, out=self._products)
        np.multiply(sigmoids, _HALF, out=sigmoids)
        np.add(sigmoids, _HALF, out=sigmoids)
        np.multiply(f, c, out=c)
        np.multiply(i, g, out=i)
        np.add(c, i, out=c)
        np.tanh(c, out=g)
        np.multiply(o, g, out=self._hidden)


class GRUStep(CellStep):
    """A GRU's step, its reset gate after the product, as torch has it.

    Parameters
    ----------
    arrays : CellArrays
        The layer's weights.
    line : ndarray
        What it reads and its state, see `CellStep`.
    """

    def __init__(self, arrays: CellArrays, line: Array) -> None:
        super().__init__(arrays, line)
        self._sigmoids = self._products[:, : 2 * arrays.units]

    @property
    def state(self) -> dict[str, Array]:
        """Hidden state h."""
        return {"hidden": self._hidden}

    @staticmethod
    def _fused(arrays: CellArrays) -> Array:
        zero_input, zero_hidden = np.zeros_like(arrays.weight_input.T), np.zeros_like(arrays.weight_hidden.T)
        from_input = np.vstack([arrays.weight_input.T, arrays.bias_input, zero_hidden])
        from_hidden = np.vstack([zero_input, arrays.bias_hidden, arrays.weight_hidden.T])
        r, z, _ = np.split(from_input + from_hidden, 3, axis=1)
        units = arrays.units
        # The reset gate takes its part of n from the state alone, so the two parts of n are products of their own.
        return np.hstack([_HALF * r, _HALF * z, from_input[:, -units:], from_hidden[:, -units:]])

    def advance(self) -> None:
        """Read one step."""
        r, z, n, from_hidden = self._gates
        sigmoids, h = self._sigmoids, self._hidden
        np.dot(self._line, self._weight, out=self._products)
        np.tanh(sigmoids, out=sigmoids)
        np.multiply(sigmoids, _HALF, out=sigmoids)
        np.add(sigmoids, _HALF, out=sigmoids)
        np.multiply(r, from_hidden, out=from_hidden)
        np.add(n, from_hidden, out=n)
        np.tanh(n, out=n)
        np.subtract(h, n, out=h)
        np.multiply(z, h, out=h)
        np.add(h, n, out=h)


CELLS: dict[str, type[CellStep]] = {"lstm": LSTMStep, "gru": GRUStep}
"""Each cell's step."""
