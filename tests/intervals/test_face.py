import pickle
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError

from unflat.errors import (
    ConfigurationError,
    CoverageWarning,
    InputError,
    NotCalibratedError,
    OutOfRangeWarning,
    ShapeError,
    TargetLimitWarning,
)
from unflat.estimator import LSTMRegressor, load
from unflat.windows import make_windows


def small(**parameters):
    """Make a small model that fits in a moment."""
    return LSTMRegressor(**{"units": (4,), "epochs": 3, "random_state": 0, "progress": False} | parameters)


def drawn(n, seed, outputs=1):
    """Draw sequences, and targets with noise of one size."""
    random = np.random.default_rng(seed)
    X = random.normal(1000, 50, size=(n, 5, 2))
    y = X[:, -1, :1] + X[:, :, 1:].max(axis=1) + random.normal(0, 20, size=(n, outputs))
    return X, y[:, 0] if outputs == 1 else y


@pytest.fixture(scope="module")
def fitted():
    """Fit one model for the tests that only ask."""
    return small().fit(*drawn(400, 0))


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_any_coverage_may_be_asked_for_after_the_fit(fitted, coverage):
    """`fit`, then `predict_interval`: the share of fresh targets inside is near what was asked."""
    X, y = drawn(2000, 1)
    lower, upper = fitted.predict_interval(X, coverage)
    assert lower.shape == upper.shape == (2000,)
    assert np.mean((y >= lower) & (y <= upper)) == pytest.approx(coverage, abs=0.1)  # 40 sequences were held out


def test_prediction_lies_inside_and_intervals_are_nested(fitted):
    """More coverage holds less coverage, and all hold the prediction."""
    X, _ = drawn(50, 2)
    intervals = [fitted.predict_interval(X, coverage) for coverage in (0.1, 0.5, 0.9)]
    prediction = fitted.predict(X)
    for inner, outer in pairwise(intervals):
        assert (outer.lower <= inner.lower).all()
        assert (inner.upper <= outer.upper).all()
    assert (intervals[0].lower <= prediction).all()
    assert (prediction <= intervals[0].upper).all()


def test_coverage_over_fits_survives_the_choice_of_the_epoch():
    """Over fits that chose their epoch by the very part they calibrate on, coverage is not lost to that choice."""
    shares = []
    for seed in range(12):
        X, y = drawn(3300, seed)
        lower, upper = small(random_state=seed, epochs=12, learning_rate=0.03).fit(X[:300], y[:300]).predict_interval(X)
        shares.append(np.mean((y >= lower)[300:] & (y <= upper)[300:]))
    assert 0.87 <= np.mean(shares) <= 0.96  # 28 of 31: 0.903, with a standard error of 0.015 over fits


def test_coverage_of_networks_that_hold_out_different_parts():
    """Forty-five sequences calibrate, each held out of the network that errs on it: 0.9 is kept over fits."""
    shares, widths = [], []
    for seed in range(12):
        X, y = drawn(1045, seed)
        model = small(random_state=seed, epochs=6, learning_rate=0.03).fit(X[:45], y[:45])
        lower, upper = model.predict_interval(X)
        shares.append(np.mean((y >= lower)[45:] & (y <= upper)[45:]))
        widths.append(np.mean(upper - lower) / y.std())
        assert len(model.bands_.calibration.scores) == 45
    assert 0.87 <= np.mean(shares) <= 0.96  # 42 of 46: 0.913, with a standard error of 0.013 over fits
    assert np.isfinite(widths).all()


