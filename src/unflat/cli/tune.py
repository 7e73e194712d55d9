"""`unflat tune`: from a file to the run of a model that was searched for."""

# Typer reads annotations when the program runs, so they are values here and not text.
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import unflat
from unflat.cli.group import INTERRUPTED, say
from unflat.cli.options import (
    EVERY_ROW,
    NEXT_ROW,
    CalendarOption,
    DataArgument,
    DeviceOption,
    FeaturesOption,
    GroupOption,
    HorizonOption,
    KnownOption,
    LabelsOption,
    LossOption,
    MissingOption,
    QuantileOption,
    SeedOption,
    SplitOption,
    StaticOption,
    StrideOption,
    TargetOption,
    TestOption,
    TestShareOption,
    TimeOption,
    WindowOption,
    cut_for,
    loss_parameters,
)
from unflat.cli.train import tell

if TYPE_CHECKING:
    from unflat.tuning import Trial

EXAMPLES = (
    "unflat tune ETTh1.csv --target OT --window 96 --horizon 24 --budget 1h -o runs/oil",
    "unflat tune Flood_TRAIN.ts --test Flood_TEST.ts --trials 50 -o runs/flood",
    "unflat tune load.csv --target load --window 48 --space units=8:64 --space readout=off -o runs/load",
    "unflat tune --show-space",
)

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def _show_space(wanted: bool) -> None:
    if wanted:
        typer.echo(str(unflat.tuning.Space()))
        raise typer.Exit


def tune(
    context: typer.Context,
    data: DataArgument,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="RUN", help="Folder for the run; one with an earlier search is gone on with."
        ),
    ],
    target: TargetOption = None,
    window: WindowOption = None,
    horizon: HorizonOption = NEXT_ROW,
    features: FeaturesOption = None,
    time: TimeOption = None,
    group: GroupOption = None,
    stride: StrideOption = EVERY_ROW,
    calendar: CalendarOption = None,
    known: KnownOption = None,
    static: StaticOption = None,
    labels: LabelsOption = None,
    missing: MissingOption = None,
    test: TestOption = None,
    test_share: TestShareOption = 0.2,
    validation_share: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="SHARE",
            help="Share of DATA that trials are scored on. [default: a tenth of what is trained on]",
        ),
    ] = None,
    split: SplitOption = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Trials in all, earlier calls included. [default: 30, or what the budget admits]"
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Time for this call, such as 90s, 10m or 1h30m; too short for one training, it ends that.",
        ),
    ] = None,
    space: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=...",
            help="What to vary otherwise: NAME=LOW:HIGH, NAME=A,B or NAME=off; repeat it for several.",
        ),
    ] = None,
    loss: LossOption = None,
    quantile: QuantileOption = None,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    force: Annotated[bool, typer.Option("--force", help="Begin anew, and replace the run that is there.")] = False,
    show_space: Annotated[  # noqa: ARG001 - acts where it is read
        bool,
        typer.Option(
            "--show-space", callback=_show_space, is_eager=True, help="Print what is varied, and how far, and stop."
        ),
    ] = False,
) -> None:
    """Search for parameters that beat the defaults and write a run.

    The first trial is the defaults. All trials learn from the same part of the data and are scored on the same part
    that is held out of it; those that fall behind are given up. The best one must do better again with other seeds, or
    the defaults are kept. The test part is looked at once, at the end.

    The run is one as `unflat train` writes, and has a folder `tuning` with all trials (trials.csv) and what was found
    (findings.json), and a picture (figures/tuning.png). Ctrl-C ends the search early and keeps what was found so far;
    the same command again, without --force, goes on.
    """
    from rich.console import Console  # noqa: PLC0415 - no command's help waits for these
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - as above

    cut = cut_for(
        data,
        target=target,
        window=window,
        horizon=horizon,
        features=features,
        time=time,
        group=group,
        stride=stride,
        calendar=calendar,
        known=known,
        static=static,
        labels=labels,
        missing=missing,
    )
    model = unflat.LSTMRegressor(device=device).set_params(**loss_parameters(loss, quantile))
    seconds = None if budget is None else _seconds(budget)
    changed = unflat.tuning.changed_space(unflat.tuning.Space(), space or [])
    try:
        with Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True),
            transient=True,
        ) as progress:  # fmt: skip
            task = progress.add_task("Trying the defaults", total=None)
            tuned = unflat.tune_run(
                data,
                output,
                cut=cut,
                holdout=unflat.runs.Holdout(test_share, validation_share or 0.0, split, seed=seed),
                model=model,
                space=changed,
                trials=trials,
                budget=seconds,
                test_data=test,
                random_state=seed,
                force=force,
                command=context.obj or (),
                illustrate=unflat.figures.draw_run,
                on_trial=lambda trial, best: progress.update(task, description=_progress(trial, best)),
            )
    except KeyboardInterrupt as interruption:
        command = "the same command without --force" if force else "the same command"
        say(f"Interrupted before there was a result. Trials that ended are kept in {output}: {command} goes on.")
        raise typer.Exit(INTERRUPTED) from interruption
    typer.echo(f"{unflat.tuning.told(tuned.findings)}\n")
    tell(tuned.outcome)
    if tuned.findings.interrupted or tuned.outcome.model.history_.stopped == "interrupted":
        raise typer.Exit(INTERRUPTED)


def _progress(trial: "Trial", best: "Trial") -> str:
    leader = f"trial {best.number}" if best.number else "the defaults"
    return f"trial {trial.number} {trial.state}; best: {leader}, validation loss {best.loss:.4g}"


def _seconds(text: str) -> float:
    """Read a time such as 90s, 10m or 1h30m."""
    if not re.fullmatch(r"(\d+(\.\d+)?[hms])+", text):
        raise typer.BadParameter(f"{text!r} is no time, such as 90s, 10m or 1h30m.", param_hint="--budget")
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)([hms])", text))
