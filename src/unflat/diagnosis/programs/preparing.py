"""Data as a cure wants them, and the way back for predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.diagnosis.programs.edits import Edit
from unflat.diagnosis.subjects.torch_inside import as_array

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from unflat.diagnosis.programs.base import Job

DATA_EDITS = frozenset(
    {
        Edit.STANDARDIZE_TARGET,
        Edit.STANDARDIZE_INPUTS,
        Edit.TAME_TARGET,
        Edit.TAME_INPUTS,
        Edit.FILL_MISSING,
        Edit.SWAP_AXES,
    }
)
"""Changes of the data, which any training can be given."""

_TAILS = 5.0
"""Deviations from the median at which values are cut off: of a normal law, one in two millions lies beyond."""

_QUARTILES_APART = 1.349
"""Deviations between the quartiles of a normal law."""

_SEQUENCES = 3
"""Axes of sequences of several features: features are the last one."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Training data and other sequences, changed alike.

    Parameters
    ----------
    X, y : ndarray
        What to train on, in the shapes that they were given in.
    X_new : ndarray
        What to predict.
    center, scale : ndarray
        What predictions are brought back with; they broadcast against y.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    X_new: NDArray[Any]
    center: NDArray[np.float64]
    scale: NDArray[np.float64]

    def back(self, prediction: NDArray[Any]) -> NDArray[np.float64]:
        """Bring predictions into the units of y; a prediction for each step likewise."""
        outputs = self.center.size
        if outputs == 1:
            return np.asarray(prediction, dtype=np.float64) * self.scale.item() + self.center.item()
        return np.asarray(prediction, dtype=np.float64) * self.scale + self.center


def prepare(job: Job, edits: Collection[Edit]) -> Prepared:
    """Change a job's data as edits say; other edits change nothing here.

    Statistics are those of the training sequences. Inputs of three axes are scaled by feature, of two by column.

    Parameters
    ----------
    job : Job
        Arrays or tensors of shape (n, T, F), (n, p) or more axes, with targets (n,) or (n, k).
    edits : collection of Edit
        What to change.

    Returns
    -------
    Prepared
        The same data as arrays, changed.
    """
    X, y, X_new = _array(job.X), job.y, _array(job.X_new)
    if Edit.SWAP_AXES in edits and X.ndim == _SEQUENCES:
        X, X_new = X.swapaxes(1, 2), X_new.swapaxes(1, 2)
    if Edit.FILL_MISSING in edits:
        X, y, X_new = _filled(X, y, X_new)
    X, X_new = _inputs(X, X_new, edits)
    center, scale = np.zeros(y.shape[1:]), np.ones(y.shape[1:])
    if Edit.TAME_TARGET in edits:
        center, scale = _quartiles(y, axes=(0,))
        y = _clipped(y, center, scale)
    elif Edit.STANDARDIZE_TARGET in edits:
        center, scale = _moments(y, axes=(0,))
    changed = Edit.TAME_TARGET in edits or Edit.STANDARDIZE_TARGET in edits
    return Prepared(X, _as_before(y, center, scale) if changed else y, X_new, center, scale)


def as_given(values: NDArray[Any], given: Any) -> Any:  # noqa: ANN401 - array, tensor or frame
    """Give numbers in the kind that the user's came in.

    Parameters
    ----------
    values : ndarray
        What `prepare` gave.
    given : array-like
        The user's.

    Returns
    -------
    array-like
        A tensor on the same device, a frame of pandas with the same columns, or the array itself.
    """
    if isinstance(given, torch.Tensor):
        return torch.from_numpy(values).to(given.device, given.dtype if given.is_floating_point() else None)
    return type(given)(values, columns=given.columns) if hasattr(given, "iloc") else values


