"""A predictor as plain arrays: the numbers are the module's, and independent of it."""

import numpy as np
import pytest
import torch

from unflat.config import NetworkConfig
from unflat.network import Network, Predictor
from unflat.network.arrays import PredictorArrays
from unflat.scaling.scales import Affine, InputScaling, Scaler, TargetScaler


def make(**shape):
    """Make a predictor of raw features: two numbers, the second with gaps, and a category of two codes."""
    config = NetworkConfig(**({"units": (3, 4)} | shape))
    inputs = InputScaling([0, 2], Scaler([Affine(5, 2), Affine(7, 3)]), [1], [(1, 0.0), (1, 4.0)])
    network = Network(config, features=inputs.width, outputs=2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-1, 1)
    return Predictor(inputs, network, TargetScaler([Affine(10, 4), Affine(-1, 0.5)], logarithmic=True))


def test_scales_are_the_predictors():
    """Columns, centers, scales and codes stand where the modules have them."""
    arrays = PredictorArrays.of(make())
    assert arrays.inputs.numeric.tolist() == [0, 2]
    assert arrays.inputs.complete == [0]
    assert (arrays.inputs.center.tolist(), arrays.inputs.scale.tolist()) == ([5, 7], [2, 3])
    assert (arrays.inputs.code_columns.tolist(), arrays.inputs.codes.tolist()) == ([1, 1], [0, 4])
    assert arrays.inputs.width == 5
    assert (arrays.target_center.tolist(), arrays.target_scale.tolist()) == ([10, -1], [4, 0.5])
    assert arrays.logarithmic
    assert arrays.outputs == 2


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrences_are_the_predictors(cell, recur):
    """The NumPy equations of a cell, with these weights, give the states of the module's backward direction."""
    predictor = make(cell=cell, bidirectional=True)
    arrays = PredictorArrays.of(predictor)
    assert [[of.units for of in layer] for layer in arrays.networks[0].layers] == [[3, 3], [4, 4]]
    backward = arrays.networks[0].layers[0][1]
    weights = {
        "weight_ih_l0": backward.weight_input,
        "weight_hh_l0": backward.weight_hidden,
        "bias_ih_l0": backward.bias_input + (0 if cell == "gru" else backward.bias_hidden),
        "bias_hh_l0": backward.bias_hidden,
    }
    x = np.random.default_rng(0).normal(size=(6, 5))
    states = predictor.network.layers[0](torch.from_numpy(x[None]).float(), None)[0, :, 3:].detach().numpy()
    np.testing.assert_allclose(recur(cell, weights, x[::-1])[::-1], states, atol=1e-6)


@pytest.mark.parametrize("skip", [True, False])
def test_head_and_skip_are_one_product(skip):
    """The poolings, and beside them the last and the mean step, times one matrix: what the network gives."""
    predictor = make(skip=skip, readout=("mean", "attention"))
    arrays, network = PredictorArrays.of(predictor), predictor.network
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 6, 5))).float()
    states = network.layers[1](network.layers[0](x, None), None)
    parts = [network.readout(states, states[:, -1], None), x[:, -1], x.mean(dim=1)]
    vector = torch.cat(parts if skip else parts[:1], dim=1).detach().numpy()
    np.testing.assert_allclose(vector @ arrays.head.weight.T + arrays.head.bias, network(x).detach(), atol=1e-5)


def test_attention_is_there_where_the_readout_has_it():
    """Its projection keeps the width of the states; without it there is nothing."""
    project, context = PredictorArrays.of(make(readout=("attention",))).networks[0].attention
    assert (project.weight.shape, project.bias.shape) == ((4, 4), (4,))
    assert (context.weight.shape, context.bias.shape) == ((1, 4), (1,))
    assert PredictorArrays.of(make(readout=("last",))).networks[0].attention is None


def test_arrays_do_not_follow_the_predictor():
    """What was copied stays as it was when training goes on."""
    predictor = make()
    arrays = PredictorArrays.of(predictor)
    before = arrays.networks[0].layers[0][0].weight_input.copy()
    with torch.no_grad():
        predictor.network.layers[0].forward_cell.weight_ih_l0.add_(1)
    assert np.array_equal(arrays.networks[0].layers[0][0].weight_input, before)
