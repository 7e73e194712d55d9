import numpy as np
import pytest
import torch
from torch import nn

from unflat.diagnosis.causes.activity import dead_units, saturated_gates
from unflat.diagnosis.subjects import Gates, Layer

Y = np.tile([-1.0, 1.0], 50)
FLAT = np.zeros(100)
RELU = (Layer("dense", "dense", 4, "relu"), Layer("head", "dense", 1, "linear"))


def test_dead_units_are_those_that_are_zero_on_all_sequences(fake):
    """Of four units three never give anything; one does for a single sequence, and is alive."""
    values = np.zeros((100, 4))
    values[7, 2] = 0.3
    cause = dead_units(fake(Y, FLAT, shown_layers=RELU, shown_activations={"dense": values}))
    assert cause.id == "dead_units"
    assert cause.evidence[0].value == pytest.approx(0.75)
    assert cause.confidence == pytest.approx(0.8)


def test_ordinary_sparsity_is_no_cause(fake):
    """Units that are zero for most sequences, each for others, do their work."""
    values = np.zeros((100, 4))
    values[np.arange(100), np.arange(100) % 4] = 1.0
    assert dead_units(fake(Y, FLAT, shown_layers=RELU, shown_activations={"dense": values})) is None


def test_units_of_other_activations_do_not_die(fake):
    """A tanh that gives -1 throughout is not rectified."""
    layers = (Layer("dense", "dense", 4, "tanh"),)
    values = {"dense": np.full((100, 4), -1.0)}
    assert dead_units(fake(Y, FLAT, shown_layers=layers, shown_activations=values)) is None


def test_dead_layer_of_a_real_network_is_found(trained, net, problem):
    """A bias of -20 kills all rectified units; without it they live."""
    X, y = problem

    def between(bias):
        layer = nn.Linear(8, 8)
        nn.init.constant_(layer.bias, bias)
        return nn.Sequential(layer, nn.ReLU())

    assert dead_units(trained(net(between=between(-20.0)), X, y, epochs=3)).evidence[0].value == 1
    assert dead_units(trained(net(between=between(0.0)), X, y, epochs=3)) is None


def gates(states, **values):
    """Give gates of one recurrent layer; those not named stand in their middle."""
    middle = {"i": 0.5, "f": 0.5, "g": 0.0, "o": 0.5}
    shape = states.shape
    return {"lstm": Gates({name: np.full(shape, values.get(name, value)) for name, value in middle.items()}, states)}


def test_saturated_shares_are_by_gate(fake):
    """A shut input gate and an open output gate are beyond 0.97 of a tanh; a gate at 0.98 is 2 · 0.98 - 1 = 0.96."""
    states = np.zeros((100, 4, 3))
    cause = saturated_gates(fake(Y, FLAT, shown_gates=gates(states, i=0.001, o=0.98)))
    assert cause.id == "saturated_gates"
    shares = {evidence.what.split()[6]: evidence.value for evidence in cause.evidence[:3]}
    assert shares == {"i": 1, "g": 0, "o": 0}
    assert cause.evidence[-1].value == 0


def test_open_forget_gates_are_healthy(fake):
    """Near 1 they remember."""
    states = np.zeros((100, 4, 3))
    assert saturated_gates(fake(Y, FLAT, shown_gates=gates(states, f=0.999))) is None


def test_saturation_that_leaves_sequences_different_is_no_cause(fake):
    """One gate that stands, while the states tell sequences apart, is how an LSTM may work."""
    states = np.random.default_rng(0).normal(size=(100, 4, 3)) / 3
    assert saturated_gates(fake(Y, FLAT, shown_gates=gates(states, i=0.999))) is None
    assert saturated_gates(fake(Y, FLAT, shown_gates=gates(states, i=0.999, g=0.999))) is not None


def test_masked_steps_do_not_count(fake):
    """Gates are NaN where a step is masked: the rest decides."""
    states = np.zeros((100, 4, 3))
    shown = gates(states, i=0.001)
    shown["lstm"].values["i"][:, 2:] = np.nan
    assert saturated_gates(fake(Y, FLAT, shown_gates=shown)).evidence[0].value == 1


def test_saturated_gates_of_a_real_network_are_found(trained, net, problem):
    """Biases of -30 shut the input and output gates of a network for good; as they are drawn they work."""
    X, y = problem
    shut = net()
    with torch.no_grad():
        shut.lstm.bias_ih_l0[:8] = -30
        shut.lstm.bias_ih_l0[24:] = -30
    cause = saturated_gates(trained(shut, X, y, epochs=5))
    assert cause.confidence == pytest.approx(0.75)
    assert cause.evidence[0].value == 1
    assert saturated_gates(trained(net(), X, y, epochs=1)) is None


def test_dead_units_of_a_deep_and_narrow_network_are_its_effect(fake):
    """Six layers of four rectified units are born dead; one is not."""
    y = np.tile([-1.0, 1.0], 60)

    def of(depth):
        layers = tuple(Layer(f"dense{i}", "dense", 4, "relu") for i in range(depth))
        dead = {"dense0": np.zeros((120, 4))}
        return dead_units(fake(y, y * 0, shown_layers=(*layers, Layer("head", "dense", 1)), shown_activations=dead))

    assert of(6).confidence < of(1).confidence


def test_a_flat_model_of_dead_units_is_so_for_them_whatever_there_is_to_learn(fake, nothing):
    """Where no learner finds anything, a layer that is zero throughout still says why predictions are one number."""
    y = np.random.default_rng(0).normal(size=200)
    layers = (Layer("dense", "dense", 4, "relu"), Layer("head", "dense", 1, "linear"))
    shown = {"shown_layers": layers, "shown_activations": {"dense": np.zeros((200, 4))}}
    assert dead_units(fake(y, 0 * y, references=nothing, **shown)) is not None
    assert dead_units(fake(y, 0.5 * y, references=nothing, **shown)) is None
