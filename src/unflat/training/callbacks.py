"""What may look on while a network is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from unflat.config import TrainingConfig
    from unflat.history import EpochRecord, History


@dataclass(frozen=True)
class Plan:
    """What a training is going to do, known before its first step.

    Parameters
    ----------
    epochs : int
        Passes over the training part, at the most.
    steps : int
        Steps of one pass.
    sequences : int
        Sequences in the training part.
    network, networks : int
        Which network of one fit it is, from 1, and how many there are to be.
    """

    epochs: int
    steps: int
    sequences: int
    network: int = 1
    networks: int = 1


class Callback:
    """Looks on while a network is trained; override what you need.

    A callback sees; it does not change weights or rate. To end the training, return True from `on_epoch`.
    """

    def on_model(self, model: nn.Module, config: TrainingConfig) -> None:
        """Before `on_start`: the model that is about to be trained, and how.

        The model takes raw sequences and their lengths and gives raw predictions, as `unflat.network.Predictor` does,
        without dropout. It may be asked at any time until `on_end`.
        """

    def on_start(self, plan: Plan) -> None:
        """Before the first step."""

    def on_step(self, step: int, rate: float) -> None:
        """After each step: its number over the whole training, from 1, and the learning rate it had."""

    def on_epoch(self, record: EpochRecord) -> bool | None:
        """After each pass; True ends the training."""

    def on_end(self, history: History) -> None:
        """After the last pass, however training ended."""
