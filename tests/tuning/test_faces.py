import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone

from unflat import LSTMRegressor, Run, load, train_run, tune, tune_run
from unflat.errors import ConfigurationError, OutputExistsError
from unflat.runs import Cut, Holdout, evaluate_file
from unflat.tuning import Span
from unflat.tuning.study import Trials

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")

CUT = Cut(target=("load",), length=4, time="hour")


@pytest.fixture
def table(tmp_path):
    """Write a table of 120 hours."""
    hours = np.datetime64("2024-01-01", "us") + np.arange(120) * np.timedelta64(1, "h")
    random = np.random.default_rng(0)
    load = 50 + 10 * np.sin(np.arange(120) * 2 * np.pi / 24) + random.normal(size=120)
    pl.DataFrame({"hour": hours, "load": load}).write_csv(tmp_path / "load.csv")
    return tmp_path / "load.csv"


def run_of(table, folder, small, space, **options):
    """Tune on the table, three trials, one other seed."""
    chosen = {"trials": 3, "repeats": 1} | options
    return tune_run(table, folder, cut=CUT, model=small, space=space, **chosen)


def left_in(folder):
    """Name all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_the_model_is_the_one_that_anybody_would_fit(data, small, space):
    """With the chosen parameters and seed, a plain fit predicts the same bits; the given model is untouched."""
    X, y = data
    model, findings = tune(X, y, model=small, space=space, trials=4, repeats=0, random_state=5)
    again = LSTMRegressor(**small.get_params() | findings.parameters | {"random_state": 5}).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), again.predict(X))
    assert len(findings.trials) == 4
    assert not hasattr(small, "predictor_")
    chosen = findings.trial(findings.chosen)
    scale = float(model.predictor_.target.scale[0])
    assert chosen.loss == pytest.approx(model.held_out_.mse / scale**2, rel=1e-5)


def test_the_same_seed_finds_the_same(data, small, space):
    """Nothing but time differs between two searches."""
    first, second = (tune(*data, model=small, space=space, trials=3).findings for _ in range(2))
    assert [(t.point, t.loss) for t in first.trials] == [(t.point, t.loss) for t in second.trials]
    assert first.comparison == second.comparison


def test_a_search_in_memory_can_be_kept_and_gone_on_with(data, small, space, tmp_path):
    """A second call with the same file adds trials; over other data it refuses."""
    X, y = data
    storage = tmp_path / "search"
    tune(X, y, model=small, space=space, trials=2, repeats=0, storage=storage)
    tuned = tune(X, y, model=small, space=space, trials=3, repeats=0, storage=storage)
    assert len(tuned.findings.trials) == 3
    assert str(tuned).startswith("3 trials in ")
    with pytest.raises(OutputExistsError, match=r"a search with other data is there\. Choose another file"):
        tune(X, y + 1, model=small, space=space, trials=3, storage=storage)
    with pytest.raises(OutputExistsError, match="a search with other parameters is there"):
        tune(X, y, model=small.set_params(clip_norm=2.0), space=space, trials=3, storage=storage)


def test_a_search_goes_on_only_with_the_very_same_model_and_space(data, small, space, tmp_path):
    """Numbers are told apart by all their digits, not by those that a table shows; lists and tuples are alike."""
    given = {"X": data[0], "y": data[1], "trials": 1, "repeats": 0, "storage": tmp_path / "search"}
    tune(**given, model=small.set_params(learning_rate=0.005), space=space)
    tune(**given, model=clone(small).set_params(learning_rate=np.float64(0.005), units=[2]), space=space)
    with pytest.raises(OutputExistsError, match="a search with other parameters is there"):
        tune(**given, model=clone(small).set_params(learning_rate=0.00500001), space=space)
    with pytest.raises(OutputExistsError, match="a search with other space is there"):
        tune(**given, model=small, space=replace(space, learning_rate=Span(1e-3, 0.1000001, log=True)))


def test_wrong_arguments_are_refused_before_any_training(data, small):
    """A number of trials that cannot be raises at once."""
    with pytest.raises(ConfigurationError, match="'trials' of tune"):
        tune(*data, model=small, trials=0)


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(3)])
def test_a_seed_may_be_drawn_once_for_the_whole_search(data, small, space, random_state):
    """The model that is returned has it, and with it the search is the same again."""
    drawn = tune(*data, model=small, space=space, trials=2, repeats=1, random_state=random_state)
    again = tune(*data, model=small, space=space, trials=2, repeats=1, random_state=drawn.model.random_state)
    assert [t.loss for t in drawn.findings.trials] == [t.loss for t in again.findings.trials]
    np.testing.assert_array_equal(drawn.model.predict(data[0]), again.model.predict(data[0]))


@pytest.mark.parametrize("random_state", [-1, 1.5, 2**32, "zero"])
def test_what_is_no_seed_is_refused_before_any_training(data, small, random_state):
    """In the words in which `fit` refuses it."""
    with pytest.raises(ConfigurationError, match=r"'random_state' .* a whole number from 0"):
        tune(*data, model=small, random_state=random_state, on_trial=pytest.fail)


@pytest.mark.parametrize(("name", "value"), [("model", LSTMRegressor), ("space", {"units": (4, 8)})])
def test_what_is_no_model_and_no_space_is_refused(data, name, value):
    """A class in place of a model, and a grid in place of a space, are named with what is wanted."""
    with pytest.raises(ConfigurationError, match=f"'{name}' of tune: expected an? "):
        tune(*data[:2], **{name: value}, trials=2)


def test_the_result_is_an_ordinary_run(table, tmp_path, small, space):
    """The folder has all that `train_run` writes, made with the chosen parameters, and beside it what was found."""
    folder = tmp_path / "run"
    tuned = run_of(table, folder, small, space, command=("unflat", "tune"))
    assert left_in(folder) == ["config.json", "figures", "history.csv", "metrics.json", "model.unflat", "tuning"]
    assert left_in(folder / "tuning") == ["findings.json", "journal.jsonl", "trials.csv"]
    assert left_in(folder / "figures") == ["tuning.png"]
    model = small.set_params(**tuned.findings.parameters, random_state=0)
    plain = train_run(table, tmp_path / "plain", cut=CUT, model=model)
    assert Run(folder).evaluation().to_dict() == plain.evaluation.to_dict()
    assert load(folder / "model.unflat").get_params()["units"] == tuned.outcome.model.units
    assert Run(folder).config()["command"] == ["unflat", "tune"]
    assert Run(folder).config()["counts"] == plain.counts
    assert evaluate_file(Run(folder).load(), table).assessment.n == 116
    assert str(tuned).endswith(str(plain.evaluation))


def test_the_model_of_the_run_is_chosen_on_what_trials_were_scored_on(table, tmp_path, small, space):
    """With nothing said of validation, the model holds out of all but the test part what the trials held out of it."""
    outcome, findings = run_of(table, tmp_path / "run", small, space, repeats=0)
    scale = float(outcome.model.predictor_.target.scale[0])
    assert findings.trial(findings.chosen).loss == pytest.approx(outcome.model.held_out_.mse / scale**2, rel=1e-5)
    assert outcome.counts == {"train": 92, "validation": 0, "test": 24}
    assert Run(tmp_path / "run").config()["holdout"]["validation"] == 0


def test_a_share_for_validation_scores_trials_and_chooses_the_model(table, tmp_path, small, space):
    """One that is given holds for both, and the run's document says so."""
    holdout = Holdout(validation=0.25)
    outcome, findings = run_of(table, tmp_path / "run", small, space, repeats=0, holdout=holdout)
    scale = float(outcome.model.predictor_.target.scale[0])
    assert findings.trial(findings.chosen).loss == pytest.approx(outcome.model.held_out_.mse / scale**2, rel=1e-5)
    assert outcome.counts["validation"] == 30
    assert Run(tmp_path / "run").config()["holdout"]["validation"] == 0.25


