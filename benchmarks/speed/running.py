"""The run: row by row, round by round, contenders in turn."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.speed import child, plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.speed.child import Contender

    Record = dict[str, Any]

LEFT_OUT = "left out: the peers' environment is not there"


def order_of(contenders: Sequence[Contender], turn: int) -> list[Contender]:
    """Turn the order, so that each goes first, and after each other, about as often as any."""
    first = turn % len(contenders)
    return [*contenders[first:], *contenders[:first]]


def measure(sizes: plan.Sizes, peers: Path | None, only: Sequence[str]) -> list[Record]:
    """Measure rows.

    Parameters
    ----------
    sizes : Sizes
        How much.
    peers : Path or None
        The Python of the peers.
    only : sequence of str
        Beginnings of the names of rows; all rows if there are none.

    Returns
    -------
    list of dict
        A record of each contender's turn: `row`, `contender`, `round` and what was measured, or `error`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [row for key, row in plan.rows_of(sizes, peers, folder).items() if not only or key.startswith((*only,))]
        if any(row.name == "predictions" for row in rows):
            failed = child.run(plan.export(folder), folder, sizes.limit).get("error")
            if failed:
                print(f"The models to predict with could not be written: {failed}", file=sys.stderr)
        return [record for row in rows for record in _row(row, folder, sizes.limit)]


def _row(row: plan.Row, folder: Path, limit: float) -> list[Record]:
    records = []
    for turn in range(row.rounds):
        for contender in order_of(row.contenders, turn):
            measured = child.run(contender, folder, limit) if contender.command else {"error": LEFT_OUT}
            records.append({"row": row.name, "contender": contender.name, "round": turn, **measured})
            _tell(records[-1])
    return records


def _tell(record: Record) -> None:
    what = f"{record['seconds']:8.2f} s" if "seconds" in record else record["error"]
    print(f"{record['row']:28} {record['round']}  {record['contender']:45} {what}", file=sys.stderr, flush=True)
