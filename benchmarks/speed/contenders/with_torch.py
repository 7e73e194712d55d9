"""PyTorch and a plain loop: the document's recipe, or its predictions."""

from __future__ import annotations

import time
from typing import Any

import common
import numpy as np
import torch
from network_of_torch import Network


def recipe(epochs: int) -> dict[str, Any]:
    """Train, predict and draw."""
    data, network = common.document(), Network()
    x, y = torch.from_numpy(data.inputs(data.X)), torch.from_numpy(data.target())
    optimizer = torch.optim.Adam(network.parameters(), lr=common.RATE, eps=common.EPSILON)
    losses, seconds = [], []
    for _ in range(epochs):
        began, total = time.perf_counter(), 0.0
        for index in torch.randperm(len(x)).split(common.BATCH):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(network(x[index]), y[index])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(index)
        losses.append(total / len(x))
        seconds.append(time.perf_counter() - began)
    predicted, beyond = (data.original(forward(network, data.inputs(X))) for X in (data.X, data.X_beyond))
    common.draw(options.folder, losses, data.y, predicted)
    return {"epoch": common.epoch_seconds(seconds), **data.errors(predicted, beyond)}


@torch.inference_mode()
def forward(network: Network, X: np.ndarray, size: int = common.MANY) -> np.ndarray:
    """Predict in batches of a size."""
    network.eval()
    return np.concatenate([network(part).numpy() for part in torch.from_numpy(X).split(size)])


def predict(calls: int) -> dict[str, Any]:
    """Time predictions; weights do not matter for them."""
    network = Network()
    return common.one_and_many(
        lambda X: forward(network, X),
        lambda X, size: forward(network, X, size),
        calls,
    )


if __name__ == "__main__":
    options = common.arguments("recipe", "predict")
    torch.manual_seed(options.seed)
    common.say(recipe(options.epochs) if options.task == "recipe" else predict(options.calls))
