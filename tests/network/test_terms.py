"""What the skip reads of a sequence."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unflat.network.terms import Terms, pairs, summary

WIDE = (torch.full((2,), -1e9), torch.full((2,), 1e9))


def test_summary_is_the_last_and_the_mean_step():
    """Two sequences of unequal length are summed up as worked out by hand, padding left out."""
    x = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]], [[5.0, 50.0], [7.0, 90.0], [1e9, -1e9]]])
    assert summary(x, torch.tensor([3, 2])).tolist() == [[8.0, 20.0, 4.0, 20.0], [7.0, 90.0, 6.0, 70.0]]
    assert summary(x[:1], None).tolist() == [[8.0, 20.0, 4.0, 20.0]]


def test_summary_goes_back_from_the_last_step_and_stays_at_the_first():
    """Three steps back: the latest first, and the first step for those that a short sequence does not have."""
    x = torch.tensor([[[1.0], [2.0], [6.0]], [[5.0], [7.0], [1e9]], [[4.0], [-1e9], [-1e9]]])
    read = summary(x, torch.tensor([3, 2, 1]), terms=Terms(3))
    assert read.tolist() == [[6.0, 3.0, 2.0, 1.0, 1.0], [7.0, 6.0, 5.0, 5.0, 5.0], [4.0, 4.0, 4.0, 4.0, 4.0]]
    assert summary(x[:1], None, terms=Terms(3)).tolist() == read[:1].tolist()


def test_context_comes_last():
    """What stands beside a sequence follows its steps."""
    x = torch.arange(6.0).reshape(1, 3, 2)
    read = summary(x, None, torch.tensor([[9.0, 8.0]]), Terms(1))
    assert read.tolist() == [[4.0, 5.0, 2.0, 3.0, 2.0, 3.0, 9.0, 8.0]]


@pytest.mark.parametrize("lengths", [None, [4, 2, 1]])
def test_moments_and_products_are_those_of_each_sequence(lengths):
    """Sequence by sequence: the mean of a step's outer products, and the outer product of the latest steps."""
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    given = None if lengths is None else torch.tensor(lengths)
    read = summary(torch.from_numpy(x), given, terms=Terms(0, moments=True, products=3), bounds=WIDE).numpy()
    for place, length in enumerate(lengths or [4, 4, 4]):
        steps = x[place, :length]
        moments = np.mean([np.outer(step, step) for step in steps], axis=0)[np.triu_indices(2)]
        latest = np.concatenate([steps[max(length - back, 0)] for back in (1, 2, 3)])
        products = np.outer(latest, latest)[np.triu_indices(6)]
        np.testing.assert_allclose(read[place, 4:], np.concatenate([moments, products]), rtol=1e-12)


def test_extremes_are_those_of_each_sequence():
    """The largest value of each feature and then the smallest, padding left out, outside of any bounds."""
    x = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]], [[-5.0, 50.0], [-7.0, 90.0], [1e9, -1e9]]])
    bounds = (torch.full((2,), -1.0), torch.full((2,), 1.0))
    read = summary(x, torch.tensor([3, 2]), terms=Terms(extremes=True), bounds=bounds)
    assert read[:, 4:].tolist() == [[8.0, 30.0, 1.0, 10.0], [-5.0, 90.0, -7.0, 50.0]]
    assert summary(x[:1], None, terms=Terms(extremes=True))[:, 4:].tolist() == [[8.0, 30.0, 1.0, 10.0]]


def test_first_step_is_read_as_it_is():
    """It stands after all other columns but the context's, outside of any bounds."""
    x = torch.tensor([[[1.0, 90.0], [3.0, 30.0]], [[-5.0, 50.0], [1e9, -1e9]]])
    read = summary(x, torch.tensor([2, 1]), torch.tensor([[7.0], [8.0]]), Terms(extremes=True, first=True))
    assert read[:, 8:].tolist() == [[1.0, 90.0, 7.0], [-5.0, 50.0, 8.0]]


def test_values_enter_products_within_the_bounds():
    """What lies beyond the range enters as its end, in moments and in products, and as it is in steps."""
    bounds = (torch.tensor([-1.0]), torch.tensor([2.0]))
    read = summary(torch.tensor([[[5.0], [-3.0]]]), None, terms=Terms(0, moments=True, products=2), bounds=bounds)
    assert read.tolist() == [[-3.0, 1.0, (4 + 1) / 2, 1.0, -2.0, 4.0]]


TERMS = st.builds(Terms, st.integers(0, 5), st.booleans(), st.integers(0, 3), st.booleans(), st.booleans())


@given(TERMS, st.integers(1, 3))
def test_width_is_that_of_the_summary(terms, features):
    """A summary has as many columns as its terms say."""
    bounds = (torch.full((features,), -1.0), torch.full((features,), 1.0))
    x = torch.zeros(1, 4, features)
    assert summary(x, None, torch.zeros(1, 2), terms, bounds).shape == (1, terms.width(features) + 2)


@given(TERMS, st.integers(1, 3), st.integers(0, 2), st.data())
def test_terms_are_found_among_richer_ones(terms, features, context, data):
    """The columns that are named are those that a summary of these terms alone has."""
    richest = Terms(
        terms.lags + data.draw(st.integers(0, 2)),
        moments=terms.moments or data.draw(st.booleans()),
        products=terms.products + data.draw(st.integers(0, 2)),
        extremes=terms.extremes or data.draw(st.booleans()),
        first=terms.first or data.draw(st.booleans()),
    )
    random = np.random.default_rng(0)
    x, beside = (torch.from_numpy(random.normal(size=(2, *shape))) for shape in ((6, features), (context,)))
    bounds = (torch.full((features,), -1.0), torch.full((features,), 1.0))
    columns = terms.columns_among(richest, features, context)
    expected = summary(x, None, beside, terms, bounds)
    assert torch.equal(summary(x, None, beside, richest, bounds)[:, columns], expected)


@given(TERMS, st.integers(1, 3), st.data())
def test_the_least_terms_hold_what_is_read_and_nothing_could_be_left_out(terms, features, data):
    """Columns that are needed are among theirs, and no kind and no step of them is without one."""
    width = terms.width(features)
    needed = np.zeros(width, dtype=bool)
    needed[data.draw(st.lists(st.integers(0, width - 1), max_size=3))] = True
    least = terms.least(needed, features)
    kept = least.columns_among(terms, features, 0)
    assert set(np.flatnonzero(needed)) <= set(kept)
    beyond = [
        least._replace(lags=least.lags - 1) if least.lags else None,
        least._replace(products=least.products - 1) if least.products else None,
        *(least._replace(**{kind: False}) for kind in ("moments", "extremes", "first") if getattr(least, kind)),
    ]
    for fewer in (choice for choice in beyond if choice is not None):
        assert not set(np.flatnonzero(needed)) <= set(fewer.columns_among(terms, features, 0))


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (2, 3), (7, 28)])
def test_pairs_are_counted_with_squares(count, expected):
    """Of n numbers there are n (n + 1) / 2 products."""
    assert pairs(count) == expected
