"""Folds: each stretch judged once, by what came before it, and tools that would cut windows otherwise."""

import numpy as np
import polars as pl
import pytest
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from unflat.errors import ConfigurationError, EmptyPartError, InputTypeError
from unflat.estimator import LSTMRegressor
from unflat.windows import make_windows

pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")  # models of noise, trained for a moment


def windows_of(sizes=(120,), **options):
    """Cut windows from a table of series of some sizes."""
    series = [
        pl.DataFrame({"t": np.arange(size), "x": np.random.default_rng(size).normal(size=size)}).with_columns(
            g=pl.lit(f"s{place}")
        )
        for place, size in enumerate(sizes)
    ]
    return make_windows(pl.concat(series), target="x", length=4, time="t", group="g", **options)


@pytest.mark.parametrize("options", [{}, {"horizon": (1, 3)}, {"stride": 3}])
@pytest.mark.parametrize("sizes", [(120,), (60, 100, 80)])
def test_each_fold_is_judged_on_what_follows_its_training(sizes, options):
    """Targets of the judged come after every row learned from, in time; each later fold learns from more."""
    windows = windows_of(sizes, **options)
    folds = windows.folds(4)
    assert len(folds) == 4
    times, seen = windows.timeline.times.to_numpy(), -1
    for train, test in folds:
        assert train.target_times.max() < times[test.rows_at(test.schema.horizons[0])].min()
        assert len(train) > seen
        seen = len(train)


@pytest.mark.parametrize("n", [1, 3, 9, 10])
def test_each_target_after_the_first_stretch_is_judged_once(n):
    """Stretches of one horizon are next to each other, and of equal size but for rounding."""
    windows = windows_of((115,))
    judged = [test for _, test in windows.fold_positions(n)]
    first = judged[0][0]
    np.testing.assert_array_equal(np.concatenate(judged), np.arange(first, len(windows)))
    assert max(map(len, judged)) - min(map(len, judged)) <= 1


def test_a_gap_keeps_rows_of_training_out_of_what_is_judged():
    """With one as long as a window and its horizon, the two share no row."""
    windows = windows_of()
    for train, test in windows.folds(3, gap=4):
        assert test.sequences.starts.min() > train.target_rows.max()


def test_one_fold_is_a_split_in_halves():
    """What is judged is the later half."""
    windows = windows_of()
    ((train, test),) = windows.folds(1)
    halves = windows.split(test=0.5, validation=0)
    np.testing.assert_array_equal(train.end_rows, halves.train.end_rows)
    np.testing.assert_array_equal(test.end_rows, halves.test.end_rows)
    assert train.split_by == test.split_by == "time"


def test_folds_that_cannot_be_are_refused():
    """With the number that was given, or the parts that there would be."""
    with pytest.raises(ConfigurationError, match=r"'n'.*at least 1.*received 0"):
        windows_of().folds(0)
    with pytest.raises(EmptyPartError, match="at least one window"):
        windows_of((8,)).folds(6)


def test_tools_of_scikit_learn_are_told_how_to_judge_windows():
    """Their own folds would judge on windows that share rows with those learned from."""
    windows = windows_of()
    model = LSTMRegressor(units=(3,), epochs=1, n_members=1, random_state=0)
    for use in (
        lambda: cross_val_score(model, windows),
        lambda: cross_val_score(model, windows, windows.y, cv=TimeSeriesSplit(3)),
        lambda: GridSearchCV(model, {"epochs": [1, 2]}).fit(windows),
        lambda: permutation_importance(model.fit(windows), windows, windows.y),
        lambda: np.asarray(windows),
    ):
        with pytest.raises(
            InputTypeError, match=r"windows\.folds\(\).*dense\(\) and windows\.y, with cv=windows\.fold_p"
        ):
            use()


def test_what_they_are_told_works():
    """Scores of a tool with the positions of folds are those of a loop over folds."""
    windows = windows_of()
    model = LSTMRegressor(units=(3,), epochs=2, n_members=1, random_state=0)
    X, y = windows.sequences.dense(), windows.y
    scores = cross_val_score(model, X, y, cv=windows.fold_positions(3))
    by_hand = [
        model.fit(train.sequences.dense(), train.y).score(test.sequences.dense(), test.y)
        for train, test in windows.folds(3)
    ]
    np.testing.assert_allclose(scores, by_hand)
