"""Single steps of cells against torch's own cells, with weights that all differ."""

import numpy as np
import pytest
import torch
from torch import nn

from unflat.network.arrays import CellArrays
from unflat.streaming.cells import CELLS

REFERENCES = {"lstm": nn.LSTMCell, "gru": nn.GRUCell}


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_are_those_of_torch(cell, streams):
    """Five steps in place, one stream or several: each leaves the state that torch's cell leaves."""
    generator = torch.Generator().manual_seed(0)
    reference = REFERENCES[cell](3, 4)
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter.uniform_(-1.5, 1.5, generator=generator)
    weights = {name: parameter.detach().numpy() for name, parameter in reference.named_parameters()}
    arrays = CellArrays(weights["weight_ih"], weights["weight_hh"], weights["bias_ih"], weights["bias_hh"])
    line = np.zeros((streams, 2 + 3 + 1 + 4 + 1), dtype=np.float32)  # what it reads stands amid other things
    line[:, 5] = 1
    step = CELLS[cell](arrays, line[:, 2:10])
    state = None
    for x in torch.randn(5, streams, 3, generator=generator):
        line[:, 2:5] = x
        step.advance()
        state = reference(x, state)
        hidden = state[0] if cell == "lstm" else state
        np.testing.assert_allclose(line[:, 6:10], hidden.detach(), atol=1e-6)
    kept = step.state
    assert kept["hidden"].base is not None  # the line itself, not a copy
    if cell == "lstm":
        np.testing.assert_allclose(kept["memory"], state[1].detach(), atol=1e-6)
    assert not line[:, [0, 1, 10]].any()
