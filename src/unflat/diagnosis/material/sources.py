"""Models and data named on a command line: files of ours and of Keras, objects of a module, arrays and tables."""

from __future__ import annotations

import sys
import zipfile
import zlib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from unflat._optional import require
from unflat.diagnosis.subjects.keras_backend import missing_backend
from unflat.errors import DataWarning, KerasBackendError, ModelSourceError, UnreadableTableError
from unflat.errors.telling import warn_user
from unflat.estimator import LSTMRegressor
from unflat.runs import Run, is_ts, own_parts, read_part, trained_on
from unflat.tables import read_ts
from unflat.windows import Windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.runs import Cut, OwnParts, Part

KERAS_SUFFIXES = (".keras", ".h5")
"""Endings of files that Keras writes."""

_TORCH_SUFFIXES = (".pt", ".pth", ".ckpt")
"""Endings of files that PyTorch writes: weights, or pickles, which would run code."""


class Material(NamedTuple):
    """What a model was trained on, and data that it was not trained on, each as `diagnose` takes it.

    Parameters
    ----------
    X, y : ndarray or Windows, and ndarray or None
        What it was trained on.
    validation : tuple of (X, y), Windows or None
        What it was not.
    """

    X: Any
    y: Any
    validation: Any


def load_model(source: str) -> Any:  # noqa: ANN401 - a model of any framework
    """Load a model by what a user calls it.

    Parameters
    ----------
    source : str
        The folder of a run, a model file of ours, a Keras file, or `module:object`, which imports the module and so
        runs its code.

    Returns
    -------
    object
        The model.

    Raises
    ------
    ArtifactError
        If a file of ours is missing, damaged, or of another kind.
    MissingExtraError
        If Keras is not installed.
    KerasBackendError
        If what Keras computes with is not.
    ModelSourceError
        If a Keras file cannot be loaded safely, it is a file of PyTorch's, there is no such module or object, or the
        module's code raises.
    """
    path = Path(source)
    if path.suffix in KERAS_SUFFIXES:
        return _load_keras(path)
    if path.suffix in _TORCH_SUFFIXES and path.exists():
        raise ModelSourceError(
            source, "a model that its file holds", "a file of PyTorch's, which needs the code of its module",
            "Load it in a module of your own, and give module:object instead.",
        )  # fmt: skip
    module, separator, name = source.partition(":")
    if separator and not path.exists():
        return _import_object(source, module, name)
    return Run(path).load()


def load_material(
    source: str, model: object, data: Path, validation: Path | None = None, cut: Cut | None = None
) -> Material:
    """Load what a model is diagnosed on.

    The file that a run was trained on is split as it was for the run, so that what the run held out to judge by does
    not count as seen. Any other file given in its place brings a `DataWarning`.

    Parameters
    ----------
    source : str
        What the model was loaded from.
    model : object
        The model.
    data : Path
        What it was trained on.
    validation : Path or None
        Data that it was not trained on, instead of what its run held out.
    cut : Cut or None
        How windows are cut from a table for a model that knows no columns.

    Returns
    -------
    Material
        Both.

    Raises
    ------
    UnreadableTableError, TableError
        As `load_data` does.
    """
    own = _own(Run(Path(source)), model, data) if isinstance(model, LSTMRegressor) else None
    X, y = load_data(data, model, cut) if own is None else _as_arrays(own.train)
    if validation is not None:
        return Material(X, y, _together(*load_data(validation, model, cut)))
    return Material(X, y, None if own is None or own.test is None else _together(*_as_arrays(own.test)))


def _own(run: Run, model: LSTMRegressor, data: Path) -> OwnParts | None:
    """Split a run's own file as it was for the run; of another one warn that it counts as what was trained on."""
    own = own_parts(run, model, data)
    recorded = trained_on(run)
    if own is None and recorded is not None:
        told = (
            f"{data} is not the file that this run was trained on, {recorded}: it is examined as if it were. Give that "
            "as --data, and what the model was not trained on as --validation."
        )
        warn_user(DataWarning(told))
    return own


def _as_arrays(part: Part) -> tuple[Any, NDArray[np.float64] | None]:
    """Give whole sequences as an array, which any model is diagnosed on, and windows as they are."""
    return part.X if isinstance(part.X, Windows) else part.X.dense(), part.y


