"""What a user has of a model: sequences, targets, how training went; in any form, faults included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw
import numpy as np

from unflat.dataset import output_names, targets_of
from unflat.diagnosis.material.past import Past
from unflat.errors import AllMissingError, InputError, InputTypeError, ShapeError, TooFewSamplesError
from unflat.history import History
from unflat.sequences import as_numbers
from unflat.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from unflat.diagnosis.subjects.outputs import Outputs

_FEWEST = 2
"""One sequence has no spread."""


@dataclass(frozen=True, eq=False)
class Data:
    """Sequences and targets as they came, and as numbers.

    Parameters
    ----------
    X : array-like
        As the model takes it.
    values : ndarray of shape (n, T, F), float64
        The same numbers, NaN beyond a sequence's end.
    y : ndarray of shape (n, k), float64
        Targets.
    y_shape : tuple of int
        The shape that they came in.
    names : tuple of k str
        What the outputs are called.
    past : tuple of k Past or None
        Where the targets' past stands, where windows say so; else None.
    given : array-like or None
        Targets as they came; None with windows.
    """

    X: Any
    values: NDArray[np.float64]
    y: NDArray[np.float64]
    y_shape: tuple[int, ...]
    names: tuple[str, ...]
    past: tuple[Past | None, ...] | None = None
    given: Any = None


class Losses(NamedTuple):
    """Loss of each epoch, on the training part and on another; empty where not known.

    Where a watch looked on, also epochs and the spread that it saw at each, of the output that had least.
    """

    training: tuple[float, ...] = ()
    validation: tuple[float, ...] = ()
    spread: tuple[tuple[int, float], ...] = ()


def as_data(X: Any, y: Any, name: str = "") -> Data:  # noqa: ANN401 - whatever a model takes
    """Take sequences and targets; NaN and infinite values may stand.

    Parameters
    ----------
    X : array, tensor or frame of shape (n, T, F), (n, T) or more axes, list of arrays, or Windows
        Sequences. Axes beyond the third count as features.
    y : array-like of shape (n,), (n, k) or more axes, or None
        Targets; None with windows, which hold theirs.
    name : str
        What to put before X and y in messages.

    Returns
    -------
    Data
        The same.

    Raises
    ------
    InputError
        If targets are missing, given twice, of another number, or none is finite; its subclasses say why.
    """
    if isinstance(X, Windows):
        return _of_windows(X, y, f"{name}X")
    refuse_several_inputs(X, y, f"{name}X")
    values = _padded(X, f"{name}X")
    if y is None:
        raise InputError(f"{name}y", "a target for each sequence", "None", "Give the targets that belong to X.")
    _refuse_several_targets(y, len(values), f"{name}y")
    targets = as_numbers(y, f"{name}y").astype(np.float64, copy=False)
    _check_targets(targets, len(values), f"{name}y", values.shape[1])
    columns = targets.reshape(len(targets), -1)
    return Data(X, values, columns, targets.shape, output_names(y, columns.shape[1]), given=y)


def as_losses(history: Any, model: object) -> Losses:  # noqa: ANN401 - any of several forms
    """Take the losses of a training.

    Parameters
    ----------
    history : History, keras History, Watch, mapping of str to sequence, sequence of float, or None
        What training recorded, or a watch saw; None looks at the model for what it recorded itself.
    model : object
        The model.

    Returns
    -------
    Losses
        By epoch; nan where an epoch has none.

    Raises
    ------
    InputTypeError
        If it is none of these.
    """
    if history is None:
        recorded = getattr(model, "history_", getattr(model, "history", None))
        is_known = isinstance(recorded, History) or "loss" in (getattr(recorded, "history", None) or ())
        found = as_losses(recorded, None) if is_known else Losses()
        return found._replace(spread=_spread_seen(getattr(model, "callbacks", None) or ()))
    if isinstance(history, History):
        validation = [record.validation_loss for record in history.epochs]
        known = validation if any(loss is not None for loss in validation) else []
        return Losses(_floats([record.loss for record in history.epochs]), _floats(known))
    if _is_watch(history):
        by_epoch = {look.epoch: look.loss for look in history.records if look.epoch is not None}
        return Losses(_floats(by_epoch.values()), spread=_spread_seen([history]))
    history = getattr(history, "history", history)
    if isinstance(history, Mapping):
        if "loss" not in history:
            raise InputTypeError(
                "history", 'a mapping with "loss", the training loss by epoch',
                f"one with {', '.join(map(repr, history)) or 'nothing'}", 'Give {"loss": [...]}, or the list alone.',
            )  # fmt: skip
        return Losses(_floats(history["loss"]), _floats(history.get("val_loss", ())))
    return Losses(_floats(history))


def _is_watch(looked_on: object) -> bool:
    """Whether it wrote down what it saw of a training; watches stand above this room, and are known by that."""
    return isinstance(getattr(looked_on, "records", None), tuple)


def _spread_seen(callbacks: Iterable[Any]) -> tuple[tuple[int, float], ...]:
    """Give what watches among some callbacks saw last of each epoch."""
    looks = [look for one in callbacks if _is_watch(one) for look in one.records if look.epoch is not None]
    return tuple({look.epoch: (int(look.epoch), float(min(look.spread))) for look in looks}.values())


def beside_targets(
    prediction: NDArray[Any],
    y_shape: tuple[int, ...],
    steps: int,
    name: str = "",
    outputs: Outputs | None = None,
) -> NDArray[np.float64]:
    """Bring predictions into the targets' columns; never by broadcasting.

    Axes of length 1 count for nothing. Where a model gives a prediction for each time step and there is but one target,
    the last step's is taken.

    Parameters
    ----------
    prediction : ndarray of shape (n, ...)
        What the model gave.
    y_shape : tuple of int
        The shape of the targets.
    steps : int
        Time steps of a sequence.
    name : str
        What to put before the prediction in messages.
    outputs : Outputs or None
        What the prediction was taken from among, where the model gave several.

    Returns
    -------
    ndarray of shape (n, k), float64
        The predictions.

    Raises
    ------
    ShapeError
        If they do not fit the targets in any of these ways.
    """
    n, *wanted = y_shape

    def fits(shape: tuple[int, ...]) -> bool:
        return _longer(shape) == _longer(tuple(wanted)) or _fits_by_step(shape, int(np.prod(wanted)), steps)

    given = prediction.shape[1:]
    if len(prediction) == n and prediction.size and fits(given):
        whole = prediction if _longer(given) == _longer(tuple(wanted)) else prediction[:, -1]
        return whole.reshape(n, -1).astype(np.float64)
    steps_first = len(prediction) == steps != n
    if outputs is not None and not steps_first:
        remedy = outputs.remedy(fits)
    elif steps_first:
        taken = "" if outputs is None else outputs.taken
        remedy = (
            "The model seems to take steps first, as torch's recurrent layers do without batch_first. "
            f"Give diagnose(lambda X: model(torch.as_tensor(X).float().transpose(0, 1)){taken}, X, y)."
        )
    else:
        remedy = "Give the targets that the model was trained on, a row for each sequence."
    raise ShapeError(
        f"The model's prediction for {name}X",
        f"one of shape {y_shape}, as the targets have",
        prediction.shape,
        remedy,
    )


def _fits_by_step(shape: tuple[int, ...], outputs: int, steps: int) -> bool:
    """Whether a prediction for one sequence holds one of so many outputs for each step."""
    by_step = len(shape) > 1 or (outputs == 1 and shape[:1] == (steps,))
    return by_step and int(np.prod(shape[1:])) == outputs


def _of_windows(windows: Windows, y: object, name: str) -> Data:
    targets = targets_of(windows, y, name)
    _check_targets(targets, len(windows), name)
    values = windows.sequences.dense()
    known = windows.past
    past = None if known is None else tuple(map(_certain, known.columns, known.horizons))
    return Data(values, values, targets.reshape(len(targets), -1), targets.shape, windows.schema.outputs, past)


def _certain(column: int, horizon: int) -> Past:
    return Past(column, 1.0, horizon)


def _padded(X: Any, name: str) -> NDArray[np.float64]:  # noqa: ANN401 - whatever a model takes
    """Turn sequences into one array, short ones padded with NaN at their end."""
    if nw.dependencies.is_into_dataframe(X):
        X = nw.from_native(X).to_numpy()
    if _is_ragged(X):
        return _side_by_side([as_numbers(part, f"{name}[{i}]").astype(np.float64) for i, part in enumerate(X)], name)
    array = as_numbers(X, name).astype(np.float64, copy=False)
    if array.ndim < 2 or 0 in array.shape[1:]:  # noqa: PLR2004 - sequences and time
        raise ShapeError(
            name, "shape (n, T, F) or (n, T)", array.shape,
            "Give X as the model takes it; a single sequence is X[None].",
        )  # fmt: skip
    return array.reshape(*array.shape[:2], -1)


def refuse_several_inputs(X: Any, y: Any, name: str) -> None:  # noqa: ANN401 - whatever a model takes
    """Tell the inputs of a model that has several from sequences of unequal length.

    Parameters
    ----------
    X : array-like
        What was given as sequences.
    y : array-like
        Their targets.
    name : str
        What to call X.

    Raises
    ------
    InputTypeError
        If X is several inputs.
    """
    what = f"a mapping of {len(X)}" if isinstance(X, Mapping) else None
    if isinstance(X, list | tuple) and hasattr(y, "__len__") and len(X) != len(y):
        lengths = {len(part) if hasattr(part, "__len__") else None for part in X}
        what = f"a list of {len(X)}, each as long as y" if lengths == {len(y)} else None
    if what is not None:
        raise InputTypeError(
            name, "one array of sequences", what,
            "Give a function of one array that calls the model with its several inputs.",
        )  # fmt: skip


def _refuse_several_targets(y: Any, n: int, name: str) -> None:  # noqa: ANN401 - whatever the user has
    """Tell the targets of several outputs, each of its own, from those of as many sequences."""
    if isinstance(y, list | tuple) and len(y) != n and {len(part) if np.ndim(part) else 0 for part in y} == {n}:
        raise InputTypeError(
            name, "one array, a row for each sequence", f"a {type(y).__name__} of {len(y)}, each as long as X",
            "Give outputs side by side, as in y=np.column_stack(y).",
        )  # fmt: skip


def _is_ragged(X: Any) -> bool:  # noqa: ANN401 - whatever a model takes
    is_array_of_arrays = isinstance(X, np.ndarray) and X.dtype.kind == "O"
    if not (is_array_of_arrays or isinstance(X, list | tuple)):
        return False
    return len(X) > 0 and all(np.ndim(part) > 0 for part in X) and len({np.shape(part) for part in X}) > 1


def _side_by_side(parts: list[NDArray[np.float64]], name: str) -> NDArray[np.float64]:
    rows = [part.reshape(len(part), -1) for part in parts]
    features = {row.shape[1] for row in rows if len(row)}
    if len(features) != 1:
        raise ShapeError(name, "sequences of the same features", (len(rows),), "Give every sequence the same columns.")
    padded = np.full((len(rows), max(map(len, rows)), features.pop()), np.nan)
    for row, target in zip(rows, padded, strict=True):
        target[: len(row)] = row
    return padded


def _check_targets(targets: NDArray[np.float64], n: int, name: str, steps: int | None = None) -> None:
    if targets.ndim == 0 or len(targets) != n or 0 in targets.shape[1:]:
        raise ShapeError(
            name, f"as many targets as sequences, {n}", targets.shape,
            "X seems to have its steps first: give X with an axis for sequences before that for steps."
            if targets.ndim and len(targets) == steps != n
            else "Give each sequence of X its target, in the same order.",
        )  # fmt: skip
    if n < _FEWEST:
        raise TooFewSamplesError(name, _FEWEST, n)
    if not np.isfinite(targets.reshape(n, -1)).all(axis=1).any():
        raise AllMissingError(name, [name], "Give at least some targets that are finite in every output.")


def _longer(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)


def _floats(losses: Sequence[float | None] | Any) -> tuple[float, ...]:  # noqa: ANN401 - whatever holds numbers
    try:
        return tuple(np.nan if loss is None else float(loss) for loss in losses)
    except (TypeError, ValueError) as error:
        raise InputTypeError(
            "history", "a History, a mapping with 'loss', or a list of losses by epoch",
            f"a {type(losses).__name__}", "Give what fit returned, or the losses as numbers.",
        ) from error  # fmt: skip
