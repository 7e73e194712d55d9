"""The one call: measure a model on its data, judge it, and say why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from unflat.baselines import LAST_VALUE, MEAN, NO_PAST
from unflat.config import Interval
from unflat.diagnosis.causes import OF_DATA, find_causes
from unflat.diagnosis.material import (
    Data,
    Losses,
    as_data,
    as_losses,
    beside_targets,
    codes_taken_for_numbers,
    padding_of,
)
from unflat.diagnosis.measured import Examination, Part
from unflat.diagnosis.programs import Training, program_of
from unflat.diagnosis.proof import Clock, LeftOut, Proof
from unflat.diagnosis.proof import prove as prove_cures
from unflat.diagnosis.records import NotExamined
from unflat.diagnosis.references import find_references, with_second_opinion
from unflat.diagnosis.shown import Diagnosis
from unflat.diagnosis.subjects import Settings, subject_of
from unflat.diagnosis.subjects.careful import CarefulSubject
from unflat.diagnosis.verdict import LET_PASS, judge
from unflat.errors import ConfigurationError, InputTypeError, ShapeError
from unflat.metrics import assess
from unflat.network.gradients import taking_gradients
from unflat.randomness import generator_of
from unflat.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from unflat.diagnosis.material import Past
    from unflat.diagnosis.programs import Program
    from unflat.diagnosis.records import Cause, Verdict
    from unflat.diagnosis.references import References
    from unflat.diagnosis.subjects import Subject
    from unflat.diagnosis.verdict import Judgement
    from unflat.metrics import Assessment
    from unflat.randomness import RandomSource

_PAIR = 2
_SECONDS = Interval(0, float("inf"), "neither")

NO_HELD_OUT = NotExamined("data that the model was not trained on", "none were given: pass validation=(X, y)")
NO_LOSSES = NotExamined("how the loss fell", "it is not known: pass history=")
"""What is missing where neither the caller nor the model has it."""


def diagnose(
    model: Any,  # noqa: ANN401 - any trained model
    X: Any,  # noqa: ANN401 - whatever it takes
    y: Any = None,  # noqa: ANN401 - array-like
    *,
    validation: Any = None,  # noqa: ANN401 - a pair, or windows
    history: Any = None,  # noqa: ANN401 - any of several forms
    loss: Any = None,  # noqa: ANN401 - a name, or the framework's own
    optimizer: Any = None,  # noqa: ANN401 - a name, or the framework's own
    raw: tuple[Any, Any] | None = None,
    fit: Callable[..., Any] | None = None,
    prove: bool = False,
    budget: float = 60.0,
    random_state: RandomSource = None,
) -> Diagnosis:
    """Say whether a trained model is flat or fails in another way, why, and what cures it.

    The model is not changed. Other learners (ridge, nearest neighbours, an echo state network, boosted trees) are
    fitted to the same data to know what there is to learn; that takes about a second beside the predictions. Before a
    model is let pass, a small LSTM is trained beside them, which takes another. Of a learner of scikit-learn whose
    target is not on a scale of about 1, two copies are fitted to no more than 512 sequences.

    Parameters
    ----------
    model : LSTMRegressor, keras.Model, torch.nn.Module, scikit-learn regressor or Pipeline, or callable
        The trained model; a callable takes X and gives predictions.
    X : array of shape (n, T, F) or (n, T), list of arrays, frame, tensor, or Windows
        What it was trained on, exactly as it was given to the model: scaled, if it was scaled by hand.
    y : array-like of shape (n,) or (n, k), or None
        Its targets, likewise; None with windows, which hold theirs.
    validation : tuple of (X, y), or Windows, optional
        Data that it was not trained on. The verdict is about these, if they are given.
    history : History, keras History, Watch, mapping with "loss", or sequence of float, optional
        What training recorded, or a watch saw of it. By default what the model itself recorded.
    loss, optimizer : str or object, optional
        What the model was trained with, where it does not know itself.
    raw : tuple of (X, y), optional
        X and y before they were scaled by hand, sequence by sequence.
    fit : callable, optional
        How the model was trained, for the proof: `fit(model, X, y)` trains a copy of the model with new weights (of a
        function: the function itself) in place, or returns a trained model or a function that predicts; losses or a
        history that it returns do not matter. Models of this package, of Keras and of scikit-learn need none, nor does
        a module with its loss and optimizer.
    prove : bool
        Whether to try the cures of the likeliest causes: copies are trained with only that change, against copies that
        are trained unchanged, with several seeds.
    budget : float
        Seconds that the whole call may take with a proof; trainings are shortened to fit. What a machine manages in
        that time differs, and so may what is proven.
    random_state : int, RandomState, Generator or None
        Seeds the choice of sequences and folds that other learners see, and the trainings of the proof; None is 0, so
        that the same call gives the same diagnosis.

    Returns
    -------
    Diagnosis
        Verdict, causes, cures, figures; print it to read it.

    Raises
    ------
    InputError
        If data cannot be used; its subclasses say why. NaN and infinite values are no error but a finding.
    ShapeError
        If predictions do not fit the targets, or `raw` does not fit X and y.
    ModelError
        If the model is of an unknown kind, or itself raises an error.
    ConfigurationError
        If the budget is not above 0, `random_state` is none, or a loss or an optimizer cannot be used.
    """
    if not _SECONDS.admits(budget):
        raise ConfigurationError("diagnose", "budget", f"seconds, {_SECONDS}", budget)
    clock = Clock(budget)
    generator = generator_of(0 if random_state is None else random_state, "diagnose")
    training_data = as_data(X, y)
    held_out_data = None if validation is None else _held_out(validation, training_data)
    losses = as_losses(history, model)
    subject = CarefulSubject(subject_of(model, loss=loss, optimizer=optimizer))
    if not losses.training:
        losses = losses._replace(training=subject.loss_curve())
    training = _part(subject, training_data, "")
    held_out = None if held_out_data is None else _part(subject, held_out_data, "the validation ")
    references = find_references(
        (training.values, training.y),
        None if held_out is None else (held_out.values, held_out.y),
        generator,
        training_data.past,
    )
    examination = Examination(
        subject, training, held_out, _raw(raw, training), references, losses.training, _settings(subject, losses)
    )
    with threadpool_limits(limits=1, user_api="blas"):  # threads of such small products wait for each other
        examination, judgement = _judged(examination, generator)
        diagnosis = _diagnosis(examination, judgement, training_data.names, losses)
    if not prove or diagnosis.healthy:
        return diagnosis
    broadcasts = any(cause.id == "loss_broadcast" for cause in diagnosis.causes)
    known = _training(examination, loss, optimizer, broadcasts=broadcasts)
    program = program_of(model, subject.framework, known, fit)
    with taking_gradients():
        return replace(diagnosis, proof=_proof(program, diagnosis, examination, clock, generator))


def _held_out(validation: Any, training: Data) -> Data:  # noqa: ANN401 - a pair, or windows
    if isinstance(validation, Windows):
        data = as_data(validation, None, "the validation ")
    elif isinstance(validation, tuple | list) and len(validation) == _PAIR:
        X, y = validation
        data = as_data(X, y, "the validation ")
    else:
        raise InputTypeError(
            "validation", "a tuple (X, y), or windows", f"a {type(validation).__name__}",
            "Give data that the model was not trained on, as the model takes them.",
        )  # fmt: skip
    if data.values.shape[2] != training.values.shape[2] or data.y.shape[1] != training.y.shape[1]:
        raise ShapeError(
            "The validation data",
            f"{training.values.shape[2]} features and {training.y.shape[1]} outputs, as in training",
            (*data.values.shape, data.y.shape[1]),
            "Give the same columns in the same order.",
        )
    return data


def _part(subject: Subject, data: Data, name: str) -> Part:
    prediction = np.asarray(subject.predict(data.X))
    columns = beside_targets(prediction, data.y_shape, data.values.shape[1], name, subject.outputs())
    return Part(data.X, data.values, data.y, data.y_shape, columns, prediction.shape, data.given)


def _raw(raw: Any, training: Part) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:  # noqa: ANN401 - a pair
    if raw is None:
        return None
    if not (isinstance(raw, tuple) and len(raw) == _PAIR):
        raise InputTypeError(
            "raw", "a tuple (X, y)", f"a {type(raw).__name__}", "Give X and y as they were before scaling."
        )
    X, y = raw
    data = as_data(X, y, "the raw ")
    if data.y.shape != training.y.shape:
        raise ShapeError(
            "The raw y", f"shape {training.y.shape}, as y has", data.y.shape,
            "Give the same sequences in the same order, before scaling.",
        )  # fmt: skip
    return data.values, data.y


def _settings(subject: Subject, losses: Losses) -> Settings | None:
    """Add to what the model knows of its training how many epochs the history has."""
    settings = subject.settings()
    if not losses.training or (settings is not None and settings.epochs is not None):
        return settings
    return replace(settings or Settings(), epochs=len(losses.training))


def _judged(examination: Examination, generator: np.random.Generator) -> tuple[Examination, Judgement]:
    """Judge a model; one that would be let pass, once more beside a network of its kind."""
    judgement = judge(examination)
    if judgement.verdict not in LET_PASS:
        return examination, judgement
    training, held_out = examination.training, examination.held_out
    references = with_second_opinion(
        examination.references,
        (training.values, training.y),
        None if held_out is None else (held_out.values, held_out.y),
        generator,
    )
    examination = examination.beside(references)
    return examination, judge(examination)


def _diagnosis(examination: Examination, judgement: Judgement, names: tuple[str, ...], losses: Losses) -> Diagnosis:
    causes = _causes(examination, judgement.verdict)
    training, held_out, references = examination.training, examination.held_out, examination.references
    return Diagnosis(
        model=examination.subject.name,
        framework=examination.subject.framework,
        targets=names,
        judgement=judgement,
        causes=causes,
        training=_assessment(training, training, references),
        held_out=None if held_out is None else _assessment(held_out, training, references),
        references=references,
        losses=losses,
        not_examined=(*_not_examined(examination), *codes_taken_for_numbers(training.values, training.y, names)),
        y=examination.judged.y,
        prediction=examination.judged.prediction,
    )


def _causes(examination: Examination, verdict: Verdict) -> tuple[Cause, ...]:
    if verdict == "healthy":
        return ()
    return find_causes(examination, OF_DATA if verdict == "no_signal" else None)


def _training(examination: Examination, loss: object, optimizer: object, *, broadcasts: bool) -> Training:
    padding = padding_of(examination.training.values)
    value = None if padding is None else padding.value
    return Training(len(examination.training), loss, optimizer, examination.settings, value, broadcasts)


def _proof(
    program: Program | str, diagnosis: Diagnosis, examination: Examination, clock: Clock, generator: np.random.Generator
) -> Proof:
    causes = tuple(cause.id for cause in diagnosis.causes)
    if isinstance(program, str):
        return Proof(left_out=(LeftOut(causes, program),), seconds=clock.passed, budget=clock.budget)
    return prove_cures(program, causes, examination, clock, generator)


def _assessment(part: Part, training: Part, references: References) -> Assessment:
    """Score the sequences whose targets are all known, beside the training targets' mean and the last value."""
    known = np.isfinite(part.y).all(axis=1)
    means = np.nanmean(np.where(np.isfinite(training.y), training.y, np.nan), axis=0)
    baselines = {MEAN: np.tile(means, (int(known.sum()), 1))}
    reasons = {}
    pasts = [past for past in references.past if past is not None and past.sure]
    if len(pasts) == len(references.past):
        baselines[LAST_VALUE] = _last_values(pasts, part.values[known], means)
    else:
        reasons[LAST_VALUE] = NO_PAST
    return assess(part.y[known], part.prediction[known], baselines, reasons)


def _last_values(pasts: list[Past], values: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    columns = [past.predict(values) for past in pasts]
    return np.column_stack([np.where(np.isfinite(c), c, mean) for c, mean in zip(columns, means, strict=True)])


def _not_examined(examination: Examination) -> Iterator[NotExamined]:
    yield from examination.subject.not_examined
    yield from examination.references.not_examined
    if examination.held_out is None:
        yield NO_HELD_OUT
    if not examination.losses:
        yield NO_LOSSES
