"""From records to figures: what counts, what was detected, what was named, and what was a false alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

Record = Mapping[str, Any]

LOWERED = 0.1
"""R² that a mutant must lose to count as one with an effect; or more than half of its twin's."""

WRONG = ("flat", "failing", "diverged", "copies_last")
"""Verdicts that say that something is wrong."""

NOTHING_TO_LEARN = ("no_signal", "constant_target")
"""Causes with which there is nothing to learn, so that the verdict "no_signal" is right, too."""

SURELY = 2.0
"""Standard errors that this loss must be, for a mutant to count as one that surely lost it."""

EQUIVALENT: Mapping[str, tuple[str, ...]] = {"target_scaled_by_other_column": ("target_scale",)}
"""Causes whose cure, done to the mutant, makes its healthy twin of it, as the injected cause's does; counted apart."""


class Share(NamedTuple):
    """So many of so many."""

    some: int
    of: int

    @property
    def rate(self) -> float:
        """The share; nan of none."""
        return self.some / self.of if self.of else float("nan")

    def __str__(self) -> str:
        return f"{100 * self.rate:.1f} % ({self.some}/{self.of})" if self.of else "-"


def share(records: Iterable[Record], holds: Any) -> Share:  # noqa: ANN401 - a test of a record
    """Count for how many a test holds."""
    found = [bool(holds(record)) for record in records]
    return Share(sum(found), len(found))


