"""One pass through a module, written down."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from unflat.diagnosis.subjects.torch_trace import Packed, copied, first_tensor, traced


def _hooks(module):
    return [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules()]


@pytest.mark.parametrize("fails", [False, True])
def test_hooks_are_gone_when_the_pass_is_over(fails):
    """No hook and no function mode is left, also when the pass ended in an error."""
    module = nn.Sequential(nn.Linear(2, 2))
    try:
        with traced({"0": module[0]}, keep=True) as trace:
            module(torch.ones(1, 3 if fails else 2))
    except RuntimeError:
        assert fails
    assert _hooks(module) == [0, 0]
    torch.tanh(module(torch.ones(1, 2)))
    assert len(trace.calls) == (0 if fails else 1)


def test_calls_by_keyword_are_seen():
    """A layer that is given its input by name has read it."""
    layer = nn.Linear(2, 1)
    with traced({"dense": layer}, keep=True) as trace:
        layer(input=torch.full((1, 2), 3.0))
    assert torch.equal(first_tensor(trace.calls[0].read), torch.full((1, 2), 3.0))


def test_without_values_shapes_alone_are_kept():
    """A trace that is made for the order holds no data."""
    layer = nn.Linear(2, 1)
    with traced({"dense": layer}, keep=False) as trace:
        torch.relu(layer(torch.ones(4, 2)))
    assert [(call.name, call.function, call.gave.shape) for call in trace.calls] == [
        ("dense", None, (4, 1)),
        ("dense.relu", "relu", (4, 1)),
    ]
    assert all(call.gave.is_meta for call in trace.calls)


def test_copies_are_independent_and_packed_sequences_padded():
    """A later change of the original does not reach the copy; a packed sequence becomes a rectangle."""
    original = torch.zeros(2)
    copy = copied((original, [original], 3))
    original.add_(1)
    assert copy[0].tolist() == copy[1][0].tolist() == [0, 0]
    assert copy[2] == 3
    packed = copied(pack_sequence([torch.ones(3, 1), torch.ones(1, 1)]))
    assert isinstance(packed, Packed)
    assert packed.values.shape == (2, 3, 1)
    assert packed.lengths.tolist() == [3, 1]


def test_the_first_tensor_of_what_a_layer_gives():
    """It is found in nested tuples, and absent where there is none."""
    tensor = torch.ones(1)
    assert first_tensor(((None, tensor), torch.zeros(1))) is tensor
    assert first_tensor(("text", None)) is None
    assert first_tensor({"loss": None, "pred": tensor}) is tensor
    assert first_tensor({"state": tensor, "pred": tensor}) is None  # nothing says which
    assert first_tensor(pack_sequence([torch.ones(3, 1)])).shape == (1, 3, 1)
