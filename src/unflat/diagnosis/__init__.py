"""Any trained regressor under examination: is it flat, why, and what cures it.

Data flow through the folders in the order of an examination, which `diagnosing` goes through:

1. A model becomes one of `subjects`, and what it was trained on `material`: numbers that can be looked at.
2. `references` say what other learners find in the same data, and `measured` what the model makes of them.
3. `verdict` judges these figures, with the help of `causes`, which explain them.
4. `programs` train again with the changes that cures consist of, and `proof` says whether that helped.
5. `shown` tells it: as text, as a page, as a picture, as plain data.

All speak in `records`: causes, their evidence and cures as plain values, each cause with its page of the `guide`.
"""

from unflat.diagnosis.diagnosing import NO_HELD_OUT, NO_LOSSES, diagnose
from unflat.diagnosis.guide import explain, title_of
from unflat.diagnosis.material import Material, load_data, load_material, load_model
from unflat.diagnosis.records import CAUSE_IDS, Cause, CauseId, Cure, Evidence, NotExamined, Verdict
from unflat.diagnosis.shown import Diagnosis
from unflat.diagnosis.subjects.keras_backend import KERAS_BACKEND, missing_backend

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
