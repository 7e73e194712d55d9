"""An exported model at work: NumPy and ONNX Runtime, and nothing else of the machinery that made it.

One sequence takes little longer than ONNX Runtime's own arithmetic. What was tried for it, on two cores, for the
network of 50 and 100 units on 16 steps (62 µs in `InferenceSession.run`, of which the two recurrences are 50):
binding inputs and outputs to memory beforehand gains less than 2 µs, turning off the arena or memory patterns nothing,
a second thread costs 2 to 8 µs. So a session has one thread unless more are asked for, and what is left to save is in
the checks here: an array of the right shape and type whose values all lie near the range of the training is neither
infinite nor missing, and needs no other check.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat._optional import require
from unflat.errors import (
    CorruptArtifactError,
    ForeignArtifactError,
    InputError,
    MissingValuesWarning,
    NewerFormatError,
    OutOfRangeWarning,
    ShapeError,
)
from unflat.ranges import FAR, FAR_ON_A_LINE, InputRange, in_words
from unflat.sequences import as_sequences, sequences_together

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from unflat.sequences import Sequences

METADATA = "unflat"
"""The key of the JSON document among the file's metadata."""

FORMAT = 1
"""Raised when an exported file can no longer be used by the unflat before."""

_LARGEST = float(np.finfo(np.float64).max)

_OUTPUTS = ["predictions"]

