import pytest

from unflat.tuning import Comparison, Findings, Trial, told
from unflat.tuning.words import mattered, table, verdict


def trial(number, loss, state="complete", *, linear=False, **point):
    """Make a trial of ten seconds."""
    return Trial(number, point, state, loss, 5, 10.0, linear)


TRIALS = (
    trial(0, 0.5, units=100),
    *(trial(n, 0.4 + n / 100, units=n, readout=("last", "mean")) for n in range(1, 9)),
    trial(9, 0.7, "pruned", units=9, readout=("max",)),
    trial(10, None, "failed", units=10, readout=("max",)),
)


def findings(comparison=None, parameters=None, best=1, importance=None):
    """Make findings of eleven trials."""
    return Findings(TRIALS, best, comparison, parameters or {}, importance or {})


def test_a_table_has_the_best_and_the_model_as_given():
    """The five lowest losses in order, then the given model's wherever it stands; blanks where it has no place."""
    lines = told(findings(parameters={"units": (1,)})).split("\n\n")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["trial", "1", "2", "3", "4", "5", "given"]
    assert lines[0].split() == ["trial", "loss", "units", "readout"]
    assert lines[1].split() == ["1", "0.4100", "1", "last+mean"]
    assert lines[-1].split() == ["given", "0.5000", "100"]
    assert len({len(line) for line in lines}) == 1


def test_a_trial_without_a_loss_says_so():
    """No number is made up."""
    assert table([trial(3, None)]).splitlines()[1].split() == ["3", "none"]


def test_trials_are_counted_by_how_they_ended():
    """The first line has all counts and the time."""
    assert told(findings()).startswith("11 trials in 110 s, 1 given up half-way, 1 failed.\n")


def test_a_search_of_one_trial_does_not_speak_of_others():
    """No loss was lower where there was none to compare."""
    alone = Findings((trial(0, 0.5),), 0, None, {}, {})
    assert verdict(alone).endswith(
        "no other trial was run, for the budget left no time for one, or only one was asked for."
    )
    assert "no trial had a lower" not in told(alone)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            findings(best=0),
            "The model is kept as it was given, but for random_state: no trial had a lower validation loss.",
        ),
        (
            findings(),
            (
                "The model is kept as it was given, but for random_state: trial 1 did better in the search, and the "
                "budget left no time to train both anew, which would show whether it does so again: give more."
            ),
        ),
        (
            findings(parameters={"units": (1,)}),
            "Trial 1 is chosen: its validation loss is 0.4100, that of the model as given 0.5000.",
        ),
        (
            findings(Comparison((0.5, 0.6), (0.4, 0.3)), {"units": (1,)}),
            (
                "Trial 1 is chosen. Trained anew with 2 other seeds, its validation loss is 0.4000 and 0.3000, that of "
                "the model as given 0.5000 and 0.6000."
            ),
        ),
        (
            findings(Comparison((0.5,), (0.8,))),
            (
                "The model is kept as it was given, but for random_state: trial 1 did better in the search, but not "
                "again. Trained anew with one other seed, its validation loss is 0.8000, that of the model as given "
                "0.5000."
            ),
        ),
        (
            findings(Comparison((0.5, 0.6), (0.5, 0.6))),
            (
                "The model is kept as it was given, but for random_state: trial 1 did better in the search, but not "
                "again. Trained anew with 2 other seeds, both have the same validation loss, 0.5000 and 0.6000."
            ),
        ),
    ],
)
def test_the_choice_is_explained(found, words):
    """What was chosen, why, and by which losses."""
    assert verdict(found) == words


def test_a_recurrence_that_earned_nothing_is_told_of():
    """Where trials end as their linear part, it is said how many, of those that came to an end; else nothing."""
    trials = (trial(0, 0.5, linear=True), trial(1, 0.4), trial(2, 0.5, linear=True), trial(3, 0.9, "pruned"))
    said = told(Findings(trials, 1, None, {"units": (1,)}, {})).split("\n\n")
    assert said[-2].startswith("In 2 of 3 trials that came to their end the recurrence added nothing on held-out data:")
    assert "recurrence" not in told(findings())


def test_what_hardly_mattered_is_left_out():
    """Shares below one percent are not named."""
    assert mattered(findings(importance={"units": 0.75, "dropout": 0.245, "readout": 0.005})) == (
        "units 75 %, dropout 24.5 %"
    )
    assert "What mattered" not in told(findings())
