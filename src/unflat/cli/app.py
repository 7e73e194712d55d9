"""The commands put together."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated

import typer

from unflat import __version__
from unflat.cli.demo import EXAMPLES as DEMO_EXAMPLES
from unflat.cli.demo import demo
from unflat.cli.diagnose import EXAMPLES as DIAGNOSE_EXAMPLES
from unflat.cli.diagnose import diagnose
from unflat.cli.explain import EXAMPLES as EXPLAIN_EXAMPLES
from unflat.cli.explain import explain
from unflat.cli.export import EXAMPLES as EXPORT_EXAMPLES
from unflat.cli.export import export
from unflat.cli.group import FAILED, PlainGroup
from unflat.cli.train import EXAMPLES as TRAIN_EXAMPLES
from unflat.cli.train import train
from unflat.cli.tune import EXAMPLES as TUNE_EXAMPLES
from unflat.cli.tune import tune
from unflat.cli.use import EVALUATE_EXAMPLES, PREDICT_EXAMPLES, evaluate, predict

app = typer.Typer(
    name="unflat",
    cls=PlainGroup,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain text can be copied, and examples keep their lines
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`unflat COMMAND --help` explains a command, its options, and shows examples. Start with `unflat demo`.",
)
for command, examples in (
    (demo, DEMO_EXAMPLES),
    (train, TRAIN_EXAMPLES),
    (tune, TUNE_EXAMPLES),
    (evaluate, EVALUATE_EXAMPLES),
    (predict, PREDICT_EXAMPLES),
    (diagnose, DIAGNOSE_EXAMPLES),
    (explain, EXPLAIN_EXAMPLES),
    (export, EXPORT_EXAMPLES),
):
    # A paragraph that begins with a backspace is not wrapped.
    app.command(epilog="\b\n" + "\n".join(["Examples:", *(f"  {line}" for line in examples)]))(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"unflat {__version__}")
        raise typer.Exit


@app.callback()
def _unflat(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Predict numbers from sequences with an LSTM that does not go flat."""


def main() -> None:
    """Run the command line."""
    # Threads that wait for each other by spinning make training many times slower where other programs use the
    # processor too, and threads that sleep at once make it slower where none do: a short spin is near the best of
    # both. It must be set before torch is loaded, and is the whole process's affair: so not in the library.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        app(prog_name="unflat")
    except Exception:  # noqa: BLE001 - whatever it is: Python's own code, 1, would be a verdict of `unflat diagnose`
        traceback.print_exc()
        sys.exit(FAILED)
