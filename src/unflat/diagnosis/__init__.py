"""Any trained regressor under examination: is it flat, why, and what cures it."""

from unflat.diagnosis.backends import KERAS_BACKEND, missing_backend
from unflat.diagnosis.diagnosing import NO_HELD_OUT, NO_LOSSES, diagnose
from unflat.diagnosis.guide import explain, title_of
from unflat.diagnosis.records import CAUSE_IDS, Cause, CauseId, Cure, Evidence, NotExamined, Verdict
from unflat.diagnosis.result import Diagnosis
from unflat.diagnosis.sources import Material, load_data, load_material, load_model

__all__ = [
    "CAUSE_IDS",
    "KERAS_BACKEND",
    "NO_HELD_OUT",
    "NO_LOSSES",
    "Cause",
    "CauseId",
    "Cure",
    "Diagnosis",
    "Evidence",
    "Material",
    "NotExamined",
    "Verdict",
    "diagnose",
    "explain",
    "load_data",
    "load_material",
    "load_model",
    "missing_backend",
    "title_of",
]
