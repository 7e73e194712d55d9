"""All scores of a model's predictions beside its baselines', as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isinf, isnan, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.metrics.pairs import paired
from unflat.metrics.scores import mae_of, mape_of, r2_of, skill_of, spread_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike

    from unflat.metrics.pairs import Pair

NOTICEABLE = 1e-3
"""The least skill that counts as better than a baseline: an MSE lower by a tenth of a percent."""


@dataclass(frozen=True)
class OutputScores:
    """The scores of one output: all nan, and `mape` None, if a prediction is not finite.

    Parameters
    ----------
    mse, rmse, mae : float
        Mean squared error, its root, mean absolute error.
    mape : float or None
        Mean absolute error relative to the target, 0.05 for 5 %; None where targets near zero forbid it.
    r2 : float
        Share of the target's variance explained; nan for a constant target.
    spread : float
        Standard deviation of the predictions over that of the targets; nan for a constant target.
    skills : mapping of str to float
        Skill against each baseline, by its name.
    baseline_rmse : mapping of str to float
        The root mean squared error of each baseline.
    not_finite : int
        How many predictions are NaN or infinite.
    """

    mse: float
    rmse: float
    mae: float
    mape: float | None
    r2: float
    spread: float
    skills: Mapping[str, float]
    baseline_rmse: Mapping[str, float]
    not_finite: int = 0

    def beats(self, baseline: str) -> bool:
        """Whether the mean squared error is noticeably lower than that of the baseline so named."""
        return self.skills[baseline] >= NOTICEABLE


@dataclass(frozen=True)
class Assessment:
    """How good predictions are, beside what baselines reach on the same samples.

    The scalars `mse`, `rmse`, `mae`, `mape` and `r2` are means over the outputs, as in scikit-learn. `spread`
    is the least over the outputs, so that one that is flat cannot hide behind others that are not.

    Parameters
    ----------
    n : int
        How many samples were scored: those of positive weight.
    outputs : tuple of OutputScores
        The scores of each output.
    reasons : mapping of str to str
        Why a baseline does not apply, by its name.
    """

    n: int
    outputs: tuple[OutputScores, ...]
    reasons: Mapping[str, str]

    @property
    def mse(self) -> float:
        """Mean squared error, mean over the outputs."""
        return _average(scores.mse for scores in self.outputs)

    @property
    def rmse(self) -> float:
        """Root mean squared error, mean over the outputs."""
        return _average(scores.rmse for scores in self.outputs)

    @property
    def mae(self) -> float:
        """Mean absolute error, mean over the outputs."""
        return _average(scores.mae for scores in self.outputs)

    @property
    def mape(self) -> float | None:
        """Mean absolute percentage error, mean over the outputs; None unless it is defined for all."""
        shares = [scores.mape for scores in self.outputs if scores.mape is not None]
        return _average(shares) if len(shares) == len(self.outputs) else None

    @property
    def r2(self) -> float:
        """R², mean over the outputs; nan if the target of one is constant."""
        return _average(scores.r2 for scores in self.outputs)

    @property
    def spread(self) -> float:
        """The least spread over the outputs, constant targets left out; nan if a prediction is not finite."""
        if any(scores.not_finite for scores in self.outputs):
            return nan
        return min((scores.spread for scores in self.outputs if not isnan(scores.spread)), default=nan)

    @property
    def skills(self) -> dict[str, tuple[float, ...]]:
        """Skill against each baseline, by its name, of each output."""
        return {name: tuple(scores.skills[name] for scores in self.outputs) for name in self.baselines}

    @property
    def baselines(self) -> tuple[str, ...]:
        """Names of the baselines that apply."""
        return tuple(self.outputs[0].skills)

    def to_dict(self) -> dict[str, Any]:
        """Turn into plain values that JSON can hold.

        Returns
        -------
        dict
            nan is None, and the infinities are the texts 'inf' and '-inf', since JSON has none of them.
        """
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Assessment:
        """Turn what `to_dict` gave into an assessment again.

        Parameters
        ----------
        values : mapping
            What `to_dict` gave.

        Returns
        -------
        Assessment
            The same scores.
        """
        return cls(int(values["n"]), tuple(map(_output_from, values["outputs"])), dict(values["reasons"]))


def assess(
    y: ArrayLike,
    prediction: ArrayLike,
    baselines: Mapping[str, ArrayLike],
    reasons: Mapping[str, str],
    sample_weight: ArrayLike | None = None,
) -> Assessment:
    """Score predictions beside those of baselines.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        Targets, finite.
    prediction : array-like of the same shape
        Predictions; those that are not finite make the scores of their output nan, and are counted.
    baselines : mapping of str to array-like of the same shape
        The predictions of each baseline that applies, by its name.
    reasons : mapping of str to str
        Why others do not apply.
    sample_weight : array-like of shape (n,), optional
        Weights, not negative; a weight of 2 counts as the sample given twice.

    Returns
    -------
    Assessment
        Scores, spread and skills of each output.

    Raises
    ------
    InputTypeError
        If something is not a real number.
    ShapeError
        If the shapes differ, in dimensions too.
    TooFewSamplesError
        If there is no sample.
    NonFiniteError
        If a target or a weight is not finite.
    InputError
        If a weight is negative, or all are 0.
    """
    pair = paired(y, prediction, sample_weight)
    references = {
        name: paired(y, values, sample_weight, f"The baseline {name!r}") for name, values in baselines.items()
    }
    return Assessment(len(pair.y), _outputs(pair, references), dict(reasons))


def _outputs(pair: Pair, references: Mapping[str, Pair]) -> tuple[OutputScores, ...]:
    square = pair.mean_square_error()
    squares = {name: reference.mean_square_error() for name, reference in references.items()}
    skills = {name: skill_of(square, reference) for name, reference in squares.items()}
    errors = {name: reference.root() for name, reference in squares.items()}
    mse, rmse, mae, r2, spread = square.value(), square.root(), mae_of(pair), r2_of(pair), spread_of(pair)
    mape = mape_of(pair)
    not_finite = np.isnan(pair.prediction).sum(axis=0)
    return tuple(
        OutputScores(
            mse=float(mse[i]),
            rmse=float(rmse[i]),
            mae=float(mae[i]),
            mape=mape[i],
            r2=float(r2[i]),
            spread=float(spread[i]),
            skills={name: float(values[i]) for name, values in skills.items()},
            baseline_rmse={name: float(values[i]) for name, values in errors.items()},
            not_finite=int(not_finite[i]),
        )
        for i in range(len(mse))
    )


def _average(values: Iterable[float]) -> float:
    numbers = tuple(values)
    return sum(number / len(numbers) for number in numbers)


def _plain(value: Any) -> Any:  # noqa: ANN401 - what JSON holds has no narrower type
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and isnan(value):
        return None
    return str(value) if isinstance(value, float) and isinf(value) else value


def _number(value: float | str | None) -> float:
    return nan if value is None else float(value)


def _numbers(values: Mapping[str, float | str | None]) -> dict[str, float]:
    return {name: _number(value) for name, value in values.items()}


def _output_from(values: Mapping[str, Any]) -> OutputScores:
    return OutputScores(
        **{name: _number(values[name]) for name in ("mse", "rmse", "mae", "r2", "spread")},
        mape=None if values["mape"] is None else _number(values["mape"]),
        skills=_numbers(values["skills"]),
        baseline_rmse=_numbers(values["baseline_rmse"]),
        not_finite=int(values["not_finite"]),
    )
