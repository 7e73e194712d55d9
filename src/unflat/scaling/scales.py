"""Scaling of inputs and targets, fitted on the training part: forward and inverse in one place.

All arithmetic is float64 and is cast to float32 only when the scale is gone, so that a feature such as a time
stamp, 1.7e9 ± 1, keeps its ±1.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from unflat.errors import AllMissingError, ScaleDomainError
from unflat.sequences.columnar import CHUNK_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from unflat.config import Scale, TargetScale
    from unflat.sequences import Sequences

_LAST_BITS = 8 * float(np.finfo(np.float64).eps)
"""Values that differ by less than this share of their magnitude differ only by rounding.

A column's values are each rounded to within eps/2 of their magnitude, and dividing by the magnitude and
subtracting the mean round twice more; eight eps bounds the sum of these with room to spare (Higham, Accuracy and
Stability of Numerical Algorithms, 2002, section 1.9 treats the two-pass variance used here).
"""


@dataclass(frozen=True)
class Affine:
    """The numbers of one column's scale: `(value - center) / scale`.

    Parameters
    ----------
    center, scale : float
        In the column's units.
    constant : bool
        Whether the column's values are equal up to rounding; its scale is then 1.
    """

    center: float
    scale: float
    constant: bool = False


def fit_affine(values: NDArray[Any], kind: Scale) -> Affine:
    """Fit the scale of one column.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        The column's values in the training part, without NaN.
    kind : {"standard", "robust", "minmax", "none"}
        Mean and standard deviation; median and interquartile range (the standard deviation where half of the
        values are equal); minimum and range; 0 and 1.

    Returns
    -------
    Affine
        Center and scale.
    """
    magnitude = max(float(values.max()), -float(values.min()))
    if magnitude == 0:
        return Affine(0.0, 1.0, constant=True)
    unit = values / magnitude  # so that squares neither overflow nor vanish, from 1e-300 to 1e300
    center = float(unit.mean())
    deviation = math.sqrt(_mean_of(lambda piece: np.square(piece - center), unit))
    constant = deviation <= _LAST_BITS * _mean_of(np.abs, unit)
    if kind == "none":
        return Affine(0.0, 1.0, constant)
    center, scale = _center_and_scale(unit, deviation, kind)
    return Affine(center * magnitude, 1.0 if constant else scale * magnitude, constant)


def _mean_of(function: Callable[[NDArray[Any]], NDArray[Any]], values: NDArray[Any]) -> float:
    """Average a function of values, of which no second array as large as they are is made."""
    pieces = (values[first : first + CHUNK_ROWS] for first in range(0, len(values), CHUNK_ROWS))
    return math.fsum(float(function(piece).sum()) for piece in pieces) / len(values)


def _center_and_scale(unit: NDArray[Any], deviation: float, kind: Scale) -> tuple[float, float]:
    if kind == "minmax":
        return float(unit.min()), float(np.ptp(unit))
    if kind == "robust":
        low, middle, high = map(float, np.quantile(unit, [0.25, 0.5, 0.75]))
        half_are_equal = high - low <= _LAST_BITS * max(abs(low), abs(high))
        return middle, deviation if half_are_equal else high - low
    return float(unit.mean()), deviation


class Scaler(nn.Module):
    """Scales columns and puts them back.

    Parameters
    ----------
    columns : sequence of Affine
        The scale of each column.
    logarithmic : bool
        Whether the logarithm is taken before the scale.
    """

    center: Tensor
    scale: Tensor

    def __init__(self, columns: Sequence[Affine], *, logarithmic: bool = False) -> None:
        super().__init__()
        self.logarithmic = logarithmic
        self.register_buffer("center", torch.tensor([c.center for c in columns], dtype=torch.float64, device="cpu"))
        self.register_buffer("scale", torch.tensor([c.scale for c in columns], dtype=torch.float64, device="cpu"))

    def forward(self, values: Tensor) -> Tensor:
        """Scale raw values of shape (..., C) to float64 of the same shape."""
        values = values.double()
        return ((values.log() if self.logarithmic else values) - self.center) / self.scale

    def inverse(self, scaled: Tensor) -> Tensor:
        """Put scaled values of shape (..., C) back into raw units, float64 of the same shape."""
        values = scaled.double() * self.scale + self.center
        return values.exp() if self.logarithmic else values


class TargetScaler(Scaler):
    """Scales targets, and puts predictions back between the limits of targets.

    Parameters
    ----------
    columns : sequence of Affine
        The scale of each output.
    limits : sequence of (float, float), or None
        The lowest and the highest value of each output, in raw units, infinite where it has none; None for none.
    logarithmic : bool
        Whether the logarithm is taken before the scale.
    """

    lowest: Tensor
    highest: Tensor

    def __init__(
        self,
        columns: Sequence[Affine],
        limits: Sequence[tuple[float, float]] | None = None,
        *,
        logarithmic: bool = False,
    ) -> None:
        super().__init__(columns, logarithmic=logarithmic)
        limits = limits or [(-math.inf, math.inf)] * len(columns)
        self.register_buffer("lowest", torch.tensor([low for low, _ in limits], dtype=torch.float64, device="cpu"))
        self.register_buffer("highest", torch.tensor([high for _, high in limits], dtype=torch.float64, device="cpu"))

    def set_limits(self, limits: Sequence[tuple[float, float]]) -> None:
        """Set other limits of each output, in raw units; infinite for none."""
        self.lowest.copy_(torch.tensor([low for low, _ in limits], dtype=torch.float64, device="cpu"))
        self.highest.copy_(torch.tensor([high for _, high in limits], dtype=torch.float64, device="cpu"))

    def refuse(self, y: NDArray[np.float64], names: Sequence[str]) -> None:
        """Raise `ScaleDomainError` if the logarithm of a target is taken that has none."""
        if self.logarithmic:
            _refuse_without_logarithm(y, names)

    def inverse(self, scaled: Tensor) -> Tensor:
        """Put scaled values of shape (..., outputs) back into raw units and between the limits, float64."""
        return super().inverse(scaled).clamp(self.lowest, self.highest)


class Hold(nn.Module):
    """Holds scaled predictions between two ends, so that what is made of them, intervals too, starts from there.

    The limits of a target are what no target lies beyond; these are only what no prediction should go beyond.

    Parameters
    ----------
    outputs : int
        Numbers predicted for a sequence; none of them is held at first.
    """

    low: Tensor
    high: Tensor

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.register_buffer("low", torch.full((outputs,), -math.inf, dtype=torch.float32, device="cpu"))
        self.register_buffer("high", torch.full((outputs,), math.inf, dtype=torch.float32, device="cpu"))

    @property
    def holds(self) -> bool:
        """Whether an output is held."""
        return bool(torch.isfinite(self.low).any() or torch.isfinite(self.high).any())

    def set_ends(self, ends: Sequence[tuple[float, float]]) -> None:
        """Set the ends of each output, on its scale; infinite for none."""
        self.low.copy_(torch.tensor([low for low, _ in ends], dtype=torch.float32, device="cpu"))
        self.high.copy_(torch.tensor([high for _, high in ends], dtype=torch.float32, device="cpu"))

    def release(self) -> None:
        """Hold no output any more."""
        self.set_ends([(-math.inf, math.inf)] * len(self.low))

    def forward(self, scaled: Tensor) -> Tensor:
        """Hold scaled predictions of shape (..., outputs)."""
        return scaled.clamp(self.low.to(scaled.device), self.high.to(scaled.device))


def fit_target_scaler(
    y: NDArray[np.float64],
    kind: TargetScale,
    names: Sequence[str],
    limits: Sequence[tuple[float, float]] | None = None,
) -> TargetScaler:
    """Fit the scale of each output on the training targets.

    Parameters
    ----------
    y : ndarray of shape (n, n_outputs), float64
        Training targets, in raw units.
    kind : {"standard", "robust", "minmax", "log", "none"}
        The scale; "log" is the logarithm, standardized.
    names : sequence of str
        What to call the outputs in messages.
    limits : sequence of (float, float), or None
        What predictions are limited to: as of `TargetScaler`.

    Returns
    -------
    TargetScaler
        From raw targets to scaled ones and back.

    Raises
    ------
    ScaleDomainError
        If the logarithm of a target does not exist.
    """
    if kind == "log":
        _refuse_without_logarithm(y, names)
        return TargetScaler([fit_affine(np.log(column), "standard") for column in y.T], limits, logarithmic=True)
    return TargetScaler([fit_affine(column, kind) for column in y.T], limits)


def _refuse_without_logarithm(y: NDArray[np.float64], names: Sequence[str]) -> None:
    for name, column in zip(names, y.T, strict=True):
        if column.min() <= 0:
            raise ScaleDomainError(f"The target {name}", "log", float(column.min()))


class InputScaling(nn.Module):
    """From raw features to what the network reads: scaled numbers, missing-indicators, one-hot categories.

    A category that training never saw is read as the average of those of its column: each has an equal share of one.
    So it lies among what training saw. A missing one has none.

    Parameters
    ----------
    numeric : sequence of int
        The columns that hold numbers.
    scaler : Scaler
        The scale of those columns.
    with_missing : sequence of int
        Which of the numeric columns had missing values in training, counted among them.
    categories : sequence of tuple of (int, float)
        Column and code of each category that was seen in training, those of one column together.
    """

    numeric: Tensor
    with_missing: Tensor
    code_columns: Tensor
    codes: Tensor
    unseen: Tensor

    def __init__(
        self,
        numeric: Sequence[int],
        scaler: Scaler,
        with_missing: Sequence[int] = (),
        categories: Sequence[tuple[int, float]] = (),
    ) -> None:
        super().__init__()
        self.scaler = scaler
        self.register_buffer("numeric", torch.tensor(numeric, dtype=torch.int64, device="cpu"))
        self.register_buffer("with_missing", torch.tensor(with_missing, dtype=torch.int64, device="cpu"))
        self.register_buffer("code_columns", torch.tensor([c for c, _ in categories], dtype=torch.int64, device="cpu"))
        self.register_buffer("codes", torch.tensor([v for _, v in categories], dtype=torch.float64, device="cpu"))
        counts = Counter(column for column, _ in categories)
        self.register_buffer(
            "unseen", torch.tensor([1 / counts[c] for c, _ in categories], dtype=torch.float32, device="cpu")
        )
        ends = accumulate(counts.values())
        self._labels = [(column, slice(end - counts[column], end)) for column, end in zip(counts, ends, strict=True)]

    @property
    def width(self) -> int:
        """Features that the network reads."""
        return len(self.numeric) + len(self.with_missing) + len(self.codes)

    def forward(self, values: Tensor) -> Tensor:
        """Scale raw values.

        Parameters
        ----------
        values : Tensor of shape (B, T, F)
            Raw units, NaN where missing.

        Returns
        -------
        Tensor of shape (B, T, width), float32
            Scaled numbers with 0, the center, where one is missing; then 1 for each missing value of a column
            that has a missing-indicator; then 1 for each category that is present, shares for an unseen one.
        """
        numbers = values if len(self.numeric) == values.shape[-1] else values[..., self.numeric]
        scaled = self.scaler(numbers)
        missing = scaled.isnan()
        parts = [scaled.masked_fill(missing, 0.0).float()]
        if len(self.with_missing):
            parts.append(missing[..., self.with_missing].float())
        if len(self.codes):
            parts.append(self._indicators(values))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

    def _indicators(self, values: Tensor) -> Tensor:
        return torch.cat([self._indicators_of(values[..., column, None], own) for column, own in self._labels], dim=-1)

    def _indicators_of(self, labels: Tensor, own: slice) -> Tensor:
        """Give those of one column, from its labels, (..., 1), and which of all categories are its own."""
        present = labels == self.codes[own]
        known = present.any(dim=-1, keepdim=True) | labels.isnan()
        # Without a question to the numbers, on which torch.export would end.
        return torch.where(known, present.float(), self.unseen[own])


def fit_input_scaling(sequences: Sequences, kind: Scale) -> tuple[InputScaling, tuple[int, ...]]:
    """Fit the scale of each feature on the rows that training sequences cover, each row once.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    kind : {"standard", "robust", "minmax", "none"}
        The scale of numeric columns.

    Returns
    -------
    scaling : InputScaling
        From raw features to the network's.
    constant : tuple of int
        Columns with one value in all training rows.

    Raises
    ------
    AllMissingError
        If a column has no value in the training part.
    """
    covered = sequences.covered()
    rows = slice(None) if covered.all() else covered
    columns = (sequences.rows[rows, column].astype(np.float64) for column in range(sequences.n_features))
    return _fit_columns(columns, sequences.feature_names, sequences.categorical, kind)


def fit_context_scaling(sequences: Sequences, kind: Scale) -> tuple[InputScaling | None, tuple[int, ...]]:
    """Fit the scale of what stands beside training sequences, as `fit_input_scaling` does for their features.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    kind : {"standard", "robust", "minmax", "none"}
        The scale of numeric columns.

    Returns
    -------
    scaling, constant
        As of `fit_input_scaling`; None where nothing stands beside them. What stands beside several sequences counts
        for each of them.

    Raises
    ------
    AllMissingError
        If a column has no value in the training part.
    """
    if not sequences.context:
        return None, ()
    names = sequences.context_names
    columns = map(sequences.context_column, range(len(names)))
    return _fit_columns(columns, names, sequences.context_categorical, kind)


def _fit_columns(
    columns: Iterable[NDArray[np.float64]], names: Sequence[str], categorical: Sequence[int], kind: Scale
) -> tuple[InputScaling, tuple[int, ...]]:
    numeric: list[int] = []
    affines: list[Affine] = []
    with_missing: list[int] = []
    categories: list[tuple[int, float]] = []
    empty: list[str | int] = []
    for column, values in enumerate(columns):
        missing = np.isnan(values)
        known = values[~missing] if missing.any() else values
        if len(known) == 0:
            empty.append(names[column] if names else column)
        elif column in categorical:
            categories += [(column, float(code)) for code in np.unique(known)]
        else:
            if len(known) < len(values):
                with_missing.append(len(numeric))
            numeric.append(column)
            affines.append(fit_affine(known, kind))
    if empty:
        raise AllMissingError("The features in the training part", empty, "Leave these columns out.")
    constant = tuple(column for column, affine in zip(numeric, affines, strict=True) if affine.constant)
    return InputScaling(numeric, Scaler(affines), with_missing, categories), constant
