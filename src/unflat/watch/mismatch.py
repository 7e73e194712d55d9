"""Whether a watch was given the data that the training learns from: raw targets beside scaled ones are the usual slip.

Whatever is seen of other data says nothing about the training, which may be healthy. It tells by the loss that it
reports: of the sequences that are watched that is as large, where these are of those that it learns from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.subjects.careful import CarefulSubject

if TYPE_CHECKING:
    from unflat.diagnosis.measured import Part
    from unflat.diagnosis.subjects import Subject
    from unflat.watch.records import Course, Finding, Record

_FAR_BELOW = 0.01
"""Share of the watched sequences' loss: dropout, weights and noise make the reported one larger, and none so small."""

_MOVED = 1.0
"""Shift of the predictions, in deviations, from which norms that lag behind account for such a difference."""

_OF_THE_MODEL = {"not_finite", "dead"}
"""Findings that are no matter of the targets that were given."""


def is_premature(finding: Finding, course: Course, *, final: bool) -> bool:
    """Whether a finding must wait for the first loss, which is going to be reported at the end of the epoch."""
    waits = finding.kind not in _OF_THE_MODEL and finding.record.loss is None
    return waits and course.reports_by_epoch and not final


def learns_from_others(finding: Finding, subject: Subject, part: Part) -> bool:
    """Say whether the training learns from other data than those that are watched.

    Parameters
    ----------
    finding : Finding
        How it seems to fail.
    subject : Subject
        The model.
    part : Part
        The sequences that are watched, with the model's predictions.

    Returns
    -------
    bool
        Whether the loss that the training reports is far below its loss of these.
    """
    if finding.kind in _OF_THE_MODEL or not part.finite:
        return False
    careful = CarefulSubject(subject)
    return _is_far_below(finding.record, _loss_of(careful, part)) and not _norms_lag(careful, part)


def _is_far_below(record: Record, own: float) -> bool:
    return record.loss is not None and 0 <= record.loss < _FAR_BELOW * own


def _loss_of(subject: CarefulSubject, part: Part) -> float:
    """Compute the training's own loss; where it is not known, the lesser of the usual two."""
    own = subject.loss_of(part.prediction.reshape(part.y.shape), part.y)
    if own is not None:
        return own
    errors = part.prediction - part.y
    return float(min(np.square(errors).mean(), np.abs(errors).mean()))


def _norms_lag(subject: CarefulSubject, part: Part) -> bool:
    moved = subject.gives_other_in_training(part.X)
    return moved is not None and moved > _MOVED
