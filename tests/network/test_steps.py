"""Operations over time against plain slices of each sequence."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.network.steps import drop, last_step, max_over_steps, mean_over_steps, reverse_steps, valid_steps

REFERENCES = {
    last_step: lambda sequence: sequence[-1],
    mean_over_steps: lambda sequence: sequence.mean(axis=0),
    max_over_steps: lambda sequence: sequence.max(axis=0),
}

batches_of_lengths = st.lists(st.integers(1, 7), min_size=1, max_size=5)


def padded(lengths, features=3, extra=2):
    """Make a batch of distinct values whose padding is larger than all of them."""
    x = np.random.default_rng(sum(lengths)).normal(size=(len(lengths), max(lengths) + extra, features))
    for row, length in enumerate(lengths):
        x[row, length:] = 1e9 + row
    return torch.from_numpy(x)


def test_valid_steps_are_those_before_each_end():
    """Lengths 2, 0 and 3 in a batch of three steps are marked as such."""
    marks = valid_steps(torch.tensor([2, 0, 3]), 3)
    assert marks.shape == (3, 3, 1)
    assert marks[..., 0].tolist() == [[True, True, False], [False, False, False], [True, True, True]]


@settings(max_examples=25, deadline=None)
@given(batches_of_lengths)
def test_each_operation_equals_numpy_on_the_unpadded_sequence(lengths):
    """The last, mean and largest step, and the reversal, are what NumPy gives for each sequence alone."""
    x, ends = padded(lengths), torch.tensor(lengths)
    backward = reverse_steps(x, ends)
    for row, length in enumerate(lengths):
        sequence = x[row, :length].numpy()
        for operation, reference in REFERENCES.items():
            np.testing.assert_allclose(operation(x, ends)[row], reference(sequence), rtol=1e-13, atol=1e-15)
        np.testing.assert_array_equal(backward[row, :length], sequence[::-1])
        np.testing.assert_array_equal(backward[row, length:], x[row, length:])


@pytest.mark.parametrize("operation", [*REFERENCES, reverse_steps])
def test_no_lengths_mean_every_step(operation):
    """Without lengths each operation gives what it gives for full lengths."""
    x = padded([4, 4, 4], extra=0)
    torch.testing.assert_close(operation(x, None), operation(x, torch.tensor([4, 4, 4])), rtol=1e-14, atol=0.0)


@settings(max_examples=25, deadline=None)
@given(batches_of_lengths)
def test_reversing_twice_changes_nothing(lengths):
    """Turning sequences around a second time brings them back, padding and all."""
    x, ends = padded(lengths), torch.tensor(lengths)
    assert torch.equal(reverse_steps(reverse_steps(x, ends), ends), x)


def test_largest_step_may_be_negative():
    """The maximum of negative steps is one of them, not the 0 that a mask would leave."""
    x = torch.tensor([[[-3.0], [-2.0], [7.0]]])
    assert max_over_steps(x, torch.tensor([2])).tolist() == [[-2.0]]


@pytest.mark.parametrize("operation", [*REFERENCES, reverse_steps])
def test_no_gradient_reaches_the_padding(operation):
    """What comes of the valid steps has a gradient with respect to them alone."""
    lengths = torch.tensor([2, 5, 1])
    x = padded([2, 5, 1]).requires_grad_()
    result = operation(x, lengths)
    (result[:, :1] if operation is reverse_steps else result).sum().backward()
    inside = valid_steps(lengths, x.shape[1]).expand_as(x)
    assert (x.grad[~inside] == 0).all()
    assert x.grad.sum() == pytest.approx(9.0)  # each of 3 x 3 results is a weighted mean of its sequence


def test_dropout_acts_only_where_randomness_is_given():
    """Without a generator, or at rate 0, the values come back as they are, and no number is drawn."""
    x, generator = torch.ones(4, 5), torch.Generator().manual_seed(1)
    before = generator.get_state()
    assert drop(x, 0.5, None) is x
    assert drop(x, 0.0, generator) is x
    assert torch.equal(generator.get_state(), before)


def test_dropout_repeats_with_its_generator():
    """Equal seeds leave out the same values, another seed others."""
    x = torch.ones(50, 7)
    first, again, other = (drop(x, 0.4, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_dropout_keeps_the_expectation(rate):
    """The share set to zero is the rate, the rest is scaled up alike, and so the mean stays within its error."""
    n, rounded = 40_000, round(rate * 65536) / 65536
    dropped = drop(torch.full((n,), 3.0, dtype=torch.float64), rate, torch.Generator().manual_seed(2))
    assert dropped.unique().tolist() == pytest.approx([0.0, 3 / (1 - rounded)], rel=1e-12)
    assert float((dropped == 0).double().mean()) == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / n))
    assert float(dropped.mean()) == pytest.approx(3.0, abs=12 * np.sqrt(rate / (1 - rate) / n))


@pytest.mark.parametrize(("rate", "share"), [(1e-6, 0.0), (1 / 65536, 1 / 65536), (1 - 1e-9, 1 - 1 / 65536)])
def test_dropout_of_hardly_any_or_nearly_all_is_rounded(rate, share):
    """Shares are multiples of 1/65536 below 1, and what is left keeps the expectation of that share."""
    n = 4_000_003
    dropped = drop(torch.ones(n, dtype=torch.float64), rate, torch.Generator().manual_seed(3))
    assert float(dropped.max()) == pytest.approx(1 / (1 - share), rel=1e-12)
    assert float((dropped == 0).double().mean()) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / n))


def test_dropout_decides_on_each_value_alone():
    """Neighbours, which share one random number, are left out together as often as chance has it."""
    n, rate = 200_000, 0.3
    kept = drop(torch.ones(n, 4), rate, torch.Generator().manual_seed(4)) > 0
    together = np.cov(kept.double().numpy(), rowvar=False)
    np.testing.assert_allclose(together, rate * (1 - rate) * np.eye(4), atol=4 * rate * (1 - rate) / np.sqrt(n))


def test_dropout_does_not_depend_on_the_order_in_memory():
    """A transposed copy of the same values loses the same ones, and keeps its order."""
    x = torch.randn(5, 6, 7, generator=torch.Generator().manual_seed(6))
    turned = x.transpose(0, 1).contiguous().transpose(0, 1)
    first, second = (drop(values, 0.5, torch.Generator().manual_seed(7)) for values in (x, turned))
    assert torch.equal(first, second)
    assert second.stride() == turned.stride()
