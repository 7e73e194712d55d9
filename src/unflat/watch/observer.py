"""The watch itself, whatever the framework: when to look, what to write down, when to warn."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np

from unflat.diagnosis.material import beside_targets
from unflat.diagnosis.measured import Part
from unflat.diagnosis.references import References, Signal
from unflat.diagnosis.subjects.careful import CarefulSubject
from unflat.errors import CollapseWarning, DataWarning
from unflat.errors.telling import warn_user
from unflat.metrics import FLAT_SPREAD
from unflat.watch.collapse import Scene, judge
from unflat.watch.explain import explain
from unflat.watch.inside import dead_and_saturated, weights_of_an_output
from unflat.watch.mismatch import is_premature, learns_from_others
from unflat.watch.pace import Pace
from unflat.watch.records import Record
from unflat.watch.signal import find_signal
from unflat.watch.wording import other_data, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from unflat.diagnosis.subjects import Subject
    from unflat.watch.rate import SeenRate
    from unflat.watch.records import Course, Finding, Likely
    from unflat.watch.sample import Sample


class Observer:
    """Sees one training after the other.

    Parameters
    ----------
    sample : Sample
        What the model is asked about.
    share : float
        Share of the time that may be spent.

    Attributes
    ----------
    records : tuple of Record
        What was seen in the training that began last.
    finding : Finding or None
        How it fails.
    likely : Likely or None
        Why.
    deviation : tuple of k float
        Of the sample's targets.
    """

    def __init__(self, sample: Sample, share: float) -> None:
        self._sample = sample
        self.deviation = tuple(map(float, sample.seen.y.std(axis=0)))
        self.pace = Pace(share)
        self.forget()

    def forget(self) -> None:
        """Begin with no records and no finding."""
        self.records: tuple[Record, ...] = ()
        self.finding: Finding | None = None
        self.likely: Likely | None = None
        self._subject: Subject | None = None
        self._course: Course | None = None
        self._rate: SeenRate | None = None
        self._weights: int | None = None

    def begin(self, subject: Subject, course: Course, rate: SeenRate | None = None) -> None:
        """See the model before its first step; a rate that is given is read at each look.

        Raises
        ------
        ModelFailedError
            If it raises on the sample.
        ShapeError
            If its predictions do not fit the sample's targets.
        """
        self.forget()
        subject = CarefulSubject(subject)  # a look inside that fails is no reason to end a training
        self._subject, self._course, self._rate = subject, course, rate
        self.pace.start(course.steps)
        with self.pace.looking(0) as took:
            given = np.asarray(subject.predict(self._sample.seen.X))
            self._read_rate()
            self._weights = weights_of_an_output(subject, self._sample.seen, given) if course.adaptive else None
            self._write(self._part(given), 0, None, None, took)

    def plan(self, course: Course) -> None:
        """Take over what has become known of the course."""
        self._course = course
        self.pace.steps = course.steps

    def after(self, step: int, epoch: int | None = None, loss: SupportsFloat | None = None) -> None:
        """Look, where it is time to, after a step."""
        if self._subject is not None and self.pace.due(step):
            self._look(step, epoch, loss, final=False)

    def end(self, step: int, epoch: int | None = None, loss: SupportsFloat | None = None) -> None:
        """Look for a last time, whatever it takes: a short training is seen at no other; and let the model go."""
        if self._subject is not None and step:
            self._look(step, epoch, loss, final=True)
        self.leave()

    def leave(self) -> None:
        """Let the model go."""
        self._subject = None

    @property
    def failing(self) -> bool:
        """Whether the training fails."""
        return self.finding is not None and self.finding.is_failure

    def cost(self) -> str:
        """Say what watching has cost."""
        looks = "1 look" if len(self.records) == 1 else f"{len(self.records)} looks"
        return f"{looks} in {self.pace.spent:.2g} s."

    @cached_property
    def _references(self) -> References:
        return find_signal(self._sample)

    def _signal(self) -> tuple[Signal, ...]:
        return self._references.signal

    def _known_references(self) -> References:
        """Give what simple learners find, if they were asked: where they were not, the failure is plain without."""
        if "_references" in self.__dict__:
            return self._references
        outputs = len(self.deviation)
        return References(0, (), (Signal(),) * outputs, (None,) * outputs)

    def _look(self, step: int, epoch: int | None, loss: SupportsFloat | None, *, final: bool) -> None:
        subject, course = self._subject, self._course
        if subject is None or course is None:
            return
        with self.pace.looking(step) as took:
            part = self._part(np.asarray(subject.predict(self._sample.seen.X)))
            course = self._read_rate() or course
            self._write(part, step, epoch, None if loss is None else float(loss), took)
            if self.finding is not None:  # it is said once
                return
            found = judge(self.records, Scene(course, self.deviation, self._signal), final=final)
            if found is None or is_premature(found, course, final=final):
                return
            if learns_from_others(found, subject, part):
                found = replace(found, kind="other_data")
            else:
                self.likely = explain(found, subject, self._sample.evidence, self._known_references(), course)
            self.finding = found
        self._warn(self.finding)

    def _write(self, part: Part, step: int, epoch: int | None, loss: float | None, took: Callable[[], float]) -> None:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            offset = (part.prediction.mean(axis=0) - part.y.mean(axis=0)) / np.array(self.deviation)
            errors, spread = 1 - part.r2, part.spread
        looks_flat = step > 0 and self.finding is None and bool((spread < FLAT_SPREAD).any())
        dead, saturated = None, None
        if looks_flat and self._subject is not None:
            dead, saturated = dead_and_saturated(self._subject, self._sample.seen)
        self.records += (
            Record(
                step, epoch, loss, _floats(errors), _floats(spread), _floats(offset),
                self._reach(step), dead, saturated, part.finite, took(),
            ),
        )  # fmt: skip

    def _part(self, given: NDArray[Any]) -> Part:
        seen = self._sample.seen
        outputs = None if self._subject is None else self._subject.outputs()
        prediction = beside_targets(given, seen.y_shape, seen.values.shape[1], outputs=outputs)
        return Part(seen.X, seen.values, seen.y, seen.y_shape, prediction, given.shape)

    def _reach(self, step: int) -> float | None:
        left = None if self._course is None else self._course.left(step)
        if self._course is None or self._course.rate is None or left is None or self._weights is None:
            return None
        if self._rate is not None and self._rate.rises:  # nobody knows how high it is going to be
            return None
        return self._course.rate * left * self._weights

    def _read_rate(self) -> Course | None:
        """Take over a rate that is higher than was known."""
        if self._course is not None and self._rate is not None:
            self._course = self._rate.of(self._course)
        return self._course

    def _warn(self, finding: Finding) -> None:
        record, likely = finding.record, self.likely
        if not finding.is_failure:
            warn_user(DataWarning(other_data(finding)))
            return
        warning = CollapseWarning(
            told(finding, likely, self.deviation[finding.output]),
            step=record.step,
            epoch=record.epoch,
            spread=record.spread,
            cause=None if likely is None else likely.cause,
            page=None if likely is None else likely.page,
        )
        warn_user(warning)


def _floats(values: object) -> tuple[float, ...]:
    return tuple(map(float, np.asarray(values)))
