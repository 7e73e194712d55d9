"""Recipes to learn from: the document that this package began with, its data, its model and its experiment."""

from unflat.recipes.document import (
    TEST,
    TRAIN,
    Scaling,
    Standardization,
    article,
    generate_data,
    standardize,
)
from unflat.recipes.experiment import CLOSE, WAYS, Progress, Result, Verdict, Way, judge, run_experiment
from unflat.recipes.lessons import error_in_words, lessons

__all__ = [
    "CLOSE",
    "TEST",
    "TRAIN",
    "WAYS",
    "Progress",
    "Result",
    "Scaling",
    "Standardization",
    "Verdict",
    "Way",
    "article",
    "error_in_words",
    "generate_data",
    "judge",
    "lessons",
    "run_experiment",
    "standardize",
]
