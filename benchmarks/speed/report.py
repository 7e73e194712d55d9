"""The tables of what is stored, as Markdown, and their place in README.md."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from benchmarks.speed import plan, summary
from benchmarks.speed.plan import BARE, FLOOR, OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from benchmarks.speed.summary import Records

    Cells = Callable[[str], Sequence[str]]

BEGIN, END = "<!-- results: made by --report -->", "<!-- end of results -->"
MEBIBYTE = 2**20


def report(run: dict[str, Any]) -> str:
    """Write all tables.

    Parameters
    ----------
    run : dict
        What is stored: `environment`, the records as `runs`, and of rows that were measured anew, theirs as `anew`.

    Returns
    -------
    str
        Markdown.
    """
    records = summary.Records(run["runs"])
    tables = {"recipe": _recipe, "predictions": _predictions, "start": _start, "step": _step, "growth": _growth}
    parts = [_about(run["environment"]), *_anew(run.get("anew", {})), _limits(summary.limits(records))]
    for row in records.rows():
        write = tables.get(row, _windows)
        parts.append(write(records, row))
    return "\n\n".join(parts)


def placed(page: str, tables: str) -> str:
    """Put the tables where a page has room for them."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def update(page: Path, run: dict[str, Any]) -> None:
    """Write the tables into a page."""
    page.write_text(placed(page.read_text(encoding="utf-8"), report(run)), encoding="utf-8")


def _about(environment: dict[str, Any]) -> str:
    peers = ", ".join(f"{name} {number}" for name, number in environment["peers"].items())
    load = ", ".join(f"{value:.2f}" for value in environment["load before"])
    return (
        f"{environment['processor']}, {environment['cores']} processors, Python {environment['python']}, "
        f"torch {environment['torch']}; peers: {peers or 'left out'}. Load before: {load}. "
        f"unflat {environment['unflat']}, commit {environment['commit']}: `{environment['command']}`."
    )


