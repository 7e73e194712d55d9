"""Messages in the words of the command line."""

import numpy as np
import polars as pl

from unflat.cli.wording import in_options


def test_parameters_are_named_as_options():
    """A parameter that the command has an option for is named as that; one with its value is code, and stays."""
    assert in_options("give x=, y=1 or z=.", {"x", "y"}) == "give --x, y=1 or z=."


def test_warnings_name_commands(run, tmp_path):
    """A warning on the command line says what to type, and no call of Python."""
    path = tmp_path / "noise.csv"
    pl.DataFrame({"load": np.random.default_rng(0).normal(size=200)}).write_csv(path)
    said = run("train", path, "--target", "load", "--window", 4, "--epochs", 1, "--units", 2, "-o", tmp_path / "a b")
    assert "Find out why with unflat diagnose RUN --data FILE." in said.stderr
    assert "(model, X, y)" not in said.stderr
