import time
import warnings

import pytest

from unflat.errors import FitWarning, InterruptedWarning
from unflat.history import EpochRecord
from unflat.training.callbacks import Plan
from unflat.tuning.deadline import SLACK, Deadline, within


def passed(deadline, clock, epochs, network=1, networks=1):
    """Train, by the clock, with epochs of a second; give how many the deadline let pass."""
    deadline.on_start(Plan(epochs, 1, 10, network, networks))
    for epoch in range(1, epochs + 1):
        clock[0] += 1.0
        if deadline.on_epoch(EpochRecord(epoch, 1.0, 1.0, 0.1, 1.0, 0.0)):
            return epoch
    return epochs


@pytest.mark.parametrize(("until", "epochs", "cut"), [(5.0, 5, True), (10.0, 10, False), (-3.0, 1, True)])
def test_a_training_ends_when_its_time_is_up(until, epochs, cut):
    """Ten epochs of a second each: five in five seconds, all in ten, and at the least one."""
    clock = [0.0]
    deadline = Deadline(until, lambda: clock[0])
    assert passed(deadline, clock, 10) == epochs
    assert deadline.cut == cut


def test_networks_share_the_time_that_is_left():
    """Of nine seconds each of three has three; what the first does not need is the others'."""
    clock = [0.0]
    deadline = Deadline(9.0, lambda: clock[0])
    assert [passed(deadline, clock, 10, network, 3) for network in (1, 2, 3)] == [3, 3, 3]
    clock = [0.0]
    assert [passed(Deadline(9.0, lambda: clock[0]), clock, n, at, 3) for at, n in ((1, 1), (2, 10), (3, 10))] == [
        1,
        4,
        4,
    ]


def test_a_fit_within_a_budget_is_ended_and_says_so(data, small):
    """After one epoch of each network, and the model has no callback of ours in the end."""
    small.set_params(skip=False)  # a line alone would do, and nothing would be trained
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        warnings.simplefilter("always", InterruptedWarning)
        with (
            pytest.warns(InterruptedWarning, match=r"budget of 0\.1 s was too short .* after 1 epochs, and the best"),
            within(small, 0.1, time.perf_counter() - SLACK),
        ):
            small.fit(*data)
    assert len(small.history_.epochs) == 1
    assert small.callbacks == ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        warnings.simplefilter("error", InterruptedWarning)
        for budget in (None, 1000.0):
            with within(small, budget, time.perf_counter()):
                small.fit(*data)
            assert len(small.history_.epochs) == 4
