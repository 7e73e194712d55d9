"""Sequences and targets that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.errors.base import UnflatError, listed

if TYPE_CHECKING:
    from collections.abc import Sequence


class InputError(UnflatError, ValueError):
    """Sequences or targets cannot be used."""


class InputTypeError(InputError, TypeError):
    """Values are not numbers, or come in a container that does not hold sequences."""


class ShapeError(InputError):
    """Wrong dimensions, features, outputs or length.

    Parameters
    ----------
    subject : str
        The array, as the caller knows it.
    expected : str
        The shape that was needed, in words.
    shape : tuple of int
        The shape that was there.
    remedy : str
        What to do about it.
    """

    def __init__(self, subject: str, expected: str, shape: Sequence[int], remedy: str) -> None:
        self.shape = tuple(shape)
        super().__init__(subject, expected, f"shape {self.shape}", remedy)


class TooFewSamplesError(InputError):
    """Not enough sequences to learn from.

    Parameters
    ----------
    subject : str
        The data that is too small.
    minimum : int
        How many are needed.
    count : int
        How many there are.
    """

    def __init__(self, subject: str, minimum: int, count: int) -> None:
        self.minimum = minimum
        self.count = count
        noun = "sample" if count == 1 else "sample(s)"
        super().__init__(
            subject,
            f"at least {minimum} samples",
            f"{count} {noun}",
            "Give more sequences, or cut windows with a smaller stride.",
        )


class NonFiniteError(InputError):
    """Infinite values, or a target that is missing.

    Parameters
    ----------
    subject : str
        The array, and its column where it has one.
    received : str
        What was found: how many of which value.
    position : tuple of int
        Where the first one stands.
    remedy : str
        What to do about it.
    """

    def __init__(self, subject: str, received: str, position: Sequence[int], remedy: str) -> None:
        self.position = tuple(position)
        super().__init__(subject, "finite numbers", f"{received}, the first at {self.position}", remedy)


class AllMissingError(InputError):
    """A column, or a sequence, holds nothing but NaN.

    Parameters
    ----------
    subject : str
        Where: the array and what of it.
    names : sequence of str or int
        The columns or sequences concerned.
    remedy : str
        What to do about it.
    """

    def __init__(self, subject: str, names: Sequence[str | int], remedy: str) -> None:
        self.names = tuple(names)
        super().__init__(subject, "at least one value each", f"nothing but NaN in {listed(names)}", remedy)


class ConstantTargetError(InputError):
    """Every target is the same number, so there is nothing to learn.

    Parameters
    ----------
    output : str
        The output's name or number.
    value : float
        The one value it has.
    count : int
        How many targets have it.
    """

    def __init__(self, output: str, value: float, count: int) -> None:
        self.output = output
        self.value = value
        self.count = count
        super().__init__(
            f"The target {output}",
            "values that differ",
            f"{value:g} in all {count} training samples",
            "Check that the right column is the target; a constant needs no model.",
        )


class ScaleDomainError(InputError):
    """Values that a scale cannot take.

    Parameters
    ----------
    subject : str
        The array and its column.
    scale : str
        The scale, as the parameter names it.
    minimum : float
        The smallest value.
    """

    def __init__(self, subject: str, scale: str, minimum: float) -> None:
        self.scale = scale
        self.minimum = minimum
        super().__init__(
            subject,
            f"positive values for the scale '{scale}'",
            f"a smallest value of {minimum:g}",
            "Choose 'standard' or 'robust', or add an offset to the target.",
        )
