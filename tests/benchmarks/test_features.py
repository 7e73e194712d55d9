"""The benchmark of what columns and horizons do: its pairs are what they say, and the page shows its results."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the benchmark is no part of the package

from benchmarks.features import __main__ as program
from benchmarks.features import cases

from unflat import make_windows

ROOT = Path(__file__).parents[2]
RESULTS = json.loads(program.RESULTS.read_text("utf-8"))


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tmp_path):
    """Give every training one epoch, and results a place of their own."""
    monkeypatch.setattr(program, "SETTINGS", {"units": (2,), "epochs": 1, "progress": False})
    monkeypatch.setattr(program, "RESULTS", tmp_path / "results" / "features.json")


@pytest.fixture
def generated(monkeypatch):
    """Give the pairs with a short table in the place of the real one."""
    monkeypatch.setattr(cases, "_ett", lambda _: cases._weather(0).rename({"temperature": "HUFL", "load": "OT"}))
    return {case.name: case for case in cases.cases(Path())}


def test_every_pair_is_recorded_with_its_command(generated):
    """The results hold each pair, each way and each seed, and say how to repeat them."""
    assert RESULTS["command"] == "python -m benchmarks.features --data DATA"
    recorded = {record["case"]: record["ways"] for record in RESULTS["cases"]}
    assert {name: list(case.ways) for name, case in generated.items()} == {n: list(w) for n, w in recorded.items()}
    for ways in recorded.values():
        for figures in ways.values():
            assert all(len(each) == RESULTS["seeds"] for each in figures["each"].values())
            for name, (mean, deviation) in figures["rmse"].items():
                assert (mean, deviation) == pytest.approx(
                    (np.mean(figures["each"][name]), np.std(figures["each"][name]))
                )


def test_the_page_shows_the_results():
    """Every figure of the results stands in the table of the documentation."""
    page = (ROOT / "docs" / "tables.md").read_text("utf-8")
    shown = set(re.findall(r"[\d.]+ ± [\d.]+", page))
    figures = [f for record in RESULTS["cases"] for way in record["ways"].values() for f in way["rmse"].values()]
    assert shown == {f"{mean:.3g} ± {deviation:.2g}" for mean, deviation in figures}


@pytest.mark.parametrize("name", ["known future", "static columns", "categories"])
def test_ways_differ_in_nothing_but_what_is_tried(generated, name):
    """Windows with and without lie in the same rows and have the same targets."""
    case = generated[name]
    first, *others = (make_windows(case.frame(0), **case.common, **way) for way in case.ways.values())
    for other in others:
        np.testing.assert_array_equal(other.sequences.starts, first.sequences.starts)
        np.testing.assert_array_equal(other.y, first.y)


def test_one_model_each_is_as_many_as_there_are_horizons(generated):
    """Without a horizon of its own, a way trains one model for each of the other way's."""
    run = program._run(generated["several horizons"], "one model each", 0)
    assert set(run["rmse"]) == {"OT+1", "OT+6", "OT+24"}


def test_a_record_is_written(generated, capsys):
    """The program trains each way, prints its mean and deviation, and writes both."""
    record = program._record(generated["known future"], 2)
    program._write([record], 2)
    written = json.loads(program.RESULTS.read_text("utf-8"))
    assert written["command"].endswith("--seeds 2")
    assert [len(way["each"]["load"]) for way in written["cases"][0]["ways"].values()] == [2, 2]
    assert "temperature known  RMSE load" in capsys.readouterr().out
