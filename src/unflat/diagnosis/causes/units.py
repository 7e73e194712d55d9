"""Units that do not agree: of training, of what is predicted from, and of what predictions are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from unflat.diagnosis.causes.network import moments
from unflat.diagnosis.causes.rule import cure_for
from unflat.diagnosis.causes.symptoms import attainable, behind
from unflat.diagnosis.measured.examination import SAMPLE
from unflat.diagnosis.measured.standing import MATTERS, standard_error
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.references.linear import squared_correlation
from unflat.errors import ModelFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination, Part

_ALIKE = 0.5
"""R² of a straight line between predictions and targets from which on they are the same thing in other units."""

_APART = 3.0
"""Mean or deviation of inputs that are not standardized; and factor by which values vary more than others of the same
units do."""

_INVERSE_CODE: Code = {
    "keras": "prediction = model.predict(X_new) * std + mean  # the numbers that y was scaled by: (y - mean) / std",
    "torch": "prediction = model(X_new).detach().cpu().numpy() * std + mean  # y was scaled by them: (y - mean) / std",
    "sklearn": "prediction = y_scaler.inverse_transform(model.predict(X_new).reshape(len(X_new), -1))",
    "function": "prediction = predict(X_new) * std + mean  # the numbers that y was scaled by: (y - mean) / std",
    "unflat": 'model.set_params(scale_target="standard").fit(X, y_raw)  # scales and brings back by itself',
}

_BY_FEATURE, _FROM_0_TO_1 = "standardized by feature", "brought to [0, 1] by feature"
_BY_STEP, _TOGETHER = "standardized by feature and step", "standardized together"

_AS_IN_TRAINING = {
    _BY_FEATURE: "mean, std = X_train_raw.mean(axis=(0, 1)), X_train_raw.std(axis=(0, 1))",
    _FROM_0_TO_1: "low, high = X_train_raw.min(axis=(0, 1)), X_train_raw.max(axis=(0, 1))",
    _BY_STEP: "mean, std = X_train_raw.mean(axis=0), X_train_raw.std(axis=0)",
    _TOGETHER: "mean, std = X_train_raw.mean(), X_train_raw.std()",
}
"""The numbers of the training part, by the way in which inputs are scaled; of inputs without features all are one."""

_MISMATCH_CODE: Code = {
    "keras": "prediction = model.predict({scaled})",
    "torch": "prediction = model(torch.as_tensor({scaled}, dtype=torch.float32)).detach().cpu().numpy()",
    "sklearn": "prediction = model.predict({scaled})",
    "function": "prediction = predict({scaled})",
    "unflat": 'model.set_params(scale_inputs="standard").fit(X_raw, y)  # then give predict raw inputs',
}

_BACK = " * y_std + y_mean  # the numbers that y was scaled by"

_FAR_OFF = 5.0
"""Deviations that new values lie off, further than a trend comes that goes on for nearly twice as long as before."""

_AS_RAW, _NOT_AS_SCALED = 3.0, 4.0
"""Standard errors within which new inputs have the mean and the mean square of the raw ones, and beyond which they have
not those of the scaled ones: of two columns for each of ten features, one is beyond 4 once in 800 times by chance."""

_TO_ROUNDING = 1e-5
"""How far single precision may bring ends, mean and deviation of scaled values from where they were brought."""

_FARTHEST = 1e50
"""Deviations beyond which more is no farther, so that squares stay finite."""

_NARROWER = 100.0
"""Factor by which held-out values vary less than any stretch of the same series would."""


def in_other_units(part: Part, losses: tuple[float, ...]) -> bool:
    """Whether predictions follow the targets in other units: on a usual scale, or as closely as training's loss says.

    Parameters
    ----------
    part : Part
        Targets and predictions.
    losses : tuple of float
        Training loss by epoch. Training that ended with the loss that is seen here saw these very targets.

    Returns
    -------
    bool
        False where any number is not finite.
    """
    if not (part.finite and np.isfinite(part.y).all()) or len(part) <= 2:  # noqa: PLR2004 - two points are a line
        return False
    if _trained_on(part, losses):
        return False
    on_usual_scale = (_in_other_units(part.y[:, k], part.prediction[:, k]) for k in range(part.y.shape[1]))
    return any(on_usual_scale) or (bool(losses) and _has_the_loss(part, losses[-1]))


def _trained_on(part: Part, losses: tuple[float, ...]) -> bool:
    """Whether training ended with about the squared error that is seen here: then it saw these very numbers."""
    seen = float(np.mean((part.y - part.prediction) ** 2))
    return bool(losses) and losses[-1] > _SAME_LOSS * seen


_SAME_LOSS = 0.1
"""Share of the squared error that another loss of the same errors, on the same scale, does not fall below."""

_ABOUT = 0.15
"""How far mean and deviation of predictions may be from those of a scaled target, in its deviations: 1.5 standard
errors of the mean of a hundred."""


_LIKE_THE_LOSS = 10.0
"""Factor by which a training loss may differ from the squared error of the same weights: dropout and the course of an
epoch raise it."""

_SCALED = 10.0
"""A magnitude of predictions, |mean| + 2 deviations, beyond which they are on no scale that targets are brought to."""


def _has_the_loss(part: Part, loss: float) -> bool:
    """Whether targets brought to where all predictions fit them best differ from these as the training loss says.

    A fit of z has cov(z, p) = var(p): so targets scaled by cov(y, p) / var(p) leave var(p) (1 / r² - 1), whatever they
    were scaled by: ends of a longer series, or to [-1, 1].
    """
    if not all(_follows(y, prediction) for y, prediction in zip(part.y.T, part.prediction.T, strict=True)):
        return False
    deviation = part.prediction.std(axis=0)
    left = [
        own**2 * (1 / squared_correlation(part.y[:, k], part.prediction[:, k]) - 1) for k, own in enumerate(deviation)
    ]
    is_scaled = bool((np.abs(part.prediction.mean(axis=0)) + 2 * deviation < _SCALED).all())
    return is_scaled and loss / _LIKE_THE_LOSS < float(np.mean(left)) < loss * _LIKE_THE_LOSS


def _follows(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> bool:
    """Whether predictions go with the targets, much more than they are near them."""
    explained = squared_correlation(y, prediction)
    return explained >= _ALIKE and _r2(y, prediction) <= explained / 4


def _in_other_units(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> bool:
    """Whether predictions go with the targets, and have mean and deviation of the targets on another usual scale."""
    if not _follows(y, prediction):
        return False
    spread = squared_correlation(y, prediction) ** 0.5
    middle, half = (y.min() + y.max()) / 2, np.ptp(y) / 2
    scales = ((y.mean(), y.std()), (y.min(), np.ptp(y)), (middle, half))  # standardized, to [0, 1], to [-1, 1]
    return any(_is_scaled(y, prediction, center, scale, spread) for center, scale in scales)


def _is_scaled(
    y: NDArray[np.float64], prediction: NDArray[np.float64], center: float, scale: float, spread: float
) -> bool:
    """Whether predictions have the mean of targets so scaled, and the spread of a fit, √R², of their deviation."""
    mean, deviation = (y.mean() - center) / scale, y.std() / scale
    off = max(abs(prediction.mean() - mean), abs(prediction.std() - spread * deviation))
    return bool(off < _ABOUT * deviation)


def inverse_forgotten(examination: Examination) -> Cause | None:
    """Find predictions that follow the targets, and were not brought back into their units."""
    for part in _parts(examination):
        losses = examination.losses if part is examination.training else ()
        if _may_be_in_other_units(examination, part) and in_other_units(part, losses):
            output = int(np.argmin(np.nan_to_num(part.r2, nan=np.inf)))
            y, prediction = part.y[:, output], part.prediction[:, output]
            return Cause(
                "inverse_forgotten",
                "The predictions are right but for their units: the target was scaled for training, and they were not "
                "brought back.",
                (
                    Evidence("R² after the best straight line", squared_correlation(y, prediction), "as without"),
                    Evidence("R² of the predictions as they are", _r2(y, prediction), "as with"),
                    Evidence("deviation of the targets over that of the predictions", y.std() / prediction.std(), "1"),
                ),
                cure_for(examination, "Undo on the predictions what was done to the target.", _INVERSE_CODE),
                0.9,
            )
    return None


def predict_scale_mismatch(examination: Examination) -> Cause | None:
    """Find inputs on another scale than in training: scaled by their own numbers, the model does well with them."""
    for part in _parts(examination):
        if not behind(examination, part).any() and not (part.r2 < 0).any():
            continue
        if not _may_be_on_another_scale(examination, part):
            continue
        found = _best_rescaled(examination, part)
        if found is not None:
            return _mismatch(examination, part, found)
    return None


def _may_be_on_another_scale(examination: Examination, part: Part) -> bool:
    """Whether a part's inputs look as if they were on another scale than those that training saw.

    Of the training part, a model that is worse than the mean has not been trained on what it is given here, whatever
    loss training ended with. New inputs need not look it where the model is worse than the mean: where a trend goes on,
    targets go with it, and no other scale of the inputs brings predictions to where they are.
    """
    worse_than_the_mean = bool((part.r2 < 0).any())
    if part is examination.training:
        return _raw_looking(part.values) and (worse_than_the_mean or not _trained_on(part, examination.losses))
    return worse_than_the_mean or _in_other_inputs(examination, part)


class _Rescaled(NamedTuple):
    way: str
    explained: float
    as_given: float
    brought_back: bool


class _Agreement(NamedTuple):
    explained: float
    brought_back: bool


def _mismatch(examination: Examination, part: Part, found: _Rescaled) -> Cause:
    mean, deviation = moments(part.values)
    trained_mean, trained = moments(examination.training.values)
    compared = (0.0, 1.0) if part is examination.training else (_rounded(trained_mean[0], trained[0]), trained[0])
    as_given = found.as_given if found.brought_back else float(np.nanmax(part.r2))
    predictions = "predictions, brought back," if found.brought_back else "predictions"
    return Cause(
        "predict_scale_mismatch",
        "The model is given inputs on another scale than the one it was trained on, far outside of what it has seen.",
        (
            Evidence(f"R² of the {predictions} once inputs are {found.way}", found.explained, "as without"),
            Evidence(f"R² of the {predictions} as inputs are given", as_given, "as with"),
            Evidence("mean of feature 0", float(mean[0]), f"near {compared[0]:.4g}, as in training"),
            Evidence("deviation of feature 0", float(deviation[0]), f"near {compared[1]:.4g}, as in training"),
        ),
        cure_for(
            examination,
            "Scale inputs for prediction with the numbers of the training part, as those for training were.",
            _mismatch_code(found),
        ),
        0.85 if part is examination.training and not examination.losses else 0.9,  # unknown: perhaps trained on these
    )


def _rounded(mean: float, deviation: float) -> float:
    """Give the mean, 0 where it differs from that by rounding."""
    return 0.0 if abs(mean) < _TO_ROUNDING * deviation else float(mean)


def _mismatch_code(found: _Rescaled) -> Code:
    """Word the cure with the scale that the model does well with, and bring back what had to be brought back for it."""
    numbers = _AS_IN_TRAINING.get(found.way, _AS_IN_TRAINING[_BY_FEATURE]) + "  # as in training\n"
    scaled = "(X_new - low) / (high - low)" if found.way == _FROM_0_TO_1 else "(X_new - mean) / std"
    back = _BACK if found.brought_back else ""
    return {
        framework: code if framework == "unflat" else numbers + code.format(scaled=scaled) + back
        for framework, code in _MISMATCH_CODE.items()
    }


def _best_rescaled(examination: Examination, part: Part) -> _Rescaled | None:
    """Try the usual scales on the inputs; give that with which predictions follow the targets and did not before."""
    y = part.y[:SAMPLE]
    if not (np.isfinite(y).all() and np.isfinite(part.values).all()):
        return None
    scaled_too = _may_be_in_other_units(examination, part)
    as_given = _agreement(y, part.prediction[:SAMPLE], scaled_too=scaled_too).explained
    tried = [
        _Rescaled(way, found.explained, as_given, found.brought_back)
        for way, values in _rescalings(examination, part)
        if (prediction := _predicted(examination, part, values)) is not None
        and (found := _agreement(y, prediction, scaled_too=scaled_too))
    ]
    best = max(tried, key=lambda rescaled: rescaled.explained, default=None)
    reached = float(attainable(examination, part).max())
    gain = min(_ALIKE / 2, max(MATTERS, (reached - as_given) / 2))  # half of what is missing
    return None if best is None or best.explained < max(_ALIKE / 2, as_given + gain, reached / 2) else best


def _rescalings(examination: Examination, part: Part) -> Iterator[tuple[str, NDArray[np.float64]]]:
    values = part.values
    mean, deviation = moments(values)
    if part is not examination.training:
        trained_mean, trained = moments(examination.training.values)
        yield (
            "brought to the training inputs' mean and deviation",
            _scaled(values, mean, deviation) * trained + trained_mean,
        )
    yield _BY_FEATURE, _scaled(values, mean, deviation)
    low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    yield _FROM_0_TO_1, _scaled(values, low, high - low)
    yield _BY_STEP, _scaled(values, values.mean(axis=0), values.std(axis=0))
    yield _TOGETHER, _scaled(values, values.mean(), values.std())


def _scaled(values: NDArray[np.float64], center: Any, scale: Any) -> NDArray[np.float64]:  # noqa: ANN401 - array or number
    scaled: NDArray[np.float64] = ((values - center) / np.where(scale > 0, scale, 1.0))[:SAMPLE]
    return scaled


def _predicted(examination: Examination, part: Part, values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Predict for other values in the form that the model was given; None where that is not to be done."""
    if not isinstance(part.X, np.ndarray):
        return None
    given = values.reshape((len(values), *part.X.shape[1:]))
    given = given.astype(part.X.dtype if part.X.dtype.kind == "f" else np.float64)
    try:
        prediction = np.asarray(examination.subject.predict(given), dtype=np.float64)
    except ModelFailedError:  # of an embedding, which looks whole numbers up
        return None
    return prediction.reshape(len(values), -1) if prediction.size == len(values) * part.y.shape[1] else None


