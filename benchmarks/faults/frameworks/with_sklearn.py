"""A perceptron on flattened sequences: scaled by hand, or by a pipeline and a transformed target."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from benchmarks.faults.frameworks.asking import ask
from benchmarks.faults.program import Pairs, Trained
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from benchmarks.faults.program import Prepared, Program

    from unflat.diagnosis import Diagnosis


def train(program: Program, prepared: Prepared) -> Trained:
    """Fit the perceptron, alone or within what scales for it."""
    training, network = program.training, program.network
    model: Any = MLPRegressor(
        hidden_layer_sizes=network.dense, activation=network.dense_activation, solver=training.optimizer,
        alpha=training.decay, batch_size=training.batch, learning_rate_init=training.rate, max_iter=training.epochs,
        early_stopping=training.patience is not None, n_iter_no_change=training.patience or training.epochs,
        random_state=program.seed,
    )  # fmt: skip
    if not program.by_hand and program.scaling.inputs == "standard":
        model = make_pipeline(StandardScaler(), model)
    if not program.by_hand and program.scaling.target == "standard":
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    pairs = _flattened(prepared.data.training)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(pairs.X, pairs.y)
    return Trained(model)


def diagnosed(program: Program, prepared: Prepared, trained: Trained) -> Diagnosis:
    """Ask about the whole model."""
    return ask(program, prepared.changed(_flattened), trained, dtype="float64")


def _flattened(pairs: Pairs) -> Pairs:
    return Pairs(pairs.X.reshape(len(pairs.X), -1), pairs.y)
