"""The whole network against its equations written out in NumPy, and its independence of padding and of batches."""

import itertools

import numpy as np
import pytest
import torch

from unflat.config import NetworkConfig
from unflat.network import Network
from unflat.network.lines.line import Line
from unflat.network.terms import Terms

POOLINGS = ("last", "mean", "max", "attention")
READOUTS = [*((pooling,) for pooling in POOLINGS), ("attention", "max", "last", "mean")]
CONFIGS = [
    NetworkConfig(cell, (4, 3), bidirectional, readout=readout, skip=skip)
    for cell, bidirectional, readout, skip in itertools.product(["lstm", "gru"], [False, True], READOUTS, [False, True])
]
LENGTHS = (4, 1, 6, 3)


def named(config):
    """Name a configuration in a test's identity."""
    directions, skip = "two-way" if config.bidirectional else "one-way", "skip" if config.skip else "no-skip"
    return "-".join([config.cell, directions, *config.readout, skip])


def make(config, *, features=2, outputs=2, seed=0):
    """Make a network."""
    return Network(config, features=features, outputs=outputs, generator=torch.Generator().manual_seed(seed))


def sequences(lengths=LENGTHS, features=2, seed=1):
    """Make sequences of these lengths."""
    random = np.random.default_rng(seed)
    return [torch.from_numpy(random.normal(size=(length, features))) for length in lengths]


def padded(parts, steps, garbage):
    """Put sequences side by side, with garbage of both signs after each one's end."""
    x = torch.full((len(parts), steps, parts[0].shape[1]), garbage, dtype=torch.float64)
    x[:, ::2] *= -1
    for row, part in enumerate(parts):
        x[row, : len(part)] = part
    return x, torch.tensor([len(part) for part in parts])


def gradients(network):
    """Copy the gradients of all trained parameters."""
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.requires_grad}


def written_out(config, weights, sequence, recur):
    """Predict for one sequence by the equations, from a dictionary of arrays."""

    def below(prefix):
        return {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}

    states = sequence
    for depth in range(len(config.units)):
        layer = below(f"layers.{depth}.")
        forward, backward = (
            {name.removeprefix(prefix): w for name, w in layer.items() if name.startswith(prefix)}
            for prefix in ("forward_cell.", "backward_cell.")
        )
        directions = [recur(config.cell, forward, states)]
        if config.bidirectional:
            directions.append(recur(config.cell, backward, states[::-1])[::-1])
        states = np.concatenate(directions, axis=1)
    units = config.units[-1]
    poolings = {
        "last": np.concatenate([states[-1, :units], states[0, units:]]),
        "mean": states.mean(axis=0),
        "max": states.max(axis=0),
    }
    if "attention" in config.readout:
        attention = below("readout.attention.")
        hidden = np.tanh(states @ attention["project.weight"].T + attention["project.bias"])
        score = np.exp(hidden @ attention["context.weight"][0] + attention["context.bias"])
        poolings["attention"] = score @ states / score.sum()
    pooled = np.concatenate([poolings[pooling] for pooling in config.readout])
    prediction = weights["head.weight"] @ pooled + weights["head.bias"]
    if config.skip:
        line = np.concatenate([sequence[-1], sequence.mean(axis=0)])
        prediction = prediction + weights["skip.map.weight"] @ line + weights["skip.map.bias"]
    return prediction