def _raw_looking(values: NDArray[np.float64]) -> bool:
    mean, deviation = moments(values)
    return bool((np.abs(mean) > _APART).any() or (deviation > _APART).any())


def _apart(known: NDArray[np.float64], new: NDArray[np.float64]) -> bool:
    """Whether new values are in other units than known ones; a narrow stretch of the same series is not."""
    (mean, deviation), (new_mean, new_deviation) = moments(known), moments(new)
    far = np.abs(new_mean - mean) > _FAR_OFF * deviation
    wider, narrower = new_deviation > _APART * deviation, new_deviation < deviation / _NARROWER
    return bool((far | wider | narrower).any())


def _in_other_inputs(examination: Examination, part: Part) -> bool:
    """Whether new inputs are in other units than the training part's, by far, or are those before they were scaled."""
    known, raw = examination.training.values, examination.raw
    if _apart(known, part.values) or _scaled_by_themselves(part.values) - _scaled_by_themselves(known):
        return True
    if raw is None or not all(np.isfinite(values).all() for values in (known, raw[0], part.values)):
        return False
    if raw[0].shape[2] != known.shape[2]:
        return False
    off_scaled, off_raw = (_errors_off(values, part.values) for values in (known, raw[0]))
    return bool(off_raw.max() < _AS_RAW and off_scaled.max() > _NOT_AS_SCALED)


