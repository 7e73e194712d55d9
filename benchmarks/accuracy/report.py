"""Tables of results: the package beside references and published figures, best first."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.accuracy.skill import skill

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OURS = "unflat"


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Parameters
    ----------
    name : str
        Of the method.
    kind : str
        Where its figures come from.
    scores : mapping of str to list of float
        Its scores, one for each seed.
    seconds : list of float
        To fit, one for each seed; none for figures of others.
    """

    name: str
    kind: str
    scores: Mapping[str, Sequence[float]]
    seconds: Sequence[float] = ()

    def text(self, column: str) -> str:
        """Write a score; a figure of others as they gave it."""
        values = self.scores.get(column, ())
        return spread(values) if self.seconds else "".join(f"{value:.6g}" for value in values)


def table(name: str, result: dict[str, Any], two_cores: dict[str, Any] | None = None) -> str:
    """Write a task's result as Markdown.

    Parameters
    ----------
    name : str
        The task's name.
    result : dict
        What was stored of it.
    two_cores : dict or None
        What was stored of it on two threads: its time stands beside the other.

    Returns
    -------
    str
        A heading, the protocol, the table, and what there is to note.
    """
    columns = list(result["unflat"][0]["scores"])
    rows = sorted(rows_of(result), key=lambda row: _place(row, columns))
    lines = [f"### {name}", "", result["protocol"], ""]
    lines += _line(["method", *columns, "s per seed", "from"])
    lines += _line(["---", *["---:"] * (len(columns) + 1), "---"])
    for row in rows:
        cells = [row.text(column) for column in columns]
        seconds = spread(row.seconds, digits=2)
        if two_cores is not None and row.name == OURS:
            seconds += _on_two(two_cores)
        cells = [row.name, *cells, seconds, row.kind]
        lines += _line([f"**{cell}**" if row.name == OURS and cell else cell for cell in cells])
    return "\n".join([*lines, "", *notes(result), ""])


def _on_two(result: dict[str, Any]) -> str:
    """Write the time of a fit on so many threads as were used; nothing of a quick run."""
    if result.get("quick"):
        return ""
    seconds = spread([fit["fit_seconds"] for fit in result["unflat"]], digits=2)
    return f"; {seconds} on {result['environment']['threads']} threads"


def rows_of(result: dict[str, Any]) -> list[Row]:
    """Collect the lines of a task's table."""
    fits = result["unflat"]
    quick = ", QUICK RUN: says nothing about accuracy" if result.get("quick") else ""
    defaults = "defaults" if result.get("members", 1) == 1 else f"{result['members']} networks, else defaults"
    rows = [Row(OURS, f"{defaults}, {_seeds(len(fits))}{quick}", _columns(fits), [fit["fit_seconds"] for fit in fits])]
    for name, runs in result["references"].items():
        rows.append(Row(name, f"reference, {_seeds(len(runs))}", _columns(runs), [run["seconds"] for run in runs]))
    for figure in result["published"]:
        values = {column: [value] for column, value in figure["values"].items()}
        rows.append(Row(figure["method"], f"published: {figure['source']}", values))
    return rows


def notes(result: dict[str, Any]) -> list[str]:
    """Say what does not fit into the table: what does not apply, warnings, epochs, the machine."""
    lines = [f"- {name}: does not apply, {reason}." for name, reason in result["not applicable"].items()]
    for kind, count in sorted(_warnings(result["unflat"]).items()):
        lines.append(f"- {kind} in {count} of {len(result['unflat'])} fits.")
    if stands := skill(result):
        lines.append(
            f"- Skill by {stands.measure} against the best simple reference, {stands.best}: {stands.value:.4f}."
        )
    measured = [fit["intervals"] for fit in result["unflat"] if fit.get("intervals")]
    if measured:
        told = ", ".join(f"{name} {spread([one[name] for one in measured])}" for name in measured[0])
        lines.append(f"- Intervals for 0.9: {told}; widths and scores in standard deviations of the target.")
    if linear := sum(fit.get("linear", False) for fit in result["unflat"]):
        lines.append(f"- The linear part alone in {linear} of {len(result['unflat'])} fits.")
    epochs, best = (_range([fit[name] for fit in result["unflat"]]) for name in ("epochs", "best_epoch"))
    made = result["environment"]
    sizes = result["sizes"]
    lines.append(
        f"- {sizes['train']} training sequences of {sizes['steps']} steps x {sizes['features']}; {epochs} epochs, best "
        f"{best}; unflat {made['unflat']} at {made['commit']}, torch {made['torch']}, {made['processor']} "
        f"({made['threads']} threads), device {made['device']}, {made['time']}."
    )
    if again := result.get("references environment"):
        lines.append(f"- References at {again['commit']}, {again['time']}.")
    return lines


def spread(values: Sequence[float], digits: int = 4) -> str:
    """Write mean and standard deviation over seeds; the value alone if there is one; nothing if there is none."""
    if len(values) == 0:
        return ""
    mean = _number(statistics.fmean(values), digits)
    return mean if len(values) == 1 else f"{mean} ± {_number(statistics.stdev(values), 2)}"


def _number(value: float, digits: int) -> str:
    """Write with so many significant digits, without an exponent where that is readable."""
    if value == 0 or not math.isfinite(value) or not 1e-4 <= abs(value) < 1e7:  # noqa: PLR2004 - readable sizes
        return f"{value:.{digits}g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def _place(row: Row, columns: Sequence[str]) -> tuple[int, float]:
    """Rank by the first score that the row has, rows without the first column after all that have it."""
    for place, column in enumerate(columns):
        if row.scores.get(column):
            return place, statistics.fmean(row.scores[column])
    return len(columns), 0.0


def _columns(runs: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    return {column: [run["scores"][column] for run in runs] for column in runs[0]["scores"]}


def _warnings(fits: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for fit in fits:
        for kind in {text.partition(":")[0] for text in fit["warnings"]}:
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def _line(cells: Sequence[str]) -> list[str]:
    return ["| " + " | ".join(cells) + " |"]
