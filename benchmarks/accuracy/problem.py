"""What a set of the benchmark consists of: parts of data, the measures, the figures that others published."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.sequences import PastTarget, Sequences, as_sequences
from unflat.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Part:
    """Sequences and their targets, in the form in which a user passes them.

    Parameters
    ----------
    X : Windows, Sequences or ndarray of shape (n, T) or (n, T, F)
        The inputs, in raw units.
    y : ndarray of shape (n,) or (n, n_outputs), or None
        The targets; None with windows, which hold theirs.
    """

    X: Any
    y: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.X)

    @property
    def sequences(self) -> Sequences:
        """The inputs as sequences."""
        return self.X.sequences if isinstance(self.X, Windows) else as_sequences(self.X)

    @property
    def targets(self) -> NDArray[np.float64]:
        """The targets, of shape (n, n_outputs)."""
        y = self.X.y if self.y is None else self.y
        return np.asarray(y, dtype=np.float64).reshape(len(self.X), -1)

    def thinned(self, most: int) -> Part:
        """Keep every k-th sequence, so that not many more than `most` are left."""
        step = slice(None, None, max(1, len(self) // most))
        X = self.X[step] if isinstance(self.X, np.ndarray) else self.X.take(step)
        return Part(X, None if self.y is None else self.y[step])


@dataclass(frozen=True, eq=False)
class Problem:
    """Data to fit on and to judge by.

    Parameters
    ----------
    train : Part
        What models are fitted on.
    tests : mapping of str to Part
        What they are judged on; the name stands before those of the measures, and may be empty.
    measure : callable
        From targets and predictions to scores.
    validation : Part or None
        What chooses the epoch, where the protocol names it; None leaves that to the package.
    past : tuple of PastTarget
        Where each output's own past stands among the features; empty where it does not.
    """

    train: Part
    tests: Mapping[str, Part]
    measure: Callable[[NDArray[np.float64], NDArray[np.float64]], dict[str, float]]
    validation: Part | None = None
    past: tuple[PastTarget, ...] = ()

    def scores(self, predict: Callable[[Part], NDArray[np.float64]]) -> dict[str, float]:
        """Score a model on every test part.

        Parameters
        ----------
        predict : callable
            From a part to predictions of shape (n,) or (n, n_outputs).

        Returns
        -------
        dict of str to float
            Scores, by the names of part and measure.
        """
        scores: dict[str, float] = {}
        for name, part in self.tests.items():
            y = part.targets
            measured = self.measure(y, np.reshape(predict(part), y.shape))
            scores |= {f"{name} {measure}".strip(): value for measure, value in measured.items()}
        return scores

    def thinned(self, most_values: int) -> Problem:
        """Make a small problem of the same kind, of about so many numbers in each part."""
        sequences = self.train.sequences
        most = max(200, min(1000, most_values // (sequences.longest * sequences.n_features)))
        return Problem(
            self.train.thinned(most),
            {name: part.thinned(most) for name, part in self.tests.items()},
            self.measure,
            None if self.validation is None else self.validation.thinned(most),
            self.past,
        )


def past_of(windows: Windows) -> tuple[PastTarget, ...]:
    """Take from windows where each output's own past stands."""
    past = windows.past
    return () if past is None else tuple(PastTarget((c,), past.horizon, past.season) for c in past.columns)


@dataclass(frozen=True)
class Published:
    """A figure that somebody else reported for a protocol.

    Parameters
    ----------
    method : str
        What it belongs to.
    values : mapping of str to float
        Scores, by the names that `Problem.scores` gives them.
    source : str
        Where it was reported, and what differs.
    """

    method: str
    values: Mapping[str, float]
    source: str


@dataclass(frozen=True)
class Task:
    """One protocol: what is fitted, what is scored, what is known about it.

    Parameters
    ----------
    name : str
        A name of its own among all tasks.
    protocol : str
        All that a reader needs to repeat it.
    make : callable
        From the data folder and a seed to the problem.
    published : tuple of Published
        Figures of others.
    generated : bool
        Whether the seed draws the data, so that the references are fitted anew for each.
    """

    name: str
    protocol: str
    make: Callable[[Path, int], Problem]
    published: tuple[Published, ...] = ()
    generated: bool = False


@dataclass(frozen=True)
class BenchmarkSet:
    """Tasks on the same data.

    Parameters
    ----------
    name : str
        What `--sets` calls it.
    tasks : tuple of Task
        The tasks.
    folder : str or None
        The folder, within the data folder, that it reads.
    packages : tuple of str
        The modules that it takes data from.
    """

    name: str
    tasks: tuple[Task, ...]
    folder: str | None = None
    packages: tuple[str, ...] = field(default=())

    def missing(self, data: Path | None) -> str | None:
        """Say why this set cannot run, if it cannot."""
        for package in self.packages:
            if find_spec(package) is None:
                return f"the package {package} is not installed (see requirements.txt beside the benchmark)"
        if self.folder is None:
            return None
        if data is None:
            return f"it needs --data DIR with a folder {self.folder}"
        return None if (data / self.folder).is_dir() else f"there is no folder {self.folder} in the data folder"
