"""A space changed by a few words, as a command line has them: `units=8:64`, `readout=last,last+mean`, `dropout=off`."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from unflat.errors import ConfigurationError
from unflat.tuning.space import Choice, Space, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from unflat.tuning.space import Dimension

_OFF = "off"


def _true_or_false(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _whole_or_real(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _poolings(text: str) -> tuple[str, ...]:
    return tuple(text.split("+"))


_READERS: dict[str, Callable[[str], Any]] = {
    "readout": _poolings,
    "cell": str,
    "bidirectional": _true_or_false,
    "skip": _true_or_false,
    "dropout": float,
    "learning_rate": float,
    "weight_decay": float,
    "epochs_factor": float,
}
"""How a value of a dimension is read; the others are whole numbers."""

_KINDS: dict[Callable[[str], Any], str] = {
    _poolings: "names of read-outs, such as last,last+mean",
    _true_or_false: "true, false or true,false",
}
"""What values may be, in words; of all other readers they are numbers."""


def changed_space(space: Space, words: Iterable[str]) -> Space:
    """Narrow or widen a space.

    Parameters
    ----------
    space : Space
        To begin with; it stays as it is.
    words : iterable of str
        `NAME=LOW:HIGH` for a range, `NAME=A,B,C` for a few values, `NAME=off` to leave the parameter as it is.

    Returns
    -------
    Space
        The changed one.

    Raises
    ------
    ConfigurationError
        If a word is not of this kind, names no dimension, or has values that the parameter cannot take.
    """
    return replace(space, **dict(_read(space, word) for word in words))


def _read(space: Space, word: str) -> tuple[str, Dimension | None]:
    name, equals, text = (part.strip() for part in word.partition("="))
    names = [field.name for field in fields(Space)]
    if not equals or not text or name not in names:
        raise ConfigurationError("Space", "space", f"NAME=LOW:HIGH, NAME=A,B or NAME=off, of {', '.join(names)}", word)
    if text == _OFF:
        return name, None
    reader = _READERS.get(name, _whole_or_real)
    try:
        if ":" not in text:
            return name, Choice(tuple(reader(part.strip()) for part in text.split(",")))
        low, high = (_whole_or_real(end) for end in text.split(":"))
    except ConfigurationError:  # which is a ValueError too, and says what is wrong with the values
        raise
    except (ValueError, KeyError) as error:
        raise ConfigurationError("Space", name, _KINDS.get(reader, "numbers, such as 8:64 or 8,64"), text) from error
    usual = getattr(Space(), name)
    if not isinstance(usual, Span):
        raise ConfigurationError("Space", name, "values separated by commas; it has no range", text)
    before = getattr(space, name)
    kind = before if isinstance(before, Span) else usual
    return name, replace(kind, low=low, high=high)
