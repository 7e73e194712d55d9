"""Numbers that look as if they stood for missing values, and that every learner takes for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.diagnosis.material.padding import padding_of
from unflat.diagnosis.records import NotExamined
from unflat.scaling.codes import missing_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


def codes_taken_for_numbers(
    values: NDArray[np.float64], y: NDArray[np.float64], names: tuple[str, ...]
) -> Iterator[NotExamined]:
    """Tell of each such number in which columns it stands; what sequences are padded with is none.

    Parameters
    ----------
    values, y : ndarray of shape (n, T, F) and (n, k), float64
        What the model was trained on.
    names : tuple of str
        What the outputs are called.

    Yields
    ------
    NotExamined
        One of each number.
    """
    padding = padding_of(values)
    columns: dict[float, list[str]] = {}
    for name, column in _columns(values, y, names):
        code = missing_code(column)
        if code is not None and (padding is None or code.value != padding.value):
            columns.setdefault(code.value, []).append(name)
    for value, found in columns.items():
        yield NotExamined(
            f"whether {value:g} in {', '.join(found)} stands for missing values",
            "it stands apart from all others again and again, and the model and all that it is held against take it "
            f"for a number. If it does, put nan in its place, or name it in missing={value:g} of make_windows, and "
            "train again.",
        )


def _columns(
    values: NDArray[np.float64], y: NDArray[np.float64], names: tuple[str, ...]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for feature in range(values.shape[-1]):
        yield f"feature {feature}", values[..., feature].ravel()
    for output, name in enumerate(names):
        yield f"the target {name}", y[:, output]
