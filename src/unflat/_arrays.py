"""Tensors and masked arrays as NumPy's own: read through no mask, whatever takes gradients; outputs as targets came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Number = TypeVar("_Number", bound=np.generic)


def off_the_graph(values: Any) -> object:  # noqa: ANN401 - nothing here loads torch
    """Take a tensor of torch, on whichever device, with or without a gradient, of any type of floats.

    Parameters
    ----------
    values : object
        A tensor, or anything else.

    Returns
    -------
    object
        A tensor that NumPy can read, or what was given.
    """
    if not hasattr(values, "detach"):
        return values
    tensor = values.detach().cpu()
    return tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor  # NumPy has no such type


def as_array(values: object) -> NDArray[Any]:
    """Make an array in which what is masked is NaN, the one way in which values are missing.

    Parameters
    ----------
    values : array-like
        What NumPy can read.

    Returns
    -------
    ndarray
        The values; a view where possible.
    """
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    numbers = values if values.dtype.kind in "fc" else values.astype(np.float64)
    return np.ma.filled(numbers, np.nan)


def shaped_as_targets(outputs: NDArray[_Number], *, one_dimensional: bool) -> NDArray[_Number]:
    """Give what was found of each output the form that targets came in.

    Parameters
    ----------
    outputs : ndarray of shape (n, n_outputs)
        Predictions, or bounds of them.
    one_dimensional : bool
        Whether targets came without an axis for outputs.

    Returns
    -------
    ndarray of shape (n,) or (n, n_outputs)
        A view.
    """
    return outputs[:, 0] if one_dimensional else outputs
