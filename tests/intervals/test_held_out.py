from functools import partial

import numpy as np
import polars as pl
import pytest
import torch

from unflat.config import NetworkConfig, ScalingConfig
from unflat.dataset import as_dataset
from unflat.fitting.preparing import prepare
from unflat.intervals.held_out import FOLDS, Judged, cross_chosen, errors_unseen, fold_numbers, worth_folding
from unflat.network import predict_all
from unflat.parting import Parting, parted
from unflat.parting.moderation import Move, settle, share_of_way
from unflat.training.losses import Loss
from unflat.windows import make_windows


def test_each_fold_is_judged_by_the_epoch_that_the_others_choose():
    """Two epochs, one good for fold 0 alone: there the other folds choose the worse one, as for a sequence to come."""
    good_here, good_elsewhere = torch.full((10, 1), 2.0), torch.full((10, 1), 1.0)
    good_here[::5] = 0.1  # the sequences of fold 0
    good_elsewhere[::5] = 3.0
    folds = np.arange(10) % FOLDS
    taken = cross_chosen([Judged([[good_here, good_elsewhere]], folds)], Loss("mae"))[:, 0]
    assert (taken[::5] == 3.0).all()
    # Fold 0's two sequences are in the company that chooses for fold 1: 2 · 0.1 + 6 · 2 against 2 · 3 + 6 · 1.
    assert (taken[folds == 1] == 1.0).all()


def test_weights_have_a_say_in_the_choice():
    """A sequence of great weight decides for the other folds."""
    first, second = torch.full((10, 1), 1.0), torch.full((10, 1), 2.0)
    first[0], second[0] = 3.0, 0.5
    weights = np.ones(10)
    weights[0] = 1000.0
    folds = np.arange(10) % FOLDS
    assert cross_chosen([Judged([[first, second]], folds)], Loss("mse"))[1] == 1.0
    assert cross_chosen([Judged([[first, second]], folds, weights)], Loss("mse"))[1] == 2.0


def test_an_epoch_without_finite_errors_is_not_chosen():
    """The last epoch of a training that diverged is left out."""
    errors = [torch.ones(10, 1), torch.full((10, 1), torch.nan)]
    assert (cross_chosen([Judged([errors], np.arange(10) % FOLDS)], Loss("mse")) == 1).all()


def test_a_single_fold_is_judged_by_itself():
    """With one group held out there is nobody else to ask."""
    errors = [torch.full((4, 1), 2.0), torch.ones(4, 1)]
    assert (cross_chosen([Judged([errors], np.zeros(4, dtype=np.int64))], Loss("mae")) == 1).all()


def test_folds_keep_groups_together_and_windows_in_blocks():
    """Others are dealt in turn, so that an order in the data does no harm."""
    X, y = np.zeros((20, 3)), np.arange(20.0)
    assert fold_numbers(as_dataset(X, y))[:6].tolist() == [0, 1, 2, 3, 4, 0]
    groups = np.repeat(["c", "a", "b", "d"], 5)
    assert fold_numbers(as_dataset(X, y, groups=groups)).reshape(4, 5).tolist() == [[2] * 5, [0] * 5, [1] * 5, [3] * 5]
    assert fold_numbers(as_dataset(X, y, groups=np.repeat("a", 20)))[:6].tolist() == [0, 1, 2, 3, 4, 0]
    windows = make_windows(pl.DataFrame({"load": np.arange(22.0)}), target="load", length=2)
    assert np.all(np.diff(fold_numbers(as_dataset(windows))) >= 0)
    cut_by_hand = np.lib.stride_tricks.sliding_window_view(np.random.default_rng(0).normal(size=24), 5)
    assert np.all(np.diff(fold_numbers(as_dataset(cut_by_hand, y))) >= 0)


