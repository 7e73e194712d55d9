"""Run one problem: fit the defaults, let other learners look at the same data, and ask for the verdict."""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.never_flat import data

from unflat import LSTMRegressor, diagnose
from unflat.diagnosis.measured.standing import standard_error

if TYPE_CHECKING:
    from benchmarks.never_flat.data import Data
    from benchmarks.never_flat.problem import Problem
    from numpy.typing import NDArray

    from unflat.diagnosis import Diagnosis
    from unflat.diagnosis.verdict import OutputVerdict

    Values = NDArray[np.float64]


def run(problem: Problem) -> dict[str, Any]:
    """Run a problem.

    Parameters
    ----------
    problem : Problem
        Which one.

    Returns
    -------
    dict
        Plain JSON values: the problem, how the fit went, the verdict with its figures; or the error that it ended in.
    """
    record: dict[str, Any] = {"number": problem.number, "problem": asdict(problem)}
    try:
        model, diagnosis, more = examined(data.make(problem))
    except Exception as error:  # noqa: BLE001 - an error is an answer, too: a failure
        return record | {"error": f"{type(error).__name__}: {error}"[:300]}
    return record | more | told(model) | said(diagnosis)


def examined(drawn: Data, **parameters: Any) -> tuple[LSTMRegressor, Diagnosis, dict[str, Any]]:  # noqa: ANN401 - see there
    """Fit the estimator as it comes, and diagnose it on the sequences to be judged.

    Parameters
    ----------
    drawn : Data
        What to fit on, and what to judge on.
    **parameters
        Of the estimator, beside `random_state=0`; none in the benchmark itself.

    Returns
    -------
    model : LSTMRegressor
        Fitted.
    diagnosis : Diagnosis
        Its verdict rests on what other learners reach on the same data.
    more : dict
        Seconds, and what was warned of.
    """
    training, judged = drawn.training, drawn.judged
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        started = time.perf_counter()
        model = LSTMRegressor(random_state=0, **parameters).fit(training.X, training.y, groups=training.groups)
        fitted = time.perf_counter()
        diagnosis = diagnose(model, training.X, training.y, validation=(judged.X, judged.y), random_state=0)
    return (
        model,
        diagnosis,
        {
            "fit_seconds": round(fitted - started, 2),
            "diagnosis_seconds": round(time.perf_counter() - fitted, 2),
            "warnings": sorted({warning.category.__name__ for warning in caught}),
        },
    )


def told(model: LSTMRegressor) -> dict[str, Any]:
    """Put down how a fit went."""
    history, own = model.history_, model.held_out_
    return {
        "epochs": len(history.epochs),
        "best_epoch": history.best_epoch,
        "stopped": history.stopped,
        "linear": bool(model.linear_),
        "own_held_out": None if own is None else {"n": own.n, "r2": [_number(scores.r2) for scores in own.outputs]},
    }


def said(diagnosis: Diagnosis) -> dict[str, Any]:
    """Put down what a diagnosis says, and what each learner reaches on the sequences judged."""
    found = {"the default": diagnosis.prediction}
    for learner in diagnosis.references.learners:
        if learner.held_out_prediction is not None:
            found[learner.name] = learner.held_out_prediction
    return {
        "verdict": diagnosis.verdict,
        "outputs": [
            _output(output, {name: _skill(diagnosis.y[:, place], told[:, place]) for name, told in found.items()})
            for place, output in enumerate(diagnosis.judgement.outputs)
        ],
        "causes": [[cause.id, _number(cause.confidence)] for cause in diagnosis.causes],
    }


def _output(output: OutputVerdict, reached: dict[str, list[float | None]]) -> dict[str, Any]:
    figures = {name: getattr(output, name) for name in ("spread", "flat_below", "confidence")}
    return {
        "verdict": output.verdict,
        "signal": bool(output.signal),
        **{name: _number(value) for name, value in figures.items()},
        "reached": reached,
    }


def _skill(y: Values, predicted: Values) -> list[float | None]:
    """Give R² of all sequences judged, as their targets are, and its standard error; none where it is no number."""
    if not np.isfinite(predicted).all():
        return [None, None]
    gains = ((y - y.mean()) ** 2 - (y - predicted) ** 2) / y.var()
    return [_number(gains.mean()), _number(standard_error(gains))]


def _number(value: float) -> float | None:
    return round(float(value), 5) if np.isfinite(value) else None
