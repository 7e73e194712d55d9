import json

import numpy as np
import optuna
import pytest

from unflat.errors import CorruptArtifactError, MissingExtraError, OutputError, OutputExistsError
from unflat.tuning import Space, Span, Trial
from unflat.tuning import study as study_module
from unflat.tuning.study import Trials, optuna_module, quiet_optuna

SETTINGS = {"data": "0123", "space": "all", "seed": 0}
REMEDY = "Choose another place."

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.fixture(autouse=True)
def _quiet():
    with quiet_optuna():
        yield


def opened(path, space, **settings):
    """Open the trials that a file keeps, or new ones."""
    return Trials.open(path, space, 0, SETTINGS | settings, remedy=REMEDY)


def trial(number, state="complete", loss=1.0, point=None, *, linear=False):
    """Make a trial of 3 epochs and 2 seconds."""
    return Trial(number, point or {}, state, loss, 3, 2.0, linear)


def run(trials, count, loss_of=lambda point: point["learning_rate"]):
    """Run trials whose loss is a function of their place."""
    for _ in range(count):
        asked = trials.ask()
        point = trials.point(asked.params)
        trials.tell(asked, trial(asked.number, "complete", loss_of(point), point))


def test_trials_are_read_back_from_the_file(tmp_path, space):
    """What a call leaves, the next one has, with places as values of the dimensions."""
    trials = opened(tmp_path / "journal", space)
    given = {"units": 2, "readout": ("mean",)}
    trials.add_given(given, trial(0, loss=0.5, point=given, linear=True), {1: 0.9, 2: 0.5})
    run(trials, 2)
    asked = trials.ask()
    trials.tell(asked, trial(asked.number, linear=True))
    again = opened(tmp_path / "journal", space).records()
    assert again == trials.records()
    assert again[0] == trial(0, loss=0.5, point=given, linear=True)
    assert [one.linear for one in again] == [True, False, False, True]
    assert again[1].point["readout"] in {("last",), ("mean",)}
    assert again[1].loss == again[1].point["learning_rate"]


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path, space):
    """Six trials and then six are the same twelve, those that follow from others included."""
    whole = opened(None, space)
    run(whole, 12)
    for _ in range(2):
        run(opened(tmp_path / "journal", space), 6)
    parts = opened(tmp_path / "journal", space)
    assert parts.records() == whole.records()
    assert len({tuple(map(str, record.point.values())) for record in parts.records()}) == 12


def test_later_trials_learn_from_earlier_ones(space):
    """After the first, drawn evenly, most lie where the loss is low."""
    trials = opened(None, space)
    run(trials, 40, lambda point: abs(point["learning_rate"] - 0.05))
    losses = [record.loss for record in trials.records()]
    assert np.median(losses[25:]) < 0.75 * np.median(losses[:8])
    assert min(losses[8:]) < min(losses[:8])


def test_another_seed_draws_others(space):
    """The seed of the search decides what is drawn."""
    points = [Trials(opened(None, space).study, space, seed).ask().params for seed in (0, 1)]
    assert points[0] != points[1]


def test_every_ending_is_told_apart(tmp_path, space):
    """Complete, given-up, failed and interrupted trials read back as what they were."""
    trials = opened(tmp_path / "journal", space)
    for number, state in enumerate(("complete", "pruned", "failed", "interrupted")):
        asked = trials.ask()
        asked.report(0.7, 1)
        asked.report(0.6, 2)
        trials.tell(asked, trial(number, state, 0.5 if state == "complete" else None))
    records = opened(tmp_path / "journal", space).records()
    assert [(record.state, record.loss) for record in records] == [
        ("complete", 0.5),
        ("pruned", 0.6),
        ("failed", None),
        ("interrupted", None),
    ]
    assert {(record.epochs, record.seconds) for record in records} == {(3, 2.0)}


def test_what_was_left_under_way_counts_as_interrupted(tmp_path, space):
    """A call that was killed in a trial leaves it; the next call draws the same one again."""
    killed = opened(tmp_path / "journal", space).ask().params
    trials = opened(tmp_path / "journal", space)
    assert [record.state for record in trials.records()] == ["interrupted"]
    assert trials.ask().params == killed