def _together(X: Any, y: NDArray[np.float64] | None) -> Any:  # noqa: ANN401 - windows, or a pair
    return X if y is None else (X, y)


def load_data(path: Path, model: object, cut: Cut | None = None) -> tuple[Any, NDArray[np.float64] | None]:
    """Load the data that a model was trained on.

    Parameters
    ----------
    path : Path
        An `.npz` file with arrays `X` and `y`; sequences (`.ts`); or, for a model of windows, a table.
    model : object
        The model; one of ours knows which columns it needs.
    cut : Cut or None
        How windows are cut from a table for any other model.

    Returns
    -------
    X : ndarray or Windows
        The sequences, as the model takes them.
    y : ndarray or None
        Their targets; None with windows, which hold theirs.

    Raises
    ------
    UnreadableTableError
        If the file holds no such arrays, or a table is given for a model that does not know its columns.
    TableError
        If a table does not have the columns that the model needs.
    """
    if path.suffix == ".npz":
        return _load_arrays(path)
    if isinstance(model, LSTMRegressor):
        return _as_arrays(read_part(model, path, targets=True))
    if is_ts(path):
        sequences, y = read_ts(path)
        return sequences.dense(), y
    if cut is not None:
        return cut.windows(path), None
    raise UnreadableTableError(
        path,
        "arrays (.npz with X and y), sequences (.ts), or how windows are cut from the table",
        "a table, whose columns this model does not know",
        "Say which column is the target and how many rows a window has (--target, --window), or save what the model "
        "was trained on: numpy.savez('data.npz', X=X, y=y).",
    )


def _load_keras(path: Path) -> Any:  # noqa: ANN401 - Keras has no types
    if not path.exists():
        raise ModelSourceError(str(path), "a Keras file that exists", "no such file", "Check the path.")
    if path.suffix == ".keras" and path.is_file() and not zipfile.is_zipfile(path):
        raise ModelSourceError(
            str(path), "a whole .keras file", "no archive, which such a file is",
            "Copy it again from where it was saved, or save the model again.",
        )  # fmt: skip
    backend = missing_backend()
    if backend is not None:
        raise KerasBackendError(backend)
    keras = require("keras", extra="keras")
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except (ValueError, TypeError, OSError) as error:
        raise ModelSourceError(
            str(path),
            "a whole model that Keras loads in safe mode",
            f"this answer: {str(error).rstrip('.')}",
            "Load it in a module of your own, which may run its code, and give module:object instead.",
        ) from error


def _import_object(source: str, module: str, name: str) -> Any:  # noqa: ANN401 - the user's own
    # As `python -m` does: a module beside the user is found.
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        if isinstance(error, ModuleNotFoundError) and not f"{module}.".startswith(f"{error.name}."):
            raise _unimportable(source, module, error) from error  # the module is there, and misses another
        raise ModelSourceError(
            source, "module:object, both there", str(error), "Name a module that can be imported from this folder."
        ) from error
    except Exception as error:  # the user's own code may raise anything
        raise _unimportable(source, module, error) from error
    finally:
        sys.path.remove(str(Path.cwd()))
    return found


def _unimportable(source: str, module: str, error: Exception) -> ModelSourceError:
    return ModelSourceError(
        source, "a module that can be imported", f"{type(error).__name__}: {error}",
        f'Correct it: python -c "import {module}" shows where.',
    )  # fmt: skip


def _load_arrays(path: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    remedy = "Write it with numpy.savez('data.npz', X=X, y=y)."
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = arrays.files
            if {"X", "y"} <= set(names):
                return arrays["X"], np.asarray(arrays["y"])
    except FileNotFoundError as error:
        raise UnreadableTableError(path, "a file that exists", "no such file", "Check the path.") from error
    except (ValueError, OSError, EOFError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        found = "one array, as .npy files hold it" if isinstance(error, TypeError) else str(error)
        raise UnreadableTableError(path, "a whole .npz file of numbers", found, remedy) from error
    raise UnreadableTableError(path, "arrays named X and y", f"arrays named {', '.join(names) or 'none'}", remedy)
