"""Tuning: parameters that do better than the defaults, searched for on training and validation data alone."""

from unflat.tuning.faces import Tuned, TunedRun, tune, tune_run
from unflat.tuning.picture import tuning_figure
from unflat.tuning.reading import changed_space
from unflat.tuning.records import Comparison, Findings, Trial
from unflat.tuning.space import Choice, Space, Span
from unflat.tuning.words import told

__all__ = [
    "Choice",
    "Comparison",
    "Findings",
    "Space",
    "Span",
    "Trial",
    "Tuned",
    "TunedRun",
    "changed_space",
    "told",
    "tune",
    "tune_run",
    "tuning_figure",
]
