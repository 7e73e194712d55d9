"""How much training fits into the time there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unflat.diagnosis.proof.planning import SEEDS, Plan, plan


def test_enough_time_tries_everything_at_full_length():
    """Three cures alone and together, all epochs, all sequences."""
    assert plan(1e6, 1.0, 30, [1, 1, 1]) == Plan(3, 30, combined=True)


def test_only_the_first_cures_are_tried():
    """Of five, the three that were named first."""
    assert plan(1e6, 1.0, 30, [1] * 5).cures == 3


def test_epochs_are_cut_before_cures_are_left_out():
    """Unchanged, two cures and their combination, three seeds: 12 trainings of 4 epochs in 60 seconds."""
    found = plan(60, 1.0, 20, [1, 1])
    assert (found.cures, found.combined, found.epochs, found.share) == (2, True, 4, 1.0)


def test_sequences_are_cut_before_combinations_are_left_out():
    """A fifth of the epochs on fewer sequences, where a whole pass takes too long."""
    found = plan(60, 2.0, 30, [1, 1])
    assert (found.cures, found.combined, found.epochs) == (2, True, 6)
    assert found.share == pytest.approx(0.85 * 60 / (2.0 * 12) / 6)


def test_no_time_for_one_cure_is_no_plan():
    """Beside the unchanged training."""
    assert plan(1, 10.0, 30, [1]) is None
    assert plan(1, 10.0, None, [1]) is None


def test_longer_trainings_count_as_such():
    """A cure that trains five times as long takes the time of five."""
    short, long = plan(61, 0.1, 100, [1]), plan(61, 0.1, 100, [5])
    assert (short.epochs, long.epochs) == (86, 28)


@given(seconds=st.floats(0.1, 1e4), epoch=st.floats(1e-3, 1e2), epochs=st.integers(1, 500), count=st.integers(1, 6))
def test_a_plan_keeps_to_its_time(seconds, epoch, epochs, count):
    """What is planned takes no longer than what is left, whatever is given."""
    found = plan(seconds, epoch, epochs, [1] * count)
    if found is not None:
        trainings = SEEDS * (1 + found.cures + (found.cures - 1 if found.combined else 0))
        assert trainings * found.epochs * found.share * epoch <= seconds * (1 + 1e-9)
        assert 1 <= found.epochs <= epochs
        assert 0.25 <= found.share <= 1
