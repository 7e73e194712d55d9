"""A bare function under examination: it predicts, and that is all that can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.subjects.base import Subject
from unflat.diagnosis.subjects.described import settings_of
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keeping import kept_randomness
from unflat.diagnosis.subjects.measures import shift
from unflat.diagnosis.subjects.outputs import several_outputs
from unflat.diagnosis.subjects.torch_inside import as_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from unflat.diagnosis.subjects.base import Settings


_SAMPLE = 512
"""Sequences that are asked about twice, at the most."""


class FunctionSubject(Subject):
    """A function from X to predictions.

    Parameters
    ----------
    function : callable
        Takes X as it is given.
    loss, optimizer : str or None
        What the model behind it was trained with, where that is known.
    name : str or None
        What to call it; None for the function's own name.
    """

    framework = "function"

    def __init__(
        self, function: Callable[[Any], Any], loss: object = None, optimizer: object = None, name: str | None = None
    ) -> None:
        self._function = function
        self._settings = settings_of(loss, optimizer)
        self._name = name or str(getattr(function, "__qualname__", type(function).__qualname__))

    @property
    def name(self) -> str:
        """The function's name."""
        return self._name

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        """Everything but predictions."""
        why = "a function shows its predictions only; give the model itself"
        return (NotExamined("layers, activations, gates and gradients", why),)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the function takes
        """Call the function, with a copy of an array: it may write into what it is given."""
        with guarded(self.name, X), kept_randomness():
            return self._called(X)

    def draws(self, X: Any) -> float | None:  # noqa: ANN401 - as `predict`
        """Compare two calls."""
        X = X[:_SAMPLE]
        with guarded(self.name, X), kept_randomness():
            return shift(self._called(X), self._called(X))

    def settings(self) -> Settings | None:
        """Give what the user says."""
        return self._settings

    def _called(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - as `predict`
        return predicted(self._function(np.array(X) if isinstance(X, np.ndarray) else X))


def predicted(values: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever a model returns
    """Turn what a model returns, tensors on any device among it, into an array with an axis for sequences."""
    if isinstance(values, Mapping) or (isinstance(values, tuple) and any(_is_output(item, values) for item in values)):
        raise several_outputs(values)
    if hasattr(values, "detach"):
        values = as_array(values)
    array = np.atleast_1d(np.asarray(values))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"it returned {array.dtype} where numbers were expected")
    return array


def _is_output(item: Any, values: tuple[Any, ...]) -> bool:  # noqa: ANN401 - as `predicted`
    """Whether one of the values that a model returned is an output by itself, and not the row of a sequence."""
    return hasattr(item, "detach") or (isinstance(item, np.ndarray) and item.ndim > 0 and len(item) > len(values))
