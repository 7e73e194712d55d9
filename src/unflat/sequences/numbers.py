"""What users give as numbers: arrays, tensors and lists of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat._arrays import as_array, off_the_graph
from unflat.errors import InputError, InputTypeError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def as_numbers(values: object, name: str) -> NDArray[Any]:
    """Turn an array, tensor or nested list into float32 or float64 numbers.

    Parameters
    ----------
    values : array-like
        What a user gave.
    name : str
        What to call it in messages.

    Returns
    -------
    ndarray of float32 or float64
        float32 and smaller floats as float32, everything else as float64; a view where possible.

    Raises
    ------
    InputTypeError
        If something in it is not a real number.
    InputError
        If rows of it differ in length.
    """
    values = off_the_graph(values)
    _refuse_what_is_no_array(values, name)
    try:
        array = as_array(values)
        if array.dtype.kind == "O":
            array = _without_pandas_missing(array)
        if array.dtype.kind in "OUS":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise _no_numbers(values, name, error) from error
    if array.dtype.kind in "Mm":
        raise InputTypeError(
            name, "numbers", f"times of type {array.dtype}", "Give the hours since a date, say, or use make_windows."
        )
    if array.dtype.kind == "c":
        raise InputTypeError(
            name, "real numbers", "Complex data not supported", "Give real and imaginary part as two features."
        )
    if array.dtype.kind == "f" and array.dtype.itemsize <= np.dtype(np.float32).itemsize:
        return array.astype(np.float32, copy=False)
    return array.astype(np.float64, copy=False)


_UNEQUAL = "array element with a sequence"
"""What NumPy says of rows of unequal lengths."""


def _refuse_what_is_no_array(values: object, name: str) -> None:
    """Raise for what gives its items one by one: data sets and loaders of pairs, some of which never end."""
    one_by_one = hasattr(values, "__iter__") or hasattr(values, "__getitem__")
    array = any(hasattr(values, protocol) for protocol in ("__array__", "__array_interface__", "__buffer__"))
    if one_by_one and not array and not isinstance(values, Sequence | np.generic):
        raise InputTypeError(
            name,
            "an array or a list of numbers",
            f"a {type(values).__name__}",
            "Collect what it holds into one array of inputs and one of targets: "
            "np.concatenate([X for X, y in batches]) of batches, np.stack of single sequences.",
        )


def _without_pandas_missing(array: NDArray[Any]) -> NDArray[Any]:
    """Turn pandas' NA into NaN; by its name, for nothing here loads pandas."""
    missing = np.fromiter((type(value).__name__ == "NAType" for value in array.flat), dtype=np.bool_, count=array.size)
    return np.where(missing.reshape(array.shape), np.nan, array) if missing.any() else array


def _no_numbers(values: object, name: str, error: Exception) -> InputError:
    """Tell rows of unequal lengths from text."""
    if _UNEQUAL in str(error):
        remedy = "Give every row as many values, NaN where one is missing."
        return InputError(name, "rows of equally many values", _unequal_rows(values), remedy)
    remedy = "Encode text and dates as numbers, or use make_windows."
    return InputTypeError(name, "numbers", f"values that are not: {error}", remedy)


def _unequal_rows(values: Any) -> str:  # noqa: ANN401 - whatever NumPy made no array of
    sizes = [len(row) if hasattr(row, "__len__") else 1 for row in values]
    other = next((place for place, size in enumerate(sizes) if size != sizes[0]), None)
    return "rows of unequal lengths" if other is None else f"{sizes[0]} in row 0 and {sizes[other]} in row {other}"
