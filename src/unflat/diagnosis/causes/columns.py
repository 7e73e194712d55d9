"""Columns whose scale is not theirs: divided by almost nothing, or by what a few extreme values deviate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.network import moments, network_inputs
from unflat.diagnosis.causes.rule import cure_for, target_of
from unflat.diagnosis.causes.scale import UNSCALED, VANISHING
from unflat.diagnosis.causes.symptoms import worse_than_it_should
from unflat.diagnosis.material.summaries import OWNED, owned_by_few
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.references import GAIN
from unflat.diagnosis.references.linear import linear_r2, summary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination

_CONSTANT_RAW = 1e-6
"""Deviation over magnitude of a raw column that is constant but for rounding, in float32 (eps 1.2e-7) and sums."""

_ROUNDING = 1e-2
"""Relative difference of deviations that single precision may make where nothing was scaled."""

_EXPLODED = 1e3
"""How far values lie out after a division by almost nothing; a millionth of normal values lies beyond 5."""

_DEGENERATE_CODE: Code = {
    "unflat": 'model.set_params(scale_inputs="standard").fit(X_raw, y)  # leaves constant columns as they are',
    **dict.fromkeys(
        ("keras", "torch", "sklearn", "function"),
        "mean, std = X_raw.mean(axis=(0, 1)), X_raw.std(axis=(0, 1))\n"
        "std[std <= 1e-6 * abs(mean)] = 1.0  # a column that is constant but for rounding\n"
        "X = (X_raw - mean) / std",
    ),
}


def degenerate_scale(examination: Examination) -> Cause | None:
    """Find columns that were divided by a scale of zero, or of almost nothing."""
    evidence = _divided_by_zero(examination) or _divided_by_little(examination)
    if evidence is None:
        return None
    return Cause(
        "degenerate_scale",
        "A column that hardly varies was divided by its deviation: rounding noise, or the first value that differs, "
        "becomes larger than everything else.",
        evidence,
        cure_for(examination, "Do not divide constant columns; leave them out, or divide by 1.", _DEGENERATE_CODE),
        0.9,
    )


def _divided_by_zero(examination: Examination) -> tuple[Evidence, ...] | None:
    lost = (~np.isfinite(examination.training.values)).all(axis=(0, 1))
    if not lost.any() or lost.all() or examination.training.finite:
        return None
    return (Evidence("features without any finite value", float(lost.sum()), "0"),)


def _divided_by_little(examination: Examination) -> tuple[Evidence, ...] | None:
    if not worse_than_it_should(examination) or _scales_itself(examination):
        return None
    mean, deviation = moments(examination.training.values)
    exploded = _exploded(examination, mean, deviation) | _noise(examination, deviation)
    if not exploded.any() or exploded.all():
        return None
    feature = int(exploded.argmax())
    values = np.abs(examination.judged.values[..., feature])
    return (
        Evidence(f"largest magnitude of feature {feature}", float(np.nanmax(values)), "about 3"),
        Evidence(f"deviation of feature {feature} in training data", deviation[feature], "about 1"),
    )


def _scales_itself(examination: Examination) -> bool:
    """Whether what the network reads was scaled within the model: then no column of the given data was divided."""
    inputs = network_inputs(examination)
    given = examination.training.values[: len(inputs)]
    if inputs.shape != given.shape:
        return False
    return bool(np.any(~np.isclose(moments(inputs)[1], moments(given)[1], rtol=_ROUNDING, equal_nan=True)))


def _exploded(examination: Examination, mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark columns that are far out where the others are standardized: centered, so that none was forgotten."""
    others = np.median(np.hypot(mean, deviation)) < UNSCALED
    centered = np.abs(mean) <= np.maximum(deviation, 1.0)
    far_in_training = _far_out(examination.training.values, deviation)
    # Held-out values in other units are far out as well, of columns that varied in training: those are no rounding.
    far_later = _far_out(examination.judged.values, deviation) & (deviation < VANISHING)
    far = far_in_training | far_later | (deviation > _EXPLODED)
    marked: NDArray[np.bool_] = far & others & centered
    return marked


def _far_out(values: NDArray[np.float64], deviation: NDArray[np.float64]) -> NDArray[np.bool_]:
    largest = np.abs(np.nan_to_num(values, posinf=np.inf)).max(axis=(0, 1))
    far: NDArray[np.bool_] = largest > _EXPLODED * np.maximum(deviation, 1.0)
    return far


