"""What a rule is, and how it words a cure for a framework."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from unflat.diagnosis.records import Cause, Cure

if TYPE_CHECKING:
    from unflat.diagnosis.measured import Examination
    from unflat.diagnosis.records import Framework
    from unflat.diagnosis.subjects import Subject

Rule = Callable[["Examination"], Cause | None]
"""From what was measured to one cause, or to nothing."""

_SET = re.compile(r"set_params\(.*\)\.fit\(")
_SETTING = re.compile(r"(\w+)=(\([^)]*\)|[^,()]+)")

_EPOCHS = re.compile(r"epochs=50\b")
"""How long code of Keras trains where nothing is known: left to itself, `fit` makes a single pass."""

KERAS_OWN = "type(model.optimizer).from_config(model.optimizer.get_config())"
"""A new optimizer of the same settings, as code for Keras: a cure changes what it is about, and nothing else."""


def compiled_as_before(name: str, optimizer: str = KERAS_OWN) -> str:
    """Give code for Keras that compiles a model with the loss and the optimizer of the one that was examined.

    Parameters
    ----------
    name : str
        The model to compile.
    optimizer : str
        Code of another optimizer, where the cure is about it.

    Returns
    -------
    str
        One call.
    """
    return f"{name}.compile(optimizer={optimizer}, loss=model.loss)"


Code = Mapping["Framework", str]
"""The same change in each framework; one that is left out has no code for it."""


def target_of(examination: Examination, output: int) -> str:
    """Name a target in words, by its number where there are several."""
    return "the target" if examination.training.y.shape[1] == 1 else f"target {output}"


def cure_for(examination: Examination, words: str, code: Code) -> Cure:
    """Word a cure for the framework of the model that was examined.

    Parameters
    ----------
    examination : Examination
        What was measured.
    words : str
        The change, as an instruction.
    code : mapping of str to str
        The change in each framework.

    Returns
    -------
    Cure
        Without code where the framework has none.
    """
    subject = examination.subject
    found = code.get(subject.framework, "")
    if subject.framework in {"sklearn", "unflat"}:
        found = _SET.sub(lambda call: _with_names(call, subject), found)
    if subject.framework == "keras":
        found = _with_known_settings(examination, found)
        found = _EPOCHS.sub(lambda usual: _as_long_as_before(examination, usual[0]), found)
    return Cure(words, found)


def _with_known_settings(examination: Examination, code: str) -> str:
    """Leave a model's own loss and optimizer where it has them; one that was never compiled has none to take."""
    settings = examination.settings
    if settings is not None and (settings.learning_rate is not None or settings.steps is not None):
        return code
    optimizer, loss = ("adam", "mse") if settings is None else (settings.optimizer or "adam", settings.loss or "mse")
    return code.replace(KERAS_OWN, repr(optimizer)).replace("loss=model.loss", f"loss={loss!r}")


def _as_long_as_before(examination: Examination, usual: str) -> str:
    """Train for as many epochs as the model was to be trained for, in its batches, as far as they are known.

    Never for fewer than usual: what was broken off, by a watch or by a user who saw it fail, says little of the need.
    """
    settings = examination.settings
    known = () if settings is None else (settings.epochs, settings.planned_epochs)
    epochs = f"epochs={max(int(usual.partition('=')[2]), *(epochs or 0 for epochs in known), 0)}"
    batch_size = None if settings is None else settings.batch_size
    return epochs if batch_size is None else f"{epochs}, batch_size={batch_size}"


def _with_names(call: re.Match[str], subject: Subject) -> str:
    """Call parameters as the whole model does, of which the regressor that has them may be a step."""

    def named(setting: re.Match[str]) -> str:
        parameter, value = setting.groups()
        names = subject.parameters_named(parameter) or (parameter,)
        return ", ".join(f"{name}={value}" if name.isidentifier() else f"**{{{name!r}: {value}}}" for name in names)

    return _SETTING.sub(named, call[0])
