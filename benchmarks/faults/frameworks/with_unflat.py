"""Our own estimator, on raw data."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from benchmarks.faults.frameworks.asking import ask
from benchmarks.faults.program import Trained

from unflat import LSTMRegressor
from unflat.errors import UnflatWarning

if TYPE_CHECKING:
    from benchmarks.faults.program import Prepared, Program

    from unflat.diagnosis import Diagnosis


def train(program: Program, prepared: Prepared) -> Trained:
    """Fit the estimator; what it warns of is what the diagnosis is asked about."""
    network, training, scaling = program.network, program.training, program.scaling
    model = LSTMRegressor(
        cell=network.cell, units=network.units, bidirectional=network.bidirectional, dropout=network.dropout,
        skip=network.skip,
        readout=("last", "mean", "max") if network.readout == "all" else ("last",),
        epochs=training.epochs, batch_size=training.batch, learning_rate=training.rate, weight_decay=training.decay,
        clip_norm=training.clip, patience=training.patience,
        schedule="one-cycle" if training.optimizer == "adam" else "constant",
        scale_inputs=scaling.inputs, scale_target=scaling.target, random_state=program.seed, progress=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnflatWarning)
        model.fit(prepared.data.training.X, prepared.data.training.y)
    return Trained(model)


def diagnosed(program: Program, prepared: Prepared, trained: Trained) -> Diagnosis:
    """Ask about the estimator, which knows the rest."""
    return ask(program, prepared, trained, dtype="float64")
