"""What Keras computes with: it is installed without any backend, and takes TensorFlow unless it is told of another."""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

KERAS_BACKEND = "KERAS_BACKEND"
"""The environment variable that names Keras' backend; it counts until Keras is imported."""

_USUAL = "tensorflow"


def missing_backend() -> str | None:
    """Name the backend that Keras is going to take, where that is not installed.

    Keras itself would find out half way through its import, and cannot be told of another afterwards.

    Returns
    -------
    str or None
        The backend; None where it is there, and where there is nothing to find out: Keras is imported already, or is
        not installed either.
    """
    if "keras" in sys.modules or find_spec("keras") is None:
        return None
    backend = os.environ.get(KERAS_BACKEND) or _configured()
    return backend if find_spec(backend) is None else None


def _configured() -> str:
    """Read the file that Keras reads, which it writes with its own choice where nobody has made one."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    try:
        return str(json.loads((home / "keras.json").read_text("utf-8"))["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return _USUAL
