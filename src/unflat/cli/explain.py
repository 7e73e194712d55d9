"""`unflat explain`: the guide's page on a cause that a diagnosis named."""

# Typer reads annotations when the program runs, so they are values here and not text.
from difflib import get_close_matches
from typing import Annotated, Literal

import typer

import unflat

_WIDTH = 122
"""Columns of the output where it is no terminal: the pages' code keeps its lines."""

EXAMPLES = ("unflat explain", "unflat explain target_scale", "unflat explain target_scale --language zh")


def explain(
    cause: Annotated[
        str | None,
        typer.Argument(metavar="[CAUSE]", help="A cause, as `unflat diagnose` names it.", show_default=False),
    ] = None,
    *,
    language: Annotated[Literal["en", "zh"], typer.Option(help="English or Chinese.")] = "en",
) -> None:
    """Explain a cause: how it comes about, how it is told, and its cure.

    Without a cause, all that a diagnosis can name are listed.
    """
    from rich.console import Console  # noqa: PLC0415 - no command's help waits for these
    from rich.markdown import Markdown  # noqa: PLC0415 - as above

    if cause is None:
        for known in unflat.diagnosis.CAUSE_IDS:
            typer.echo(f"{known:<30}{unflat.diagnosis.title_of(known, language)}")
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(Markdown(unflat.diagnosis.explain(_known(cause), language)))


def _known(cause: str) -> str:
    """Take a cause with hyphens, and name the nearest where there is no such."""
    name = cause.strip().lower().replace("-", "_")
    nearest = get_close_matches(name, unflat.diagnosis.CAUSE_IDS, n=1)
    if nearest and nearest[0] != name:
        raise unflat.ConfigurationError(
            "unflat explain", "cause", "a cause that a diagnosis names", cause,
            f"Did you mean {nearest[0]}? `unflat explain` alone lists them all.",
        )  # fmt: skip
    return name