def _noise(examination: Examination, deviation: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark columns that vary now and were constant but for rounding when they were raw."""
    nothing = np.zeros(len(deviation), dtype=bool)
    if examination.raw is None or examination.raw[0].shape[-1] != len(deviation):
        return nothing
    mean, raw = moments(examination.raw[0])
    return (raw <= _CONSTANT_RAW * np.abs(mean)) & (raw > 0) & (deviation > UNSCALED * raw)


_QUARTILES = (0.25, 0.5, 0.75)
_WIDTHS = 3.0
"""Widths of its middle half from the median at which a feature is cut: of a normal law, one value in ten thousand."""

_OUTLIER_CODE: Code = {
    "unflat": 'model.set_params(scale_inputs="robust", scale_target="robust", loss="huber").fit(X, y)',
    **dict.fromkeys(
        ("keras", "torch", "sklearn", "function"),
        "import numpy as np\n"
        "low, high = np.quantile(y, [0.01, 0.99], axis=0)  # and likewise each feature of X\n"
        "y = np.clip(y, low, high)\n"
        "low, middle, high = np.quantile(y, [0.25, 0.5, 0.75], axis=0)\n"
        "y = (y - middle) / (high - low)",
    ),
}


def outliers_own_scale(examination: Examination) -> Cause | None:
    """Find columns whose deviation is that of a few values, beside which all others are one number."""
    if not worse_than_it_should(examination):
        return None
    y = examination.training.y
    owned = {target_of(examination, k): owned_by_few(y[:, k]) for k in range(y.shape[1])}
    if max(owned.values()) < OWNED:
        owned |= _owned_features(examination)
    worst = max(owned, key=lambda name: owned[name])
    if owned[worst] < OWNED:
        return None
    return Cause(
        "outliers_own_scale",
        "A few extreme values make up the deviation that a column was scaled by, so that all others are nearly the "
        "same number to the network.",
        (
            Evidence(
                f"share of the variance of {worst} owned by its 1 % most extreme values", owned[worst], "below 0.5"
            ),
            Evidence("columns so owned", float(sum(share >= OWNED for share in owned.values())), "0"),
        ),
        cure_for(
            examination, "Clip or repair extreme values, and scale by median and interquartile range.", _OUTLIER_CODE
        ),
        0.7,
    )


def _owned_features(examination: Examination) -> dict[str, float]:
    """Give the owned shares of features; of none where extreme values hide nothing.

    Rain and snow are 0 most of the time, and wind adds up: few values own such columns, and hide nothing.
    """
    inputs = network_inputs(examination)
    owned = {f"feature {f}": owned_by_few(inputs[..., f].ravel()) for f in range(inputs.shape[-1])}
    squeezed = {f"feature {f}" for f in range(inputs.shape[-1]) if _is_squeezed(inputs[..., f])}
    if max(owned.values(), default=0.0) < OWNED:
        return {}
    if any(owned[name] >= OWNED for name in squeezed):
        return {name: share for name, share in owned.items() if name in squeezed}
    return owned if _hides_something(inputs, examination.training.y[: len(inputs)]) else {}


_SQUEEZED = 0.1
"""Width of a column's middle half in deviations at which all but a few values are nearly one number: 1.35 of a normal
law, 0.3 and more of heavy tails."""


def _is_squeezed(column: NDArray[np.float64]) -> bool:
    """Whether the middle half of a column is narrow beside its deviation, and yet no single number."""
    known = column[np.isfinite(column)]
    if len(known) == 0:
        return False
    low, high = np.quantile(known, [0.25, 0.75])
    return bool(0 < high - low < _SQUEEZED * known.std())


def _hides_something(inputs: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    if not np.isfinite(y).all():
        return True
    inputs = inputs if inputs.ndim == 3 else inputs.reshape(len(inputs), 1, -1)  # noqa: PLR2004 - sequences, time, features
    low, middle, high = np.nanquantile(np.where(np.isfinite(inputs), inputs, np.nan), _QUARTILES, axis=(0, 1))
    cut = np.clip(inputs, middle - _WIDTHS * (high - low), middle + _WIDTHS * (high - low))
    seen, as_it_is = linear_r2(summary(cut), y), linear_r2(summary(inputs), y)
    error = 2 * np.sqrt(max(seen, as_it_is) / len(y)) * (1 - as_it_is)  # as `behind` has it
    return bool(seen - as_it_is > max(GAIN, 2 * error))
