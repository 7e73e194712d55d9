from functools import partial

import numpy as np
import polars as pl
import torch

from unflat.dataset import as_dataset
from unflat.intervals.held_out import FOLDS, cross_chosen, folds_of
from unflat.losses import Loss
from unflat.moderation import share_of_way
from unflat.windows import make_windows


def test_each_fold_is_judged_by_the_epoch_that_the_others_choose():
    """Two epochs, one good for fold 0 alone: there the other folds choose the worse one, as for a sequence to come."""
    good_here, good_elsewhere = torch.full((10, 1), 2.0), torch.full((10, 1), 1.0)
    good_here[::5] = 0.1  # the sequences of fold 0
    good_elsewhere[::5] = 3.0
    folds = np.arange(10) % FOLDS
    taken = cross_chosen([good_here, good_elsewhere], folds, Loss("mae"), None)[:, 0]
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
    assert cross_chosen([first, second], folds, Loss("mse"), None)[1] == 1.0
    assert cross_chosen([first, second], folds, Loss("mse"), weights)[1] == 2.0


def test_an_epoch_without_finite_errors_is_not_chosen():
    """The last epoch of a training that diverged is left out."""
    errors = [torch.ones(10, 1), torch.full((10, 1), torch.nan)]
    assert (cross_chosen(errors, np.arange(10) % FOLDS, Loss("mse"), None) == 1).all()


def test_a_single_fold_is_judged_by_itself():
    """With one group held out there is nobody else to ask."""
    errors = [torch.full((4, 1), 2.0), torch.ones(4, 1)]
    assert (cross_chosen(errors, np.zeros(4, dtype=np.int64), Loss("mae"), None) == 1).all()


def test_folds_keep_groups_together_and_windows_in_blocks():
    """Others are dealt in turn, so that an order in the data does no harm."""
    X, y = np.zeros((20, 3)), np.arange(20.0)
    assert folds_of(as_dataset(X, y))[:6].tolist() == [0, 1, 2, 3, 4, 0]
    groups = np.repeat(["c", "a", "b", "d"], 5)
    assert folds_of(as_dataset(X, y, groups=groups)).reshape(4, 5).tolist() == [[2] * 5, [0] * 5, [1] * 5, [3] * 5]
    assert folds_of(as_dataset(X, y, groups=np.repeat("a", 20)))[:6].tolist() == [0, 1, 2, 3, 4, 0]
    windows = make_windows(pl.DataFrame({"load": np.arange(22.0)}), target="load", length=2)
    assert np.all(np.diff(folds_of(as_dataset(windows))) >= 0)
    cut_by_hand = np.lib.stride_tricks.sliding_window_view(np.random.default_rng(0).normal(size=24), 5)
    assert np.all(np.diff(folds_of(as_dataset(cut_by_hand, y))) >= 0)


def test_moderation_is_settled_by_the_others_too():
    """Each fold's errors lie as far from the line's as the rest of the sequences vouch for."""
    random = np.random.default_rng(0)
    line, trained = torch.from_numpy(random.normal(size=(2, 60, 1)))
    trained = 0.4 * line + 0.5 * trained
    folds = np.arange(60) % FOLDS
    taken = cross_chosen([line, trained], folds, Loss("mse"), None, partial(share_of_way, apart=1))
    for fold in range(FOLDS):
        own, others = folds == fold, torch.from_numpy(folds != fold)
        share = share_of_way(line[others], trained[others], None, 1).vouched_for
        assert 0 < share < 1
        np.testing.assert_allclose(taken[own], torch.lerp(line, trained, share).numpy()[own])
