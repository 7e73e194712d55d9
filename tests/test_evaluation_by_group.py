"""Evaluation of intervals by group: which bounds are judged, and what is told of each group."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from unflat.errors import CoverageWarning, InputError, ShapeError
from unflat.estimator import LSTMRegressor
from unflat.evaluation import Evaluation, GroupIntervals, evaluate
from unflat.evaluation.groups import group_remarks, group_rows
from unflat.evaluation.words import number
from unflat.metrics import IntervalScores
from unflat.windows import make_windows

pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")  # two epochs teach nothing

GENERATOR = np.random.default_rng(8)
X = GENERATOR.normal(size=(80, 6, 2)) + 10.0
Y = X[:, -1, 0] + 0.5 * X[:, 2, 1] + 0.1 * GENERATOR.normal(size=80)


def last_step(inputs):
    """Predict the first feature of the last step, plus what the second is worth on average."""
    return inputs[:, -1, 0] + 5.0


@pytest.fixture
def model():
    """Fit a small model."""
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False)
    return model.fit(X, Y, validation=(X[50:], Y[50:]))


@pytest.fixture
def by_group(model):
    """Calibrate it by three groups, one of them ten times as noisy and one too small for bounds of its own."""
    groups = np.array(["quiet", "loud"] * 38 + ["rare"] * 4)
    y = Y + np.where(groups == "loud", 10.0, 1.0) * np.random.default_rng(1).normal(size=80)
    return model.calibrate(X, y, groups=groups), groups, y


def test_groups_are_judged_by_their_own_bounds(by_group):
    """Labels lead to the bounds that `predict_interval` gives for them; without any, it is said so."""
    model, groups, y = by_group
    asked = {"coverage": 0.8, "groups": groups}
    with pytest.warns(CoverageWarning, match="4 calibration groups, and there are 3"):
        lower, upper = model.predict_interval(X, **asked)
    (scores,) = evaluate(model, X, y, **asked).intervals
    assert scores.coverage == pytest.approx(np.mean((lower <= y) & (upper >= y)))
    assert scores.width == pytest.approx(np.mean(upper - lower))
    unlabelled = evaluate(model, X, y, coverage=0.8)
    assert unlabelled.intervals[0].width > scores.width
    assert "are those for a new group. Pass groups=" in str(unlabelled)
    assert "Pass groups=" not in str(evaluate(model, X, y, **asked))


def test_each_group_is_told_of(by_group):
    """Coverage and width of each, as counted by hand, in text, notebook and JSON; a small group's share is not."""
    model, groups, y = by_group
    result = evaluate(model, X, y, coverage=0.75, groups=groups)
    lower, upper = model.predict_interval(X, 0.75, groups=groups)
    text, page = str(result), result._repr_html_()
    for group, name, n in zip(result.by_group, ("loud", "quiet", "rare"), (38, 38, 4), strict=True):
        of_it = groups == name
        covered, width = np.mean((lower <= y)[of_it] & (y <= upper)[of_it]), np.mean((upper - lower)[of_it])
        assert (group.label, group.n, group.own) == (name, n, name != "rare")
        assert group.intervals[0].coverage == pytest.approx(covered)
        assert group.intervals[0].width == pytest.approx(width)
        assert group.standard_error == pytest.approx((0.75 * 0.25 / n) ** 0.5)
        told = (f"{covered:.4f}", f"{group.standard_error:#.2g}") if n >= 20 else ("too few", "")
        bounds = "its own" if group.own else "those for a new group"
        cells = (name, str(n), *told, number(width), bounds)
        assert " ".join(filter(None, cells)) in " ".join(text.split())
        assert "".join(f"<td>{cell}</td>" for cell in cells) in page
    assert "Of one group with fewer than 20 sequences no coverage is told." in text
    again = Evaluation.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again.by_group == result.by_group
    assert str(again) == text


