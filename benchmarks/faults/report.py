"""Figures as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.faults.rates import (
    Share,
    counted,
    figures,
    is_detected,
    is_false_alarm,
    is_named,
)

from unflat.diagnosis import CAUSE_IDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.faults.rates import Record

_COLUMNS = ("detected", "first", "first three")


def report(records: Iterable[Record]) -> str:
    """Write the tables of a run.

    Parameters
    ----------
    records : iterable of mapping
        As `running.run` gives them.

    Returns
    -------
    str
        Markdown.
    """
    records = list(records)
    found, sorts = figures(records), counted(records)
    return "\n".join(
        [
            *_overall(found),
            "",
            *_table("lost of R²", found["by loss"], tuple(found["by loss"])),
            "",
            *_table("cause", found["by cause"], CAUSE_IDS),
            "",
            *_table("framework", found["by framework"], tuple(found["by framework"])),
            "",
            *_alarms(found),
            "",
            "Misses, all of them:",
            "",
            *_misses(sorts["mutants"]),
            "",
            "False alarms, all of them:",
            "",
            *_false([*sorts["healthy"], *sorts["controls"]]),
            "",
            "Without effect, by cause: " + _tally(sorts["without effect"], "cause") + ".",
            "Unsound programs: "
            + (", ".join(r["key"] for r in sorts["unsound"] if r["kind"] != "mutant") or "none")
            + ".",
            "Refused by their framework: " + _tally(sorts["refused"], "cause") + ".",
        ]
    )


def _overall(found: dict[str, Any]) -> Iterator[str]:
    counts = found["counts"]
    kinds = ("overall", "equivalent cures counted", "surely lowered")
    yield "| figure | mutants with an effect | equivalent cures counted | with an effect beyond its error |"
    yield "|---|---|---|---|"
    for name in _COLUMNS:
        yield f"| {name} | " + " | ".join(str(Share(**found[kind][name])) for kind in kinds) + " |"
    yield ""
    yield f"False alarms: {Share(**found['false alarms'])}, in {counts['healthy']} healthy programs and "
    yield f"{counts['controls']} controls."


def _table(title: str, groups: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    yield f"| {title} | mutants | detected | first | first three |"
    yield "|---|---|---|---|---|"
    for name in names:
        if name in groups:
            shares = [Share(**groups[name][column]) for column in _COLUMNS]
            yield f"| {name} | {shares[0].of} | " + " | ".join(str(share.some) for share in shares) + " |"
        else:
            yield f"| {name} | 0 | | | |"


def _alarms(found: dict[str, Any]) -> Iterator[str]:
    yield "| programs with nothing wrong | false alarms |"
    yield "|---|---|"
    yield f"| healthy twins, and further seeds | {Share(**found['false alarms, healthy'])} |"
    for name, alarms in found["false alarms, controls"].items():
        yield f"| {name} | {Share(**alarms)} |"


def _misses(mutants: list[Record]) -> Iterator[str]:
    yield "| injected | how | program | lost | skill | verdict | said | raw |"
    yield "|---|---|---|---|---|---|---|---|"
    for mutant in mutants:
        if not (is_detected(mutant) and is_named(mutant, 1)):
            raw = "yes" if mutant["raw"] else ""
            where = f"{mutant['cause']} | {mutant['variant']} | {_place(mutant)}"
            yield f"| {where} | {_lost(mutant)} | {_said(mutant)} | {raw} |"


def _false(healthy: list[Record]) -> Iterator[str]:
    yield "| program | skill | verdict | said |"
    yield "|---|---|---|---|"
    for record in healthy:
        if is_false_alarm(record):
            yield f"| {record['key']} | {_said(record)} |"


def _place(record: Record) -> str:
    return f"{record['framework']}, {record['set']}, {record['style']}"


def _lost(mutant: Record) -> str:
    return f"{mutant['lost']:.2f} ± {mutant['lost_error']:.2f}" if "lost" in mutant else ""


def _said(record: Record) -> str:
    skill = "" if record["skill"] is None else f"{record['skill']:.3f}"
    if "error" in record:
        return f"{skill} | error | {record['error']}"
    causes = ", ".join(f"{cause} {confidence:.2f}" for cause, confidence in record["causes"])
    return f"{skill} | {record['verdict']} | {causes}"


def _tally(records: list[Record], field: str) -> str:
    counts: dict[str, int] = {}
    for record in records:
        counts[record[field]] = counts.get(record[field], 0) + 1
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
