"""Figures as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.never_flat.problem import Problem
from benchmarks.never_flat.rates import (
    DEFAULT,
    FAULTS,
    fault,
    figures,
    grouped,
    is_added,
    is_asked,
    is_asked_literally,
    is_failure,
    is_far_behind,
    kind,
    literal_kind,
    others,
    r2,
)
from benchmarks.never_flat.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from benchmarks.never_flat.rates import Output, Record

_FEW, _MANY = 200, 2000
_SHORT, _LONG = 10, 100


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
    return "\n".join(
        [
            *_overall(figures(records)),
            "",
            "| problems | with a signal | failures | behind the best reference, median R² |",
            "|---|---|---|---|",
            *(line for trait in _TRAITS for line in _rows(records, trait)),
            "",
            "Failures, all of them:",
            "",
            *_failures([record for record in records if is_failure(record)]),
            "",
            "Added by the literal count, all of them:",
            "",
            *_failures([record for record in records if is_added(record)], literally=True),
            "",
            "With spread and skill, and far behind others, all of them:",
            "",
            *_failures([record for record in records if is_far_behind(record)]),
            "",
            "Wrong without a signal, all of them:",
            "",
            *_failures([record for record in records if kind(record) == "wrong without signal"]),
        ]
    )


def words(problem: Problem) -> str:
    """Tell in a line what a problem is."""
    parts = [
        f"{problem.task} ({problem.process})",
        f"n {problem.n}, T {problem.steps}, F {problem.features} ({problem.relevant} relevant)",
        f"{problem.outputs} outputs" * (problem.outputs > 1),
        f"signal {problem.signal:g}",
        "heavy noise" * (problem.noise == "heavy"),
        f"target {problem.shape}" * (problem.shape != "plain"),
        f"inputs {problem.tails}" * (problem.tails != "plain"),
        "offsets" * problem.offsets,
        f"lengths vary, {problem.ragged}" * bool(problem.ragged),
        f"{problem.missing:.0%} missing" * bool(problem.missing),
        f"{problem.groups} groups" * bool(problem.groups),
    ]
    return "; ".join(part for part in parts if part)


def _overall(found: dict[str, Any]) -> Iterator[str]:
    kinds, quiet = found["kinds"], found["without signal"]
    yield "| figure | reached |"
    yield "|---|---|"
    yield f"| problems | {found['problems']} |"
    yield f"| with a signal that another learner finds, and has skill with | {found['with signal']} |"
    yield f"| of these, failures | {sum(kinds.get(name, 0) for name in FAULTS)} |"
    for name in FAULTS:
        yield f"| — {name} | {kinds.get(name, 0)} |"
    yield f"| errors | {kinds.get('error', 0)} |"
    literal = found["literally"]
    yield f"| literally: any other learner has skill, whatever it found before | {literal['with signal']} |"
    yield f"| of these, without a signal by design | {literal['without a signal by design']} |"
    yield f"| of these, failures, errors included | {literal['failures']} |"
    yield f"| with spread and skill, and far behind others | {len(found['far behind'])} |"
    for far, count in found["behind the best reference"].items():
        yield f"| outputs more than {far} of R² behind the best reference | {count} of {found['outputs asked']} |"
    for quantile, distance in found["distance"].items():
        yield f"| distance to the best reference, quantile {quantile} | {distance} |"
    yield f"| without a signal, by design | {quiet['by design']} |"
    yield f"| with a signal that no other learner finds, or has skill with | {quiet['not found by references']} |"
    yield f"| of these, found by the default | {quiet['of these, found by the default']} |"
    yield f"| wrong without a signal | {len(quiet['wrong'])} |"
    yield f"| fitted models that are linear | {found['linear']} |"


def _rows(records: Sequence[Record], trait: Callable[[Record], str]) -> Iterator[str]:
    for name, asked, failures, median in grouped(records, trait):
        if name:
            yield f"| {name} | {asked} | {failures} | {median:.3f} |"


def _of(field: str, name: str) -> Callable[[Record], str]:
    return lambda record: f"{name}: {record['problem'][field]}"


def _band(field: str, name: str, low: int, high: int) -> Callable[[Record], str]:
    def band(record: Record) -> str:
        size = record["problem"][field]
        return f"{name} up to {low}" if size <= low else f"{name} over {high}" if size > high else f"{name} to {high}"

    return band


def _has(field: str, name: str, *, without: object) -> Callable[[Record], str]:
    return lambda record: "" if record["problem"][field] == without else name


_TRAITS: tuple[Callable[[Record], str], ...] = (
    lambda record: f"task: {TASKS[record['problem']['task']].kind}",
    _band("n", "n", _FEW, _MANY),
    _band("steps", "T", _SHORT, _LONG),
    _of("shape", "target"),
    _of("tails", "inputs"),
    _has("offsets", "with offsets", without=False),
    _has("noise", "with heavy noise", without="normal"),
    _has("ragged", "with lengths of their own", without=""),
    _has("missing", "with missing values", without=0),
    _has("groups", "with groups", without=0),
    _has("outputs", "with several outputs", without=1),
)


def _failures(records: Iterable[Record], *, literally: bool = False) -> Iterator[str]:
    yield "| number | problem | kind | spread | R² | best R² of others | whose | own held-out R² | best epoch |"
    yield "|---|---|---|---|---|---|---|---|---|"
    sort = literal_kind if literally else kind
    for record in records:
        head = f"| {record['number']} | {words(Problem(**record['problem']))} | {sort(record)}"
        rest = f"{record['error']} | | | | | |" if "error" in record else f"{_figures(record, literally=literally)} |"
        yield f"{head} | {rest}"


def _figures(record: Record, *, literally: bool) -> str:
    counts = is_asked_literally if literally else is_asked
    asked = [output for output in record["outputs"] if counts(output)] or record["outputs"]
    ranked = (*FAULTS, "")
    worst: Output = min(asked, key=lambda output: (ranked.index(fault(output)), r2(output) or 0.0))
    own = record["own_held_out"]
    held_out = "none" if own is None else ", ".join(map(_short, own["r2"])) + f" ({own['n']})"
    name, *_ = others(worst)
    figures = (_with_error(worst["reached"].get(learner)) for learner in (DEFAULT, name))
    epochs = f"{record['best_epoch']} of {record['epochs']}"
    return " | ".join([_short(worst["spread"]), *figures, name, held_out, epochs])


def _with_error(reached: Sequence[float | None] | None) -> str:
    value, error = reached or (None, None)
    return _short(value) if error is None else f"{_short(value)} ± {error:.2g}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
