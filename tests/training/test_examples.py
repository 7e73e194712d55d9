"""What training draws from."""

import numpy as np
import pytest
import torch

from unflat.scaling.scales import fit_input_scaling
from unflat.sequences import as_sequences
from unflat.sequences.batches import BatchSource
from unflat.training import examples
from unflat.training.examples import Examples


@pytest.mark.parametrize("lengths", [None, (6, 2, 5)])
@pytest.mark.parametrize("together", [1, 100, 1 << 16])
def test_batches_drawn_together_are_those_drawn_one_by_one(lengths, together, monkeypatch):
    """However many are gathered at a time, each batch has the same numbers, its own length and its own weights."""
    monkeypatch.setattr(examples, "_NUMBERS_TOGETHER", together)
    random = np.random.default_rng(0)
    rows = [random.normal(size=(6 if lengths is None else lengths[i % 3], 2)) for i in range(25)]
    sequences = as_sequences(rows)
    scaling, _ = fit_input_scaling(sequences, "standard")
    weights = torch.rand(25, generator=torch.Generator().manual_seed(0))
    data = Examples(BatchSource(sequences), scaling, torch.arange(25.0)[:, None], weights)
    order = torch.randperm(25, generator=torch.Generator().manual_seed(1))
    device = torch.device("cpu")
    drawn = list(data.batches(order, 4, device))
    assert [len(batch.x) for batch in drawn] == [4] * 6 + [1]
    for batch, index in zip(drawn, order.split(4), strict=True):
        for one, other in zip(batch, data.draw(index, device), strict=True):
            assert (one is None and other is None) or torch.equal(one, other)