def test_what_was_found_is_written_down(table, tmp_path, small, space):
    """The table of trials has a row for each, and the document the choice and why."""
    tuned = run_of(table, tmp_path / "run", small, space)
    with (tmp_path / "run" / "tuning" / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["number"]) for row in rows] == [0, 1, 2]
    assert [float(row["loss"]) for row in rows if row["loss"]] == [
        trial.loss for trial in tuned.findings.trials if trial.loss is not None
    ]
    assert float(rows[1]["learning_rate"]) == tuned.findings.trials[1].point["learning_rate"]
    document = json.loads((tmp_path / "run" / "tuning" / "findings.json").read_text())
    assert document["chosen"] == tuned.findings.chosen
    assert len(document["trials"]) == 3


def test_the_test_part_has_no_say(table, tmp_path, small, space):
    """With other numbers in the rows that are tested on, the search finds the same."""
    frame = pl.read_csv(table, try_parse_dates=True)
    changed = frame.with_columns(pl.when(pl.int_range(120) >= 96).then(50.0).otherwise(pl.col("load")).alias("load"))
    changed.write_csv(tmp_path / "changed.csv")
    searches = [
        run_of(path, tmp_path / name, small, space).findings
        for path, name in ((table, "a"), (tmp_path / "changed.csv", "b"))
    ]
    assert [trial.loss for trial in searches[0].trials] == [trial.loss for trial in searches[1].trials]
    assert searches[0].comparison == searches[1].comparison