def _scaled_by_themselves(values: NDArray[np.float64]) -> frozenset[str]:
    """Say whether every feature, or all of them together, has mean 0 and deviation 1, or runs from 0 to 1, exactly.

    Only what was scaled by its own numbers does. Features of two values, such as marks, run from 0 to 1 of themselves.
    """
    if not np.isfinite(values).all():
        return frozenset()
    columns = values.reshape(-1, values.shape[-1])
    columns = columns[:, [len(np.unique(column)) > 2 for column in columns.T]]  # noqa: PLR2004 - as said
    if not columns.size:
        return frozenset()
    return _exact_scales(columns) | _exact_scales(columns.reshape(-1, 1))


def _exact_scales(columns: NDArray[np.float64]) -> frozenset[str]:
    off = {
        "standardized": np.abs(columns.mean(axis=0)) + np.abs(columns.std(axis=0) - 1),
        "from 0 to 1": np.abs(columns.min(axis=0)) + np.abs(columns.max(axis=0) - 1),
    }
    return frozenset(scale for scale, distance in off.items() if (distance < _TO_ROUNDING).all())


def _errors_off(known: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say by how many standard errors of new sequences their mean and mean square are off known ones', by feature."""
    mean, deviation = moments(known)
    scaled = np.clip((new - mean) / np.where(deviation > 0, deviation, 1.0), -_FARTHEST, _FARTHEST)
    both = np.concatenate([scaled.mean(axis=1), (scaled**2).mean(axis=1) - (deviation > 0)], axis=1)
    off: NDArray[np.float64] = np.abs([column.mean() / standard_error(column) for column in both.T])
    return off


def _parts(examination: Examination) -> tuple[Part, ...]:
    training, held_out = examination.training, examination.held_out
    return (training,) if held_out is None else (training, held_out)


def _may_be_in_other_units(examination: Examination, part: Part) -> bool:
    """Whether targets may be in other units than the model was trained on; held-out ones must look it."""
    return part is examination.training or _apart(examination.training.y, part.y)


def _agreement(y: NDArray[np.float64], prediction: NDArray[np.float64], *, scaled_too: bool) -> _Agreement:
    """R² of the output predicted best, at least 0; in its own units or, if asked, in those of a scaled target.

    Correlation alone would not do: an untrained network follows a trend as well.
    """
    if not np.isfinite(prediction).all():
        return _Agreement(0.0, brought_back=False)
    pairs = [(y[:, k], prediction[:, k]) for k in range(y.shape[1])]
    own = max(_r2(*pair) for pair in pairs)
    scaled = max((squared_correlation(*pair) for pair in pairs if scaled_too and _in_other_units(*pair)), default=0.0)
    return _Agreement(max(own, scaled, 0.0), brought_back=scaled > max(own, 0.0))


def _r2(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> float:
    return float(1 - np.mean((y - prediction) ** 2) / y.var()) if y.var() > 0 else 0.0
