"""A skorch regressor: the document's recipe, or its predictions."""

from __future__ import annotations

from typing import Any

import common
import torch
from network_of_torch import Network
from skorch import NeuralNetRegressor


def regressor(epochs: int) -> NeuralNetRegressor:
    """Wrap the network."""
    return NeuralNetRegressor(
        Network,
        max_epochs=epochs,
        batch_size=common.BATCH,
        lr=common.RATE,
        optimizer=torch.optim.Adam,
        optimizer__eps=common.EPSILON,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


def recipe(epochs: int) -> dict[str, Any]:
    """Train, predict and draw."""
    data, model = common.document(), regressor(epochs)
    model.fit(data.inputs(data.X), data.target())
    predicted, beyond = (data.original(model.predict(data.inputs(X))) for X in (data.X, data.X_beyond))
    common.draw(options.folder, model.history[:, "train_loss"], data.y, predicted)
    return {"epoch": common.epoch_seconds(model.history[:, "dur"]), **data.errors(predicted, beyond)}


def predict(calls: int) -> dict[str, Any]:
    """Time predictions; weights do not matter for them."""
    models = {size: regressor(1).set_params(batch_size=size).initialize() for size in common.SIZES}
    one = models[common.SIZES[0]]
    return common.one_and_many(one.predict, lambda X, size: models[size].predict(X), calls)


if __name__ == "__main__":
    options = common.arguments("recipe", "predict")
    torch.manual_seed(options.seed)
    common.say(recipe(options.epochs) if options.task == "recipe" else predict(options.calls))
