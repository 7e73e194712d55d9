"""What stands around a regressor of scikit-learn: pipelines, searches, transformed targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from unflat.diagnosis.subjects.base import TargetScale

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Opened:
    """A regressor, and what stands around it.

    Parameters
    ----------
    regressor : estimator
        The one at the heart.
    steps : tuple of transformers
        What inputs pass through before it.
    targets : tuple of transformers
        What its targets pass through, the first first.
    """

    regressor: Any
    steps: tuple[Any, ...] = ()
    targets: tuple[Any, ...] = ()

    def read(self, X: Any) -> Any:  # noqa: ANN401 - whatever the first step takes
        """Pass inputs through the steps."""
        for step in self.steps:
            X = step.transform(X)
        return X

    def scaled(self, y: NDArray[Any]) -> NDArray[Any]:
        """Put targets on the scale that the regressor learns, (n, k)."""
        values = np.reshape(y, (len(y), -1))
        for transformer in self.targets:
            values = transformer.transform(values)
        return np.reshape(values, (len(y), -1))

    def target_scale(self) -> TargetScale | None:
        """Measure the scale of the targets: how 0 and 1 come back."""
        if not self.targets or any(isinstance(step, FunctionTransformer) for step in self.targets):
            return None
        outputs = getattr(self.targets[0], "n_features_in_", 1)
        points = np.repeat([[0.0], [1.0], [2.0]], outputs, axis=1)
        try:
            for transformer in reversed(self.targets):
                points = np.reshape(transformer.inverse_transform(points), (len(points), outputs))
        except Exception:  # noqa: BLE001 - a transformer may raise anything, of other columns than it gives for instance
            return None
        center, scale = points[0], points[1] - points[0]
        is_affine = np.allclose(points[2] - points[1], scale) and bool(np.all(scale != 0))
        return TargetScale(center, scale) if is_affine else None


def parameters_named(model: Any, parameter: str) -> tuple[str, ...]:  # noqa: ANN401 - scikit-learn has no types
    """Name a parameter wherever it stands in a regressor, a pipeline or what else is around one.

    Parameters
    ----------
    model : estimator
        With a method `get_params`.
    parameter : str
        What the step that has it calls it.

    Returns
    -------
    tuple of str
        What `set_params` of the whole takes, such as "mlpregressor__alpha"; empty where no step has it.
    """
    return tuple(name for name in model.get_params() if name.rpartition("__")[2] == parameter)


def opened(model: Any) -> Opened:  # noqa: ANN401 - as above
    """Find the regressor within pipelines, searches and transformed targets.

    Parameters
    ----------
    model : estimator
        Fitted, if what is around it is to be opened.

    Returns
    -------
    Opened
        The regressor, and what stands around it; the model itself where nothing is to be opened.
    """
    if isinstance(model, Pipeline):
        inner = opened(model.steps[-1][1])
        steps = tuple(step for _, step in model.steps[:-1] if step not in {None, "passthrough"})
        return Opened(inner.regressor, (*steps, *inner.steps), inner.targets)
    if isinstance(model, TransformedTargetRegressor) and hasattr(model, "regressor_"):
        inner = opened(model.regressor_)
        return Opened(inner.regressor, inner.steps, (model.transformer_, *inner.targets))
    best = getattr(model, "best_estimator_", None)
    return Opened(model) if best is None else opened(best)
