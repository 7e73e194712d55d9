"""Axes in the wrong places: features where time should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.rule import cure_for
from unflat.diagnosis.causes.symptoms import worse_than_it_should
from unflat.diagnosis.material.summaries import standardized
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.subjects.measures import MIXED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination

_TURN = "X = X.transpose(0, 2, 1)  # (n, features, steps) to (n, steps, features); "
_CODE: Code = {
    "unflat": _TURN + "not reshape\nmodel.fit(X, y)",
    "keras": _TURN + "not reshape\n# and make the model anew with keras.Input(shape=X.shape[1:])",
    "torch": _TURN
    + "not reshape\n# and make the recurrent layer anew: torch.nn.LSTM(X.shape[2], units, batch_first=True)",
    "sklearn": _TURN + "not reshape\nmodel.fit(X.reshape(len(X), -1), y)",
    "function": _TURN + "not reshape",
}

_FEWEST_FEATURES = 6
"""Features below which no order among them can be seen."""

_NEIGHBOURS = 0.8
"""Correlation of neighbouring steps of a smooth series."""

_FADES = 0.2
"""How much of it is lost half the axis away, along time and not along features."""


_FIRST_CODE: Code = {
    "torch": "self.lstm = torch.nn.LSTM(features, units, batch_first=True)  # by default (steps, samples, features);\n"
    "# likewise GRU, MultiheadAttention and TransformerEncoderLayer"
}


def swapped_axes(examination: Examination) -> Cause | None:
    """Find that what should be features runs like time, or that a whole sequence, or each of all, is one step."""
    if not worse_than_it_should(examination):
        return None
    X, subject = examination.training.X, examination.subject
    mixed = subject.mixes_sequences(X) or 0.0
    if mixed >= MIXED and not (subject.draws(X) or 0.0) >= MIXED:
        return _steps_from_sequence_to_sequence(examination, mixed)
    evidence = _against_raw(examination)
    confidence = 0.95
    if evidence is None:
        evidence, confidence = _runs_like_time(examination.training.values), 0.6
    if evidence is None:
        return None
    return Cause(
        "swapped_axes",
        "Time stands where features should: the recurrence steps from feature to feature, and sees time as an "
        "unordered set of inputs.",
        evidence,
        cure_for(examination, "Give sequences as (samples, time steps, features).", _CODE),
        confidence,
    )


def _steps_from_sequence_to_sequence(examination: Examination, mixed: float) -> Cause:
    return Cause(
        "swapped_axes",
        "Samples stand where time should: a layer reads the sequences of a batch as its steps, so that the same "
        "sequences get other predictions in other company.",
        (Evidence("difference to predictions of the same sequences in other company, in their deviation", mixed, "0"),),
        cure_for(examination, "Have the layer take samples first.", _FIRST_CODE),
        0.95,
    )


def _against_raw(examination: Examination) -> tuple[Evidence, ...] | None:
    if examination.raw is None:
        return None
    shape, raw = examination.training.values.shape, examination.raw[0].shape
    turned = shape[1] != shape[2] and shape[1:] == raw[1:][::-1]
    flattened = shape[1] == 1 < raw[1] and shape[2] == raw[1] * raw[2]
    if not (turned or flattened):
        return None
    return (
        Evidence("time steps of the sequences given to the model", shape[1], f"{raw[1]}, as the raw ones have"),
        Evidence("features of the sequences given to the model", shape[2], f"{raw[2]}, as the raw ones have"),
    )


def _runs_like_time(values: NDArray[np.float64]) -> tuple[Evidence, ...] | None:
    _, T, F = values.shape
    if max(_FEWEST_FEATURES, T + 1) > F or not np.isfinite(values).all():
        return None
    near, far = _neighbours(values.reshape(-1, F))
    if near < _NEIGHBOURS or near - far < _FADES:
        return None
    steps_near, steps_far = _neighbours(values.transpose(0, 2, 1).reshape(-1, T)) if T > 1 else (0.0, 0.0)
    if steps_near - steps_far >= _FADES / 2:
        return None
    return (
        Evidence("mean correlation of neighbouring features", near, "no more than of distant ones"),
        Evidence("mean correlation of features half the axis apart", far, "as of neighbouring ones"),
        Evidence("mean correlation of neighbouring time steps", steps_near, "above that of distant ones")
        if T > 1
        else Evidence("time steps of a sequence", float(T), "several"),
    )


def _neighbours(columns: NDArray[np.float64]) -> tuple[float, float]:
    """Mean correlation of columns next to each other, and of those half of them apart."""
    scaled = standardized(columns)
    half = max(columns.shape[1] // 2, 1)
    near = np.mean(scaled[:, 1:] * scaled[:, :-1])
    return float(near), float(np.mean(scaled[:, half:] * scaled[:, :-half]))
