"""From prepared networks to trained ones, on parts of their own."""

import numpy as np
import pytest
import torch

import unflat.fitting.learning
from unflat.config import NetworkConfig, ScalingConfig, TrainingConfig
from unflat.dataset import as_dataset
from unflat.fitting.learning import learn
from unflat.fitting.preparing import prepare
from unflat.intervals.held_out import describe, errors_of
from unflat.network import predict_all
from unflat.parting import Parting, parted
from unflat.parting.moderation import Settled
from unflat.training.callbacks import Callback
from unflat.training.loop import Conduct

RANDOM = np.random.RandomState
CONFIG = TrainingConfig(epochs=4, batch_size=16, learning_rate=0.05)


def of_series(target, series=12, each=10):
    """Make few series of sequences, with a target that is a function of their steps."""
    X = np.random.default_rng(0).normal(size=(series * each, 5, 2))
    return as_dataset(X, target(X), groups=np.repeat(np.arange(series), each))


def prepared(parting, seed=0):
    """Make a predictor before its first step."""
    network = NetworkConfig(units=(4,))
    return prepare(parting, network, ScalingConfig(), torch.Generator().manual_seed(seed)).predictor


def learned(predictor, parting, **given):
    """Train its networks for a moment."""
    return learn(predictor, parting, CONFIG, Conduct(torch.Generator().manual_seed(1), **given))


def settled_at(of_free, share):
    """Settle one output, without a line that picks."""
    return Settled(*torch.tensor([[of_free], [share], [0.0]], dtype=torch.float64))


def curved(X):
    """Take what a line knows a part of."""
    return X[:, -1, 0] + np.abs(X[:, -1, 1])


def test_networks_of_few_series_are_of_two_kinds():
    """Five begin at the lines of their parts, and five without any, with a head of their own each."""
    parting = parted(of_series(curved), None, "auto", RANDOM(0), "auto", free=True)
    predictor = prepared(parting)
    members = predictor.network.members
    assert [part.members for part in parting.parts] == [(i, 5 + i) for i in range(5)]
    assert [bool(member.head.weight.any()) for member in members] == [False] * 5 + [True] * 5
    assert [bool(member.skip.map.weight.any()) for member in members] == [True] * 5 + [False] * 5
    assert len({member.head.weight.detach().numpy().tobytes() for member in members[5:]}) == 5


class Turns(Callback):
    """Notes which network each training is of."""

    def __init__(self):
        self.seen = []

    def on_start(self, plan):
        self.seen.append((plan.network, plan.networks))


def test_who_looks_on_knows_which_network_is_trained():
    """The networks of one fit are counted, and how many there are to be is known from the first one on."""
    parting = parted(of_series(curved), None, "auto", RANDOM(0), "auto", free=True)
    turns = Turns()
    learned(prepared(parting), parting, callbacks=[turns])
    assert turns.seen == [(network, 10) for network in range(1, 11)]


def test_sequences_that_are_no_series_have_networks_of_one_kind():
    """Without series to hold out, all five begin at a line; and so they do where a line is not to be left."""
    data = of_series(curved)
    alone = as_dataset(data.sequences.dense(), data.y[:, 0])
    for given, free in ((alone, True), (data, False)):
        parting = parted(given, None, "auto", RANDOM(0), "auto", free=free)
        assert [part.members for part in parting.parts] == [(i,) for i in range(5)]


def test_each_part_is_predicted_by_what_was_settled(monkeypatch):
    """The mean of a part's networks errs on what they hold out as their line, and both kinds of them, weighted, do."""
    seen = []

    def settle(moves, *_, **__):
        seen.extend(moves)
        return settled_at(0.4, 0.7)

    monkeypatch.setattr(unflat.fitting.learning, "settle", settle)
    parting = parted(of_series(curved), None, "auto", RANDOM(0), "auto", free=True)
    predictor = prepared(parting)
    assert len(learned(predictor, parting)) == 10
    for part, move in zip(parting.parts, seen, strict=True):
        own = predictor.only(part.members)
        errors = errors_of(own, part.held_out, describe(own, part.held_out.sequences))
        np.testing.assert_allclose(errors, settled_at(0.4, 0.7).errors(move).numpy(), atol=1e-5)


