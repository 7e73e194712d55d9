"""Tensors and masked arrays as NumPy's own."""

import numpy as np
import pytest
import torch

from unflat._arrays import as_array, off_the_graph, shaped_as_targets


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.int64])
def test_tensors_can_be_read_by_numpy(kind):
    """Of any type, and where they take gradients."""
    tensor = torch.tensor([1, 2]).to(kind).requires_grad_(kind.is_floating_point)
    assert as_array(off_the_graph(tensor)).tolist() == [1, 2]


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, bool])
def test_what_is_masked_is_missing(kind):
    """Whatever stands below the mask."""
    masked = np.ma.masked_array(np.array([1, 1, 0], dtype=kind), [False, True, False])
    np.testing.assert_array_equal(as_array(off_the_graph(masked)), [1.0, np.nan, 0.0])


def test_arrays_are_not_copied():
    """What NumPy can read already is left where it is."""
    values = np.arange(3.0)
    assert np.shares_memory(as_array(off_the_graph(values)), values)


def test_outputs_have_the_axes_that_targets_had():
    """One column of one-dimensional targets is no matrix; of others the axis stays, of a single output too."""
    column = np.array([[1.0], [2.0]])
    assert shaped_as_targets(column, one_dimensional=True).tolist() == [1.0, 2.0]
    assert shaped_as_targets(column, one_dimensional=False).tolist() == [[1.0], [2.0]]
