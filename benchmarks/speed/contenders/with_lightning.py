"""Lightning's trainer, without logger, checkpoints and progress bar: the document's recipe, or its predictions."""

from __future__ import annotations

import logging
import time
import warnings
from typing import TYPE_CHECKING, Any

import common
import lightning
import torch
from network_of_torch import Network
from torch.utils.data import DataLoader, TensorDataset

if TYPE_CHECKING:
    import numpy as np


class Module(lightning.LightningModule):
    """The network with its loss and optimizer; notes the loss and the seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def training_step(self, batch: list[torch.Tensor], number: int) -> torch.Tensor:
        """Give the loss of a batch."""
        x, y = batch
        loss = torch.nn.functional.mse_loss(self.network(x), y)
        self._losses.append(loss.detach())
        return loss

    def predict_step(self, batch: list[torch.Tensor], number: int) -> torch.Tensor:
        """Predict for a batch."""
        prediction: torch.Tensor = self.network(batch[0])
        return prediction

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Make the optimizer."""
        return torch.optim.Adam(self.parameters(), lr=common.RATE, eps=common.EPSILON)

    def on_train_epoch_start(self) -> None:
        """Start the clock."""
        self._losses: list[torch.Tensor] = []
        self._began = time.perf_counter()

    def on_train_epoch_end(self) -> None:
        """Stop it."""
        self.seconds.append(time.perf_counter() - self._began)
        self.losses.append(float(torch.stack(self._losses).mean()))


def trainer(epochs: int = 1) -> lightning.Trainer:
    """Make a trainer that does nothing else."""
    return lightning.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def forward(at_work: lightning.Trainer, module: Module, X: np.ndarray, size: int = common.MANY) -> np.ndarray:
    """Predict in batches of a size."""
    loader = DataLoader(TensorDataset(torch.from_numpy(X)), batch_size=size)
    return torch.cat(at_work.predict(module, loader)).numpy()


def recipe(epochs: int) -> dict[str, Any]:
    """Train, predict and draw."""
    data, module, at_work = common.document(), Module(), trainer(epochs)
    training = TensorDataset(torch.from_numpy(data.inputs(data.X)), torch.from_numpy(data.target()))
    at_work.fit(module, DataLoader(training, batch_size=common.BATCH, shuffle=True))
    predicted, beyond = (data.original(forward(at_work, module, data.inputs(X))) for X in (data.X, data.X_beyond))
    common.draw(options.folder, module.losses, data.y, predicted)
    return {"epoch": common.epoch_seconds(module.seconds), **data.errors(predicted, beyond)}


def predict(calls: int) -> dict[str, Any]:
    """Time predictions; weights do not matter for them."""
    module, at_work = Module(), trainer()
    return common.one_and_many(
        lambda X: forward(at_work, module, X),
        lambda X, size: forward(at_work, module, X, size),
        calls,
    )


if __name__ == "__main__":
    options = common.arguments("recipe", "predict")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    torch.manual_seed(options.seed)
    common.say(recipe(options.epochs) if options.task == "recipe" else predict(options.calls))
