"""What the tests of commands share."""

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from unflat.cli import app


@pytest.fixture(scope="session")
def run():
    """Run the command in this process."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def unrendered(monkeypatch):
    """Draw the pictures of a run, but leave their files empty: tests that look at none need not wait for them."""
    for module in ("unflat.figures.run", "unflat.tuning.faces"):
        monkeypatch.setattr(f"{module}.save", lambda _, path: path.touch())


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """Write a table of 160 hours of two pumps' load, a daily wave with noise."""
    path = tmp_path_factory.mktemp("data") / "pumps.csv"
    random = np.random.default_rng(0)
    hours = np.datetime64("2024-01-01", "us") + np.arange(160) * np.timedelta64(1, "h")
    frames = [
        pl.DataFrame(
            {
                "hour": hours,
                "wind speed": random.normal(size=160),
                "load": 100 * (i + 1) + 10 * np.sin(np.arange(160) * 2 * np.pi / 24) + random.normal(size=160),
                "pump": [f"p{i}"] * 160,
            }
        )
        for i in range(2)
    ]
    pl.concat(frames).write_csv(path)
    return path


@pytest.fixture(scope="session")
def trained(run, table, tmp_path_factory):
    """Train on the table once, for all that only look at a run."""
    folder = tmp_path_factory.mktemp("runs") / "pumps"
    result = run(
        "train",
        table,
        "--target",
        "load",
        "--window",
        6,
        "--group",
        "pump",
        "-o",
        folder,
        "--epochs",
        1,
        "--units",
        3,
        "--batch-size",
        32,
    )
    assert result.exit_code == 0, result.output
    return folder, result
