"""What an exported file holds beside its graph, and whether it is one of ours."""

from __future__ import annotations

import json
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from unflat._optional import require
from unflat.deployed.bands import DeployedBands
from unflat.deployed.seal import is_broken
from unflat.errors import (
    CorruptArtifactError,
    ForeignArtifactError,
    MissingArtifactError,
    NewerFormatError,
    UnflatError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

METADATA, INTERVALS = "unflat", "unflat.intervals"
"""The keys of two texts among the file's metadata: a JSON document, and what intervals are made of."""

_WANTED = "a model that unflat exported"

FORMAT = 1
"""Raised when an exported file can no longer be used by the unflat before."""

_SIGNATURE = b"\x12\x06unflat"
"""How the second field of a file of ours begins: the name of the program that wrote it."""


def content_of(path: str | PathLike[str] | bytes) -> bytes:
    """Read a file, unless what is given is its content; raise an `ArtifactError` if there is no file to read."""
    if isinstance(path, bytes):
        return path
    if Path(path).is_dir():
        raise _foreign(path, "a folder")
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise MissingArtifactError(path, _WANTED) from error


def open_session(path: str | PathLike[str] | bytes, content: bytes, threads: int) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """Open a file's content with ONNX Runtime; raise an `ArtifactError` if that cannot read it."""
    if is_broken(content):
        raise _corrupt(path, "its content is not what was written")
    runtime = require("onnxruntime", extra="onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what goes wrong is raised; nothing is printed as well
    failures = runtime.capi.onnxruntime_pybind11_state
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (failures.InvalidProtobuf, failures.InvalidGraph, failures.Fail, failures.InvalidArgument) as error:
        if _SIGNATURE not in content[:16]:
            raise _foreign(path, f"another kind of file ({len(content)} bytes)") from error
        raise CorruptArtifactError(
            _named(path),
            "a whole file",
            f"one that ONNX Runtime {runtime.__version__} cannot read ({str(error)[:200]})",
            "Copy it again from where it was exported, or upgrade onnxruntime.",
        ) from error


@contextmanager
def damage_named(path: str | PathLike[str] | bytes) -> Iterator[None]:
    """Raise a `CorruptArtifactError` where something cannot be read that a file says of itself."""
    try:
        yield
    except UnflatError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, EOFError, BadZipFile, zlib.error) as error:
        raise _corrupt(path, f"what it says of itself cannot be read: {error}") from error


def read_metadata(path: str | PathLike[str] | bytes, session: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Read what a file says of itself; raise an `ArtifactError` if it is not ours, or of a later format."""
    text = session.get_modelmeta().custom_metadata_map.get(METADATA)
    if text is None:
        raise _foreign(path, "an ONNX file of something else")
    metadata: dict[str, Any] = json.loads(text)
    if metadata["format"] > FORMAT:
        raise NewerFormatError(
            _named(path), f"format {FORMAT} or older", f"format {metadata['format']}",
            "Upgrade: python -m pip install --upgrade unflat",
        )  # fmt: skip
    return metadata


def read_bands(session: Any) -> DeployedBands | None:  # noqa: ANN401 - as above
    """Read what intervals are made of; None where a file has nothing of it."""
    text = session.get_modelmeta().custom_metadata_map.get(INTERVALS)
    return None if text is None else DeployedBands.from_text(text)


def _named(path: str | PathLike[str] | bytes) -> str | PathLike[str]:
    return "of these bytes" if isinstance(path, bytes) else path


def _foreign(path: str | PathLike[str] | bytes, received: str) -> ForeignArtifactError:
    return ForeignArtifactError(
        _named(path), _WANTED, received, "Give a file that export_onnx or `unflat export` wrote."
    )


def _corrupt(path: str | PathLike[str] | bytes, reason: str) -> CorruptArtifactError:
    return CorruptArtifactError(
        _named(path), "a whole file", f"a damaged one ({reason})",
        "Copy it again from where it was exported, or export it again.",
    )  # fmt: skip
