"""What a training recorded: to JSON and back, and one training after another."""

import json
import math
from dataclasses import asdict

import pytest

from unflat.history import EpochRecord, History


def record(epoch, loss=0.5, validation_loss=None, gradient_norm=1.25):
    """Make a record whose numbers all differ."""
    return EpochRecord(epoch, loss, validation_loss, 0.001 * epoch, gradient_norm, 0.25 * epoch)


@pytest.mark.parametrize(
    "history",
    [
        History(),
        History((record(1), record(2, 0.1)), "finished", 2),
        History((record(1, 0.1 + 0.2, 1 / 3), record(2, 1e-300, 5e300)), "early", 1),
        History((record(1, 3.0, 2.0), record(2, math.nan, math.nan, math.inf)), "diverged", 1),
        History((record(1, -math.inf, None, math.nan),), "interrupted"),
    ],
)
def test_history_survives_json(history):
    """Through strict JSON and back every number is the same, NaN, infinities and what was not there included."""
    text = json.dumps(history.to_dict(), allow_nan=False)
    again = History.from_dict(json.loads(text))
    assert repr(asdict(again)) == repr(asdict(history))  # NaN is not equal to itself, but reads the same
    assert all(type(epoch.loss) is float for epoch in again.epochs)


def test_plain_numbers_stay_numbers():
    """What JSON can hold is stored as it is, so that other programs can read it."""
    assert History((record(2, 0.5, 0.75),), "callback", 1).to_dict() == {
        "epochs": [
            {"epoch": 2, "loss": 0.5, "validation_loss": 0.75, "rate": 0.002, "gradient_norm": 1.25, "seconds": 0.5}
        ],
        "stopped": "callback",
        "best_epoch": 1,
    }


def test_later_training_is_appended():
    """Epochs of the later training are numbered on, and its ending and its best epoch count."""
    earlier = History((record(1, 5.0), record(2, 4.0)), "early", 1)
    later = History((record(1, 3.0, 2.5), record(2, 2.0)), "callback", 2)
    both = earlier + later
    assert [epoch.epoch for epoch in both.epochs] == [1, 2, 3, 4]
    assert [epoch.loss for epoch in both.epochs] == [5.0, 4.0, 3.0, 2.0]
    assert both.epochs[2].validation_loss == 2.5
    assert (both.stopped, both.best_epoch) == ("callback", 4)
    assert [epoch.epoch for epoch in later.epochs] == [1, 2]


def test_weights_kept_from_before_the_later_training_are_the_earlier_ones():
    """Where the later training kept what it began with, the epoch kept is the one that the earlier kept."""
    earlier = History((record(1), record(2), record(3)), "early", 2)
    assert (earlier + History((record(1, math.nan),), "diverged", 0)).best_epoch == 2


def test_nothing_added_changes_nothing():
    """An empty history before a training, or after it, leaves epochs and best epoch as they are."""
    history = History((record(1), record(2)), "finished", 2)
    assert History() + history == history
    assert history + History() == history


def test_seconds_are_summed_exactly():
    """The time of all passes is their sum without rounding on the way."""
    history = History(tuple(EpochRecord(n, 1.0, None, 0.1, 1.0, 0.1) for n in range(1, 11)))
    assert history.seconds == 1.0
    assert History().seconds == 0.0


def test_epochs_are_judged_by_validation_where_there_is_one():
    """The loss to compare by is that on the validation part, else that on the training part."""
    assert record(1, 0.5, 0.75).judged_loss == 0.75
    assert record(1, 0.5).judged_loss == 0.5
    assert record(1, 0.5, 0.0).judged_loss == 0.0


def test_a_history_is_told_in_a_few_words():
    """Its passes are counted, not listed: how losses went, why it ended, and what was kept."""
    first, last = (EpochRecord(i, 2.0 / i, 3.0 / i, 1e-3, 1.0, 0.5) for i in (1, 2))
    told = str(History((first, last), "early", 1))
    assert told == "2 epochs (early), loss from 2 to 1, held out from 3 to 1.5; the weights of epoch 1 were kept"
    alone = EpochRecord(1, 2.0, None, 1e-3, 1.0, 0.5)
    assert str(History((alone,))) == "1 epoch (finished), loss from 2 to 2; the initial weights were kept"
    assert str(History()) == "no epoch was trained"


def test_a_training_that_is_undone_keeps_its_passes_but_not_its_weights():
    """After an earlier one the weights are those that the earlier kept; whether it broke off stays known."""
    earlier, later = History((record(1), record(2)), "finished", 2), History((record(1),), "interrupted", 1)
    both = earlier + later.undone()
    assert (len(both.epochs), both.best_epoch, both.stopped) == (3, 2, "interrupted")
    assert (earlier.broke_off, both.broke_off) == (False, True)
