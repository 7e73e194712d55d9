"""What is tried beside the defaults: other values of parameters, a rate that a range test chose, cropped copies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from benchmarks.accuracy.problem import Part

from unflat import LSTMRegressor, Windows
from unflat.dataset import as_dataset
from unflat.fitting.settings import training_config
from unflat.parting import hold_out, parted
from unflat.training.optimizing import Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from unflat.config import TrainingConfig
    from unflat.sequences import Sequences

LOWEST_RATE, HIGHEST_RATE = 5e-4, 5e-2
"""Ends of the range test: a tenth of the default rate, and ten times as much."""

TEST_EPOCHS = 10
"""Epochs of the range test, after each of which the loss on what is held out is known: rates a factor of 1.6 apart."""

_HELD_OUT = 0.1
"""What a single network holds out by default."""


@dataclass(frozen=True)
class Variant:
    """One way to fit.

    Parameters
    ----------
    parameters : mapping of str to object
        Of the estimator; others are the defaults.
    batch : float
        The batch size, as a multiple of what "auto" is for these data. The number of epochs stays "auto": it follows,
        as where a user sets a batch size alone, and steps are as many as before unless one of its bounds is met.
    epochs : float
        Epochs, as a multiple of what "auto" is for these data.
    range_test : bool
        Whether a range test chooses the rate.
    cropping : bool
        Whether a copy of each training sequence is added that begins later.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    batch: float = 1.0
    epochs: float = 1.0
    range_test: bool = False
    cropping: bool = False

    def fit(self, part: Part, seed: int) -> tuple[LSTMRegressor, dict[str, Any]]:
        """Fit the estimator so.

        Parameters
        ----------
        part : Part
            What to fit on, and to choose on.
        seed : int
            The estimator's, and that of all that is drawn here.

        Returns
        -------
        model : LSTMRegressor
            Fitted.
        told : dict of str to object
            What was chosen for these data, as plain JSON values.
        """
        model = LSTMRegressor(random_state=seed, progress=False, **self.parameters)
        told = self._scaled(settings_for(model, part))
        model.set_params(**told)
        if self.range_test:
            tested = tested_rates(part, seed)
            told["range test"] = [list(pair) for pair in tested]
            told["learning_rate"] = chosen_rate(tested, otherwise=model.learning_rate)
            model.set_params(learning_rate=told["learning_rate"])
        validation = None
        if self.cropping:
            part, validation = with_crops(part, seed)
        return model.fit(part.X, part.y, validation=_argument(validation)), told

    def _scaled(self, usual: TrainingConfig) -> dict[str, Any]:
        scaled = {}
        if self.batch != 1:
            scaled["batch_size"] = max(1, round(self.batch * usual.batch_size))
        if self.epochs != 1:
            scaled["epochs"] = max(1, round(self.epochs * usual.epochs))
        return scaled


def settings_for(model: LSTMRegressor, part: Part) -> TrainingConfig:
    """Find what "auto" stands for where a model is fitted to a part: it follows from what each network learns from."""
    random = np.random.RandomState(model.random_state)
    free = model.skip and model.loss == "mse"
    data = as_dataset(part.X, part.y)
    parting = parted(data, None, model.validation_fraction, random, model.n_members, free=free)
    return training_config(model.get_params(), len(parting.parts[0].training), crossed=parting.crossed)


class Rising:
    """A rate that rises exponentially from step to step, in the place of the estimator's cycle.

    Parameters
    ----------
    highest : float
        The rate of the last step.
    steps : int
        Steps of the whole training.
    """

    def __init__(self, highest: float, steps: int) -> None:
        self._highest, self._steps = highest, steps

    def __call__(self, step: int) -> Pace:
        """Say how fast a step goes, numbered from 0."""
        left = 1 - (step + 1) / self._steps
        return Pace(self._highest * (LOWEST_RATE / HIGHEST_RATE) ** left)


