"""A training that can be done again: with changes, from new weights, on a copy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from unflat.diagnosis.programs.edits import Edit
    from unflat.diagnosis.subjects import Settings


_USUAL_BATCH = 32
"""Sequences in a step where nothing tells how many there were: Keras's default."""

_USUAL_EPOCHS = 30
"""Epochs where nothing tells how many there were."""


@dataclass(frozen=True, eq=False)
class Job:
    """What one training is given.

    Parameters
    ----------
    X : array-like
        Sequences to train on, as the model takes them.
    y : ndarray of shape (n,) or (n, k)
        Their targets.
    X_new : array-like
        Sequences to predict.
    epochs : int or None
        Passes over X; None for programs that do not count them.
    seed : int
        Of weights, batches and dropout.
    given : array-like or None
        The user's targets, for programs that give theirs in the same kind; None for an array.
    """

    X: Any
    y: NDArray[Any]
    X_new: Any
    epochs: int | None
    seed: int
    given: Any = None


@dataclass(frozen=True, eq=False)
class Training:
    """How a model was trained, as far as it or its user says.

    Parameters
    ----------
    sequences : int
        How many it was trained on.
    loss, optimizer : object
        As the user gave them, or the model holds them; None where neither does. An optimizer gives its class and its
        settings, none of its state.
    settings : Settings or None
        What they and the model say in numbers.
    padding : float or None
        The value that sequences are padded with at their end, where they are.
    broadcasts : bool
        Whether the loss held predictions against targets of another shape, as the diagnosis believes. Otherwise the two
        are given one shape: a training loop may squeeze what it compares.
    """

    sequences: int
    loss: Any = None
    optimizer: Any = None
    settings: Settings | None = None
    padding: float | None = None
    broadcasts: bool = False

    @property
    def epochs(self) -> int | None:
        """Passes over the data, where they were counted."""
        return None if self.settings is None else self.settings.epochs

    @property
    def steps(self) -> int | None:
        """Steps of the optimizer, where they were counted."""
        return None if self.settings is None else self.settings.steps

    @property
    def batch_size(self) -> int:
        """Sequences of one step: what epochs and steps come to, else the usual number."""
        if self.epochs and self.steps:
            return max(1, min(self.sequences, round(self.sequences * self.epochs / self.steps)))
        return min(_USUAL_BATCH, self.sequences)

    @property
    def passes(self) -> int:
        """Passes over the data: those counted, else those that the steps come to, else the usual number."""
        if self.epochs:
            return self.epochs
        return max(1, round(self.steps * self.batch_size / self.sequences)) if self.steps else _USUAL_EPOCHS

    def assumptions(self) -> Iterator[str]:
        """Say which of these two was not known, and what was taken for it."""
        if self.epochs is None and self.steps is None:
            yield f"It is not known how long the model was trained (pass history=): {_USUAL_EPOCHS} epochs were taken."
        if self.epochs is None or self.steps is None:
            yield f"The batch size is not known: {self.batch_size} was taken."


class Program(ABC):
    """How a model came to be, as something that can be run again. The user's own model is not touched.

    Attributes
    ----------
    epochs : int or None
        Passes over the data in the user's training; None where a program does not count them.
    assumed : tuple of str
        What was not known of the user's training, and was taken to be so: a sentence each.
    """

    epochs: int | None
    assumed: tuple[str, ...] = ()

    @abstractmethod
    def refuses(self, edit: Edit) -> str | None:
        """Say why a change cannot be made here; None where it can."""

    @abstractmethod
    def run(self, job: Job, edits: Collection[Edit]) -> NDArray[Any]:
        """Train anew with some changes, and predict.

        Parameters
        ----------
        job : Job
            What to train on, and what to predict.
        edits : collection of Edit
            The changes; none of them is refused.

        Returns
        -------
        ndarray of shape (m, ...)
            Predictions for `job.X_new`, in the units of `job.y`.

        Raises
        ------
        ModelFailedError
            If the model's own code raises.
        """
