"""What the tests of runs share."""

import numpy as np
import polars as pl
import pytest

from unflat import LSTMRegressor
from unflat.runs import Cut, train_run


@pytest.fixture
def small_model():
    """Build models of two networks that train in a moment."""

    def make(**parameters):
        small = {"units": (4,), "epochs": 2, "n_members": 2, "batch_size": 32, "random_state": 0, "progress": False}
        return LSTMRegressor(**small | parameters)

    return make


@pytest.fixture
def series():
    """Make hourly series whose target is a daily wave with a trend."""

    def make(n, start="2024-01-01"):
        hours = np.datetime64(start, "us") + np.arange(n) * np.timedelta64(1, "h")
        wave = 50 + 10 * np.sin(np.arange(n) * 2 * np.pi / 24) + 0.01 * np.arange(n)
        return pl.DataFrame({"hour": hours, "wind": np.cos(np.arange(n)), "load": wave})

    return make


@pytest.fixture
def table(tmp_path, series):
    """Write a table of 200 hours."""
    path = tmp_path / "load.csv"
    series(200).write_csv(path)
    return path


@pytest.fixture
def cut():
    """Cut windows of six hours with the target two hours ahead."""
    return Cut(target=("load",), length=6, horizon=2, time="hour")


@pytest.fixture
def outcome(table, cut, small_model, tmp_path):
    """Train on the table."""
    return train_run(table, tmp_path / "run", cut=cut, model=small_model(), command=("unflat", "train"))


@pytest.fixture
def left_in():
    """Name all that is in a folder."""
    return lambda folder: sorted(path.name for path in folder.iterdir())


@pytest.fixture
def ts_files(tmp_path):
    """Write 40 and 12 sequences of 5 steps, each with its sum as its target."""
    random = np.random.default_rng(0)
    paths = []
    for name, n in (("train.ts", 40), ("test.ts", 12)):
        values = random.normal(size=(n, 5))
        lines = [",".join(f"{value:.6f}" for value in row) + f":{row.sum():.6f}" for row in values]
        path = tmp_path / name
        path.write_text("\n".join(["@problemName sums", "@targetlabel true", "@data", *lines]))
        paths.append(path)
    return paths
