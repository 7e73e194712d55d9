"""Trainings that can be done again: one program for each framework, behind one interface."""

from unflat.diagnosis.programs.base import Job, Program, Training
from unflat.diagnosis.programs.choosing import program_of
from unflat.diagnosis.programs.edits import EDITS, LONGER, NO_RETRAINING, Edit, in_words

__all__ = ["EDITS", "LONGER", "NO_RETRAINING", "Edit", "Job", "Program", "Training", "in_words", "program_of"]
