"""The command: parse, call, print, exit code.

Nothing heavy is imported here: what a command calls is reached through the package's lazy public face, so that help
is as fast as it should be.
"""

from unflat.cli.app import app, main

__all__ = ["app", "main"]
