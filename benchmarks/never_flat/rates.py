"""From records to figures: what counts, what failed, and how far the defaults are from what others reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis.measured.standing import FLAT_SHARE, NO_BETTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Record = Mapping[str, Any]
    Output = Mapping[str, Any]

FAULTS = ("diverged", "flat", "without skill")
"""What may be wrong with an output of which spread and skill are asked, the worst first."""

WRONG = ("diverged", "flat", "failing", "copies_last")
"""Verdicts of an output that say that something is wrong, the worst first."""

DEFAULT = "the default"
"""The name of what is judged, among those who predict."""

SURELY = 2.0
"""Standard errors by which another learner's R² on the sequences judged must lie above 0."""

FAR = (0.0, 0.05, 0.1, 0.25)
"""Distances in R² behind the best reference that are counted."""

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Of the distances, told."""


def others(output: Output) -> tuple[str, float, float]:
    """Give who of the other learners explains most of an output on the sequences judged, how much, and its error."""
    known = [(name, *found) for name, found in output["reached"].items() if name != DEFAULT and found[0] is not None]
    return max(known, key=lambda learner: learner[1], default=("", -np.inf, np.inf))


def r2(output: Output) -> float | None:
    """Give what the default explains of an output; None where it is no number."""
    found: float | None = output["reached"][DEFAULT][0]
    return found


def is_asked(output: Output) -> bool:
    """Whether spread and skill are asked of an output.

    They are where another learner finds more in the sequences to fit on than chance would give, and has skill on those
    to be judged, beyond its error.
    """
    _, reached, error = others(output)
    return output["signal"] and reached > max(NO_BETTER, SURELY * error)


def is_asked_literally(output: Output) -> bool:
    """Whether any other learner has skill on the sequences to be judged, beyond its error, whatever it found before.

    Of several learners the best after the fact is one by chance more often than an error of two allows for.
    """
    known = [found for name, found in output["reached"].items() if name != DEFAULT and None not in found]
    return any(reached > SURELY * error for reached, error in known)


def fault(output: Output) -> str:
    """Say what is wrong with an output of which spread and skill are asked; nothing where it has both.

    It is flat if its spread is below a quarter of √R² of the best other learner, the spread of a fit as good as that.
    """
    explained = r2(output)
    if explained is None:
        return "diverged"
    if (output["spread"] or 0.0) < FLAT_SHARE * np.sqrt(others(output)[1]):
        return "flat"
    return "" if explained > 0 else "without skill"


def kind(record: Record) -> str:
    """Sort a record.

    Parameters
    ----------
    record : mapping
        As `running.run` gives it.

    Returns
    -------
    str
        "error"; with a signal "sound" or the fault of its worst output; without, "quiet" or "wrong without signal",
        as the diagnosis has it.
    """
    if "error" in record:
        return "error"
    asked = [output for output in record["outputs"] if is_asked(output)]
    if not asked:
        wrong = any(output["verdict"] in WRONG for output in record["outputs"])
        return "wrong without signal" if wrong else "quiet"
    found = [fault(output) for output in asked]
    return next((name for name in FAULTS if name in found), "sound")


def literal_kind(record: Record) -> str:
    """Sort a record as `kind` does, by the outputs that `is_asked_literally` names; "quiet" where there are none."""
    if "error" in record:
        return "error"
    found = [fault(output) for output in record["outputs"] if is_asked_literally(output)]
    return next((name for name in FAULTS if name in found), "sound" if found else "quiet")


def literal(records: Sequence[Record]) -> dict[str, Any]:
    """Count failures where any skill of another learner counts as a signal, as plain JSON values."""
    asked = [record for record in records if literal_kind(record) in {"sound", *FAULTS}]
    return {
        "with signal": len(asked),
        "without a signal by design": sum(record["problem"]["signal"] == 0 for record in asked),
        "failures": sum(literal_kind(record) in {"error", *FAULTS} for record in records),
        "added": {str(record["number"]): literal_kind(record) for record in records if is_added(record)},
    }


def has_signal(record: Record) -> bool:
    """Whether spread and skill are asked of any output."""
    return kind(record) in {"sound", *FAULTS}


def is_failure(record: Record) -> bool:
    """Whether a default fit failed: an error, or an output of which it was asked lacks spread or skill."""
    return kind(record) in {"error", *FAULTS}


def is_added(record: Record) -> bool:
    """Whether a fit failed by the literal count alone."""
    return literal_kind(record) in FAULTS and not is_failure(record)


def is_far_behind(record: Record) -> bool:
    """Whether a fit that has spread and skill is called wrong by the diagnosis: others explain far more."""
    return kind(record) == "sound" and any(
        is_asked(output) and output["verdict"] in WRONG for output in record["outputs"]
    )


def distances(records: Iterable[Record]) -> np.ndarray:
    """Give how far each output, of those asked, is behind the best reference, in R²; negative where it leads."""
    asked = (output for record in records for output in record.get("outputs", ()) if is_asked(output))
    explained = ((others(output)[1], r2(output)) for output in asked)
    return np.array([best - (-np.inf if own is None else own) for best, own in explained])


def figures(records: Iterable[Record]) -> dict[str, Any]:
    """Compute every figure of a run, as plain JSON values."""
    records = list(records)
    behind = distances(records)
    known = behind[np.isfinite(behind)]
    quiet = [record for record in records if not has_signal(record) and "error" not in record]
    return {
        "problems": len(records),
        "with signal": sum(map(has_signal, records)),
        "failures": sorted(record["number"] for record in records if is_failure(record)),
        "kinds": _counts(kind(record) for record in records),
        "literally": literal(records),
        "far behind": sorted(record["number"] for record in records if is_far_behind(record)),
        "outputs asked": len(behind),
        "behind the best reference": {str(far): int((behind > far).sum()) for far in FAR},
        "distance": {f"{q:g}": round(float(np.quantile(known, q)), 4) for q in QUANTILES} if len(known) else {},
        "without signal": {
            "by design": sum(record["problem"]["signal"] == 0 for record in quiet),
            "not found by references": sum(record["problem"]["signal"] > 0 for record in quiet),
            "of these, found by the default": sum(
                record["problem"]["signal"] > 0 and record["verdict"] == "healthy" for record in quiet
            ),
            "wrong": sorted(record["number"] for record in quiet if kind(record) == "wrong without signal"),
        },
        "linear": sum(bool(record.get("linear")) for record in records),
        "seconds": _seconds(records),
    }


def grouped(records: Iterable[Record], trait: Callable[[Record], str]) -> Iterator[tuple[str, int, int, float]]:
    """Give for each value of a trait: problems with a signal, failures, and the median distance."""
    sorted_by: dict[str, list[Record]] = {}
    for record in records:
        sorted_by.setdefault(trait(record), []).append(record)
    for name, members in sorted(sorted_by.items()):
        behind = distances(members)
        median = float(np.median(behind)) if len(behind) else float("nan")
        yield name, sum(map(has_signal, members)), sum(map(is_failure, members)), median


def _counts(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _seconds(records: list[Record]) -> dict[str, float]:
    seconds = [record["fit_seconds"] for record in records if "fit_seconds" in record]
    if not seconds:
        return {}
    return {"median fit": round(float(np.median(seconds)), 1), "longest fit": max(seconds), "all": round(sum(seconds))}
