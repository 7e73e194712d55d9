"""Sequences with their targets, whatever they came as."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat import windows as windowing
from unflat.conformal import label_of_each, labels, labels_of
from unflat.errors import InputError, InputTypeError, NonFiniteError, ShapeError
from unflat.sequences import Sequences, as_numbers, as_sequences, is_table, refuse_infinite
from unflat.sequences.folds import places_apart
from unflat.windows import Windows, WindowSchema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.sequences import PastTarget


@dataclass(frozen=True, eq=False)
class Dataset:
    """Sequences with their targets.

    Parameters
    ----------
    sequences : Sequences
        The inputs.
    y : ndarray of shape (n, n_outputs), float64
        The targets, in raw units.
    weights : ndarray of shape (n,), float64, or None
        Weight of each sequence.
    groups : ndarray of shape (n,) or None
        What must stay together when a part is held out.
    names : tuple of str
        What to call the outputs.
    past : PastTarget or None
        Where the target's own past stands among the features.
    windows : Windows or None
        Where the sequences were cut from, if they were.
    one_dimensional : bool
        Whether y came without an axis for outputs.
    """

    sequences: Sequences
    y: NDArray[np.float64]
    weights: NDArray[np.float64] | None
    groups: NDArray[Any] | None
    names: tuple[str, ...]
    past: PastTarget | None
    windows: Windows | None
    one_dimensional: bool

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def schema(self) -> WindowSchema | None:
        """What the columns mean, where the sequences are windows of a table."""
        return None if self.windows is None else self.windows.schema

    @property
    def series(self) -> NDArray[Any] | None:
        """Which series each sequence belongs to: the groups that were given, or those of the windows; as `labels`."""
        if self.groups is not None:
            return labels(self.groups)
        return None if self.windows is None else series_of(self.windows)

    @property
    def for_other_series(self) -> bool:
        """Whether whole series are held out of it, since it is for series that it has nothing of."""
        if self.groups is not None:
            return True
        return self.windows is not None and self.windows.natural_split == "group"

    @property
    def goes_on(self) -> bool:
        """Whether what is held out is a later stretch of the same series: windows that share steps, of no groups."""
        return not self.for_other_series and places_apart(self.sequences) > 1

    def counted(self) -> Dataset:
        """Leave out the sequences of weight 0: they say nothing, and are nothing to judge by."""
        return self if self.weights is None or self.weights.all() else self.take(np.flatnonzero(self.weights))

    def take(self, index: NDArray[Any]) -> Dataset:
        """Select sequences by position."""
        return replace(
            self,
            sequences=self.sequences.take(index),
            y=self.y[index],
            weights=None if self.weights is None else self.weights[index],
            groups=None if self.groups is None else self.groups[index],
            windows=None if self.windows is None else self.windows.take(index),
        )


def as_dataset(
    X: object,
    y: object = None,
    *,
    sample_weight: object = None,
    groups: object = None,
    name: str = "X",
) -> Dataset:
    """Take sequences and targets in any form that a user has them in.

    Parameters
    ----------
    X : array, list, Sequences or Windows
        See `as_sequences`; windows bring their targets.
    y : array-like of shape (n,) or (n, n_outputs), or None
        Targets; None with windows.
    sample_weight : array-like of shape (n,) or None
        Weight of each sequence, not negative.
    groups : array-like of shape (n,) or None
        What must stay together when a part is held out.
    name : str
        What to call X in messages.

    Returns
    -------
    Dataset
        The same, checked.

    Raises
    ------
    InputError
        If targets are missing, given twice, not finite or of another length; and whatever `as_sequences` raises.
    """
    if isinstance(X, Windows):
        return _of_windows(X, y, sample_weight, groups, name)
    sequences = as_sequences(X, name=name)
    if y is None:
        raise InputError(
            "y", "a target for each sequence", "None",
            "LSTMRegressor requires y to be passed, but the target y is None: give the numbers to predict.",
        )  # fmt: skip
    targets = as_targets(y, len(sequences))
    return Dataset(
        sequences,
        targets.reshape(len(targets), -1),
        _weights(sample_weight, len(sequences)),
        _groups(groups, len(sequences)),
        output_names(y, 1 if targets.ndim == 1 else targets.shape[1]),
        None,
        None,
        one_dimensional=targets.ndim == 1,
    )


def targets_of(windows: Windows, y: object, name: str) -> NDArray[np.float64]:
    """Give the targets that windows hold.

    Parameters
    ----------
    windows : Windows
        The windows.
    y : object
        What a user gave beside them, which has to be nothing.
    name : str
        What to call the windows in messages.

    Returns
    -------
    ndarray of shape (n,) or (n, n_outputs)
        The targets in raw units.

    Raises
    ------
    InputError
        If they hold none, or targets are given beside them.
    """
    targets = windows.y if y is None else None
    if targets is None:
        problem = "a second y" if y is not None else "windows without targets"
        raise InputError(
            name, "windows that hold their targets, and no y beside them", problem,
            "Cut windows with make_windows(frame, target=...), and pass them alone.",
        )  # fmt: skip
    return targets


def _of_windows(windows: Windows, y: object, sample_weight: object, groups: object, name: str) -> Dataset:
    targets = targets_of(windows, y, name)
    return Dataset(
        windows.sequences,
        targets.reshape(len(targets), -1),
        _weights(sample_weight, len(windows)),
        _groups(groups, len(windows)),
        windows.schema.outputs,
        windows.past,
        windows,
        one_dimensional=targets.ndim == 1,
    )


def series_of(windows: Windows) -> NDArray[Any] | None:
    """Give the series of each window as `labels`; None without a group column."""
    groups = windows.groups
    return None if groups is None else labels(groups)


def series_known(X: object, groups: object, n: int) -> NDArray[Any] | None:
    """Give the series of each of n sequences, as `labels`: the groups given, else those of windows, else None."""
    if groups is not None:
        return labels_of(groups, n)
    return series_of(X) if isinstance(X, Windows) else None


def as_validation(validation: object, data: Dataset) -> Dataset:
    """Take a validation part that a user gives.

    Parameters
    ----------
    validation : tuple of (X, y), or Windows
        The part.
    data : Dataset
        The training part, whose form it must have.

    Returns
    -------
    Dataset
        The part, checked.

    Raises
    ------
    InputError
        Whatever `as_dataset` raises, or if features or outputs differ from the training part's.
    """
    if isinstance(validation, Windows):
        given = as_dataset(validation, name="validation")
    elif isinstance(validation, tuple | list) and len(validation) == 2:  # noqa: PLR2004 - X and y
        given = as_dataset(*validation, name="the validation X")
    else:
        raise InputTypeError(
            "validation", "a pair (X, y), or windows", f"a value of type {type(validation).__name__}",
            "Pass validation=(X, y); what share is held out without it is the parameter 'validation_fraction'.",
        )  # fmt: skip
    refuse_other_features("The validation X", given.sequences, data.sequences.n_features)
    refuse_other_context("The validation X", given.sequences, data.sequences.context_names)
    refuse_other_outputs("The validation y", given, data.y.shape[1])
    if given.windows is not None and data.windows is not None:
        refuse_other_windows("The validation windows", given.windows, data.schema)
    return given


def refuse_other_features(name: str, sequences: Sequences, expected: int, given: tuple[int, ...] | None = None) -> None:
    """Raise `ShapeError` if sequences have another number of features than in training; it tells the shape as given."""
    if sequences.n_features != expected:
        raise ShapeError(
            name,
            f"{expected} features at each time step, as in training",
            given or (len(sequences), sequences.longest, sequences.n_features),
            f"X has {sequences.n_features} features, but LSTMRegressor is expecting {expected} features as input: "
            f"give the same columns in the same order{_axes_meant(sequences, expected)}.",
        )


def _axes_meant(sequences: Sequences, features: int) -> str:
    """Name the axes that X may have been meant to have, where the features of training stand in that of time."""
    if sequences.longest != features:
        return ""
    one = sequences.n_features == 1
    return ", or X[None] if it is one sequence" if one else ", or X.transpose(0, 2, 1) if features come before steps"


def refuse_other_context(name: str, sequences: Sequences, expected: tuple[str, ...]) -> None:
    """Raise `InputError` if other values stand beside sequences than in training."""
    if sequences.context_names != expected:
        raise InputError(
            name,
            f"sequences with {_listed(expected)} beside them, as in training",
            f"{_listed(sequences.context_names)} beside them",
            "Pass windows, or the table itself, with the same known and static columns.",
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if names else "nothing"


def refuse_other_outputs(name: str, data: Dataset, expected: int) -> None:
    """Raise `ShapeError` if targets have another number of outputs than in training."""
    if data.y.shape[1] != expected:
        raise ShapeError(name, f"{expected} outputs, as in training", data.y.shape, "Give the same targets.")


def refuse_other_data(data: Dataset, schema: WindowSchema | None, n_features: int, n_outputs: int) -> None:
    """Raise `InputError` if data differ in form, or their columns in meaning, from those of the training."""
    refuse_other_features("X", data.sequences, n_features)
    refuse_other_context("X", data.sequences, () if schema is None else schema.beside)
    refuse_other_outputs("y", data, n_outputs)
    if data.windows is not None:
        refuse_other_windows("The windows", data.windows, schema)


def refuse_other_windows(name: str, windows: Windows, fitted: WindowSchema | None) -> None:
    """Raise `InputError` if the windows' columns or codes mean something else than those of the training."""
    schema = windows.schema
    received = f"windows with the features {', '.join(schema.inputs)}"
    if fitted is None:
        raise InputError(
            name, "arrays, as the model was fitted on", received,
            "Pass windows.sequences.dense() with the same features, and windows.y where targets are asked for.",
        )  # fmt: skip
    if schema.meaning != fitted.meaning:
        raise InputError(
            name,
            "the columns and categories of the windows that the model was fitted on",
            f"{received}{_other_categories(schema, fitted)}",
            f"Cut them with apply_schema(table, schema, targets={windows.has_targets}), whose schema is that of the "
            "windows fitted on, model.schema_; or pass predict the table itself.",
        )


