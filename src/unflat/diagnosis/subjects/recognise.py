"""Which adapter a model needs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from torch import nn

from unflat.diagnosis.subjects.described import check_optimizer
from unflat.diagnosis.subjects.function import FunctionSubject
from unflat.diagnosis.subjects.keras_model import KerasSubject
from unflat.diagnosis.subjects.learner import LearnerSubject
from unflat.diagnosis.subjects.module import TorchSubject
from unflat.diagnosis.subjects.opening import opened
from unflat.diagnosis.subjects.regressor import RegressorSubject
from unflat.diagnosis.subjects.wrapped import WrappedSubject
from unflat.errors import UnknownModelError
from unflat.estimator import LSTMRegressor

if TYPE_CHECKING:
    from unflat.diagnosis.subjects.base import Subject


def subject_of(model: Any, *, loss: Any = None, optimizer: Any = None) -> Subject:  # noqa: ANN401 - any model
    """Make a model ready to be examined.

    Parameters
    ----------
    model : LSTMRegressor, keras.Model, torch.nn.Module, scikit-learn regressor or Pipeline, or callable
        A trained model; a callable takes X and gives predictions. It is never changed.
    loss : str, callable or None
        What it was trained with, where the model does not know: a name such as "mse", or for torch a module or
        function of prediction and target.
    optimizer : str, optimizer or None
        Likewise. Parameters of a module that the optimizer does not hold count as not trained.

    Returns
    -------
    Subject
        The model, as a diagnosis sees it.

    Raises
    ------
    UnknownModelError
        If it is none of these.
    ConfigurationError
        If a loss or an optimizer cannot be used.
    sklearn.exceptions.NotFittedError
        If an LSTMRegressor is not fitted.
    """
    check_optimizer(optimizer)
    if isinstance(model, LSTMRegressor):
        return RegressorSubject(model)
    if _is_keras(model):  # before torch: on that backend a Keras model is a module, too
        return KerasSubject(model, loss, optimizer)
    if isinstance(model, nn.Module):
        return TorchSubject(model, loss, optimizer)
    if isinstance(model, type):
        raise UnknownModelError(model)
    if isinstance(model, BaseEstimator) and hasattr(model, "predict"):
        inner = opened(model)
        is_ours = isinstance(inner.regressor, LSTMRegressor)
        return WrappedSubject(model, inner) if is_ours else LearnerSubject(model, loss, optimizer)
    if callable(getattr(model, "predict", None)):
        return FunctionSubject(model.predict, loss, optimizer, type(model).__name__)
    if callable(model):
        return FunctionSubject(model, loss, optimizer)
    raise UnknownModelError(model)


def _is_keras(model: object) -> bool:
    """Whether it is a Keras 3 model; if it is one, Keras has been imported already."""
    keras = sys.modules.get("keras")
    is_three = keras is not None and str(getattr(keras, "__version__", "")).startswith("3")
    return is_three and isinstance(model, keras.Model)  # type: ignore[union-attr]  # seen the line before
