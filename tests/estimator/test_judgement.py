import re
import warnings

import numpy as np
import polars as pl
import pytest

from unflat import LSTMRegressor, make_windows
from unflat.errors import DivergedWarning, FitWarning, FlatPredictionWarning, InterruptedWarning, NoSkillWarning
from unflat.estimator.judgement import also_of_others, warn_of
from unflat.history import EpochRecord, History
from unflat.metrics import assess

Y = np.random.default_rng(0).normal(size=200)


def judged(prediction, *, held_out=True, history=None, y=Y, **baselines):
    """Give the warnings about a prediction of Y beside baselines."""
    assessment = assess(y, prediction, baselines, {})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of(history or History(), assessment, held_out=held_out)
    return [(warning.category, str(warning.message)) for warning in caught]


def test_healthy_predictions_are_not_warned_of():
    """A prediction with spread and skill draws no warning."""
    assert judged(0.9 * Y, mean=np.zeros(200), ridge=0.5 * Y) == []


def test_flat_predictions_are_named_with_their_figures():
    """A spread below a tenth is called flat, once, whatever the baselines say."""
    (finding,) = judged(0.05 * Y, mean=np.zeros(200), ridge=Y)
    assert finding[0] is FlatPredictionWarning
    assert "on 200 held-out sequences their standard deviation is 0.05 of the target's" in finding[1]


@pytest.mark.parametrize("name", ["mean", "last value", "seasonal value"])
def test_no_better_than_a_naive_baseline(name):
    """A tie with a naive baseline is already no skill: a model that copies the last value ties with it."""
    (finding,) = judged(0.5 * Y, **{name: 0.5 * Y})
    assert finding[0] is NoSkillWarning
    assert f"no better than the baseline '{name}'" in finding[1]


def test_tie_with_ridge_is_no_fault():
    """Losing to ridge by a hair, or by what chance explains, is not warned of; losing clearly is."""
    noise = np.random.default_rng(1).normal(size=200)
    assert judged(Y + 1e-4 * noise, ridge=Y + 1e-5 * noise) == []
    assert judged(Y + 0.51 * noise, ridge=Y + 0.5 * noise) == []
    (finding,) = judged(Y + 0.7 * noise, ridge=Y + 0.5 * noise)
    assert finding[0] is NoSkillWarning


def test_ridge_on_its_own_training_part_does_not_count():
    """Without held-out data ridge, which fits noise there, is left out, and the part is named as what it is."""
    noise = np.random.default_rng(1).normal(size=200)
    assert judged(Y + 0.7 * noise, held_out=False, ridge=Y) == []
    (finding,) = judged(np.zeros(200), held_out=False)
    assert "on the 200 training sequences" in finding[1]


@pytest.mark.parametrize(
    ("stopped", "category", "words"),
    [("interrupted", InterruptedWarning, "after 2 epochs"), ("diverged", DivergedWarning, "in epoch 2")],
)
def test_endings_are_named(stopped, category, words):
    """A training that was interrupted or diverged says so, with the epoch whose weights are kept."""
    record = EpochRecord(1, 0.5, 0.4, 1e-3, 1.0, 0.1)
    (finding,) = judged(0.9 * Y, history=History((record, record), stopped, 1))
    assert finding[0] is category
    assert words in finding[1]
    assert "epoch 1 are kept" in finding[1]


def test_each_output_is_judged():
    """With several outputs the flat one is named by its number."""
    targets = np.column_stack([Y, Y])
    assessment = assess(targets, np.column_stack([Y, 0 * Y]), {}, {})
    with pytest.warns(FlatPredictionWarning, match="The predictions of output 1 are flat"):
        warn_of(History(), assessment, held_out=True)


def test_outputs_are_called_by_their_names():
    """Where outputs have names, a warning of a fit says them, as an evaluation does."""
    table = pl.DataFrame({"heat": Y, "cold": Y[::-1]})
    windows = make_windows(table, target=("heat", "cold"), length=4, horizon=(1, 2))
    model = LSTMRegressor(units=(2,), epochs=1, n_members=1, progress=False, random_state=0)
    with pytest.warns(FitWarning) as caught:
        model.fit(windows)
    told = " ".join(str(warning.message) for warning in caught)
    named = set(re.findall(r"predictions of (.+?) are", told))
    assert named
    assert named <= {"'heat+1'", "'heat+2'", "'cold+1'", "'cold+2'"}


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (["'a'"], "So are those of 'a'."),
        (["'a'", "'b'", "'c'"], "So are those of 'a', 'b' and 'c'."),
        (["'a'", "'b'", "'c'", "'d'"], "So are those of 'a', 'b', 'c' and 1 more."),
    ],
)
def test_up_to_three_others_are_named(others, told):
    """Those that are left are counted."""
    assert also_of_others(others) == told


def test_many_outputs_are_warned_of_once():
    """The three that vary least are told, the least first, and three of the others named; each kind once."""
    y = np.column_stack([Y] * 50)
    shares = np.array([0.9, 0.02, 0.05, 0.01, *[0.06] * 46])
    (finding,) = judged(y * shares, y=y)
    assert finding[0] is FlatPredictionWarning
    assert re.findall(r"predictions of (output \d+) are flat", finding[1]) == ["output 3", "output 1", "output 2"]
    assert finding[1].endswith(
        "So are those of output 4, output 5, output 6 and 43 more. Find out why with unflat.diagnose(model, X, y)."
    )
    assert [category for category, _ in judged(y * shares, y=y, mean=y * 0.95)] == [
        NoSkillWarning,
        FlatPredictionWarning,
    ]


def test_baselines_that_beat_one_output_are_told_together():
    """The one that is the most better stands first."""
    (finding,) = judged(0.5 * Y, mean=0.5 * Y, **{"last value": 0.9 * Y})
    assert finding[1].index("'last value'") < finding[1].index("'mean'")
