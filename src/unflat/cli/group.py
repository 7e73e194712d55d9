"""How commands end: errors and warnings of this package as plain lines, and exit codes that scripts can read."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from unflat.cli.wording import in_options, option_of
from unflat.errors import UnflatError, UnflatWarning

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED = 2
"""Exit code for whatever was not done: the same that a wrong option has."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""


class PlainGroup(TyperGroup):
    """A group of commands that speaks to people: an error is one message and no traceback, a warning one line."""

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **extra: Any) -> Any:  # noqa: ANN401 - handed on
        """Keep the command line, so that a run can record it."""
        extra.setdefault("obj", [info_name, *args])
        return super().make_context(info_name, args, *more, **extra)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's context, whose class is private; what a command returns
        """Run a command."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", UnflatWarning)
            warnings.showwarning = _shown_by(warnings.showwarning, lambda text: in_options(text, self._options(ctx)))
            try:
                return super().invoke(ctx)
            except UnflatError as error:
                say(f"Error: {in_options(str(error), self._options(ctx))}")
                raise typer.Exit(FAILED) from error
            except KeyboardInterrupt as interruption:
                say("Interrupted before there was a result.")
                raise typer.Exit(INTERRUPTED) from interruption
            except BrokenPipeError:  # who reads the output has enough of it: no error
                raise
            except OSError as error:
                place = "" if error.filename is None else f"{error.filename}: "
                say(f"Error: {place}{error.strerror or error}.")
                raise typer.Exit(FAILED) from error

    def _options(self, ctx: Any) -> set[str]:  # noqa: ANN401 - as `invoke`
        """Name the parameters of the command that was called that have an option of the same name."""
        command = self.commands.get(ctx.invoked_subcommand or "")
        parameters = [] if command is None else command.params
        return {parameter.name for parameter in parameters if option_of(parameter.name) in parameter.opts}


def say(line: str) -> None:
    """Print a line where it does not mix with a command's output."""
    typer.echo(line, err=True)


def _shown_by(usual: Callable[..., None], worded: Callable[[str], str]) -> Callable[..., None]:
    """Print our warnings as one line each, the same only once, and leave those of others as they are."""
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:  # noqa: ANN401 - handed on
        if issubclass(category, UnflatWarning):
            line = f"Warning: {worded(str(message))}"
            if line not in said:
                say(line)
            said.add(line)
        else:
            usual(message, category, *place, **more)

    return show
