"""The tree of errors and warnings: what each says, that it crosses processes, and that the drawing is true."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from pathlib import Path

import pytest

from unflat import errors
from unflat.errors import (
    AllMissingError,
    ArtifactError,
    ColumnTypeError,
    ConfigurationError,
    ConstantTargetError,
    CorruptArtifactError,
    DuplicateTimeError,
    EmptyPartError,
    ExportError,
    ForeignArtifactError,
    InputError,
    InputTypeError,
    KerasBackendError,
    MissingArtifactError,
    MissingColumnError,
    MissingExtraError,
    MissingFutureError,
    ModelError,
    ModelFailedError,
    ModelSourceError,
    NewerFormatError,
    NonFiniteError,
    NotCalibratedError,
    OpsetError,
    OutputError,
    OutputExistsError,
    ParityError,
    ScaleDomainError,
    ShapeError,
    StreamError,
    TableChangedError,
    TableError,
    TargetLeakError,
    TooFewSamplesError,
    UnflatError,
    UnflatWarning,
    UnknownModelError,
    UnknownParameterError,
    UnreadableTableError,
    UnsupportedOperatorError,
    WindowTooLongError,
)

PARTS = ("X", "one thing", "another", "Change it.")
PARTS_TEXT = "X: expected one thing; received another. Change it."
FILE = ("runs/a.unflat", "a whole file", "half of one", "Copy it again.")
FILE_TEXT = "The model file runs/a.unflat: expected a whole file; received half of one. Copy it again."
PLACE = ("out.csv", "No space left on device", "Make room.")
PLACE_TEXT = "Writing out.csv: expected a place that can be written; received No space left on device. Make room."

EXAMPLES = [
    (UnflatError(*PARTS), PARTS_TEXT),
    (InputError(*PARTS), PARTS_TEXT),
    (InputTypeError(*PARTS), PARTS_TEXT),
    (TableError(*PARTS), PARTS_TEXT),
    (ArtifactError(*FILE), FILE_TEXT),
    (ForeignArtifactError(*FILE), FILE_TEXT),
    (CorruptArtifactError(*FILE), FILE_TEXT),
    (NewerFormatError(*FILE), FILE_TEXT),
    (
        MissingArtifactError("/runs/a.unflat", "a whole file"),
        "The model file /runs/a.unflat: expected a whole file; received nothing of that name. Check the path.",
    ),
    (OutputError(*PLACE), PLACE_TEXT),
    (OutputExistsError(*PLACE), PLACE_TEXT),
    (
        ConfigurationError("LSTMRegressor", "epochs", "a whole number of at least 1", -3),
        (
            "The parameter 'epochs' of LSTMRegressor: expected a whole number of at least 1; received -3. "
            "Give such a value, or leave 'epochs' out where it has a default."
        ),
    ),
    (
        ConfigurationError("evaluate", "past", "None", 3, "Leave it out."),
        "The parameter 'past' of evaluate: expected None; received 3. Leave it out.",
    ),
    (
        UnknownParameterError("LSTMRegressor", "unit", ["epochs", "units"]),
        ("The parameters of LSTMRegressor: expected names among epochs, units; received 'unit'. Did you mean 'units'?"),
    ),
    (
        UnknownParameterError("LSTMRegressor", "colour", ["epochs", "units"]),
        "The parameters of LSTMRegressor: expected names among epochs, units; received 'colour'. Leave it out.",
    ),
    (
        NotCalibratedError("one that was trained on all it was given"),
        (
            "The intervals: expected a model that held data out, or was calibrated; received one that was trained on "
            "all it was given. Call model.calibrate(X, y) with sequences that the model has not learned from."
        ),
    ),
    (
        NotCalibratedError("a file of one that held nothing out", "Export it again."),
        (
            "The intervals: expected a model that held data out, or was calibrated; received a file of one that held "
            "nothing out. Export it again."
        ),
    ),
    (ModelError(*PARTS), PARTS_TEXT),
    (
        UnknownModelError(3),
        (
            "The model: expected an LSTMRegressor, a Keras 3 model, a torch.nn.Module, a fitted scikit-learn regressor "
            "or Pipeline, or a function from X to predictions; received an object of builtins.int. "
            "Wrap it in a function: diagnose(lambda X: ..., X, y)."
        ),
    ),
    (
        ModelSourceError("nets:flat", "module:object, both there", "no module named 'nets'", "Name one that is."),
        "The model nets:flat: expected module:object, both there; received no module named 'nets'. Name one that is.",
    ),
    (
        KerasBackendError("tensorflow"),
        (
            "The backend of Keras: expected one that is installed; received tensorflow, which is not. Set the "
            "environment variable KERAS_BACKEND=torch before Keras is imported: unflat brings that one."
        ),
    ),
    (
        ModelFailedError("Net", (8, 3, 2), ValueError("In lstm.call().\n\n\x1b[1mshapes differ.\x1b[0m\nmore")),
        (
            "The model Net: expected a prediction for sequences of shape (8, 3, 2); received ValueError: "
            "In lstm.call(): shapes differ. Check that X is what the model was trained on, in shape, scale and type."
        ),
    ),
    (
        ShapeError("X[3]", "2 features, as X[0] has", (7, 3), "Give every sequence the same."),
        "X[3]: expected 2 features, as X[0] has; received shape (7, 3). Give every sequence the same.",
    ),
    (
        TooFewSamplesError("The training part", 2, 0),
        (
            "The training part: expected at least 2 samples; received 0 sample(s). "
            "Give more sequences, or cut windows with a smaller stride."
        ),
    ),
    (
        NonFiniteError("y", "3 NaN", (4, 0), "Leave them out."),
        "y: expected finite numbers; received 3 NaN, the first at (4, 0). Leave them out.",
    ),
    (
        AllMissingError("The sequences of X", [1, 5], "Leave these out."),
        "The sequences of X: expected at least one value each; received nothing but NaN in 1, 5. Leave these out.",
    ),
    (
        ConstantTargetError("'load'", 0.1, 40),
        (
            "The target 'load': expected values that differ; received 0.1 in all 40 training samples. "
            "Check that the right column is the target; a constant needs no model."
        ),
    ),
    (
        ScaleDomainError("The target 'load'", "log", -0.5),
        (
            "The target 'load': expected positive values for the scale 'log'; received a smallest value of -0.5. "
            "Choose 'standard' or 'robust', or add an offset to the target."
        ),
    ),
    (
        TableChangedError("a.parquet"),
        (
            "The table a.parquet: expected a file that stays as it is while it is read; received one that was written, "
            "moved or removed meanwhile. Read it again when nobody writes to it; write large files under another name "
            "and rename them at the end."
        ),
    ),
    (
        UnreadableTableError("a.csv", "a CSV file", "a folder", "Name a file."),
        "The table a.csv: expected a CSV file; received a folder. Name a file.",
    ),
    (
        MissingColumnError("laod", ["load", "wind"], "target"),
        (
            "The target column 'laod': expected a column of the table; received a table with the columns "
            "'load', 'wind'. Did you mean 'load'?"
        ),
    ),
    (
        MissingColumnError("temperature", list("abcdefghijk"), "feature"),
        (
            "The feature column 'temperature': expected a column of the table; received a table with the columns "
            "'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' and 3 more. "
            "Choose one of 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' and 3 more."
        ),
    ),
    (
        ColumnTypeError("load", "numbers", "text, 'n/a'", 12, "Replace it."),
        "The column 'load': expected numbers; received text, 'n/a' in row 12. Replace it.",
    ),
    (
        ColumnTypeError("load", "numbers", "truth values", None, "Encode them."),
        "The column 'load': expected numbers; received truth values. Encode them.",
    ),
    (
        DuplicateTimeError("hour", "2020-01-01", 2, "north"),
        (
            "The time column 'hour' of the series 'north': expected each time once in a series; "
            "received 2 repeated, the first 2020-01-01. "
            "Name the column that tells the series apart, or all that do so together, as the group, "
            "or drop the repeated rows."
        ),
    ),
    (
        TargetLeakError("load"),
        (
            "The target 'load' at horizon 0: expected features that do not hold the answer; received the target among "
            "the features of its own row. Leave it out of the features, or set a horizon of at least 1."
        ),
    ),
    (
        MissingFutureError(["price"], 24, 3, "2016-07-01 12:00:00", 2),
        (
            "The known columns 'price' after 2016-07-01 12:00:00: expected values in the 24 rows that follow it; "
            "received 3 such rows; 2 series lack some. Append a row for each step ahead, with its time and the known "
            "columns filled in and the others empty."
        ),
    ),
    (
        WindowTooLongError(96, 24, 100),
        (
            "A window of 96 rows with horizon 24: expected a series of at least 120 rows; received 100 rows in the "
            "longest series. Choose a window of at most 76 rows, or give longer series."
        ),
    ),
    (
        EmptyPartError("test", {"training": 9, "test": 0}, "Give longer series."),
        (
            "The test part: expected at least one window; received the windows split as 9 for training, 0 for test. "
            "Give longer series."
        ),
    ),
    (ExportError(*PARTS), PARTS_TEXT),
    (
        UnsupportedOperatorError("the cell 'xlstm'", "'lstm', 'gru'"),
        (
            "The export to ONNX: expected a model of parts that ONNX has operators for ('lstm', 'gru'); "
            "received the cell 'xlstm'. Fit a model of those parts, or deploy the file that model.save writes."
        ),
    ),
    (
        OpsetError(18, 26, 9),
        (
            "The operator set of the ONNX file: expected a whole number from 18 to 26; received 9. "
            "Use opset=18, which every newer runtime reads too."
        ),
    ),
    (
        ParityError(0.00321, 1e-5, 7),
        (
            "The exported model: expected predictions within 1e-05 standard deviations of the target of the model's "
            "own; received a difference of 0.0032 for sequence 7 of the sample. Nothing was written. "
            "Check the sample's values; upgrade onnxruntime; if the difference stays, report it."
        ),
    ),
    (StreamError(*PARTS), PARTS_TEXT),
    (
        MissingExtraError("onnx", "onnx"),
        (
            "The optional module 'onnx': expected it to be installed; received an environment without it. "
            "Run: python -m pip install 'unflat[onnx]'"
        ),
    ),
]

ERRORS = [error for error, _ in EXAMPLES]
IDS = [type(error).__name__ for error in ERRORS]


def classes(root):
    """List the classes of the module that descend from a root, and the root."""
    return [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, root)]


def drawn_tree():
    """Read the drawing at the top of the module as pairs of a class and the one that it hangs from."""
    path, pairs = [], []
    for line in errors.__doc__.splitlines():
        name = line.strip(" │├└─").partition(" ")[0]
        if not name.endswith(("Error", "Warning")):
            continue
        depth = (line.index(name) - 4) // 4
        path = [*path[:depth], name]
        pairs.append((name, path[-2] if depth else None))
    return pairs


def test_the_tree_that_is_drawn_is_the_tree_that_is():
    """Every class stands once in the drawing, under its own base, and nothing else does."""
    real = {
        (cls.__name__, None if cls in {UnflatError, UnflatWarning} else cls.__bases__[0].__name__)
        for root in (UnflatError, UnflatWarning)
        for cls in classes(root)
    }
    drawn = drawn_tree()
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == real


def test_every_error_has_an_example_here():
    """No class of error goes without a test of its text."""
    assert {type(error) for error in ERRORS} == set(classes(UnflatError))


@pytest.mark.parametrize(("error", "text"), EXAMPLES, ids=IDS)
def test_a_message_says_what_where_received_and_remedy(error, text):
    """Each message is one text of subject, expectation, finding and remedy, all of which can be read singly."""
    assert str(error) == text
    assert text == f"{error.subject}: expected {error.expected}; received {error.received}. {error.remedy}"
    with pytest.raises(type(error), match=re.escape(text)) as raised:
        raise error
    assert raised.value is error


@pytest.mark.parametrize("copied", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])  # noqa: S301 - our own bytes
@pytest.mark.parametrize("error", ERRORS, ids=IDS)
def test_an_error_crosses_processes(error, copied):
    """An error that was pickled or copied has the same class, text and values."""
    again = copied(error)
    assert type(again) is type(error)
    assert (str(again), again.args) == (str(error), error.args)
    assert vars(again) == vars(error)


@pytest.mark.parametrize(
    ("cls", "builtin"),
    [
        (ConfigurationError, ValueError),
        (UnknownParameterError, ValueError),
        (InputError, ValueError),
        (InputTypeError, TypeError),
        (TableError, ValueError),
        (ArtifactError, ValueError),
        (OutputError, OSError),
        (MissingExtraError, ImportError),
        (UnflatWarning, UserWarning),
    ],
)
def test_errors_are_caught_by_the_name_that_python_gives_their_kind(cls, builtin):
    """Code that knows nothing of unflat catches its errors by Python's own classes."""
    assert issubclass(cls, builtin)


