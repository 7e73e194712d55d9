"""Ridge regression on sequences: the linear model that a network has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unflat.baselines.design import Design, RowEncoder
from unflat.baselines.leave_one_out import fit_ridge
from unflat.metrics import deviation, weighted_mean
from unflat.sequences.drawing import evenly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unflat.sequences import Sequences

MOST_FLATTENED = 4096
"""The longest vector that the steps of a sequence are put into, one after the other."""

MOST_ELEMENTS = 10_000_000
"""Numbers in the design matrix that is fitted, at most."""

PENALTIES = np.logspace(-6, 4, 11)
"""Penalties to choose from, per training sample: from hardly any to one that leaves nothing but the mean."""

FEWEST = 2
"""Samples that a leave-one-out error needs."""


@dataclass(frozen=True, eq=False)
class Ridge:
    """A ridge regression of each output on whole sequences, or on their last and mean step.

    Parameters
    ----------
    design : Design
        How a sequence becomes a vector.
    coefficients : ndarray of shape (design.width, n_outputs), float64
        In the target's units.
    intercept : ndarray of shape (n_outputs,), float64
        In the target's units.
    """

    design: Design
    coefficients: NDArray[np.float64]
    intercept: NDArray[np.float64]

    @classmethod
    def fit(cls, sequences: Sequences, y: NDArray[np.float64], weights: NDArray[np.float64]) -> Ridge:
        """Fit, the penalty of each output by its leave-one-out error.

        Parameters
        ----------
        sequences : Sequences
            The training part.
        y : ndarray of shape (n, n_outputs), float64
            Targets.
        weights : ndarray of shape (n,), float64
            Weights between 0 and 1, at least two of them positive.

        Returns
        -------
        Ridge
            The fitted model.
        """
        counted = np.flatnonzero(weights > 0)
        design = _design_for(sequences.take(counted))
        drawn = counted[evenly(len(counted), max(MOST_ELEMENTS // design.width, FEWEST))]
        matrix = np.empty((len(drawn), design.width))
        for positions, part in design.chunks(sequences.take(drawn)):
            matrix[positions] = part
        center, scale = weighted_mean(y[drawn], weights[drawn]), deviation(y[drawn], weights[drawn])
        scale[scale == 0] = 1.0
        shares = weights[drawn] / weights[drawn].mean()
        model = fit_ridge(matrix, (y[drawn] - center) / scale, shares, PENALTIES * len(drawn))
        return cls(design, model.coefficients * scale, model.intercept * scale + center)

    def reason(self, sequences: Sequences) -> str | None:
        """Say why it does not apply to sequences, if it does not."""
        steps = self.design.steps
        if steps is None or (sequences.lengths == steps).all():
            return None
        other = int(sequences.lengths[sequences.lengths != steps][0])
        return f"it was fitted on sequences of {steps} rows, and one has {other}"

    def predict(self, sequences: Sequences) -> NDArray[np.float64]:
        """Predict from sequences that it applies to.

        Parameters
        ----------
        sequences : Sequences
            Sequences in raw units.

        Returns
        -------
        ndarray of shape (n, n_outputs), float64
            Predictions in the target's units.
        """
        prediction = np.empty((len(sequences), len(self.intercept)))
        for positions, part in self.design.chunks(sequences):
            prediction[positions] = part @ self.coefficients + self.intercept
        return prediction

    def to_arrays(self) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
        """Give everything it has learned as arrays."""
        beside = {} if self.design.context is None else _written(self.design.context)
        return {
            **_written(self.design.encoder),
            **{f"context.{name}": array for name, array in beside.items()},
            "coefficients": np.ascontiguousarray(self.coefficients),
            "intercept": self.intercept,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.float64] | NDArray[np.int64]], steps: int | None) -> Ridge:
        """Rebuild from what `to_arrays` gave and the design's `steps`."""
        context = _read(arrays, "context.") if "context.center" in arrays else None
        coefficients, intercept = (np.asarray(arrays[name], np.float64) for name in ("coefficients", "intercept"))
        return cls(Design(_read(arrays, ""), steps, context), coefficients, intercept)


def _design_for(sequences: Sequences) -> Design:
    encoder = RowEncoder.fit(sequences)
    flattened = sequences.equally_long and sequences.longest * encoder.width <= MOST_FLATTENED
    return Design(encoder, sequences.longest if flattened else None, RowEncoder.fit_context(sequences))


def _written(encoder: RowEncoder) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    return {
        "center": encoder.center,
        "scale": encoder.scale,
        "code_columns": encoder.code_columns,
        "code_values": encoder.code_values,
    }


def _read(arrays: Mapping[str, NDArray[np.float64] | NDArray[np.int64]], prefix: str) -> RowEncoder:
    return RowEncoder(
        np.asarray(arrays[f"{prefix}center"], np.float64),
        np.asarray(arrays[f"{prefix}scale"], np.float64),
        np.asarray(arrays[f"{prefix}code_columns"], np.int64),
        np.asarray(arrays[f"{prefix}code_values"], np.int64),
    )
