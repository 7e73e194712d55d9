"""What an evaluation found, as plain data and as a table to read."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from unflat.evaluation import markup
from unflat.evaluation.groups import GroupIntervals, group_remarks, group_rows
from unflat.evaluation.layout import columns, paragraph
from unflat.evaluation.words import mape_in_words, number, r2_in_words, ratio, spread_in_words, verdict
from unflat.metrics import Assessment, IntervalScores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from unflat.metrics import OutputScores


@dataclass(frozen=True, repr=False)
class Evaluation:
    """A model's scores beside those of the baselines; print it to read it.

    Parameters
    ----------
    model : str
        What was evaluated.
    targets : tuple of str
        Names of the outputs.
    assessment : Assessment
        Scores, spread and skills of each output.
    notes : tuple of str
        Where the baselines come from, and what else a reader should know, in full sentences.
    intervals : tuple of IntervalScores
        Coverage and width of each output's prediction intervals; empty where there are none.
    by_group : tuple of GroupIntervals
        The same of each group, where the intervals were calibrated by group and the groups evaluated are known.
    """

    model: str
    targets: tuple[str, ...]
    assessment: Assessment
    notes: tuple[str, ...]
    intervals: tuple[IntervalScores, ...] = ()
    by_group: tuple[GroupIntervals, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Turn into plain values that JSON can hold.

        Returns
        -------
        dict
            nan is None, and the infinities are the texts 'inf' and '-inf', since JSON has none of them.
        """
        return {
            "model": self.model,
            "targets": list(self.targets),
            "assessment": self.assessment.to_dict(),
            "notes": list(self.notes),
            "intervals": [scores.to_dict() for scores in self.intervals],
            "by_group": [group.to_dict() for group in self.by_group],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Evaluation:
        """Turn what `to_dict` gave into an evaluation again.

        Parameters
        ----------
        values : mapping
            What `to_dict` gave.

        Returns
        -------
        Evaluation
            One that reads the same.
        """
        return cls(
            values["model"],
            tuple(values["targets"]),
            Assessment.from_dict(values["assessment"]),
            tuple(values["notes"]),
            tuple(map(IntervalScores.from_dict, values.get("intervals", ()))),  # runs of before had none
            tuple(map(GroupIntervals.from_dict, values.get("by_group", ()))),
        )

    @property
    def title(self) -> str:
        """What was evaluated, on how much."""
        count = self.assessment.n
        return f"{self.model} on {count:,} {'sample' if count == 1 else 'samples'}"

    def __repr__(self) -> str:
        return f"<Evaluation of {self.title}>"

    def __str__(self) -> str:
        blocks = [self.title]
        for output, (name, scores, interval) in enumerate(self._named()):
            table = "\n".join(f"  {line}" for line in columns(_score_rows(scores) + _interval_rows(interval)))
            versus = "\n".join(f"  {line}" for line in columns(_baseline_rows(scores)))
            lines = [*_heading(name, scores), table, "", versus]
            if rows := group_rows(self.by_group, output):
                lines += ["", *(f"  {line}" for line in columns(rows))]
            blocks.append("\n".join(lines))
        return "\n\n".join([*blocks, "\n".join(map(paragraph, self._remarks))])

    def _repr_html_(self) -> str:
        """Write it as HTML, which a notebook shows."""
        parts = [f"<p><strong>{escape(self.title)}</strong></p>"]
        for output, (name, scores, interval) in enumerate(self._named()):
            parts += map(markup.paragraph, _heading(name, scores))
            parts.append(markup.table(_score_rows(scores) + _interval_rows(interval), head=False))
            parts.append(markup.table(_baseline_rows(scores)))
            if rows := group_rows(self.by_group, output):
                parts.append(markup.table(rows))
        return markup.block([*parts, *map(markup.paragraph, self._remarks)])

    @property
    def _remarks(self) -> list[str]:
        return [*_left_out(self.assessment.reasons), *self.notes, *group_remarks(self.by_group)]

    def _named(self) -> Iterator[tuple[str, OutputScores, IntervalScores | None]]:
        intervals = self.intervals or (None,) * len(self.targets)
        return zip(self.targets, self.assessment.outputs, intervals, strict=True)


def _heading(name: str, scores: OutputScores) -> list[str]:
    lines = [f"target {name}"]
    if scores.not_finite:
        lines.append(f"Predictions that are NaN or infinite: {scores.not_finite:,}. So nothing can be scored.")
    return lines


def _score_rows(scores: OutputScores) -> list[tuple[str, ...]]:
    if scores.not_finite:
        return [(name, "undefined", "") for name in ("MSE", "RMSE", "MAE", "MAPE", "R²", "spread")]
    return [
        ("MSE", number(scores.mse), "mean squared error, in the target's units squared"),
        ("RMSE", number(scores.rmse), "its root, in the target's units"),
        ("MAE", number(scores.mae), "mean absolute error, in the target's units"),
        ("MAPE", *mape_in_words(scores.mape)),
        ("R²", ratio(scores.r2), r2_in_words(scores.r2)),
        ("spread", ratio(scores.spread), spread_in_words(scores.spread)),
    ]


def _interval_rows(scores: IntervalScores | None) -> list[tuple[str, ...]]:
    if scores is None:
        return []
    return [
        ("coverage", ratio(scores.coverage), f"share of targets inside the intervals for {scores.asked:g}"),
        ("width", number(scores.width), "mean width of these intervals, in the target's units"),
        ("interval score", number(scores.score), "the width, and a fine for each target outside; less is better"),
    ]


def _baseline_rows(scores: OutputScores) -> list[tuple[str, ...]]:
    rows = [
        (name, number(scores.baseline_rmse[name]), ratio(skill), verdict(scores, name))
        for name, skill in scores.skills.items()
    ]
    return [("baseline", "its RMSE", "skill", "is the model better?"), *rows]


def _left_out(reasons: Mapping[str, str]) -> list[str]:
    """Say which baselines do not apply, those of one reason together."""
    named: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        named.setdefault(reason, []).append(name)
    return [
        f"The baseline {names[0]} does not apply: {reason}."
        if len(names) == 1
        else f"The baselines {' and '.join(names)} do not apply: {reason}."
        for reason, names in named.items()
    ]
