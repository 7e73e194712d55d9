"""Runs: the whole job from a file to a folder that holds model, scores and pictures; and its use on new data."""

from unflat.runs.folder import (
    CONFIG,
    FIGURES,
    HISTORY,
    METRICS,
    MODEL,
    TUNING,
    Run,
    check_free,
    check_output,
    make_folder,
)
from unflat.runs.job import Outcome, train_run
from unflat.runs.own import OwnParts, own_parts, trained_on
from unflat.runs.parts import Cut, Holdout, Part, is_ts, read_parts
from unflat.runs.use import FRAME_ENDINGS, as_csv, evaluate_file, predict_file, read_part, write_frame
from unflat.windows.calendar import CALENDAR

__all__ = [
    "CALENDAR",
    "CONFIG",
    "FIGURES",
    "FRAME_ENDINGS",
    "HISTORY",
    "METRICS",
    "MODEL",
    "TUNING",
    "Cut",
    "Holdout",
    "Outcome",
    "OwnParts",
    "Part",
    "Run",
    "as_csv",
    "check_free",
    "check_output",
    "evaluate_file",
    "is_ts",
    "make_folder",
    "own_parts",
    "predict_file",
    "read_part",
    "read_parts",
    "train_run",
    "trained_on",
    "write_frame",
]
