"""What is measured of a model and its data: figures, and no opinion yet.

An `examination` looks at everything once and only when asked, at the model's own states too (`rereading`); `standing`
holds one output's predictions against the targets and what other learners make of them.
"""

from unflat.diagnosis.measured.examination import Examination, Part
from unflat.diagnosis.measured.standing import Figures, figures_of

__all__ = ["Examination", "Figures", "Part", "figures_of"]
