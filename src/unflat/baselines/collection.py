"""All baselines of one training part, fitted together, stored together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.baselines.naive import last_value, seasonal_value
from unflat.baselines.ridge import FEWEST, Ridge
from unflat.errors import ConfigurationError, ShapeError, TooFewSamplesError
from unflat.metrics import weighted_mean
from unflat.metrics.pairs import checked_weights, refuse_not_finite
from unflat.sequences import PastTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from unflat.baselines.naive import PastValue
    from unflat.sequences import Sequences

MEAN = "mean"
LAST_VALUE = "last value"
SEASONAL_VALUE = "seasonal value"
RIDGE = "ridge"

NO_PAST = "no feature is known to hold the target's own past"
NO_TRAINING = "no training data were given"


@dataclass(frozen=True, eq=False, repr=False)
class Baselines:
    """The baselines of one training part; make them with `fit`.

    Parameters
    ----------
    mean : ndarray of shape (n_outputs,), float64
        The mean of the training targets.
    n_features : int
        Features of the training sequences.
    past : PastTarget or None
        Where the target's own past stands among the features.
    ridge : Ridge or None
        The fitted ridge regression.
    reasons : mapping of str to str
        Why a baseline does not apply to sequences like those of the training part, by its name.
    """

    mean: NDArray[np.float64]
    n_features: int
    past: PastTarget | None
    ridge: Ridge | None
    reasons: Mapping[str, str]

    @classmethod
    def fit(
        cls,
        sequences: Sequences,
        y: NDArray[np.float64],
        past: PastTarget | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Baselines:
        """Fit every baseline that the data allows.

        Parameters
        ----------
        sequences : Sequences
            The training part, in raw units.
        y : ndarray of shape (n, n_outputs), float64
            Its targets.
        past : PastTarget, optional
            Where the target's own past stands among the features.
        sample_weight : array-like of shape (n,), optional
            Weights, not negative.

        Returns
        -------
        Baselines
            The fitted baselines.

        Raises
        ------
        ShapeError
            If `y` has not one row per sequence, or weights are not one per sequence.
        TooFewSamplesError
            If there is no sequence.
        NonFiniteError
            If a target or a weight is not finite.
        InputError
            If a weight is negative, or all are 0.
        ConfigurationError
            If `past` does not fit the features and outputs.
        """
        weights = _checked(sequences, y, past, sample_weight)
        enough = np.count_nonzero(weights) >= FEWEST
        ridge = Ridge.fit(sequences, y, weights) if enough else None
        reason = None if enough else f"it needs at least {FEWEST} training samples"
        return cls._of(sequences, weighted_mean(y, weights), past, ridge, reason)

    @classmethod
    def without_training(
        cls,
        sequences: Sequences,
        y: NDArray[np.float64],
        past: PastTarget | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Baselines:
        """Make the baselines that need no training part, for the very samples that they are compared on.

        Parameters
        ----------
        sequences, y, past, sample_weight
            As for `fit`, which raises the same errors. The mean of these targets takes the training mean's place.

        Returns
        -------
        Baselines
            Mean, last value and seasonal value; no ridge.
        """
        weights = _checked(sequences, y, past, sample_weight)
        return cls._of(sequences, weighted_mean(y, weights), past, None, NO_TRAINING)

    @classmethod
    def _of(
        cls,
        sequences: Sequences,
        mean: NDArray[np.float64],
        past: PastTarget | None,
        ridge: Ridge | None,
        reason: str | None,
    ) -> Baselines:
        reasons = {} if reason is None else {RIDGE: reason}
        bare = cls(mean, sequences.n_features, past, ridge, reasons)
        return replace(bare, reasons=bare.reasons_for(sequences))

    @property
    def n_outputs(self) -> int:
        """Outputs that are predicted."""
        return len(self.mean)

    def __repr__(self) -> str:
        names = [name for name in (MEAN, LAST_VALUE, SEASONAL_VALUE, RIDGE) if name not in self.reasons]
        return f"Baselines({', '.join(names)})"

    def predict(self, sequences: Sequences) -> dict[str, NDArray[np.float64]]:
        """Predict with each baseline that applies to these sequences.

        Parameters
        ----------
        sequences : Sequences
            Sequences in raw units.

        Returns
        -------
        dict of str to ndarray of shape (n, n_outputs), float64
            Predictions in the target's units, by the baseline's name.

        Raises
        ------
        ShapeError
            If the sequences have other features than those of the training part.
        """
        reasons = self.reasons_for(sequences)
        predictions = {MEAN: np.tile(self.mean, (len(sequences), 1))}
        for name, value in self._past_values().items():
            if name not in reasons:
                predictions[name] = value.predict(sequences, self.mean)
        if self.ridge is not None and RIDGE not in reasons:
            predictions[RIDGE] = self.ridge.predict(sequences)
        return predictions

    def reasons_for(self, sequences: Sequences) -> dict[str, str]:
        """Say which baselines do not apply to these sequences, and why.

        Parameters
        ----------
        sequences : Sequences
            Sequences in raw units.

        Returns
        -------
        dict of str to str
            A reason by each such baseline's name.

        Raises
        ------
        ShapeError
            If the sequences have other features than those of the training part.
        """
        if sequences.n_features != self.n_features:
            raise ShapeError(
                "The sequences",
                f"{self.n_features} features, as the baselines were fitted on",
                sequences.rows.shape,
                "Give the features of the training data, in their order.",
            )
        reasons = {
            LAST_VALUE: self._past_reason(),
            SEASONAL_VALUE: self._season_reason(sequences.shortest),
            RIDGE: self.reasons[RIDGE] if self.ridge is None else self.ridge.reason(sequences),
        }
        return {name: reason for name, reason in reasons.items() if reason is not None}

    def to_arrays(self) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
        """Give the numbers that were learned, for a file.

        Returns
        -------
        dict of str to ndarray
            Beside `to_dict`, everything that `from_saved` needs.
        """
        ridge = {} if self.ridge is None else self.ridge.to_arrays()
        return {"mean": self.mean} | {f"ridge.{name}": array for name, array in ridge.items()}

    def to_dict(self) -> dict[str, Any]:
        """Give the rest as plain values that JSON can hold.

        Returns
        -------
        dict
            Beside `to_arrays`, everything that `from_saved` needs.
        """
        return {
            "n_features": self.n_features,
            "past": None if self.past is None else _written_past(self.past),
            "ridge": None if self.ridge is None else {"steps": self.ridge.design.steps},
            "reasons": dict(self.reasons),
        }

    @classmethod
    def from_saved(
        cls,
        arrays: Mapping[str, NDArray[np.float64] | NDArray[np.int64]],
        values: Mapping[str, Any],
    ) -> Baselines:
        """Rebuild from what `to_arrays` and `to_dict` gave.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            What `to_arrays` gave.
        values : mapping
            What `to_dict` gave.

        Returns
        -------
        Baselines
            The same baselines.

        Raises
        ------
        KeyError
            If something is missing.
        """
        past, ridge = values["past"], values["ridge"]
        of_ridge = {name.removeprefix("ridge."): array for name, array in arrays.items()}
        return cls(
            np.asarray(arrays["mean"], np.float64),
            int(values["n_features"]),
            None if past is None else _read_past(past),
            None if ridge is None else Ridge.from_arrays(of_ridge, ridge["steps"]),
            dict(values["reasons"]),
        )

    def _past_values(self) -> dict[str, PastValue]:
        if self.past is None:
            return {}
        values = {LAST_VALUE: last_value(self.past)}
        if self.past.season is not None:
            values[SEASONAL_VALUE] = seasonal_value(self.past, self.past.season)
        return values

    def _past_reason(self) -> str | None:
        return NO_PAST if self.past is None else None

    def _season_reason(self, shortest: int) -> str | None:
        if self.past is None:
            return self._past_reason()
        if self.past.season is None:
            return "no season is known"
        if max(self._past_values()[SEASONAL_VALUE].back) < shortest:
            return None
        return f"sequences of {shortest} rows do not reach back a season of {self.past.season}"


def _checked(
    sequences: Sequences, y: NDArray[np.float64], past: PastTarget | None, sample_weight: ArrayLike | None
) -> NDArray[np.float64]:
    """Check targets and past against the sequences, and give weights between 0 and 1."""
    if y.ndim != 2 or len(y) != len(sequences):  # noqa: PLR2004 - samples and outputs
        raise ShapeError(
            "The training targets",
            f"shape ({len(sequences)}, n_outputs)",
            y.shape,
            "Give one row of targets per sequence.",
        )
    if len(y) == 0:
        raise TooFewSamplesError("The training targets", 1, 0)
    refuse_not_finite(y, "The training targets")
    if past is not None:
        _check_past(past, y.shape[1], sequences.n_features)
    return checked_weights(sample_weight, len(y))


def _check_past(past: PastTarget, n_outputs: int, n_features: int) -> None:
    columns = past.columns
    if len(columns) != n_outputs or not all(0 <= column < n_features for column in columns):
        words = f"a column from 0 to {n_features - 1} for each of the {n_outputs} outputs"
        raise ConfigurationError("PastTarget", "columns", words, columns)
    if len(past.horizons) != n_outputs:
        raise ConfigurationError("PastTarget", "horizon", f"one, or {n_outputs}, one for each output", past.horizon)
    for name, value, rows in (("horizon", past.horizon, past.horizons), ("season", past.season, (past.season,))):
        if any(number is not None and number < 1 for number in rows):
            raise ConfigurationError("PastTarget", name, "a whole number of at least 1", value)


def _written_past(past: PastTarget) -> dict[str, Any]:
    horizon = list(past.horizon) if isinstance(past.horizon, tuple) else past.horizon
    return {"columns": list(past.columns), "horizon": horizon, "season": past.season}


def _read_past(values: Mapping[str, Any]) -> PastTarget:
    horizon = values["horizon"]
    return PastTarget(
        tuple(values["columns"]), tuple(horizon) if isinstance(horizon, list) else horizon, values["season"]
    )
