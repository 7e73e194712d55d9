"""From a file to its parts: which rows and sequences are in which."""

import pytest

from unflat.errors import (
    ConfigurationError,
    TooFewSamplesError,
)
from unflat.runs import Cut, Holdout, predict_file, train_run

# Models that train in a moment are no good, and say so.
pytestmark = pytest.mark.filterwarnings("ignore::unflat.errors.FitWarning")


def test_parts_do_not_overlap_and_cover_the_table(tmp_path, table, small_model, cut):
    """Of 200 hours 40 are judged by; the rest, less windows without a past, trained on and chosen by in turn."""
    outcome = train_run(table, tmp_path / "run", cut=cut, model=small_model(n_members="auto"))
    assert outcome.counts == {"train": 160 - 7, "validation": 0, "test": 40}
    assert outcome.run.config()["counts"] == outcome.counts
    assert outcome.model.held_out_.n == 160 - 7


def test_a_validation_share_is_chosen_by_alone(tmp_path, table, small_model, cut):
    """Of 200 hours 40 are judged by and the 20 before them chosen by, if that is asked for."""
    outcome = train_run(table, tmp_path / "run", cut=cut, holdout=Holdout(), model=small_model())
    assert outcome.counts == {"train": 140 - 7, "validation": 20, "test": 40}
    assert outcome.model.held_out_.n == 20


def test_a_file_to_judge_by_replaces_the_share(tmp_path, table, small_model, series, cut):
    """With a second table, all of the first is trained on."""
    series(60, start="2024-02-01").write_csv(tmp_path / "next.csv")
    outcome = train_run(table, tmp_path / "run", cut=cut, model=small_model(), test_data=tmp_path / "next.csv")
    assert outcome.counts == {"train": 200 - 7, "validation": 0, "test": 60 - 7}
    assert outcome.run.config()["test_data"] == str(tmp_path / "next.csv")


def test_whole_sequences_are_drawn_into_parts(tmp_path, ts_files, small_model):
    """Of 40 sequences 8 are judged by and 4 chosen by, drawn by the seed."""
    outcomes = [
        train_run(ts_files[0], tmp_path / f"run{seed}", holdout=Holdout(seed=seed), model=small_model())
        for seed in (1, 2)
    ]
    assert outcomes[0].counts == {"train": 28, "validation": 4, "test": 8}
    assert outcomes[0].test.targets.tolist() != outcomes[1].test.targets.tolist()
    assert outcomes[0].run.config()["schema"] is None


def test_whole_sequences_are_judged_by_their_own_file(tmp_path, ts_files, small_model):
    """With a test file, its sequences, all of them, are judged by."""
    outcome = train_run(ts_files[0], tmp_path / "run", test_data=ts_files[1], model=small_model())
    assert outcome.counts == {"train": 40, "validation": 0, "test": 12}
    assert outcome.evaluation.assessment.n == 12


def test_without_a_validation_share_the_model_chooses_its_own(tmp_path, ts_files, small_model):
    """A share of 0 hands nothing to the model, whose own fraction then holds."""
    model = small_model(validation_fraction=0.0)
    outcome = train_run(ts_files[0], tmp_path / "run", holdout=Holdout(validation=0.0), model=model)
    assert outcome.counts == {"train": 32, "validation": 0, "test": 8}
    assert model.history_.epochs[0].validation_loss is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({"cut": Cut(("load",), 6)}, "'cut'"), ({"holdout": Holdout(by="group")}, "'by'")],
)
def test_whole_sequences_are_not_cut(tmp_path, ts_files, arguments, named):
    """What only a table can have is refused for a .ts file, rather than ignored."""
    with pytest.raises(ConfigurationError, match=f"{named} of train_run: expected None for a .ts file"):
        train_run(ts_files[0], tmp_path / "run", **arguments)


def test_a_table_needs_a_cut(tmp_path, table):
    """Without target and length there are no windows."""
    with pytest.raises(ConfigurationError, match="'cut' of train_run: expected a Cut with target and length"):
        train_run(table, tmp_path / "run")


def test_too_few_sequences_to_split_are_refused(tmp_path):
    """Two sequences do not make three parts."""
    path = tmp_path / "two.ts"
    path.write_text("@targetlabel true\n@data\n1,2,3:4\n2,3,4:5")
    with pytest.raises(TooFewSamplesError, match="at least 3 samples; received 2"):
        train_run(path, tmp_path / "run", holdout=Holdout())


@pytest.mark.parametrize(
    ("shares", "named"),
    [
        ({"test": 0.0}, "'test'"),
        ({"test": 1.0}, "'test'"),
        ({"validation": -0.1}, "'validation'"),
        ({"test": 0.6, "validation": 0.4}, "'test \\+ validation'"),
        ({"seed": -1}, "'seed'"),
        ({"seed": "abc"}, "'seed'"),
    ],
)
def test_shares_must_leave_something(shares, named):
    """A share outside its bounds, two that leave nothing, or a seed that is none, are refused at once."""
    with pytest.raises(ConfigurationError, match=named):
        Holdout(**shares)


def test_predictions_of_whole_sequences_are_numbered(tmp_path, ts_files, small_model):
    """A .ts file gives one row for each sequence, in its order."""
    run = train_run(ts_files[0], tmp_path / "run", model=small_model()).run
    frame = predict_file(run.load(), ts_files[1])
    assert frame["sequence"].to_list() == list(range(12))
    assert frame.columns[1].endswith("_predicted")
