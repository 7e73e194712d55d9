"""Poolings over time against closed forms."""

import itertools

import numpy as np
import pytest
import torch

from unflat.network.readout import Attention, ReadOut

STATES = torch.tensor([[[1.0, 8.0], [4.0, 2.0], [1.0, 5.0]], [[-2.0, -1.0], [-4.0, -3.0], [99.0, 99.0]]])
FINAL = torch.tensor([[70.0, 71.0], [72.0, 73.0]])
LENGTHS = torch.tensor([3, 2])
POOLED = {
    "last": [[70.0, 71.0], [72.0, 73.0]],
    "mean": [[2.0, 5.0], [-3.0, -2.0]],
    "max": [[4.0, 8.0], [-2.0, -1.0]],
}


def make(*poolings, width=2):
    """Make a read-out."""
    return ReadOut(poolings, width, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("poolings", [p for n in (1, 2, 3) for p in itertools.permutations(POOLED, n)])
def test_poolings_stand_side_by_side_in_order(poolings):
    """Each choice and order of last, mean and max gives the hand-worked columns in that order."""
    readout = make(*poolings)
    expected = np.concatenate([POOLED[pooling] for pooling in poolings], axis=1)
    assert readout.width == expected.shape[1]
    assert readout.attention is None
    assert readout(STATES, FINAL, LENGTHS).tolist() == expected.tolist()


def test_no_lengths_mean_every_step():
    """Without lengths the mean and the maximum go over all steps."""
    assert make("mean", "max")(STATES, FINAL, None)[1].tolist() == [31.0, pytest.approx(95 / 3), 99.0, 99.0]


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_attention_is_its_equation(lengths, make_distinct):
    """Attention equals softmax(u · tanh(W h + b)) over the valid steps, written out in NumPy."""
    attention = make_distinct(Attention(2, torch.Generator()))
    W, b = attention.project.weight.detach().numpy(), attention.project.bias.detach().numpy()
    u = attention.context.weight.detach().numpy()[0]
    attended = attention(STATES.double(), lengths).detach().numpy()
    for row, states in enumerate(STATES.double().numpy()):
        valid = states[: 3 if lengths is None else int(lengths[row])]
        weight = np.exp([u @ np.tanh(W @ h + b) for h in valid])
        np.testing.assert_allclose(attended[row], weight @ valid / weight.sum(), rtol=1e-12)


def test_attention_to_equal_states_is_that_state():
    """Where all states are the same there is nothing to choose: attention gives that state."""
    states = torch.tensor([3.0, -2.0]).expand(1, 6, 2)
    assert make("attention")(states, FINAL[:1], None)[0].tolist() == pytest.approx([3.0, -2.0])


def test_attention_can_point_at_one_step():
    """A context that values one state far above the others gives that state."""
    attention = Attention(2, torch.Generator())
    with torch.no_grad():
        attention.project.weight.copy_(torch.eye(2))
        attention.context.weight.copy_(torch.tensor([[200.0, 0.0]]))
    states = torch.tensor([[[0.1, 5.0], [0.9, 6.0], [-0.5, 7.0]]])
    assert attention(states, None)[0].tolist() == pytest.approx([0.9, 6.0])


def test_attention_beside_others_keeps_its_place():
    """Attention between the mean and the last state stands between them."""
    readout = make("mean", "attention", "last")
    pooled = readout(STATES, FINAL, LENGTHS)
    torch.testing.assert_close(pooled[:, 2:4], readout.attention(STATES, LENGTHS))
    assert pooled[:, :2].tolist() == POOLED["mean"]
    assert pooled[:, 4:].tolist() == POOLED["last"]


def test_weights_of_attention_come_from_the_given_generator_alone(global_states):
    """Equal seeds give equal weights, another seed others, and no global generator is drawn from."""
    before = global_states()
    first, again, other = (Attention(3, torch.Generator().manual_seed(s)).project.weight for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert global_states() == before
