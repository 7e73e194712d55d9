"""Pictures, each a matplotlib `Figure` of its own: nothing global is touched, no window is needed."""

from unflat.figures.experiment import course_figure, regression_figure
from unflat.figures.fit import agreement_figure, ordered_figure, over_time_figure, training_figure
from unflat.figures.run import draw_run
from unflat.style import save

__all__ = [
    "agreement_figure",
    "course_figure",
    "draw_run",
    "ordered_figure",
    "over_time_figure",
    "regression_figure",
    "save",
    "training_figure",
]