def tested_rates(part: Part, seed: int) -> list[tuple[float, float]]:
    """Train one network for a few epochs at a rate that rises, and judge it after each (Smith, arXiv:1506.01186, 3.3).

    Parameters
    ----------
    part : Part
        What to fit on; a tenth of it is held out, as a single network of the package does.
    seed : int
        Of the estimator.

    Returns
    -------
    list of (float, float)
        The rate at the end of each epoch, and the loss on what is held out. None where nothing is left to learn; fewer
        than all where training diverged.
    """
    model = LSTMRegressor(
        random_state=seed,
        progress=False,
        n_members=1,
        validation_fraction=_HELD_OUT,
        epochs=TEST_EPOCHS,
        learning_rate=HIGHEST_RATE,
        averaging=0.0,  # what is judged is to have this rate, and not those before it
    )
    with mock.patch("unflat.training.loop.OneCycle", Rising):
        model.fit(part.X, part.y)
    judged = [(record.rate, record.judged_loss) for record in model.history_.epochs]
    return [(rate, loss) for rate, loss in judged if np.isfinite(loss)]


def chosen_rate(tested: list[tuple[float, float]], otherwise: float) -> float:
    """Choose the top of the rate's cycle: where the result, which had become better, begins to become worse (ibid.).

    Parameters
    ----------
    tested : list of (float, float)
        As `tested_rates` gives them.
    otherwise : float
        What to choose where nothing was tested.

    Returns
    -------
    float
        The rate at which the loss was least.
    """
    return min(tested, key=lambda pair: pair[1])[0] if tested else otherwise


class CroppedWindows(Windows):
    """Windows of which some begin later: their ends, and so their targets, stay where they are."""

    @property
    def whole(self) -> Windows:
        """The same windows, each with all of its rows."""
        length = self.schema.length
        starts = self.sequences.starts + self.sequences.lengths - length
        lengths = np.broadcast_to(np.int64(length), starts.shape)
        sequences = replace(self.sequences, starts=starts, lengths=lengths)
        return Windows(sequences, self.schema, self.timeline, self.columns, self.past, self.split_by)

    @property
    def y(self) -> NDArray[np.float64] | None:
        """The targets."""
        return self.whole.y

    @property
    def end_rows(self) -> NDArray[np.int64]:
        """The row at which each window ends."""
        return self.whole.end_rows


def with_crops(part: Part, seed: int) -> tuple[Part, Part | None]:
    """Add to each training sequence a copy that begins at a random later step.

    Windows whose series are held out whole stay so: the package holds out a series with its copies. Of anything else
    the copies of what is held out would be learned from; so that part is set aside before, the same that a single
    network of the package would hold out, and has no copies.

    Parameters
    ----------
    part : Part
        What to fit on.
    seed : int
        Draws the steps, and what is set aside where sequences have no order.

    Returns
    -------
    training : Part
        The sequences, and after them the copies.
    held_out : Part or None
        What was set aside; None where that is the package's affair.
    """
    random = np.random.default_rng(seed)
    if isinstance(part.X, Windows) and part.X.natural_split == "group":
        return _cropped(part, random), None
    training, held_out = hold_out(as_dataset(part.X, part.y), _HELD_OUT, np.random.RandomState(seed))
    parts = [
        None if data is None else Part(data.sequences, data.y) if data.windows is None else Part(data.windows)
        for data in (training, held_out)
    ]
    return _cropped(parts[0] or part, random), parts[1]


def _cropped(part: Part, random: np.random.Generator) -> Part:
    sequences = part.sequences
    # A single step has no later start.
    index = np.concatenate([np.arange(len(sequences)), np.flatnonzero(sequences.lengths > 1)])
    doubled = _beginning_later(sequences.take(index), len(sequences), random)
    if part.y is not None:
        return Part(doubled, part.y[index])
    windows = part.X
    return Part(
        CroppedWindows(doubled, windows.schema, windows.timeline, windows.columns, windows.past, windows.split_by)
    )


def _beginning_later(sequences: Sequences, first: int, random: np.random.Generator) -> Sequences:
    """Crop all sequences from the `first` on: at least one step is left out, and at least half of them stay."""
    left_out = np.zeros(len(sequences), dtype=sequences.starts.dtype)
    left_out[first:] = random.integers(1, sequences.lengths[first:] // 2, endpoint=True)
    return replace(sequences, starts=sequences.starts + left_out, lengths=sequences.lengths - left_out)


def _argument(part: Part | None) -> object:
    """Give a part in the form that `fit` takes as validation."""
    if part is None:
        return None
    return part.X if part.y is None else (part.X, part.y)
