"""Errors of the user's model, told as such: never a traceback from inside a diagnosis."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from unflat.diagnosis.subjects.measures import shape_of
from unflat.errors import ModelFailedError, UnflatError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def guarded(model: str, X: object) -> Iterator[None]:
    """Run the model's own code.

    Parameters
    ----------
    model : str
        What to call it.
    X : array-like
        What it is given.

    Raises
    ------
    ModelFailedError
        If it raises, from its error.
    """
    try:
        yield
    except UnflatError:
        raise  # worded already
    except Exception as error:  # a model may raise anything
        raise ModelFailedError(model, shape_of(X), error) from error
