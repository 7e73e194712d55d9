"""The model file: safetensors with a JSON document in its header, written whole or not at all, never unpickled."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from unflat.errors import CorruptArtifactError, ForeignArtifactError, NewerFormatError, OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

FORMAT_VERSION = 1
"""Raised when a file can no longer be read by the unflat before."""

_KEY = "unflat"
_SIGNATURE = b'{"__metadata__":{"unflat":'


def write_artifact(path: str | os.PathLike[str], tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> None:
    """Write a model file, atomically: a reader sees the old file or the new one, never a part.

    Parameters
    ----------
    path : str or path
        The file.
    tensors : mapping of str to Tensor
        The numbers.
    document : mapping
        Everything else, as JSON values.

    Raises
    ------
    OutputError
        If the disk is full, the folder is missing or read-only, or the path is a folder.
    """
    # One key, so that the header's order, and with it every byte, follows from the content.
    header = {_KEY: json.dumps({"version": FORMAT_VERSION, "document": document}, allow_nan=False)}
    content = save({name: tensor.contiguous() for name, tensor in tensors.items()}, header)
    write_atomically(Path(path), content)


def read_artifact(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a model file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    tensors : dict of str to Tensor
        The numbers.
    document : dict
        Everything else.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ForeignArtifactError
        If unflat did not write it.
    CorruptArtifactError
        If it was cut short or altered.
    NewerFormatError
        If a later unflat wrote it.
    """
    path = Path(path)
    metadata, tensors = _open(path)
    if _KEY not in metadata:
        raise _foreign(path, "a safetensors file of something else")
    header = json.loads(metadata[_KEY])
    if header["version"] > FORMAT_VERSION:
        raise NewerFormatError(
            path, f"format {FORMAT_VERSION} or older", f"format {header['version']}",
            "Upgrade: python -m pip install --upgrade unflat",
        )  # fmt: skip
    return tensors, header["document"]


def _open(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except SafetensorError as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, reason: str) -> ForeignArtifactError | CorruptArtifactError:
    """Tell a file of ours that is damaged from one that never was ours."""
    with path.open("rb") as file:
        start = file.read(8 + len(_SIGNATURE))
    size = path.stat().st_size
    if start[8:] != _SIGNATURE:
        return _foreign(path, f"another kind of file ({size} bytes)")
    return CorruptArtifactError(
        path, "a whole file", f"a damaged one ({reason}; {size} bytes)",
        "Copy it again from where it was saved, or train again.",
    )  # fmt: skip


def _foreign(path: Path, received: str) -> ForeignArtifactError:
    return ForeignArtifactError(
        path, "a model that unflat saved", received,
        "Give the model.unflat of a run, or a file that model.save wrote.",
    )  # fmt: skip


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside it, sync it, and rename it into place.

    Parameters
    ----------
    path : Path
        The file.
    content : bytes
        What it will hold.

    Raises
    ------
    OutputError
        If that cannot be done; nothing is then left behind and an older file is untouched.
    """
    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())  # mkstemp is for secrets; a model is a file like any other
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            path, error.strerror or str(error), "Choose a folder that exists, is yours and has room."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    """Read the process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
