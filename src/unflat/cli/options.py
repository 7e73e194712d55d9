"""Options that several commands have in common: the data, how windows are cut from it, what is held out."""

# Typer reads annotations when the program runs, so they are values here and not text.
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

import unflat
from unflat.config import LossName

if TYPE_CHECKING:
    from unflat.runs import Cut

DataArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="Table of time steps (.csv, .tsv, .txt, .dat, also as .gz; .parquet), or sequences (.ts).",
    ),
]
TargetOption = Annotated[
    list[str] | None, typer.Option(metavar="A,B,...", help="Columns to predict; or repeat it for several.")
]
WindowOption = Annotated[
    int | None, typer.Option(min=1, metavar="ROWS", help="Rows of the past that a prediction sees.")
]
HorizonOption = Annotated[
    str,
    typer.Option(
        metavar="ROWS",
        help="How many rows after the window's last row the target lies; 0 is that row. Several, such as 1,6,24 or "
        "1-24, are predicted at once.",
    ),
]
NEXT_ROW = "1"
"""The horizon where none is given."""

FeaturesOption = Annotated[
    str | None,
    typer.Option(metavar="A,B,...", help="Columns that a prediction sees. [default: all but time and group]"),
]
TimeOption = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column of times. [default: the only column of dates]")
]
GroupOption = Annotated[
    str | None,
    typer.Option(metavar="A,B,...", help="Column that tells several series apart, or those that do so together."),
]
StrideOption = Annotated[
    int, typer.Option(min=1, metavar="ROWS", help="Rows from one window's start to the next one's.")
]
EVERY_ROW = 1
"""The stride where none is given."""

CalendarOption = Annotated[
    str | None,
    typer.Option(metavar="A,B,...", help="Features to make of the times: minute, hour, weekday, day, yearday, month."),
]
KnownOption = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...", help="Columns known in advance, such as a forecast: read where the targets lie, too."
    ),
]
StaticOption = Annotated[
    str | None, typer.Option(metavar="A,B,...", help="Columns that are constant within a group, such as its size.")
]
LabelsOption = Annotated[
    str | None,
    typer.Option(metavar="A,B,...", help="Columns of numbers that are labels, such as the number of a station."),
]
MissingOption = Annotated[
    str | None,
    typer.Option(metavar="N,N,...", help="Numbers that stand for a missing value, such as -999, in any column."),
]
TestOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Data to judge by, instead of a share of DATA.")]


def _share_to_judge_by(share: float) -> float:
    if not 0 < share < 1:
        message = f"{share:g} leaves nothing to judge by, or nothing to learn from; give another share, or --test FILE."
        raise typer.BadParameter(message)
    return share


TestShareOption = Annotated[
    float,
    typer.Option(
        callback=_share_to_judge_by, metavar="SHARE", help="Share of DATA to judge the model by, above 0 and below 1."
    ),
]
SplitOption = Annotated[
    Literal["time", "group"] | None,
    typer.Option(help="What to hold out: the last part of time, or whole series. [default: time]"),
]
LossOption = Annotated[LossName | None, typer.Option(help="What training makes small. [default: mse]")]
QuantileOption = Annotated[
    float | None,
    typer.Option(metavar="Q", help="What --loss quantile estimates, such as 0.9. [default: 0.5, the median]"),
]
SeedOption = Annotated[int, typer.Option(min=0, metavar="N", help="Seed of all that is random.")]
DeviceOption = Annotated[str, typer.Option(metavar="NAME", help="Where to compute: auto, cpu, cuda, mps.")]


def loss_parameters(loss: LossName | None, quantile: float | None) -> dict[str, Any]:
    """Give what the options of these names set of a model."""
    if quantile is not None and loss != "quantile":
        message = "Only the quantile loss has a quantile; add --loss quantile."
        raise typer.BadParameter(message, param_hint="--quantile")
    return {name: value for name, value in (("loss", loss), ("quantile", quantile)) if value is not None}


_NEEDED = {
    "--target": "Say which column to predict, e.g. --target load.",
    "--window": "Say how many rows of the past a prediction sees, e.g. --window 24.",
}
"""What a table cannot do without, and how it is said."""


