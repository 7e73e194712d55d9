"""`unflat train`: from a file to a run."""

# Typer reads annotations when the program runs, so they are values here and not text.
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import unflat
from unflat.cli.group import INTERRUPTED
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

if TYPE_CHECKING:
    from unflat.runs import Outcome

EXAMPLES = (
    "unflat train ETTh1.csv --target OT --window 96 --horizon 24 -o runs/oil",
    "unflat train engines.csv --target rul --window 30 --horizon 0 --features s2,s3,s4 \\",
    "    --group engine --split group -o runs/engines",
    "unflat train ETTh1.csv --target OT --window 96 --horizon 1-24 --calendar hour,weekday -o runs/day",
    "unflat train Flood_TRAIN.ts --test Flood_TEST.ts -o runs/flood",
)


def train(
    context: typer.Context,
    data: DataArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="RUN", help="Folder for the run; it must not exist yet.")
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
            help="Share of DATA to choose the best epoch by; 0 for none. [default: a tenth of what is trained on, or "
            "all of it in turn where there is little]",
        ),
    ] = None,
    split: SplitOption = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Passes over the data, at the most. [default: by the data's size]"),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Sequences in one step. [default: by the data's size]")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="RATE", help="Highest learning rate. [default: 0.005]")
    ] = None,
    units: Annotated[
        str | None, typer.Option(metavar="N,N,...", help="Hidden units of each LSTM layer. [default: 50,100]")
    ] = None,
    loss: LossOption = None,
    quantile: QuantileOption = None,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is there already.")] = False,
) -> None:
    """Train a model on a file and write a run.

    A part of the data is held out, and the model is judged by it, beside simple baselines.

    The run is a folder with the model (model.unflat), its scores (metrics.json), how it was made (config.json), its
    training (history.csv) and pictures (figures). Ctrl-C ends the training early and keeps the best weights so far.
    """
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
    model = unflat.LSTMRegressor(random_state=seed, device=device)
    chosen: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate}
    chosen |= loss_parameters(loss, quantile) | {"units": None if units is None else _whole_numbers(units)}
    chosen |= {"validation_fraction": 0.0 if validation_share == 0 else None}
    model.set_params(**{name: value for name, value in chosen.items() if value is not None})
    outcome = unflat.train_run(
        data,
        output,
        cut=cut,
        holdout=unflat.runs.Holdout(test_share, validation_share or 0.0, split, seed=seed),
        model=model,
        test_data=test,
        force=force,
        command=context.obj or (),
        illustrate=unflat.figures.draw_run,
    )
    tell(outcome)
    if outcome.model.history_.stopped == "interrupted":
        raise typer.Exit(INTERRUPTED)


def _whole_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no list of whole numbers, such as 50,100.", param_hint="--units"
        ) from error


def tell(outcome: "Outcome") -> None:
    """Say what a run was trained on, how it did and where it is."""
    counts, histories = outcome.counts, outcome.model.histories_
    networks = f"{len(histories)} networks, " if len(histories) > 1 else ""
    typer.echo(
        f"Trained on {counts['train']:,} {'windows' if outcome.model.schema_ else 'sequences'}{_chosen_by(outcome)}; "
        f"judged by {counts['test']:,} others; {networks}epochs: {len(outcome.model.history_.epochs)}, "
        f"in {sum(history.seconds for history in histories):,.0f} s.\n"
    )
    typer.echo(str(outcome.evaluation))
    picture = "predictions.png" if len(outcome.model.target_names_) == 1 else "predictions-1.png"
    typer.echo(f"\nThe run is in {outcome.run.path}; look at {outcome.run.figures_path / picture}.")


def _chosen_by(outcome: "Outcome") -> str:
    """Say by how many the epoch was chosen: a part of their own, or some of those trained on."""
    given, held_out = outcome.counts["validation"], outcome.model.held_out_
    if given:
        return f" ({given:,} others chose the epoch)"
    if held_out is None:
        return ""
    how_many = "all of them in turn" if held_out.n == outcome.counts["train"] else f"{held_out.n:,} of them"
    return f" ({how_many} held out to choose the epoch)"
