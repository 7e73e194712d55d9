"""One raw step of each stream, scaled to where the network reads it."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np

from unflat.errors import MissingValuesWarning
from unflat.sequences import refuse_infinite

if TYPE_CHECKING:
    from unflat.network.arrays import Array, InputArrays


class StepScaling:
    """Scales one step of each stream, as `unflat.scaling.InputScaling` scales whole sequences.

    Parameters
    ----------
    arrays : InputArrays
        The scale.
    result : ndarray of shape (n, width), float32
        Where the scaled step is put.
    features : int
        Raw features of a step.
    """

    def __init__(self, arrays: InputArrays, result: Array, features: int) -> None:
        numbers, indicators = len(arrays.numeric), len(arrays.with_missing)
        self._arrays = arrays
        self._all_numeric = arrays.numeric.tolist() == list(range(features))
        self._centered = np.empty((len(result), numbers))
        self._numbers = result[:, :numbers]
        self._indicators = result[:, numbers : numbers + indicators]
        self._categories = result[:, numbers + indicators :]

    def put(self, x: Array) -> None:
        """Scale a step.

        Parameters
        ----------
        x : ndarray of shape (n, features), float64
            Raw units, NaN where a value is missing.

        Raises
        ------
        NonFiniteError
            If a value is infinite.

        Warns
        -----
        MissingValuesWarning
            If a value is missing in a feature that was complete in training.
        """
        arrays = self._arrays
        finite = math.isfinite(np.vdot(x, x))
        if not finite:
            self._look_closer(x)
        np.subtract(x if self._all_numeric else x[:, arrays.numeric], arrays.center, out=self._centered)
        np.divide(self._centered, arrays.scale, out=self._numbers)
        if self._indicators.shape[1]:
            np.isnan(self._centered[:, arrays.with_missing], out=self._indicators)
        if not finite:
            self._numbers[np.isnan(self._numbers)] = 0.0  # the center
        if self._categories.shape[1]:
            np.equal(x[:, arrays.code_columns], arrays.codes, out=self._categories)

    def _look_closer(self, x: Array) -> None:
        refuse_infinite(x, "x")
        gaps = np.flatnonzero(np.isnan(x).any(axis=0))
        missing = [str(column) for column in self._arrays.complete if column in gaps]
        if missing:
            named = f"Missing values in features that had none in training: {', '.join(missing)}."
            told = f"{named} They are read as the center of the feature's scale."
            warnings.warn(told, MissingValuesWarning, stacklevel=5)
