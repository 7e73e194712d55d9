"""The file that a run was trained on, known again and split as it was for the run."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from unflat.runs.folder import CONFIG, MODEL, Run
from unflat.runs.parts import Holdout, Part, split_part
from unflat.runs.use import read_part

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from unflat.estimator import LSTMRegressor


class OwnParts(NamedTuple):
    """What a run was trained on and what it was judged by; `test` is None where that is no longer there."""

    train: Part
    test: Part | None


def digest_of(path: str | PathLike[str]) -> str:
    """Give the SHA-256 of a file, by which it is known again under any name."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def own_parts(run: Run, model: LSTMRegressor, data: str | PathLike[str]) -> OwnParts | None:
    """Split the file that a run was trained on as it was split for the run.

    Parameters
    ----------
    run : Run
        A run's folder, or the model file in it.
    model : LSTMRegressor
        The run's model.
    data : str or path
        Any file.

    Returns
    -------
    OwnParts or None
        None if the run was trained on another file, or did not record on which.

    Raises
    ------
    UnflatError
        If a file cannot be read.
    """
    config = _config_of(run)
    if not _is_own(config, Path(data)):
        return None
    judged_by = config.get("test_data")
    whole = read_part(model, data, targets=True)
    train, _, test = split_part(whole, Holdout(**config["holdout"]), test=judged_by is None)
    if judged_by is not None and Path(judged_by).is_file():
        test = read_part(model, judged_by, targets=True)
    return OwnParts(train, test)


def trained_on(run: Run) -> str | None:
    """Name the file that a run was trained on.

    Parameters
    ----------
    run : Run
        A run's folder, or the model file in it.

    Returns
    -------
    str or None
        None where no run was kept, or it did not record by what the file is known again.
    """
    config = _config_of(run)
    return str(config["data"]) if "data_digest" in config else None


def _config_of(run: Run) -> Mapping[str, Any]:
    """Read what a run recorded; nothing where there is none beside the model."""
    folder = run.path.parent if run.path.name == MODEL else run.path
    return Run(folder).config() if (folder / CONFIG).is_file() else {}


def _is_own(config: Mapping[str, Any], data: Path) -> bool:
    """Whether a file is the one that was trained on: by its content, or by its place where that was not recorded."""
    if not data.is_file() or "holdout" not in config:
        return False
    if "data_digest" in config:
        return bool(config["data_digest"] == digest_of(data))
    recorded = Path(config.get("data", ""))
    return recorded.is_file() and recorded.samefile(data)
