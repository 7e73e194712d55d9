"""The seal of an exported file: a digest of all that stands before it, as the last entry of its metadata.

ONNX has no digest of its own, and most files of which a bit has changed are still read, with other numbers in them.
"""

from __future__ import annotations

import hashlib

_DIGITS = 64
_BEFORE_THEM = b"\x72\x51\x0a\x0dunflat.digest\x12\x40"
"""An entry of `metadata_props` in the format of protocol buffers: its field and length, its key and length, and how
many digits its value has. A message may be written in pieces, so that it can be put behind the others as it is."""


def sealed(content: bytes) -> bytes:
    """Put the seal at the end of a file's content."""
    return content + _BEFORE_THEM + _digest(content)


def is_broken(content: bytes) -> bool:
    """Whether a file has a seal that is another content's; files from before there was one have none."""
    size = len(_BEFORE_THEM) + _DIGITS
    rest, seal = content[:-size], content[-size:]
    return seal.startswith(_BEFORE_THEM) and seal[-_DIGITS:] != _digest(rest)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
