"""The benchmark that defaults were chosen by: what it holds out, and what its table says."""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.accuracy import choosing
from benchmarks.accuracy.problem import Part, Problem, Task
from benchmarks.accuracy.variants import Variant


def record(variant, seed, error, seconds=2.0, task="waves"):
    """Give what one fit came to."""
    return {"task": task, "variant": variant, "seed": seed, "error": error, "seconds": seconds}


def test_a_quarter_is_held_out_and_nothing_of_it_is_fitted_on():
    """Sequences that belong to no series are shuffled, and keep their targets."""
    X = np.arange(200.0).reshape(100, 2)
    fitted, judged = choosing.halves(Part(X, X[:, 0]), 100, seed=1)
    assert (len(fitted), len(judged)) == (75, 25)
    assert sorted([*fitted.y, *judged.y]) == X[:, 0].tolist()
    for part in (fitted, judged):
        np.testing.assert_array_equal(part.X[:, 0], part.y)


def test_series_are_held_out_whole(series, windows_of):
    """Windows of series that count their own time are judged on series that nothing was fitted on."""
    fitted, judged = choosing.halves(Part(windows_of(series(8))), 10_000, seed=0)
    assert set(fitted.X.groups) | set(judged.X.groups) == set(range(8))
    assert not set(fitted.X.groups) & set(judged.X.groups)


def test_table_compares_with_the_defaults_of_the_same_seed():
    """Ratios are geometric means over seeds and tasks; what was not tried is left out."""
    records = [
        record("defaults", 0, 0.2),
        record("defaults", 1, 0.4),
        record("GRU", 0, 0.4, seconds=1.0),
        record("GRU", 1, 0.2, seconds=1.0),
        record("GRU", 2, 9.0),
        record("defaults", 0, 1.0, task="walks"),
        record("GRU", 0, 4.0, seconds=3.0, task="walks"),
    ]
    assert choosing.table(records).splitlines() == [
        "| variant | waves | walks | all | time | pairs |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| defaults | 1.000 | 1.000 | **1.000** | 1.00 | 3 |",
        "| GRU | 1.000 | 4.000 | **2.000** | 0.50 | 3 |",
    ]


def test_commits_are_counted_and_records_without_one_are_read():
    """Files from before records had a commit say that they do not know it."""
    records = [record("defaults", 0, 0.2), record("GRU", 0, 0.3) | {"commit": "abc"}]
    assert choosing.commits(records) == "Ran on a commit that was not stored with it (1), abc (1)."
    stored = choosing.stored_in(choosing.OUTPUT)["runs"]
    assert choosing.table(stored)
    assert choosing.commits(stored)


def test_what_is_stored_is_not_run_again(tmp_path, monkeypatch, waves):
    """A second run of the same command fits what is missing alone, and the command is stored without folders."""
    X, y = waves
    task = Task("waves", "waves", lambda _data, _seed: Problem(Part(X, y), {}, dict), ())
    monkeypatch.setattr(choosing, "SETS", {"waves": type("Set", (), {"tasks": (task,)})})
    quick = {"units": (2,), "epochs": 1, "n_members": 1}
    variants = {"defaults": Variant(quick), "GRU": Variant(quick | {"cell": "gru"}, batch=0.5)}
    monkeypatch.setattr(choosing, "VARIANTS", variants)
    output = tmp_path / "choosing.json"
    arguments = ["--tasks", "waves", "--data", str(tmp_path), "--output", str(output)]
    choosing.main([*arguments, "--variants", "defaults"])
    (first,) = json.loads(output.read_text("utf-8"))["runs"]
    choosing.main(arguments)
    stored = json.loads(output.read_text("utf-8"))
    assert [run["variant"] for run in stored["runs"]] == ["defaults", "GRU"]
    assert stored["runs"][0] == first
    assert first["commit"] == stored["environment"]["commit"]
    assert first["unflat"] == stored["environment"]["unflat"]
    assert [run.get("chosen") for run in stored["runs"]] == [None, {"batch_size": 16}]
    assert stored["environment"]["command"].endswith("--tasks waves --data DIR --output FILE")
    assert 0 < first["error"] < 1
