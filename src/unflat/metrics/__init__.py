"""Scores of predictions, their spread, and their skill against baselines: of arrays, output by output.

Everything is computed in float64, in two passes, on values divided by a power of two: targets such as
1.7e9 ± 1, 1e-12 or 1e200 are scored as exactly as targets near 1.
"""

from unflat.metrics.assessment import NOTICEABLE, Assessment, OutputScores, assess
from unflat.metrics.intervals import IntervalScores, score_intervals
from unflat.metrics.moments import deviation, weighted_mean
from unflat.metrics.scores import FLAT_SPREAD, NEAR_ZERO, mae, mape, mse, r2, rmse, skill, spread

__all__ = [
    "FLAT_SPREAD",
    "NEAR_ZERO",
    "NOTICEABLE",
    "Assessment",
    "IntervalScores",
    "OutputScores",
    "assess",
    "deviation",
    "mae",
    "mape",
    "mse",
    "r2",
    "rmse",
    "score_intervals",
    "skill",
    "spread",
    "weighted_mean",
]