def test_a_search_that_was_stopped_is_gone_on_with(table, tmp_path, small, space):
    """A folder without a run yet, only with trials, is taken up by the same call, not by a plain training."""
    folder, whole = tmp_path / "run", tmp_path / "whole"

    def stop(trial, _):
        if trial.number == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_of(table, folder, small, space, on_trial=stop)
    assert left_in(folder) == ["tuning"]
    with pytest.raises(OutputExistsError, match="a search that is not finished is there already"):
        train_run(table, folder, cut=CUT, model=small)
    told = []
    findings = run_of(table, folder, small, space, on_trial=lambda trial, _: told.append(trial.number)).findings
    assert told == [2]
    expected = run_of(table, whole, small, space).findings
    assert [(t.point, t.loss) for t in findings.trials] == [(t.point, t.loss) for t in expected.trials]
    more = run_of(table, folder, small, space, trials=4).findings
    assert more.trials[:3] == findings.trials


def test_only_this_search_or_force_may_take_the_place(table, tmp_path, small, space):
    """Other data, a plain run and a foreign folder are refused and stay; force begins anew where a run or search is."""
    folder = tmp_path / "run"
    run_of(table, folder, small, space, trials=1)
    with pytest.raises(OutputExistsError, match="a search with other data is there"):
        run_of(table, folder, small, space, trials=1, holdout=Holdout(test=0.4))
    assert (folder / "model.unflat").exists()
    assert len(run_of(table, folder, small, space, trials=2, force=True).findings.trials) == 2
    shutil.rmtree(folder / "tuning")
    with pytest.raises(OutputExistsError, match="a run is there already"):
        run_of(table, folder, small, space)
    run_of(table, folder, small, space, trials=1, force=True)
    assert (folder / "tuning").exists()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "letter.txt").touch()
    for force in (False, True):
        with pytest.raises(OutputExistsError, match="something that is no run is there"):
            run_of(table, tmp_path / "foreign", small, space, force=force)
    assert left_in(tmp_path / "foreign") == ["letter.txt"]


def test_a_finished_search_that_is_gone_on_with_keeps_what_stands_beside_it(table, tmp_path, small, space):
    """Predictions that were written into the run's folder are still there after another call."""
    folder = tmp_path / "run"
    run_of(table, folder, small, space, trials=1)
    (folder / "predictions.csv").write_text("mine")
    run_of(table, folder, small, space, trials=2)
    assert (folder / "predictions.csv").read_text() == "mine"


@pytest.mark.parametrize("named", ["'budget' of tune", "'device' of LSTMRegressor"])
def test_what_cannot_be_searched_leaves_the_folder_as_it_was(table, tmp_path, small, space, named):
    """A wrong limit or device makes no folder, and with force costs no trial of the search that is there."""
    folder = tmp_path / "run"
    limits = {"budget": 0.0} if "budget" in named else {}
    model = LSTMRegressor(**small.get_params() | {"device": "abacus" if "device" in named else "cpu"})
    with pytest.raises(ConfigurationError, match=named):
        run_of(table, folder, model, space, **limits)
    assert not folder.exists()
    run_of(table, folder, small, space, trials=1, repeats=0)
    before = (folder / "tuning" / "journal.jsonl").read_bytes()
    with pytest.raises(ConfigurationError, match=named):
        run_of(table, folder, model, space, force=True, **limits)
    assert (folder / "tuning" / "journal.jsonl").read_bytes() == before


def test_a_foreign_file_beside_an_unfinished_search_is_refused_at_once(table, tmp_path, small, space):
    """No trial is made for a folder that could not become a run in the end."""
    folder, tried = tmp_path / "run", []

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_of(table, folder, small, space, on_trial=stop)
    (folder / "letter.txt").touch()
    with pytest.raises(OutputExistsError, match="something that is no run is there"):
        run_of(table, folder, small, space, on_trial=lambda trial, _: tried.append(trial.number))
    assert tried == []


def test_a_search_without_a_trial_is_in_nobodys_way(table, tmp_path, small, space):
    """Stopped before its first trial had ended, or before its journal was begun, it yields to another call."""
    folder = tmp_path / "run"
    (folder / "tuning").mkdir(parents=True)
    Trials.open(folder / "tuning" / "journal.jsonl", space, 0, {"data": "other"}, remedy="")
    assert len(run_of(table, folder, small, space, trials=1).findings.trials) == 1
    (tmp_path / "empty" / "tuning").mkdir(parents=True)
    train_run(table, tmp_path / "empty", cut=CUT, model=small)
    assert Run(tmp_path / "empty").load() is not None


def test_pictures_of_the_run_are_drawn_too(table, tmp_path, small, space):
    """What illustrates a training illustrates the final one."""
    run_of(
        table, tmp_path / "run", small, space, trials=1,
        illustrate=lambda outcome, folder: (folder / "mine.txt").write_text(str(outcome.counts["test"])),
    )  # fmt: skip
    assert (tmp_path / "run" / "figures" / "mine.txt").read_text() == "24"
