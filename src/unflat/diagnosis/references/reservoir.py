"""Sequences as the states of a recurrent network that nobody trained: what the order of their steps tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.material.summaries import in_stretches, magnitude_one, standardized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

UNITS = 100
_RADIUS = 0.99
"""Largest magnitude of the recurrence's eigenvalues: below 1, so that what was long ago fades, and slowly."""

_LEAK = 0.5
"""Share of a state that a step renews."""

_INPUT_SCALE, _BIAS_SCALE = 0.5, 0.5
_MOST_STEPS = 128
"""Steps that are gone through; longer sequences are taken in so many stretches, each as its mean."""


def echoes(values: NDArray[np.float64], generator: np.random.Generator, scaled_with: slice = slice(None)) -> Values:
    """Let sequences run through a random recurrent network, and give its last state and its mean state.

    An echo state network with leaky units: h ← (1 - a) h + a tanh(x V + h W + b), of which V, W and b are drawn once
    (Jaeger, The "echo state" approach to analysing and training recurrent neural networks, GMD report 148, 2001;
    Jaeger, Lukoševičius, Popovici and Siewert, Neural Networks 20, 2007, equation 2). A straight line from its states
    knows more of what depends on the order of steps than one from the steps themselves.

    Parameters
    ----------
    values : ndarray of shape (n, T, F), float64
        Sequences; NaN where missing. A step without any value changes no state.
    generator : numpy.random.Generator
        Draws the network.
    scaled_with : slice
        The sequences that features and states are scaled with.

    Returns
    -------
    ndarray of shape (n, 2 * UNITS), float64
        Each column with mean 0 and deviation 1 over the sequences that it was scaled with.
    """
    values = in_stretches(np.where(np.isfinite(values), values, np.nan), _MOST_STEPS)
    n, steps, features = values.shape
    present = np.logical_or.reduce(np.isfinite(values), axis=2)
    inputs = scaled_steps(values, scaled_with)
    recurrence = generator.normal(size=(UNITS, UNITS))
    recurrence *= _RADIUS / np.abs(np.linalg.eigvals(recurrence)).max()
    incoming = generator.normal(size=(features, UNITS)) * _INPUT_SCALE / np.sqrt(features)
    bias = generator.normal(size=UNITS) * _BIAS_SCALE
    state, total = np.zeros((n, UNITS)), np.zeros((n, UNITS))
    for step in range(steps):
        new = np.tanh(inputs[:, step] @ incoming + state @ recurrence + bias)
        state = np.where(present[:, step, None], (1 - _LEAK) * state + _LEAK * new, state)
        total += state
    return standardized(np.hstack([state, total / steps]), scaled_with)


def scaled_steps(values: Values, scaled_with: slice) -> Values:
    """Give each feature mean 0 and deviation 1 over all steps of some sequences; what is missing becomes 0."""
    n, steps, features = values.shape
    known = range(n)[scaled_with]
    rows = slice(known.start * steps, known.stop * steps)
    return standardized(magnitude_one(values).reshape(n * steps, features), rows).reshape(n, steps, features)
