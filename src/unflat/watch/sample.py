"""The few sequences that a watch looks at, the same ones throughout a training."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from unflat.dataset import targets_of
from unflat.diagnosis.material.inputs import as_data, refuse_several_inputs
from unflat.errors import InputError
from unflat.sequences import Sequences, as_numbers
from unflat.sequences.folds import places_apart_in
from unflat.windows import Windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.material import Data

_FAULTY = 8
"""Sequences with values that are no numbers which are kept as evidence, at the most."""

_EVIDENCE = 64
"""Sequences that causes are looked for with, at the most: several passes are made."""

_ROWS = 4096
"""Sequences that are searched for such values together."""

_NEIGHBOURS = 201
"""First sequences that are looked at to find out whether windows overlap."""

_FEWEST = 10
"""Sequences below which a spread says nothing."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Sequences with their targets.

    Parameters
    ----------
    learned : Data
        What simple learners learn from: targets are numbers.
    places : ndarray of shape (n,), int
        Where these stand among all sequences, ascending.
    apart : int
        From how many places apart sequences share no step.
    seen : Data
        Those of them that the model is asked about.
    evidence : Data
        Some of these, for their causes, and some that hold values which are no numbers, where there are such.
    """

    learned: Data
    places: NDArray[np.int64]
    apart: int
    seen: Data
    evidence: Data

    @property
    def faulty(self) -> bool:
        """Whether the data hold values that are no numbers."""
        return len(self.evidence.y) > min(len(self.seen.y), _EVIDENCE)


class _Beside(Sequences):
    """Sequences with what stands beside them, of which the first can be taken as of an array."""

    @classmethod
    def of(cls, sequences: Sequences) -> _Beside:
        """Give the same sequences."""
        return cls(**{field.name: getattr(sequences, field.name) for field in fields(sequences)})

    def __getitem__(self, part: slice) -> Sequences:
        return self.take(part)


def choose(X: Any, y: Any, sequences: int) -> Sample:  # noqa: ANN401 - whatever a model takes
    """Choose sequences evenly over the data.

    Parameters
    ----------
    X : array, tensor or frame of shape (n, T, F) or (n, T), list of arrays, or Windows
        Sequences as the training gets them.
    y : array-like of shape (n,) or (n, k), or None
        Their targets; None with windows, which hold theirs, and what stands beside them.
    sequences : int
        How many to ask the model about, at the most. Simple learners get twice as many.

    Returns
    -------
    Sample
        The same for the same data.

    Raises
    ------
    InputError
        If sequences or targets cannot be used, or are too few; its subclasses say why.
    """
    if nw.dependencies.is_into_dataframe(X):
        X = nw.from_native(X).to_numpy()
    refuse_several_inputs(X, y, "X")
    targets = _targets(X, y)
    known = np.isfinite(targets.reshape(len(targets), -1)).all(axis=1)
    whole = _whole(X, len(targets))
    usable = np.flatnonzero(known & whole)
    usable = usable if len(usable) >= _FEWEST else np.flatnonzero(known)
    if len(usable) < _FEWEST:
        raise InputError(
            "y", f"at least {_FEWEST} targets that are numbers", f"{len(usable)}", "Watch with the training data."
        )
    faulty = np.flatnonzero(~(known & whole))[:_FAULTY]
    places = _evenly(usable, 2 * sequences)
    seen = _evenly(places, sequences)
    return Sample(
        _taken(X, targets, places),
        places,
        places_apart_in(_taken(X, targets, np.arange(min(len(targets), _NEIGHBOURS))).values),
        _taken(X, targets, seen),
        _taken(X, targets, np.concatenate([_evenly(seen, _EVIDENCE), np.setdiff1d(faulty, seen)])),
    )


def _targets(X: Any, y: Any) -> NDArray[Any]:  # noqa: ANN401 - as above
    if isinstance(X, Windows):
        return targets_of(X, y, "X")
    if y is None:
        raise InputError("y", "a target for each sequence", "None", "Give the targets that belong to X.")
    targets = as_numbers(y, "y")
    if targets.ndim == 0 or len(targets) != len(X):
        raise InputError(
            "y", f"as many targets as sequences, {len(X)}", f"shape {targets.shape}", "Give each sequence its target."
        )
    return targets


def _whole(X: Any, n: int) -> NDArray[np.bool_]:  # noqa: ANN401 - as above
    """Mark the sequences of an array that hold nothing but numbers; others may be padded, and count as whole."""
    if not hasattr(X, "shape") or len(X.shape) < 2 or getattr(getattr(X, "dtype", None), "kind", "") == "O":  # noqa: PLR2004 - (n, T)
        return np.ones(n, dtype=bool)
    parts = (as_numbers(X[first : first + _ROWS], "X") for first in range(0, n, _ROWS))
    return np.concatenate([np.isfinite(part).reshape(len(part), -1).all(axis=1) for part in parts])


def _evenly(places: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Take some of the places, drawn once and for all so that no rhythm of the data is met."""
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(0).choice(places, most, replace=False))


def _taken(X: Any, y: NDArray[Any], places: NDArray[np.int64]) -> Data:  # noqa: ANN401 - as above
    if isinstance(X, Windows):
        windows = X.take(places)
        data = as_data(windows, None)
        return replace(data, X=_Beside.of(windows.sequences)) if windows.sequences.context else data
    taken = [X[place] for place in places] if isinstance(X, list | tuple) else X[places.tolist()]
    return as_data(taken, y[places])
