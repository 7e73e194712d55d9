"""Warnings on their way to the user, with the line that led to them."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unflat.errors.warnings import UnflatWarning

_BETWEEN = frozenset(
    ("unflat", "click", "contextlib", "functools", "joblib", "keras", "optuna", "sklearn", "torch", "typer")
)
"""Packages that stand between a warning and the user's line: this one, what calls it, and what it calls itself by."""


def warn_user(warning: UnflatWarning) -> None:
    """Warn with the line of the user's code that led to it, however deep the warning comes up.

    It is the innermost line that is neither of this package nor of one that hands calls on: so a grid search of
    scikit-learn, a hook of torch and a decorator are passed over, a user's own callback within a fit is not. Where
    all is of such packages, it is the outermost.

    Parameters
    ----------
    warning : UnflatWarning
        What is to be told.
    """
    frame, level = sys._getframe(), 1  # noqa: SLF001 - as `warnings` itself counts where it is written in Python
    while frame.f_back is not None and _is_between(frame.f_globals.get("__name__")):
        frame, level = frame.f_back, level + 1
    warnings.warn(warning, stacklevel=level)


def _is_between(module: object) -> bool:
    return isinstance(module, str) and module.partition(".")[0] in _BETWEEN
