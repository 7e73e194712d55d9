"""The changes that cures consist of, in the same words for each framework."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unflat.diagnosis.records import CauseId


class Edit(StrEnum):
    """One change of a training; its value says it in words."""

    STANDARDIZE_TARGET = "standardize the target"
    STANDARDIZE_INPUTS = "standardize the inputs"
    TAME_TARGET = "clip the target, scale it by its quartiles"
    TAME_INPUTS = "clip the inputs, scale them by their quartiles"
    FILL_MISSING = "fill in or leave out missing values"
    SWAP_AXES = "put samples, time and features where layers take them"
    LINEAR_OUTPUT = "leave the last layer linear"
    ALIGN_LOSS = "give prediction and target one shape"
    LAST_STATE = "pass on the last step only"
    SETTLE_NORMS = "settle the norms' statistics, predict in evaluation mode"
    THAW = "train all parameters"
    SMOOTH_UNITS = "replace ReLU by tanh"
    USUAL_RATE = "a usual learning rate"
    CLIP_AT_ONE = "clip gradients at a norm of 1"
    MORE_EPOCHS = "train five times as long"
    FEWER_LAYERS = "two recurrent layers"
    MASK_PADDING = "mask the padding"
    POOL_STATES = "read out over all steps"
    NO_REGULARISATION = "no dropout, no decay"
    KEEP_BEST = "keep the best epoch"


EDITS: Mapping[CauseId, frozenset[Edit]] = {
    "target_scale": frozenset({Edit.STANDARDIZE_TARGET}),
    "input_scale": frozenset({Edit.STANDARDIZE_INPUTS}),
    "target_scaled_by_other_column": frozenset({Edit.STANDARDIZE_TARGET}),
    "degenerate_scale": frozenset({Edit.TAME_INPUTS}),
    "outliers_own_scale": frozenset({Edit.TAME_INPUTS, Edit.TAME_TARGET}),
    "nan_in_data": frozenset({Edit.FILL_MISSING}),
    "swapped_axes": frozenset({Edit.SWAP_AXES}),
    "output_range": frozenset({Edit.LINEAR_OUTPUT}),
    "loss_broadcast": frozenset({Edit.ALIGN_LOSS}),
    "sequences_returned": frozenset({Edit.LAST_STATE}),
    "stale_mode": frozenset({Edit.SETTLE_NORMS}),
    "frozen_parameters": frozenset({Edit.THAW}),
    "dead_units": frozenset({Edit.SMOOTH_UNITS, Edit.USUAL_RATE}),
    "saturated_gates": frozenset({Edit.STANDARDIZE_INPUTS, Edit.USUAL_RATE, Edit.CLIP_AT_ONE}),
    "rate_too_low": frozenset({Edit.USUAL_RATE}),
    "rate_too_high": frozenset({Edit.USUAL_RATE, Edit.CLIP_AT_ONE}),
    "gradient_clipped": frozenset({Edit.CLIP_AT_ONE}),
    "too_few_updates": frozenset({Edit.MORE_EPOCHS}),
    "vanishing_gradient": frozenset({Edit.FEWER_LAYERS, Edit.POOL_STATES}),
    "too_deep_narrow": frozenset({Edit.FEWER_LAYERS}),
    "padding_unmasked": frozenset({Edit.MASK_PADDING}),
    "last_step_forgets": frozenset({Edit.POOL_STATES}),
    "over_regularised": frozenset({Edit.NO_REGULARISATION}),
    "overfit": frozenset({Edit.KEEP_BEST}),
}
"""What each cure changes in a training, where it does."""

NO_RETRAINING: Mapping[CauseId, str] = {
    "misaligned_pairs": "which target belongs to which sequence cannot be known from what was given",
    "predict_scale_mismatch": "its cure changes how the model is used, not how it is trained",
    "inverse_forgotten": "its cure changes how the model is used, not how it is trained",
    "constant_target": "no training learns from a constant target",
    "extrapolation": "its cure needs other data",
    "no_signal": "its cure needs other data",
}
"""Why other cures cannot be tried by training again."""

LONGER = 5
"""How many times as long `Edit.MORE_EPOCHS` trains."""

LAYERS_LEFT = 2
"""Recurrent layers that `Edit.FEWER_LAYERS` leaves."""

KEPT_OUT = 0.2
"""Share of the training sequences that `Edit.KEEP_BEST` chooses the epoch by."""


def in_words(edits: frozenset[Edit]) -> str:
    """Name changes as one instruction, in the order in which they stand in `Edit`."""
    return ", and ".join(edit.value for edit in Edit if edit in edits)
