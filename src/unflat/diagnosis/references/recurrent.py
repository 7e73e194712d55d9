"""A small recurrent network that learns the same sequences in a second: what their order tells to those who train."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from unflat.config import NetworkConfig, ScalingConfig, TrainingConfig
from unflat.dataset import as_dataset
from unflat.diagnosis.material.summaries import in_stretches
from unflat.diagnosis.references.reservoir import scaled_steps
from unflat.errors import ConstantTargetError
from unflat.fitting.learning import learn
from unflat.fitting.preparing import prepare
from unflat.network import predict_all
from unflat.network.gradients import taking_gradients
from unflat.parting import Parting
from unflat.sequences import as_sequences
from unflat.training.loop import Conduct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from unflat.dataset import Dataset
    from unflat.diagnosis.references.tables import Tables
    from unflat.sequences.folds import Fold

    Values = NDArray[np.float64]

RECURRENT = "a small LSTM"

_UNITS = 24
_RATE = 2e-2
_BATCH = 64
_STEPS = 200
"""Steps of a training, about: more of them, or more units, found no more on the data sets of the first six halves of
the benchmark of injected faults."""

_FEWEST_EPOCHS, _MOST_EPOCHS = 4, 60
_MOST_STEPS = 64
"""Time steps that are gone through; longer sequences are taken in so many stretches, each as its mean."""

_MOST_FEATURES = 64
"""Features that are read, the first ones."""


class Found(NamedTuple):
    """What networks predict: (n, k) for training sequences that they did not learn from, (m, k) for those asked."""

    known: Values
    asked: Values


def steps_of(values: Values, n: int) -> Values:
    """Put sequences as a network reads them.

    Parameters
    ----------
    values : ndarray of shape (n + m, T, F), float64
        Training sequences and others; NaN where missing.
    n : int
        How many come first that features are scaled with.

    Returns
    -------
    ndarray of shape (n + m, min(T, 64), min(F, 64)), float64
        Each feature with mean 0 and deviation 1 over the training sequences; 0 where missing.
    """
    finite = np.where(np.isfinite(values), values, np.nan)[:, :, :_MOST_FEATURES]
    return scaled_steps(in_stretches(finite, _MOST_STEPS), slice(n))


def recurrent(tables: Tables, folds: Sequence[Fold], generator: np.random.Generator) -> Found:
    """Let an LSTM of 24 units, read out over all of time, learn targets from sequences, five times.

    Each network is asked about one fold, stops where it did best on the next, and learns from what shares no step with
    either. What is held out is predicted by the mean of all (Breiman, Bagging predictors, Machine Learning 1996).

    Parameters
    ----------
    tables : Tables
        Sequences as `steps_of` puts them, and scaled targets.
    folds : sequence of Fold
        Two at least, that hold out every training sequence once.
    generator : numpy.random.Generator
        Seeds weights and order.

    Returns
    -------
    Found
        In the targets' deviation; zero for targets that are all the same.
    """
    with _as_torch_begins():
        return _asked(tables, folds, generator)


def _asked(tables: Tables, folds: Sequence[Fold], generator: np.random.Generator) -> Found:
    weights_and_order = torch.Generator().manual_seed(int(generator.integers(2**62)))
    varying = tables.y.any(axis=0)
    known = as_dataset(tables.columns, tables.y[:, varying])
    found, asked = np.zeros_like(tables.y), np.zeros_like(tables.asked_y)
    for place, fold in enumerate(folds):
        judge = folds[(place + 1) % len(folds)]
        learned = known.take(np.intersect1d(fold.training, judge.training))
        predict = _learned(learned, known.take(judge.held_out), weights_and_order)
        found[np.ix_(fold.held_out, varying)] = predict(tables.columns[fold.held_out])
        if len(asked):
            asked[:, varying] += predict(tables.asked) / len(folds)
    return Found(found, asked)


@contextmanager
def _as_torch_begins() -> Iterator[None]:
    """Take gradients, in single precision, whatever the caller has set torch to."""
    precision = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with taking_gradients():
            yield
    finally:
        torch.set_default_dtype(precision)


def _learned(training: Dataset, judge: Dataset, generator: torch.Generator) -> Callable[[Values], Values]:
    """Train a network, and give what predicts with it."""
    network = NetworkConfig(units=(_UNITS,), skip=False)
    scales = ScalingConfig(scale_inputs="none", scale_target="none", target_range=None)
    try:
        predictor = prepare(Parting.alike(training), network, scales, generator).predictor
    except ConstantTargetError:  # where hardly any target differs, a fold may hold all that do
        return lambda asked: np.tile(training.y.mean(axis=0), (len(asked), 1))
    epochs = min(max(round(_STEPS * _BATCH / len(training)), _FEWEST_EPOCHS), _MOST_EPOCHS)
    config = TrainingConfig(epochs=epochs, batch_size=_BATCH, learning_rate=_RATE)
    learn(predictor, Parting.alike(training, judge), config, Conduct(generator))
    return lambda asked: predict_all(predictor, as_sequences(asked))
