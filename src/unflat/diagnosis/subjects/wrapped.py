"""Our own estimator under examination, within what scikit-learn puts around it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.subjects.base import Subject
from unflat.diagnosis.subjects.function import predicted
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keeping import kept_randomness
from unflat.diagnosis.subjects.opening import parameters_named
from unflat.diagnosis.subjects.regressor import RegressorSubject
from unflat.errors import UnflatWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.records import NotExamined
    from unflat.diagnosis.subjects.base import Gates, Gradients, Layer, Scaling, Settings, TargetScale
    from unflat.diagnosis.subjects.opening import Opened


class WrappedSubject(Subject):
    """An `LSTMRegressor` in a pipeline, a search or a regressor of transformed targets.

    It is looked into on what the steps before it give, and its loss is that of the targets that it learned.

    Parameters
    ----------
    model : estimator
        The whole, fitted.
    inner : Opened
        The same, opened.
    """

    framework = "unflat"

    def __init__(self, model: Any, inner: Opened) -> None:  # noqa: ANN401 - scikit-learn has no types
        self._model = model
        self._inner = inner
        self._regressor = RegressorSubject(inner.regressor)

    @property
    def name(self) -> str:
        """The regressor's class, within its wrapper's."""
        return f"{type(self._model).__name__}({self._regressor.name})"

    @property
    def not_examined(self) -> tuple[NotExamined, ...]:
        """What cannot be seen of the regressor."""
        return self._regressor.not_examined

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: ANN401 - whatever the first step takes
        """Predict with the whole, from a copy of an array; what it warns of, it has warned of before."""
        with guarded(self.name, X), kept_randomness(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UnflatWarning)
            return predicted(self._model.predict(np.array(X) if isinstance(X, np.ndarray) else X))

    def layers(self) -> tuple[Layer, ...]:
        """Give the regressor's layers."""
        return self._regressor.layers()

    def settings(self) -> Settings:
        """Give how the regressor was trained."""
        return self._regressor.settings()

    def activations(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - as `predict`
        """Give what each layer passes on."""
        return self._regressor.activations(self._read(X))

    def layer_inputs(self, X: Any) -> dict[str, NDArray[Any]]:  # noqa: ANN401 - as `predict`
        """Give what each layer reads."""
        return self._regressor.layer_inputs(self._read(X))

    def gates(self, X: Any) -> dict[str, Gates]:  # noqa: ANN401 - as `predict`
        """Give the gates of each recurrent layer."""
        return self._regressor.gates(self._read(X))

    def gradients(self, X: Any, y: NDArray[Any]) -> Gradients:  # noqa: ANN401 - as `predict`
        """Give the gradients of the regressor's loss."""
        return self._regressor.gradients(self._read(X), self._inner.scaled(y))

    def target_scale(self) -> Scaling:
        """Give the regressor's scale, after what targets pass through before it."""
        own = self._regressor.target_scale()
        return _ScaleWithin(self._inner, own) if self._inner.targets else own

    def loss_of(self, prediction: NDArray[Any], y: NDArray[Any]) -> float:
        """Give the regressor's loss of predictions of the whole."""
        return self._regressor.loss_of(self._inner.scaled(prediction), self._inner.scaled(y))

    def loss_curve(self) -> tuple[float, ...]:
        """Give the regressor's loss by epoch."""
        return self._regressor.loss_curve()

    def parameters_named(self, parameter: str) -> tuple[str, ...]:
        """Name a parameter as the whole takes it."""
        return parameters_named(self._model, parameter)

    def _read(self, X: Any) -> Any:  # noqa: ANN401 - as `predict`
        with guarded(self.name, X), kept_randomness():
            return self._inner.read(X)


@dataclass(frozen=True, eq=False)
class _ScaleWithin:
    """The scale of a regressor, after what its targets pass through before it: a logarithm, say."""

    around: Opened
    own: TargetScale

    def scaled(self, y: NDArray[Any]) -> NDArray[np.float64]:
        """Put targets on that scale; NaN where one of a row is not finite, which transformers refuse."""
        found = np.full(np.shape(y), np.nan)
        finite = np.isfinite(y).all(axis=1)
        if finite.any():
            found[finite] = self.own.scaled(self.around.scaled(y[finite]))
        return found