def test_paths_may_be_path_objects():
    """Errors about files keep the path as text, however it was given."""
    assert OutputError(Path("a") / "b", "gone", "Look.").path == str(Path("a") / "b")
    assert ArtifactError(Path("m"), "x", "y", "Z.").path == "m"
    assert UnreadableTableError(Path("t"), "x", "y", "Z.").path == "t"


def test_values_are_kept_for_code_to_read():
    """What a message was worded from can be read off the error."""
    missing = MissingColumnError("laod", ["load", "loads", "wind"], "target")
    assert missing.available == ("load", "loads", "wind")
    assert missing.nearest == ("load", "loads")
    assert MissingColumnError("close", ["Close", "close_2"], "target").nearest == ("Close",)
    assert "Did you mean 'load' or 'loads'?" in str(missing)
    assert MissingColumnError("times", ["time", "timer"], "feature", settled=True, taken=("time",)).nearest == (
        "timer",
    )
    assert WindowTooLongError(9, 1, 4).longest == 4
    assert ShapeError("X", "two axes", [4], "Reshape.").shape == (4,)
    assert ConfigurationError("a", "b", "c", [1]).value == [1]


def test_where_no_window_fits_none_is_advised():
    """A series that is shorter than the horizon, or than horizon and what is held out, lacks rows and no cut."""
    assert str(WindowTooLongError(5, 10, 3)).endswith(
        "received 3 rows in the longest series. No window fits with this horizon. Choose a smaller horizon, or give "
        "longer series."
    )
    assert str(WindowTooLongError(4, 1, 1)).endswith(
        "received 1 row in the longest series. No window fits with this horizon. Give longer series."
    )
    assert str(WindowTooLongError(4, 1, 3, held_out=1)).endswith(
        "Choose a window of at most 1 row, for 1 of the 3 are held out of training, or give longer series."
    )
    assert "with this horizon, for 24 of the 120 are held" in str(WindowTooLongError(4, 100, 120, held_out=24))


@pytest.mark.parametrize("cls", classes(UnflatError) + classes(UnflatWarning))
def test_every_class_says_when_it_occurs(cls):
    """Each class has a docstring of its own."""
    assert cls.__doc__
    assert cls.__doc__ != cls.__bases__[0].__doc__
