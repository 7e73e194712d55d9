"""The equations of LSTM and GRU in NumPy, so that the gates, which no framework hands out, can be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from unflat.diagnosis.subjects.base import Gates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    Array = NDArray[Any]
    State = tuple[Array, ...]
    Squash = Callable[[Array], Array]

_MOST_STEPS = 1 << 16
"""Time steps of all sequences together whose gates are looked at: a hundred units' four gates take 100 MB."""

_FEWEST_SEQUENCES = 32
"""Sequences that are looked at however long they are."""


def sequences_inside(steps: int) -> int:
    """Count the sequences of so many steps whose gates are looked at."""
    return max(_FEWEST_SEQUENCES, _MOST_STEPS // max(1, steps))


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), which does not overflow when written with tanh."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


class Cell(Protocol):
    """One step of a recurrence, its weights in it."""

    def start(self, n: int) -> State:
        """Give the state before the first step: zeros, the hidden state first."""

    def step(self, x: Array, state: State) -> tuple[State, Mapping[str, Array]]:
        """Read one step of n sequences, (n, F); give the next state and the gates."""


@dataclass(frozen=True, eq=False)
class LSTMCell:
    """The LSTM of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000).

    ::

        i, f, g, o = x K + h R + b
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c), or that times P (Sak et al., 2014)

    Parameters
    ----------
    kernel : ndarray of shape (F, 4 H)
        K, the gates in the order i, f, g, o.
    recurrent : ndarray of shape (size of h, 4 H)
        R.
    bias : ndarray of shape (4 H,)
        The sum of all biases.
    projection : ndarray of shape (H, size of h) or None
        P.
    gate, squash : callable
        What stands for sigmoid and tanh.
    """

    kernel: Array
    recurrent: Array
    bias: Array
    projection: Array | None = None
    gate: Squash = sigmoid
    squash: Squash = np.tanh

    def start(self, n: int) -> State:
        """Give zeros for h and c."""
        return np.zeros((n, len(self.recurrent))), np.zeros((n, self.kernel.shape[1] // 4))

    def step(self, x: Array, state: State) -> tuple[State, Mapping[str, Array]]:
        """Read one step."""
        h, c = state
        i, f, g, o = np.split(x @ self.kernel + h @ self.recurrent + self.bias, 4, axis=1)
        gates = {"i": self.gate(i), "f": self.gate(f), "g": self.squash(g), "o": self.gate(o)}
        c = gates["f"] * c + gates["i"] * gates["g"]
        h = gates["o"] * self.squash(c)
        return (h if self.projection is None else h @ self.projection, c), gates


@dataclass(frozen=True, eq=False)
class GRUCell:
    """The GRU of Cho et al. (2014); its reset gate acts before the recurrent product, or after it as in cuDNN.

    ::

        r, z = sigmoid(x K + h R + b)
        n = tanh(x K + b + r * (h R + b'))   or   tanh(x K + b + (r * h) R)
        h = (1 - z) * n + z * h

    Parameters
    ----------
    kernel : ndarray of shape (F, 3 H)
        K, the gates in the order r, z, n.
    recurrent : ndarray of shape (H, 3 H)
        R.
    bias, recurrent_bias : ndarray of shape (3 H,)
        b and b', the latter all zero where there is none.
    reset_after : bool
        Whether the reset gate acts after the product.
    gate, squash : callable
        What stands for sigmoid and tanh.
    """

    kernel: Array
    recurrent: Array
    bias: Array
    recurrent_bias: Array
    reset_after: bool = True
    gate: Squash = sigmoid
    squash: Squash = np.tanh

    def start(self, n: int) -> State:
        """Give zeros for h."""
        return (np.zeros((n, len(self.recurrent))),)

    def step(self, x: Array, state: State) -> tuple[State, Mapping[str, Array]]:
        """Read one step."""
        (h,) = state
        r_x, z_x, n_x = np.split(x @ self.kernel + self.bias, 3, axis=1)
        R_r, R_z, R_n = np.split(self.recurrent, 3, axis=1)
        b_r, b_z, b_n = np.split(self.recurrent_bias, 3)
        r, z = self.gate(r_x + h @ R_r + b_r), self.gate(z_x + h @ R_z + b_z)
        n = self.squash(n_x + (r * (h @ R_n + b_n) if self.reset_after else (r * h) @ R_n + b_n))
        return ((1 - z) * n + z * h,), {"r": r, "z": z, "n": n}


def run(
    cell: Cell, x: Array, *, mask: Array | None = None, start: State | None = None, backward: bool = False
) -> Gates:
    """Read sequences with a cell.

    Parameters
    ----------
    cell : LSTMCell or GRUCell
        The recurrence.
    x : ndarray of shape (n, T, F)
        What it reads.
    mask : ndarray of shape (n, T), bool, or None
        False where a step is passed over and the state carried on.
    start : tuple of ndarray of shape (n, H), or None
        The first state; None for zeros.
    backward : bool
        Whether it reads from the end.

    Returns
    -------
    Gates
        Gates and states in the order of the steps, float32; gates are NaN where a step is passed over.
    """
    n, T, _ = x.shape
    gates: dict[str, Array] = {}
    for t, h, opened, kept in _steps(cell, x, mask, start, backward=backward):
        gates.setdefault("h", np.empty((n, T, h.shape[1]), dtype=np.float32))[:, t] = h
        for name, values in opened.items():
            of_all = gates.setdefault(name, np.empty((n, T, values.shape[1]), dtype=np.float32))
            of_all[:, t] = np.where(kept, values, np.nan)
    states = gates.pop("h")
    return Gates(gates, states)


def run_states(
    cell: Cell, x: Array, *, mask: Array | None = None, start: State | None = None, backward: bool = False
) -> Gates:
    """Read sequences as `run` does, and keep the states alone: a fifth of the memory."""
    states = {t: h.astype(np.float32) for t, h, _, _ in _steps(cell, x, mask, start, backward=backward)}
    return Gates({}, np.stack([states[t] for t in range(x.shape[1])], axis=1))


def _steps(
    cell: Cell, x: Array, mask: Array | None, start: State | None, *, backward: bool
) -> Iterator[tuple[int, Array, Mapping[str, Array], Array]]:
    """Go through time; give each step's place, hidden state and gates, and which sequences have it."""
    n, T, _ = x.shape
    state = cell.start(n) if start is None else start
    for t in reversed(range(T)) if backward else range(T):
        following, opened = cell.step(x[:, t].astype(np.float64), state)
        kept = np.ones((n, 1), dtype=bool) if mask is None else mask[:, t, None]
        state = tuple(np.where(kept, new, old) for new, old in zip(following, state, strict=True))
        yield t, state[0], opened, kept


def side_by_side(forward: Gates, backward: Gates) -> Gates:
    """Put the gates and states of both directions of one layer next to each other."""
    joined = {name: np.concatenate([values, backward.values[name]], axis=2) for name, values in forward.values.items()}
    return Gates(joined, np.concatenate([_states(forward), _states(backward)], axis=2))


def one_after_another(steps: list[Gates]) -> Gates:
    """Join gates of one step each along time, as a cell that is called in a loop gives them."""
    joined = {name: np.concatenate([step.values[name] for step in steps], axis=1) for name in steps[0].values}
    return Gates(joined, np.concatenate([_states(step) for step in steps], axis=1))


def _states(gates: Gates) -> Array:
    if gates.states is None:
        raise ValueError("These gates came without the states that follow from them.")
    return gates.states
