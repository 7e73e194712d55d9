"""Files that cannot be read as a model, and places that cannot be written to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from unflat.errors.base import UnflatError

if TYPE_CHECKING:
    from os import PathLike


class ArtifactError(UnflatError, ValueError):
    """A model file cannot be used.

    Parameters
    ----------
    path : str or path
        The file.
    expected : str
        What was needed.
    received : str
        What was found.
    remedy : str
        What to do about it.
    """

    def __init__(self, path: str | PathLike[str], expected: str, received: str, remedy: str) -> None:
        self.path = str(path)
        super().__init__(f"The model file {self.path}", expected, received, remedy)


class MissingArtifactError(ArtifactError, FileNotFoundError):
    """There is no such file.

    Parameters
    ----------
    path : str or path
        Where it was looked for.
    expected : str
        What was needed.
    """

    # ValueError's, which is found first, makes none of the system's errors.
    __new__ = FileNotFoundError.__new__  # type: ignore[assignment]  # typed as that of any exception

    def __init__(self, path: str | PathLike[str], expected: str) -> None:
        looked = "" if Path(path).is_absolute() else f": it was looked for in {Path.cwd()}"
        super().__init__(path, expected, "nothing of that name", f"Check the path{looked}.")

    def __str__(self) -> str:
        # OSError would print a number and a text of the system's, which it has not.
        return str(self.args[0])


class ForeignArtifactError(ArtifactError):
    """The file was not written by unflat."""


class CorruptArtifactError(ArtifactError):
    """The file was written by unflat and has been cut short or altered since."""


class NewerFormatError(ArtifactError):
    """The file was written by a later unflat, and holds what this one does not know."""


class OutputError(UnflatError, OSError):
    """Something cannot be written: a full disk, a read-only folder, a path that is no folder.

    Parameters
    ----------
    path : str or path
        What was to be written.
    reason : str
        What the system said.
    remedy : str
        What to do about it.
    """

    def __init__(self, path: str | PathLike[str], reason: str, remedy: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"Writing {self.path}", "a place that can be written", reason, remedy)

    def __str__(self) -> str:
        # OSError would print its first two arguments as a number and a text.
        return str(self.args[0])


class OutputExistsError(OutputError):
    """The place is taken, and overwriting was not asked for."""
