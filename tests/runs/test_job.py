"""From a file to a run: what is in its folder, and what is said of it."""

import csv
import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from unflat import LSTMRegressor, load, make_windows
from unflat.errors import NoSkillWarning
from unflat.figures import draw_run
from unflat.runs import Cut, Run, train_run

DATA = Path(os.environ.get("UNFLAT_DATA", Path(__file__).parents[3] / "shared" / "data"))

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def test_a_run_holds_what_made_it(outcome, table, left_in):
    """The folder has every part, and `config.json` says how it was made."""
    run = outcome.run.path
    assert left_in(run) == ["config.json", "figures", "history.csv", "metrics.json", "model.unflat"]
    config = Run(run).config()
    assert config["command"] == ["unflat", "train"]
    assert config["data"] == str(table)
    assert config["cut"] == {
        "target": ["load"], "length": 6, "horizon": 2, "features": None, "time": "hour", "group": None, "stride": 1,
        "calendar": [], "known": [], "static": [], "labels": [], "missing": [],
    }  # fmt: skip
    assert config["holdout"] == {"test": 0.2, "validation": 0.0, "by": "time", "gap": 0, "seed": 0}
    assert config["schema"]["features"] == ["wind", "load"]
    assert config["parameters"]["units"] == [4]
    assert config["versions"]["numpy"] == np.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", config["created"])


def test_the_model_in_the_folder_is_the_one_that_was_judged(outcome, table, series):
    """The file predicts, bit for bit, what the outcome holds for the last fifth of the table."""
    windows = make_windows(pl.read_csv(table, try_parse_dates=True), target="load", length=6, horizon=2, time="hour")
    last = windows.take(np.arange(len(windows))[-40:])
    np.testing.assert_array_equal(load(outcome.run.model_path).predict(last), outcome.prediction)
    np.testing.assert_array_equal(outcome.test.targets, series(200)["load"].to_numpy()[-40:])


def test_metrics_are_those_of_the_test_part(outcome):
    """`metrics.json` reads back as the evaluation, whose error is the test part's."""
    again = outcome.run.evaluation()
    assert str(again) == str(outcome.evaluation)
    error = np.mean((outcome.prediction - outcome.test.targets) ** 2)
    assert again.assessment.mse == pytest.approx(error)


def test_history_has_a_row_for_each_epoch(outcome):
    """`history.csv` is what the model recorded, as a table: the epochs of each network, told apart."""
    with (outcome.run.path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [(network, record) for network, one in enumerate(outcome.model.histories_, 1) for record in one.epochs]
    assert [(int(row["network"]), int(row["epoch"])) for row in rows] == [
        (place, record.epoch) for place, record in epochs
    ]
    assert [float(row["validation_loss"]) for row in rows] == [record.validation_loss for _, record in epochs]


def test_the_picture_of_the_loss_says_whose_it_is(table, tmp_path, monkeypatch, small_model, cut):
    """Of several networks the first one's training is drawn, and said to be its own."""
    told = []
    monkeypatch.setattr("unflat.figures.run.training_figure", lambda *_, network: told.append(network) or Figure())
    for networks in (1, 2):
        model = small_model(n_members=networks)
        train_run(table, tmp_path / str(networks), cut=cut, model=model, illustrate=draw_run)
    assert told == ["", "network 1 of 2"]


def test_a_run_can_be_repeated(table, tmp_path, outcome, small_model, cut):
    """The same file, seed and settings give the same predictions."""
    again = train_run(table, tmp_path / "again", cut=cut, model=small_model())
    np.testing.assert_array_equal(again.prediction, outcome.prediction)


def test_pictures_are_drawn_into_the_run(table, tmp_path, small_model, left_in, cut):
    """The function that draws is given the outcome and the folder, and what it draws is in the run."""
    drawn = []

    def illustrate(outcome, folder):
        drawn.append(len(outcome.prediction))
        (folder / "picture.svg").write_text("<svg/>")

    train_run(table, tmp_path / "run", cut=cut, model=small_model(), illustrate=illustrate)
    assert drawn == [40]
    assert left_in(tmp_path / "run" / "figures") == ["picture.svg"]


def test_a_run_without_skill_gives_a_command_to_paste(tmp_path, small_model):
    """What finds out why is a command that a shell takes as it stands, whatever the files are called."""
    data, folder = tmp_path / "my noise.csv", tmp_path / "my run"
    pl.DataFrame({"load": np.random.default_rng(0).normal(size=200)}).write_csv(data)
    with pytest.warns(NoSkillWarning, match="Find out why: ") as caught:
        train_run(data, folder, cut=Cut(("load",), 4), model=small_model())
    command = str(caught[-1].message).partition("Find out why: ")[2]
    assert shlex.split(command) == ["unflat", "diagnose", str(folder), "--data", str(data)]


def test_outputs_without_skill_are_told_of_together(tmp_path, small_model):
    """Of the next hours of pure noise one warning names the worst, and then the others."""
    data = tmp_path / "noise.csv"
    pl.DataFrame({"load": np.random.default_rng(0).normal(size=200)}).write_csv(data)
    with pytest.warns(NoSkillWarning) as caught:
        train_run(data, tmp_path / "run", cut=Cut(("load",), 4, (1, 2, 3)), model=small_model())
    told = [text for text in (str(warning.message) for warning in caught) if "the run is judged by" in text]
    assert len(told) == 1
    assert re.search(r"So are those of 'load\+\d' and 'load\+\d'\. Find out why: unflat diagnose ", told[0])


def test_json_of_a_run_is_strict(outcome):
    """No NaN or Infinity, which other languages do not read, stands in the files."""

    def refuse(name):
        raise AssertionError(name)

    for name in ("config.json", "metrics.json"):
        json.loads((outcome.run.path / name).read_text(), parse_constant=refuse)


def test_oil_temperature_is_followed(tmp_path):
    """On a real series of 17,420 hours, one epoch explains most of what the mean of the training does not."""
    data = DATA / "etth1" / "ETTh1.csv"
    if not data.exists():
        pytest.skip(f"no ETTh1 in {DATA}; set UNFLAT_DATA to a folder with etth1/ETTh1.csv")
    model = LSTMRegressor(units=(16,), epochs=1, random_state=0, progress=False)
    outcome = train_run(data, tmp_path / "oil", cut=Cut(("OT",), 48, 24, stride=4), model=model)
    assert outcome.evaluation.assessment.skills["mean"][0] > 0.8
    assert outcome.evaluation.assessment.spread > 0.5


def test_flood_depths_are_not_flat(tmp_path):
    """On real rainfall of 266 steps, where a network that reads the last state alone goes flat, ours does not."""
    folder = DATA / "flood"
    if not folder.exists():
        pytest.skip(f"no FloodModeling1 in {DATA}; set UNFLAT_DATA to a folder with flood/FloodModeling1_TRAIN.ts")
    model = LSTMRegressor(units=(16,), epochs=20, random_state=0, progress=False)
    train, test = (folder / f"FloodModeling1_{part}.ts" for part in ("TRAIN", "TEST"))
    outcome = train_run(train, tmp_path / "flood", test_data=test, model=model)
    assert outcome.counts["test"] == 202
    assert outcome.evaluation.assessment.spread > 0.7
