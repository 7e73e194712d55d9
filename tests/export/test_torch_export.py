"""PyTorch's own format, for which the documentation gives a line."""

import numpy as np
import pytest
import torch


@pytest.mark.filterwarnings("ignore:The tensor attributes:UserWarning")  # nn.LSTM's own bookkeeping
def test_torch_exports_a_predictor_for_a_fixed_number_of_steps(distinct):
    """Raw units in and out, for any number of sequences; how many steps they have is part of the file."""
    X = np.random.default_rng(0).normal(1000, 50, size=(30, 4, 2))
    model = distinct(X, X[:, -1, 0])
    example = torch.zeros(2, 4, 2, dtype=torch.float64)
    exported = torch.export.export(model.predictor_, (example,), dynamic_shapes=({0: torch.export.Dim("n")},))
    predictions = exported.module()(torch.from_numpy(X))
    np.testing.assert_allclose(predictions.detach()[:, 0], model.predict(X), rtol=1e-6)
