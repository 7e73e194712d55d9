"""The peers' environment: apart from the package's, made by pip from a pinned list."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
STAMP = "requirements.txt"
"""A copy of the list, left in an environment when everything in it is installed."""


def build(folder: Path) -> Path:
    """Make the environment, or take the one that is there, if it was made from the same list.

    Parameters
    ----------
    folder : Path
        Where.

    Returns
    -------
    Path
        Its Python.

    Raises
    ------
    SystemExit
        If pip cannot install what the list names.
    """
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp, wanted = folder / STAMP, REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print("The peers' environment is being made; that takes some minutes.", file=sys.stderr)
    _do([sys.executable, "-m", "venv", str(folder)])
    _do([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)])
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _do(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - Python's own tools
        raise SystemExit("The peers' environment could not be made; --peers PYTHON takes one that is there.")
