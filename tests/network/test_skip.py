"""The skip: what it starts as, and what of it is trained."""

import numpy as np
import pytest
import torch

from unflat.network.lines.line import Line
from unflat.network.skip import LinearSkip
from unflat.network.terms import Terms, summary


def test_skip_starts_at_zero():
    """Before it is fitted the skip adds nothing."""
    assert LinearSkip(3, 2, terms=Terms(2))(torch.ones(4, 5, 3), None).tolist() == [[0.0, 0.0]] * 4


def test_skip_started_at_a_line_predicts_it():
    """Two outputs of one feature and one step before the last are worked out by hand."""
    skip = LinearSkip(1, 2, terms=Terms(1))
    skip.start_at(Line(Terms(1), np.array([[1.0, 10.0, 100.0], [0.0, 0.0, -1.0]]), np.array([0.5, 0.25])))
    # Last 4, mean 3, before the last 2.
    assert skip(torch.tensor([[[3.0], [2.0], [4.0]]]), None).tolist() == [[234.5, -1.75]]


def test_products_stay_within_the_bounds_and_steps_go_on():
    """Beyond the range of training a square stands still while the line goes on, worked out by hand."""
    skip = LinearSkip(1, 1, terms=Terms(0, products=1))
    line = Line(Terms(0, products=1), np.array([[1.0, 0.0, 10.0]]), np.array([0.0]))
    skip.start_at(line, (torch.tensor([-2.0]), torch.tensor([3.0])))
    x = torch.tensor([[[2.0]], [[3.0]], [[4.0]], [[-7.0]]])
    assert skip(x, None).flatten().tolist() == [42.0, 93.0, 94.0, 33.0]


@pytest.mark.parametrize(("weight", "straight"), [(0.0, True), (0.0011, True), (0.0012, False)])
def test_a_skip_is_straight_whose_products_add_next_to_nothing(weight, straight):
    """Of a square up to 9, a weight of .0011 adds .0099 at the most, and one of .0012 more than a hundredth."""
    skip = LinearSkip(1, 2, terms=Terms(0, products=1))
    line = Line(Terms(0, products=1), np.array([[1.0, 0.0, 0.0], [1.0, 0.0, -weight]]), np.zeros(2))
    skip.start_at(line, (torch.tensor([-2.0]), torch.tensor([3.0])))
    assert skip.is_straight is straight


@pytest.mark.parametrize("terms", [Terms(2, moments=True), Terms(products=2), Terms(1, moments=True, products=3)])
def test_no_product_is_larger_than_it_can_be(terms):
    """Of sequences whose values are within bounds, and reach them, products are as large as is said, and no larger."""
    reach = torch.tensor([0.5, 2.0, 3.0])
    x = (2 * torch.rand((500, 4, 3), generator=torch.Generator().manual_seed(0)) - 1) * reach
    x[0] = reach
    read = summary(x, None, None, terms, (-reach, reach))[:, terms.products_among(3)]
    assert torch.allclose(read.abs().amax(0), terms.most_of_products(reach))


def test_bounds_are_kept_with_the_weights():
    """A skip made anew from the numbers of another predicts the same."""
    terms = Terms(1, moments=True, products=2)
    skip, again = LinearSkip(2, 1, terms=terms), LinearSkip(2, 1, terms=terms)
    weight = np.random.default_rng(0).normal(size=(1, terms.width(2)))
    skip.start_at(Line(terms, weight, np.zeros(1)), (torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 0.5])))
    again.load_state_dict(skip.state_dict())
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(5, 4, 2))).float()
    assert torch.equal(again(x, None), skip(x, None))


@pytest.mark.parametrize(
    ("terms", "trained"),
    [(Terms(), True), (Terms(3), False), (Terms(0, moments=True), False), (Terms(0, products=1), False)],
)
def test_only_a_line_of_few_columns_is_trained(terms, trained):
    """A skip of the last and the mean step moves in training; one that reads more is held."""
    skip = LinearSkip(2, 1, terms=terms)
    assert [p.requires_grad for p in skip.parameters()] == [trained, trained]
    assert all(p.grad is None for p in skip.parameters())


@pytest.mark.parametrize("own", [Terms(), Terms(2), Terms(0, moments=True, products=1)])
@pytest.mark.parametrize("other", [Terms(first=True), Terms(1, products=3, extremes=True), Terms()])
def test_skip_beside_a_line_predicts_their_sum(own, other):
    """Whatever terms either reads, the new skip gives the old one's prediction and each output's share of the line."""
    random = np.random.default_rng(0)
    bounds = (torch.full((2,), -1.0), torch.full((2,), 1.5))
    x, beside = (torch.from_numpy(random.normal(size=shape)).float() for shape in ((6, 5, 2), (6, 3)))
    skips = [LinearSkip(2, 2, 3, terms) for terms in (own, other)]
    lines = [Line(t, random.normal(size=(2, t.width(2) + 3)), random.normal(size=2)) for t in (own, other)]
    for skip, line in zip(skips, lines, strict=True):
        skip.start_at(line, bounds)
    share = torch.tensor([0.3, 0.8])
    joined = skips[0].beside(lines[1], bounds, share)
    expected = skips[0](x, None, beside) + share * skips[1](x, None, beside)
    torch.testing.assert_close(joined(x, None, beside), expected, rtol=1e-5, atol=1e-5)