def test_groups_are_told_of_only_where_bounds_heed_them(model, by_group):
    """Neither without labels, nor where the calibration knew of no groups."""
    assert evaluate(model, X, Y).by_group == ()
    unlabelled = model.calibrate(X, Y)
    assert evaluate(unlabelled, X, Y, groups=by_group[1]).by_group == ()


def test_weights_of_groups_are_repetitions(by_group):
    """A group's share is weighted, a weight of 0 does not count, and uneven weights tell less than even ones."""
    model, groups, y = by_group
    weights = np.where(np.arange(80) < 40, 2.0, 1.0) * (groups != "rare")
    repeated = np.repeat(np.arange(80), weights.astype(int))
    asked = {"coverage": 0.75, "groups": groups}
    weighted = evaluate(model, X, y, sample_weight=weights, **asked).by_group
    plain = evaluate(model, X[repeated], y[repeated], coverage=0.75, groups=groups[repeated]).by_group
    assert [group.label for group in weighted] == ["loud", "quiet"]
    for mine, its in zip(weighted, plain, strict=True):
        assert mine.intervals[0].coverage == pytest.approx(its.intervals[0].coverage)
        assert mine.n == 38
        assert mine.standard_error > (0.75 * 0.25 / 38) ** 0.5


def test_labels_are_refused_as_for_intervals(by_group):
    """Of another number or missing, in the same words, of any model; without intervals they change nothing."""
    model, groups, y = by_group
    for wrong, error in ((groups[1:], ShapeError), ([None, *groups[1:]], InputError)):
        with pytest.raises(error) as of_intervals:
            model.predict_interval(X, groups=wrong)
        for judged in (model, last_step):
            with pytest.raises(error) as of_evaluation:
                evaluate(judged, X, y, groups=wrong)
            assert str(of_evaluation.value) == str(of_intervals.value)
    assert str(evaluate(last_step, X, y, groups=groups)) == str(evaluate(last_step, X, y))


def test_windows_know_their_groups():
    """Windows of a table are judged by the bounds of their series, unless other labels are given."""
    noise = np.random.default_rng(0).normal(size=(2, 300)) * [[0.1], [1.0]]
    table = pl.concat([
        pl.DataFrame({"hour": np.arange(300), "load": np.arange(300) % 6 + of_one}).with_columns(plant=pl.lit(name))
        for name, of_one in zip("ab", noise, strict=True)
    ])  # fmt: skip
    windows = make_windows(table, target="load", length=6, group="plant", time="hour")
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0, progress=False).fit(windows)
    other = np.full(len(windows), "new")
    known, given, new = (evaluate(model, windows, groups=labels) for labels in (None, windows.groups, other))
    assert str(known) == str(given)
    assert known.intervals != new.intervals


def group(name, coverage, n=50):
    """Make the scores of a group of one output."""
    return GroupIntervals(name, n, own=True, standard_error=0.04, intervals=(IntervalScores(0.9, coverage, 1.0, 1.0),))


def test_of_many_groups_the_extremes_are_shown():
    """The three least and the three most covered of those with enough sequences, in order, and how many there are."""
    groups = [group(f"g{i}", i / 20) for i in (13, 3, 9, 17, 5, 1, 15, 7, 11)] + [group("few", 0.0, 19)] * 2
    _, *rows = group_rows(groups, 0)
    assert [row[0] for row in rows] == ["g1", "g3", "g5", "g13", "g15", "g17"]
    shown, few, error = group_remarks(groups)
    assert shown.startswith("Of 9 groups the 3 least and the 3 most covered are shown;")
    assert few == "Of 2 groups with fewer than 20 sequences no coverage is told."
    assert error.startswith("± is one standard error")
    assert [row[0] for row in group_rows(groups[:8], 0)[1:]] == [one.label for one in groups[:8]]


def test_of_many_groups_that_are_all_small_none_is_shown():
    """There is no table then, and one sentence says why."""
    groups = [group(str(i), 0.5, 19) for i in range(9)]
    assert group_rows(groups, 0) == []
    assert group_remarks(groups) == ["Of 9 groups with fewer than 20 sequences no coverage is told."]
    assert group_remarks(()) == []
