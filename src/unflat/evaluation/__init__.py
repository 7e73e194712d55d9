"""A model's scores on data that it has not seen, beside those of the baselines, to be read by people."""

from unflat.evaluation.comparison import evaluate
from unflat.evaluation.groups import GroupIntervals
from unflat.evaluation.result import Evaluation

__all__ = ["Evaluation", "GroupIntervals", "evaluate"]