def counted(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Sort records into what counts and what does not.

    Parameters
    ----------
    records : iterable of mapping
        Of one run.

    Returns
    -------
    dict of str to list
        "mutants" with an effect, "healthy" programs and "controls" that are sound; and what does not count: "without
        effect", "unsound" programs with the mutants made of them, "refused" by their framework.
    """
    by_key = {record["key"]: record for record in records}
    names = ("mutants", "healthy", "controls", "without effect", "unsound", "refused")
    found: dict[str, list[Record]] = {name: [] for name in names}
    for record in by_key.values():
        found[_kind(record, by_key)].append(record)
    return found


def _kind(record: Record, by_key: Mapping[str, Record]) -> str:
    if "refused" in record:
        return "refused"
    if record["kind"] == "control":
        return "controls" if record["sound"] is None or is_sound(record) else "unsound"
    if record["kind"] == "healthy":
        return "healthy" if is_sound(record) else "unsound"
    twin = by_key.get(record["twin"])
    if twin is None or not is_sound(twin):
        return "unsound"
    return "mutants" if has_effect(record, twin) else "without effect"


def is_sound(record: Record) -> bool:
    """Whether a healthy program reaches what was asked of it beforehand."""
    return "refused" not in record and record["skill"] is not None and record["skill"] >= record["sound"]


def has_effect(mutant: Record, twin: Record) -> bool:
    """Whether a fault really lowered skill on held-out data."""
    if mutant["skill"] is None:
        return True
    lost = float(twin["skill"] - mutant["skill"])
    return lost >= LOWERED or mutant["skill"] < twin["skill"] / 2


def is_sure(mutant: Record) -> bool:
    """Whether what a mutant lost is beyond what other held-out sequences would make of it.

    Where nothing says how large that error is, as in runs that did not store it, it is not known, and counts.
    """
    error = mutant.get("lost_error")
    return error is None or mutant["lost"] > SURELY * error


def with_losses(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Put beside each mutant what it lost against its twin, and the standard error of that; leave single errors out.

    Errors for the same held-out sequences are compared one by one.
    """
    records = list(records)
    by_key = {record["key"]: record for record in records}
    return [
        {name: value for name, value in record.items() if name not in {"errors", "asked"}}
        | _loss(record, by_key.get(record["twin"]))
        for record in records
    ]


def _loss(mutant: Record, twin: Record | None) -> dict[str, float]:
    if twin is None or mutant.get("errors") is None or twin.get("errors") is None:
        return {}
    own, healthy = np.array(mutant["errors"]), np.array(twin["errors"])
    if mutant["asked"] == twin["asked"] and len(own) == len(healthy):
        error = (own - healthy).std(ddof=1) / np.sqrt(len(own))
    else:
        error = np.hypot(own.std(ddof=1) / np.sqrt(len(own)), healthy.std(ddof=1) / np.sqrt(len(healthy)))
    lost = float(own.mean() - healthy.mean())
    return {"lost": float(f"{lost:.5g}"), "lost_error": float(f"{error:.5g}")}


def is_detected(mutant: Record) -> bool:
    """Whether the verdict says that something is wrong."""
    right = (*WRONG, "no_signal") if mutant["cause"] in NOTHING_TO_LEARN else WRONG
    return mutant.get("verdict") in right


def is_named(mutant: Record, first: int, equivalent: Mapping[str, tuple[str, ...]] | None = None) -> bool:
    """Whether the injected cause, or an equivalent one, is among the first, and the fault was detected."""
    causes = [cause for cause, _ in mutant.get("causes", ())][:first]
    accepted = {mutant["cause"], *(equivalent or {}).get(mutant["cause"], ())}
    return is_detected(mutant) and bool(accepted.intersection(causes))


def is_false_alarm(healthy: Record) -> bool:
    """Whether something is said against a program with nothing wrong.

    A control may have no signal: then that verdict is right, and so is the cause of that name. A healthy program of
    which a skill was asked has one.
    """
    if "error" in healthy:
        return True
    quiet = ("healthy", "no_signal") if healthy["kind"] == "control" else ("healthy",)
    blamed = [cause for cause, _ in healthy["causes"] if cause != "no_signal"]
    return healthy["verdict"] not in quiet or bool(blamed)


LOSSES = {"below 0.2": 0.2, "0.2 to 0.4": 0.4, "0.4 and more": float("inf")}
"""How much R² was lost, by the bound that it stays below."""


def by_loss(mutants: Iterable[Record], twins: Mapping[str, Record]) -> dict[str, list[Record]]:
    """Sort mutants by how much of R² they lost; all of it where theirs is no number."""
    found: dict[str, list[Record]] = {name: [] for name in LOSSES}
    for mutant in mutants:
        lost = float("inf") if mutant["skill"] is None else twins[mutant["twin"]]["skill"] - mutant["skill"]
        found[next((name for name, bound in LOSSES.items() if lost < bound), "0.4 and more")].append(mutant)
    return found


def figures(records: Iterable[Record]) -> dict[str, Any]:
    """Compute every figure of a run, as plain JSON values."""
    records = list(records)
    sorts = counted(records)
    mutants, healthy = sorts["mutants"], [*sorts["healthy"], *sorts["controls"]]
    return {
        "counts": {name: len(members) for name, members in sorts.items()},
        "overall": rates(mutants),
        "equivalent cures counted": rates(mutants, EQUIVALENT),
        "surely lowered": rates([mutant for mutant in mutants if is_sure(mutant)]),
        "by loss": {
            name: rates(members)
            for name, members in by_loss(mutants, {record["key"]: record for record in records}).items()
        },
        "by cause": _grouped(mutants, "cause"),
        "by framework": _grouped(mutants, "framework"),
        "false alarms": share(healthy, is_false_alarm)._asdict(),
        "false alarms, healthy": share(sorts["healthy"], is_false_alarm)._asdict(),
        "false alarms, controls": {
            name: share(members, is_false_alarm)._asdict()
            for name, members in groups(sorts["controls"], "variant").items()
        },
    }


def rates(mutants: list[Record], equivalent: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, Any]:
    """Compute detection, and how often the cause or an equivalent one is named, of some mutants."""
    return {
        "detected": share(mutants, is_detected)._asdict(),
        "first": share(mutants, lambda mutant: is_named(mutant, 1, equivalent))._asdict(),
        "first three": share(mutants, lambda mutant: is_named(mutant, 3, equivalent))._asdict(),
    }


def groups(records: Iterable[Record], field: str) -> dict[str, list[Record]]:
    """Put records together that have the same value of a field."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record[field], []).append(record)
    return found


def _grouped(mutants: list[Record], field: str) -> dict[str, Any]:
    return {name: rates(members) for name, members in sorted(groups(mutants, field).items())}
