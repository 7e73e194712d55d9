"""When a training is failing: the judgement of what was seen, apart from how it was seen.

Healthy trainings begin flat, stay on a plateau for a while, and end flat where there is nothing to learn. So a
training is only blamed for what is certain at once (predictions that are not numbers, targets that it can no longer
reach, a layer of dead units), for losing what it had learned, and after half of its steps for not explaining what
simple learners explain without getting any better.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from unflat.metrics import FLAT_SPREAD
from unflat.watch.records import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from unflat.diagnosis.references import Signal
    from unflat.watch.records import Course, Record

SURE = 3.0
"""Factor on the reach: Adam's steps may be some longer than the rate (45 were measured where 33 were computed)."""

_EARLIEST = 0.05
"""Share of the steps before which not even the reach is judged: a rate may be rising."""

_GRACE = 0.5
"""Share of the steps in which a healthy training may look like a flat one."""

_STEPS_OF_GRACE = 1000
"""The same, where their number is not known."""

_FEWEST_STEPS = 300
"""The same, for a training that is over."""

_WINDOW = 0.75
"""A training is stuck where it is no better than after this share of the steps so far."""

_LOOKS = 3
"""Looks in a row that must agree."""

_LEARNABLE = 0.2
"""R² of simple learners below which nobody is blamed for explaining nothing: signals of 0.02 to 0.2 are weak ones."""

_SOME = 0.25
"""Share of that R² which a training must have explained, not to be called stuck."""

_HAD_LEARNED = 0.3
_HAS_LOST = 0.95
"""Share of the variance that was explained once, and of the error that is back."""

_FAR_WORSE = 4.0
"""Error over the mean's that not even a model has which fits nothing but noise (2, on data that it did not see)."""

_STILL_FALLS = 0.98
_STILL_GROWS = 1.5

_NO_SPREAD = 1e-3
_ALL = 0.999


@dataclass(frozen=True, eq=False)
class Scene:
    """What does not change while a training goes on.

    Parameters
    ----------
    course : Course
        What it is going to do.
    deviation : tuple of k float
        Of each output's targets.
    signal : callable
        Gives what simple learners find of each output; asked only where it matters.
    """

    course: Course
    deviation: tuple[float, ...]
    signal: Callable[[], tuple[Signal, ...]]

    def learnable(self, output: int) -> float:
        """Give the share of an output's variance that simple learners explain; 0 where that is little, or chance."""
        signal = self.signal()[output]
        return signal.r2 if signal.beyond_chance and signal.r2 >= _LEARNABLE else 0.0


def judge(records: Sequence[Record], scene: Scene, *, final: bool = False) -> Finding | None:
    """Say whether a training is failing.

    Parameters
    ----------
    records : sequence of Record
        What was seen so far, at least once.
    scene : Scene
        What is known beside it.
    final : bool
        Whether the training is over: then it is not given more time, unless it was learning until its end.

    Returns
    -------
    Finding or None
        The first that holds of: not finite, out of reach, dead, lost, stuck, far worse than the mean.
    """
    now = records[-1]
    if now.step == 0:
        return None
    if not now.finite or _loss_is_lost(records):
        return Finding("not_finite", 0, now)
    outputs = range(len(now.spread))
    found = next((Finding("out_of_reach", k, now) for k in outputs if _out_of_reach(now, k, scene)), None)
    if found is None and _dead(records):
        found = Finding("dead", 0, now)
    found = found or next((Finding("lost", k, now) for k in outputs if _lost(records, k)), None)
    return found or next(_after_grace(records, scene, final=final), None)


def _loss_is_lost(records: Sequence[Record]) -> bool:
    """Whether the loss was no number twice in a row: once may be the overflow of a half-precision step."""
    last = [record.loss for record in records[-2:]]
    return len(last) > 1 and all(loss is not None and not isfinite(loss) for loss in last)


def _out_of_reach(now: Record, k: int, scene: Scene) -> bool:
    """Whether what is left can bring an output neither to within a deviation of the mean nor to any spread."""
    course, deviation = scene.course, scene.deviation[k]
    if now.reach is None or course.steps is None or now.step < _EARLIEST * course.steps or not deviation > 0:
        return False
    if not course.left(now.step):  # nothing is in reach of any training that is over
        return False
    reach = SURE * now.reach / deviation
    if abs(now.offset[k]) - reach > 1:
        return True
    is_flat_for_good = now.spread[k] + reach < FLAT_SPREAD and now.loss_over_mean[k] > 1 - _SOME
    return is_flat_for_good and now.loss_over_mean[k] > 1 - _SOME * scene.learnable(k) and scene.learnable(k) > 0


def _dead(records: Sequence[Record]) -> bool:
    """Whether nothing comes through a layer, and the predictions are one number, twice in a row."""
    last = [record for record in records[-2:] if record.step]
    return len(last) > 1 and all(
        record.dead is not None and record.dead >= _ALL and max(record.spread) < _NO_SPREAD for record in last
    )


def _lost(records: Sequence[Record], k: int) -> bool:
    errors = [record.loss_over_mean[k] for record in records]
    return min(errors[:-1], default=1.0) <= 1 - _HAD_LEARNED and len(errors) > _LOOKS and all(
        error >= _HAS_LOST for error in errors[-_LOOKS:]
    )  # fmt: skip


def _after_grace(records: Sequence[Record], scene: Scene, *, final: bool) -> Iterator[Finding]:
    now = records[-1]
    steps = scene.course.steps
    grace = _STEPS_OF_GRACE if steps is None else _GRACE * steps
    if now.step < (min(grace, _FEWEST_STEPS) if final else grace):  # one that ends so early was broken off
        return
    window = [record for record in records if record.step >= _WINDOW * now.step and record.step]
    if len(window) < (1 if final else _LOOKS):
        return
    for k in range(len(now.spread)):
        least = min(record.loss_over_mean[k] for record in window)
        if not final and _improves(window, k):
            continue
        if least >= _FAR_WORSE:
            yield Finding("worse", k, now)
        elif final and _was_too_short(records, window, k):
            continue
        elif least > 1 - _SOME and scene.learnable(k) > 0 and least > 1 - _SOME * scene.learnable(k):
            yield Finding("stuck", k, now)


def _improves(window: Sequence[Record], k: int) -> bool:
    first, last = window[0], window[-1]
    falls = last.loss_over_mean[k] < _STILL_FALLS * first.loss_over_mean[k]
    return falls or last.spread[k] > _STILL_GROWS * first.spread[k]


def _was_too_short(records: Sequence[Record], window: Sequence[Record], k: int) -> bool:
    """Whether a training that is over was learning until its end, and not only on its way to the mean."""
    now = records[-1]
    learns = now.spread[k] >= FLAT_SPREAD or now.loss_over_mean[k] < _STILL_FALLS
    return learns and _improves(window if len(window) > 1 else records[-2:], k)
