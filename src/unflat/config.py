"""What a network and its training are made of, as frozen values that cannot be wrong.

Each field's annotation carries its constraint; `Checked` holds every value against it and words the message.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from math import inf
from numbers import Integral, Real
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from unflat.errors import ConfigurationError

Cell = Literal["lstm", "gru"]
Pooling = Literal["last", "mean", "max", "attention"]
Scale = Literal["standard", "robust", "minmax", "none"]
TargetScale = Literal["standard", "robust", "minmax", "log", "none"]
LossName = Literal["mse", "mae", "huber", "quantile"]
Schedule = Literal["one-cycle", "constant"]
Precision = Literal["fp32", "bf16"]
TargetRange = tuple[float | None, float | None] | Literal["auto"] | None


@dataclass(frozen=True)
class Interval:
    """A real number between two bounds.

    Parameters
    ----------
    low, high : float
        The bounds.
    closed : {"both", "left", "right", "neither"}
        Which bounds belong to it.
    """

    low: float
    high: float
    closed: Literal["both", "left", "right", "neither"] = "both"

    def admits(self, value: object) -> bool:
        """Whether the value lies inside."""
        if isinstance(value, bool) or not isinstance(value, Real):
            return False
        number = float(value)
        above = number >= self.low if self.closed in {"both", "left"} else number > self.low
        below = number <= self.high if self.closed in {"both", "right"} else number < self.high
        return above and below

    def __str__(self) -> str:
        left = "[" if self.closed in {"both", "left"} else "("
        right = "]" if self.closed in {"both", "right"} else ")"
        return f"a number in {left}{self.low:g}, {self.high:g}{right}"


@dataclass(frozen=True)
class AtLeast:
    """A whole number that is not below a bound.

    Parameters
    ----------
    low : int
        The bound.
    """

    low: int

    def admits(self, value: object) -> bool:
        """Whether the value is whole and not below the bound."""
        return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= self.low

    def __str__(self) -> str:
        return f"a whole number of at least {self.low}"


@dataclass(frozen=True)
class EachOf:
    """A tuple, not empty, whose every item meets a constraint.

    Parameters
    ----------
    item : AtLeast or OneOf
        The constraint on each item.
    """

    item: AtLeast | OneOf

    def admits(self, value: object) -> bool:
        """Whether the value is such a tuple."""
        return isinstance(value, tuple) and len(value) > 0 and all(map(self.item.admits, value))

    def __str__(self) -> str:
        return f"one or more, each {self.item}"


@dataclass(frozen=True)
class OneOrAscending:
    """A whole number that is not below a bound, or a tuple of such, each above the one before it.

    Parameters
    ----------
    low : int
        The bound.
    """

    low: int

    def admits(self, value: object) -> bool:
        """Whether the value is such a number, or such a tuple."""
        if not isinstance(value, tuple):
            return AtLeast(self.low).admits(value)
        is_fit = len(value) > 0 and all(map(AtLeast(self.low).admits, value))
        return is_fit and all(earlier < later for earlier, later in pairwise(value))

    def __str__(self) -> str:
        return f"{AtLeast(self.low)}, or several in ascending order"


@dataclass(frozen=True)
class OneOf:
    """One of a few named choices.

    Parameters
    ----------
    choices : tuple of str
        The choices.
    """

    choices: tuple[str, ...]

    def admits(self, value: object) -> bool:
        """Whether the value is one of them."""
        return isinstance(value, str) and value in self.choices

    def __str__(self) -> str:
        return "one of " + ", ".join(map(repr, self.choices))


@dataclass(frozen=True)
class Blocks:
    """A tuple of pairs, each the first column of a block and how many columns it has; empty for none."""

    def admits(self, value: object) -> bool:
        """Whether the value is such a tuple."""
        return isinstance(value, tuple) and all(map(self._is_block, value))

    def __str__(self) -> str:
        return "pairs of a block's first column and its width"

    @staticmethod
    def _is_block(value: object) -> bool:
        is_pair = isinstance(value, tuple) and len(value) == len(("first", "width"))
        return is_pair and AtLeast(0).admits(value[0]) and AtLeast(1).admits(value[1])  # type: ignore[index]  # a pair


@dataclass(frozen=True)
class TrueOrFalse:
    """A plain truth value."""

    def admits(self, value: object) -> bool:
        """Whether the value is True or False."""
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class AutoOrRange:
    """The word "auto", or a pair of numbers of which the second is larger; None for an end that is open."""

    def admits(self, value: object) -> bool:
        """Whether the value is such a word or pair."""
        if not isinstance(value, tuple):
            return isinstance(value, str) and value == "auto"
        ends = [end for end in value if end is not None]
        is_pair = len(value) == len(("low", "high")) and all(map(Interval(-inf, inf, "neither").admits, ends))
        return is_pair and all(low < high for low, high in pairwise(ends))

    def __str__(self) -> str:
        return "'auto', or a pair of numbers (low, high), None for an open end"


Constraint = Interval | AtLeast | EachOf | OneOrAscending | OneOf | Blocks | TrueOrFalse | AutoOrRange


def _constraint(annotation: Any) -> tuple[Constraint | None, bool]:  # noqa: ANN401 - annotations have no type
    """Read a field's constraint off its annotation, and whether None is admitted beside it."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return next(a for a in arguments[1:] if isinstance(a, Constraint)), type(None) in get_args(arguments[0])
    if get_origin(annotation) is Literal:
        return OneOf(arguments), False
    return (TrueOrFalse(), False) if annotation is bool else (None, False)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a user gave
    """Turn numpy's numbers into Python's: a search draws np.int64, which neither torch's layers nor JSON take."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    # Known by what it has: numpy itself is not loaded for a command's help.
    is_scalar = hasattr(value, "dtype") and getattr(value, "shape", None) == ()
    return value.item() if is_scalar else value


OWNER = "LSTMRegressor"
"""Whose parameters these are, for messages: users set them there."""


class Checked:
    """A dataclass whose values are held against the constraints in their annotations.

    Raises
    ------
    ConfigurationError
        If a value does not meet its constraint.
    """

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for field in fields(self):  # type: ignore[arg-type]  # subclasses are dataclasses
            constraint, optional = _constraint(hints[field.name])
            value = _plain(getattr(self, field.name))
            if constraint is None or (optional and value is None) or constraint.admits(value):
                object.__setattr__(self, field.name, value)  # a frozen dataclass; nobody has seen it yet
                continue
            words = f"{constraint} or None" if optional else str(constraint)
            raise ConfigurationError(self._owner(), field.name, words, value)

    @classmethod
    def _owner(cls) -> str:
        """Name what users set these values on, for messages."""
        return OWNER


@dataclass(frozen=True)
class NetworkConfig(Checked):
    """The shape of a network, without its sizes at either end.

    Parameters
    ----------
    cell : {"lstm", "gru"}
        The recurrent cell.
    units : tuple of int
        Hidden units of each layer, first to last.
    bidirectional : bool
        Whether each layer also reads the sequence from its end.
    dropout : float
        Share of values set to zero between layers and after the read-out, in training only.
    input_noise : float or None
        Noise that the recurrence reads in training, as a multiple of how much the levels of series differ; None for
        what follows from the data.
    readout : tuple of {"last", "mean", "max", "attention"}
        How the hidden states over time become one vector; several are concatenated.
    skip : bool
        Whether a linear map of the last and the mean step is added to the network's output.
    lags : int
        Steps before the last that this map reads as well. It follows from the data, as the next five do.
    moments : bool
        Whether it reads products of features in pairs, on average over steps.
    products : int
        The latest steps of whose numbers it reads all products in pairs.
    extremes : bool
        Whether it reads the largest and the smallest value of each feature.
    first : bool
        Whether it reads the first step.
    embedded : tuple of tuple of (int, int)
        Of each categorical column that the recurrence reads embedded: its first indicator and how many it has.
    n_members : int
        Networks that are trained and predict their mean.
    """

    cell: Cell = "lstm"
    units: Annotated[tuple[int, ...], EachOf(AtLeast(1))] = (50, 100)
    bidirectional: bool = False
    dropout: Annotated[float, Interval(0, 1, "left")] = 0.0
    input_noise: Annotated[float | None, Interval(0, inf, "left")] = 0.0
    readout: Annotated[tuple[Pooling, ...], EachOf(OneOf(get_args(Pooling)))] = ("last", "mean", "max")
    skip: bool = True
    lags: Annotated[int, AtLeast(0)] = 0
    moments: bool = False
    products: Annotated[int, AtLeast(0)] = 0
    extremes: bool = False
    first: bool = False
    embedded: Annotated[tuple[tuple[int, int], ...], Blocks()] = ()
    n_members: Annotated[int, AtLeast(1)] = 1


@dataclass(frozen=True)
class ScalingConfig(Checked):
    """Which scale each side has.

    Parameters
    ----------
    scale_inputs : {"standard", "robust", "minmax", "none"}
        Of numeric features.
    scale_target : {"standard", "robust", "minmax", "log", "none"}
        Of the outputs.
    target_range : "auto", tuple of (float or None, float or None), or None
        What predictions are limited to.
    """

    scale_inputs: Scale = "standard"
    scale_target: TargetScale = "standard"
    target_range: Annotated[TargetRange, AutoOrRange()] = "auto"


@dataclass(frozen=True)
class TrainingConfig(Checked):
    """How a network is trained.

    Parameters
    ----------
    loss : {"mse", "mae", "huber", "quantile"}
        What is made small, on the scaled target.
    quantile : float
        The quantile that the loss of that name estimates.
    epochs : int
        Passes over the training part, at the most.
    batch_size : int
        Sequences in one step.
    learning_rate : float
        The highest rate of a one-cycle schedule, or the rate of a constant one.
    schedule : {"one-cycle", "constant"}
        How the rate moves over the training.
    weight_decay : float
        Decoupled decay of all weight matrices but the skip's.
    epsilon : float
        What Adam adds to its denominator.
    clip_norm : float or None
        The largest norm of a step's gradient.
    averaging : float
        Share of all steps over which weights are averaged; 0 for none.
    patience : int or None
        Epochs without a better validation loss after which training stops.
    precision : {"fp32", "bf16"}
        The arithmetic of the network's products.
    """

    loss: LossName = "mse"
    quantile: Annotated[float, Interval(0, 1, "neither")] = 0.5
    epochs: Annotated[int, AtLeast(1)] = 100
    batch_size: Annotated[int, AtLeast(1)] = 64
    learning_rate: Annotated[float, Interval(0, float("inf"), "neither")] = 5e-3
    schedule: Schedule = "one-cycle"
    weight_decay: Annotated[float, Interval(0, float("inf"), "left")] = 1e-4
    epsilon: Annotated[float, Interval(0, float("inf"), "neither")] = 1e-8
    clip_norm: Annotated[float | None, Interval(0, float("inf"), "neither")] = 1.0
    averaging: Annotated[float, Interval(0, 1, "left")] = 0.0
    patience: Annotated[int | None, AtLeast(1)] = None
    precision: Precision = "fp32"
