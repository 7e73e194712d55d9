"""A scikit-learn regressor, trained again."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from unflat.diagnosis.programs.base import Program
from unflat.diagnosis.programs.edits import LONGER, Edit
from unflat.diagnosis.programs.preparing import DATA_EDITS, as_given, prepare
from unflat.diagnosis.subjects.function import predicted
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keeping import kept_randomness
from unflat.diagnosis.subjects.opening import parameters_named
from unflat.errors import UnflatWarning

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from unflat.diagnosis.programs.base import Job

_OF_PERCEPTRON = frozenset(
    {Edit.USUAL_RATE, Edit.MORE_EPOCHS, Edit.NO_REGULARISATION, Edit.SMOOTH_UNITS, Edit.KEEP_BEST}
)
"""Changes that parameters of a multi-layer perceptron make."""


class LearnerProgram(Program):
    """A regressor or pipeline with the same parameters; passes over the data are its own affair.

    Parameters
    ----------
    model : estimator
        The user's; clones are fitted.
    """

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - scikit-learn has no types
        self._model = model
        self.epochs = None

    def refuses(self, edit: Edit) -> str | None:
        """Say why a change cannot be made to this regressor."""
        perceptron = bool(self._named("learning_rate_init"))
        if edit in DATA_EDITS or (perceptron and edit in _OF_PERCEPTRON):
            return None
        return "no parameter of this regressor does it"

    def run(self, job: Job, edits: Collection[Edit]) -> NDArray[Any]:
        """Fit a clone, and predict."""
        data = prepare(job, edits)
        model = clone(self._model).set_params(**self._seeds(job.seed), **self._changes(edits))
        with guarded(type(model).__name__, job.X), kept_randomness(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", UnflatWarning)  # of our own within an ensemble, say: that is being measured
            model.fit(as_given(data.X, job.X), data.y)
            return data.back(predicted(model.predict(as_given(data.X_new, job.X_new))))

    def _named(self, parameter: str) -> tuple[str, ...]:
        return parameters_named(self._model, parameter)

    def _seeds(self, seed: int) -> dict[str, int]:
        return dict.fromkeys(self._named("random_state"), seed % 2**32)

    def _changes(self, edits: Collection[Edit]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if Edit.USUAL_RATE in edits:
            found |= dict.fromkeys(self._named("learning_rate_init"), 1e-3)
        if Edit.SMOOTH_UNITS in edits:
            found |= dict.fromkeys(self._named("activation"), "tanh")
        if Edit.NO_REGULARISATION in edits:
            found |= dict.fromkeys(self._named("alpha"), 0.0)
        if Edit.KEEP_BEST in edits:
            found |= dict.fromkeys(self._named("early_stopping"), True)
        if Edit.MORE_EPOCHS in edits:
            passes = self._named("max_iter")
            now = self._model.get_params()
            found |= {name: LONGER * int(now[name]) for name in passes}
        return found
