"""What a training recorded, as plain data: no tensors, nothing that needs the network again."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Ending = Literal["finished", "exact", "early", "callback", "interrupted", "diverged"]


@dataclass(frozen=True)
class EpochRecord:
    """One pass over the training part.

    Parameters
    ----------
    epoch : int
        Number of the pass, from 1.
    loss : float
        Mean training loss over the pass, on the scaled target, dropout on.
    validation_loss : float or None
        Loss on the validation part after the pass, dropout off; None without such a part.
    rate : float
        Learning rate at the end of the pass.
    gradient_norm : float
        Largest norm of a step's gradient in the pass, before clipping.
    seconds : float
        Wall time of the pass.
    """

    epoch: int
    loss: float
    validation_loss: float | None
    rate: float
    gradient_norm: float
    seconds: float

    @property
    def judged_loss(self) -> float:
        """The loss that epochs are compared by: the validation part's where there is one."""
        return self.loss if self.validation_loss is None else self.validation_loss


@dataclass(frozen=True)
class History:
    """A training from its first epoch to its end.

    Parameters
    ----------
    epochs : tuple of EpochRecord
        The passes, in order.
    stopped : {"finished", "exact", "early", "callback", "interrupted", "diverged"}
        Why there were no more; "exact" if what errors were left are those of float32's rounding.
    best_epoch : int
        The epoch whose weights were kept; 0 where the weights are those before the first.
    """

    epochs: tuple[EpochRecord, ...] = ()
    stopped: Ending = "finished"
    best_epoch: int = 0

    @property
    def seconds(self) -> float:
        """Wall time of all passes."""
        return math.fsum(record.seconds for record in self.epochs)

    @property
    def broke_off(self) -> bool:
        """Whether training did not come to an end of its own."""
        return self.stopped in {"interrupted", "diverged"}

    def undone(self) -> History:
        """Give the same training, of which the weights before its first epoch are kept."""
        return replace(self, best_epoch=0)

    def __repr__(self) -> str:
        return f"<History: {self}>"

    def __str__(self) -> str:
        """Tell of the training in a few words; `epochs` holds every pass."""
        if not self.epochs:
            return "no epoch was trained"
        first, last = self.epochs[0], self.epochs[-1]
        losses = [f"loss from {first.loss:.4g} to {last.loss:.4g}"]
        if first.validation_loss is not None and last.validation_loss is not None:
            losses.append(f"held out from {first.validation_loss:.4g} to {last.validation_loss:.4g}")
        kept = f"the weights of epoch {self.best_epoch}" if self.best_epoch else "the initial weights"
        count = "1 epoch" if len(self.epochs) == 1 else f"{len(self.epochs):,} epochs"
        return f"{count} ({self.stopped}), {', '.join(losses)}; {kept} were kept"

    def __add__(self, later: History) -> History:
        """Append a training that went on from this one."""
        offset = len(self.epochs)
        moved = tuple(replace(record, epoch=record.epoch + offset) for record in later.epochs)
        # The later one's weights before its first epoch are those that this one kept.
        best_epoch = later.best_epoch + offset if later.best_epoch else self.best_epoch
        return History(self.epochs + moved, later.stopped, best_epoch)

    def to_dict(self) -> dict[str, Any]:
        """Give the history as plain JSON values; NaN and infinity, which JSON lacks, as text."""
        return {**asdict(self), "epochs": [_plain(record) for record in self.epochs]}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> History:
        """Read what `to_dict` gave."""
        epochs = tuple(_record(values) for values in document["epochs"])
        return cls(epochs, document["stopped"], document["best_epoch"])


def _plain(record: EpochRecord) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(record).items()
    }


def _record(values: Mapping[str, Any]) -> EpochRecord:
    numbers: dict[str, Any] = {name: float(v) if isinstance(v, str) else v for name, v in values.items()}
    return EpochRecord(**numbers)


def most_telling(histories: Sequence[History]) -> History:
    """Choose the history to tell of: the first that went wrong, else the first."""
    return next((history for history in histories if history.broke_off), histories[0])