def _other_categories(schema: WindowSchema, fitted: WindowSchema) -> str:
    """Name the first column whose categories are others, where nothing else tells windows apart."""
    if schema.inputs != fitted.inputs:
        return ""
    other = [name for name, known in schema.categories.items() if known != fitted.categories.get(name)]
    return f", and other categories of {other[0]!r}" if other else ""


def sequences_for(
    X: object, schema: WindowSchema | None, n_features: int, *, fewest_steps: int = 1, name: str = "X"
) -> Sequences:
    """Take the sequences that a fitted model is to predict for.

    Parameters
    ----------
    X : array, list, Sequences, Windows, or table
        See `as_sequences`; or, where the model was fitted on windows of a table, such windows or another such table.
    schema : WindowSchema or None
        What the columns meant in training, where they had names.
    n_features : int
        Features of a time step in training.
    fewest_steps : int
        Time steps of its shortest sequence.
    name : str
        What to call X in messages.

    Returns
    -------
    Sequences
        The same, checked against the training's.

    Raises
    ------
    InputError
        If sequences cannot be used, or have other features than in training.
    """
    X = windowed(X, schema)
    if isinstance(X, Windows):
        refuse_other_windows("The windows to predict for", X, schema)
        return X.sequences
    sequences = as_sequences(X, name=name, fewest_steps=fewest_steps)
    refuse_other_features(name, sequences, n_features, given=getattr(X, "shape", None))
    refuse_other_context(name, sequences, () if schema is None else schema.beside)
    return sequences


