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
SETTINGS = {"units": (2,), "epochs": 1, "n_members": 1, "progress": False}
RESULTS = json.loads(program.RESULTS.read_text("utf-8"))


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tmp_path):
    """Give every training one epoch, and results a place of their own."""
    monkeypatch.setattr(program, "SETTINGS", SETTINGS)
    monkeypatch.setattr(program, "RESULTS", tmp_path / "results" / "features.json")


@pytest.fixture
def generated(monkeypatch):
    """Give the pairs with a short table in the place of the real one."""
    monkeypatch.setattr(cases, "_ett", lambda _: cases._weather(0).rename({"temperature": "HUFL", "load": "OT"}))
    return {case.name: case for case in cases.cases(Path())}


def test_every_pair_is_recorded_with_its_command(generated):
    """The results hold each way and each seed of a pair, and say how to repeat them, for all or for each."""
    recorded = {record["case"]: record["ways"] for record in RESULTS["cases"]}
    assert {name: list(case.ways) for name, case in generated.items()} == {n: list(w) for n, w in recorded.items()}
    for record in RESULTS["cases"]:
        command = record.get("environment", RESULTS)["command"]
        assert command.startswith("python -m benchmarks.features --data DATA")
        for figures in record["ways"].values():
            seeds = record.get("seeds") or RESULTS["seeds"]
            assert all(len(each) == seeds for each in figures["each"].values())
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


@pytest.mark.parametrize(
    ("name", "outputs"), [("several horizons", {"OT+1", "OT+6", "OT+24"}), ("several targets", {"OT", "HUFL"})]
)
def test_one_model_each_is_as_many_as_there_are(generated, name, outputs, monkeypatch):
    """Where a way leaves its horizon or target open, it trains one model for each of the other way's."""
    fits = []
    scores = program._scores
    monkeypatch.setattr(program, "_scores", lambda *given: fits.append(1) or scores(*given))
    first, other = generated[name].ways
    assert set(program._run(generated[name], first, 0, SETTINGS)["rmse"]) == outputs
    assert len(fits) == len(outputs)
    assert set(program._run(generated[name], other, 0, SETTINGS)["rmse"]) == outputs
    assert len(fits) == len(outputs) + 1


def test_targets_differ_in_their_units(generated):
    """One is a hundred times what the table says."""
    case = generated["several targets"]
    windows = make_windows(case.frame(0), **case.common, **case.ways["one model of both"])
    both = windows.y.std(axis=0)
    (load,) = (make_windows(cases._ett(Path()), **case.common, target=("HUFL",)).y.std(axis=0)[None],)
    assert both[1] == pytest.approx(100 * load[0])
    assert both[1] > 10 * both[0]


@pytest.mark.usefixtures("generated")
@pytest.mark.filterwarnings("ignore::unflat.UnflatWarning")  # one epoch of two units
def test_a_case_is_written_and_leaves_the_others(capsys):
    """The program trains each way, prints its mean and deviation, and writes both with what they depended on."""
    arguments = ["--data", "there", "--seeds", "2", "--only"]
    program.main([*arguments, "known future"])
    before = json.loads(program.RESULTS.read_text("utf-8"))["cases"]
    program.main([*arguments, "calendar"])
    written = json.loads(program.RESULTS.read_text("utf-8"))["cases"]
    assert [record["case"] for record in written] == ["calendar", "known future"]
    assert written[1:] == before
    assert [len(way["each"]["load"]) for way in before[0]["ways"].values()] == [2, 2]
    made = before[0]["environment"]
    assert made["command"] == 'python -m benchmarks.features --data DATA --seeds 2 --only "known future"'
    assert {"commit", "unflat", "torch"} <= set(made)
    assert before[0]["settings"]["units"] == [2]
    assert "temperature known  RMSE load" in capsys.readouterr().out
