"""One raw step of each stream, scaled to where the network reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.errors.telling import warn_user
from unflat.scaling.ranges import far
from unflat.scaling.remarks import remarks
from unflat.sequences import Sequences, refuse_infinite

if TYPE_CHECKING:
    from unflat.network.arrays import Array, InputArrays
    from unflat.scaling.ranges import Beyond, InputRange

_LARGEST = float(np.finfo(np.float64).max)


class StepScaling:
    """Scales one step of each stream, as `unflat.scaling.scales.InputScaling` scales whole sequences.

    Parameters
    ----------
    arrays : InputArrays
        The scale.
    result : ndarray of shape (n, width), float32
        Where the scaled step is put.
    ranges : InputRange
        The range of each feature in training.
    beyond : {"straight", "on a line", "held", "no further"}
        What predictions do outside of it.
    names : tuple of str
        What messages call the columns of values that stand beside the streams; empty for the features of a step.
    """

    def __init__(
        self, arrays: InputArrays, result: Array, ranges: InputRange, beyond: Beyond, names: tuple[str, ...] = ()
    ) -> None:
        self._names = names
        numbers, indicators = len(arrays.numeric), len(arrays.with_missing)
        self._arrays = arrays
        self._all_numeric = arrays.numeric.tolist() == list(range(len(ranges.low)))
        self._ranges, self._beyond, self._complete = ranges, beyond, arrays.complete
        low, high = ranges.bounds(far(beyond))
        self._low, self._high = np.nan_to_num(low, nan=-_LARGEST), np.nan_to_num(high, nan=_LARGEST)
        self._centered = np.empty((len(result), numbers))
        self._numbers = result[:, :numbers]
        self._indicators = result[:, numbers : numbers + indicators]
        self._categories = result[:, numbers + indicators :]
        self._present = len(result) * len(np.unique(arrays.code_columns))

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
        OutOfRangeWarning
            If a value lies far outside of the range that training saw.
        """
        arrays = self._arrays
        usual = np.count_nonzero((x >= self._low) & (x <= self._high)) == x.size  # so neither missing nor infinite
        if not usual:
            self._look_closer(x)
        np.subtract(x if self._all_numeric else x[:, arrays.numeric], arrays.center, out=self._centered)
        np.divide(self._centered, arrays.scale, out=self._numbers)
        if self._indicators.shape[1]:
            np.isnan(self._centered[:, arrays.with_missing], out=self._indicators)
        if not usual:
            self._numbers[np.isnan(self._numbers)] = 0.0  # the center
        if self._categories.shape[1]:
            self._put_categories(x)

    def _put_categories(self, x: Array) -> None:
        arrays = self._arrays
        labels = x[:, arrays.code_columns]
        np.equal(labels, arrays.codes, out=self._categories)
        if np.count_nonzero(self._categories) == self._present:
            return  # one of every column
        known = (self._categories @ arrays.together > 0) | np.isnan(labels)
        np.copyto(self._categories, np.where(known, self._categories, arrays.unseen))

    def _look_closer(self, x: Array) -> None:
        refuse_infinite(x, "context" if self._names else "x")
        given = Sequences(x, np.arange(len(x)), np.ones(len(x), dtype=np.int64), self._names)
        for remark in remarks(given, self._ranges, self._beyond, self._complete):
            warn_user(remark)
