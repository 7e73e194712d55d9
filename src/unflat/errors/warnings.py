"""Reservations about data that can be used, and about models that were fitted."""

from __future__ import annotations


class UnflatWarning(UserWarning):
    """Base of everything that unflat warns."""


class CaptureWarning(UnflatWarning):
    """A device cannot capture the steps of training, so that they are told to it one by one."""


class DataWarning(UnflatWarning):
    """The data can be used, with a reservation."""


class ConstantColumnWarning(DataWarning):
    """Columns have one value in all training rows and carry nothing."""


class LoneValueWarning(DataWarning):
    """A value outweighs all others of its column together, and is drawn in for training."""


class MissingCodeWarning(DataWarning):
    """A number stands apart from all others of its column again and again: it may stand for a missing value."""


class SingleStepWarning(DataWarning):
    """Sequences of several features have a single time step: their axes may have been swapped."""


class MissingValuesWarning(DataWarning):
    """Values are missing where none were missing in training."""


class TimeGapWarning(DataWarning):
    """Rows are missing in time; windows do not reach across the gap."""


class TimeStepWarning(DataWarning):
    """Rows are not as far apart in time as those that training saw."""


class ClockWarning(DataWarning):
    """Calendar features go by the clock of UTC, since times have offsets from it and no time zone."""


class ShortSeriesWarning(DataWarning):
    """Series have fewer rows up to their latest than a window, so that nothing is predicted from these.

    Parameters
    ----------
    message : str
        Which series, and what to do.
    series : object
        The label of the first such series; None where the table is one series.
    rows : int
        The rows up to its latest, without a gap between them.
    length : int
        The rows of a window.
    count : int
        How many series there are of this kind.
    """

    def __init__(self, message: str, *, series: object = None, rows: int = 0, length: int = 0, count: int = 0) -> None:
        super().__init__(message)
        self.series = series
        self.rows = rows
        self.length = length
        self.count = count


class UnknownCategoryWarning(DataWarning):
    """A categorical column holds a value that training never saw."""


class OutOfRangeWarning(DataWarning):
    """Inputs lie far outside of the range that training saw."""


class TargetLimitWarning(DataWarning):
    """Targets lie beyond a limit that those of the training pile up at, which is let go."""


class CoverageWarning(DataWarning):
    """Intervals are asked for a coverage that the calibration data are too few to promise."""


class FitWarning(UnflatWarning):
    """A model was fitted that should not be trusted."""


class FlatPredictionWarning(FitWarning):
    """The predictions hardly vary."""


class NoSkillWarning(FitWarning):
    """The predictions are no better than a baseline's."""


class DivergedWarning(FitWarning):
    """Training left the finite numbers."""


class InterruptedWarning(FitWarning):
    """Training was stopped by hand; the best weights so far are kept."""


class CollapseWarning(FitWarning):
    """A training that is watched goes flat, or leaves the numbers.

    Parameters
    ----------
    message : str
        What is seen, the likely cause and its cure.
    step : int
        The step after which it was seen, from 1.
    epoch : int or None
        The epoch of that step, where it is known.
    spread : tuple of float
        Deviation of the predictions over the target's, of each output; nan where predictions are not numbers.
    cause : str or None
        The likely cause, as `unflat.diagnose` names it; None where none was found.
    page : str or None
        The file of the guide's page that explains it.
    """

    def __init__(
        self,
        message: str,
        *,
        step: int = 0,
        epoch: int | None = None,
        spread: tuple[float, ...] = (),
        cause: str | None = None,
        page: str | None = None,
    ) -> None:
        super().__init__(message)
        self.step = step
        self.epoch = epoch
        self.spread = spread
        self.cause = cause
        self.page = page
