"""The folder that a run leaves: written beside its place and renamed into it when it is whole, and read back."""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unflat.errors import (
    CorruptArtifactError,
    ForeignArtifactError,
    MissingArtifactError,
    OutputError,
    OutputExistsError,
)
from unflat.estimator import load
from unflat.evaluation import Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

    from unflat.estimator import LSTMRegressor

MODEL = "model.unflat"
CONFIG = "config.json"
METRICS = "metrics.json"
HISTORY = "history.csv"
FIGURES = "figures"
TUNING = "tuning"

_OWN = frozenset({MODEL, CONFIG, METRICS, HISTORY, FIGURES, TUNING})
"""All that a run's folder has from this package; whatever else is in it is its user's."""


@dataclass(frozen=True, init=False)
class Run:
    """A run that is on the disk.

    Parameters
    ----------
    path : str or path
        The folder; or, of a run whose folder was not kept, the model file alone.
    """

    path: Path

    def __init__(self, path: str | PathLike[str]) -> None:
        object.__setattr__(self, "path", Path(path))

    @property
    def model_path(self) -> Path:
        """The model file."""
        return self.path / MODEL if self.path.is_dir() else self.path

    @property
    def figures_path(self) -> Path:
        """The folder of pictures."""
        return self.path / FIGURES

    def load(self) -> LSTMRegressor:
        """Load the model.

        Returns
        -------
        LSTMRegressor
            Fitted.

        Raises
        ------
        ArtifactError
            If the file is missing, damaged, or not a model of this package.
        """
        wanted = f"the folder of a run, or the {MODEL} out of one"
        if not self.path.exists():
            raise MissingArtifactError(self.path, wanted)
        if not self.model_path.exists():
            raise ForeignArtifactError(
                self.path, wanted, f"a folder without {MODEL}", "Give the folder that `unflat train` wrote."
            )
        return load(self.model_path)

    def config(self) -> dict[str, Any]:
        """Read how the run was made: command, versions, data, windows, split, parameters."""
        return _read_json(self.path / CONFIG)

    def evaluation(self) -> Evaluation:
        """Read what the model scored on the part that was held out for it."""
        return Evaluation.from_dict(_read_json(self.path / METRICS))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorruptArtifactError(
            path, "a JSON file that `unflat train` wrote", str(error), "Give the folder of a whole run."
        ) from error
    return document


def check_free(path: Path, *, force: bool) -> None:
    """Raise if a run cannot be put at a place: asked before the work, not after it.

    Parameters
    ----------
    path : Path
        Where the run's folder is to be.
    force : bool
        Whether a run that is there may be replaced. Anything else that is there may not.

    Raises
    ------
    OutputExistsError
        If the place is taken.
    """
    if not path.exists() or _is_empty(path):
        return
    is_search = path.is_dir() and [part.name for part in path.iterdir()] == [TUNING]
    if is_search and _is_empty(path / TUNING):
        return
    if not is_search and not ((path / MODEL).is_file() and (path / CONFIG).is_file()):
        raise OutputExistsError(
            path, "something that is no run is there, and stays untouched", "Choose a folder that does not exist yet."
        )
    if not force:
        what, noun = ("a search that is not finished", "search") if is_search else ("a run", "run")
        raise OutputExistsError(
            path, f"{what} is there already", f"Choose another folder, or replace the {noun} with --force."
        )


def check_output(path: Path, endings: Sequence[str], *sources: Path | None) -> None:
    """Raise if a file cannot be put at a place: asked before the work, not after it.

    Parameters
    ----------
    path : Path
        What is to be written.
    endings : sequence of str
        What its name may end in.
    *sources : Path or None
        What is read for it; None is nothing.

    Raises
    ------
    OutputError
        If the name ends otherwise, its folder is not there, or it is a folder itself.
    OutputExistsError
        If it is one of the files that are read, under whatever name.
    """
    if path.suffix.lower() not in endings:
        raise OutputError(
            path, f"the ending {path.suffix!r} is unknown", f"Let the name end in {' or '.join(endings)}."
        )
    if not path.parent.is_dir():
        raise OutputError(path, f"the folder {path.parent} is not there", "Make it, or choose another folder.")
    if path.is_dir():
        raise OutputError(path, "a folder of that name", "Choose another name for the file.")
    if path.exists() and any(source is not None and source.exists() and path.samefile(source) for source in sources):
        raise OutputExistsError(path, "one of the files that are read", "Choose another name.")


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def make_folder(path: Path) -> None:
    """Make a folder, and those above it; one that is there already will do.

    Parameters
    ----------
    path : Path
        The folder.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    with _worded(path):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def new_folder(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a folder to fill, which takes its place when the block has ended well, and vanishes if it has not.

    Parameters
    ----------
    path : Path
        Where the folder is to be; folders above it are made.
    force : bool
        Whether a run that is there is replaced. What its user has put into its folder is kept.

    Yields
    ------
    Path
        A folder beside the place, so that taking it is one renaming.

    Raises
    ------
    OutputExistsError
        If the place is taken.
    OutputError
        If the disk is full or read-only.
    """
    path = Path(path).resolve()
    check_free(path, force=force)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with _worded(path):
        temporary.mkdir(parents=True)
    try:
        yield temporary
        with _worded(path):
            _take_place(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _take_place(temporary: Path, path: Path) -> None:
    """Rename into place; the run that was there is set aside first, and deleted only when the new folder stands.

    What its user has put beside it moves into the new folder.
    """
    old = temporary.with_name(f"{temporary.name}.old")
    if path.exists():
        path.rename(old)
    try:
        temporary.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    for entry in [*old.iterdir()] if old.exists() else []:
        if entry.name not in _OWN:
            entry.rename(path / entry.name)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _worded(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(path, "a file where a folder is to be", "Choose another place.") from error
    except OSError as error:
        raise OutputError(path, error.strerror or str(error), "Choose a place that is yours and has room.") from error
