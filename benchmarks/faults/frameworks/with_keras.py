"""A sequential model, compiled and fitted, on Keras's PyTorch backend."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "torch")  # before Keras is imported, which reads it then

import keras
import torch
from benchmarks.faults.frameworks.asking import ask
from benchmarks.faults.program import Trained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.faults.program import Network, Prepared, Program

    from unflat.diagnosis import Diagnosis


def train(program: Program, prepared: Prepared) -> Trained:
    """Make a sequential model, compile it, fit it."""
    torch.set_num_threads(1)
    keras.utils.set_random_seed(program.seed)
    X, y = (values.astype("float32") for values in (prepared.data.training.X, prepared.data.training.y))
    model = keras.Sequential([keras.Input(X.shape[1:]), *_layers(program.network)])
    model.compile(optimizer=_optimizer(program), loss="mse" if program.style == 0 else keras.losses.MeanSquaredError())
    validation = tuple(v.astype("float32") for v in (prepared.data.held_out.X, prepared.data.held_out.y))
    patience = program.training.patience
    stop = [] if patience is None else [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)]
    if program.style == 1:
        y, validation = y[:, None], (validation[0], validation[1][:, None])
    history = model.fit(
        X, y, epochs=program.training.epochs, batch_size=program.training.batch, verbose=0,
        validation_data=validation if stop else None, callbacks=stop,
    )  # fmt: skip
    return Trained(model, dict(history.history))


def diagnosed(program: Program, prepared: Prepared, trained: Trained) -> Diagnosis:
    """Ask about the model, which knows its own loss and optimizer."""
    return ask(program, prepared, trained, column=program.style == 1)


def _layers(network: Network) -> Iterator[Any]:
    cell = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[network.cell]
    if network.filters:
        yield keras.layers.Conv1D(network.filters, 3, padding="same", activation="relu")
    for place, units in enumerate(network.units):
        more: dict[str, Any] = {}
        if network.weights_deviation is not None:
            initializer = keras.initializers.RandomNormal(stddev=network.weights_deviation, seed=place)
            more |= {"kernel_initializer": initializer, "recurrent_initializer": initializer}
        if network.penalty:
            more |= {"kernel_regularizer": keras.regularizers.L2(network.penalty),
                     "recurrent_regularizer": keras.regularizers.L2(network.penalty)}  # fmt: skip
        onward = network.every_step or place < len(network.units) - 1
        layer = cell(units, return_sequences=onward, **more)
        if network.bidirectional:
            layer = keras.layers.Bidirectional(layer)
        layer.trainable = not network.frozen
        yield layer
        if network.dropout:
            yield keras.layers.Dropout(network.dropout, seed=place)
    if network.norm is not None:
        yield keras.layers.BatchNormalization(momentum=network.norm)
    for units in network.dense:
        bias = keras.initializers.Constant(network.dense_bias)
        yield keras.layers.Dense(units, activation=network.dense_activation, bias_initializer=bias)
    head = keras.layers.Dense(1, activation=network.head)
    head.trainable = network.frozen != "all"
    yield head


def _optimizer(program: Program) -> Any:  # noqa: ANN401 - Keras has no types
    training = program.training
    kinds = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW, "sgd": keras.optimizers.SGD}
    decay = {"weight_decay": training.decay} if training.decay else {}
    return kinds[training.optimizer](learning_rate=training.rate, clipnorm=training.clip, **decay)
