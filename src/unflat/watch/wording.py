"""A watch in words: the warning, and the table of what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from unflat.watch.records import Finding, Kind, Likely, Record

_ROWS = 12
"""Looks that are shown; of more, some from the first to the last."""

_HEAD = ("step", "epoch", "loss", "loss/mean's", "spread", "dead", "saturated")


def _not_finite(_: Record, __: int, ___: float) -> str:
    return "Loss or predictions are no longer numbers"


def _out_of_reach(record: Record, k: int, deviation: float) -> str:
    apart = abs(record.offset[k]) * deviation
    return (
        f"The predictions cannot get to the targets any more: their mean is {apart:.4g} away from the targets', their "
        f"spread is {record.spread[k]:.3g} of the target's, and all steps that are left can move them by about "
        f"{record.reach:.3g}"
    )


def _dead(record: Record, _: int, __: float) -> str:
    return f"The predictions are one number: {record.dead:.0%} of the units of a rectified layer are dead"


def _lost(record: Record, k: int, _: float) -> str:
    return (
        f"What was learned is lost: the error is {record.loss_over_mean[k]:.3g} of the mean's again, the spread "
        f"{record.spread[k]:.3g} of the target's"
    )


def _stuck(record: Record, k: int, _: float) -> str:
    return (
        f"Nothing is being learned: the error is {record.loss_over_mean[k]:.3g} of the mean's, the spread "
        f"{record.spread[k]:.3g} of the target's, and simple learners do better on a few of these sequences"
    )


def _worse(record: Record, k: int, _: float) -> str:
    return (
        f"The predictions are far worse than the mean: their error is {record.loss_over_mean[k]:.3g} of its, "
        "and gets no better"
    )


def _other_data(record: Record, k: int, _: float) -> str:
    return (
        f"The X and y that Watch was given are not those that the training learns from: it reports a loss of "
        f"{record.loss:.4g}, and on these sequences the error is {record.loss_over_mean[k]:.3g} of the mean's"
    )


_SENTENCES: Mapping[Kind, Callable[[Record, int, float], str]] = {
    "not_finite": _not_finite,
    "out_of_reach": _out_of_reach,
    "dead": _dead,
    "lost": _lost,
    "stuck": _stuck,
    "worse": _worse,
    "other_data": _other_data,
}


def seen(finding: Finding, deviation: float) -> str:
    """Say how a training fails, and when it was seen.

    Parameters
    ----------
    finding : Finding
        How.
    deviation : float
        Of the targets of its output.

    Returns
    -------
    str
        One sentence.
    """
    record = finding.record
    epoch = "" if record.epoch is None else f", epoch {record.epoch}"
    of = "" if len(record.spread) == 1 else f" of output {finding.output}"
    sentence = _SENTENCES[finding.kind](record, finding.output, deviation)
    return f"{sentence} (step {record.step:,}{epoch}{of})."


def told(finding: Finding, likely: Likely | None, deviation: float) -> str:
    """Word the warning: what is seen, the likely cause, what to do.

    Parameters
    ----------
    finding : Finding
        How the training fails.
    likely : Likely or None
        Why.
    deviation : float
        Of the targets of its output.

    Returns
    -------
    str
        A few sentences.
    """
    why = "" if likely is None else f" Likely cause: {likely.cause}. {likely.explanation} {likely.cure}"
    more = "" if likely is None else f" The whole of it: unflat explain {likely.cause}."
    return f"{seen(finding, deviation)}{why}{more} Find out more with unflat.diagnose(model, X, y)."


def other_data(finding: Finding) -> str:
    """Word the warning that a watch looks at other data than the training: what is seen, what to do.

    Parameters
    ----------
    finding : Finding
        When it was seen.

    Returns
    -------
    str
        Two sentences.
    """
    return (
        f"{seen(finding, 0.0)} Give Watch the very arrays that are trained on, scaled alike; it says nothing of others."
    )


def table(records: Sequence[Record]) -> str:
    """Lay out what was seen, the first look and the last among a few.

    Parameters
    ----------
    records : sequence of Record
        The looks.

    Returns
    -------
    str
        Lines of equal columns; of several outputs the worst.
    """
    if len(records) > _ROWS:
        last = len(records) - 1
        records = [records[round(row * last / (_ROWS - 1))] for row in range(_ROWS)]
    rows = [_HEAD, *map(_row, records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _row(record: Record) -> tuple[str, ...]:
    return (
        f"{record.step:,}",
        "" if record.epoch is None else str(record.epoch),
        "" if record.loss is None else f"{record.loss:.4g}",
        f"{max(record.loss_over_mean):.3g}",
        f"{min(record.spread):.3g}",
        "" if record.dead is None else f"{record.dead:.0%}",
        "" if record.saturated is None else f"{record.saturated:.0%}",
    )
