"""The linear skip: what it reads of a sequence, and how it is set."""

import numpy as np
import pytest
import torch

from unflat.network.line import Line
from unflat.network.skip import LinearSkip, summary


def test_summary_is_the_last_and_the_mean_step():
    """Two sequences of unequal length are summed up as worked out by hand, padding left out."""
    x = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]], [[5.0, 50.0], [7.0, 90.0], [1e9, -1e9]]])
    assert summary(x, torch.tensor([3, 2])).tolist() == [[8.0, 20.0, 4.0, 20.0], [7.0, 90.0, 6.0, 70.0]]
    assert summary(x[:1], None).tolist() == [[8.0, 20.0, 4.0, 20.0]]


def test_summary_goes_back_from_the_last_step_and_stays_at_the_first():
    """Three steps back: the latest first, and the first step for those that a short sequence does not have."""
    x = torch.tensor([[[1.0], [2.0], [6.0]], [[5.0], [7.0], [1e9]], [[4.0], [-1e9], [-1e9]]])
    read = summary(x, torch.tensor([3, 2, 1]), lags=3)
    assert read.tolist() == [[6.0, 3.0, 2.0, 1.0, 1.0], [7.0, 6.0, 5.0, 5.0, 5.0], [4.0, 4.0, 4.0, 4.0, 4.0]]
    assert summary(x[:1], None, lags=3).tolist() == read[:1].tolist()


def test_context_comes_last():
    """What stands beside a sequence follows its steps."""
    x = torch.arange(6.0).reshape(1, 3, 2)
    assert summary(x, None, torch.tensor([[9.0, 8.0]]), 1).tolist() == [[4.0, 5.0, 2.0, 3.0, 2.0, 3.0, 9.0, 8.0]]


def test_skip_starts_at_zero():
    """Before it is fitted the skip adds nothing."""
    assert LinearSkip(3, 2, lags=2)(torch.ones(4, 5, 3), None).tolist() == [[0.0, 0.0]] * 4


def test_skip_started_at_a_line_predicts_it():
    """Two outputs of one feature and one step before the last are worked out by hand."""
    skip = LinearSkip(1, 2, lags=1)
    skip.start_at(Line(1, np.array([[1.0, 10.0, 100.0], [0.0, 0.0, -1.0]]), np.array([0.5, 0.25])))
    # Last 4, mean 3, before the last 2.
    assert skip(torch.tensor([[[3.0], [2.0], [4.0]]]), None).tolist() == [[234.5, -1.75]]


@pytest.mark.parametrize(("lags", "trained"), [(0, True), (3, False)])
def test_only_a_line_of_few_columns_is_trained(lags, trained):
    """A skip of the last and the mean step moves in training; one that reads steps before them is held."""
    skip = LinearSkip(2, 1, lags=lags)
    assert [p.requires_grad for p in skip.parameters()] == [trained, trained]
    assert all(p.grad is None for p in skip.parameters())