@pytest.mark.parametrize(
    ("given", "groups"), [({"n_members": 10, "validation_fraction": 0.2}, None), ({"n_members": 3}, 2)]
)
def test_a_sequence_that_several_networks_hold_out_counts_once(given, groups):
    """However often it is held out, it is one sequence to calibrate on and to be judged by: 0.9 is kept over fits."""
    shares = []
    for seed in range(8):
        X, y = drawn(1060, seed)
        labels = None if groups is None else np.arange(1060) % groups
        of_few = None if labels is None else labels[:60]
        model = small(random_state=seed, epochs=3, **given).fit(X[:60], y[:60], groups=of_few)
        lower, upper = model.predict_interval(X, groups=labels)
        shares.append(np.mean((y >= lower)[60:] & (y <= upper)[60:]))
        assert len(model.bands_.calibration.scores) == model.held_out_.n == 60
    assert 0.86 <= np.mean(shares) <= 0.96


def test_several_outputs_have_a_column_each():
    """Bounds have the form of the predictions."""
    X, y = drawn(200, 0, outputs=2)
    interval = small().fit(X, y).predict_interval(X[:7])
    assert interval.lower.shape == interval.upper.shape == (7, 2)


def test_too_few_held_out_sequences_give_infinite_bounds_and_say_so():
    """With 4 held out, 0.8 can be promised and 0.9 cannot."""
    X, y = drawn(40, 0)
    model = small(n_members=1).fit(X, y)
    assert np.isfinite(model.predict_interval(X, 0.8).upper).all()
    with pytest.warns(
        CoverageWarning, match=r"0.9 takes at least 9 calibration sequences, and there are 4, .* infinite"
    ):
        interval = model.predict_interval(X, 0.9)
    assert np.isinf(interval.lower).all()
    assert np.isinf(interval.upper).all()


def test_a_model_that_held_nothing_out_asks_to_be_calibrated():
    """No held-out part, no interval; `calibrate` with other data mends it, and so it does after `partial_fit`."""
    X, y = drawn(300, 0)
    model = small(validation_fraction=0.0).fit(X[:200], y[:200])
    with pytest.raises(NotCalibratedError, match="held nothing out"):
        model.predict_interval(X)
    model.calibrate(X[200:], y[200:])
    before = model.predict_interval(X)
    model.partial_fit(X[:200], y[:200])
    with pytest.raises(NotCalibratedError, match="has learned since"):
        model.track_interval()
    after = model.calibrate(X[200:], y[200:]).predict_interval(X)
    assert not np.array_equal(before.lower, after.lower)
    with pytest.raises(NotFittedError):
        small().predict_interval(X)


@pytest.mark.parametrize("coverage", [0.0, 1.0, 90])
def test_what_is_no_coverage_is_refused(fitted, coverage):
    """A percentage is not a probability."""
    with pytest.raises(
        ConfigurationError, match=r"'coverage' of predict_interval: expected a number in \(0, 1\).* 0\.9"
    ):
        fitted.predict_interval(drawn(3, 0)[0], coverage)
    with pytest.raises(ConfigurationError, match="'coverage' of track_interval"):
        fitted.track_interval(coverage)
    with pytest.raises(ConfigurationError, match="'gamma'"):
        fitted.track_interval(gamma=0.0)


def test_groups_have_bounds_of_their_own():
    """A loud group's intervals are wider than a quiet one's, once calibration has seen enough of either."""
    X, y = drawn(600, 0)
    groups = np.where(np.arange(600) % 2, "loud", "quiet")
    y = y + np.random.default_rng(9).normal(size=600) * np.where(groups == "loud", 300, 0)
    model = small().fit(X[:300], y[:300]).calibrate(X[300:], y[300:], groups=groups[300:])
    loud, quiet = (model.predict_interval(X[:1], groups=[name]) for name in ("loud", "quiet"))
    assert loud.upper - loud.lower > 2 * (quiet.upper - quiet.lower)
    with pytest.warns(CoverageWarning, match="at least 9 calibration groups, and there are 2, so new groups"):
        model.predict_interval(X[:1], groups=["new"])
    with pytest.raises(ShapeError, match=r"groups: expected shape \(1,\)"):
        model.predict_interval(X[:1], groups=["loud", "quiet"])


