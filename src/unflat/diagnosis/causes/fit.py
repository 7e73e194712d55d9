"""Causes of a good training gone wrong on other data, and of data in which there is nothing to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.rule import cure_for
from unflat.diagnosis.causes.symptoms import attainable, behind, lags, varies
from unflat.diagnosis.measured.standing import TOO_WIDE, figures_of
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.references import GAIN
from unflat.metrics import FLAT_SPREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.measured import Examination, Part
    from unflat.diagnosis.records import Cure

_BEYOND = 0.5
"""Share of held-out sequences beyond the training range at which they are most of what is judged."""

_LINE_CODE: Code = {
    "unflat": "model.set_params(skip=True).fit(X, y)  # a straight line, along which a trend goes on",
    **dict.fromkeys(
        ("keras", "torch", "sklearn", "function"),
        "from sklearn.linear_model import RidgeCV\n"
        "last = X[:, -1].reshape(len(X), -1)\n"
        "line = RidgeCV().fit(last, y)             # the trend, which goes on outside of the training range\n"
        "rest = y - line.predict(last)             # train the model on this\n"
        "# prediction: the model's + line.predict(X_new[:, -1].reshape(len(X_new), -1))",
    ),
}

_NO_LINE_WORDS = "Train on data that cover the range, predict differences instead of levels, or add a straight line."
_LINE_WORDS = (
    "Its straight line is there and does not help: leave out columns that only count onward, predict differences "
    "instead of levels, or train on data that cover the range."
)


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
                f"share of held-out values of feature {inputs.argmax()} outside the training range",
                float(inputs.max()),
                "near 0",
            ),
            *_errors(training, held_out),
        ),
        _cure_beyond(examination, inputs),
        0.85,
    )


def _cure_beyond(examination: Examination, inputs: NDArray[np.float64]) -> Cure:
    """Advise a straight line, where there is none yet."""
    if not any(layer.kind == "line" for layer in examination.layers):
        return cure_for(examination, _NO_LINE_WORDS, _LINE_CODE)
    feature = int(inputs.argmax())
    onward = (
        f"import numpy\nmodel.fit(numpy.delete(X, {feature}, axis=2), y)  # if feature {feature} only counts onward"
    )
    differences = (
        "model.fit(X, y - X[:, -1, 0])  # if feature 0 is the target's past; add X_new[:, -1, 0] to predictions"
    )
    return cure_for(examination, _LINE_WORDS, {"unflat": onward if inputs[feature] >= _BEYOND else differences})


def _errors(training: Part, held_out: Part) -> tuple[Evidence, Evidence]:
    """Put R² on both parts side by side; or errors, where targets held out are one number, which has no variance."""
    worst = int(np.argmax(np.where(varies(held_out.y), 1 - held_out.r2, _in_trained_variance(held_out, training))))
    if varies(held_out.y)[worst]:
        return (
            Evidence("R² on training data", float(training.r2[worst]), "as on held-out data"),
            Evidence("R² on held-out data", float(held_out.r2[worst]), "as on training data"),
        )
    words = "mean squared error on {} data, in the training targets' variance"
    known, new = (_in_trained_variance(part, training)[worst] for part in (training, held_out))
    return (
        Evidence(words.format("training"), float(known), "as on held-out data"),
        Evidence(words.format("held-out"), float(new), "as on training data"),
    )


_LESS_CODE: Code = {
    "unflat": 'model.set_params(units=(16,), dropout=0.2, weight_decay=1e-2, patience="auto").fit(X, y)',
    "keras": "stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)\n"
    "# from new weights, with fewer units and Dropout(0.2):\n"
    "model.fit(X, y, epochs=50, validation_split=0.2, callbacks=[stop])",
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
                "R² of other learners on held-out data",
                float(attainable(examination, held_out)[output]),
                "about the model's own",
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
            Evidence("spread", float(np.nanmax(part.spread)), f"below {FLAT_SPREAD}, where there is nothing to follow"),
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
    trained, one_target = 1 - examination.training.r2, ~varies(held_out.y)
    left = np.where(one_target, _in_trained_variance(held_out, examination.training), 1 - held_out.r2)
    worse = (left > trained + GAIN) & (left > _TIMES * trained)
    wide = [figures_of(examination, output).too_wide > TOO_WIDE for output in range(held_out.y.shape[1])]
    wrong = behind(examination, held_out) | lags(examination, held_out) | one_target | np.array(wide)
    return bool((wrong & worse).any())


def _in_trained_variance(part: Part, training: Part) -> NDArray[np.float64]:
    """Mean squared error of each output over the training targets' variance; inf where that is 0."""
    variance = np.var(training.y, axis=0)
    error = np.mean((part.y - part.prediction) ** 2, axis=0)
    return np.where(variance > 0, error / np.where(variance > 0, variance, 1.0), np.inf)


def _beyond(known: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each column's new values outside the range of the known ones.

    Those at its very end count by how much commoner they are than among the known ones: of targets with a ceiling,
    all that are new may lie there.
    """
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    outside = np.mean((new < low) | (new > high), axis=0)
    share: NDArray[np.float64] = np.fmax(outside, _at_an_end(new, low, high) - _at_an_end(known, low, high))
    return share


def _at_an_end(values: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    share: NDArray[np.float64] = np.fmax(np.mean(values <= low, axis=0), np.mean(values >= high, axis=0))
    return share