def test_moderation_is_settled_by_the_others_too():
    """Each fold's errors lie as far from the line's as the rest of the sequences vouch for."""
    random = np.random.default_rng(0)
    line, trained = torch.from_numpy(random.normal(size=(2, 60, 1)))
    trained = 0.4 * line + 0.5 * trained
    folds = np.arange(60) % FOLDS
    taken = cross_chosen([Judged([[line, trained]], folds)], Loss("mse"), partial(settle, apart=1))
    for fold in range(FOLDS):
        own, others = folds == fold, torch.from_numpy(folds != fold)
        share = share_of_way(line[others], trained[others], None, 1).vouched_for
        assert 0 < share < 1
        np.testing.assert_allclose(taken[own], torch.lerp(line, trained, share).numpy()[own])


def test_networks_of_all_parts_and_both_kinds_are_settled_together():
    """Of two parts with a network of each kind, the others of both parts settle what a fold's errors are."""
    random = np.random.default_rng(0)
    line, trained, free = (
        torch.from_numpy(random.normal(size=(3, 60, 1))) * torch.tensor([1.0, 0.6, 0.5])[:, None, None]
    )
    folds, cuts = np.arange(60) % FOLDS, [slice(0, 25), slice(25, 60)]
    worse = free + 9.0  # an epoch that nobody chooses
    parts = [Judged([[line[c], trained[c]]], folds[c], None, [[worse[c], free[c]]]) for c in cuts]
    taken = cross_chosen(parts, Loss("mse"), partial(settle, apart=1))
    for fold in range(FOLDS):
        others = torch.from_numpy(folds != fold)
        settled = settle([Move(line[others], trained[others], free[others], None)], apart=1)
        expected = settled.errors(Move(line, trained, free, None)).numpy()
        np.testing.assert_allclose(taken[folds == fold], expected[folds == fold])


def test_a_line_that_picks_is_settled_by_the_others_too():
    """Each fold's errors are mixed with those of that line as far as the rest vouch for it."""
    random = np.random.default_rng(0)
    line, trained, picked = torch.from_numpy(random.normal(size=(3, 60, 1)) * [[[1.0]], [[0.5]], [[0.5]]])
    trained = 0.4 * line + trained  # better than the line in every fold
    folds = np.arange(60) % FOLDS
    taken = cross_chosen([Judged([[line, trained]], folds, picked=picked)], Loss("mse"), partial(settle, apart=1))
    whole = Move(line, trained, None, None, picked)
    for fold in range(FOLDS):
        settled = settle([whole.of(torch.from_numpy(np.flatnonzero(folds != fold)))], apart=1)
        assert settled.of_picks > 0
        np.testing.assert_allclose(taken[folds == fold], settled.errors(whole).numpy()[folds == fold])


def test_errors_of_a_large_part_are_those_of_the_networks_that_hold_it_out():
    """Without errors of every epoch, each part is asked of its own networks."""
    random = np.random.default_rng(0)
    data = as_dataset(random.normal(size=(60, 4, 1)), random.normal(size=60))
    parting = parted(data, None, "auto", np.random.RandomState(0), 3)
    predictor = prepare(parting, NetworkConfig(units=(3,)), ScalingConfig(), torch.Generator().manual_seed(0)).predictor
    errors = errors_unseen(predictor, parting, [[], [], []], Loss("mse"))
    first = 0
    for place, part in enumerate(parting.parts):
        prediction = predict_all(predictor.members[place], part.held_out.sequences)
        own = (part.held_out.y - prediction) / predictor.target.scale.numpy()
        np.testing.assert_allclose(errors[first : first + len(own)], own, atol=1e-5)
        first += len(own)
    assert first == len(errors)


@pytest.mark.parametrize(("n", "worth"), [(1000, True), (1001, False)])
def test_a_large_part_is_not_folded(n, worth):
    """No sequence of it has a say in the choice that could be noticed."""
    data = as_dataset(np.zeros((n, 2, 1)), np.arange(float(n)))
    assert worth_folding(Parting.alike(data, data)) == worth
    assert not worth_folding(Parting.alike(data))
