"""A diagnosis in words: for people who see such figures for the first time."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from unflat.baselines import MEAN
from unflat.diagnosis.measured.standing import NO_BETTER
from unflat.evaluation.words import percent, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unflat.diagnosis.records import Verdict
    from unflat.diagnosis.shown.result import Diagnosis
    from unflat.diagnosis.verdict import OutputVerdict
    from unflat.metrics import Assessment

NAMES: dict[Verdict, str] = {
    "healthy": "healthy",
    "flat": "flat",
    "failing": "failing",
    "diverged": "diverged",
    "no_signal": "no signal found",
    "copies_last": "copies the last value",
}
"""Verdicts as a person says them."""

_MOST_OUTPUTS = 6
"""Outputs whose figures are shown; of more, the worst."""

_MUCH = 0.9
"""R² beyond which what is left says more than what is explained."""

_AS_MUCH = 0.995
"""Spread from which on nobody would tell it from 1."""

Row = tuple[str, ...]


def headline(diagnosis: Diagnosis) -> str:
    """Say what was diagnosed, and the verdict."""
    sure = f"{percent(diagnosis.confidence)} sure"
    return f"{diagnosis.model}: {NAMES[diagnosis.verdict].upper()} ({sure})"


def sentence(diagnosis: Diagnosis) -> str:
    """Say what the verdict means, with the figures that it rests on."""
    judgement = diagnosis.judgement
    output = judgement.outputs[judgement.decisive]
    of = "" if len(judgement.outputs) == 1 else f" of {diagnosis.targets[judgement.decisive]}"
    part = "held-out" if judgement.part == "held-out" else "training"
    return _SENTENCES[output.verdict](output, of, f"On {output.n + output.not_finite:,} {part} sequences")


def _healthy(output: OutputVerdict, of: str, where: str) -> str:
    found = f"{where} they explain {_explained(output.r2)} of the variance"
    others = f"; other learners explain {_explained(output.attainable)}" if output.signal else ""
    if output.r2 > NO_BETTER:
        last = " Repeating the last value errs less, though." if output.last_value_skill < -NO_BETTER else ""
        return f"The predictions{of} follow the targets. {found}{others}.{last}"
    return f"The predictions{of} are not clearly worse than what can be had. {found}{others}."


def _flat(output: OutputVerdict, of: str, where: str) -> str:
    words = f"The predictions{of} hardly vary. {where} their deviation is {percent(output.spread)} of the targets'"
    if not output.signal:
        return f"{words}, and they do not even lie at the targets' mean."
    share = "" if output.healthy_spread >= _AS_MUCH else f"{percent(output.healthy_spread)} "
    learned = f"a model as good as other learners would vary {share}as much as the targets"
    return f"{words}. These data can be learned: {learned}."


def _failing(output: OutputVerdict, of: str, where: str) -> str:
    others = f"; other learners explain {_explained(output.attainable)}" if output.signal else ""
    if output.r2 > _MUCH and output.attainable > _MUCH:
        left, by_others = percent(1 - output.r2), percent(max(1 - output.attainable, 0.0))
        return f"The predictions{of} fall far short: {where.lower()} they leave {left} unexplained, others {by_others}."
    if output.r2 > 0:
        return f"The predictions{of} fall far short: {where.lower()} they explain {_explained(output.r2)}{others}."
    words = f"The predictions{of} vary, but are no better than always giving the mean. {where} R² is {ratio(output.r2)}"
    return f"{words}{others if output.attainable > 0 else ''}."


def _diverged(output: OutputVerdict, of: str, where: str) -> str:
    return f"{where}, {output.not_finite:,} predictions{of} are not numbers but NaN or infinite."


def _no_signal(output: OutputVerdict, of: str, where: str) -> str:
    if isnan(output.spread):
        return f"{where} there is nothing to learn: all targets{of} are the same number."
    seen = "hardly vary" if output.spread < output.flat_below else "are no better than always giving the mean"
    return (
        f"{where}, the predictions{of} {seen}, and rightly so: other learners, too, find no more in these sequences "
        "than in shuffled ones. None was found, which does not prove that there is none."
    )


def _copies_last(output: OutputVerdict, of: str, where: str) -> str:
    return (
        f"The predictions{of} repeat the last value of each sequence. {where} R² is {ratio(output.r2)}, but simply "
        "repeating that value is as good."
    )


_SENTENCES = {
    "healthy": _healthy,
    "flat": _flat,
    "failing": _failing,
    "diverged": _diverged,
    "no_signal": _no_signal,
    "copies_last": _copies_last,
}


def without_cause(diagnosis: Diagnosis) -> str:
    """Say what it means that no cause was found."""
    if diagnosis.verdict == "copies_last":
        return (
            "What follows the last value by little but chance is best predicted so. Where more is to be had, let the "
            "model predict the change since the last value, give it other features, or ask for a later time."
        )
    return "No cause was found among those that are known."


def figure_rows(diagnosis: Diagnosis) -> list[Row]:
    """Lay the figures out as a table: a heading, then a row for each, on either part, beside what is to be expected."""
    rows: list[Row] = [("", *part_names(diagnosis), "to be expected")]
    for i in shown_outputs(diagnosis):
        of = f" of {diagnosis.targets[i]}" if len(diagnosis.targets) > 1 else ""
        scores = [part.outputs[i] for part in _parts(diagnosis)]
        usual = _usual_spread(diagnosis.judgement.outputs[i])
        rows.append((f"spread{of}", *(ratio(each.spread) for each in scores), usual))
        rows.append((f"R²{of}", *(ratio(each.r2) for each in scores), _usual_r2(diagnosis, i)))
        rows += [
            (f"skill against the {name}{of}", *(ratio(each.skills[name]) for each in scores), "above 0")
            for name in _baselines(diagnosis)
        ]
    return rows


def _parts(diagnosis: Diagnosis) -> list[Assessment]:
    return [diagnosis.training] if diagnosis.held_out is None else [diagnosis.training, diagnosis.held_out]


def part_names(diagnosis: Diagnosis) -> list[str]:
    """Name the parts that there are figures of."""
    return ["training", "held-out"][: len(_parts(diagnosis))]


def _baselines(diagnosis: Diagnosis) -> list[str]:
    """Name the baselines beside the mean, whose skill is R² but for a trifle."""
    return [name for name in diagnosis.training.baselines if name != MEAN]


def shown_outputs(diagnosis: Diagnosis) -> list[int]:
    """Choose the outputs to show: all of a few, else those judged least well, in their order."""
    outputs = diagnosis.judgement.outputs
    verdict = diagnosis.judgement.verdict
    worst_first = sorted(range(len(outputs)), key=lambda i: (outputs[i].verdict != verdict, -outputs[i].confidence))
    return sorted(worst_first[:_MOST_OUTPUTS])


def notes(diagnosis: Diagnosis) -> Iterator[str]:
    """Say what else a reader should know."""
    yield "Spread: deviation of the predictions over that of the targets. R²: 1 is perfect, 0 no better than the mean."
    left_out = len(diagnosis.targets) - _MOST_OUTPUTS
    if left_out > 0:
        yield f"{left_out} more outputs are in to_dict()."


def _usual_spread(output: OutputVerdict) -> str:
    return f"about {ratio(output.healthy_spread)}" if output.signal else ""


def _usual_r2(diagnosis: Diagnosis, output: int) -> str:
    """Say what others reach on the part that the verdict is about."""
    signal = diagnosis.references.signal[output]
    if not signal.examined:
        return ""
    if not signal.beyond_chance:
        return "none found beyond chance"
    if isnan(signal.held_out_r2):
        return f"{ratio(signal.r2)}, by {signal.learner}"
    return f"{ratio(signal.held_out_r2)}, by {signal.held_out_learner}"


def _explained(r2: float) -> str:
    return percent(max(r2, 0.0)) if not isnan(r2) else "an unknown share"
