"""Read-outs that are brought up to date by each step, instead of being taken over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from unflat.network.arrays import Array, DenseArrays


class Pooling(Protocol):
    """A read-out that is brought up to date by each step."""

    @property
    def state(self) -> dict[str, tuple[Array, float]]:
        """What must be kept from one step to the next, beside the result, and its value at the start."""

    start: float
    """The result before the first step."""

    result: Array
    """Where the pooled state stands, (n, width)."""

    def advance(self) -> None:
        """Take the step in."""


class Last:
    """The state of the last step.

    Parameters
    ----------
    source : ndarray of shape (n, width), float32
        Where each step's state stands.
    result : ndarray of shape (n, width), float32
        Where the pooled state is put.
    """

    start = 0.0

    def __init__(self, source: Array, result: Array) -> None:
        self._source, self.result = source, result
        self.state: dict[str, tuple[Array, float]] = {}

    def advance(self) -> None:
        """Take the step in."""
        np.copyto(self.result, self._source)


class Maximum(Last):
    """The largest of each value so far."""

    start = -np.inf

    def advance(self) -> None:
        """Take the step in."""
        np.maximum(self.result, self._source, out=self.result)


class Minimum(Last):
    """The smallest of each value so far."""

    start = np.inf

    def advance(self) -> None:
        """Take the step in."""
        np.minimum(self.result, self._source, out=self.result)


class Mean:
    """The mean so far.

    Parameters
    ----------
    source, result : ndarray of shape (n, width), float32
        See `Last`.
    steps : ndarray of shape (n, 1), float64
        How many steps each stream has been fed, this one included.
    """

    start = 0.0

    def __init__(self, source: Array, result: Array, steps: Array) -> None:
        self._source, self.result, self._steps = source, result, steps
        self._total = np.zeros(source.shape)
        self.state = {"total": (self._total, 0.0)}

    def advance(self) -> None:
        """Take the step in."""
        np.add(self._total, self._source, out=self._total)
        np.divide(self._total, self._steps, out=self.result)


class First(Last):
    """The first step.

    Parameters
    ----------
    source, result : ndarray of shape (n, width), float32
        See `Last`.
    steps : ndarray of shape (n, 1), float64
        See `Mean`.
    """

    def __init__(self, source: Array, result: Array, steps: Array) -> None:
        super().__init__(source, result)
        self._steps = steps

    def advance(self) -> None:
        """Take the step in, where a stream begins."""
        np.copyto(self.result, self._source, where=self._steps == 1)


class Before:
    """The steps before the last, the latest first; the first step stands for those before it.

    Parameters
    ----------
    source : ndarray of shape (n, width), float32
        Where each step stands.
    result : ndarray of shape (n, count * width), float32
        Where the steps before it are put.
    steps : ndarray of shape (n, 1), float64
        How many steps each stream has been fed, this one included.
    """

    start = 0.0

    def __init__(self, source: Array, result: Array, steps: Array) -> None:
        self._source, self.result, self._steps = source, result, steps
        self._latest = np.zeros_like(source)
        self.state = {"latest": (self._latest, 0.0)}

    def advance(self) -> None:
        """Take the step in."""
        _push(self.result, self._latest, self._source, self._steps)
        np.copyto(self._latest, self._source)


def _push(kept: Array, newest: Array, first: Array, steps: Array) -> None:
    """Put the newest step before those kept; where a stream begins, its first step stands in all places."""
    width = newest.shape[1]
    kept[:, width:] = kept[:, :-width]
    kept[:, :width] = newest
    begins = steps[:, 0] == 1
    if begins.any():
        kept[begins] = np.tile(first[begins], kept.shape[1] // width)


class Moments:
    """Products of a step's numbers in pairs, their mean so far.

    Parameters
    ----------
    source, steps
        See `Mean`.
    result : ndarray of shape (n, width * (width + 1) / 2), float32
        Where the means are put.
    bounds : tuple of two ndarrays of shape (width,)
        The range of each number that enters products.
    """

    start = 0.0

    def __init__(self, source: Array, result: Array, steps: Array, bounds: tuple[Array, Array]) -> None:
        self._source, self.result, self._steps, self._bounds = source, result, steps, bounds
        self._row, self._column = np.triu_indices(source.shape[1])
        self._total = np.zeros(result.shape)
        self.state = {"total": (self._total, 0.0)}

    def advance(self) -> None:
        """Take the step in."""
        held = np.clip(self._source, *self._bounds)
        self._total += held[:, self._row] * held[:, self._column]
        np.divide(self._total, self._steps, out=self.result)


class Products:
    """Products of the latest steps' numbers in pairs; the first step stands for those before it.

    Parameters
    ----------
    source, steps, bounds
        See `Moments`.
    result : ndarray of shape (n, count * width * (count * width + 1) / 2), float32
        Where the products are put.
    count : int
        How many steps, the last included.
    """

    start = 0.0

    def __init__(self, source: Array, result: Array, steps: Array, bounds: tuple[Array, Array], count: int) -> None:
        self._source, self.result, self._steps, self._bounds = source, result, steps, bounds
        self._latest = np.zeros((len(source), count * source.shape[1]), dtype=np.float32)
        self._row, self._column = np.triu_indices(self._latest.shape[1])
        self.state = {"latest": (self._latest, 0.0)}

    def advance(self) -> None:
        """Take the step in."""
        held = np.clip(self._source, *self._bounds)
        _push(self._latest, held, held, self._steps)
        np.multiply(self._latest[:, self._row], self._latest[:, self._column], out=self.result)


class Attention:
    """The mean weighted by softmax(context · tanh(project(state))), as sums that are rescaled as the top score rises.

    So no exponential overflows, and no earlier state is needed (Milakov & Gimelshein, arXiv:1805.02867, algorithm 3).

    Parameters
    ----------
    source, result : ndarray of shape (n, width), float32
        See `Last`.
    weights : tuple of two DenseArrays
        Projection and context.
    """

    start = 0.0

    def __init__(self, source: Array, result: Array, weights: tuple[DenseArrays, DenseArrays]) -> None:
        project, context = weights
        self._source, self.result = source, result
        self._project = np.ascontiguousarray(project.weight.T)
        self._bias, self._context = project.bias, np.ascontiguousarray(context.weight.T)
        self._top = np.full((len(source), 1), -np.inf)
        self._shares = np.zeros((len(source), 1))
        self._total = np.zeros(source.shape)
        self.state = {"top": (self._top, -np.inf), "shares": (self._shares, 0.0), "total": (self._total, 0.0)}

    def advance(self) -> None:
        """Take the step in."""
        # The context's bias moves every score alike: the softmax does not see it.
        score = np.tanh(self._source @ self._project + self._bias) @ self._context
        top = np.maximum(self._top, score)
        decay, share = np.exp(self._top - top), np.exp(score - top)
        self._top[...] = top
        self._shares[...] = self._shares * decay + share
        self._total[...] = self._total * decay + share * self._source
        np.divide(self._total, self._shares, out=self.result)
