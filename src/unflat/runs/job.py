"""The main job: a file in; a model, its scores on what it never saw, and the folder that holds both, out."""

from __future__ import annotations

import csv
import io
import json
import platform
import shlex
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unflat.baselines import MEAN
from unflat.errors import NoSkillWarning
from unflat.errors.telling import warn_user
from unflat.estimator import LSTMRegressor
from unflat.estimator.judgement import also_of_others
from unflat.evaluation import evaluate
from unflat.history import EpochRecord
from unflat.metrics import NOTICEABLE
from unflat.runs.folder import CONFIG, FIGURES, HISTORY, METRICS, MODEL, Run, new_folder
from unflat.runs.own import digest_of
from unflat.runs.parts import Cut, Holdout, read_parts
from unflat.saving.artifact import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

    import numpy as np
    from numpy.typing import NDArray

    from unflat.evaluation import Evaluation
    from unflat.history import History
    from unflat.metrics import OutputScores
    from unflat.runs.parts import Part

_PACKAGES = ("unflat", "numpy", "polars", "scikit-learn", "torch")
"""Packages whose version can change a result."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run came to.

    Parameters
    ----------
    run : Run
        The folder on the disk.
    model : LSTMRegressor
        Fitted.
    test : Part
        What the model never saw.
    prediction : ndarray of shape (n,) or (n, n_outputs)
        The model's predictions for it, in the target's units.
    evaluation : Evaluation
        Their scores, beside those of the baselines.
    counts : dict of str to int
        Sequences in the parts `train`, `validation` and `test`.
    """

    run: Run
    model: LSTMRegressor
    test: Part
    prediction: NDArray[np.float64]
    evaluation: Evaluation
    counts: dict[str, int]


def train_run(
    data: str | PathLike[str],
    folder: str | PathLike[str],
    *,
    cut: Cut | None = None,
    holdout: Holdout | None = None,
    model: LSTMRegressor | None = None,
    test_data: str | PathLike[str] | None = None,
    force: bool = False,
    command: Sequence[str] = (),
    illustrate: Callable[[Outcome, Path], None] | None = None,
) -> Outcome:
    """Read a file, train on a part of it, judge on another, and write a run's folder.

    The folder appears whole or not at all: the model file, `config.json` with all that made it, `metrics.json` with
    the scores on the test part, `history.csv` with a row for each epoch of each network, and a folder `figures`.

    Parameters
    ----------
    data : str or path
        A table of time steps (.csv, .tsv, .parquet), or whole sequences (.ts).
    folder : str or path
        Where the run is to be.
    cut : Cut or None
        How windows are cut from a table; None for a .ts file.
    holdout : Holdout or None
        What is kept from training. None for 20 % to judge by and no share for validation, `Holdout(validation=0.0)`,
        which is what `config.json` then says: the model itself holds out what suits the rest, a tenth to choose by or,
        where there is little, all of it in turn.
    model : LSTMRegressor or None
        What to fit, in place; None for one with all defaults.
    test_data : str or path, or None
        What to judge by, instead of a part of `data`.
    force : bool
        Whether a run that is in the folder is replaced. Anything else in its place is never touched.
    command : sequence of str
        The command line to keep in `config.json`.
    illustrate : callable or None
        Given the outcome and the folder `figures`, which is empty, draws pictures into it; `unflat.figures.draw_run`
        is one.

    Returns
    -------
    Outcome
        The run on the disk, and what it holds.

    Raises
    ------
    OutputExistsError
        If the place is taken.
    OutputError
        If the disk is full or read-only.
    UnflatError
        If the data or the model's parameters cannot be used.

    Warns
    -----
    NoSkillWarning
        If the model is no better than the mean on what it is judged by.
    """
    model = LSTMRegressor(random_state=0) if model is None else model
    holdout = Holdout(validation=0.0) if holdout is None else holdout
    with new_folder(Path(folder), force=force) as temporary:
        parts = read_parts(data, test_data, cut, holdout)
        model.fit(*parts.train, validation=parts.validation_to_fit)
        outcome = Outcome(
            Run(Path(folder)),
            model,
            parts.test,
            model.predict(parts.test.X),
            evaluate(model, *parts.test),
            {name: 0 if part is None else len(part.X) for name, part in parts._asdict().items()},
        )
        files = {"data": str(data), "test_data": None if test_data is None else str(test_data)}
        files |= {"data_digest": digest_of(data)}
        config = {
            "command": list(command),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": _versions(),
            **files,
            "cut": None if cut is None else asdict(cut),
            "holdout": asdict(holdout) | {"by": "time" if cut and holdout.by is None else holdout.by},
            "counts": outcome.counts,
            "linear": model.linear_,
            "schema": None if model.schema_ is None else model.schema_.to_dict(),
            "parameters": _parameters(model),
        }
        _write(outcome, config, temporary)
        if illustrate is not None:
            illustrate(outcome, temporary / FIGURES)
    _warn_of_no_skill(outcome, data)
    return outcome


def _warn_of_no_skill(outcome: Outcome, data: str | PathLike[str]) -> None:
    """Warn of outputs that are predicted no better than by the mean: `fit` has seen only what it held out itself."""
    assessment, names = outcome.evaluation.assessment, outcome.evaluation.targets
    poor = [(scores, name) for scores, name in zip(assessment.outputs, names, strict=True) if _is_poor(scores)]
    if not poor:
        return
    (worst, name), *more = sorted(poor, key=lambda found: found[0].skills[MEAN])
    others = f" {also_of_others([repr(other) for _, other in more])}" if more else ""
    command = shlex.join(["unflat", "diagnose", str(outcome.run.path), "--data", str(data)])
    told = (
        f"The predictions of {name!r} are no better than the mean: on the {assessment.n:,} sequences that the run is "
        f"judged by their RMSE is {worst.rmse:.4g}, the mean's {worst.baseline_rmse[MEAN]:.4g}.{others} Find out why: "
        f"{command}"
    )
    warn_user(NoSkillWarning(told))


def _is_poor(scores: OutputScores) -> bool:
    return scores.skills[MEAN] < NOTICEABLE


def _write(outcome: Outcome, config: Mapping[str, Any], folder: Path) -> None:
    outcome.model.save(folder / MODEL)
    write_atomically(folder / CONFIG, _json(config))
    write_atomically(folder / METRICS, _json(outcome.evaluation.to_dict()))
    write_atomically(folder / HISTORY, _history(outcome.model.histories_))
    (folder / FIGURES).mkdir()


def _json(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode(errors="backslashreplace")  # of a path that is no text, which JSON writes in this way, too


def _history(histories: Sequence[History]) -> bytes:
    names = ["network", *(field.name for field in fields(EpochRecord))]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    for network, history in enumerate(histories, start=1):
        writer.writerows({"network": network, **asdict(record)} for record in history.epochs)
    return text.getvalue().encode()


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # run from its sources
        return "not installed"


def _parameters(model: LSTMRegressor) -> dict[str, Any]:
    """Give the parameters as JSON has them; what it cannot hold, a callback or a generator, as text."""
    parameters = model.get_params(deep=False)
    return {name: value if _is_plain(value) else repr(value) for name, value in parameters.items()}


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)
