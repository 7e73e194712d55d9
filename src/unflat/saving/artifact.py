"""The model file: safetensors with a JSON document in its header, written whole or not at all, never unpickled."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from stat import S_IMODE
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from unflat.errors import (
    CorruptArtifactError,
    ForeignArtifactError,
    MissingArtifactError,
    NewerFormatError,
    OutputError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

FORMAT_VERSION = 1
"""Raised when a file can no longer be read by the unflat before."""

_KEY, _LENGTH = "unflat", 8
"""Where our text stands among the metadata of the header, and how many bytes tell the header's length."""

_WANTED = "a model that unflat saved"
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
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # One key, so that the header's order, and with it every byte, follows from the content.
    whole = {"version": FORMAT_VERSION, "document": document, "digest": _digest(kept, document)}
    write_atomically(Path(path), save(kept, {_KEY: json.dumps(whole, allow_nan=False)}))


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
    MissingArtifactError
        If there is no such file; it is a FileNotFoundError, too.
    ForeignArtifactError
        If unflat did not write it, or it is a folder.
    CorruptArtifactError
        If it was cut short or altered.
    NewerFormatError
        If a later unflat wrote it.
    """
    path = Path(path)
    if path.is_dir():
        raise _foreign(path, "a folder")
    if not path.exists():
        raise MissingArtifactError(path, _WANTED)
    content = _content(path)
    try:
        with torch.device("cpu"):  # whatever device a program has told torch to make tensors on
            tensors = load(content)
        header = json.loads(_description(content))
        version, document = header["version"], header["document"]
        digest = header.get("digest")
    except SafetensorError as error:
        raise _corrupt(path, str(error)) from error
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise _corrupt(path, "its description cannot be read") from error
    if version > FORMAT_VERSION:
        raise NewerFormatError(
            path, f"format {FORMAT_VERSION} or older", f"format {version}",
            "Upgrade: python -m pip install --upgrade unflat",
        )  # fmt: skip
    if digest is not None and digest != _digest(tensors, document):  # files of the first versions have none
        raise _corrupt(path, "its content is not what was written")
    return tensors, document


def _digest(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> str:
    """Sum up all that a file holds, so that a single bit that changed is seen."""
    digest = hashlib.sha256(json.dumps(document, allow_nan=False).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """Read a file of ours, and of another one, however large, no more than its beginning.

    It is read, not mapped: a model does not change, nor end the process, when its file is written over later.
    """
    with path.open("rb") as file:
        start = file.read(_LENGTH + len(_SIGNATURE))
        if start[_LENGTH:] != _SIGNATURE:
            raise _foreign(path, f"another kind of file ({path.stat().st_size} bytes)")
        file.seek(0)
        return file.read()


def _description(content: bytes) -> str:
    """Give our text in the header, which stands after its own length."""
    header = content[_LENGTH : _LENGTH + int.from_bytes(content[:_LENGTH], "little")]
    text: str = json.loads(header)["__metadata__"][_KEY]
    return text


def _corrupt(path: Path, reason: str) -> CorruptArtifactError:
    return CorruptArtifactError(
        path, "a whole file", f"a damaged one ({reason}; {path.stat().st_size} bytes)",
        "Copy it again from where it was saved, or train again.",
    )  # fmt: skip


def _foreign(path: Path, received: str) -> ForeignArtifactError:
    return ForeignArtifactError(
        path, _WANTED, received,
        "Give the model.unflat of a run, as Run(folder).load() does, or a file that model.save wrote.",
    )  # fmt: skip


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside it, sync it, and rename it into place.

    Where the path is a link, what it leads to is written. A file that was there keeps its mode.

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
    target = Path(os.path.realpath(path))
    try:
        with _draft_beside(target) as draft:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                draft.chmod(S_IMODE(target.stat().st_mode))
            draft.replace(target)
    except OSError as error:
        raise OutputError(
            path, error.strerror or str(error), "Choose a folder that exists, is yours and has room."
        ) from error
    _sync_folder(target.parent)


@contextmanager
def _draft_beside(target: Path) -> Iterator[Path]:
    """Make a file under a name of its own, with the mode of any that the user makes; it is gone unless renamed."""
    draft = target.parent / f".{target.name}.{token_hex(4)}"
    draft.open("xb").close()
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, on systems that do."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
