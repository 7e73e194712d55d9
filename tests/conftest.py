"""What every test module may use."""

import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
import torch

from unflat import LSTMRegressor, UnflatWarning, make_windows

# Several test processes share the machine; each computes on one thread, so that they do not wait for each other.
torch.set_num_threads(1)


@pytest.fixture
def filters_left_alone():
    """Do something in several threads at once, and see that warnings are filtered as before: for the whole process."""

    def check(work, times=16):
        before, interval = warnings.filters.copy(), sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(work, range(times)))
        finally:
            sys.setswitchinterval(interval)
        assert warnings.filters == before

    return check


@pytest.fixture
def waves():
    """Sequences with strong signal in raw units: two features around 1000, a target that depends on both."""
    random = np.random.default_rng(0)
    X = random.normal(1000, 50, size=(120, 8, 2))
    y = 3 * X[:, -1, 0] + np.sort(X[:, :, 1], axis=1)[:, -2]  # no line of what a skip reads
    return X, y


@pytest.fixture(scope="session")
def gappy():
    """Ragged sequences of a time stamp, 1.7e9 ± 1, and a small number with gaps; two targets in raw units."""
    random = np.random.default_rng(3)
    X = [
        np.column_stack([1.7e9 + random.normal(size=length), 1e-3 * random.normal(5, 2, size=length)])
        for length in random.integers(1, 12, size=40)
    ]
    for sequence in X:
        sequence[1:, 1][random.random(len(sequence) - 1) < 0.3] = np.nan
    return X, np.array([[1000 + 50 * (x[-1, 0] - 1.7e9), -1 + np.nanmean(x[:, 1])] for x in X])


@pytest.fixture(scope="session")
def distinct():
    """Fit one network for one epoch, then give every trained parameter another number, so that none is exchangeable."""

    def fit(X, y=None, **parameters):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnflatWarning)  # it is not fitted for what it predicts
            small = {"units": (3, 5), "epochs": 1, "n_members": 1, "random_state": 0} | parameters
            model = LSTMRegressor(**small).fit(X, y)
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in model.predictor_.parameters():
                if parameter.requires_grad:
                    parameter.uniform_(-0.9, 0.9, generator=generator)
        return model

    return fit


@pytest.fixture(scope="session")
def of_extremes():
    """Fit a regressor to the range of unequally long sequences, so that its skip reads their extremes."""
    random = np.random.default_rng(5)
    X = [random.normal(5, 2, size=(length, 2)) for length in random.integers(3, 12, size=300)]
    ranges = np.array([np.ptp(x[:, 0]) + 2 * x[:, 1].min() for x in X])
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0).fit(X, ranges)
    assert model.predictor_.network.config.extremes
    return model, X, ranges


@pytest.fixture(scope="session")
def series():
    """Make a table of several series that each count their own cycles, with columns of time beside."""

    def make(n_series, rows=30, **times):
        table = {
            "unit": np.repeat(np.arange(n_series), rows),
            "cycle": np.tile(np.arange(rows), n_series),
            "x": np.random.default_rng(0).normal(size=n_series * rows),
        }
        return pl.DataFrame(table | times)

    return make


@pytest.fixture(scope="session")
def windows_of():
    """Cut short windows of such a table."""

    def cut(table, time="cycle"):
        return make_windows(table, target="x", length=3, group="unit", time=time, features=["x"])

    return cut


@pytest.fixture(scope="session")
def of_beginnings():
    """Fit a regressor to how unequally long sequences began, so that its skip reads their first step."""
    random = np.random.default_rng(5)
    X = [random.normal(5, 2, size=(length, 2)) for length in random.integers(3, 12, size=300)]
    beginnings = np.array([x[0, 0] - 2 * x[0, 1] for x in X])
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0).fit(X, beginnings)
    assert model.predictor_.network.config.first
    return model, X, beginnings


@pytest.fixture(scope="session")
def curved():
    """Fit a regressor to products of steps, so that its skip reads them, and let much lie outside of their bounds."""

    def fit(members):
        X = np.random.default_rng(5).normal(5, 2, size=(400, 9, 2))
        products = (X[:, -1, 0] - 5) * (X[:, -3, 1] - 5)
        model = LSTMRegressor(units=(4,), epochs=2, n_members=members, random_state=0).fit(X, products)
        for member in model.predictor_.network.members:
            assert member.skip.terms.moments
            assert member.skip.terms.products > 2
            member.skip.low.fill_(-1.0)
            member.skip.high.fill_(0.8)
        return model, X

    return fit
