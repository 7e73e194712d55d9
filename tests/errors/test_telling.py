"""Which line a warning names."""

import _thread
import threading
from functools import partial

import numpy as np
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV

from unflat import DataWarning, LSTMRegressor, UnflatWarning, evaluate, make_windows
from unflat.errors.telling import warn_user

TELL = partial(warn_user, DataWarning("a reservation"))


def through(*modules, work=TELL):
    """Give a call that passes through functions of modules of these names, the outermost first."""
    for module in reversed(modules):
        there = {"__name__": module}
        exec("def call(*works):\n    for work in works:\n        work()", there)  # noqa: S102 - a module by any name
        work = partial(there["call"], work)
    return work


def told_by(call):
    """Give the one warning of a call."""
    with pytest.warns(UnflatWarning) as caught:
        call()
    (one,) = caught
    return one


@pytest.mark.parametrize(
    "modules",
    [
        (),
        ("unflat.estimator.regressor", "unflat.estimator.inputs"),
        ("unflat.runs.job", "contextlib", "unflat.estimator.fitted"),
        ("sklearn.model_selection._search", "joblib.parallel", "unflat.estimator.regressor"),
        ("torch.nn.modules.module", "unflat.watch.observer"),
    ],
)
def test_the_line_is_the_users_whatever_stands_between(modules):
    """However many functions of ours there are, and of packages that hand calls on, among them and around them."""
    told = told_by(through(*modules))
    assert told.filename == __file__
    assert told.lineno == told_by.__code__.co_firstlineno + 3


def test_a_callback_within_a_call_is_nearer_than_the_call():
    """What a user's own code within a fit does wrong is not the fault of the line that fits."""

    def callback():
        through("unflat.estimator.regressor")()

    told = told_by(through("unflat.training.loop", work=callback))
    assert told.lineno == callback.__code__.co_firstlineno + 1


def test_other_packages_are_users():
    """One whose name only begins as ours does is another."""
    assert told_by(through("unflat_at_work", "unflat.estimator.regressor")).filename == "<string>"


def test_without_a_user_it_is_the_outermost_line():
    """In a thread of ours there is nobody else's."""
    done = threading.Event()
    call = through("unflat.training.loop", "unflat.training.capturing")

    def in_a_thread():
        _thread.start_new_thread(through("unflat.training.loop").func, (call, done.set))
        assert done.wait(60)

    assert told_by(in_a_thread).filename == "<string>"


@pytest.fixture(scope="module")
def hourly():
    """Give a table whose times have a gap, far from what training saw, and a model of windows of another table."""
    random = np.random.default_rng(0)
    x = random.normal(size=120)
    hours = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 5, 23), "1h", eager=True)
    table = pl.DataFrame({"t": hours, "x": x, "y": np.roll(x, 1)})
    windows = make_windows(table, target="y", length=4, time="t")
    model = LSTMRegressor(units=(3,), epochs=30, learning_rate=2e-2, n_members=1, progress=False, random_state=0)
    apart = table.with_columns(pl.col("x") + 1e3).filter(pl.int_range(pl.len()) != 60)
    return model.fit(windows), apart


CALLS = {
    "predict": lambda model, table: model.predict(table),
    "score": lambda model, table: model.score(table),
    "predict_interval": lambda model, table: model.predict_interval(table),
    "evaluate": evaluate,
    "make_windows": lambda _, table: make_windows(table, target="y", length=4, time="t"),
    "fit": lambda *_: LSTMRegressor(units=(2,), epochs=1, n_members=1, progress=False).fit(
        np.random.default_rng(0).normal(size=(40, 1, 3)), np.arange(40.0)
    ),
    "search": lambda *_: GridSearchCV(
        LSTMRegressor(units=(2,), epochs=1, n_members=1, progress=False), {"units": [(2,)]}, cv=2
    ).fit(np.random.default_rng(0).normal(size=(40, 1, 3)), np.arange(40.0)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_public_calls_name_the_line_that_makes_them(hourly, call):
    """Whatever is warned, of gaps, of ranges or of the fit itself, and through whichever door one came."""
    with pytest.warns(UnflatWarning) as caught:
        call(*hourly)
    assert {told.filename for told in caught} == {__file__}
    if call in (CALLS["predict"], CALLS["score"], CALLS["predict_interval"], CALLS["evaluate"]):
        assert {"TimeGapWarning", "OutOfRangeWarning"} <= {told.category.__name__ for told in caught}
