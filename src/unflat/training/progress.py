"""A progress bar for training: rate, loss and time left; nothing where there is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from unflat.training.callbacks import Callback

if TYPE_CHECKING:
    from unflat.history import EpochRecord, History
    from unflat.training.callbacks import Plan


def shows_progress(choice: Literal["auto"] | bool) -> bool:
    """Decide whether to draw: as told, or where standard error is a terminal."""
    return Console(stderr=True).is_terminal if choice == "auto" else choice


class ProgressBar(Callback):
    """Shows a training on the terminal: of several networks, how far all of them have come, and the time left for all.

    Parameters
    ----------
    console : rich.console.Console or None
        Where to draw; None for standard error, so that a command's output stays clean.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._progress: Progress | None = None

    def on_start(self, plan: Plan) -> None:
        """Draw the bar, where it can be drawn again in place."""
        if not (self._console.is_interactive or self._console.is_jupyter):
            return
        self._progress = Progress(
            TextColumn(_which(plan) + "epoch {task.fields[epoch]}/" + str(plan.epochs)),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._steps, self._losses = plan.steps, ""
        self._before = plan.epochs * (plan.network - 1)
        total = plan.epochs * plan.networks
        self._task = self._progress.add_task("", total=total, completed=self._before, epoch=0, figures="")
        self._progress.start()

    def on_step(self, step: int, rate: float) -> None:
        """Move the bar within an epoch, and show the rate."""
        if self._progress is not None:
            self._move(step / self._steps, rate)

    def on_epoch(self, record: EpochRecord) -> None:
        """Show what the epoch came to."""
        if self._progress is not None:
            self._losses = _losses(record)
            self._move(record.epoch, record.rate)

    def on_end(self, history: History) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _move(self, epochs: float, rate: float) -> None:
        figures = f"rate {rate:.1e}{self._losses}"
        self._progress.update(self._task, completed=self._before + epochs, epoch=int(epochs), figures=figures)  # type: ignore[union-attr]  # who calls has asked


def _which(plan: Plan) -> str:
    return f"network {plan.network}/{plan.networks}, " if plan.networks > 1 else ""


def _losses(record: EpochRecord) -> str:
    validation = "" if record.validation_loss is None else f"  validation {record.validation_loss:.4g}"
    return f"  loss {record.loss:.4g}{validation}"