@pytest.mark.parametrize("config", CONFIGS, ids=named)
def test_network_equals_its_equations(config, recur, make_distinct):
    """Every kind of network predicts what its equations, written out for each sequence alone, give."""
    network = make_distinct(make(config))
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    parts = sequences()
    x, lengths = padded(parts, 6, 0.0)
    expected = np.array([written_out(config, weights, part.numpy(), recur) for part in parts])
    np.testing.assert_allclose(network(x, lengths).detach(), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(network.float()(x.float(), lengths).detach(), expected, rtol=0, atol=3e-6)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gradients_equal_differences_of_the_equations(cell, bidirectional, recur, make_distinct):
    """The gradient of every parameter, first layer to skip, equals central differences of the equations."""
    config = NetworkConfig(cell, (3, 2), bidirectional, readout=POOLINGS)
    network = make_distinct(make(config))
    weights = {name: value.numpy().copy() for name, value in network.state_dict().items()}
    part = sequences((5,))[0]
    (network(part[None]) * torch.tensor([1.0, -2.0])).sum().backward()
    random = np.random.default_rng(8)
    for name, gradient in gradients(network).items():
        for _ in range(4):  # a few entries of each: the recurrence's own are all tested beside it
            place = tuple(int(random.integers(size)) for size in gradient.shape)
            original, sides = weights[name][place], []
            for step in (1e-5, -1e-5):
                weights[name][place] = original + step
                sides.append(written_out(config, weights, part.numpy(), recur) @ [1.0, -2.0])
            weights[name][place] = original
            assert float(gradient[place]) == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("config", CONFIGS, ids=named)
def test_padding_changes_neither_predictions_nor_gradients(config, make_distinct):
    """Among others and padded with garbage, a sequence predicts and teaches what it does alone and unpadded."""
    network = make_distinct(make(config))
    mix = torch.tensor([[1.0, 2.0], [-3.0, 0.5], [0.7, -1.0], [2.0, 1.0]], dtype=torch.float64)
    parts = sequences()
    alone = [part.clone()[None].requires_grad_() for part in parts]
    expected = torch.cat([network(part) for part in alone])
    (expected * mix).sum().backward()
    expected_gradients = gradients(network)
    for garbage in (7.0, np.inf):
        network.zero_grad()
        x, lengths = padded(parts, 9, garbage)
        predicted = network(x.requires_grad_(), lengths)
        torch.testing.assert_close(predicted, expected, rtol=0, atol=1e-12)
        (predicted * mix).sum().backward()
        for name, gradient in gradients(network).items():
            torch.testing.assert_close(gradient, expected_gradients[name], rtol=0, atol=1e-11)
        for row, part in enumerate(alone):
            torch.testing.assert_close(x.grad[row, : part.shape[1]], part.grad[0], rtol=0, atol=1e-12)
            assert not x.grad[row, part.shape[1] :].any()


def test_order_of_a_batch_is_kept(make_distinct):
    """Sequences in another order, some twice, give the same predictions in that order."""
    network = make_distinct(make(NetworkConfig(units=(3,), readout=POOLINGS)))
    x, lengths = padded(sequences(), 6, 5.0)
    order = torch.tensor([2, 0, 2, 3, 1, 1])
    torch.testing.assert_close(network(x[order], lengths[order]), network(x, lengths)[order], rtol=0, atol=1e-12)


@pytest.mark.parametrize("skip", [False, True])
def test_a_skip_lets_training_begin_at_its_line(skip):
    """With a skip the head starts at zero, so that the recurrence adds nothing yet; without one it does not."""
    network = make(NetworkConfig(units=(3,), skip=skip))
    x = sequences((5,))[0][None].float()
    if skip:
        with torch.no_grad():
            network.skip.map.bias.copy_(torch.tensor([3.0, -4.0]))
        assert network(x).tolist() == [[3.0, -4.0]]
    else:
        assert network.skip is None
        assert bool((network(x) != 0).all())


def test_weights_and_dropout_leave_global_generators_alone(global_states):
    """Making a network and training through its dropout draw from the given generator alone."""
    before = global_states()
    network = make(NetworkConfig(units=(3, 2), dropout=0.5, readout=POOLINGS))
    x, lengths = padded(sequences(), 6, 0.0)
    network(x.float(), lengths, torch.Generator().manual_seed(3)).sum().backward()
    assert global_states() == before


def test_equal_seeds_make_equal_networks():
    """Networks of equal seeds are the same to the bit, of unequal ones are not."""
    config = NetworkConfig(units=(3, 2), readout=POOLINGS, skip=False)
    first, again, other = (torch.cat([p.flatten() for p in make(config, seed=s).parameters()]) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_dropout_acts_only_where_a_generator_is_given(make_distinct):
    """Without a generator predictions repeat, in training mode and out; with one they differ by its seed alone."""
    network = make_distinct(make(NetworkConfig(units=(6, 5), dropout=0.5)))
    x, lengths = padded(sequences(), 6, 0.0)
    assert torch.equal(network.train()(x, lengths), network.eval()(x, lengths))
    first, again, other = (network(x, lengths, torch.Generator().manual_seed(seed)) for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, network(x, lengths))


def test_dropout_stands_between_layers_and_before_the_head(make_distinct):
    """One layer's inputs are all read and its three states dropped, 2³ ways; a second layer's inputs are dropped."""
    ways = []
    for units in [(3,), (4, 3)]:
        network = make_distinct(make(NetworkConfig(units=units, dropout=0.5, readout=("last",)), outputs=1))
        x = sequences((2,))[0].expand(2000, 2, 2)
        predicted = network(x, None, torch.Generator().manual_seed(6)).detach()
        ways.append(len(np.unique(predicted.numpy().round(10))))
    assert ways[0] == 8
    assert ways[1] > 100


def test_dropout_spares_the_skip(make_distinct):
    """While the head is zero, dropout changes nothing: the line goes around it."""
    network = make_distinct(make(NetworkConfig(units=(3,), dropout=0.9)))
    with torch.no_grad():
        network.head.weight.zero_()
    x, lengths = padded(sequences(), 6, 0.0)
    assert torch.equal(network(x, lengths, torch.Generator()), network(x, lengths))


def test_dropout_keeps_the_expectation_of_a_shallow_network(make_distinct):
    """Over many draws the mean prediction of one layer is that without dropout, within four standard errors."""
    network = make_distinct(make(NetworkConfig(units=(4,), dropout=0.4)))
    x = sequences((3,))[0].expand(20_000, 3, 2)
    with torch.no_grad():
        drawn = network(x, None, torch.Generator().manual_seed(7))
        error = (drawn.mean(dim=0) - network(x[:1])[0]).abs()
    assert (error < 4 * drawn.std(dim=0) / np.sqrt(len(x))).all()


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (0.0, 0.7)])
def test_moderation_moves_predictions_a_share_of_the_way(shares):
    """Each output goes from the skip that it began at to the trained network; if none goes, it is linear."""
    net = Network(NetworkConfig(units=(3,)), features=2, outputs=2, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(6, 5, 2, generator=generator)
    with torch.no_grad():
        net.skip.map.weight.normal_(generator=generator)
        start = {name: tensor.clone() for name, tensor in net.skip.map.state_dict().items()}
        before = net(x)
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
        after = net(x)
        net.moderate(torch.tensor(shares), start)
        torch.testing.assert_close(net(x), torch.lerp(before, after, torch.tensor(shares)))
    assert net.linear_outputs == tuple(share == 0.0 for share in shares)


@pytest.mark.parametrize("skip", [True, False])
def test_weighed_network_predicts_so_many_times_as_much(skip):
    """Head and skip are multiplied output by output, biases included, and nothing else is touched."""
    generator = torch.Generator().manual_seed(0)
    net = Network(NetworkConfig(units=(3,), skip=skip), features=2, outputs=2, generator=generator)
    x = torch.randn(6, 5, 2, generator=generator)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
        before, states = net.with_states(x)
        net.weigh(torch.tensor([-2.5, 0.5]))
        after, same = net.with_states(x)
    torch.testing.assert_close(after, torch.tensor([-2.5, 0.5]) * before)
    assert torch.equal(states, same)


def test_network_that_begins_without_a_line_has_a_head_of_its_own():
    """At a line the head is zero and the skip speaks; without one, weights are drawn by the generator given."""
    line = Line(Terms(), np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([5.0]))
    nets = [
        Network(NetworkConfig(units=(3,)), features=2, outputs=1, generator=torch.Generator().manual_seed(0))
        for _ in range(3)
    ]
    nets[0].start_at(line)
    for net in nets[1:]:
        net.start_at(line.silent, generator=torch.Generator().manual_seed(4))
    assert nets[0].linear_outputs == (True,)
    assert nets[0].skip.map.weight.tolist() == line.weight.tolist()
    assert nets[1].linear_outputs == (False,)
    assert [net.is_without_line for net in nets] == [False, True, True]
    assert not nets[1].skip.map.weight.any()
    assert torch.equal(nets[1].head.weight, nets[2].head.weight)
