"""What every error of unflat says, and the errors that belong to no part of the data."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def _rebuild(cls: type[UnflatError], message: str, values: dict[str, Any]) -> UnflatError:
    error = cls.__new__(cls)
    error.args = (message,)  # not through __new__: OSError's leaves them to an __init__ that is not called
    error.__dict__.update(values)
    return error


class UnflatError(Exception):
    """Base of everything that unflat raises.

    Parameters
    ----------
    subject : str
        What is wrong, and where.
    expected : str
        What would have been right.
    received : str
        What was there.
    remedy : str
        What to do about it, as a full sentence.
    """

    def __init__(self, subject: str, expected: str, received: str, remedy: str) -> None:
        self.subject = subject
        self.expected = expected
        self.received = received
        self.remedy = remedy
        super().__init__(f"{subject}: expected {expected}; received {received}. {remedy}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Subclasses take values, not the message, so the default (class, args) would not rebuild them in
        # another process, as joblib does under GridSearchCV.
        return _rebuild, (type(self), str(self), self.__dict__.copy())


class ConfigurationError(UnflatError, ValueError):
    """A parameter is outside what it may be.

    Parameters
    ----------
    owner : str
        The class or command that the parameter belongs to.
    name : str
        The parameter.
    constraint : str
        What it must be, in words.
    value : object
        What it was.
    remedy : str or None
        What to do about it, as a full sentence; None where there is no more to say than to give what was expected.
    """

    def __init__(self, owner: str, name: str, constraint: str, value: object, remedy: str | None = None) -> None:
        self.owner = owner
        self.name = name
        self.constraint = constraint
        self.value = value
        usual = f"Give such a value, or leave '{name}' out where it has a default."
        super().__init__(f"The parameter '{name}' of {owner}", constraint, repr(value), remedy or usual)


class UnknownParameterError(UnflatError, ValueError):
    """A parameter was set that there is none of.

    Parameters
    ----------
    owner : str
        The class whose parameter was meant.
    name : str
        What was to be set.
    known : sequence of str
        The parameters there are.
    """

    def __init__(self, owner: str, name: str, known: Sequence[str]) -> None:
        self.owner = owner
        self.name = name
        self.known = tuple(known)
        self.nearest = tuple(get_close_matches(name, self.known, n=3, cutoff=0.5))
        super().__init__(
            f"The parameters of {owner}",
            f"names among {', '.join(self.known)}",
            repr(name),
            f"Did you mean {' or '.join(map(repr, self.nearest))}?" if self.nearest else "Leave it out.",
        )


class MissingExtraError(UnflatError, ImportError):
    """An optional part is not installed.

    Parameters
    ----------
    module : str
        The module that was to be imported.
    extra : str
        The extra of unflat that brings it.
    """

    def __init__(self, module: str, extra: str) -> None:
        self.module = module
        self.extra = extra
        super().__init__(
            f"The optional module {module!r}",
            "it to be installed",
            "an environment without it",
            f"Run: python -m pip install 'unflat[{extra}]'",
        )


class NotCalibratedError(UnflatError, ValueError):
    """Intervals were asked of a model whose errors were measured on no data that it had not learned.

    Parameters
    ----------
    reason : str
        Why there are none.
    remedy : str
        What to do about it, as a full sentence.
    """

    def __init__(
        self,
        reason: str,
        remedy: str = "Call model.calibrate(X, y) with sequences that the model has not learned from.",
    ) -> None:
        self.reason = reason
        super().__init__(
            "The intervals",
            "a model that held data out, or was calibrated",
            reason,
            remedy,
        )


def listed(names: Sequence[object], most: int = 8) -> str:
    """Join names for a sentence, and count those that do not fit in it."""
    shown = ", ".join(map(repr, names[:most]))
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
