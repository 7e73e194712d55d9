"""The progress bar: what it shows on a terminal, and that it shows nothing elsewhere."""

import io
import re

import pytest
from rich.console import Console

from unflat.history import EpochRecord, History
from unflat.training.callbacks import Plan
from unflat.training.progress import ProgressBar, shows_progress


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """Let no variable of the machine that runs the tests decide what a terminal is."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


PLAN = Plan(epochs=3, steps=4, sequences=50)


def shown_after(*calls, terminal=True, plan=PLAN):
    """Make a bar for 3 epochs of 4 steps, call it, and give what was drawn last before it was taken away."""
    out = io.StringIO()
    bar = ProgressBar(Console(file=out, force_terminal=terminal, width=120))
    bar.on_start(plan)
    for name, *arguments in calls:
        getattr(bar, name)(*arguments)
    before = len(out.getvalue())
    bar.on_end(History())
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()[before:])
    return text.strip("\r\n").rpartition("\r")[-1]


STEPS = [("on_step", step, 4e-3) for step in range(1, 7)]
EPOCH = ("on_epoch", EpochRecord(1, 0.1234567, 0.25, 2e-3, 1.0, 0.1))


def test_bar_shows_epoch_rate_and_losses_on_a_terminal():
    """After an epoch the line holds its number, how many there are, the rate and both losses."""
    line = shown_after(*STEPS[:4], EPOCH)
    assert re.search(r"epoch 1/3 .*rate 2\.0e-03  loss 0\.1235  validation 0\.25", line)


def test_bar_says_which_network_it_is_of():
    """Of several networks, trained one after the other, the line says which one this is."""
    assert "network 2/5, epoch 0/3" in shown_after(plan=Plan(3, 4, 50, network=2, networks=5))
    assert "network" not in shown_after()


def test_bar_leaves_out_a_validation_that_there_is_not():
    """Without a validation part there is only the training loss."""
    line = shown_after(("on_epoch", EpochRecord(2, 1.5, None, 1e-3, 1.0, 0.1)))
    assert "epoch 2/3" in line
    assert "loss 1.5" in line
    assert "validation" not in line


def test_bar_shows_the_rate_before_the_first_epoch_ends():
    """From the first step on the rate is there; the loss comes with the first epoch."""
    line = shown_after(STEPS[0])
    assert "rate 4.0e-03" in line
    assert "loss" not in line


def test_bar_keeps_the_losses_while_the_next_epoch_runs():
    """Steps after an epoch move the rate and leave the losses standing."""
    line = shown_after(*STEPS[:4], EPOCH, *STEPS[4:])
    assert "rate 4.0e-03  loss 0.1235  validation 0.25" in line


@pytest.mark.parametrize(("steps", "cells"), [(1, 3), (2, 6), (6, 20)])
def test_bar_moves_within_an_epoch(steps, cells):
    """Of 40 cells for 3 epochs of 4 steps, each step fills its share before the bar's tip."""
    line = shown_after(*STEPS[:steps])
    assert re.search("[╸╺]", line).start() - line.index("━") == cells


def test_bar_tells_the_time_left():
    """Before the first step the time left is not known; after two it is estimated."""
    assert re.search(r"-:--:--$", shown_after())
    assert re.search(r"\d:\d\d:\d\d$", shown_after(*STEPS[:2]))


def test_the_time_left_is_that_of_all_networks():
    """At the start of the fourth of five networks three fifths are filled; the two left take as long as they go on."""
    now = 0.0
    bar = ProgressBar(Console(file=io.StringIO(), force_terminal=True, width=120, get_time=lambda: now))
    bar.on_start(Plan(3, 4, 50, network=4, networks=5))
    (task,) = bar._progress.tasks
    assert (task.completed, task.total) == (9, 15)
    for step in (1, 2, 3, 4):
        now += 2.0
        bar.on_step(step, 1e-3)
    assert task.time_remaining == pytest.approx(5 * 4 * 2, abs=1)
    bar.on_end(History())


def test_bar_is_taken_away_at_the_end():
    """The last thing written clears the line and shows the cursor again."""
    out = io.StringIO()
    bar = ProgressBar(Console(file=out, force_terminal=True, width=100))
    bar.on_start(Plan(3, 4, 50))
    bar.on_end(History())
    assert out.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K")


@pytest.mark.parametrize("console", [Console(file=io.StringIO(), force_terminal=False), None])
def test_nothing_is_written_where_there_is_no_terminal(console, capsys):
    """Into a file or a pipe goes nothing at all, not even an empty line, on either stream."""
    bar = ProgressBar(console)
    bar.on_start(Plan(3, 4, 50))
    for name, *arguments in [*STEPS, EPOCH]:
        getattr(bar, name)(*arguments)
    bar.on_end(History())
    assert (console.file.getvalue() if console else "") == ""
    assert capsys.readouterr() == ("", "")


def test_one_bar_serves_several_trainings():
    """A second training draws anew, without the losses of the first."""
    out = io.StringIO()
    bar = ProgressBar(Console(file=out, force_terminal=True, width=120))
    for _ in range(2):
        out.truncate(0)
        bar.on_start(Plan(3, 4, 50))
        bar.on_step(1, 1e-3)
        first_figures = bar._progress.tasks[0].fields["figures"]
        getattr(bar, EPOCH[0])(EPOCH[1])
        bar.on_end(History())
        assert first_figures == "rate 1.0e-03"


@pytest.mark.parametrize("choice", [True, False])
def test_a_plain_choice_is_followed(choice):
    """True and False decide for themselves."""
    assert shows_progress(choice) is choice


def test_auto_asks_whether_standard_error_is_a_terminal(monkeypatch):
    """Left to itself progress is shown where standard error is a terminal, and only there."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert shows_progress("auto") is False
    monkeypatch.setattr("sys.stderr", Terminal())
    assert shows_progress("auto") is True