@pytest.mark.parametrize(("of_free", "kept"), [(0.0, 5), (0.3, 10), (1.0, 10)])
def test_networks_that_add_nothing_are_let_go_and_leave_the_others_as_they_are(monkeypatch, of_free, kept):
    """Whoever is kept, the prediction is the mean over parts of what was settled for each."""
    parts = []

    def settle(moves, *_, **__):
        parts.extend(moves)
        return settled_at(of_free, 0.5)

    monkeypatch.setattr(unflat.fitting.learning, "settle", settle)
    parting = parted(of_series(curved), None, "auto", RANDOM(0), "auto", free=True)
    predictor = prepared(parting)
    trained = learned(predictor, parting)
    assert len(trained) == kept
    predictor.keep(len(trained))
    by_part = []
    for part, move in zip(parting.kept(kept).parts, parts, strict=True):
        own = predictor.only(part.members)
        by_part.append(predict_all(own, parting.whole.sequences))
        errors = errors_of(own, part.held_out, describe(own, part.held_out.sequences))
        np.testing.assert_allclose(errors, settled_at(of_free, 0.5).errors(move).numpy(), atol=1e-5)
    np.testing.assert_allclose(predict_all(predictor, parting.whole.sequences), np.mean(by_part, axis=0), atol=1e-5)


def test_networks_without_a_line_are_let_go_where_it_tells_all():
    """Of a straight line under noise those that begin at it are no worse: histories of the others are left out."""
    noise = np.random.default_rng(1).normal(size=120)
    parting = parted(of_series(lambda X: X[:, -1, 0] + 0.1 * noise), None, "auto", RANDOM(0), "auto", free=True)
    assert len(learned(prepared(parting), parting)) == 5


def test_where_a_line_leaves_nothing_those_without_one_are_never_trained():
    """The line is the last step to the last bit, and nobody else is asked."""
    data = of_series(lambda X: X[:, -1, 0])
    parting = Parting.alike(data.take(np.arange(90)), data.take(np.arange(90, 120)), 1, free=1)
    trained = learned(prepared(parting), parting)
    assert [one.history.stopped for one in trained] == ["exact"]


@pytest.mark.parametrize(("of_free", "kept"), [(0.0, 1), (0.4, 2)])
def test_a_network_without_a_line_counts_beside_the_one_at_it(monkeypatch, of_free, kept):
    """Their mean errs on what both hold out as what was settled of both kinds does; of no count, it is let go."""
    moves = []

    def settle(given, *_, **__):
        moves.extend(given)
        return settled_at(of_free, 0.7)

    monkeypatch.setattr(unflat.fitting.learning, "settle", settle)
    data = of_series(curved)
    parting = Parting.alike(data.take(np.arange(90)), data.take(np.arange(90, 120)), 1, free=1)
    predictor = prepared(parting)
    assert [bool(member.skip.map.weight.any()) for member in predictor.network.members] == [True, False]
    predictor.keep(len(learned(predictor, parting)))
    assert len(predictor.members) == kept
    reached = errors_of(predictor, parting.held_out, describe(predictor, parting.held_out.sequences))
    np.testing.assert_allclose(reached, settled_at(of_free, 0.7).errors(moves[0]).numpy(), atol=1e-5)


@pytest.mark.parametrize("members", [1, 3])
def test_networks_that_share_a_part_go_the_same_share_of_the_way(members):
    """What their mean errs on the part before and after settles it, and their lines are one."""
    data = of_series(curved)
    parting = Parting.alike(data.take(np.arange(90)), data.take(np.arange(90, 120)), members)
    predictor = prepared(parting)
    line = predict_all(predictor, parting.held_out.sequences)
    trained = learned(predictor, parting, keep_errors=True)
    assert len(trained) == members
    assert all(len(one.errors) == 5 for one in trained)  # before the first epoch, and after each of four
    kept = [one.errors[one.history.best_epoch] for one in trained]
    before, after = trained[0].errors[0].numpy(), torch.stack(kept).mean(dim=0).numpy()
    scale = predictor.target.scale.numpy()
    way = (predict_all(predictor, parting.held_out.sequences) - line) / scale
    shares = way / (before - after)
    assert np.ptp(shares) < 1e-3
    assert 0 <= shares.mean() <= 1 + 1e-3