def windowed(X: object, schema: WindowSchema | None, *, targets: bool = False) -> object:
    """Cut windows to predict from, or with their targets, of a table that a model gets which was fitted on windows."""
    return windowing.apply_schema(X, schema, targets=targets) if schema is not None and is_table(X) else X


def as_targets(y: object, n: int) -> NDArray[np.float64]:
    """Check targets.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, n_outputs)
        Targets in raw units.
    n : int
        How many sequences there are.

    Returns
    -------
    ndarray of shape (n,) or (n, n_outputs), float64
        The targets.

    Raises
    ------
    InputTypeError
        If they are not numbers.
    ShapeError
        If there are not as many as sequences, or they have more than two axes.
    NonFiniteError
        If one is infinite or missing.
    """
    targets = _ours(as_numbers(y, "y"))
    if targets.ndim not in {1, 2} or 0 in targets.shape[1:]:
        raise ShapeError(
            "y", "shape (n,) or (n, n_outputs)", targets.shape,
            "Give one number, or one row of numbers, for each sequence.",
        )  # fmt: skip
    if len(targets) != n:
        raise ShapeError(
            "y", f"as many targets as sequences, {n}", targets.shape,
            "Give each sequence of X its target, in the same order.",
        )  # fmt: skip
    refuse_infinite(targets.reshape(n, -1), "Input y contains infinity; y")
    missing = np.isnan(targets)
    if missing.any():
        raise NonFiniteError(
            "Input y contains NaN; y", f"{missing.sum()} missing", tuple(map(int, np.argwhere(missing)[0])),
            "Leave out the sequences whose target is missing.",
        )  # fmt: skip
    return targets


