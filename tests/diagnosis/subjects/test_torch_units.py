"""Which parts of a module count as layers, of what kind, and whose parameters are whose."""

from __future__ import annotations

import pytest
from torch import nn
from torch.nn.utils import parametrizations

from unflat.diagnosis.subjects.torch_units import activation_of, kind_of, owners, units_of


def test_leaves_are_layers_and_a_shared_one_is_one():
    """Containers are opened; a module that stands in two places counts once."""
    shared = nn.ReLU()
    module = nn.Sequential(nn.Sequential(nn.Linear(2, 2), shared), shared, nn.Linear(2, 1))
    assert list(units_of(module)) == ["0.0", "0.1", "2"]


def test_a_module_that_is_a_layer_itself_is_named_by_its_class():
    """There is no path to the root."""
    assert list(units_of(nn.Linear(2, 1))) == ["linear"]


def test_a_parametrized_layer_is_still_one_layer():
    """Weight normalisation gives a layer parts, which belong to it."""
    module = nn.Sequential(parametrizations.weight_norm(nn.Linear(2, 3)), nn.Linear(3, 1))
    units = units_of(module)
    assert list(units) == ["0", "1"]
    assert set(owners(module, units).values()) == {"0", "1"}


@pytest.mark.parametrize(
    ("unit", "kind", "activation"),
    [
        (nn.LSTM(1, 1), "recurrent", "tanh"),
        (nn.RNN(1, 1, nonlinearity="relu"), "recurrent", "relu"),
        (nn.GRUCell(1, 1), "recurrent", "tanh"),
        (nn.Linear(1, 1), "dense", "linear"),
        (nn.LeakyReLU(), "activation", "leaky_relu"),
        (nn.Softmax(dim=1), "activation", "softmax"),
        (nn.Sigmoid(), "activation", "sigmoid"),
        (nn.MultiheadAttention(2, 1), "other", None),
        (nn.Dropout1d(), "dropout", None),
        (nn.BatchNorm1d(1), "norm", None),
        (nn.LayerNorm(1), "norm", None),
        (nn.AdaptiveAvgPool1d(1), "pooling", None),
        (nn.Flatten(), "other", None),
        (nn.Conv1d(1, 1, 1), "other", None),
    ],
)
def test_kinds_and_activations(unit, kind, activation):
    """Each layer of torch is of the kind that its rules ask for."""
    assert (kind_of(unit), activation_of(unit)) == (kind, activation)


def test_the_parameters_of_a_stack_belong_to_its_layers():
    """Each layer of a stack has its own weights, of both directions."""
    module = nn.Sequential(nn.LSTM(2, 3, num_layers=12, bidirectional=True))
    found = owners(module, units_of(module))
    assert found["0.weight_hh_l11_reverse"] == "0[11]"
    assert found["0.bias_ih_l1"] == "0[1]"
    assert len(set(found.values())) == 12
