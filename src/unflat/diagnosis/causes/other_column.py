"""A target that was scaled by another column's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.rule import cure_for, target_of
from unflat.diagnosis.causes.symptoms import attainable
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.references.linear import squared_correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination

_WORDS_OTHER_COLUMN = (
    "Scale the target by its own mean and standard deviation, and use the same numbers to bring predictions back."
)
_OTHER_COLUMN_CODE: Code = {
    "unflat": 'model.set_params(scale_target="standard").fit(X_raw, y_raw)',
    **dict.fromkeys(
        ("keras", "torch", "sklearn", "function"),
        "mean, std = y_raw.mean(axis=0), y_raw.std(axis=0)  # the target's own, not another column's\n"
        "y = (y_raw - mean) / std                           # train on these; then prediction * std + mean",
    ),
}


def target_scaled_by_other_column(examination: Examination) -> Cause | None:
    """Find a target that was scaled by the mean and deviation of a feature."""
    if examination.raw is None or not _error_is_avoidable(examination):
        return None
    y, raw_y = examination.training.y, examination.raw[1]
    if y.shape != raw_y.shape or not np.isfinite(raw_y).all() or not np.isfinite(y).all():
        return None
    for output in range(y.shape[1]):
        numbers = _divided_by(y[:, output], raw_y[:, output])
        found = None if numbers is None else _whose(examination.raw[0], raw_y[:, output], *numbers)
        if found is not None and numbers is not None:
            return _other_column(examination, output, found, numbers)
    return None


def _other_column(examination: Examination, output: int, column: str, numbers: tuple[float, float]) -> Cause:
    target = target_of(examination, output)
    y = examination.training.y[:, output]
    raw = examination.raw[1][:, output] if examination.raw is not None else y
    return Cause(
        "target_scaled_by_other_column",
        f"{target[0].upper()}{target[1:]} was scaled by the mean and deviation of {column}, and is neither centered "
        "nor of unit size.",
        (
            Evidence(f"mean that {target} was centered by", numbers[0], f"{raw.mean():.6g}, its own"),
            Evidence(f"deviation that {target} was divided by", numbers[1], f"{raw.std():.6g}, its own"),
            Evidence(f"mean of {target} once scaled", float(y.mean()), "0"),
            Evidence(f"deviation of {target} once scaled", float(y.std()), "1"),
        ),
        cure_for(examination, _WORDS_OTHER_COLUMN, _OTHER_COLUMN_CODE),
        0.95,
    )


def _error_is_avoidable(examination: Examination) -> bool:
    """Whether reference learners leave less than half of the error: the scale is a fact, that it harms must be seen."""
    parts = (examination.training, examination.judged)
    return any(bool((~(1 - p.r2 <= 2 * (1 - attainable(examination, p)) + 1e-3)).any()) for p in parts)


def _divided_by(y: NDArray[np.float64], raw: NDArray[np.float64]) -> tuple[float, float] | None:
    """Find center and scale of y = (raw - center) / scale; None if it is no such thing."""
    if raw.std() == 0 or squared_correlation(y, raw) < 1 - 1e-6:
        return None
    scale = float(raw.std() / y.std())
    return float(raw.mean() - scale * y.mean()), scale


def _whose(X: NDArray[np.float64], raw: NDArray[np.float64], center: float, scale: float) -> str | None:
    """Name the feature whose mean and deviation these are, within 1 %; None if they are the target's or nobody's."""

    def is_of(mean: float, deviation: float) -> bool:
        near = abs(center - mean) <= 0.01 * max(abs(mean), deviation)
        return bool(near and abs(scale - deviation) <= 0.01 * deviation)

    if is_of(float(raw.mean()), float(raw.std())):
        return None
    candidates = {"all features together": X, "the first step": X[:, 0], "the last step": X[:, -1]}
    candidates |= {f"feature {f}": X[..., f] for f in range(X.shape[-1])}
    candidates |= {f"feature {f} at the first step": X[:, 0, f] for f in range(X.shape[-1])}
    candidates |= {f"feature {f} at the last step": X[:, -1, f] for f in range(X.shape[-1])}
    return next((name for name, v in candidates.items() if is_of(float(np.nanmean(v)), float(np.nanstd(v)))), None)
