"""Everything that unflat raises or warns, each saying what, where, received and remedy.

::

    UnflatError
    ├── ConfigurationError      a parameter is outside what it may be
    ├── UnknownParameterError   there is no parameter of that name
    ├── InputError              sequences or targets cannot be used
    │   ├── InputTypeError      values are not numbers
    │   ├── ShapeError          wrong dimensions, features, outputs or length
    │   ├── TooFewSamplesError  not enough sequences to learn from
    │   ├── NonFiniteError      infinite values, or a target that is missing
    │   ├── AllMissingError     a column or a sequence holds nothing but NaN
    │   ├── ConstantTargetError every target is the same number
    │   └── ScaleDomainError    values that a scale cannot take, a log of zero
    ├── TableError              a table cannot be used
    │   ├── UnreadableTableError
    │   ├── TableChangedError   a file was written while it was read
    │   ├── MissingColumnError
    │   ├── ColumnTypeError
    │   ├── DuplicateTimeError
    │   ├── TargetLeakError     the target stands among the features of its own row
    │   ├── MissingFutureError  rows ahead are missing for which columns are known in advance
    │   ├── WindowTooLongError  no series is long enough for one window
    │   └── EmptyPartError      a split leaves a part without windows
    ├── ArtifactError           a model file cannot be used
    │   ├── MissingArtifactError  there is no such file
    │   ├── ForeignArtifactError
    │   ├── CorruptArtifactError
    │   └── NewerFormatError
    ├── OutputError             something cannot be written
    │   └── OutputExistsError
    ├── ModelError              a model cannot be diagnosed
    │   ├── UnknownModelError   it is none of the kinds that can be
    │   ├── ModelFailedError    it raised an error of its own
    │   ├── ModelSourceError    it cannot be loaded from where it was said to be
    │   └── KerasBackendError   what Keras computes with is not installed
    ├── NotCalibratedError      intervals of a model that was calibrated on nothing
    ├── ExportError             a model cannot be exported
    │   ├── UnsupportedOperatorError  the format has no operator for a part of it
    │   ├── OpsetError          the operator set is too old, or newer than is installed
    │   └── ParityError         the exported model does not predict the same
    ├── StreamError             a model cannot be fed step by step, or a state does not fit it
    └── MissingExtraError       an optional part is not installed

    UnflatWarning
    ├── CaptureWarning          a device cannot capture the steps of training, which is slower
    ├── DataWarning             the data can be used, with a reservation
    │   ├── ConstantColumnWarning
    │   ├── LoneValueWarning    a value outweighs all others of its column together, and is drawn in
    │   ├── MissingCodeWarning  a number looks as if it stood for a missing value
    │   ├── SingleStepWarning   sequences have one step of several features: axes may be swapped
    │   ├── MissingValuesWarning
    │   ├── TimeGapWarning
    │   ├── TimeStepWarning     rows are not as far apart in time as in training
    │   ├── ClockWarning        calendar features go by UTC, which times have offsets from
    │   ├── ShortSeriesWarning  series end in fewer rows than a window has
    │   ├── UnknownCategoryWarning
    │   ├── OutOfRangeWarning   inputs lie far outside of what training saw
    │   ├── TargetLimitWarning  targets lie beyond a limit that training targets pile up at: it is none
    │   └── CoverageWarning     more coverage is asked for than calibration can promise
    └── FitWarning              a model was fitted that should not be trusted
        ├── FlatPredictionWarning
        ├── NoSkillWarning
        ├── DivergedWarning
        ├── InterruptedWarning
        └── CollapseWarning     a training that is watched goes flat, or leaves the numbers
"""

from unflat.errors.base import (
    ConfigurationError,
    MissingExtraError,
    NotCalibratedError,
    UnflatError,
    UnknownParameterError,
)
from unflat.errors.deployment import ExportError, OpsetError, ParityError, StreamError, UnsupportedOperatorError
from unflat.errors.files import (
    ArtifactError,
    CorruptArtifactError,
    ForeignArtifactError,
    MissingArtifactError,
    NewerFormatError,
    OutputError,
    OutputExistsError,
)
from unflat.errors.inputs import (
    AllMissingError,
    ConstantTargetError,
    InputError,
    InputTypeError,
    NonFiniteError,
    ScaleDomainError,
    ShapeError,
    TooFewSamplesError,
)
from unflat.errors.models import (
    KerasBackendError,
    ModelError,
    ModelFailedError,
    ModelSourceError,
    UnknownModelError,
)
from unflat.errors.tables import (
    ColumnTypeError,
    DuplicateTimeError,
    EmptyPartError,
    MissingColumnError,
    MissingFutureError,
    TableChangedError,
    TableError,
    TargetLeakError,
    UnreadableTableError,
    WindowTooLongError,
)
from unflat.errors.warnings import (
    CaptureWarning,
    ClockWarning,
    CollapseWarning,
    ConstantColumnWarning,
    CoverageWarning,
    DataWarning,
    DivergedWarning,
    FitWarning,
    FlatPredictionWarning,
    InterruptedWarning,
    LoneValueWarning,
    MissingCodeWarning,
    MissingValuesWarning,
    NoSkillWarning,
    OutOfRangeWarning,
    ShortSeriesWarning,
    SingleStepWarning,
    TargetLimitWarning,
    TimeGapWarning,
    TimeStepWarning,
    UnflatWarning,
    UnknownCategoryWarning,
)

__all__ = [
    "AllMissingError",
    "ArtifactError",
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
    "DivergedWarning",
    "DuplicateTimeError",
    "EmptyPartError",
    "ExportError",
    "FitWarning",
    "FlatPredictionWarning",
    "ForeignArtifactError",
    "InputError",
    "InputTypeError",
    "InterruptedWarning",
    "KerasBackendError",
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
    "OpsetError",
    "OutOfRangeWarning",
    "OutputError",
    "OutputExistsError",
    "ParityError",
    "ScaleDomainError",
    "ShapeError",
    "ShortSeriesWarning",
    "SingleStepWarning",
    "StreamError",
    "TableChangedError",
    "TableError",
    "TargetLeakError",
    "TargetLimitWarning",
    "TimeGapWarning",
    "TimeStepWarning",
    "TooFewSamplesError",
    "UnflatError",
    "UnflatWarning",
    "UnknownCategoryWarning",
    "UnknownModelError",
    "UnknownParameterError",
    "UnreadableTableError",
    "UnsupportedOperatorError",
    "WindowTooLongError",
]