def cut_for(
    data: Path,
    *,
    target: list[str] | None,
    window: int | None,
    horizon: str,
    features: str | None,
    time: str | None,
    group: str | None,
    stride: int,
    calendar: str | None,
    known: str | None,
    static: str | None,
    labels: str | None,
    missing: str | None,
    settled: str | None = None,
    needed: bool = True,
) -> "Cut | None":
    """Say how windows are cut, by the options of the same names; None where none are.

    None are cut from a file of whole sequences, nor where something else is `settled`, as it says why; and from a table
    only if an option is given, where they are not `needed`.
    """
    settled = "The sequences of a .ts file are whole" if unflat.runs.is_ts(data) else settled
    given = {"--target": target, "--window": window, "--features": features, "--time": time, "--group": group}
    given |= {"--calendar": calendar, "--known": known, "--static": static, "--labels": labels}
    given |= {"--missing": missing}
    given |= {"--horizon": horizon != NEXT_ROW, "--stride": stride != EVERY_ROW}
    if needed or any(given.values()):
        _check_options(given, settled)
    if settled or not target or window is None:
        return None
    names = None if features is None else _names(features)
    _check_calendar(_names(calendar or ""))
    groups = _names(group or "")
    return unflat.runs.Cut(
        target=_targets(data, target, _names(labels or "")),
        length=window,
        horizon=_horizon(horizon),
        features=names,
        time=time,
        group=groups if len(groups) > 1 else next(iter(groups), None),
        stride=stride,
        calendar=_names(calendar or ""),
        known=_names(known or ""),
        static=_names(static or ""),
        labels=_names(labels or ""),
        missing=_codes(missing or ""),
    )


def _check_options(given: dict[str, Any], settled: str | None) -> None:
    """Ask for what a table needs, and refuse it where nothing is to be cut."""
    for option, value in given.items():
        if settled and value:
            raise typer.BadParameter(f"{settled}; leave it out.", param_hint=option)
        if not settled and not value and option in _NEEDED:
            raise typer.BadParameter(_NEEDED[option], param_hint=option)


def _check_calendar(names: tuple[str, ...]) -> None:
    """Name the option and the nearest feature, where one is asked for that there is none of."""
    unknown = next((name for name in names if name not in unflat.runs.CALENDAR), None)
    if unknown is not None:
        nearest = get_close_matches(unknown.lower(), unflat.runs.CALENDAR, n=1)
        remedy = f"Did you mean {nearest[0]}?" if nearest else f"Choose among {', '.join(unflat.runs.CALENDAR)}."
        raise typer.BadParameter(f"{unknown!r} is no calendar feature. {remedy}", param_hint="--calendar")


def _horizon(text: str) -> int | tuple[int, ...]:
    """Read one horizon, such as 24, or several, such as 1,6,24 or 1-24."""
    try:
        if "-" in text.strip("-"):
            first, last = map(int, text.split("-"))
            if last < first:
                raise typer.BadParameter(f"{text!r} runs backwards; write {last}-{first}.", param_hint="--horizon")
            return tuple(range(first, last + 1))
        horizons = tuple(map(int, text.split(",")))
    except ValueError as error:
        message = f"{text!r} is neither a number of rows nor several, such as 1,6,24 or 1-24."
        raise typer.BadParameter(message, param_hint="--horizon") from error
    return horizons[0] if len(horizons) == 1 else horizons


def _codes(text: str) -> tuple[float, ...]:
    """Read the numbers that stand for a missing value."""
    try:
        return tuple(map(float, _names(text)))
    except ValueError as error:
        message = f"{text!r} is neither a number nor several, such as -999 or -99,-999."
        raise typer.BadParameter(message, param_hint="--missing") from error


def _targets(data: Path, target: list[str], labels: tuple[str, ...]) -> tuple[str, ...]:
    """Take targets that commas separate, where no column of the table is called so."""
    if not any("," in name for name in target):
        return tuple(target)
    columns = unflat.open_table(data, text=labels).names
    return tuple(part for name in target for part in ((name,) if name in columns else _names(name)))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
