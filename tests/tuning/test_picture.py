import numpy as np
import pytest

from unflat.style import save
from unflat.tuning import Findings, Trial, tuning_figure

TRIALS = (
    Trial(0, {"units": 4}, "complete", 0.5, 5, 1.0),
    Trial(1, {"units": 5}, "complete", 0.7, 5, 1.0),
    Trial(2, {"units": 6}, "pruned", 0.9, 3, 1.0),
    Trial(3, {"units": 7}, "complete", 0.2, 5, 1.0),
    Trial(4, {"units": 8}, "failed", None, 5, 1.0),
)


def points(panel, label):
    """Give the places of marks by their name in the legend."""
    return next(np.asarray(marks.get_offsets()) for marks in panel.collections if marks.get_label() == label)


def test_every_trial_with_a_loss_is_a_mark(tmp_path):
    """Complete and given-up trials are told apart; lines show the lowest until then, and the given model's."""
    figure = tuning_figure(Findings(TRIALS, 3, None, {"units": (7,)}, {"units": 0.8, "dropout": 0.2}))
    course, shares = figure.axes
    np.testing.assert_allclose(points(course, "trained to its end"), [(0, 0.5), (1, 0.7), (3, 0.2)])
    np.testing.assert_allclose(points(course, "given up half-way"), [(2, 0.9)])
    lines = {line.get_label(): np.asarray(line.get_ydata(), dtype=float) for line in course.get_lines()}
    np.testing.assert_allclose(lines["lowest so far"], [0.5, 0.5, 0.2])
    np.testing.assert_allclose(lines["the model as given"], 0.5)
    assert course.get_title(loc="left") == "Trial 3 was chosen"
    assert shares.get_title(loc="left") == "What mattered most: units"
    assert [bar.get_width() for bar in shares.patches] == pytest.approx([20, 80])
    save(figure, tmp_path / "tuning.png")


def test_without_importance_there_is_one_panel(tmp_path):
    """Too few trials to say what mattered leave the course alone; an infinite loss has no place in it."""
    trials = (Trial(0, {}, "complete", float("inf"), 5, 1.0), TRIALS[1])
    figure = tuning_figure(Findings(trials, 1, None, {}, {}))
    assert len(figure.axes) == 1
    np.testing.assert_allclose(points(figure.axes[0], "trained to its end"), [(1, 0.7)])
    assert figure.axes[0].get_title(loc="left") == "The model as given was kept"
    save(figure, tmp_path / "tuning.png")


def test_one_trial_alone_can_be_drawn(tmp_path):
    """A single loss has no range, and still has a place."""
    figure = tuning_figure(Findings(TRIALS[:1], 0, None, {}, {}))
    low, high = figure.axes[0].get_ylim()
    assert low < 0.5 < high
    save(figure, tmp_path / "tuning.png")