def test_windows_know_their_series_and_tables_are_cut():
    """A table with a group column gives each window the bounds of its series, without being told."""
    random = np.random.default_rng(0)
    table = pl.DataFrame({
        "pump": np.repeat(["a", "b"], 400),
        "day": np.tile(np.arange(400), 2),
        "load": np.concatenate([random.normal(0, 1, 400), random.normal(0, 20, 400)]),
    })  # fmt: skip
    windows = make_windows(table, target="load", length=5, time="day", group="pump")
    train, validation, _ = windows.split(test=0, validation=0.2)
    with pytest.warns(UserWarning, match="flat|no better"):  # there is nothing to learn but the noise's size
        model = small().fit(train, validation=validation)
    interval = model.predict_interval(table)
    width = interval.upper - interval.lower
    assert len(width) == 2 * 396  # with a window up to each series' last row, whose target is still to come
    assert np.median(width[396:]) > 5 * np.median(width[:396])


def test_the_file_holds_the_intervals(fitted, tmp_path):
    """A model that was loaded gives the same bounds, to the bit, and the same warnings."""
    X, _ = drawn(20, 3)
    fitted.save(tmp_path / "m.unflat")
    again = load(tmp_path / "m.unflat")
    for mine, its in zip(fitted.predict_interval(X), again.predict_interval(X), strict=True):
        assert np.array_equal(mine, its)
    with pytest.warns(OutOfRangeWarning, match="1 of 20 sequences"):
        again.predict(np.concatenate([X[:-1], 100 * X[-1:]]))


def test_labels_of_groups_come_back_from_a_file(tmp_path):
    """Text, numbers, infinite ones too, and dates: what was a group before is one after."""
    X, y = drawn(200, 0)
    for label in ("a", 3, np.inf, np.datetime64("2020-01-01")):
        model = small(validation_fraction=0.0).fit(X[:100], y[:100])
        model.calibrate(X[100:], y[100:], groups=np.array([label] * 100)).save(tmp_path / "m.unflat")
        asked = {"X": X[:1], "groups": np.array([label])}
        assert load(tmp_path / "m.unflat").predict_interval(**asked) == model.predict_interval(**asked)


@pytest.mark.parametrize("without", [None, np.nan, np.datetime64("NaT")])
def test_a_sequence_without_a_label_is_of_no_group(without):
    """It is refused by name where a model is calibrated and where an interval is asked for, and is no group "None"."""
    X, y = drawn(60, 0)
    model = small(validation_fraction=0.0).fit(X, y)
    here = np.datetime64("2020-01-01") if isinstance(without, np.datetime64) else 7.0
    with pytest.raises(InputError, match="groups: expected a label for each sequence; received 1 missing"):
        model.calibrate(X[:2], y[:2], groups=[here, without])
    model.calibrate(X, y, groups=[here] * 60)
    with pytest.raises(InputError, match=r"received 1 missing, the first at 1\. Leave these sequences out"):
        model.predict_interval(X[:2], groups=[here, without])


def test_what_follows_a_series_goes_to_another_process(fitted):
    """Pickled, it goes on from where it was, and the original does not notice."""
    X, y = drawn(60, 5)
    tracked = fitted.track_interval()
    tracked.replay(X[:50], y[:50])
    other = pickle.loads(pickle.dumps(tracked))  # noqa: S301 - our own
    np.testing.assert_array_equal(other.replay(X[50:], y[50:]), tracked.replay(X[50:], y[50:]))
    np.testing.assert_array_equal(other.alpha, tracked.alpha)


def test_following_a_series_that_grows_loud_keeps_the_coverage(fitted):
    """Where split-conformal intervals fail, those that learn from each truth do not."""
    X, y = drawn(1000, 5)
    y = y + np.random.default_rng(6).normal(size=1000) * np.linspace(0, 300, 1000)
    fixed = fitted.predict_interval(X)
    tracked = fitted.track_interval(gamma=0.02)
    followed = tracked.replay(X, y)
    assert np.mean((y >= fixed.lower) & (y <= fixed.upper)) < 0.6
    assert np.mean((y >= followed.lower) & (y <= followed.upper)) == pytest.approx(0.9, abs=0.02)
    assert tracked.predict(X[:2]).upper.shape == (2,)


