"""Causes in what a recurrence remembers at its last step: padding it ran over, and what came too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unflat.diagnosis.causes.rule import cure_for
from unflat.diagnosis.causes.symptoms import lags, unlearned, worse_than_it_should
from unflat.diagnosis.material.padding import MUCH, padding_of
from unflat.diagnosis.records import Cause, Evidence
from unflat.diagnosis.references import GAIN
from unflat.diagnosis.references.idle import LONG, NEXT_TO_NOTHING
from unflat.diagnosis.references.linear import linear_r2, summary

if TYPE_CHECKING:
    from unflat.diagnosis.causes.rule import Code
    from unflat.diagnosis.material import Padding
    from unflat.diagnosis.measured import Examination

_ALL_LATE = 1e-2
"""Gradient with respect to the first three quarters of the steps over the last's, below which only the end is seen."""


def signal_lies_early(examination: Examination) -> bool:
    """Whether the last quarter of the steps tells clearly less about the targets than what came before."""
    return _early_and_late(examination) is not None


def _early_and_late(examination: Examination) -> tuple[float, float] | None:
    """R² of a linear learner from the first three quarters of the steps, and from the last, if the first wins."""
    training = examination.training
    T = training.values.shape[1]
    if T < LONG or not np.isfinite(training.y).all():
        return None
    border = T - T // 4
    early = linear_r2(summary(training.values[:, :border]), training.y)
    late = linear_r2(summary(training.values[:, border:]), training.y)
    return (early, late) if early > late + GAIN else None


_POOL_CODE: Code = {
    "unflat": 'model.set_params(readout=("last", "mean", "max")).fit(X, y)',
    "keras": "x = keras.layers.LSTM(units, return_sequences=True)(inputs)\n"
    "x = keras.layers.concatenate([keras.layers.GlobalAveragePooling1D()(x), keras.layers.GlobalMaxPooling1D()(x)])\n"
    "outputs = keras.layers.Dense(1)(x)",
    "torch": "states, _ = self.lstm(x)\n"
    "return self.head(torch.cat([states[:, -1], states.mean(1), states.amax(1)], dim=-1))  # in_features: 3 * hidden",
}


def last_step_forgets(examination: Examination) -> Cause | None:
    """Find that the target hangs on early steps, and the prediction on the last ones only."""
    recurrent = [layer for layer in examination.layers if layer.kind == "recurrent"]
    if not recurrent or recurrent[-1].returns_sequences or not worse_than_it_should(examination):
        return None
    signal = _early_and_late(examination)
    if signal is None or _is_long(padding_of(examination.training.values), examination):
        return None
    evidence = [
        Evidence(
            "R² of a linear learner from the first three quarters of the steps", signal[0], "not above the last's"
        ),
        Evidence("R² of a linear learner from the last quarter of the steps", signal[1], "as from the first"),
    ]
    sees = _sees_early(examination)
    if sees is not None:
        evidence.append(Evidence("gradient of the first three quarters over that of the last", sees, "above 0.01"))
    return Cause(
        "last_step_forgets",
        "Only the state after the last step is read out, and what the target hangs on came so early that nothing of it"
        " is left there.",
        tuple(evidence),
        cure_for(examination, "Read the recurrence out over all steps: mean and maximum beside the last.", _POOL_CODE),
        _confidence_of_forgetting(signal, sees, by_heart=not unlearned(examination)),
    )


def _is_long(padding: Padding | None, examination: Examination) -> bool:
    """Whether sequences end on so much padding that it explains why their end tells nothing."""
    T = examination.training.values.shape[1]
    return padding is not None and padding.surely and padding.share(T) >= MUCH


def _confidence_of_forgetting(signal: tuple[float, float], sees: float | None, *, by_heart: bool) -> float:
    """Believe it most where early steps have no say in the prediction, or hold all there is to tell.

    A model that knows its training data may have learned them by heart, and then for want of anything else to go by.
    """
    early, late = signal
    nothing_late = early >= _EARLY_ALONE and late < NEXT_TO_NOTHING * early
    if by_heart:
        return 0.6 if nothing_late else 0.4
    if sees is None:
        return 0.6
    return 0.85 if sees < _ALL_LATE or nothing_late else 0.7 if sees < 1 else 0.4


