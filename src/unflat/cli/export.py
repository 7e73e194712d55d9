"""`unflat export`: a run as one file for any runtime of ONNX."""

# Typer reads annotations when the program runs, so they are values here and not text.
from pathlib import Path
from typing import Annotated

import typer

import unflat
from unflat.cli.use import RunArgument

EXAMPLES = (
    "unflat export runs/load load.onnx",
    "unflat export runs/load load.onnx --sample last_week.csv --unit load=kW --unit temperature=°C",
)


def export(
    run: RunArgument,
    output: Annotated[Path, typer.Argument(metavar="OUT.onnx", help="The file to write.")],
    sample: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Data on which the file must predict what the model predicts."),
    ] = None,
    opset: Annotated[int, typer.Option(metavar="N", help="ONNX's operator set, 18 or later.")] = 18,
    unit: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=UNIT", help="Unit of a feature or target, to be noted in the file; repeatable."),
    ] = None,
) -> None:
    """Write a run as an ONNX file that takes and gives raw units.

    The file needs neither torch nor the run: unflat.OnnxPredictor and every other runtime of ONNX read it. It is
    checked against the model before it is written: on the sample, or on sequences drawn from the training's ranges.
    """
    unflat.runs.check_output(output, (".onnx",), unflat.Run(run).model_path, sample)
    model = unflat.Run(run).load()
    X = None if sample is None else _sequences(model, sample)
    typer.echo(unflat.export_onnx(model, output, sample=X, opset=opset, units=_units(unit or [], model)))


def _sequences(model: "unflat.LSTMRegressor", sample: Path) -> object:
    """Read the sample; of a table that ends today, the windows for which columns known in advance are there."""
    try:
        return unflat.runs.read_part(model, sample, targets=False).X
    except unflat.MissingFutureError:
        return unflat.runs.read_part(model, sample, targets=True).X


def _units(given: list[str], model: "unflat.LSTMRegressor") -> dict[str, str]:
    columns = () if model.schema_ is None else model.schema_.inputs
    return dict(_unit(item, [*columns, *model.target_names_]) for item in given)


def _unit(item: str, names: list[str]) -> tuple[str, str]:
    """Part a name and its unit, either of which may hold the sign between them: the longest name that fits is meant."""
    if "=" not in item:
        raise unflat.ConfigurationError("unflat export", "unit", "NAME=UNIT", item)
    name = max((name for name in names if item.startswith(f"{name}=")), key=len, default=item.partition("=")[0])
    return name, item.removeprefix(f"{name}=")
