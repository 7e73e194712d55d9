"""`unflat evaluate` and `unflat predict`: a run on new data."""

# Typer reads annotations when the program runs, so they are values here and not text.
import json
from pathlib import Path
from typing import Annotated

import typer

import unflat

RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder that `unflat train` wrote, or a model file that model.save wrote.")
]

LikeDataArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="Table with the columns of the training data (.csv, .tsv, .txt, .dat, also as .gz; .parquet), or .ts.",
    ),
]

EVALUATE_EXAMPLES = (
    "unflat evaluate runs/load next_year.csv",
    "unflat evaluate runs/load next_year.csv --json",
)

PREDICT_EXAMPLES = (
    "unflat predict runs/load new.csv -o predictions.csv",
    "unflat predict runs/load new.csv --interval 0.9 | tail -n 1",
)


def evaluate(
    run: RunArgument,
    data: LikeDataArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Score a run on new data, beside baselines."""
    evaluation = unflat.runs.evaluate_file(unflat.Run(run).load(), data)
    if as_json:
        typer.echo(json.dumps(evaluation.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        typer.echo(str(evaluation))


def predict(
    run: RunArgument,
    data: LikeDataArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write, .csv or .parquet. Without it, CSV is printed."
        ),
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(
            metavar="COVERAGE", help="Add bounds that a target lies between with this probability, such as 0.9."
        ),
    ] = None,
) -> None:
    """Predict with a run.

    The output has a row for each window of a table, or each sequence of a .ts file.

    There is a window up to the last row of every series, though what it predicts does not exist yet. A row names the
    window's series, the time of its last row and the time that the prediction is for; the prediction stands in
    TARGET_predicted, and its bounds, where they are asked for, in TARGET_lower and TARGET_upper.
    """
    if output is not None:
        unflat.runs.check_output(output, unflat.runs.FRAME_ENDINGS, unflat.Run(run).model_path, data)
    model = unflat.Run(run).load()
    frame = unflat.runs.predict_file(model, data, interval=interval)
    if output is None:
        typer.echo(unflat.runs.as_csv(frame), nl=False)
        return
    unflat.runs.write_frame(frame, output)
    typer.echo(f"Wrote {len(frame):,} predictions to {output}.")
