"""A regressor of this package, trained again."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from unflat.diagnosis.programs.base import Program
from unflat.diagnosis.programs.edits import LAYERS_LEFT, LONGER, Edit
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.opening import opened, parameters_named
from unflat.errors import UnflatWarning

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from unflat.diagnosis.programs.base import Job
    from unflat.estimator import LSTMRegressor

_PARAMETERS: Mapping[Edit, Mapping[str, Any]] = {
    Edit.STANDARDIZE_TARGET: {"scale_target": "standard"},
    Edit.STANDARDIZE_INPUTS: {"scale_inputs": "standard"},
    Edit.TAME_TARGET: {"scale_target": "robust", "loss": "huber"},
    Edit.TAME_INPUTS: {"scale_inputs": "robust"},
    Edit.USUAL_RATE: {"learning_rate": 5e-3, "schedule": "one-cycle"},
    Edit.CLIP_AT_ONE: {"clip_norm": 1.0},
    Edit.FEWER_LAYERS: {},  # in `_changes`: of the layers that are there
    Edit.POOL_STATES: {"readout": ("last", "mean", "max")},
    Edit.NO_REGULARISATION: {"dropout": 0.0, "weight_decay": 0.0},
    Edit.KEEP_BEST: {"validation_fraction": 0.2, "patience": "auto"},
    Edit.MORE_EPOCHS: {},  # in `run`
}
"""What each change sets; the rate is this package's default."""


class RegressorProgram(Program):
    """An LSTMRegressor with the same parameters, and what is around it.

    Parameters
    ----------
    estimator : LSTMRegressor, or estimator around one
        The user's; clones are fitted. Of a search, what it found best: it does not search again.
    """

    def __init__(self, estimator: Any) -> None:  # noqa: ANN401 - scikit-learn has no types
        self._estimator = getattr(estimator, "best_estimator_", estimator)
        self._regressor: LSTMRegressor = opened(self._estimator).regressor
        self.epochs = len(self._regressor.history_.epochs) or None

    def refuses(self, edit: Edit) -> str | None:
        """Say why a change cannot be made to this regressor."""
        if edit not in _PARAMETERS:
            return "no parameter of LSTMRegressor does it: it is so already, or a matter of the data"
        if edit is Edit.FEWER_LAYERS and len(self._regressor.units) <= LAYERS_LEFT:
            return "it has no more than two recurrent layers"
        return None

    def run(self, job: Job, edits: Collection[Edit]) -> NDArray[Any]:
        """Fit a clone, and predict."""
        epochs = (job.epochs or self.epochs or 1) * (LONGER if Edit.MORE_EPOCHS in edits else 1)
        settings = {"random_state": job.seed % 2**32, "epochs": epochs, "progress": False, "callbacks": ()}
        model = clone(self._estimator).set_params(**self._as_whole(settings | self._changes(edits)))
        with guarded(type(model).__name__, job.X), warnings.catch_warnings():
            # What it would warn of is what is being measured.
            warnings.simplefilter("ignore", UnflatWarning)
            prediction: NDArray[Any] = model.fit(job.X, np.asarray(job.y)).predict(job.X_new)
            return prediction

    def _as_whole(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Name parameters as the whole takes them."""
        return {
            name: value
            for parameter, value in parameters.items()
            for name in parameters_named(self._estimator, parameter)
        }

    def _changes(self, edits: Collection[Edit]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for edit in Edit:
            if edit in edits:
                found |= _PARAMETERS[edit]
        if Edit.FEWER_LAYERS in edits:
            found["units"] = (self._regressor.units[0], self._regressor.units[-1])
        return found
