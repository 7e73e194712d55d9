"""Causes in the data themselves: values that are no numbers, and targets with nothing to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.rule import compiled_as_before, cure_for, target_of
from unflat.diagnosis.causes.symptoms import varies
from unflat.diagnosis.records import Cause, Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination, Part

_DROP = """import numpy as np
kept = np.isfinite(X).reshape(len(X), -1).all(axis=1) & np.isfinite(y).reshape(len(y), -1).all(axis=1)
X, y = X[kept], y[kept]
"""

_DROP_CODE: Code = {
    "keras": _DROP + "fresh = keras.models.clone_model(model)  # the old weights are NaN\n"
    f"{compiled_as_before('fresh')}\n"
    "fresh.fit(X, y, epochs=50)",
    "torch": _DROP + "# then make the model anew, since its weights are NaN, and train it on X and y",
    "sklearn": _DROP + "model.fit(X, y)",
    "function": _DROP + "# then train again on X and y",
    "unflat": "import numpy as np\n"
    "kept = np.isfinite(y).reshape(len(y), -1).all(axis=1)  # NaN among the inputs may stay\n"
    "model.fit(X[kept], y[kept])",
}


def nan_in_data(examination: Examination) -> Cause | None:
    """Find values that are no numbers, where predictions are none either or where targets are missing."""
    for part, name in _parts(examination):
        inputs, targets = _missing(part), int((~np.isfinite(part.y)).sum())
        unusable = targets > 0 or (inputs > 0 and not part.finite)
        if unusable:
            evidence = (
                Evidence(f"values of {name} y that are not finite", targets, "0"),
                Evidence(f"values of {name} X that are not finite", inputs, "0"),
                Evidence(f"share of {name} predictions that are not finite", _share_lost(part), "0"),
            )
            return Cause(
                "nan_in_data",
                "A NaN or an infinite value makes the loss NaN, and after one step every weight; or it goes through "
                "the network into the prediction.",
                evidence,
                cure_for(examination, "Leave out sequences with NaN or infinite values, or fill them in.", _DROP_CODE),
                confidence=0.5 if part.finite else 0.95,
            )
    return None


def constant_target(examination: Examination) -> Cause | None:
    """Find outputs whose targets are all one number."""
    y = examination.training.y
    constant = ~varies(y) & np.isfinite(y).all(axis=0)
    if not constant.any():
        return None
    output = int(constant.argmax())
    return Cause(
        "constant_target",
        "Every training target is the same number, so a constant prediction is the right one.",
        (
            Evidence(
                f"different values of {target_of(examination, output)}", float(len(np.unique(y[:, output]))), "many"
            ),
            Evidence("outputs with a constant target", float(constant.sum()), "0"),
        ),
        cure_for(
            examination,
            "Look where the target comes from: it may be a wrong column, a cast to whole numbers, or a scale by a "
            "range of zero.",
            {},
        ),
        confidence=1.0 if constant.all() else 0.5,
    )


def _parts(examination: Examination) -> list[tuple[Part, str]]:
    parts = [(examination.training, "training")]
    return parts if examination.held_out is None else [*parts, (examination.held_out, "held-out")]


def _missing(part: Part) -> int:
    """Count values that are no numbers, without padding and without columns that hold nothing else."""
    bad: NDArray[np.bool_] = ~np.isfinite(part.values)
    bad &= ~bad.all(axis=(0, 1))  # a scale of zero makes these: a cause of its own
    return int((bad & ~_padding(bad)).sum())


def _padding(bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark steps of nothing but NaN that no value follows: beyond a sequence's end."""
    empty = np.asarray(bad.all(axis=2))
    trailing: NDArray[np.bool_] = np.minimum.accumulate(empty[:, ::-1], axis=1)[:, ::-1, None]
    return trailing


def _share_lost(part: Part) -> float:
    return float((~np.isfinite(part.prediction)).any(axis=1).mean())
