"""What is usual of optimizers, by their names in lower case."""

from __future__ import annotations

ADAPTIVE = frozenset({"adam", "adamw", "nadam", "radam", "adamax", "amsgrad", "rmsprop", "lion"})
"""Optimizers that move a parameter by about the rate in a step, whatever the gradient (Kingma & Ba 2015, 2.1)."""

_OTHERS = {"sgd": 1e-2, "adagrad": 1e-2, "adafactor": 1e-2, "adadelta": 1.0}
"""What others usually start from: PyTorch's and Keras's rate for stochastic gradient descent, PyTorch's for the rest.
Adadelta scales its steps by those before (Zeiler 2012), so 1 leaves them as they are."""


def optimizer_name(kind: type) -> str | None:
    """Name an optimizer by the first known one among its class and those that it is derived from.

    Parameters
    ----------
    kind : type
        The class of an optimizer.

    Returns
    -------
    str or None
        In lower case; None where what rates are usual of it is not known.
    """
    names = (base.__name__.lower() for base in kind.__mro__)
    return next((name for name in names if name in ADAPTIVE or name in _OTHERS), None)


def is_adaptive(optimizer: str | None) -> bool:
    """Whether an optimizer is of Adam's kin; one that is not known is taken for it."""
    return optimizer is None or optimizer in ADAPTIVE


def usual_rate(optimizer: str | None) -> float:
    """Give the rate that an optimizer usually starts from.

    Adam's is of its authors (Kingma & Ba 2015).

    Parameters
    ----------
    optimizer : str or None
        Its name in lower case.

    Returns
    -------
    float
        The rate.
    """
    return 1e-3 if optimizer is None or optimizer in ADAPTIVE else _OTHERS.get(optimizer, _OTHERS["sgd"])
