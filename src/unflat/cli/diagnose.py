"""`unflat diagnose`: a verdict that scripts can read."""

# Typer reads annotations when the program runs, so they are values here and not text.
from pathlib import Path
from typing import Annotated

import typer

import unflat

NOT_HEALTHY = 1
"""Exit code for a model that is flat or fails in another way."""

EXAMPLES = (
    "unflat diagnose runs/load --data last_year.csv",
    "unflat diagnose model.keras --data data.npz --prove",
    "unflat diagnose model.keras --data load.csv --target load --window 48",
    "unflat diagnose mymodels:network --data data.npz --loss mse --json",
)


def diagnose(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Folder of a run, model file of ours, Keras file (.keras, .h5), or module:object, whose code is run.",
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="What the model was trained on: .npz with X and y, .ts, or a table (.csv, .parquet)."
        ),
    ],
    *,
    loss: Annotated[str | None, typer.Option(metavar="NAME", help="What it was trained with, such as mse.")] = None,
    optimizer: Annotated[str | None, typer.Option(metavar="NAME", help="Likewise, such as adam.")] = None,
    prove: Annotated[bool, typer.Option("--prove", help="Try the cures: train copies with and without each.")] = False,
    budget: Annotated[float, typer.Option(metavar="SECONDS", help="How long the whole may take with --prove.")] = 60.0,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Of a table, where the model does not know: the column that it predicts."),
    ] = None,
    window: Annotated[
        int | None, typer.Option(min=1, metavar="ROWS", help="Likewise: rows of the past that it sees.")
    ] = None,
    horizon: Annotated[
        int, typer.Option(min=0, metavar="ROWS", help="Likewise: rows from the window's last to the target.")
    ] = 1,
    features: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Likewise: columns. [default: all but time and group]")
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Likewise: what tells several series apart.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the diagnosis as JSON.")] = False,
) -> None:
    """Say whether a model is flat, why, and what cures it.

    The model is examined, never changed. A Keras file is loaded in safe mode; module:object imports your module and so
    runs its code. The exit code is 0 for a healthy model, 1 for one that is not, 2 if it could not be examined.
    """
    loaded = unflat.diagnosis.load_model(model)
    cut = None
    if target and window is not None:
        columns = None if features is None else tuple(name.strip() for name in features.split(","))
        cut = unflat.runs.Cut(tuple(target), window, horizon, columns, group=group)
    X, y = unflat.diagnosis.load_data(data, loaded, cut)
    diagnosis = unflat.diagnose(loaded, X, y, loss=loss, optimizer=optimizer, prove=prove, budget=budget)
    typer.echo(diagnosis.to_json() if as_json else str(diagnosis))
    if diagnosis.verdict != "healthy":
        raise typer.Exit(NOT_HEALTHY)
