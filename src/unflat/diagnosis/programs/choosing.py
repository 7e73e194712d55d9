"""Which program a model was made by, if it can be run again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from unflat._optional import require
from unflat.diagnosis.programs.given import GivenProgram
from unflat.diagnosis.programs.keras_program import KerasProgram, why_not
from unflat.diagnosis.programs.learner_program import LearnerProgram
from unflat.diagnosis.programs.regressor_program import RegressorProgram
from unflat.diagnosis.programs.torch_program import TorchProgram, can_train
from unflat.diagnosis.subjects.keras_settings import compiled_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from unflat.diagnosis.programs.base import Program, Training
    from unflat.diagnosis.records import Framework


def program_of(
    model: Any,  # noqa: ANN401 - any trained model
    framework: Framework,
    training: Training,
    fit: Callable[..., Any] | None = None,
) -> Program | str:
    """Find out how a model can be trained again.

    Parameters
    ----------
    model : object
        The user's trained model.
    framework : str
        What it was made with.
    training : Training
        What is known of how it was trained.
    fit : callable or None
        The user's own training, `fit(model, X, y)`; it goes first.

    Returns
    -------
    Program or str
        The program, or why there is none.
    """
    return _FOUND[framework](model, training) if fit is None else GivenProgram(model, fit)


def _regressor(model: Any, _training: Training) -> Program:  # noqa: ANN401 - as above
    return RegressorProgram(model)


def _learner(model: Any, _training: Training) -> Program:  # noqa: ANN401 - as above
    return LearnerProgram(model)


def _module(model: Any, training: Training) -> Program | str:  # noqa: ANN401 - as above
    if not can_train(training.loss, training.optimizer):
        return "how the module was trained is not known: pass loss= and optimizer=, or fit="
    return TorchProgram(model, training)


def _keras(model: Any, training: Training) -> Program | str:  # noqa: ANN401 - as above
    optimizer = getattr(model, "optimizer", None) if training.optimizer is None else training.optimizer
    training = replace(training, loss=compiled_loss(model, training.loss), optimizer=optimizer)
    reason = why_not(require("keras", extra="keras"), model, training)
    return KerasProgram(model, training) if reason is None else reason


def _function(_model: Any, _training: Training) -> str:  # noqa: ANN401 - as above
    return "a function cannot be trained: pass fit="


_FOUND: Mapping[Framework, Callable[[Any, Training], Program | str]] = {
    "unflat": _regressor,
    "sklearn": _learner,
    "torch": _module,
    "keras": _keras,
    "function": _function,
}
