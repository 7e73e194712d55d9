"""Any trained regressor under examination: is it flat, why, and what cures it."""

from unflat.diagnosis.diagnosing import diagnose
from unflat.diagnosis.records import CAUSE_IDS, Cause, CauseId, Cure, Evidence, NotExamined, Verdict
from unflat.diagnosis.result import Diagnosis
from unflat.diagnosis.sources import load_data, load_model

__all__ = [
    "CAUSE_IDS",
    "Cause",
    "CauseId",
    "Cure",
    "Diagnosis",
    "Evidence",
    "NotExamined",
    "Verdict",
    "diagnose",
    "load_data",
    "load_model",
]
