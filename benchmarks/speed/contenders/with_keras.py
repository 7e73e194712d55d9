"""Keras 3, on the backend that KERAS_BACKEND names: the document's recipe, or its predictions."""

from __future__ import annotations

import time
from typing import Any

import common
import keras


class Clock(keras.callbacks.Callback):
    """Notes the seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop it."""
        self.seconds.append(time.perf_counter() - self._began)


def network() -> keras.Model:
    """Build the document's model; without its metrics, which would cost time."""
    model = keras.Sequential(
        [
            keras.Input((common.STEPS, 1)),
            keras.layers.LSTM(common.UNITS[0], return_sequences=True),
            keras.layers.Dropout(common.DROPOUT),
            keras.layers.LSTM(common.UNITS[1]),
            keras.layers.Dropout(common.DROPOUT),
            keras.layers.Dense(1),
        ]
    )
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(common.RATE, epsilon=common.EPSILON))
    return model


def recipe(epochs: int) -> dict[str, Any]:
    """Train, predict and draw."""
    data, model, clock = common.document(), network(), Clock()
    history = model.fit(
        data.inputs(data.X), data.target(), epochs=epochs, batch_size=common.BATCH, verbose=0, callbacks=[clock]
    )
    predicted, beyond = (
        data.original(model.predict(data.inputs(X), batch_size=common.BATCH, verbose=0))
        for X in (data.X, data.X_beyond)
    )
    common.draw(options.folder, history.history["loss"], data.y, predicted)
    return {"epoch": common.epoch_seconds(clock.seconds), **data.errors(predicted, beyond)}


def predict(calls: int) -> dict[str, Any]:
    """Time predictions; weights do not matter for them."""
    model = network()
    return common.one_and_many(
        lambda X: model.predict(X, verbose=0),
        lambda X, size: model.predict(X, batch_size=size, verbose=0),
        calls,
    )


if __name__ == "__main__":
    options = common.arguments("recipe", "predict")
    keras.utils.set_random_seed(options.seed)
    common.say(recipe(options.epochs) if options.task == "recipe" else predict(options.calls))
