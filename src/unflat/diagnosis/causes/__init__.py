"""Why a model fails: one small rule for each cause, and the order in which they are believed.

A rule is a pure function of an examination: it gives one cause with its evidence, or nothing. Rules stand in tiers.
What an earlier tier finds makes the findings of later ones likely consequences of it: an unscaled target saturates
gates, makes any rate look wrong and gradients vanish. So the confidence of a later tier is multiplied by the doubt
that earlier tiers leave, the product over them of one minus the highest confidence found there; what is then hardly
believed is not named, and where nothing could be, later rules are not even asked. Two causes of equal confidence
explain what is seen equally well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from unflat.diagnosis.causes.activity import dead_units, saturated_gates
from unflat.diagnosis.causes.axes import swapped_axes
from unflat.diagnosis.causes.columns import degenerate_scale, outliers_own_scale
from unflat.diagnosis.causes.data import constant_target, nan_in_data
from unflat.diagnosis.causes.depth import too_deep_narrow, vanishing_gradient
from unflat.diagnosis.causes.fit import extrapolation, no_signal, overfit
from unflat.diagnosis.causes.memory import last_step_forgets, padding_unmasked
from unflat.diagnosis.causes.optimisation import (
    gradient_clipped,
    over_regularised,
    rate_too_high,
    rate_too_low,
    too_few_updates,
)
from unflat.diagnosis.causes.other_column import target_scaled_by_other_column
from unflat.diagnosis.causes.output import (
    frozen_parameters,
    loss_broadcast,
    output_range,
    sequences_returned,
    stale_mode,
)
from unflat.diagnosis.causes.pairing import misaligned_pairs, trained_on_other_pairs
from unflat.diagnosis.causes.scale import input_scale, target_scale
from unflat.diagnosis.causes.units import inverse_forgotten, predict_scale_mismatch

if TYPE_CHECKING:
    from unflat.diagnosis.causes.rule import Rule
    from unflat.diagnosis.measured import Examination
    from unflat.diagnosis.records import Cause

__all__ = ["OF_DATA", "TIERS", "find_causes"]

_DATA: tuple[Rule, ...] = (nan_in_data, constant_target, misaligned_pairs, swapped_axes)
_SCALE: tuple[Rule, ...] = (
    target_scale,
    input_scale,
    target_scaled_by_other_column,
    degenerate_scale,
    outliers_own_scale,
    predict_scale_mismatch,
    inverse_forgotten,
)
_OUTPUT: tuple[Rule, ...] = (output_range, loss_broadcast, sequences_returned, stale_mode, frozen_parameters)
_DYNAMICS: tuple[Rule, ...] = (
    dead_units,
    saturated_gates,
    rate_too_low,
    rate_too_high,
    gradient_clipped,
    too_few_updates,
    vanishing_gradient,
    too_deep_narrow,
    padding_unmasked,
    last_step_forgets,
    over_regularised,
)
_FIT: tuple[Rule, ...] = (extrapolation, overfit, no_signal, trained_on_other_pairs)

OF_DATA: tuple[tuple[Rule, ...], ...] = (_DATA, (no_signal,))
"""Rules that can be believed where nobody finds a signal: a training that found none either may be as good as any."""

TIERS: tuple[tuple[Rule, ...], ...] = (_DATA, _SCALE, _OUTPUT, _DYNAMICS, _FIT)
"""All rules, in the order in which they are believed."""

_HARDLY = 0.1
"""Confidence below which a cause is not named."""


def find_causes(examination: Examination, tiers: tuple[tuple[Rule, ...], ...] | None = None) -> tuple[Cause, ...]:
    """Find what explains a model's failure.

    Parameters
    ----------
    examination : Examination
        What was measured of it.
    tiers : tuple of tuple of Rule, or None
        The rules to ask, in the order in which they are believed; None for all.

    Returns
    -------
    tuple of Cause
        Most believed first; empty for a model that does as well as could be expected of it.
    """
    believed: list[Cause] = []
    doubt = 1.0
    for tier in TIERS if tiers is None else tiers:
        if doubt < _HARDLY:
            break
        found = [cause for rule in tier if (cause := rule(examination)) is not None]
        believed += [replace(cause, confidence=cause.confidence * doubt) for cause in found]
        doubt *= 1 - max((cause.confidence for cause in found), default=0.0)
    named = [cause for cause in believed if cause.confidence >= _HARDLY]
    return tuple(sorted(named, key=lambda cause: -cause.confidence))
