"""PyTorch's own format, for which the documentation gives a line."""

import numpy as np
import polars as pl
import pytest
import torch

from unflat import make_windows

pytestmark = pytest.mark.filterwarnings("ignore:The tensor attributes:UserWarning")  # nn.LSTM's own bookkeeping


@pytest.fixture
def pumps():
    """Make a table of two pumps of a kind each, with labels and gaps among the columns."""
    random = np.random.default_rng(0)
    return pl.DataFrame({
        "hour": [*range(30), *range(30)], "pump": ["a"] * 30 + ["b"] * 30, "kind": ["dug"] * 30 + ["drilled"] * 30,
        "valve": random.choice(["open", "half", "shut"], size=60), "load": random.normal(500, 20, size=60),
        "wind": [None if i % 7 == 3 else float(i % 5) for i in range(60)],
    })  # fmt: skip


def test_torch_exports_a_predictor_for_a_fixed_number_of_steps(distinct):
    """Raw units in and out, for any number of sequences; how many steps they have is part of the file."""
    X = np.random.default_rng(0).normal(1000, 50, size=(30, 4, 2))
    model = distinct(X, X[:, -1, 0], n_members=2)
    example = torch.zeros(2, 4, 2, dtype=torch.float64)
    exported = torch.export.export(model.predictor_, (example,), dynamic_shapes=({0: torch.export.Dim("n")},))
    predictions = exported.module()(torch.from_numpy(X))
    np.testing.assert_allclose(predictions.detach()[:, 0], model.predict(X), rtol=1e-6)


def test_torch_exports_labels_seen_or_not(pumps, distinct):
    """Columns of labels are part of it, a missing label and one that training never saw as well."""
    windows = make_windows(pumps, target="load", length=4, features=["valve", "load", "wind"])
    model, X = distinct(windows, n_members=2), torch.from_numpy(windows.sequences.dense())
    X[0, 1, 0], X[1, 2, 0] = 99.0, torch.nan
    example = torch.zeros(2, 4, 3, dtype=torch.float64)
    exported = torch.export.export(model.predictor_, (example,), dynamic_shapes=({0: torch.export.Dim("n")},))
    np.testing.assert_allclose(exported.module()(X).detach(), model.predictor_(X).detach(), rtol=1e-6)


def test_torch_exports_what_stands_beside(pumps, distinct):
    """A model with static columns takes a third tensor, of as many rows as there are sequences."""
    roles = {"group": "pump", "static": ["kind"], "time": "hour"}
    windows = make_windows(pumps, target="load", length=4, features=["load"], **roles)
    model, sequences = distinct(windows, n_members=2), windows.sequences
    X, context = torch.from_numpy(sequences.dense()), torch.from_numpy(sequences.context_at(slice(None)))
    example, n = (X[:2], None, context[:2]), torch.export.Dim("n")
    exported = torch.export.export(model.predictor_, example, dynamic_shapes=({0: n}, None, {0: n}))
    found = exported.module()(X, None, context).detach()[:, 0]
    np.testing.assert_allclose(found, model.predict(windows), rtol=1e-6)
