"""Results on disk, as `benchmarks.lines` writes them, in the order of the programs' keys; and trained models."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from benchmarks import lines
from benchmarks.faults.rates import figures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.faults.program import Trained

_NAME = "programs"


def load(path: Path) -> list[dict[str, Any]]:
    """Read the records of a file of lines, or of results; none if there is no file."""
    return lines.read(path, _NAME)


def save(path: Path, records: list[dict[str, Any]], environment: dict[str, Any]) -> None:
    """Write a whole run: what it was run with, its figures, every program on a line."""
    ordered = sorted(records, key=lambda record: str(record["key"]))
    lines.write(path, {"environment": environment, "figures": figures(records)}, _NAME, ordered)


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
