"""Causes of a good training gone wrong on other data, and of data in which there is nothing to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.rule import cure_for
from unflat.diagnosis.causes.symptoms import FLAT, GAIN, attainable, behind, varies
from unflat.diagnosis.records import Cause, Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.examination import Examination

_BEYOND = 0.5
"""Share of held-out sequences beyond the training range at which they are most of what is judged."""

_LINE_CODE: Code = {
    "unflat": "model.set_params(skip=True).fit(X, y)  # a straight line, along which a trend goes on",
    **dict.fromkeys(
        ("keras", "torch", "sklearn", "function"),
        "from sklearn.linear_model import RidgeCV\n"
        "line = RidgeCV().fit(X[:, -1], y)         # the trend, which goes on outside of the training range\n"
        "rest = y - line.predict(X[:, -1])         # train the model on this\n"
        "# prediction: the model's + line.predict(X_new[:, -1])",
    ),
}


def extrapolation(examination: Examination) -> Cause | None:
    """Find held-out data outside the range of the training data, where a network goes flat."""
    held_out, training = examination.held_out, examination.training
    if held_out is None or behind(examination, training).any() or not _worse_on_held_out(examination):
        return None
    targets = _beyond(training.y, held_out.y)
    F = training.values.shape[-1]
    inputs = _beyond(training.values.reshape(-1, F), held_out.values.reshape(-1, F))
    if max(targets.max(), inputs.max()) < _BEYOND:
        return None
    return Cause(
        "extrapolation",
        "The held-out data lie outside the range of the training data; bounded gates give nearly the same number for "
        "all that lies beyond it.",
        (
            Evidence("share of held-out targets outside the training range", float(targets.max()), "near 0"),
            Evidence(
                "share of held-out values of one feature outside the training range", float(inputs.max()), "near 0"
            ),
            Evidence("R² on training data", float(np.nanmin(training.r2)), "as on held-out data"),
            Evidence("R² on held-out data", float(np.nanmin(held_out.r2)), "as on training data"),
        ),
        cure_for(
            examination,
            "Train on data that cover the range, predict differences instead of levels, or add a straight line.",
            _LINE_CODE,
        ),
        0.85,
    )


_LESS_CODE: Code = {
    "unflat": 'model.set_params(units=(16,), dropout=0.2, weight_decay=1e-2, patience="auto").fit(X, y)',
    "keras": "stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)\n"
    "model.fit(X, y, validation_split=0.2, callbacks=[stop])  # from new weights, with fewer units and Dropout(0.2)",
    "torch": "optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)\n"
    "# and keep the weights of the epoch with the lowest loss on held-out data",
    "sklearn": "model.set_params(early_stopping=True, alpha=1e-2).fit(X, y)  # of MLPRegressor",
}


def overfit(examination: Examination) -> Cause | None:
    """Find a model that knows its training data by heart, and nothing of others."""
    held_out, training = examination.held_out, examination.training
    if held_out is None or behind(examination, training).any() or not _worse_on_held_out(examination):
        return None
    gap = training.r2 - held_out.r2
    output = int(np.argmax(np.nan_to_num(gap, nan=-np.inf)))
    return Cause(
        "overfit",
        "The model explains its training data far better than held-out data: it has learned single sequences by heart.",
        (
            Evidence("R² on training data", float(training.r2[output]), "as on held-out data"),
            Evidence("R² on held-out data", float(held_out.r2[output]), "as on training data"),
            Evidence(
                "R² of reference learners on held-out data", float(attainable(examination, held_out)[output]), "less"
            ),
        ),
        cure_for(
            examination, "Stop at the best epoch on held-out data, and take fewer units or more data.", _LESS_CODE
        ),
        0.7,
    )


def no_signal(examination: Examination) -> Cause | None:
    """Say that nobody finds anything: flat is then the right answer."""
    usable = np.isfinite(examination.training.y).all() and varies(examination.training.y).all()
    part = examination.judged
    found_by_model = bool((part.r2 > GAIN).any()) or not part.finite
    examined = all(signal.examined for signal in examination.references.signal)
    if not usable or not examined or found_by_model or examination.references.beyond_chance.any():
        return None
    return Cause(
        "no_signal",
        "Reference learners find no more in these sequences than in shuffled ones: none was found, which does not "
        "prove that there is none.",
        (
            Evidence("highest R² of reference learners", float(np.max(examination.references.r2)), "beyond chance"),
            Evidence("spread", float(np.nanmax(part.spread)), f"below {FLAT}, where there is nothing to follow"),
        ),
        cure_for(
            examination,
            "Give it other features, a longer past, a nearer horizon or more data; no setting of the model helps.",
            {},
        ),
        0.9,
    )


_TIMES = 2.0
"""Factor between the errors on held-out and on training data from which on they are different."""


def _worse_on_held_out(examination: Examination) -> bool:
    """Whether held-out data fare clearly worse than training data and than they could."""
    held_out = examination.held_out
    if held_out is None or not held_out.finite:
        return False
    left, trained = 1 - held_out.r2, 1 - examination.training.r2
    worse = (left > trained + GAIN) & (left > _TIMES * trained)
    return bool((behind(examination, held_out) & worse).any())


def _beyond(known: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each column's new values outside the range of the known ones."""
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    share: NDArray[np.float64] = np.mean((new < low) | (new > high), axis=0)
    return share
