"""The public face: parameters, records, words."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch

from unflat import CollapseWarning, ConfigurationError, Watch
from unflat.watch.pace import Pace


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": 1.5}, "a number in"),
        ({"sequences": 9}, "a whole number of at least 10"),
        ({"steps": 0}, "a whole number of at least 1"),
        ({"stop": "yes"}, "True or False"),
    ],
)
def test_parameters_are_held_against_their_constraints(problem, options, said):
    """The message names the parameter."""
    with pytest.raises(ConfigurationError, match=f"'{next(iter(options))}' of Watch: expected {said}"):
        Watch(*problem(), **options)


def test_a_watch_that_saw_nothing_says_so(problem):
    """Before any training there is no record, and no cause."""
    watch = Watch(*problem())
    assert watch.records == ()
    assert (watch.failing, watch.stopped, watch.cause) == (False, False, None)
    assert str(watch) == "Watch: no training was seen yet."


def test_a_failing_training_reads_well(problem, train, collapses):
    """What, when, why, the cure, and a table of what was seen."""
    X, y = problem()
    (_, watch), _ = collapses(lambda: train(X, y * 1000 + 50_000))
    said, why, *_ = lines = str(watch).splitlines()
    assert said.startswith("Watch: The predictions cannot get to the targets any more")
    assert "away from the targets', their spread is" in said
    assert why.startswith("Likely cause: target_scale. Standardize the target")
    assert lines[3].split() == ["step", "epoch", "loss", "loss/mean's", "spread", "dead", "saturated"]
    assert len({len(line) for line in lines[3:-2]}) == 1
    assert len(lines[4:-2]) == 12
    assert lines[-1].startswith(f"{len(watch.records)} looks in ")


def test_a_healthy_training_reads_well(problem, train, collapses):
    """Nothing is said that would frighten."""
    (_, watch), _ = collapses(lambda: train(*problem(), epochs=10))
    assert str(watch).startswith("Watch: nothing that calls for a warning.")


@pytest.fixture
def hurried(monkeypatch):
    """Leave a watch no time for a look before the end."""
    monkeypatch.setattr(Pace, "affords", lambda *_: False)


def watched_loop(network, X, y, steps, **options):
    """Make some steps on all of the data under watch, without closing it."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    watch = Watch(X, y, model=network, optimizer=optimizer, loss="mse", steps=steps, **options)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(network(torch.from_numpy(X)), torch.from_numpy(y)[:, None])
        loss.backward()
        optimizer.step()
        watch.step(loss)
    return watch


@pytest.mark.usefixtures("hurried")
def test_a_training_too_short_for_its_share_is_looked_at_in_the_end(problem, net, collapses):
    """A collapse is not missed because a first look has used up the share."""
    X, y = problem()
    watch, _ = collapses(lambda: watched_loop(net(), X, y * 300 + 5000, 60))
    _, warned = collapses(watch.close)
    assert [warning.cause for warning in warned] == ["target_scale"]
    assert [record.step for record in watch.records] == [0, 60]


@pytest.mark.usefixtures("hurried")
def test_a_training_that_was_not_looked_at_is_not_called_healthy(problem, net, collapses):
    """Where only the untrained model was seen, that is said, with the way to more looks."""
    watch, _ = collapses(lambda: watched_loop(net(), *problem(), 3))
    assert str(watch).startswith(
        "Watch: too short a training for a look at it within the share of its time. Give share"
    )


def test_records_are_frozen(problem, train, collapses):
    """What was seen stays what it was."""
    (_, watch), _ = collapses(lambda: train(*problem(), epochs=2))
    with pytest.raises(FrozenInstanceError, match="step"):
        watch.records[0].step = 3


@pytest.mark.usefixtures("unhurried")
def test_several_outputs_are_judged_each_for_itself(problem, net, collapses):
    """The output that cannot be reached is named by its number."""
    X, y = problem()
    network = net()
    network.out = torch.nn.Linear(16, 2)
    optimizer = torch.optim.Adam(network.parameters())
    watch = Watch(X, np.column_stack([y, y + 1e4]), model=network, optimizer=optimizer, steps=20)
    _, warned = collapses(lambda: [watch.step() for _ in range(20)])
    assert "of output 1" in str(warned[0])
    assert len(warned[0].spread) == 2


def test_a_watch_can_be_copied(problem):
    """scikit-learn clones an estimator's callbacks by a deep copy."""
    assert copy.deepcopy(Watch(*problem())).records == ()


def test_the_warning_carries_its_figures():
    """Also to another process."""
    warning = CollapseWarning("m", step=3, epoch=1, spread=(0.1,), cause="dead_units", page="docs/causes/dead_units.md")
    again = pickle.loads(pickle.dumps(warning))  # noqa: S301 - our own bytes
    assert str(again) == "m"
    assert vars(again) == vars(warning)