def targets_as_given(y: NDArray[Any], job: Job) -> Any:  # noqa: ANN401 - array, tensor or frame
    """Give targets in the kind and the precision that the user's came in.

    Parameters
    ----------
    y : ndarray
        What `prepare` gave.
    job : Job
        What it was made of.

    Returns
    -------
    array-like
        Whole numbers that were changed are single floats; those in frames are double.
    """
    given = job.given
    if hasattr(given, "iloc") and y.ndim == 1:
        return type(given)(y, name=given.name)
    if isinstance(given, torch.Tensor | np.ndarray):
        precision = _array(given).dtype
        y = y.astype(precision if precision.kind == "f" or np.array_equal(y, job.y) else np.float32)
    return as_given(y, given)


def _array(X: Any) -> NDArray[Any]:  # noqa: ANN401 - array or tensor
    return as_array(X) if isinstance(X, torch.Tensor) else np.asarray(X)


def _inputs(X: NDArray[Any], X_new: NDArray[Any], edits: Collection[Edit]) -> tuple[NDArray[Any], NDArray[Any]]:
    axes = tuple(range(X.ndim - 1)) if X.ndim >= _SEQUENCES else (0,)
    if Edit.TAME_INPUTS in edits:
        center, scale = _quartiles(X, axes)
        X, X_new = (_clipped(_known(values, center), center, scale) for values in (X, X_new))
        return _scaled_alike(X, X_new, center, scale)
    if Edit.STANDARDIZE_INPUTS in edits:
        return _scaled_alike(X, X_new, *_moments(X, axes))
    return X, X_new


def _scaled_alike(
    X: NDArray[Any], X_new: NDArray[Any], center: NDArray[np.float64], scale: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[Any]]:
    return _as_before(X, center, scale), _as_before(X_new, center, scale)


def _as_before(values: NDArray[Any], center: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[Any]:
    """Scale in double precision; floats keep their precision, whole numbers become single floats."""
    scaled: NDArray[Any] = (np.asarray(values, dtype=np.float64) - center) / scale
    return scaled.astype(values.dtype if values.dtype.kind == "f" else np.float32)


def _moments(values: NDArray[Any], axes: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = _without_empty(_finite(values), axes)
    mean, deviation = np.nanmean(known, axis=axes), np.nanstd(known, axis=axes)
    # A mean is off by some units in the last place: a deviation no larger than that is none.
    constant = deviation <= 8 * np.finfo(np.float64).eps * np.abs(mean)
    return np.asarray(mean), np.where(constant, 1.0, deviation)


def _quartiles(values: NDArray[Any], axes: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the median, and the deviation of a normal law that has the same quartiles.

    A column of which more than half is one number has no quartiles: its own deviation stands for them.
    """
    known = _without_empty(_finite(values), axes)
    low, middle, high = np.nanquantile(known, [0.25, 0.5, 0.75], axis=axes)
    width = (high - low) / _QUARTILES_APART
    width = np.where(width > 0, width, np.nanstd(known, axis=axes))
    return np.asarray(middle), np.where(width > 0, width, 1.0)


def _clipped(values: NDArray[Any], center: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[Any]:
    clipped: NDArray[Any] = np.clip(values, center - _TAILS * scale, center + _TAILS * scale)
    return clipped


def _known(values: NDArray[Any], middle: NDArray[np.float64]) -> NDArray[Any]:
    return np.where(np.isfinite(values), values, middle)


def _without_empty(values: NDArray[np.float64], axes: tuple[int, ...]) -> NDArray[np.float64]:
    """Put 0 throughout columns that hold nothing."""
    return np.where(np.isnan(values).all(axis=axes), 0.0, values)


def _filled(X: NDArray[Any], y: NDArray[Any], X_new: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Leave out sequences whose target is missing, and fill in what is missing of the others."""
    axes = tuple(range(X.ndim - 1)) if X.ndim >= _SEQUENCES else (0,)
    whole = np.isfinite(y).reshape(len(y), -1).all(axis=1)
    middle = np.nanmedian(_without_empty(_finite(X), axes), axis=axes)
    return _known(X, middle)[whole], y[whole], _known(X_new, middle)


def _finite(values: NDArray[Any]) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)
