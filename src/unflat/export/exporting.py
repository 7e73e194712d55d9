"""From a fitted model to an ONNX file that was checked before it is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat._optional import require
from unflat._version import __version__
from unflat.config import AtLeast
from unflat.contract import check_is_fitted
from unflat.dataset import sequences_for
from unflat.deployed import FORMAT, INTERVALS, METADATA, DeployedBands, OnnxPredictor, sealed
from unflat.errors import ConfigurationError, InputTypeError, OpsetError
from unflat.estimator import LSTMRegressor
from unflat.export.parity import draw_sequences, worst_difference
from unflat.export.predictor import build
from unflat.intervals import FARTHEST, FLOOR
from unflat.network import predict_all
from unflat.network.arrays import PredictorArrays
from unflat.saving.artifact import write_atomically

if TYPE_CHECKING:
    from types import ModuleType

    from unflat.intervals import Bands
    from unflat.sequences import Sequences

OPSET = 18
"""The oldest operator set that has everything: every runtime since ONNX 1.13, of 2022, reads it."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    path : Path
        The file.
    size : int
        Its bytes.
    opset : int
        Its operator set.
    sequences : int
        How many sequences it was checked on.
    difference : float
        The largest difference from the model's own predictions, in standard deviations of the target.
    """

    path: Path
    size: int
    opset: int
    sequences: int
    difference: float

    def __str__(self) -> str:
        return (
            f"Wrote {self.path}: {self.size / 1000:,.0f} kB, operator set {self.opset}. Checked on {self.sequences:,} "
            f"sequences: at most {self.difference:.1g} standard deviations of the target from the model's predictions."
        )


def export_onnx(
    model: LSTMRegressor,
    path: str | PathLike[str],
    *,
    sample: object = None,
    opset: int = OPSET,
    units: Mapping[str, str] | None = None,
) -> Exported:
    """Write a model as an ONNX file that takes and gives raw units.

    The file's inputs are `sequences`, float64 of shape (n, T, features), NaN where a value is missing and anything
    beyond a sequence's end, and `lengths`, int64 of shape (n,), the steps of each; its output is `predictions`,
    float64 of shape (n, outputs). Scaling is inside. `OnnxPredictor` runs it without torch; so does any other runtime.

    A model with known or static columns has one more input: `context`, float64 of shape (n, columns). Two more outputs,
    `scaled` and `vector`, are what `OnnxPredictor.predict_interval` makes intervals of, for a model that held data out
    or was calibrated. Intervals that learn on (`track_interval`) are no part of a file: they change with every truth.

    Parameters
    ----------
    model : LSTMRegressor
        Fitted.
    path : str or path
        The file; an older one is replaced, at once and whole.
    sample : array, list, Windows or table, optional
        Sequences on which the file must predict what the model predicts, before it is written. Without it, 64
        sequences are drawn from the ranges of the training.
    opset : int
        ONNX's operator set, 18 or later.
    units : mapping of str to str, optional
        The units of features and targets, by their names, to be noted in the file.

    Returns
    -------
    Exported
        What was written, and how near it comes to the model.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    MissingExtraError
        If `onnx` or `onnxruntime` is not installed.
    OpsetError
        If the operator set is too old, or newer than the installed `onnx` knows.
    UnsupportedOperatorError
        If ONNX has no operator for a part of the model.
    InputTypeError
        If it is no model of ours.
    InputError
        If the sample does not fit the model.
    ConfigurationError
        If units are no texts by name, or one belongs to no feature and no target.
    ParityError
        If the file would not predict what the model predicts; nothing is then written.
    OutputError
        If the file cannot be written.
    """
    onnx = _modules()
    _refuse_other_models(model)
    check_is_fitted(model)
    _refuse_opset(onnx, opset)
    arrays = PredictorArrays.of(model.predictor_)
    sequences = (
        draw_sequences(arrays, model.input_range_, _beside(model))
        if sample is None
        else sequences_for(
            sample, model.schema_, model.n_features_in_, fewest_steps=model.fewest_steps_, name="The sample"
        )
    )
    content = build(onnx, arrays, model.input_range_, opset)
    _describe(content, _metadata(model, arrays, {} if units is None else units), _intervals(model.bands_, arrays))
    written = sealed(content.SerializeToString(deterministic=True))
    difference = _check(written, model, arrays, sequences)
    write_atomically(Path(path), written)
    return Exported(Path(path), len(written), opset, len(sequences), difference)


def _modules() -> ModuleType:
    require("onnxruntime", extra="onnx")  # before the work: the check needs it at the end
    for name in ("checker", "defs", "helper", "numpy_helper"):
        require(f"onnx.{name}", extra="onnx")
    return require("onnx", extra="onnx")


def _refuse_other_models(model: object) -> None:
    if not isinstance(model, LSTMRegressor):
        is_path = isinstance(model, str | PathLike)
        path = repr(str(model))
        raise InputTypeError(
            "The model to export",
            "a fitted LSTMRegressor",
            f"the path {path}" if is_path else f"a {type(model).__name__}",
            f"Load it first: export_onnx(load({path}), ...)." if is_path else "Give the fitted LSTMRegressor itself.",
        )


def _refuse_opset(onnx: ModuleType, opset: object) -> None:
    newest = onnx.defs.onnx_opset_version()
    if not (AtLeast(OPSET).admits(opset) and opset <= newest):
        raise OpsetError(OPSET, newest, opset)


class _Unwarned(OnnxPredictor):
    """A file whose answers to unusual sequences are to be seen: it matters only what comes out."""

    def _warn_of(self, sequences: Sequences) -> None:
        """Say nothing."""


def _check(content: bytes, model: LSTMRegressor, arrays: PredictorArrays, sequences: Sequences) -> float:
    """Predict with the file and with the model itself; the form of y does not matter here."""
    exported, calibration = _Unwarned(content), model.bands_.calibration
    pairs = [(predict_all(model.predictor_, sequences), exported.predict(sequences))]
    if calibration is not None:
        coverage = calibration.most / 2  # which gives finite bounds
        quantiles = calibration.quantiles(coverage, len(sequences), None)
        own = model.bands_.interval(model.predictor_, sequences, quantiles)
        pairs += zip(own, exported.predict_interval(sequences, coverage), strict=True)
    return max(worst_difference(own, given.reshape(own.shape), arrays, model.held_out_) for own, given in pairs)


def _beside(model: LSTMRegressor) -> tuple[str, ...]:
    return () if model.schema_ is None else model.schema_.beside


def _metadata(model: LSTMRegressor, arrays: PredictorArrays, units: Mapping[str, str]) -> dict[str, Any]:
    """Say what a user of the file must know, and nothing of the data."""
    features = () if model.schema_ is None else model.schema_.inputs
    _refuse_units(units, [*features, *model.target_names_])
    return {
        "format": FORMAT,
        "version": __version__,
        "n_features": model.n_features_in_,
        "fewest_steps": model.fewest_steps_,
        "features": list(features),
        "targets": list(model.target_names_),
        "units": dict(units),
        "context": None
        if arrays.context is None
        else {
            "names": list(_beside(model)),
            "categorical": np.unique(arrays.context.code_columns).tolist(),
            "complete": arrays.context.complete,
        },
        "schema": None if model.schema_ is None else model.schema_.to_dict(),
        "flat_target": model.flat_target_,
        "logarithmic": arrays.logarithmic,
        "complete": arrays.inputs.complete,
        "range": {
            name: [None if np.isnan(value) else float(value) for value in bounds]
            for name, bounds in model.input_range_.to_arrays().items()
        },
        "network": asdict(arrays.config),
        "beyond": arrays.beyond,
        "loss": model.loss,
        "quantile": model.quantile if model.loss == "quantile" else None,
    }


def _refuse_units(units: object, names: list[str]) -> None:
    if not (isinstance(units, Mapping) and all(isinstance(unit, str) for unit in units.values())):
        raise ConfigurationError("export_onnx", "units", "a mapping of names to texts, or None", units)
    unknown = sorted(set(units) - set(names), key=str)
    if unknown:
        known = ", ".join(map(repr, dict.fromkeys(names)))
        raise ConfigurationError("export_onnx", "units", f"units of {known}", unknown)


def _intervals(bands: Bands, arrays: PredictorArrays) -> DeployedBands | None:
    """Give what intervals are made of; None where nothing was held out."""
    if bands.calibration is None:
        return None
    limits = {"spread.farthest": np.array(FARTHEST), "spread.floor": np.array(FLOOR)}
    target = {"target.center": arrays.target_center, "target.scale": arrays.target_scale,
              "target.lowest": arrays.lowest, "target.highest": arrays.highest}  # fmt: skip
    return DeployedBands(bands.to_arrays() | limits | target, bands.calibration.labels)


def _describe(content: Any, metadata: dict[str, Any], intervals: DeployedBands | None) -> None:  # noqa: ANN401 - the types of onnx are not there
    content.producer_name, content.producer_version = "unflat", __version__
    content.doc_string = f"Predicts {', '.join(metadata['targets'])} from sequences; raw units in and out."
    texts = {METADATA: json.dumps(metadata, ensure_ascii=False, allow_nan=False)}
    if intervals is not None:
        texts[INTERVALS] = intervals.to_text()
    for key, text in texts.items():
        entry = content.metadata_props.add()
        entry.key, entry.value = key, text
