"""Sequences: an index into rows, columns that stand apart, batches gathered from both, and folds that do not leak."""

from unflat.sequences.index import (
    Context,
    PastTarget,
    Sequences,
    as_sequences,
    is_table,
    refuse_infinite,
    sequences_together,
)
from unflat.sequences.numbers import as_numbers

__all__ = [
    "Context",
    "PastTarget",
    "Sequences",
    "as_numbers",
    "as_sequences",
    "is_table",
    "refuse_infinite",
    "sequences_together",
]