_SIGNATURE = b"\x12\x06unflat"
"""How the second field of a file of ours begins: the name of the program that wrote it."""


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

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    MissingExtraError
        If ONNX Runtime is not installed.
    ArtifactError
        If it is another kind of file, damaged, or of a later format; its subclasses say which.
    """

    def __init__(self, path: str | PathLike[str] | bytes, *, threads: int = 1) -> None:
        self._session = _open(path, threads)
        self.metadata = _metadata(path, self._session)
        self.feature_names = tuple(self.metadata["features"])
        self.target_names = tuple(self.metadata["targets"])
        self.n_features: int = self.metadata["n_features"]
        self._flat: bool = self.metadata["flat_target"]
        self._complete: list[int] = self.metadata["complete"]
        self._ranges = InputRange.from_saved(
            {name: np.array(bound, dtype=np.float64) for name, bound in self.metadata["range"].items()}
        )
        self._goes_on: bool = self.metadata["network"]["skip"]
        self._far = FAR_ON_A_LINE if self._goes_on else FAR
        self._low, self._high = (
            np.nan_to_num(bound, nan=end)
            for bound, end in zip(self._ranges.bounds(self._far), (-_LARGEST, _LARGEST), strict=True)
        )
        self._equal_lengths: dict[tuple[int, int], NDArray[np.int64]] = {}  # of the shape that came last

    def predict(self, X: object) -> NDArray[np.float64]:
        """Predict.

        Parameters
        ----------
        X : array of shape (n, T, F) or (n, T), list of arrays of shape (T_i, F) or (T_i,), Windows, or Sequences
            Sequences in raw units, as for the model itself; NaN where a value is missing.

        Returns
        -------
        ndarray of shape (n,) or (n, n_outputs), float64
            Predictions in the target's units, in the form that y had when the model was fitted.

        Raises
        ------
        InputError
            If sequences cannot be used, or have other features than in training.

        Warns
        -----
        MissingValuesWarning
            If values are missing in a feature that was complete in training.
        OutOfRangeWarning
            If values lie far outside of the range that training saw.
        """
        values = self._plain(X)
        if values is None:
            predictions = self._predict_checked(self._checked(X))
        else:
            predictions = self._run(values, self._lengths(*values.shape[:2]))
        return predictions[:, 0] if self._flat else predictions

    def _plain(self, X: object) -> NDArray[np.float64] | None:
        """Give an array that needs no further check, or None for anything else."""
        if type(X) is not np.ndarray or X.dtype.char not in "df" or 0 in X.shape:
            return None
        if X.ndim == 2 and self.n_features == 1:  # noqa: PLR2004 - sequences and time
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

    def _run(self, values: NDArray[np.float64], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
        predictions: NDArray[np.float64]
        (predictions,) = self._session.run(_OUTPUTS, {"sequences": values, "lengths": lengths})
        return predictions

    def _predict_checked(self, sequences: Sequences) -> NDArray[np.float64]:
        together = sequences_together(sequences.longest)
        parts = [sequences.take(slice(first, first + together)) for first in range(0, len(sequences), together)]
        return np.concatenate([self._run(part.dense(), np.ascontiguousarray(part.lengths)) for part in parts])

    def _checked(self, X: object) -> Sequences:
        sequences = as_sequences(getattr(X, "sequences", X))  # windows of a table hold theirs
        if sequences.n_features != self.n_features:
            raise ShapeError(
                "X", f"{self.n_features} features at each time step, as in training",
                (len(sequences), sequences.longest, sequences.n_features), "Give the same columns in the same order.",
            )  # fmt: skip
        self._refuse_other_windows(X)
        self._warn_of(sequences)
        return sequences

    def _refuse_other_windows(self, X: object) -> None:
        schema = getattr(X, "schema", None)
        if schema is None:
            return
        later: dict[str, Any] = {"calendar": [], "known": [], "static": []}  # which older files have not
        given, fitted = schema.to_dict(), later | (self.metadata["schema"] or {})
        if any(given[key] != fitted.get(key) for key in ("features", "categories", *later)):
            raise InputError(
                "The windows to predict for",
                "the features and categories of the windows that the model was fitted on",
                f"windows with the features {', '.join(schema.inputs)}",
                "Cut them with apply_schema(table, WindowSchema.from_dict(predictor.metadata['schema'])).",
            )

    def _warn_of(self, sequences: Sequences) -> None:
        covered = sequences.covered()
        gaps = [column for column in self._complete if np.isnan(sequences.rows[covered, column]).any()]
        if gaps:
            named = f"Missing values in features that had none in training: {', '.join(map(sequences.feature, gaps))}."
            told = f"{named} They are read as the center of the feature's scale."
            warnings.warn(told, MissingValuesWarning, stacklevel=4)
        findings = self._ranges.outside(sequences, self._far)
        if findings is not None:
            told = in_words(findings, len(sequences), goes_on=self._goes_on)
            warnings.warn(told, OutOfRangeWarning, stacklevel=4)


def _open(path: str | PathLike[str] | bytes, threads: int) -> Any:  # noqa: ANN401 - onnxruntime has no types
    runtime = require("onnxruntime", extra="onnx")
    content = path if isinstance(path, bytes) else Path(path).read_bytes()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what goes wrong is raised; nothing is printed as well
    failures = runtime.capi.onnxruntime_pybind11_state
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (failures.InvalidProtobuf, failures.InvalidGraph, failures.Fail, failures.InvalidArgument) as error:
        name = _named(path)
        if _SIGNATURE not in content[:16]:
            raise _foreign(name, f"another kind of file ({len(content)} bytes)") from error
        raise CorruptArtifactError(
            name, "a whole file", f"one that ONNX Runtime {runtime.__version__} cannot read ({str(error)[:200]})",
            "Copy it again from where it was exported, or upgrade onnxruntime.",
        ) from error  # fmt: skip


def _metadata(path: str | PathLike[str] | bytes, session: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    text = session.get_modelmeta().custom_metadata_map.get(METADATA)
    if text is None:
        raise _foreign(_named(path), "an ONNX file of something else")
    metadata: dict[str, Any] = json.loads(text)
    if metadata["format"] > FORMAT:
        raise NewerFormatError(
            _named(path), f"format {FORMAT} or older", f"format {metadata['format']}",
            "Upgrade: python -m pip install --upgrade unflat",
        )  # fmt: skip
    return metadata


def _named(path: str | PathLike[str] | bytes) -> str | PathLike[str]:
    return "of these bytes" if isinstance(path, bytes) else path


def _foreign(path: str | PathLike[str], received: str) -> ForeignArtifactError:
    return ForeignArtifactError(
        path, "a model that unflat exported", received, "Give a file that export_onnx or `unflat export` wrote."
    )
