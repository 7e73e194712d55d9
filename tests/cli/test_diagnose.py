"""`unflat diagnose`: a verdict that scripts can read."""

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from unflat.cli import app

MODELS = """
import numpy as np

def good(X):
    return X[:, -1, 0]

def flat(X):
    return np.full(len(X), 0.1)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in a folder with a module of models and a file of data."""
    (tmp_path / "own_diagnosed.py").write_text(MODELS)
    X = np.random.default_rng(0).normal(size=(120, 4, 2))
    np.savez(tmp_path / "data.npz", X=X, y=X[:, -1, 0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    """Run the command."""
    return CliRunner().invoke(app, ["diagnose", *map(str, arguments)])


@pytest.mark.parametrize(("model", "code", "word"), [("good", 0, "HEALTHY"), ("flat", 1, "FLAT")])
def test_the_exit_code_is_the_verdict(here, model, code, word):
    """0 for a healthy model, 1 for one that is not."""
    result = run(f"own_diagnosed:{model}", "--data", here / "data.npz")
    assert result.exit_code == code, result.output
    assert word in result.stdout


def test_json_is_one_document(here):
    """What a script reads: the verdict, the causes, and with a proof what was tried."""
    result = run("own_diagnosed:flat", "--data", here / "data.npz", "--json", "--prove", "--budget", "20")
    found = json.loads(result.stdout)
    assert found["verdict"] == "flat"
    assert "fit=" in found["proof"]["left_out"][0]["why"]


def test_a_table_is_cut_into_windows(here):
    """Target and window are said on the command line, for models that know no columns."""
    values = np.random.default_rng(0).normal(size=80)
    pl.DataFrame({"load": values}).write_csv(here / "load.csv")
    result = run("own_diagnosed:flat", "--data", "load.csv", "--target", "load", "--window", 6, "--horizon", 2)
    assert result.exit_code == 1, result.output
    assert "On 73 training sequences" in result.stdout
