"""Compile the kernel beside its source, where there is a compiler; nothing is lost where there is none.

`python -m unflat.network.kernel` does it by hand. The build of the package runs this file by its path, before
anything that it needs is installed: it imports the standard library alone.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zlib
from pathlib import Path

SOURCES = [Path(__file__).with_name(name) for name in ("lstm.c", "lstm_steps.h", "lstm_panel.h")]
"""The kernel's source; the first is what is compiled."""

LIBRARY = Path(__file__).with_name("lstm.shared")
"""Where the compiled kernel stands; by the usual ending, .so, Python would take it for a module."""

_FLAGS = ("-O3", "-std=gnu11", "-ffp-contract=fast", "-fPIC", "-shared", "-pthread")
_LONGEST = 300.0


def sources_number() -> int:
    """Give a number that changes with the source: a library that has another is out of date."""
    return zlib.crc32(b"".join(path.read_bytes() for path in SOURCES))


def build() -> str | None:
    """Compile the kernel.

    Returns
    -------
    str or None
        Why it could not be compiled; None if it could.
    """
    command = compiler()
    if command is None:
        return "there is no C compiler"
    try:
        return _build_with(command)
    except OSError as error:
        return f"{LIBRARY.parent} cannot be written to: {error}"


def compiler() -> list[str] | None:
    """Find the compiler: the one of the environment variable CC, the one that Python was made with, or any."""
    if os.name != "posix":
        return None  # the kernel's vectors and threads are GCC's and POSIX's
    named = [os.environ.get("CC"), sysconfig.get_config_var("CC"), "cc", "gcc", "clang"]
    commands = [shlex.split(name) for name in named if name]
    return next((command for command in commands if command and shutil.which(command[0])), None)


def _build_with(command: list[str]) -> str | None:
    handle, draft = tempfile.mkstemp(suffix=".shared", dir=LIBRARY.parent)
    os.close(handle)
    try:
        trouble = _compile([*command, *_FLAGS, f"-DSOURCES={sources_number()}UL", str(SOURCES[0]), "-o", draft, "-ldl"])
        if trouble is None:
            # Moved into place as a whole: a process that has the old one loaded keeps it.
            Path(draft).chmod(0o755)
            Path(draft).replace(LIBRARY)
        return trouble
    finally:
        Path(draft).unlink(missing_ok=True)


def _compile(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)  # noqa: S603 - the user's own compiler
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]} could not be run: {error}"
    return f"{command[0]} failed:\n{done.stderr}" if done.returncode else None


def main() -> int:
    """Compile, say what came of it, and give the exit code."""
    trouble = build()
    sys.stdout.write(f"{LIBRARY} is made.\n" if trouble is None else f"The kernel is not made: {trouble}\n")
    return 0 if trouble is None else 1


if __name__ == "__main__":
    sys.exit(main())
