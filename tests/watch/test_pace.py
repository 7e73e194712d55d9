"""When there is time to look, by a clock that the test holds."""

import pytest

from unflat.watch.pace import Pace


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self):
        return self.now


def paced(share=0.03, steps=600):
    """Make a pace at the start of a training, and its clock."""
    clock = Clock()
    pace = Pace(share, clock)
    pace.start(steps)
    return pace, clock


def look(pace, clock, step, seconds):
    """Look for so long."""
    with pace.looking(step):
        clock.now += seconds


def test_looks_are_spaced_over_the_steps():
    """Of 600 steps, every tenth is looked at, were it for free."""
    pace, clock = paced()
    clock.now = 1.0
    looked = []
    for step in range(1, 101):
        if pace.due(step):
            look(pace, clock, step, 0.0)
            looked.append(step)
    assert looked == list(range(1, 101, 10))


def test_without_a_plan_looks_get_rarer():
    """Then the next look comes after a thirtieth more steps."""
    pace, clock = paced(steps=None)
    clock.now = 1.0
    look(pace, clock, 300, 0.0)
    assert not pace.due(309)
    assert pace.due(310)


def test_a_look_waits_until_it_is_affordable():
    """What was spent and one more look like the last must be two thirds of the share of the time."""
    pace, clock = paced()
    clock.now = 98.0
    look(pace, clock, 1, 1.0)  # two of a second are 2 % of 100 s
    assert not pace.due(50)
    clock.now = 100.1
    assert pace.due(50)


def test_the_first_look_is_paid_but_not_expected_again():
    """A first pass is slow; the next look waits for it to be paid off, not for another as slow."""
    pace, clock = paced()
    look(pace, clock, 0, 1.0)
    clock.now = 49.9
    assert not pace.due(50)
    clock.now = 50.1
    assert pace.due(50)


def test_a_third_of_the_share_is_left_for_the_last_look():
    """What the whole share would pay for waits while the training goes on."""
    pace, clock = paced()
    clock.now = 50.0
    look(pace, clock, 1, 0.8)
    clock.now = 54.0  # 1.6 s are 2.96 %
    assert not pace.due(100)


def fail_after(clock, seconds):
    """Take some time, then fail."""
    clock.now += seconds
    return 1 / 0


def test_time_is_counted_also_after_an_error():
    """A look that fails has cost what it took."""
    pace, clock = paced()
    with pytest.raises(ZeroDivisionError, match="by zero"), pace.looking(1):
        fail_after(clock, 2.0)
    assert pace.spent == 2.0


def test_a_new_training_begins_at_nothing():
    """What an earlier training cost is not held against the next."""
    pace, clock = paced()
    look(pace, clock, 600, 5.0)
    pace.start(100)
    assert (pace.spent, pace.elapsed) == (0.0, 0.0)