def _weights(sample_weight: object, n: int) -> NDArray[np.float64] | None:
    if sample_weight is None:
        return None
    weights = _ours(as_numbers(sample_weight, "sample_weight"))
    weights = np.full(n, float(weights)) if weights.ndim == 0 else weights
    if weights.shape != (n,):
        raise ShapeError("sample_weight", f"shape ({n},)", weights.shape, "Give one weight for each sequence.")
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise InputError(
            "sample_weight", "finite weights, none below zero and not all zero", f"a smallest of {weights.min():g}",
            "Use 0 to leave a sequence out.",
        )  # fmt: skip
    # Only what they are to each other counts. A power of two leaves their digits, and no square vanishes or overflows.
    _, exponent = np.frexp(weights.max())
    of_ordinary_size: NDArray[np.float64] = np.ldexp(weights, 1 - exponent)
    return of_ordinary_size


def _ours(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Copy numbers that tensors cannot share: read-only ones, as columns of data frames are, and reversed ones."""
    return np.require(numbers, np.float64, ["C", "W"])


def _groups(groups: object, n: int) -> NDArray[Any] | None:
    if groups is None:
        return None
    labels = label_of_each(groups, n)
    kinds = {type(label) for label in labels.tolist()} if labels.dtype.kind == "O" else set()
    return labels.astype(str) if len(kinds) > 1 else labels  # which otherwise have no order


def output_names(y: object, outputs: int) -> tuple[str, ...]:
    """Name the outputs as targets are named, by the columns of a frame or the name of a series.

    Parameters
    ----------
    y : object
        Targets as a user gave them.
    outputs : int
        How many outputs there are.

    Returns
    -------
    tuple of str
        A name for each; where targets have none, 'y' for a single one, else 'y0', 'y1' and so on.
    """
    columns = getattr(y, "columns", None)
    if columns is not None and len(columns) == outputs:
        return tuple(map(str, columns))
    if outputs > 1:
        return tuple(f"y{i}" for i in range(outputs))
    name = getattr(y, "name", None)
    return (name if isinstance(name, str) else "y",)
