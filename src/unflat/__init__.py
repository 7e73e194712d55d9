"""Sequence regression with LSTMs that does not go flat.

Everything public is on this page. A name is imported when it is first used, so that `import unflat` costs next to
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unflat._loading import load_module
from unflat._version import __version__
from unflat.errors import (
    AllMissingError,
    ArtifactError,
    CaptureWarning,
    ClockWarning,
    CollapseWarning,
    ColumnTypeError,
    ConfigurationError,
    ConstantColumnWarning,
    ConstantTargetError,
    CorruptArtifactError,
    CoverageWarning,
    DataWarning,
    DivergedWarning,
    DuplicateTimeError,
    EmptyPartError,
    ExportError,
    FitWarning,
    FlatPredictionWarning,
    ForeignArtifactError,
    InputError,
    InputTypeError,
    InterruptedWarning,
    KerasBackendError,
    LoneValueWarning,
    MissingArtifactError,
    MissingCodeWarning,
    MissingColumnError,
    MissingExtraError,
    MissingFutureError,
    MissingValuesWarning,
    ModelError,
    ModelFailedError,
    ModelSourceError,
    NewerFormatError,
    NonFiniteError,
    NoSkillWarning,
    NotCalibratedError,
    OpsetError,
    OutOfRangeWarning,
    OutputError,
    OutputExistsError,
    ParityError,
    ScaleDomainError,
    ShapeError,
    ShortSeriesWarning,
    SingleStepWarning,
    StreamError,
    TableChangedError,
    TableError,
    TargetLeakError,
    TargetLimitWarning,
    TimeGapWarning,
    TimeStepWarning,
    TooFewSamplesError,
    UnflatError,
    UnflatWarning,
    UnknownCategoryWarning,
    UnknownModelError,
    UnknownParameterError,
    UnreadableTableError,
    UnsupportedOperatorError,
    WindowTooLongError,
)

if TYPE_CHECKING:
    from unflat import diagnosis, figures, metrics, recipes, runs, tuning
    from unflat.config import TrainingConfig
    from unflat.conformal import PredictionInterval
    from unflat.deployed import OnnxPredictor
    from unflat.diagnosis import Diagnosis, diagnose
    from unflat.estimator import LSTMRegressor, load
    from unflat.evaluation import Evaluation, evaluate
    from unflat.export import Exported, export_onnx
    from unflat.history import EpochRecord, History
    from unflat.intervals import AdaptiveInterval
    from unflat.runs import Run, train_run
    from unflat.sequences import PastTarget, Sequences
    from unflat.streaming import Stream
    from unflat.tables import Table, open_table, read_table, read_ts
    from unflat.training.callbacks import Callback, Plan
    from unflat.tuning import Tuned, TunedRun, tune, tune_run
    from unflat.watch import Watch
    from unflat.windows import Positions, Split, Windows, WindowSchema, apply_schema, make_windows

__all__ = [
    "AdaptiveInterval",
    "AllMissingError",
    "ArtifactError",
    "Callback",
    "CaptureWarning",
    "ClockWarning",
    "CollapseWarning",
    "ColumnTypeError",
    "ConfigurationError",
    "ConstantColumnWarning",
    "ConstantTargetError",
    "CorruptArtifactError",
    "CoverageWarning",
    "DataWarning",
    "Diagnosis",
    "DivergedWarning",
    "DuplicateTimeError",
    "EmptyPartError",
    "EpochRecord",
    "Evaluation",
    "ExportError",
    "Exported",
    "FitWarning",
    "FlatPredictionWarning",
    "ForeignArtifactError",
    "History",
    "InputError",
    "InputTypeError",
    "InterruptedWarning",
    "KerasBackendError",
    "LSTMRegressor",
    "LoneValueWarning",
    "MissingArtifactError",
    "MissingCodeWarning",
    "MissingColumnError",
    "MissingExtraError",
    "MissingFutureError",
    "MissingValuesWarning",
    "ModelError",
    "ModelFailedError",
    "ModelSourceError",
    "NewerFormatError",
    "NoSkillWarning",
    "NonFiniteError",
    "NotCalibratedError",
    "OnnxPredictor",
    "OpsetError",
    "OutOfRangeWarning",
    "OutputError",
    "OutputExistsError",
    "ParityError",
    "PastTarget",
    "Plan",
    "Positions",
    "PredictionInterval",
    "Run",
    "ScaleDomainError",
    "Sequences",
    "ShapeError",
    "ShortSeriesWarning",
    "SingleStepWarning",
    "Split",
    "Stream",
    "StreamError",
    "Table",
    "TableChangedError",
    "TableError",
    "TargetLeakError",
    "TargetLimitWarning",
    "TimeGapWarning",
    "TimeStepWarning",
    "TooFewSamplesError",
    "TrainingConfig",
    "Tuned",
    "TunedRun",
    "UnflatError",
    "UnflatWarning",
    "UnknownCategoryWarning",
    "UnknownModelError",
    "UnknownParameterError",
    "UnreadableTableError",
    "UnsupportedOperatorError",
    "Watch",
    "WindowSchema",
    "WindowTooLongError",
    "Windows",
    "__version__",
    "apply_schema",
    "diagnose",
    "diagnosis",
    "errors",
    "evaluate",
    "export_onnx",
    "figures",
    "load",
    "make_windows",
    "metrics",
    "open_table",
    "read_table",
    "read_ts",
    "recipes",
    "runs",
    "train_run",
    "tune",
    "tune_run",
    "tuning",
]

_HOMES = {
    "AdaptiveInterval": "unflat.intervals",
    "Callback": "unflat.training.callbacks",
    "Diagnosis": "unflat.diagnosis",
    "EpochRecord": "unflat.history",
    "Evaluation": "unflat.evaluation",
    "Exported": "unflat.export",
    "History": "unflat.history",
    "LSTMRegressor": "unflat.estimator.regressor",
    "OnnxPredictor": "unflat.deployed",
    "PastTarget": "unflat.sequences",
    "Plan": "unflat.training.callbacks",
    "Positions": "unflat.windows",
    "PredictionInterval": "unflat.conformal",
    "Run": "unflat.runs",
    "Sequences": "unflat.sequences",
    "Split": "unflat.windows",
    "Stream": "unflat.streaming",
    "Table": "unflat.tables",
    "TrainingConfig": "unflat.config",
    "Tuned": "unflat.tuning",
    "TunedRun": "unflat.tuning",
    "Watch": "unflat.watch",
    "WindowSchema": "unflat.windows",
    "Windows": "unflat.windows",
    "apply_schema": "unflat.windows",
    "diagnose": "unflat.diagnosis",
    "evaluate": "unflat.evaluation",
    "export_onnx": "unflat.export",
    "load": "unflat.estimator.loading",
    "make_windows": "unflat.windows",
    "open_table": "unflat.tables",
    "read_table": "unflat.tables",
    "read_ts": "unflat.tables",
    "train_run": "unflat.runs",
    "tune": "unflat.tuning",
    "tune_run": "unflat.tuning",
}
"""Where each name that is imported on first use comes from."""

_MODULES = ("diagnosis", "figures", "metrics", "recipes", "runs", "tuning")
"""Modules that are public as a whole, beside `errors`, which is here already."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: whatever the name stands for
    if name in _HOMES:
        value = getattr(load_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = load_module(f"unflat.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    globals()[name] = value  # the next use finds it without coming here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
