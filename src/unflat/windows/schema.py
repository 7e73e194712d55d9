"""What must be known to cut the same windows from another table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - Checked reads the annotations
from dataclasses import asdict, dataclass, field, fields
from typing import Annotated, Any, cast, get_args

from unflat.config import AtLeast, Checked, OneOrAscending
from unflat.errors import ConfigurationError
from unflat.windows.step import Step, StepUnit

_SHOWN = 4

_WAVES = ("sin", "cos")
"""The place on a circle that a calendar feature is written as."""

_LATER = {"calendar", "known", "static", "missing"}
"""Fields that files of the first version do not have."""

_OPTIONAL = {"date_format", "step", "zone"}
"""Fields that are written only where there is something to say."""


@dataclass(frozen=True)
class WindowSchema(Checked):
    """The columns of a window and its measures.

    Parameters
    ----------
    targets : tuple of str
        The columns to predict.
    features : tuple of str
        The columns that a window holds, in the order of its features.
    categories : mapping of str to tuple of str
        The labels of each categorical feature; a label's place is its code.
    time : str or None
        The column that orders the rows of a series.
    group : str, tuple of str, or None
        The column that tells series apart, or those that do together.
    length : int
        Rows in a window.
    horizon : int or tuple of int
        How many rows after a window's last row its target lies; 0 is that row itself. Several are ascending, and
        each target is predicted at each of them.
    stride : int
        Rows from one window's start to the next one's.
    calendar : tuple of str
        Calendar features of the time column.
    known : tuple of str
        The columns that are known in advance, up to the rows of the targets.
    static : tuple of str
        The columns that are constant within a series.
    date_format : str or None
        How the dates of the time column were written where they were text, such as "%m/%d/%Y"; None where dates so
        written are read in one way only.
    step : Step or None
        How far apart in time the rows were, where all series had one regular step; None where they had none, or there
        is no time column.
    missing : tuple of float
        Numbers that stand for a missing value, in whatever column of numbers they are.
    zone : str or None
        The time zone of the time column, where it has one: times of other tables that have one are read by its clock.

    Raises
    ------
    ConfigurationError
        If a measure is no whole number, or too small.
    """

    targets: tuple[str, ...]
    features: tuple[str, ...]
    length: Annotated[int, AtLeast(1)]
    horizon: Annotated[int | tuple[int, ...], OneOrAscending(0)] = 1
    stride: Annotated[int, AtLeast(1)] = 1
    time: str | None = None
    group: str | tuple[str, ...] | None = None
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    calendar: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    date_format: str | None = None
    step: Step | None = None
    missing: tuple[float, ...] = ()
    zone: str | None = None

    @classmethod
    def _owner(cls) -> str:
        return "make_windows"  # where users set these values

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns that tell series apart."""
        return (self.group,) if isinstance(self.group, str) else self.group or ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of a window's features: the columns, then the calendar's."""
        return self.features + calendar_names(self.time, self.calendar)

    @property
    def beside(self) -> tuple[str, ...]:
        """The names of what stands beside a window: the known columns at each horizon, then the static ones."""
        return tuple(name for horizon in self.horizons for name in self.known_names(horizon)) + self.static

    def known_names(self, horizon: int) -> tuple[str, ...]:
        """Name what is known of the row so far ahead, as in 'price+6': the known columns and their calendar."""
        names = self.known + calendar_names(self.time, self.calendar) if self.known else ()
        return tuple(f"{name}+{horizon}" for name in names)

    @property
    def meaning(self) -> tuple[object, ...]:
        """What the numbers of a window mean: equal where a model can take windows of one schema for the other's."""
        return self.inputs, self.beside, dict(self.categories)

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizon, or all of them, ascending."""
        return self.horizon if isinstance(self.horizon, tuple) else (self.horizon,)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is predicted: the targets, or of several horizons 'load+1', 'load+6', target by target."""
        if not isinstance(self.horizon, tuple):
            return self.targets
        return tuple(f"{target}+{horizon}" for target in self.targets for horizon in self.horizon)

    @property
    def output_horizons(self) -> tuple[int, ...]:
        """The horizon of each output."""
        return self.horizons * len(self.targets)

    @property
    def target_in_features(self) -> bool:
        """Whether a window holds the past of every target."""
        return set(self.targets) <= set(self.features)

    def to_dict(self) -> dict[str, Any]:
        """Turn it into values that JSON knows."""
        values = asdict(self)
        values["targets"] = list(self.targets)
        values["features"] = list(self.features)
        values["horizon"] = list(self.horizon) if isinstance(self.horizon, tuple) else self.horizon
        values |= {name: list(getattr(self, name)) for name in _LATER}
        values["group"] = list(self.group) if isinstance(self.group, tuple) else self.group
        values["categories"] = {name: list(labels) for name, labels in self.categories.items()}
        values["step"] = None if self.step is None else [self.step.count, self.step.unit]
        for name in _OPTIONAL:
            if values[name] is None:
                del values[name]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> WindowSchema:
        """Build it from what `to_dict` gave.

        Parameters
        ----------
        values : mapping
            The fields by name, lists in place of tuples.

        Returns
        -------
        WindowSchema
            Equal to the one that was written.

        Raises
        ------
        ConfigurationError
            If a field is missing or unknown, or has a value that it may not have.
        """
        known = {field.name for field in fields(cls)}
        if not known - _LATER - _OPTIONAL <= set(values) <= known:
            needed = ", ".join(sorted(known - _OPTIONAL))
            raise ConfigurationError("WindowSchema", "values", f"exactly the fields {needed}", sorted(values))
        return cls(
            targets=tuple(values["targets"]),
            features=tuple(values["features"]),
            length=values["length"],
            horizon=tuple(values["horizon"]) if isinstance(values["horizon"], list) else values["horizon"],
            stride=values["stride"],
            time=values["time"],
            group=tuple(values["group"]) if isinstance(values["group"], list) else values["group"],
            categories={name: tuple(labels) for name, labels in values["categories"].items()},
            **{name: tuple(values.get(name, ())) for name in _LATER},
            date_format=values.get("date_format"),
            step=_step(values.get("step")),
            zone=_zone(values.get("zone")),
        )


def _zone(value: object) -> str | None:
    if isinstance(value, str | None):
        return value
    raise ConfigurationError("WindowSchema", "zone", "the name of a time zone, or None", value)


def _step(value: object) -> Step | None:
    if value is None:
        return None
    match value:
        case [int() | float() as count, str() as unit] if count > 0 and unit in get_args(StepUnit):
            return Step(count, cast("StepUnit", unit))
    raise ConfigurationError("WindowSchema", "step", f"a positive number and one of {get_args(StepUnit)}", value)


def calendar_names(time: str | None, calendar: Sequence[str]) -> tuple[str, ...]:
    """Name calendar features: of the column date, 'date_hour_sin' and 'date_hour_cos'."""
    return tuple(f"{time}_{field}_{wave}" for field in calendar for wave in _WAVES)


def horizons_in_words(horizons: tuple[int, ...]) -> str:
    """Say how far ahead: '24', '1 and 6', '1, 2, ... and 24'."""
    if len(horizons) > _SHOWN:
        return f"{horizons[0]}, {horizons[1]}, ... and {horizons[-1]}"
    return " and ".join(filter(None, [", ".join(map(str, horizons[:-1])), str(horizons[-1])]))
