"""What is passed to `diagnose`, whatever the framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unflat.diagnosis import diagnose

if TYPE_CHECKING:
    from benchmarks.faults.program import Array, Pairs, Prepared, Program, Trained

    from unflat.diagnosis import Diagnosis


def ask(
    program: Program, prepared: Prepared, trained: Trained, *, column: bool = False, dtype: str = "float32"
) -> Diagnosis:
    """Call `diagnose` with the data in the shape and precision that the program has them in."""

    def given(pairs: Pairs) -> tuple[Array, Array]:
        X, y = pairs.X.astype(dtype), pairs.y.astype(dtype)
        return X, y[:, None] if column else y

    X, y = given(prepared.data.training)
    known: dict[str, Any] = {
        name: value
        for name in ("history", "loss", "optimizer")
        if (value := getattr(trained, name)) is not None
    }  # fmt: skip
    if program.raw_given:
        known["raw"] = (prepared.raw.X, np.reshape(prepared.raw.y, y.shape))
    return diagnose(trained.model, X, y, validation=given(prepared.data.held_out), random_state=0, **known)
