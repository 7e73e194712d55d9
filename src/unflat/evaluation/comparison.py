"""Any model against the baselines, on data that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw
import numpy as np
import torch

from unflat.baselines import LAST_VALUE, MEAN, NO_PAST, NO_TRAINING, RIDGE, SEASONAL_VALUE, Baselines
from unflat.conformal import refuse_other_coverage
from unflat.dataset import as_dataset, as_targets, output_names, series_known, targets_of
from unflat.errors import ConfigurationError, InputError, InputTypeError, ShapeError
from unflat.evaluation.groups import score_groups
from unflat.evaluation.result import Evaluation
from unflat.evaluation.telling import told_by_one_feature
from unflat.intervals import IntervalMixin
from unflat.metrics import assess, score_intervals, weighted_mean
from unflat.metrics.pairs import checked_weights
from unflat.sequences import PastTarget, as_numbers, as_sequences
from unflat.windows import Windows, apply_schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from unflat.evaluation.groups import GroupIntervals
    from unflat.metrics import IntervalScores
    from unflat.scaling.limits import Limits
    from unflat.sequences import Sequences


_MODELS_OWN = ("The baselines were fitted on the model's own training data.",)
_GIVEN = ("The baselines were fitted on the training data given.",)
_NONE_GIVEN = (
    "No training data were given, so the mean is that of the very targets evaluated, which no model could know.",
    "Pass train=(X_train, y_train) for all baselines.",
)
_NOTHING_ADDED = "On held-out data the LSTM added nothing"
_LIMITED = "Predictions are held within the limits of the target"
_HELD = "No held-out data vouched for what lies beyond the training targets, so predictions are held within their range"
_WEIGHTED = ("Samples count by their weights.",)
_NO_GROUPS = ("The intervals are those for a new group. Pass groups=, the group of each sequence, for those of each.",)


class _References(NamedTuple):
    """What the baselines predict, which do not apply, where they come from, and what they read, if they read it."""

    predictions: Mapping[str, NDArray[np.float64]]
    reasons: Mapping[str, str]
    notes: tuple[str, ...]
    sequences: Sequences | None = None
    past: PastTarget | None = None


def evaluate(
    model: Any,  # noqa: ANN401 - anything that predicts
    X: object,
    y: object = None,
    *,
    train: object = None,
    past: PastTarget | None = None,
    sample_weight: ArrayLike | None = None,
    coverage: float = 0.9,
    groups: object = None,
) -> Evaluation:
    """Score a model beside the baselines.

    Parameters
    ----------
    model : object with a predict method, or callable
        Any trained model: one of ours, of scikit-learn, of Keras, or a function from `X` to predictions. Of a search of
        scikit-learn that found one of ours, that one.
    X : array-like, list of arrays, Windows or DataFrame
        The data to evaluate on, handed to the model as it is. Windows go to models that are not ours as an array
        of shape (n, T, F). A table of time steps is for models of ours that were fitted on windows.
    y : array-like of shape (n,) or (n, n_outputs), or None
        The targets; None with windows, which hold theirs.
    train : tuple of (X, y), or Windows, optional
        The training data, to fit the baselines on. By default the model's own baselines are used; a model without
        any is compared with the mean of these very targets.
    past : PastTarget, optional
        Where the target's own past stands among the features, for baselines that repeat it; windows know it, and a
        model's own baselines do.
    sample_weight : array-like of shape (n,), optional
        Weights, not negative; a weight of 2 counts as the sample given twice.
    coverage : float
        What prediction intervals are judged at, of models of ours.
    groups : array-like of shape (n,) or None
        The series or group that each sequence belongs to, as for `predict_interval`, whose bounds are judged: a group
        with at least 20 sequences in the calibration has bounds of its own. Windows of a table know theirs.

    Returns
    -------
    Evaluation
        Scores, spread and skills of each output, and the coverage and width of its intervals where the model has any,
        and those of each group where they were calibrated by group; print it to read it.

    Raises
    ------
    InputError
        If targets are missing, given twice or not finite, a label of `groups` is missing, or sequences cannot be used;
        its subclasses say why.
    InputTypeError
        If the model can neither predict nor be called.
    ShapeError
        If predictions and targets differ in number or outputs, or `groups` are of another number.
    ConfigurationError
        If `past` is no `PastTarget`, does not fit the data, or is given where a model's own baselines are used.

    Notes
    -----
    A column of predictions of shape (n, 1), as Keras models give it, is taken for targets of shape (n,).
    """
    _refuse_other_past(past)
    model = _found(model)
    X = _as_windows(model, X)
    prediction = _columns(_predict(model, X))
    targets, y = _targets(X, y, len(prediction))
    if prediction.shape != targets.shape:
        raise ShapeError(
            "The model's prediction", f"shape {targets.shape}, as the targets have", prediction.shape,
            "Give the targets in the order of the outputs.",
        )  # fmt: skip
    series = series_known(X, groups, len(targets))
    references = _references(model, X, targets, train, past=past, sample_weight=sample_weight)
    assessment = assess(targets, prediction, references.predictions, references.reasons, sample_weight)
    notes = references.notes if sample_weight is None else references.notes + _WEIGHTED
    intervals, by_group, told = _intervals(model, X, targets, coverage, series=series, sample_weight=sample_weight)
    names = _target_names(model, X, y, targets.shape[1])
    notes += _linear(names, getattr(model, "linear_outputs_", ()))
    notes += _limited(_LIMITED, names, getattr(model, "target_limits_", ()))
    notes += _limited(_HELD, names, [ends.as_read() for ends in getattr(model, "held_between_", ())])
    notes += told
    if references.sequences is not None:
        notes += told_by_one_feature(references.sequences, targets, names, references.past)
    return Evaluation(_name(model), names, assessment, notes, intervals, by_group)


def _refuse_other_past(past: object) -> None:
    if not isinstance(past, PastTarget | None):
        words = "a PastTarget, such as PastTarget(columns=(0,), horizon=1), or None"
        raise ConfigurationError("evaluate", "past", words, past)


def _linear(names: Sequence[str], alone: Sequence[bool]) -> tuple[str, ...]:
    """Say for which outputs the recurrence earned nothing, if for any."""
    told = [name for name, is_alone in zip(names, alone, strict=False) if is_alone]
    if len(told) == len(names):
        return (f"{_NOTHING_ADDED}, so the predictions are those of the linear part alone.",)
    return (
        (f"{_NOTHING_ADDED} to some outputs, which the linear part alone predicts: {', '.join(told)}.",) if told else ()
    )


def _limited(why: str, names: Sequence[str], limits: Sequence[Limits]) -> tuple[str, ...]:
    """Say between which limits a model holds its predictions, if between any, and why."""
    told = [f"{name} {limit}" for name, limit in zip(names, limits, strict=False) if str(limit)]
    return (f"{why}: {', '.join(told)}.",) if told else ()


def _intervals(
    model: Any,  # noqa: ANN401 - anything that predicts
    X: object,
    targets: NDArray[np.float64],
    coverage: float,
    *,
    series: NDArray[Any] | None,
    sample_weight: ArrayLike | None,
) -> tuple[tuple[IntervalScores, ...], tuple[GroupIntervals, ...], tuple[str, ...]]:
    """Score the intervals of a model that has finite ones; say why they are not scored, or are not those of groups."""
    calibration = model.bands_.calibration if isinstance(model, IntervalMixin) else None
    if calibration is None:
        return (), (), ()
    refuse_other_coverage(coverage, "evaluate")
    # What is to be said of the inputs, predict has said; what a small calibration cannot promise is measured here.
    quantiles = calibration.quantiles(coverage, len(targets), series)
    between = model.bands_.interval(model.predictor_, _sequences(X), quantiles)
    if not np.isfinite(between).all():
        few = f"The calibration is too small for intervals of coverage {coverage:g}, which are infinite and not judged."
        return (), (), (few,)
    notes = _NO_GROUPS if series is None and calibration.of_group else ()
    by_group: tuple[GroupIntervals, ...] = ()
    if series is not None and calibration.members is not None:
        weights = checked_weights(sample_weight, len(targets))
        by_group = score_groups(targets, between, coverage, series, calibration, weights=weights)
    return score_intervals(targets, between.lower, between.upper, coverage, sample_weight), by_group, notes


def _as_windows(model: Any, X: Any) -> object:  # noqa: ANN401 - anything that predicts, from anything
    """Cut windows from a table for a model that knows how."""
    schema = getattr(model, "schema_", None)
    if _has_baselines(model) and schema is not None and nw.dependencies.is_into_dataframe(X):
        return apply_schema(X, schema, targets=True)
    return X


def _found(model: object) -> object:
    """Give what a search has found, where that is one of ours, which knows more of itself; the predictions are its."""
    best = getattr(model, "best_estimator_", None)
    return best if _has_baselines(best) else model


def _has_baselines(model: object) -> bool:
    return isinstance(getattr(model, "baselines_", None), Baselines)


def _predict(model: Any, X: object) -> NDArray[np.float64]:  # noqa: ANN401 - anything that predicts
    if isinstance(X, Windows) and not _has_baselines(model):
        X = X.sequences.dense()
    predict = getattr(model, "predict", model)
    if not callable(predict) or isinstance(model, type):
        raise InputTypeError(
            "The model", "an object with a predict method, or a function",
            f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}",
            "Give the trained model itself.",
        )  # fmt: skip
    try:
        given = predict(X)
    except (AttributeError, RuntimeError, TypeError) as error:
        if isinstance(model, torch.nn.Module):
            raise _wants_tensors(model, error) from error
        raise
    return as_numbers(given, "The model's prediction").astype(np.float64, copy=False)


def _wants_tensors(module: torch.nn.Module, error: Exception) -> InputTypeError:
    return InputTypeError(
        "The model", "an object that predicts from arrays", f"the torch module {type(module).__name__} ({error})",
        "Wrap it in a function, with the module in evaluation mode: "
        "evaluate(lambda X: module(torch.as_tensor(X, dtype=torch.float32)).detach(), X, y).",
    )  # fmt: skip


def _columns(prediction: NDArray[np.float64]) -> NDArray[np.float64]:
    if prediction.ndim not in {1, 2}:
        raise ShapeError(
            "The model's prediction", "shape (n,) or (n, n_outputs)", prediction.shape,
            "Let the model give one row per sequence; in Keras, set return_sequences=False on its last LSTM layer.",
        )  # fmt: skip
    return prediction.reshape(len(prediction), -1)


def _targets(X: object, y: object, n: int) -> tuple[NDArray[np.float64], object]:
    """Give the targets as columns, and as they came."""
    if isinstance(X, Windows):
        y = targets_of(X, y, "X")
    if y is None:
        raise InputError("y", "a target for each sequence", "None", "Give the numbers to compare predictions with.")
    targets = as_targets(y, n)
    return targets.reshape(len(targets), -1), y


def _references(
    model: Any,  # noqa: ANN401 - anything that predicts
    X: object,
    targets: NDArray[np.float64],
    train: object,
    *,
    past: PastTarget | None,
    sample_weight: ArrayLike | None,
) -> _References:
    if train is not None:
        return _applied(_fitted(train, past), X, _GIVEN)
    if _has_baselines(model):
        if past is not None:
            raise ConfigurationError(
                "evaluate", "past", "None, since the model's own baselines know it", past, "Leave it out."
            )
        return _applied(model.baselines_, X, _MODELS_OWN)
    past = X.past if isinstance(X, Windows) and past is None else past
    if past is not None:
        baselines = Baselines.without_training(_sequences(X), targets, past, sample_weight)
        return _applied(baselines, X, _NONE_GIVEN)
    mean = weighted_mean(targets, checked_weights(sample_weight, len(targets)))
    reasons = {LAST_VALUE: NO_PAST, SEASONAL_VALUE: NO_PAST, RIDGE: NO_TRAINING}
    return _References({MEAN: np.tile(mean, (len(targets), 1))}, reasons, _NONE_GIVEN)


def _fitted(train: object, past: PastTarget | None) -> Baselines:
    if isinstance(train, Windows):
        data = as_dataset(train, name="train")
    elif isinstance(train, tuple | list) and len(train) == 2:  # noqa: PLR2004 - inputs and targets
        data = as_dataset(_rows_as_sequences(train[0]), train[1], name="train[0]")
    else:
        raise InputTypeError(
            "train", "a tuple (X_train, y_train), or windows", f"a {type(train).__name__}",
            "Give the data that the model was trained on.",
        )  # fmt: skip
    return Baselines.fit(data.sequences, data.y, data.past if past is None else past)


def _applied(baselines: Baselines, X: object, notes: tuple[str, ...]) -> _References:
    sequences = _sequences(X)
    predictions, reasons = baselines.predict(sequences), baselines.reasons_for(sequences)
    return _References(predictions, reasons, notes, sequences, baselines.past)


def _sequences(X: object) -> Sequences:
    return X.sequences if isinstance(X, Windows) else as_sequences(_rows_as_sequences(X))


def _rows_as_sequences(X: Any) -> object:  # noqa: ANN401 - anything that a model takes
    """Take a table as models of scikit-learn do, a sample in each row."""
    return nw.from_native(X).to_numpy() if nw.dependencies.is_into_dataframe(X) else X


def _name(model: object) -> str:
    return getattr(model, "__name__", type(model).__name__)


def _target_names(model: object, X: object, y: object, outputs: int) -> tuple[str, ...]:
    if isinstance(X, Windows):
        return X.schema.outputs
    own: tuple[str, ...] = getattr(model, "target_names_", ())
    return tuple(own) if len(own) == outputs else output_names(y, outputs)
