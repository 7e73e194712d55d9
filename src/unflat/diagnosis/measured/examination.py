"""Everything that was measured of a model and its data, once, for the verdict and every rule to read."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.measured.rereading import columns_of, read_anew
from unflat.diagnosis.subjects.measures import taken
from unflat.metrics import deviation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unflat.diagnosis.references import Reference, References
    from unflat.diagnosis.subjects import Gates, Gradients, Layer, Relearned, Settings, Subject

SAMPLE = 512
"""Sequences that the inside of a model is looked at with: enough for its figures, few enough to be quick."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some data, and what the model makes of it.

    Parameters
    ----------
    X : array-like
        Sequences, as the user gave them to the model.
    values : ndarray of shape (n, T, F), float64
        The same numbers; NaN where missing or beyond a sequence's end.
    y : ndarray of shape (n, k), float64
        Targets, as given.
    y_shape : tuple of int
        The shape that they were given in.
    prediction : ndarray of shape (n, k), float64
        Predictions, brought into the targets' shape where that is possible.
    prediction_shape : tuple of int
        The shape that the model gave them in.
    given : array-like or None
        Targets as the user gave them, where that is known.
    """

    X: Any
    values: NDArray[np.float64]
    y: NDArray[np.float64]
    y_shape: tuple[int, ...]
    prediction: NDArray[np.float64]
    prediction_shape: tuple[int, ...]
    given: Any = None

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def finite(self) -> bool:
        """Whether every prediction is a number."""
        return bool(np.isfinite(self.prediction).all())

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """Deviation of the predictions over that of the targets, of each output; nan for a constant target."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: NDArray[np.float64] = _deviation(self.prediction) / _deviation(self.y)
        return np.where(_deviation(self.y) > 0, ratio, np.nan)

    @cached_property
    def r2(self) -> NDArray[np.float64]:
        """Share of the target's variance that is explained, of each output; nan for a constant target."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            error = np.mean((self.y - self.prediction) ** 2, axis=0) / np.var(self.y, axis=0)
        return np.where(_deviation(self.y) > 0, 1 - error, np.nan)


@dataclass(frozen=True, eq=False)
class Examination:
    """A model, its data, and what was measured.

    Parameters
    ----------
    subject : Subject
        The model.
    training : Part
        What it was trained on, NaN sequences and targets included as given.
    held_out : Part or None
        What it was not trained on.
    raw : tuple of (X, y) or None
        The data before the user scaled them: (n, T, F) and (n, k).
    references : References
        What other learners find in the data.
    losses : tuple of float
        Training loss by epoch, where it is known; else empty.
    settings : Settings or None
        How the model was trained, as far as the user or the model says.
    """

    subject: Subject
    training: Part
    held_out: Part | None
    raw: tuple[NDArray[np.float64], NDArray[np.float64]] | None
    references: References
    losses: tuple[float, ...]
    settings: Settings | None

    def beside(self, references: References) -> Examination:
        """Put the same model beside other learners; what was measured of the model is kept, and not measured again."""
        given = {field.name for field in fields(self)}
        more = replace(self, references=references)
        vars(more).update({name: value for name, value in vars(self).items() if name not in given})
        return more

    @cached_property
    def judged(self) -> Part:
        """The part that the verdict is about: held-out data where there are any."""
        return self.training if self.held_out is None else self.held_out

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The model's layers; empty where they cannot be seen."""
        return self.subject.layers() or ()

    @cached_property
    def activations(self) -> Mapping[str, NDArray[Any]]:
        """What each layer passes on, for the first sequences; empty where it cannot be seen."""
        return self.subject.activations(self.training.X[:SAMPLE]) or {}

    @cached_property
    def layer_inputs(self) -> Mapping[str, NDArray[Any]]:
        """What each layer reads, for the first sequences; empty where it cannot be seen."""
        return self.subject.layer_inputs(self.training.X[:SAMPLE]) or {}

    @cached_property
    def gates(self) -> Mapping[str, Gates]:
        """The gates of recurrent layers, for the first sequences; empty where they cannot be seen."""
        return self.subject.gates(self.training.X[:SAMPLE]) or {}

    @cached_property
    def gradients(self) -> Gradients | None:
        """Gradients of the loss on the first sequences; None where there are none."""
        y = self.training.y[:SAMPLE].reshape((-1, *self.training.y_shape[1:]))
        return self.subject.gradients(self.training.X[:SAMPLE], y)

    @cached_property
    def relearned(self) -> Relearned | None:
        """What copies of a learner explain of some targets, as given and standardized; None where that is not asked."""
        part, places = self.training, evenly_among(len(self.training))
        return self.subject.relearned(taken(part.X, places), part.y[places].reshape((-1, *part.y_shape[1:])))

    @cached_property
    def own(self) -> Reference | None:
        """What ridge reads from the model's own states, for the first sequences of each part; None without states."""
        n, held_out = min(len(self.training), SAMPLE), self.held_out
        columns = columns_of(self.layers, self.activations, n)
        if columns is None:
            return None
        asked: NDArray[np.float64] | None = columns[:0]
        if held_out is not None:
            activations = self.subject.activations(held_out.X[:SAMPLE]) or {}
            asked = columns_of(self.layers, activations, min(len(held_out), SAMPLE))
        if asked is None or asked.shape[1] != columns.shape[1]:
            return None
        return read_anew(columns, self.training.y[:n], asked)


def evenly_among(n: int) -> NDArray[np.int64]:
    """Choose no more than `SAMPLE` of n sequences, from all over them, since targets may drift."""
    return np.unique(np.linspace(0, n - 1, SAMPLE).astype(np.int64))


def _deviation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return deviation(values, np.ones(len(values)))
