"""Reservations about data that can be used, and about models that were fitted."""


class UnflatWarning(UserWarning):
    """Base of everything that unflat warns."""


class DataWarning(UnflatWarning):
    """The data can be used, with a reservation."""


class ConstantColumnWarning(DataWarning):
    """Columns have one value in all training rows and carry nothing."""


class MissingValuesWarning(DataWarning):
    """Values are missing where none were missing in training."""


class TimeGapWarning(DataWarning):
    """Rows are missing in time; windows do not reach across the gap."""


class UnknownCategoryWarning(DataWarning):
    """A categorical column holds a value that training never saw."""


class OutOfRangeWarning(DataWarning):
    """Inputs lie far outside of the range that training saw."""


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
