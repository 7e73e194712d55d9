"""The linear skip against scikit-learn's ridge regression."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeCV

from unflat.network.skip import LinearSkip, summary

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
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("noise", [1e-6, 0.3, 1e4])
def test_skip_started_at_ridge_predicts_what_ridge_does(outputs, weighted, noise):
    """The map equals RidgeCV on the same summaries, whichever penalty that takes and with weights or without."""
    x, summaries, y, weights = data(outputs, noise=noise)
    weights = weights if weighted else None
    skip = LinearSkip(3, outputs).double()
    skip.start_at_ridge(summaries, y, weights)
    ridge = RidgeCV(PENALTIES).fit(summaries, y, sample_weight=weights)
    predicted = skip(torch.from_numpy(x), None).detach().numpy()
    np.testing.assert_allclose(predicted, ridge.predict(summaries).reshape(-1, outputs), rtol=1e-9)


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
