"""What is measured, by whom: rows of the comparison, each with contenders that take turns."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.speed.child import Contender

HERE = Path(__file__).parent.resolve()
SCRIPTS = HERE / "contenders"
MEMORY = HERE.parent / "memory" / "windows.py"

OURS = "unflat"
BARE = "Python alone"
FLOOR = "floor"
FEW = 1000
"""Rows of a table that weighs nothing."""

KERAS = {"Keras on TensorFlow": "tensorflow", "Keras on JAX": "jax", "Keras on PyTorch": "torch"}
OF_TORCH = {"skorch": "with_skorch.py", "Lightning": "with_lightning.py", "PyTorch, a plain loop": "with_torch.py"}


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Parameters
    ----------
    rounds : int
        Turns of each contender, in each row; those of starts are a few more, for they are short.
    epochs : int
        Passes over the document's data.
    calls : int
        Predictions of one sequence.
    rows : tuple of int
        Rows of the tables that windows are cut from; the largest is measured once.
    growth_rounds : int
        Epochs of each size.
    growth_sizes : int or None
        How many sizes, the smallest; None for all.
    steps : int
        Steps of training of which each part is measured.
    limit : float
        Seconds that a contender may take.
    """

    rounds: int = 3
    epochs: int = 30
    calls: int = 500
    rows: tuple[int, ...] = (1_000_000, 10_000_000)
    growth_rounds: int = 3
    growth_sizes: int | None = None
    steps: int = 60
    limit: float = 400.0


QUICK = Sizes(rounds=1, epochs=2, calls=20, rows=(20_000,), growth_rounds=1, growth_sizes=4, steps=10, limit=300.0)


@dataclass(frozen=True)
class Row:
    """Contenders that measure the same, and how often.

    Parameters
    ----------
    name : str
        As records have it.
    contenders : tuple of Contender
        Who takes turns.
    rounds : int
        How many turns each has.
    """

    name: str
    contenders: tuple[Contender, ...]
    rounds: int


def rows_of(sizes: Sizes, peers: Path | None, folder: Path) -> dict[str, Row]:
    """List the rows.

    Parameters
    ----------
    sizes : Sizes
        How much is measured.
    peers : Path or None
        The Python of the peers; None leaves them out.
    folder : Path
        Where the exported models are.

    Returns
    -------
    dict of Row
        By name, in the order in which they are measured.
    """
    rows = [
        Row("start", _starts(peers), sizes.rounds + 1),
        Row("recipe", _recipes(sizes, peers), sizes.rounds),
        Row("predictions", _predictions(sizes, peers, folder), sizes.rounds),
        Row("step", (_ours("a step and its parts", HERE / "step.py", "--line", "--rounds", str(sizes.steps)),), 1),
        *(_windows(rows, peers, sizes.rounds) for rows in sizes.rows),
        Row("growth", _growth(sizes), 1),
    ]
    return {row.name: row for row in rows}


def export(folder: Path) -> Contender:
    """Write the models that the predictions read."""
    return _ours("export", SCRIPTS / "with_unflat.py", "export", "--folder", str(folder))


def _ours(name: str, script: Path, *arguments: str) -> Contender:
    # A path that is not the child's own folder would be read from another one.
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return Contender(
        name,
        (sys.executable, str(script), *arguments),
        {"PYTHONPATH": os.pathsep.join(str(Path(path).resolve()) for path in paths if path)},
    )


def _theirs(name: str, peers: Path | None, *command: str) -> Contender:
    # Without their environment the command cannot be run: it is empty, and shown as left out.
    environment = {"PYTHONPATH": None, "KERAS_BACKEND": KERAS.get(name), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return Contender(name, () if peers is None else (str(peers), *command), environment)


def _starts(peers: Path | None) -> tuple[Contender, ...]:
    ours = _ours("", Path("-c"))
    starts = [
        replace(ours, name=BARE, command=(sys.executable, "-c", "pass")),
        replace(ours, name="import unflat", command=(sys.executable, "-c", "import unflat")),
        replace(ours, name="unflat --help", command=(sys.executable, "-m", "unflat", "--help")),
        *(_theirs(f"import {module}", peers, "-c", f"import {module}") for module in ("torch", "skorch", "lightning")),
    ]
    for name, backend in KERAS.items():
        keras = _theirs(name, peers, "-c", "import keras")
        starts.append(replace(keras, name=f"import keras, {backend}"))
    return tuple(starts)


def _recipes(sizes: Sizes, peers: Path | None) -> tuple[Contender, ...]:
    epochs = ("--epochs", str(sizes.epochs))
    ours = str(SCRIPTS / "with_unflat.py")
    return (
        *(_theirs(name, peers, str(SCRIPTS / "with_keras.py"), "recipe", *epochs) for name in KERAS),
        *(_theirs(name, peers, str(SCRIPTS / script), "recipe", *epochs) for name, script in OF_TORCH.items()),
        _ours(OURS, Path(ours), "defaults"),
        _ours(f"{OURS}, the document's recipe", Path(ours), "recipe", *epochs),
        _ours(f"{OURS}, the same without its kernel", Path(ours), "recipe-by-torch", *epochs),
        replace(_ours(FLOOR, HERE / "floor.py"), environment={"OPENBLAS_CORETYPE": None}),
    )


def _predictions(sizes: Sizes, peers: Path | None, folder: Path) -> tuple[Contender, ...]:
    calls = ("--calls", str(sizes.calls))
    few = ("--calls", str(max(10, sizes.calls // 5)))  # Keras's take milliseconds each
    ours = (*calls, "--folder", str(folder))
    return (
        *(_theirs(name, peers, str(SCRIPTS / "with_keras.py"), "predict", *few) for name in KERAS),
        *(_theirs(name, peers, str(SCRIPTS / script), "predict", *few) for name, script in OF_TORCH.items()),
        _ours(f"{OURS}, model.predict", SCRIPTS / "with_unflat.py", "predict", *ours),
        _ours(f"{OURS}, exported", SCRIPTS / "with_onnx.py", "predict", *ours),
    )


def alone(name: str) -> str:
    """Name the contender that shows what another one's libraries hold by themselves."""
    return f"{name}, its libraries alone"


def _windows(rows: int, peers: Path | None, rounds: int) -> Row:
    script = str(SCRIPTS / "windows.py")

    def those(rows: int) -> tuple[Contender, ...]:
        table = ("--rows", str(rows))
        keras = _theirs("Keras on TensorFlow", peers, script, "keras", *table)
        return (
            _ours(OURS, MEMORY, "--mode", "epoch", *table),
            replace(keras, name="keras.utils.timeseries_dataset_from_array"),
            _theirs("NumPy, every window copied", peers, script, "copy", *table),
        )

    small = (replace(contender, name=alone(contender.name)) for contender in those(FEW))
    return Row(f"windows over {rows:,} rows", (*those(rows), *small), 1 if rows > 10**6 else rounds)


def _growth(sizes: Sizes) -> tuple[Contender, ...]:
    some = () if sizes.growth_sizes is None else ("--sizes", str(sizes.growth_sizes))
    told = ("--rounds", str(sizes.growth_rounds), *some)
    return tuple(_ours(along, SCRIPTS / "growth.py", along, *told) for along in ("n", "T", "F", "units"))
