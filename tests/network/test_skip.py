"""The linear skip against scikit-learn's ridge regression."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from unflat.network.skip import LinearSkip, largest_as_good, summary

PENALTIES = 10.0 ** np.arange(-4, 5)


def test_summary_is_the_last_and_the_mean_step():
    """Two sequences of unequal length are summed up as worked out by hand, padding left out."""
    x = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]], [[5.0, 50.0], [7.0, 90.0], [1e9, -1e9]]])
    assert summary(x, torch.tensor([3, 2])).tolist() == [[8.0, 20.0, 4.0, 20.0], [7.0, 90.0, 6.0, 70.0]]
    assert summary(x[:1], None).tolist() == [[8.0, 20.0, 4.0, 20.0]]


def test_skip_starts_at_zero():
    """Before it is fitted the skip adds nothing."""
    assert LinearSkip(3, 2)(torch.ones(4, 5, 3), None).tolist() == [[0.0, 0.0]] * 4


def data(outputs, n=60, features=3, noise=0.3):
    """Make sequences whose targets lie about a plane through their last and mean step."""
    random = np.random.default_rng(7)
    x = random.normal(size=(n, 5, features))
    summaries = np.concatenate([x[:, -1], x.mean(axis=1)], axis=1)
    y = summaries @ random.normal(size=(2 * features, outputs)) + 4 + noise * random.normal(size=(n, outputs))
    return x, summaries, y, random.uniform(0, 3, size=n)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("noise", [1e-6, 0.3, 3.0, 1e4])
def test_skip_started_at_ridge_predicts_what_ridge_does(outputs, noise):
    """The map equals scikit-learn's ridge with the largest penalty as good as the best, each sequence left out once."""
    x, summaries, y, _ = data(outputs, noise=noise)
    skip = LinearSkip(3, outputs).double()
    skip.start_at_ridge(summaries, y, None)
    left_out = [cross_val_predict(Ridge(penalty), summaries, y, cv=LeaveOneOut()) for penalty in PENALTIES]
    errors = ((np.reshape(left_out, (9, 60, outputs)) - y) ** 2).mean(axis=2)
    above = errors - errors[errors.mean(axis=1).argmin()]
    penalty = max(p for p, a in zip(PENALTIES, above, strict=True) if a.mean() <= 0.5 * a.std() / 60**0.5)
    expected = Ridge(penalty).fit(summaries, y).predict(summaries)
    predicted = skip(torch.from_numpy(x), None).detach().numpy()
    np.testing.assert_allclose(predicted, expected.reshape(-1, outputs), rtol=1e-9)


@pytest.mark.parametrize("outputs", [1, 3])
def test_weights_reach_the_ridge(outputs):
    """The map is one of scikit-learn's weighted ridges."""
    x, summaries, y, weights = data(outputs)
    skip = LinearSkip(3, outputs).double()
    skip.start_at_ridge(summaries, y, weights)
    predicted = skip(torch.from_numpy(x), None).detach().numpy()
    fits = [Ridge(penalty).fit(summaries, y, sample_weight=weights).predict(summaries) for penalty in PENALTIES]
    assert any(np.allclose(predicted, fit.reshape(-1, outputs), rtol=1e-9) for fit in fits)


def test_largest_as_good_is_within_half_an_error_of_the_best():
    """Of four sequences: the second choice is best, the third not clearly worse, the fourth clearly so."""
    best = np.array([1.0, 2.0, 3.0, 4.0])
    not_clearly = best + np.array(
        [2.0, -1.0, -1.0, 1.0]
    )  # on average 0.25 above, with a deviation of 1.3: an error of 0.65
    clearly = best + np.array([0.9, 1.1, 1.0, 1.0])
    assert largest_as_good(np.column_stack([best + 1, best, not_clearly, clearly])) == 2
    assert largest_as_good(np.column_stack([best, clearly])) == 0
    assert largest_as_good(np.column_stack([best, best])) == 1


def test_chance_does_not_choose_a_wild_line():
    """Of few overlapping windows and unrelated targets, no line is steeper than that of the least error."""
    random = np.random.default_rng(2)
    steep, least = [], []
    for _ in range(20):
        series = np.cumsum(random.normal(size=(60, 12)), axis=0)
        windows = torch.from_numpy(np.stack([series[i : i + 25] for i in range(33)]) / series.std(axis=0))
        summaries, y = summary(windows, None).numpy(), random.normal(size=(33, 1))
        skip = LinearSkip(12, 1).double()
        skip.start_at_ridge(summaries, y, None)
        steep.append(float(skip.map.weight.detach().norm()))
        least.append(float(np.linalg.norm(RidgeCV(PENALTIES).fit(summaries, y).coef_)))
    assert all(one <= other * (1 + 1e-9) for one, other in zip(steep, least, strict=True))
    assert np.mean(steep) < 0.8 * np.mean(least)


def test_weights_of_the_ridge_matter():
    """Sequences of weight zero do not pull at the line."""
    _, summaries, y, _ = data(1)
    weights = np.r_[np.ones(30), np.zeros(30)]
    skip, half = LinearSkip(3, 1).double(), LinearSkip(3, 1).double()
    y[30:] += 1000
    skip.start_at_ridge(summaries, y, weights)
    half.start_at_ridge(summaries[:30], y[:30], None)
    torch.testing.assert_close(skip.map.weight, half.map.weight, rtol=0.02, atol=0.02)


def test_exact_line_is_found_and_goes_on():
    """A target that is the last step comes out so, far outside of the training range too."""
    x = torch.arange(40.0, dtype=torch.float64).reshape(40, 1, 1).expand(40, 4, 1) / 40
    skip = LinearSkip(1, 1).double()
    skip.start_at_ridge(summary(x, None).numpy(), x[:, -1].numpy(), None)
    beyond = torch.full((1, 4, 1), 10.0, dtype=torch.float64)
    assert float(skip(beyond, None).detach()) == pytest.approx(10.0, rel=1e-3)


def test_skip_can_still_be_trained():
    """Starting at the ridge leaves no gradient behind and the map trainable."""
    _, summaries, y, _ = data(1)
    skip = LinearSkip(3, 1)
    skip.start_at_ridge(summaries, y, None)
    assert all(p.requires_grad and p.grad is None for p in skip.parameters())
