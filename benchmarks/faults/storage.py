"""Results on disk: a line for each program as it ends, and one JSON file of a whole run with its figures."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

from benchmarks.faults.rates import figures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.faults.program import Trained


def lines_of(output: Path) -> Path:
    """Name the file of lines that belongs to a file of results."""
    return output.with_suffix(".jsonl")


def append(path: Path, record: dict[str, Any]) -> None:
    """Add a line; short ones of several processes do not mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")


def load(path: Path) -> list[dict[str, Any]]:
    """Read the records of a file of lines, or of results; none if there is no file."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    records: list[dict[str, Any]] = json.loads(text)["programs"]
    return records


def save(path: Path, records: list[dict[str, Any]], environment: dict[str, Any]) -> None:
    """Write a whole run: what it was run with, its figures, every program on a line."""
    head = json.dumps({"environment": environment, "figures": figures(records)}, indent=1, ensure_ascii=False)
    ordered = sorted(records, key=lambda record: str(record["key"]))
    lines = ",\n".join(json.dumps(record, ensure_ascii=False, allow_nan=False) for record in ordered)
    draft = path.with_suffix(".json.part")
    draft.write_text(f'{head[:-2]},\n "programs": [\n{lines}\n]}}\n', encoding="utf-8")
    draft.replace(path)


def kept(folder: Path | None, key: str, train: Callable[[], Trained]) -> Trained:
    """Train a model, or take the one that an earlier run kept in a folder of one's own.

    Parameters
    ----------
    folder : Path or None
        Where models are kept; None keeps none.
    key : str
        The program's name.
    train : callable
        Trains it.

    Returns
    -------
    Trained
        The model.
    """
    if folder is None:
        return train()
    path = folder / (key.replace("/", "_").replace(" ", "-") + ".pickle")
    if path.exists():
        with path.open("rb") as file:
            trained: Trained = pickle.load(file)  # noqa: S301 - written here, by the same user
            return trained
    trained = train()
    folder.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        pickle.dump(trained, file)
    draft.replace(path)
    return trained
