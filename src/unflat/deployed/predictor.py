"""An exported model at work: NumPy and ONNX Runtime, and nothing else of the machinery that made it.

One sequence takes little longer than ONNX Runtime's own arithmetic. What was tried for it, on two cores, for the
network of 50 and 100 units on 16 steps (62 µs in `InferenceSession.run`, of which the two recurrences are 50):
binding inputs and outputs to memory beforehand gains less than 2 µs, turning off the arena or memory patterns nothing,
a second thread costs 2 to 8 µs. So a session has one thread unless more are asked for, and what is left to save is in
the checks here: an array of the right shape and type whose values all lie near the range of the training is neither
infinite nor missing, and needs no other check.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat._arrays import shaped_as_targets
from unflat.config import AtLeast
from unflat.conformal import PredictionInterval, labels, labels_of, refuse_other_coverage
from unflat.deployed.opening import content_of, damage_named, open_session, read_bands, read_metadata
from unflat.errors import (
    ConfigurationError,
    InputError,
    InputTypeError,
    NotCalibratedError,
    ShapeError,
)
from unflat.errors.telling import warn_user
from unflat.scaling.ranges import InputRange, beyond_of, far
from unflat.scaling.remarks import remarks
from unflat.sequences import Context, as_numbers, as_sequences, is_table, refuse_infinite, sequences_together

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from unflat.deployed.bands import DeployedBands
    from unflat.scaling.ranges import Beyond
    from unflat.sequences import Sequences

_LARGEST = float(np.finfo(np.float64).max)

_CUTTING = "apply_schema(table, WindowSchema.from_dict(predictor.metadata['schema']), targets=False)"

_PREDICTIONS, _DESCRIBED = ["predictions"], ["scaled", "vector"]


class OnnxPredictor:
    """Predict with a model that `export_onnx` wrote; torch is not needed and not imported.

    Parameters
    ----------
    path : str, path or bytes
        The file, or its content.
    threads : int
        Threads of one prediction. One is best for single sequences and where a server has a process for each core;
        more help with thousands of sequences at once.

    Attributes
    ----------
    metadata : dict
        What the file says of itself: `version` of unflat, `features`, `targets`, `units`, `schema` of the windows,
        `loss`, `quantile` and more.
    n_features : int
        Features of a time step.
    feature_names, target_names : tuple of str
        The names of the columns; features have none if the model was fitted on arrays.
    context_names : tuple of str
        The names of what stands beside each sequence: columns known in advance, and static ones. Categories among them
        are codes, in the order of `metadata["schema"]["categories"]`.

    Raises
    ------
    MissingArtifactError
        If there is no such file; it is a FileNotFoundError, too.
    ConfigurationError
        If the number of threads is no whole number of at least 1.
    MissingExtraError
        If ONNX Runtime is not installed.
    ArtifactError
        If it is another kind of file, damaged, or of a later format; its subclasses say which.
    """

    def __init__(self, path: str | PathLike[str] | bytes, *, threads: int = 1) -> None:
        if not AtLeast(1).admits(threads):
            raise ConfigurationError("OnnxPredictor", "threads", str(AtLeast(1)), threads)
        self._path, self._content, self._threads = path, content_of(path), threads
        self._session = open_session(path, self._content, threads)
        with damage_named(path):
            self._read()
        self._equal_lengths: dict[tuple[int, int], NDArray[np.int64]] = {}  # of the shape that came last

    def _read(self) -> None:
        """Take what the file says of itself."""
        self.metadata = read_metadata(self._path, self._session)
        self.feature_names = tuple(self.metadata["features"])
        self.target_names = tuple(self.metadata["targets"])
        beside = self.metadata.get("context") or {"names": [], "categorical": [], "complete": []}
        self.context_names = tuple(beside["names"])
        self._categorical_beside, self._complete_beside = tuple(beside["categorical"]), beside["complete"]
        self.n_features: int = self.metadata["n_features"]
        self._fewest_steps: int = self.metadata.get("fewest_steps", 1)  # older files do not say
        self._one_dimensional: bool = self.metadata["flat_target"]
        self._complete: list[int] = self.metadata["complete"]
        self._ranges = InputRange.from_saved(
            {name: np.array(bound, dtype=np.float64) for name, bound in self.metadata["range"].items()}
        )
        # Files from before any held its predictions do not say, and none of them says whether it is a straight line.
        follows = beyond_of(holds=False, skip=self.metadata["network"]["skip"], straight=False)
        self._beyond: Beyond = self.metadata.get("beyond", follows)
        bounds = self._ranges.bounds(far(self._beyond))
        self._low, self._high = (
            np.nan_to_num(bound, nan=end) for bound, end in zip(bounds, (-_LARGEST, _LARGEST), strict=True)
        )

    def __repr__(self) -> str:
        return f"<OnnxPredictor of {self.n_features} features for {', '.join(map(repr, self.target_names))}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the file's content for a copy or another process: a session of ONNX Runtime cannot go there."""
        return _opened, (self._content, self._threads)

    def predict(self, X: object, *, context: object = None) -> NDArray[np.float64]:
        """Predict.

        Parameters
        ----------
        X : array of shape (n, T, F) or (n, T), list of arrays of shape (T_i, F) or (T_i,), Windows, or Sequences
            Sequences in raw units, as for the model itself; NaN where a value is missing.
        context : array-like of shape (n, len(context_names)), or None
            What stands beside each sequence, in raw units, NaN where a value is missing; windows hold theirs.

        Returns
        -------
        ndarray of shape (n,) or (n, n_outputs), float64
            Predictions in the target's units, in the form that y had when the model was fitted.

        Raises
        ------
        InputError
            If sequences cannot be used, or have other features, or other values beside them, than in training.

        Warns
        -----
        MissingValuesWarning
            If values are missing in a feature that was complete in training.
        OutOfRangeWarning
            If values lie far outside of the range that training saw.
        """
        values = self._plain(X) if context is None else None
        if values is None:
            (predictions,) = self._run_in_parts(_PREDICTIONS, self._checked(X, context))
        else:
            given = {"sequences": values, "lengths": self._lengths(*values.shape[:2])}
            (predictions,) = self._session.run(_PREDICTIONS, given)
        return self._shaped(predictions)

    def predict_interval(
        self, X: object, coverage: float = 0.9, *, groups: object = None, context: object = None
    ) -> PredictionInterval:
        """Predict bounds between which a target lies with a given probability, as the model itself does.

        Parameters
        ----------
        X, context
            As for `predict`.
        coverage : float
            The probability, in (0, 1).
        groups : array-like of shape (n,) or None
            The series or group that each sequence belongs to; windows of a table know theirs.

        Returns
        -------
        PredictionInterval
            `lower` and `upper`, float64 of shape (n,) or (n, n_outputs), in the target's units.

        Raises
        ------
        NotCalibratedError
            If the model had no calibration when it was exported.
        ConfigurationError
            If the coverage is not in (0, 1).
        InputError
            As for `predict`.

        Warns
        -----
        CoverageWarning
            If the calibration is too small for this coverage; it says which it can promise.
        MissingValuesWarning, OutOfRangeWarning
            As for `predict`.
        """
        refuse_other_coverage(coverage, "predict_interval")
        if self._bands is None:
            raise NotCalibratedError(
                "a file of one that held nothing out, or had learned since",
                "Load the model, call its calibrate(X, y) with sequences that it has not learned from, and export it "
                "again.",
            )
        sequences = self._checked(X, context)
        of_windows = getattr(X, "groups", None)
        known = None if of_windows is None else labels(of_windows)
        known = known if groups is None else labels_of(groups, len(sequences))
        count = self._bands.calibration.asked(coverage, len(sequences), known)
        scaled, vector = self._run_in_parts(_DESCRIBED, sequences)
        interval = self._bands.bounds(scaled, vector, count, logarithmic=self.metadata["logarithmic"])
        return PredictionInterval(*map(self._shaped, interval))

    @cached_property
    def _bands(self) -> DeployedBands | None:
        with damage_named(self._path):
            return read_bands(self._session)

    def _shaped(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return shaped_as_targets(values, one_dimensional=self._one_dimensional)

    def _plain(self, X: object) -> NDArray[np.float64] | None:
        """Give an array that needs no further check, or None for anything else."""
        if type(X) is not np.ndarray or X.dtype.char not in "df" or 0 in X.shape or self.context_names:
            return None
        if X.ndim == 2 and X.shape[1] > 1 and self.n_features == 1:  # noqa: PLR2004 - sequences and time
            X = X[:, :, None]
        if X.ndim != 3 or X.shape[2] != self.n_features or X.shape[0] > sequences_together(X.shape[1]):  # noqa: PLR2004
            return None
        values = np.ascontiguousarray(X, dtype=np.float64)
        return values if self._usual(values) else None

    def _usual(self, values: NDArray[np.float64]) -> bool:
        """Whether all values lie near the range of the training; false also where one is missing or infinite."""
        if self.n_features == 1:  # half the time of comparing each value
            least, most = np.minimum.reduce(values, axis=None), np.maximum.reduce(values, axis=None)
            return bool(least >= self._low[0] and most <= self._high[0])
        return bool(np.count_nonzero((values >= self._low) & (values <= self._high)) == values.size)

    def _lengths(self, n: int, steps: int) -> NDArray[np.int64]:
        lengths = self._equal_lengths.get((n, steps))
        if lengths is None:
            lengths = np.full(n, steps, dtype=np.int64)
            self._equal_lengths = {(n, steps): lengths}
        return lengths

    def _run_in_parts(self, outputs: list[str], sequences: Sequences) -> list[NDArray[Any]]:
        """Ask for outputs, of so many sequences at a time as fit into memory."""
        together = sequences_together(sequences.longest)
        parts = []
        for first in range(0, len(sequences), together):
            taken = sequences.take(slice(first, first + together))
            given = {"sequences": taken.dense(), "lengths": np.ascontiguousarray(taken.lengths, dtype=np.int64)}
            if self.context_names:
                given["context"] = taken.context_at(slice(None))
            parts.append(self._session.run(outputs, given))
        return [np.concatenate(of_one) for of_one in zip(*parts, strict=True)]

    def _checked(self, X: object, context: object) -> Sequences:
        self._refuse_tables(X)
        # Windows of a table hold theirs.
        sequences = as_sequences(getattr(X, "sequences", X), fewest_steps=self._fewest_steps)
        if sequences.n_features != self.n_features:
            raise ShapeError(
                "X", f"{self.n_features} features at each time step, as in training",
                (len(sequences), sequences.longest, sequences.n_features), "Give the same columns in the same order.",
            )  # fmt: skip
        self._refuse_other_windows(X)
        sequences = self._with_context(sequences, context)
        self._warn_of(sequences)
        return sequences

    def _with_context(self, sequences: Sequences, context: object) -> Sequences:
        """Set beside sequences what is given, if that is what the model was fitted with."""
        if context is not None and not sequences.context and self.context_names:
            values, shape = as_numbers(context, "context"), (len(sequences), len(self.context_names))
            if values.shape != shape:
                raise ShapeError(
                    "context", f"shape {shape}: {', '.join(self.context_names)} of each sequence", values.shape,
                    "Give one row for each sequence, with these columns in this order.",
                )  # fmt: skip
            refuse_infinite(values, "context")
            places = np.arange(len(sequences))
            beside = Context(values, places, 0, self.context_names, self._categorical_beside)
            return replace(sequences, context=(beside,))
        if context is not None or sequences.context_names != self.context_names:
            expected, received = (", ".join(of) or "nothing" for of in (self.context_names, sequences.context_names))
            received += " beside them" if context is None else " beside them, and context as well"
            raise InputError(
                "X", f"sequences with {expected} beside them, as in training", received,
                "Give windows with the same known and static columns, or these columns as context=.",
            )  # fmt: skip
        return sequences

    def _refuse_tables(self, X: object) -> None:
        """Say of a table how it is cut; of one that is given to a model of arrays `as_sequences` says more."""
        if self.metadata["schema"] is not None and is_table(X):
            received = f"a table ({type(X).__module__.partition('.')[0]} {type(X).__name__})"
            raise InputTypeError("X", "sequences, or windows of a table", received, f"Cut windows with {_CUTTING}.")

    def _refuse_other_windows(self, X: object) -> None:
        schema, fitted = getattr(X, "schema", None), self.metadata["schema"]
        if schema is None:
            return
        subject, received = "The windows to predict for", f"windows with the features {', '.join(schema.inputs)}"
        if fitted is None:
            remedy = "Pass windows.sequences.dense() with the same features."
            raise InputError(subject, "arrays, as the model was fitted on", received, remedy)
        later: dict[str, Any] = {"calendar": [], "known": [], "static": []}  # which older files have not
        given, fitted = schema.to_dict(), later | fitted
        if any(given[key] != fitted.get(key) for key in ("features", "categories", *later)):
            raise InputError(
                subject, "the features and categories of the windows that the model was fitted on", received,
                f"Cut them with {_CUTTING}.",
            )  # fmt: skip

    def _warn_of(self, sequences: Sequences) -> None:
        for remark in remarks(sequences, self._ranges, self._beyond, self._complete, self._complete_beside):
            warn_user(remark)


def _opened(content: bytes, threads: int) -> OnnxPredictor:
    return OnnxPredictor(content, threads=threads)
