"""An operator for each cause: it makes of a healthy program one that has this fault and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.faults.operators import data, dynamics, fit, output, scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.faults.operators.mutation import Operator

    from unflat.diagnosis import CauseId

OPERATORS: Mapping[CauseId, Operator] = {
    "target_scale": scale.target_scale,
    "input_scale": scale.input_scale,
    "target_scaled_by_other_column": scale.target_scaled_by_other_column,
    "loss_broadcast": output.loss_broadcast,
    "output_range": output.output_range,
    "dead_units": dynamics.dead_units,
    "saturated_gates": dynamics.saturated_gates,
    "rate_too_low": dynamics.rate_too_low,
    "rate_too_high": dynamics.rate_too_high,
    "gradient_clipped": dynamics.gradient_clipped,
    "too_few_updates": dynamics.too_few_updates,
    "vanishing_gradient": dynamics.vanishing_gradient,
    "too_deep_narrow": dynamics.too_deep_narrow,
    "padding_unmasked": dynamics.padding_unmasked,
    "last_step_forgets": dynamics.last_step_forgets,
    "swapped_axes": data.swapped_axes,
    "sequences_returned": output.sequences_returned,
    "misaligned_pairs": data.misaligned_pairs,
    "nan_in_data": data.nan_in_data,
    "degenerate_scale": scale.degenerate_scale,
    "outliers_own_scale": scale.outliers_own_scale,
    "predict_scale_mismatch": scale.predict_scale_mismatch,
    "inverse_forgotten": scale.inverse_forgotten,
    "stale_mode": output.stale_mode,
    "frozen_parameters": output.frozen_parameters,
    "over_regularised": dynamics.over_regularised,
    "constant_target": data.constant_target,
    "extrapolation": fit.extrapolation,
    "no_signal": data.no_signal,
    "overfit": fit.overfit,
}

OF_SCALE = (
    "target_scale",
    "input_scale",
    "target_scaled_by_other_column",
    "degenerate_scale",
    "outliers_own_scale",
    "predict_scale_mismatch",
    "inverse_forgotten",
    "swapped_axes",
)
"""Causes about data prepared by hand, which the diagnosis is told the raw data of in every other program."""
