"""A training that the user gives as a function."""

from __future__ import annotations

import copy
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from unflat._optional import require
from unflat.diagnosis.programs.base import Program
from unflat.diagnosis.programs.edits import Edit
from unflat.diagnosis.programs.keras_surgery import keep_untrained
from unflat.diagnosis.programs.preparing import DATA_EDITS, as_given, prepare, targets_as_given
from unflat.diagnosis.programs.torch_surgery import edited, fresh, refusal
from unflat.diagnosis.subjects import subject_of
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keeping import kept_randomness
from unflat.diagnosis.subjects.module import TorchSubject
from unflat.errors import UnknownModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

    from unflat.diagnosis.programs.base import Job
    from unflat.diagnosis.subjects import Subject

_OF_MODULE = frozenset(
    {
        Edit.LINEAR_OUTPUT,
        Edit.LAST_STATE,
        Edit.SMOOTH_UNITS,
        Edit.NO_REGULARISATION,
        Edit.POOL_STATES,
        Edit.FEWER_LAYERS,
    }
)
"""Changes that are made to a torch module itself, whatever trains it."""

_SAMPLE = 8


class GivenProgram(Program):
    """The user's own `fit(model, X, y)`.

    Parameters
    ----------
    model : object
        The user's. A torch module is copied with new weights, anything else as it is; the copy is what `fit` gets.
    fit : callable
        Trains the model that it is given, in place, or gives a trained one, or a function that predicts. What else it
        gives, such as losses, does not matter.
    """

    def __init__(self, model: Any, fit: Callable[..., Any]) -> None:  # noqa: ANN401 - any model
        self._model = model
        self._fit = fit
        self.epochs = None

    def refuses(self, edit: Edit) -> str | None:
        """Say why a change cannot be made around this function."""
        is_module = isinstance(self._model, nn.Module) and not hasattr(self._model, "get_config")
        if edit in DATA_EDITS:
            return None
        if not is_module or edit not in _OF_MODULE:
            return "it would have to be made inside fit"
        return refusal(self._model, edit)

    def run(self, job: Job, edits: Collection[Edit]) -> NDArray[Any]:
        """Call the function with a fresh copy, and predict."""
        data = prepare(job, edits)
        with guarded("fit", job.X), kept_randomness():
            # All three are put back when the context ends; Keras draws weights from the first.
            random.seed(job.seed)
            np.random.seed(job.seed % 2**32)  # noqa: NPY002 - as above
            torch.manual_seed(job.seed)
            model = self._copy(data.X, edits)
            returned = self._fit(model, as_given(data.X, job.X), targets_as_given(data.y, job))
            return data.back(_trained(returned, model).predict(as_given(data.X_new, job.X)))

    def _copy(self, X: NDArray[Any], edits: Collection[Edit]) -> Any:  # noqa: ANN401 - as the user's
        if hasattr(self._model, "get_config") and hasattr(self._model, "compile"):
            return _fresh_keras(self._model)
        if not isinstance(self._model, nn.Module):
            return copy.deepcopy(self._model)
        network = fresh(self._model, {name for name, p in self._model.named_parameters() if p.requires_grad})
        if not _OF_MODULE & set(edits):
            return network
        return edited(network, edits, TorchSubject(network).tensor(X[:_SAMPLE]), None)


def _trained(returned: object, given: object) -> Subject:
    """Take the model among what `fit` returned; where there is none, but losses, say, it trained the given one."""
    for candidate in returned if isinstance(returned, tuple) else (returned,):
        with suppress(UnknownModelError):
            return subject_of(candidate)
    return subject_of(given)


def _fresh_keras(model: Any) -> Any:  # noqa: ANN401 - Keras is optional
    copied = type(model).from_config(model.get_config())
    keep_untrained(require("keras", extra="keras"), model, copied)
    if getattr(model, "compiled", False):
        copied.compile_from_config(model.get_compile_config())
    return copied
