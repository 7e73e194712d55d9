"""The document's data, model and scalings, to the letter.

The document is a short article whose stacked LSTM predicted nearly one number for every sequence until its data was
standardized. Its data: sequence `i` holds 16 times the number `10 * i`, and the target is `i`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from unflat.config import AtLeast, OneOf
from unflat.errors import ConfigurationError
from unflat.estimator import LSTMRegressor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from unflat.randomness import RandomSource
    from unflat.training.callbacks import Callback

Scaling = Literal["raw", "inputs", "target", "document", "own"]

N_STEPS = 16
"""Time steps of a sequence."""

UNITS = (50, 100)
"""Hidden units of the document's two layers."""

EPOCHS = 30
"""Passes over the training data in the document."""

BATCH_SIZE = 128
"""Sequences in one step in the document."""

LEARNING_RATE = 5e-4
"""The document's constant rate."""

TRAIN = (1, 2804)
"""Number of the first training sequence, and how many there are."""

TEST = (3000, 100)
"""Number of the first test sequence, and how many there are: all beyond what training sees."""


def generate_data(start: int, num_sample: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Make the document's sequences and targets.

    Parameters
    ----------
    start : int
        Number of the first sequence.
    num_sample : int
        How many to make.

    Returns
    -------
    X : ndarray of shape (num_sample, 16), float64
        Sequence `i` is the number `10 * i`, 16 times.
    y : ndarray of shape (num_sample,), int64
        The numbers `i` themselves.

    Raises
    ------
    ConfigurationError
        If `num_sample` is not a whole number of at least 1.
    """
    if not AtLeast(1).admits(num_sample):
        raise ConfigurationError("generate_data", "num_sample", str(AtLeast(1)), num_sample)
    y = np.arange(start, start + num_sample, dtype=np.int64)
    return np.repeat(10.0 * y[:, None], N_STEPS, axis=1), y


def article(
    *,
    random_state: RandomSource = None,
    epochs: int = EPOCHS,
    callbacks: Sequence[Callback] = (),
    progress: Literal["auto"] | bool = "auto",
) -> LSTMRegressor:
    """Build the document's model, with everything that this package adds switched off.

    LSTM of 50 units over all steps, dropout, LSTM of 100 units, last step, dropout, one linear unit; mean squared
    error; Adam with rate 5e-4. It scales nothing: what it is given is what the network sees.

    Parameters
    ----------
    random_state : int, RandomState, Generator or None
        Seed of the weights, the batches and the dropout.
    epochs : int
        Passes over the training data.
    callbacks : sequence of Callback
        As `LSTMRegressor` takes them.
    progress : bool or "auto"
        As `LSTMRegressor` takes it.

    Returns
    -------
    LSTMRegressor
        Not yet fitted.
    """
    return LSTMRegressor(
        cell="lstm",
        units=UNITS,
        dropout=0.2,
        input_noise=0.0,
        readout=("last",),
        skip=False,
        n_members=1,
        loss="mse",
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE,
        schedule="constant",
        weight_decay=0.0,
        epsilon=1e-7,  # Keras's
        clip_norm=None,
        averaging=0.0,
        patience=None,
        validation_fraction=0.0,
        scale_inputs="none",
        scale_target="none",
        target_range=None,
        callbacks=callbacks,
        progress=progress,
        random_state=random_state,
    )


@dataclass(frozen=True, eq=False)
class Standardization:
    """Numbers to subtract and to divide by: what a user does by hand before the network, and must undo after it.

    Parameters
    ----------
    input_mean, input_std : ndarray of shape (16,)
        Of each column of the inputs, in raw units; 0 and 1 where they are left alone.
    target_mean, target_std : float
        What the target is scaled by.
    """

    input_mean: NDArray[np.float64]
    input_std: NDArray[np.float64]
    target_mean: float
    target_std: float

    def inputs(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Scale inputs of shape (n, 16) and give them the axis of features, (n, 16, 1)."""
        scaled: NDArray[np.float64] = (X - self.input_mean) / self.input_std
        return scaled[:, :, None]

    def target(self, y: NDArray[Any]) -> NDArray[np.float64]:
        """Scale targets of shape (n,)."""
        return np.asarray((y - self.target_mean) / self.target_std, dtype=np.float64)

    def original(self, prediction: NDArray[Any]) -> NDArray[np.float64]:
        """Bring predictions of shape (n,) back to the target's own units."""
        return np.asarray(prediction * self.target_std + self.target_mean, dtype=np.float64)


def standardize(scaling: Scaling, X: NDArray[Any], y: NDArray[Any]) -> Standardization:
    """Measure what one of five ways to scale the document's data needs.

    Parameters
    ----------
    scaling : {"raw", "inputs", "target", "document", "own"}
        Nothing; the inputs by their columns' mean and standard deviation; the target by its own; both, as the document
        does it, the target by the *inputs'* `mean_[0]` and `std_[0]`; both, each by its own.
    X : ndarray of shape (n, 16)
        Training inputs.
    y : ndarray of shape (n,)
        Training targets.

    Returns
    -------
    Standardization
        Ready for these and for other data.

    Raises
    ------
    ConfigurationError
        If there is no such scaling.
    """
    known = OneOf(get_args(Scaling))
    if not known.admits(scaling):
        raise ConfigurationError("standardize", "scaling", str(known), scaling)
    mean, std = X.mean(axis=0), X.std(axis=0)
    if scaling in {"raw", "target"}:
        mean_of_inputs, std_of_inputs = np.zeros(N_STEPS), np.ones(N_STEPS)
    else:
        mean_of_inputs, std_of_inputs = mean, std
    of_target = {
        "target": (float(y.mean()), float(y.std())),
        "own": (float(y.mean()), float(y.std())),
        "document": (float(mean[0]), float(std[0])),
    }
    target_mean, target_std = of_target.get(scaling, (0.0, 1.0))
    return Standardization(mean_of_inputs, std_of_inputs, target_mean, target_std)
