"""Run one program: train it, score it, ask for a diagnosis, put down what was said."""

from __future__ import annotations

import time
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from benchmarks.faults import frameworks
from benchmarks.faults.preparing import prepare
from benchmarks.faults.storage import kept

from unflat.diagnosis.subjects import subject_of

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.faults.plan import Entry
    from benchmarks.faults.program import Array, Prepared, Program, Trained

    from unflat.diagnosis import Diagnosis


def run(entry: Entry, folder: Path | None = None) -> dict[str, Any]:
    """Run a program.

    Parameters
    ----------
    entry : Entry
        Which one.
    folder : Path or None
        Where trained models are kept from run to run, if anywhere.

    Returns
    -------
    dict
        Plain JSON values: what it is, its skill, what the diagnosis said, seconds; or the error it ended in.
    """
    record = described(entry)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            prepared = prepare(entry.program)
            trained = kept(folder, entry.key, partial(frameworks.train, entry.program, prepared))
        except Exception as error:  # noqa: BLE001 - frameworks refuse some faults, each with an error of its own
            return record | {"refused": _words(error)}
        trained_at = time.perf_counter()
        for edit in entry.program.asked:
            prepared = edit(prepared)
        record |= {"training_seconds": round(trained_at - started, 2)} | examined(entry.program, prepared, trained)
    return record


def described(entry: Entry) -> dict[str, Any]:
    """Describe a program."""
    program = entry.program
    return {
        "key": entry.key, "kind": entry.kind, "framework": program.framework, "set": program.set_name,
        "style": program.style, "seed": program.seed, "cause": entry.cause, "variant": entry.variant,
        "raw": program.raw_given, "twin": entry.twin, "sound": None if np.isinf(program.sound) else program.sound,
    }  # fmt: skip


def examined(program: Program, prepared: Prepared, trained: Trained) -> dict[str, Any]:
    """Score a trained program, and ask for its diagnosis; an error is an answer, too: a wrong one."""
    errors = errors_of(program, prepared, trained)
    scored = {
        "skill": None if errors is None else _number(1 - float(np.mean(errors))),
        "errors": None if errors is None else [float(f"{error:.4g}") for error in errors],
        "asked": crc32(program.data.held_out.y.tobytes()),
    }
    started = time.perf_counter()
    try:
        diagnosis = frameworks.diagnose(program, prepared, trained)
    except Exception as error:  # noqa: BLE001 - counted as a miss, or as a false alarm
        return scored | {"error": _words(error)}
    return scored | {"seconds": round(time.perf_counter() - started, 2)} | said(diagnosis)


def said(diagnosis: Diagnosis) -> dict[str, Any]:
    """Put down what a diagnosis says."""
    output = diagnosis.judgement.outputs[0]
    return {
        "verdict": diagnosis.verdict,
        "confidence": round(float(diagnosis.judgement.confidence), 4),
        "causes": [[cause.id, round(float(cause.confidence), 4)] for cause in diagnosis.causes],
        "spread": _number(output.spread),
        "r2": _number(output.r2),
        "attainable": _number(output.attainable),
    }


def errors_of(program: Program, prepared: Prepared, trained: Trained) -> Array | None:
    """Give the squared error of each held-out sequence, in variances of the targets; None where one is no number.

    Where a model gives several numbers for a sequence, it is their mean.
    """
    pairs = prepared.data.held_out
    X = pairs.X.reshape(len(pairs), -1) if program.framework == "sklearn" else pairs.X.astype(np.float32)
    prediction = np.asarray(subject_of(trained.model).predict(X), dtype=np.float64).reshape(len(pairs), -1)
    variance = float(np.var(pairs.y))
    if not variance or not np.isfinite(prediction).all() or not np.isfinite(pairs.y).all():
        return None
    errors: Array = np.mean((prediction - pairs.y[:, None]) ** 2, axis=1) / variance
    return errors if np.isfinite(errors).all() else None


def skill_of(program: Program, prepared: Prepared, trained: Trained) -> float | None:
    """Give R² on held-out data; None where it is no number."""
    errors = errors_of(program, prepared, trained)
    return None if errors is None else _number(1 - float(np.mean(errors)))


def _number(value: float) -> float | None:
    return round(float(value), 5) if np.isfinite(value) else None


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