def _anew(environments: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Say of rows that were measured in a run of their own, each with all its contenders, where it differed."""
    for row, environment in environments.items():
        load = ", ".join(f"{value:.2f}" for value in environment["load before"])
        words = f"Measured anew: {row}, at commit {environment['commit']}, load before {load}"
        yield f"{words}: `{environment['command']}`."


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join([*row, *[""] * (len(head) - len(row))]) + " |" for row in rows)


def _lines(records: Records, row: str, cells: Cells, without: Sequence[str] = ()) -> list[list[str]]:
    """Write a line for each contender, or why it has no figures."""
    lines = []
    for name in records.contenders(row):
        if name not in without:
            error = records.error(row, name)
            lines.append([name, *([error] if error else cells(name))])
    return lines


def _number(value: float, unit: str = "") -> str:
    """Write a number with three digits; a dash if there is none."""
    if math.isnan(value):
        return "—"
    digits = 0 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 5)}f}{unit}"


def _limits(limits: Sequence[summary.Limit]) -> str:
    words = {True: "yes", False: "**no**", None: "not measured"}
    lines = [
        (
            limit.what,
            _number(limit.value),
            f"{'≥' if limit.least else '≤'} {limit.must:g}",
            "" if limit.wanted is None else f"{limit.wanted:g}",
            words[limit.met],
        )
        for limit in limits
    ]
    return _table(("figure", "measured", "must be", "wanted", "met"), lines)


def _megabytes(records: Records, row: str, name: str) -> str:
    return _number(records.median(row, name, lambda record: record["peak"] / MEBIBYTE))


def _recipe(records: Records, row: str) -> str:
    floor = summary.floor_of_an_epoch

    def cells(name: str) -> list[str]:
        return [
            _number(records.median(row, name, summary.seconds)),
            _number(records.ratio(row, name, OURS, summary.seconds)),
            _number(records.median(row, name, lambda record: record["MAE"])),
            _number(records.median(row, name, lambda record: record["MAE beyond"])),
            _number(records.median(row, name, lambda record: 1000 * record["epoch"])),
            _number(records.ratio(row, name, summary.RECIPE, summary.epoch)),
            _number(records.ratio(row, name, FLOOR, summary.epoch, floor)),
            _megabytes(records, row, name),
        ]

    head = (
        "the document's experiment", "whole process, s", f"÷ {OURS}", "MAE", "MAE beyond", "an epoch, ms",
        f"÷ {OURS}'s", "÷ floor", "peak, MiB",
    )  # fmt: skip
    gigaflops = records.median(row, FLOOR, lambda record: record["gigaflops"])
    below = (
        f"The floor of an epoch: {_number(1000 * records.median(row, FLOOR, floor))} ms, {_number(gigaflops)} GFLOP/s."
    )
    return _table(head, _lines(records, row, cells, [FLOOR])) + "\n\n" + below


def _predictions(records: Records, row: str) -> str:
    def cells(name: str) -> list[str]:
        return [
            _number(1e6 * records.median(row, name, summary.one)),
            _number(1e6 * records.median(row, name, lambda record: record["one"]["p95"])),
            _number(records.ratio(row, name, summary.EXPORTED, summary.one)),
            _number(1e3 * records.median(row, name, summary.many)),
            _number(records.ratio(row, name, summary.EXPORTED, summary.many)),
            _megabytes(records, row, name),
        ]

    head = (
        "predictions", "one sequence, µs", "p95, µs", "÷ exported", "10,000 of 16 steps, ms", "÷ exported", "peak, MiB",
    )  # fmt: skip
    return _table(head, _lines(records, row, cells))


def _start(records: Records, row: str) -> str:
    def cells(name: str) -> list[str]:
        return [
            _number(1e3 * records.median(row, name, summary.seconds)),
            _number(records.ratio(row, name, BARE, summary.seconds)),
            _megabytes(records, row, name),
        ]

    return _table(("start", "whole process, ms", f"÷ {BARE}", "peak, MiB"), _lines(records, row, cells))


def _step(records: Records, row: str) -> str:
    def cells(name: str) -> list[str]:
        names = ("layers / floor", "network / floor", "loop / floor", "loop / network")
        return [_number(records.median(row, name, lambda record, part=part: record[part])) for part in names]

    head = ("a step of training", "layers ÷ floor", "network ÷ floor", "loop ÷ floor", "loop ÷ network")
    return _table(head, _lines(records, row, cells))


def _windows(records: Records, row: str) -> str:
    weights = [plan.alone(name) for name in records.contenders(row)]

    def cells(name: str) -> list[str]:
        return [
            _number(records.median(row, name, lambda record: record["seconds to cut"])),
            _number(records.median(row, name, lambda record: record["seconds of the epoch"])),
            _number(records.ratio(row, name, OURS, lambda record: record["seconds of the epoch"])),
            _number(summary.peak_in_tables(records, row, name)),
        ]

    head = (row, "to cut, s", "an epoch drawn, s", f"÷ {OURS}", "peak beyond libraries, tables")
    return _table(head, _lines(records, row, cells, weights))


def _growth(records: Records, row: str) -> str:
    found = summary.exponents(records)

    def cells(name: str) -> list[str]:
        sizes, times = summary.growths(records)[name]
        upper = len(sizes) // 2
        return [
            f"{sizes[0]:,} to {sizes[-1]:,}",
            _number(1e3 * times[0]),
            _number(1e3 * times[-1]),
            f"{found[name]:.2f} (from {sizes[upper]:,} on)",
        ]

    head = ("an epoch along", "sizes", "the smallest, ms", "the largest, ms", "exponent")
    pictures = [
        f"![Seconds of an epoch over {along}, both logarithmic; the fitted exponent is {power:.2f}]"
        f"(results/growth-{along}.png)"
        for along, power in found.items()
    ]
    return "\n\n".join([_table(head, _lines(records, row, cells)), *pictures])
