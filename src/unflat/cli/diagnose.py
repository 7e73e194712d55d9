"""`unflat diagnose`: a verdict that scripts can read."""

# Typer reads annotations when the program runs, so they are values here and not text.
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import unflat
from unflat.cli.group import say
from unflat.cli.options import (
    EVERY_ROW,
    NEXT_ROW,
    CalendarOption,
    FeaturesOption,
    GroupOption,
    HorizonOption,
    LabelsOption,
    MissingOption,
    StrideOption,
    TargetOption,
    TimeOption,
    WindowOption,
    cut_for,
)

if TYPE_CHECKING:
    from unflat import Diagnosis

NOT_HEALTHY = 1
"""Exit code for a model that is flat or fails in another way."""

EXAMPLES = (
    "unflat diagnose runs/load --data load.csv",
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
    validation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Data that it was not trained on; the verdict is about these. [default: what its run held out, where "
            "--data is the run's own]",
        ),
    ] = None,
    loss: Annotated[str | None, typer.Option(metavar="NAME", help="What it was trained with, such as mse.")] = None,
    optimizer: Annotated[str | None, typer.Option(metavar="NAME", help="Likewise, such as adam.")] = None,
    prove: Annotated[bool, typer.Option("--prove", help="Try the cures: train copies with and without each.")] = False,
    budget: Annotated[float, typer.Option(metavar="SECONDS", help="How long the whole may take with --prove.")] = 60.0,
    target: TargetOption = None,
    window: WindowOption = None,
    horizon: HorizonOption = NEXT_ROW,
    features: FeaturesOption = None,
    time: TimeOption = None,
    group: GroupOption = None,
    stride: StrideOption = EVERY_ROW,
    calendar: CalendarOption = None,
    labels: LabelsOption = None,
    missing: MissingOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the diagnosis as JSON.")] = False,
) -> None:
    """Say whether a model is flat, why, and what cures it.

    From a table, windows are cut as a model of ours was trained on them; for any other model say how, by --target,
    --window and the options beside them, as for `unflat train`.

    The model is examined, never changed. A Keras file is loaded in safe mode; module:object imports your module and so
    runs its code. The exit code is 0 for a healthy model, 1 for one that is not, 2 if it could not be examined.
    """
    loaded = _load(model)
    cut = cut_for(
        data,
        target=target,
        window=window,
        horizon=horizon,
        features=features,
        time=time,
        group=group,
        stride=stride,
        calendar=calendar,
        known=None,
        static=None,
        labels=labels,
        missing=missing,
        settled=_why_settled(data, loaded),
        needed=False,
    )
    X, y, held_out = unflat.diagnosis.load_material(model, loaded, data, validation, cut)
    diagnosis = unflat.diagnose(
        loaded, X, y, validation=held_out, loss=loss, optimizer=optimizer, prove=prove, budget=budget
    )
    diagnosis = _in_options(diagnosis)
    typer.echo(diagnosis.to_json() if as_json else str(diagnosis))
    if diagnosis.verdict != "healthy":
        raise typer.Exit(NOT_HEALTHY)


def _load(source: str) -> object:
    """Load the model; Keras, which is installed without a backend, computes with ours where it has none."""
    missing = None if os.environ.get(unflat.diagnosis.KERAS_BACKEND) else unflat.diagnosis.missing_backend()
    if missing is not None:
        os.environ[unflat.diagnosis.KERAS_BACKEND] = "torch"
    model = unflat.diagnosis.load_model(source)
    if missing is not None and "keras" in sys.modules:
        say(f"Keras computes with torch: {missing}, its own choice, is not installed. KERAS_BACKEND names another.")
    return model


def _why_settled(data: Path, model: object) -> str | None:
    """Say why there is nothing to say of how windows are cut; None where there is."""
    if getattr(model, "schema_", None) is not None:
        return "The model knows how its windows are cut"
    return "The sequences of an .npz file are whole" if data.suffix == ".npz" else None


def _in_options(diagnosis: "Diagnosis") -> "Diagnosis":
    """Name this command's options where the diagnosis asks for parameters of the function."""
    remedies = {
        unflat.diagnosis.NO_HELD_OUT: "none were given: add --validation FILE",
        unflat.diagnosis.NO_LOSSES: "it is not known to this command: unflat.diagnose, in Python, takes history=",
    }
    said = tuple(replace(item, why=remedies.get(item, item.why)) for item in diagnosis.not_examined)
    return replace(diagnosis, not_examined=said)
