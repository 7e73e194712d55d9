"""The space that a search draws from: for each parameter a range or a few choices, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

from unflat.config import AtLeast, Cell, EachOf, Interval, OneOf, Pooling, TrueOrFalse
from unflat.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Point = Mapping[str, Any]
    """One value of each dimension, by the dimension's name."""


def in_words(value: object) -> str:
    """Write a value of a dimension as a word."""
    if isinstance(value, tuple):
        return "+".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Span:
    """A range of numbers, both ends included.

    Parameters
    ----------
    low, high : float
        The ends.
    log : bool
        Whether to draw evenly on a logarithmic scale.
    whole : bool
        Whether only whole numbers are drawn.

    Raises
    ------
    ConfigurationError
        If the ends are no numbers, in the wrong order, not positive for a logarithm, or not whole where they must be.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        for name, value in (("low", self.low), ("high", self.high)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise ConfigurationError("Span", name, "a finite number", value)
            if self.whole and value != int(value):
                raise ConfigurationError("Span", name, "a whole number", value)
        if self.high < self.low:
            raise ConfigurationError("Span", "high", f"a number of at least {self.low:g}", self.high)
        if self.log and self.low <= 0:
            raise ConfigurationError("Span", "low", "a number above 0, for a logarithmic scale", self.low)

    @property
    def extremes(self) -> tuple[Any, ...]:
        """The values that must be admitted for all others to be."""
        return (int(self.low), int(self.high)) if self.whole else (float(self.low), float(self.high))

    def admits(self, value: object) -> bool:
        """Whether the value may be drawn."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and (not self.whole or value == int(value))

    def __str__(self) -> str:
        kind = ", whole numbers" if self.whole else ""
        return f"{self.low:g} to {self.high:g}{kind}{', logarithmic' if self.log else ''}"


@dataclass(frozen=True)
class Choice:
    """A few values to choose among.

    Parameters
    ----------
    values : tuple
        The values, all different.

    Raises
    ------
    ConfigurationError
        If there is none, or one stands twice.
    """

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.values, tuple) or not self.values or len(set(self.labels)) != len(self.values):
            raise ConfigurationError("Choice", "values", "a tuple of one or more different values", self.values)

    @property
    def extremes(self) -> tuple[Any, ...]:
        """The values that must be admitted for all others to be."""
        return self.values

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as text."""
        return tuple(map(in_words, self.values))

    def admits(self, value: object) -> bool:
        """Whether the value may be drawn."""
        return value in self.values

    def __str__(self) -> str:
        return ", ".join(self.labels)


Dimension = Span | Choice


@dataclass(frozen=True)
class Space:
    """What a search may vary, and how far; None leaves a parameter as the given model has it.

    Parameters
    ----------
    layers : Span, Choice or None
        How many recurrent layers.
    units : Span, Choice or None
        Hidden units of the last layer; each layer below has half of those of the next, as in the default (50, 100).
    readout : Span, Choice or None
        How the hidden states over time become one vector, each a tuple.
    dropout : Span, Choice or None
        Share of values set to zero in training.
    learning_rate : Span, Choice or None
        The highest rate of the schedule.
    weight_decay : Span, Choice or None
        Decay of the weight matrices.
    batch_size : Span, Choice or None
        Sequences in one step.
    epochs_factor : Span, Choice or None
        By how much the model's own number of epochs is multiplied; where that is "auto", it is the number that goes
        with the batch size.
    cell, bidirectional, skip : Span, Choice or None
        As for `LSTMRegressor`; not varied unless you ask for it.

    Raises
    ------
    ConfigurationError
        If a dimension holds a value that `LSTMRegressor` does not take.

    Notes
    -----
    Loss and scales of the target are no dimensions: they change what the validation loss means, so that trials could
    not be compared.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from unflat.tuning import Choice, Space, Span
    >>> small = replace(Space(), units=Span(8, 32, log=True, whole=True), layers=Choice((1,)), readout=None)
    >>> small.units.admits(64)
    False
    """

    layers: Annotated[Dimension | None, AtLeast(1)] = Span(1, 3, whole=True)
    units: Annotated[Dimension | None, AtLeast(1)] = Span(16, 200, log=True, whole=True)
    readout: Annotated[Dimension | None, EachOf(OneOf(get_args(Pooling)))] = Choice(
        (("last", "mean", "max"), ("last", "mean", "max", "attention"), ("last",), ("mean",), ("attention",))
    )
    dropout: Annotated[Dimension | None, Interval(0, 1, "left")] = Span(0.0, 0.5)
    learning_rate: Annotated[Dimension | None, Interval(0, float("inf"), "neither")] = Span(1e-3, 3e-2, log=True)
    weight_decay: Annotated[Dimension | None, Interval(0, float("inf"), "left")] = Span(1e-6, 0.1, log=True)
    batch_size: Annotated[Dimension | None, AtLeast(1)] = Span(16, 256, log=True, whole=True)
    epochs_factor: Annotated[Dimension | None, Interval(0, float("inf"), "neither")] = Span(0.5, 2.0, log=True)
    cell: Annotated[Dimension | None, OneOf(get_args(Cell))] = None
    bidirectional: Annotated[Dimension | None, TrueOrFalse()] = None
    skip: Annotated[Dimension | None, TrueOrFalse()] = None

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for name, dimension in self.dimensions.items():
            constraint = get_args(hints[name])[1]
            if not isinstance(dimension, Dimension):
                raise ConfigurationError("Space", name, "a Span, a Choice or None", dimension)
            for value in dimension.extremes:
                if not constraint.admits(value):
                    raise ConfigurationError("Space", name, f"values that are each {constraint}", value)
        if not self.dimensions:
            raise ConfigurationError("Space", "layers", "a Span or a Choice here or in another dimension", None)

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """What is varied, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def point_of(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Say where a model stands, in those dimensions in which it stands inside.

        Parameters
        ----------
        parameters : mapping
            The estimator's parameters, with whole numbers for what may be "auto".

        Returns
        -------
        dict of str to object
            A value for each of these dimensions.
        """
        units = tuple(parameters["units"])
        readout = parameters["readout"]
        place = dict(parameters) | {
            "layers": len(units),
            "units": units[-1] if units == layers_of(len(units), units[-1]) else None,
            "readout": (readout,) if isinstance(readout, str) else tuple(readout),
            "epochs_factor": 1.0,
        }
        return {name: place[name] for name, dimension in self.dimensions.items() if dimension.admits(place[name])}

    def __str__(self) -> str:
        width = max(map(len, self.dimensions))
        return "\n".join(f"{name:<{width}}  {dimension}" for name, dimension in self.dimensions.items())


def layers_of(layers: int, units: int) -> tuple[int, ...]:
    """Give the hidden units of each layer: the last has `units`, each one below half of the next."""
    return tuple(max(1, units >> (layers - 1 - layer)) for layer in range(layers))


def changes_at(point: Point, given: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a point into parameters of the estimator, but for the number of epochs.

    Parameters
    ----------
    point : mapping of str to object
        A value for each dimension.
    given : mapping
        The parameters of the model that is varied.

    Returns
    -------
    dict of str to object
        The parameters that the point sets.
    """
    changes = {name: value for name, value in point.items() if name not in {"layers", "units", "epochs_factor"}}
    if "layers" in point or "units" in point:
        units = tuple(given["units"])
        changes["units"] = layers_of(point.get("layers", len(units)), point.get("units", units[-1]))
    return changes
