"""What is usual of optimizers, by their names in lower case."""

from __future__ import annotations

ADAPTIVE = frozenset({"adam", "adamw", "nadam", "radam", "adamax", "amsgrad", "rmsprop", "lion"})
"""Optimizers that move a parameter by about the rate in a step, whatever the gradient (Kingma & Ba 2015, 2.1)."""


def is_adaptive(optimizer: str | None) -> bool:
    """Whether an optimizer is of Adam's kin; one that is not known is taken for it."""
    return optimizer is None or optimizer in ADAPTIVE


def usual_rate(optimizer: str | None) -> float:
    """Give the rate that an optimizer usually starts from.

    Adam's of its authors (Kingma & Ba 2015), and PyTorch's and Keras's for stochastic gradient descent.

    Parameters
    ----------
    optimizer : str or None
        Its name in lower case.

    Returns
    -------
    float
        The rate.
    """
    return 1e-3 if is_adaptive(optimizer) else 1e-2
