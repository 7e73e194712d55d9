"""What is to be remarked of inputs that training saw nothing like, whoever is to predict for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.errors import MissingValuesWarning, OutOfRangeWarning
from unflat.scaling.ranges import far, in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from unflat.errors import DataWarning
    from unflat.scaling.ranges import Beyond, InputRange
    from unflat.sequences import Sequences


def remarks(
    sequences: Sequences,
    ranges: InputRange,
    beyond: Beyond,
    complete: Sequence[int],
    complete_beside: Sequence[int] = (),
) -> Iterator[DataWarning]:
    """Give the warnings that inputs deserve before anything is predicted for them.

    Parameters
    ----------
    sequences : Sequences
        The inputs.
    ranges : InputRange
        The ranges of the training part.
    beyond : {"straight", "on a line", "held", "no further"}
        What predictions do outside of them.
    complete, complete_beside : sequence of int
        The columns of numbers in which training saw none missing: of the sequences, and of what stands beside them.

    Yields
    ------
    DataWarning
        A MissingValuesWarning, an OutOfRangeWarning, both, or neither.
    """
    if missing := missing_where_complete(sequences, complete, complete_beside):
        yield MissingValuesWarning(
            f"Missing values in features that had none in training: {', '.join(missing)}. They are read as the center "
            "of the feature's scale."
        )
    findings = ranges.outside(sequences, far(beyond))
    if findings is not None and not findings.may_be_noise(len(sequences)):
        yield OutOfRangeWarning(in_words(findings, len(sequences), beyond))


def missing_where_complete(
    sequences: Sequences, complete: Sequence[int], complete_beside: Sequence[int] = ()
) -> list[str]:
    """Name the features in which values are missing although training saw none missing there; as `remarks`."""
    rows = map(sequences.feature, _missing_in_rows(sequences, complete))
    names = sequences.context_names
    beside = [column for column in complete_beside if np.isnan(sequences.context_column(column)).any()]
    return [*rows, *(repr(names[column]) for column in beside)]


def complete_of(numeric: NDArray[np.int64], with_missing: NDArray[np.int64]) -> list[int]:
    """Give the columns of numbers that had none missing in training: all but those that had, counted among them."""
    complete: list[int] = np.delete(numeric, with_missing).tolist()
    return complete


def _missing_in_rows(sequences: Sequences, complete: Sequence[int]) -> list[int]:
    anywhere = sequences.columns_with_missing()
    suspects = [column for column in complete if column in anywhere]
    if not suspects:  # as nearly always: one look at each value, and nothing else
        return []
    covered = sequences.covered()  # padding, too, is written as NaN
    return [column for column in suspects if np.isnan(sequences.rows[covered, column]).any()]