@pytest.fixture
def capped():
    """Fit a model of targets that pile up at 5, and give data whose targets go on beyond."""
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 5, 1))
    y = 4 + 2 * X[:, -1, 0] + 0.3 * random.normal(size=400)
    return small(units=(3,), n_members=1, epochs=2).fit(X, np.minimum(y, 5.0)), X, y + 3


@pytest.mark.parametrize("learns", ["calibrate", "partial_fit"])
def test_targets_beyond_a_pile_open_that_limit_with_one_warning(capped, learns, tmp_path):
    """It is none, so predictions and bounds go beyond it, in a file too; a second time there is nothing to say."""
    model, X, y = capped
    assert model.target_limits_[0].highest == 5.0
    with pytest.warns(
        TargetLimitWarning, match=r"Targets y reach 1\d\.\d+, and .* limit of at most 5: it is none"
    ) as caught:
        getattr(model, learns)(X, y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    getattr(model, learns)(X, y)
    assert np.isinf(model.target_limits_[0].highest)
    assert model.predict(X).max() > 5.1
    lower, upper = model.calibrate(X, y).predict_interval(X, 0.9)
    assert np.mean((y >= lower) & (y <= upper)) >= 0.9
    model.save(tmp_path / "m.unflat")
    assert np.array_equal(load(tmp_path / "m.unflat").predict(X), model.predict(X))


def test_truths_beyond_a_pile_open_that_limit_for_a_series_that_is_followed(capped):
    """What is said to be covered is what the bounds that were given hold."""
    model, X, y = capped
    tracked = model.track_interval()
    with pytest.warns(TargetLimitWarning, match="at most 5"):
        lower, upper = tracked.replay(X, y)
    assert tracked.covered[0] == np.mean((y >= lower) & (y <= upper))
    assert np.isinf(model.target_limits_[0].highest)
    assert tracked.predict(X[:50]).upper.max() > 5.5


def test_targets_beyond_a_range_that_was_given_are_refused(capped):
    """As `fit` refuses them, before anything is learned; a wider range may be set instead, and is opened as far."""
    fitted, X, y = capped
    model = small(units=(3,), n_members=1, epochs=2, target_range=(None, 5)).fit(X, np.minimum(y, 5.0))
    tracked, before = model.track_interval(), model.predict(X)
    for learn in (model.calibrate, model.partial_fit, tracked.replay):
        with pytest.raises(ConfigurationError, match=r"limits around all targets y, which .* received \(None, 5\)"):
            learn(X, y)
    assert np.array_equal(model.predict(X), before)
    assert tracked.pending == 0
    with pytest.warns(TargetLimitWarning):
        fitted.set_params(target_range=(None, 20.0)).calibrate(X, y)
    assert fitted.target_limits_[0].highest == 20.0


def test_predict_warns_once_of_inputs_far_outside(fitted):
    """With the share of sequences, the feature and how far; what is near draws no warning."""
    X, _ = drawn(10, 0)
    fitted.predict(X + 100)
    with pytest.warns(OutOfRangeWarning, match=r"10 of 10 sequences \(100 %\) .* feature 0 is 1\d{4}") as caught:
        fitted.predict(X * [10, 1])
    assert len(caught) == 1
    assert "linear part" in str(caught[0].message)


def test_linear_model_says_so():
    """A straight line: no epoch beats the ridge regression that training starts from, and the model is that line."""
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 6, 1))
    y = 3 * X[:, -1, 0] + 5
    model = small().fit(X, y)
    assert model.history_.best_epoch == 0
    assert model.linear_
    step = model.predict(np.concatenate([X[:1], X[:1] + 1, X[:1] + 2]))
    assert np.diff(step, 2) == pytest.approx([0], abs=1e-3)
    assert not small(units=(16,), epochs=30).fit(X, np.abs(y)).linear_
