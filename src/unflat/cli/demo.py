"""`unflat demo`: the document's experiment, as a table, a few sentences, two pictures, and a diagnosis."""

# Typer reads annotations when the program runs, so they are values here and not text.
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import unflat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from unflat.recipes import Result, Way

_WIDTH = 100
"""Columns of the output where it is no terminal."""

EXAMPLES = ("unflat demo", "unflat demo --prove", "unflat demo --output pictures --seed 1")

_SCALED: "dict[Way, str]" = {
    "raw": "nothing",
    "inputs": "the inputs",
    "target": "the target",
    "document": "as the document does",
    "own": "both, each by its own",
    "default": "by LSTMRegressor()",
}


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the two pictures.")] = Path(
        "figures"
    ),
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of all six trainings.")] = 0,
    prove: Annotated[bool, typer.Option("--prove", help="Try the cures of the flat model: a minute more.")] = False,
    epochs: Annotated[int | None, typer.Option(min=1, hidden=True, help="Passes over the data.")] = None,
) -> None:
    """Show a flat network, why it is flat, and the cure.

    The same LSTM is trained on the same data five times: 2,804 sequences of 16 equal numbers, each 10 times the target.
    What differs is what was scaled beforehand. The sixth training is this package's own model, given the raw numbers.
    A table says how each came out, and two pictures show it. At the end stands what `unflat diagnose` says of the flat
    model, as it would of a model of yours.

    Takes about a minute.
    """
    from rich.console import Console  # noqa: PLC0415 - no command's help waits for it

    unflat.runs.make_folder(output)
    results = _run(seed, epochs)
    pictures = output / "regression.png", output / "loss.png"
    unflat.figures.save(unflat.figures.regression_figure(results), pictures[0])
    unflat.figures.save(unflat.figures.course_figure(results), pictures[1])
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(results_table(results))
    for rule in rules(float(results[0].numbers.std())):
        console.print(rule, highlight=False, style="dim")
    console.print()
    for lesson in unflat.recipes.lessons(results):
        console.print(f"• {lesson}", highlight=False)
    console.print(f"\nLook at {pictures[0]} and {pictures[1]}.", highlight=False, soft_wrap=True)
    console.print("\nWhat `unflat diagnose` says of the flat model, the first in the table:\n", highlight=False)
    console.print(diagnosis_of(results[0], seed, prove=prove), highlight=False, markup=False, soft_wrap=True)


def _run(seed: int, epochs: int | None) -> "Sequence[Result]":
    from rich.console import Console  # noqa: PLC0415 - no command's help waits for these
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - as above

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Starting")
        return unflat.recipes.run_experiment(
            seed=seed,
            epochs=epochs,
            on_progress=lambda now: progress.update(
                task, description=f"Scaled: {_SCALED[now.way]}", completed=now.done, total=now.total
            ),
        )


def diagnosis_of(result: "Result", seed: int, *, prove: bool) -> str:
    """Diagnose a model of the experiment that was given raw numbers.

    Parameters
    ----------
    result : Result
        What became of it.
    seed : int
        Of the trainings of a proof.
    prove : bool
        Whether to try the cures.

    Returns
    -------
    str
        The diagnosis as it prints.
    """
    X, y = unflat.recipes.generate_data(*unflat.recipes.TRAIN)
    return str(unflat.diagnose(result.model, X, y, prove=prove, random_state=seed))


def results_table(results: "Sequence[Result]") -> "Table":
    """Set the experiment's results side by side.

    Parameters
    ----------
    results : sequence of Result
        What the experiment led to.

    Returns
    -------
    rich.table.Table
        One row for each; it fits into 80 columns.
    """
    from rich import box  # noqa: PLC0415 - no command's help waits for these
    from rich.table import Table  # noqa: PLC0415 - as above

    title = "One network, six ways to give it the same data"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column("What was\nscaled")
    for heading in ("Spread", "R²", "Error in\ntraining", "Error on\n3000-3099", "Time"):
        table.add_column(heading, justify="right")
    table.add_column("Verdict")
    say_error = unflat.recipes.error_in_words
    for result in results:
        style = {"flat": "red", "cured": "green", "cured in range": "green"}.get(result.verdict, "yellow")
        table.add_row(
            _SCALED[result.way],
            f"{result.spread:.3f}",
            f"{result.r2:.4f}",
            say_error(result.train_mae),
            say_error(result.test_mae),
            f"{result.seconds:.0f} s",
            f"[{style}]{result.verdict}[/]",
        )
    return table


def rules(deviation: float) -> "Sequence[str]":
    """Say what the columns and the verdicts mean.

    Parameters
    ----------
    deviation : float
        Standard deviation of the training targets.

    Returns
    -------
    sequence of str
        A line each.
    """
    close = unflat.recipes.CLOSE * deviation
    return (
        f"Spread: how much the predictions vary, as a share of the target; flat is below {unflat.metrics.FLAT_SPREAD}.",
        "R²: the share of the target's variance explained; hardly cured is below 0.5.",
        "Error: how far predictions are off on average, in the target's units; half cured",
        f"is {close:.0f} or more in training, cured in range is {close:.0f} or more on 3000-3099.",
    )
