"""Why a training fails, as it seems: the rules of the diagnosis that can be asked before it is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from unflat.diagnosis.causes import find_causes
from unflat.diagnosis.causes.activity import dead_units, saturated_gates
from unflat.diagnosis.causes.data import nan_in_data
from unflat.diagnosis.causes.optimisation import gradient_clipped, over_regularised, rate_too_high, rate_too_low
from unflat.diagnosis.causes.output import frozen_parameters, loss_broadcast, output_range
from unflat.diagnosis.causes.scale import input_scale, target_scale
from unflat.diagnosis.material import beside_targets
from unflat.diagnosis.measured import Examination, Part
from unflat.diagnosis.subjects import Settings
from unflat.watch.records import Likely

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unflat.diagnosis.causes.rule import Rule
    from unflat.diagnosis.material import Data
    from unflat.diagnosis.references import References
    from unflat.diagnosis.subjects import Subject
    from unflat.watch.records import Course, Finding, Kind

_TIERS: tuple[tuple[Rule, ...], ...] = (
    (nan_in_data,),
    (target_scale, input_scale),
    (output_range, frozen_parameters),
    (dead_units, saturated_gates, rate_too_low, rate_too_high, gradient_clipped, over_regularised),
    (loss_broadcast,),  # a loop may give y an axis that it has not here
)
"""Rules about a training, in the order in which they are believed; those about data and fit need more of both."""

_OF_KIND: Mapping[Kind, Likely] = {
    "not_finite": Likely(
        "rate_too_high",
        "The data are numbers, and steps so long that the weights were thrown out make them infinite.",
        "Start from new weights with a lower rate, and clip gradients to a norm of 1.",
    ),
    "dead": Likely(
        "dead_units",
        "A whole layer gives zero for every sequence; no gradient goes through it, so it never gives anything else.",
        "Use tanh or a leaky ReLU, with a lower rate, from new weights.",
    ),
}
"""What is likely where no rule says more."""


def explain(
    finding: Finding, subject: Subject, evidence: Data, references: References, course: Course
) -> Likely | None:
    """Find the likely cause of a failing training.

    Parameters
    ----------
    finding : Finding
        How it fails.
    subject : Subject
        The model.
    evidence : Data
        Sequences, those with values that are no numbers among them.
    references : References
        What simple learners find.
    course : Course
        What the training is going to do.

    Returns
    -------
    Likely or None
        The cause that the diagnosis believes most; None where it finds none.
    """
    if finding.kind == "dead":
        return _OF_KIND["dead"]
    prediction = beside_targets(np.asarray(subject.predict(evidence.X)), evidence.y_shape, evidence.values.shape[1])
    part = Part(evidence.X, evidence.values, evidence.y, evidence.y_shape, prediction, prediction.shape)
    settings = replace(subject.settings() or Settings(), steps=course.steps)
    if course.rate is not None:
        settings = replace(settings, learning_rate=course.rate)
    with threadpool_limits(1, user_api="blas"):  # products of a time step are small
        causes = find_causes(Examination(subject, part, None, None, references, (), settings), _TIERS)
    if not causes:
        return _OF_KIND.get(finding.kind)
    return Likely(causes[0].id, causes[0].explanation, causes[0].cure.words)