_EARLY_ALONE = 0.2
"""R² from the early steps that no chance gives, twice `GAIN`: they hold what there is to tell if late ones hold next to
nothing, however much of it a line reads."""


def _sees_early(examination: Examination) -> float | None:
    if examination.gradients is None or examination.gradients.by_step is None:
        return None
    by_step = np.asarray(examination.gradients.by_step)
    border = len(by_step) - len(by_step) // 4
    late = float(by_step[border:].max()) if border < len(by_step) else 0.0
    return float(by_step[:border].max()) / late if late > 0 else None


_MASK_CODE: Code = {
    "unflat": "X[padding] = numpy.nan  # or a list of arrays, each of its own length\nmodel.fit(X, y)",
    "keras": "keras.layers.Masking(mask_value=PADDING)  # the padding's value; right after the input",
    "torch": "packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)\n"
    "_, (h, _) = self.lstm(packed)\nreturn self.head(h[-1])",
    "function": "# read the prediction out at each sequence's own last step",
}


def padding_unmasked(examination: Examination) -> Cause | None:
    """Find long padding at the end of sequences that the recurrence runs over."""
    kinds = {layer.kind for layer in examination.layers}
    if (kinds and "recurrent" not in kinds) or not worse_than_it_should(examination):
        return None
    padding = padding_of(examination.training.values)
    if padding is None or not padding.surely:
        return None
    share = padding.share(examination.training.values.shape[1])
    masked, kept = _read_at_the_end(examination, padding)
    nothing_lost = kept is None or kept >= _HALF
    shown = unlearned(examination) or lags(examination, examination.judged).any()
    if share < MUCH or masked or (nothing_lost and not shown):
        return None
    evidence = [
        Evidence(
            f"mean share of the steps that are padding ({padding.value:g}) at the end", share, "near 0, or masked"
        ),
    ]
    if kept is not None:
        words = "deviation of states over sequences after the padding, over that before it"
        evidence.append(Evidence(words, kept, "near 1"))
    code = {**_MASK_CODE, "keras": _MASK_CODE["keras"].replace("PADDING", repr(float(padding.value)))}
    return Cause(
        "padding_unmasked",
        "The recurrence goes on over the padding at the end of sequences, and has forgotten them when it is read out.",
        tuple(evidence),
        cure_for(examination, "Mask the padding, or read out at each sequence's own last step.", code),
        _confidence_of_padding(share, kept, unlearned=unlearned(examination)),
    )


_HALF = 0.5


def _confidence_of_padding(share: float, kept: float | None, *, unlearned: bool) -> float:
    """Believe it most where half of what was told apart is lost, over more padding than sequence.

    A model that goes over more padding than sequence, and did not learn even what it was trained on, has more than few
    steps to answer for: steps spent on padding are no steps.
    """
    if kept is None or kept >= _HALF:
        return 0.75 if unlearned and share >= _HALF else 0.6
    return 0.92 if share >= _HALF else 0.85


def _read_at_the_end(examination: Examination, padding: Padding) -> tuple[bool, float | None]:
    """Say whether padding is masked, and how far states after it differ over sequences beside those before it."""
    gates = list(examination.gates.values())
    if not gates or gates[-1].states is None:
        return False, None
    states = np.asarray(gates[-1].states, dtype=np.float64)
    lengths = padding.lengths[: len(states)]
    padded = (lengths > 0) & (lengths < states.shape[1])
    if not padded.any():
        return False, None
    gate = np.asarray(next(iter(gates[-1].values.values())))
    if gate.shape[1] != states.shape[1] or np.isnan(gate[padded, -1]).all():
        return True, None
    before = states[np.flatnonzero(padded), lengths[padded] - 1].std(axis=0).mean()
    after = states[padded, -1].std(axis=0).mean()
    return False, float(after / before) if before > 0 else None
