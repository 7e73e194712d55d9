"""Use a run on new data: its scores there, or a table of its predictions."""

from __future__ import annotations

import io
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from unflat.dataset import sequences_for
from unflat.errors import TableError
from unflat.evaluation import Evaluation, evaluate
from unflat.network import predict_all
from unflat.runs.folder import check_output
from unflat.runs.parts import Part, is_ts
from unflat.saving.artifact import write_atomically
from unflat.tables import read_ts
from unflat.windows import Windows, apply_schema

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from unflat.estimator import LSTMRegressor

FRAME_ENDINGS = (".csv", ".parquet")
"""What names of tables of predictions end in."""


def evaluate_file(model: LSTMRegressor, data: str | PathLike[str]) -> Evaluation:
    """Score a model on all that a file holds.

    Parameters
    ----------
    model : LSTMRegressor
        Fitted on a file of the same kind.
    data : str or path
        A table with the columns that the model was fitted on, its targets among them; or sequences (.ts).

    Returns
    -------
    Evaluation
        Its scores, beside those of the baselines.

    Raises
    ------
    TableError
        If the file is of another kind than the model needs, or cannot be read.
    """
    return evaluate(model, *read_part(model, data, targets=True))


def predict_file(model: LSTMRegressor, data: str | PathLike[str], *, interval: float | None = None) -> pl.DataFrame:
    """Predict for all that a file holds.

    Parameters
    ----------
    model : LSTMRegressor
        Fitted on a file of the same kind.
    data : str or path
        A table with the columns that the model was fitted on, the targets only where they are features too; or
        sequences (.ts).
    interval : float or None
        The coverage of prediction intervals, in (0, 1); None for none.

    Returns
    -------
    polars.DataFrame
        One row for each window: its group and the time of its last row under their own names, the time that the
        prediction is for as `<time>_target`, and the predictions as `<target>_predicted`, each with its bounds
        `<target>_lower` and `<target>_upper` where an interval is asked for. Of several horizons, times and targets
        are named as in `date_target+6` and `load+6_predicted`. Without a time column, `row` counts the
        window's last row within its series, from 0. For a .ts file, `sequence` counts from 0. A name that a group's
        column has already is followed by a number, as in `row_2`.

    Raises
    ------
    TableError
        If the file is of another kind than the model needs, or cannot be read.
    NotCalibratedError
        If an interval is asked for, and the model held nothing out.
    """
    X = read_part(model, data, targets=False).X
    predicted = _predicted(model, X, interval)
    columns = _places(X) if isinstance(X, Windows) else [pl.Series("sequence", np.arange(len(X)))]
    columns += [
        pl.Series(f"{name}_{kind}", values.reshape(len(X), -1)[:, i])
        for i, name in enumerate(model.target_names_)
        for kind, values in predicted.items()
    ]
    return pl.DataFrame(_apart(columns))


def _predicted(model: LSTMRegressor, X: object, interval: float | None) -> dict[str, NDArray[np.float64]]:
    """Predict, with bounds where they are asked for; what is to be said of the inputs is said once."""
    if interval is None:
        return {"predicted": model.predict(X)}
    between = model.predict_interval(X, interval)
    sequences = sequences_for(X, model.schema_, model.n_features_in_, fewest_steps=model.fewest_steps_)
    return {"predicted": predict_all(model.predictor_, sequences), **between._asdict()}


def read_part(model: LSTMRegressor, data: str | PathLike[str], *, targets: bool) -> Part:
    """Read a file into the sequences that a model takes.

    Parameters
    ----------
    model : LSTMRegressor
        Fitted on a file of the same kind.
    data : str or path
        A table or a .ts file.
    targets : bool
        Whether the targets are wanted: windows of a table then end early enough to have one.

    Returns
    -------
    Part
        The sequences, and their targets where they are wanted or there anyway.

    Raises
    ------
    TableError
        If the file is of another kind than the model needs, or cannot be read.
    """
    if is_ts(data) != (model.schema_ is None):
        needed, given = ("a table of time steps", "whole sequences (.ts)")
        if model.schema_ is None:
            needed, given = given, needed
        raise TableError(
            f"The file {data}", f"{needed}, as the model was fitted on", given, "Give a file of the same kind."
        )
    if model.schema_ is None:
        return Part(*read_ts(data))
    return Part(apply_schema(data, model.schema_, targets=targets), None)


def _places(windows: Windows) -> list[pl.Series]:
    """Say which window is which."""
    series = windows.timeline.series_of(windows.sequences.starts)
    columns = [member.gather(series) for member in windows.timeline.members]
    ends, schema = windows.end_times, windows.schema
    if ends is None or windows.schema.time is None:
        rows = windows.end_rows
        first = windows.timeline.bounds[windows.timeline.series_of(rows)]
        return [*columns, pl.Series("row", rows - first)]
    columns.append(ends.alias(windows.schema.time))
    for horizon in schema.horizons:
        later = windows.times_at(horizon)
        number = f"+{horizon}" if isinstance(schema.horizon, tuple) else ""
        columns += [] if later is None else [later.alias(f"{schema.time}_target{number}")]
    return columns


def _apart(columns: list[pl.Series]) -> list[pl.Series]:
    """Name columns apart: the user's own, which come first, keep their names."""
    named: dict[str, pl.Series] = {}
    for column in columns:
        numbered = (f"{column.name}_{number}" for number in count(2))
        name = next(name for name in chain([column.name], numbered) if name not in named)
        named[name] = column.alias(name)
    return [*named.values()]


def write_frame(frame: pl.DataFrame, path: str | PathLike[str]) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    frame : polars.DataFrame
        The table.
    path : str or path
        A file whose name ends in .csv or .parquet.

    Raises
    ------
    OutputError
        If the name ends otherwise, the disk is full, the folder is missing or read-only, or the path is a folder.
    """
    path = Path(path)
    check_output(path, FRAME_ENDINGS)
    buffer = io.BytesIO()
    if path.suffix.lower() == ".csv":
        buffer.write(as_csv(frame).encode())
    else:
        frame.write_parquet(buffer)
    write_atomically(path, buffer.getvalue())


def as_csv(frame: pl.DataFrame) -> str:
    """Turn a table into the text of a CSV file; times are written as `read_table` and spreadsheets read them."""
    with_zone = [
        column.dt.to_string("%Y-%m-%d %H:%M:%S%.f%:z")
        for column in frame
        if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone
    ]
    return frame.with_columns(with_zone).write_csv(datetime_format="%Y-%m-%d %H:%M:%S%.f")