def test_a_trial_that_falls_behind_is_given_up(space):
    """From the fourth tenth on, one that is worse than the median of four complete ones is to stop."""
    trials = opened(None, space)
    trials.add_given({}, trial(0), dict.fromkeys(range(1, 10), 1.0))
    for _ in range(3):
        asked = trials.ask()
        for milestone in range(1, 10):
            asked.report(1.0, milestone)
        trials.tell(asked, trial(asked.number))
    worse, better = trials.ask(), trials.ask()
    said = []
    for milestone in range(1, 5):
        worse.report(2.0, milestone)
        better.report(0.5, milestone)
        said.append((worse.should_prune(), better.should_prune()))
    assert said == [(False, False), (False, False), (False, False), (True, False)]


def test_what_mattered_is_what_losses_depend_on(space):
    """A loss that is a function of the rate alone is explained by the rate; too few trials explain nothing."""
    trials = opened(None, space)
    run(trials, 5)
    assert trials.importance() == {}
    run(trials, 25)
    importance = trials.importance()
    assert next(iter(importance)) == "learning_rate"
    assert importance["learning_rate"] > 0.6
    assert sum(importance.values()) == pytest.approx(1)


def test_where_all_trials_are_as_good_nothing_mattered(space):
    """A model that is exact whatever its parameters are has no trial that is better than others."""
    trials = opened(None, space)
    run(trials, 12, lambda _point: 1.0)
    assert trials.importance() == {}


def test_a_search_with_other_settings_is_not_mixed_in(tmp_path, space):
    """Trials over other data or another space cannot be compared; the message names what differs."""
    run(opened(tmp_path / "journal", space), 1)
    with pytest.raises(OutputExistsError, match=r"a search with other data and seed is there\. Choose another place\."):
        opened(tmp_path / "journal", space, data="4567", seed=1)


def test_settings_of_a_search_without_trials_may_be_put_right(tmp_path, space):
    """There is nothing that could be mixed, and the new settings are those that later calls are held against."""
    opened(tmp_path / "journal", space)
    run(opened(tmp_path / "journal", space, data="4567"), 1)
    with pytest.raises(OutputExistsError, match="a search with other data is there"):
        opened(tmp_path / "journal", space)


@pytest.mark.parametrize("text", ["not a journal\nat all\n", json.dumps({"op_code": 99}) + "\n"])
def test_a_file_that_is_no_journal_is_named(tmp_path, space, text):
    """Anything else in the file's place raises, and names it."""
    (tmp_path / "journal").write_text(text)
    with pytest.raises(CorruptArtifactError, match="journal: expected the journal of a search"):
        opened(tmp_path / "journal", space)


def test_a_place_that_cannot_be_written_is_named(tmp_path, space):
    """A file where a folder should be raises our error, with the system's reason."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="a place that can be written"):
        opened(tmp_path / "file" / "journal", space)


def test_a_dimension_of_one_value_is_drawn():
    """Low may be high: the value is set and nothing else changes."""
    one = Space(**dict.fromkeys(Space().dimensions) | {"units": Span(3, 3, whole=True)})
    assert opened(None, one).ask().params == {"units": 3}


def test_optuna_is_quiet_and_then_as_before(capfd):
    """Inside the block Optuna says nothing; afterwards it says what it used to."""
    before = optuna.logging.get_verbosity()
    with quiet_optuna():
        optuna.create_study()
        assert optuna.logging.get_verbosity() == optuna.logging.ERROR
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")


def test_a_missing_extra_is_named(monkeypatch):
    """Without Optuna, the error has the command that installs it."""

    def missing(module, *, extra):
        raise MissingExtraError(module, extra)

    monkeypatch.setattr(study_module, "require", missing)
    with pytest.raises(MissingExtraError, match=r"python -m pip install 'unflat\[tune\]'"):
        optuna_module()
