"""What the document's experiment teaches, in plain sentences that are computed from its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unflat.recipes.document import BATCH_SIZE, LEARNING_RATE, TEST, TRAIN, UNITS, generate_data, standardize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unflat.recipes.experiment import Result, Way

_SMALL = 0.01
"""Errors below this are not told apart: the targets are whole numbers."""

_MUCH = 2
"""One error is called larger than another when it is at least this many times as large."""


def error_in_words(value: float) -> str:
    """Write an error of the experiment with the digits that count.

    Parameters
    ----------
    value : float
        In the target's units.

    Returns
    -------
    str
        Such as "1,356", "7.4" or "under 0.01".
    """
    if value < _SMALL:
        return f"under {_SMALL}"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 - from ten on, decimals say nothing


def lessons(results: Sequence[Result]) -> tuple[str, ...]:
    """Say what the figures show; a sentence that they do not bear out is left out.

    Parameters
    ----------
    results : sequence of Result
        What the experiment led to, in any order; ways that were not tried are not spoken of.

    Returns
    -------
    tuple of str
        One or two sentences each.
    """
    found = {result.way: result for result in results}
    said = (_inputs(found), _target(found), _reach(found), _document(found), _beyond(found), _warned(results))
    return tuple(sentence for sentence in said if sentence)


def _inputs(found: Mapping[Way, Result]) -> str:
    raw, inputs = found.get("raw"), found.get("inputs")
    if raw is None or inputs is None or not raw.verdict == inputs.verdict == "flat":
        return ""
    low, high = f"{inputs.fitted.min():.1f}", f"{inputs.fitted.max():.1f}"
    answer = f"every prediction is {low}" if low == high else f"every prediction lies between {low} and {high}"
    return (
        f"Scaling the inputs alone cures nothing: the targets run from {inputs.numbers.min():.0f} to "
        f"{inputs.numbers.max():.0f}, and {answer}."
    )


def _target(found: Mapping[Way, Result]) -> str:
    raw, target = found.get("raw"), found.get("target")
    if raw is None or target is None or raw.verdict != "flat" or target.verdict == "flat":
        return ""
    return (
        f"Scaling the target alone lifts the spread from {raw.spread:.3f} to {target.spread:.2f}: "
        "the unscaled target is what made the model flat."
    )


def _reach(found: Mapping[Way, Result]) -> str:
    """Compare how far the output can move with how far it must: Adam's step is about the rate, whatever the loss."""
    raw = found.get("raw")
    if raw is None or raw.verdict != "flat":
        return ""
    steps = (len(raw.course) - 1) * -(-TRAIN[1] // BATCH_SIZE)
    weights = UNITS[-1] + 1
    reach = LEARNING_RATE * steps * weights
    return (
        "Why: Adam moves a weight by about its learning rate in a step, so the output can move by about "
        f"{LEARNING_RATE:g} times {steps} steps times {weights} weights, {reach:.0f}, and the targets lie "
        f"{raw.numbers.mean():.0f} away. The flat model came as far as {raw.fitted.mean():.0f}."
    )


def _document(found: Mapping[Way, Result]) -> str:
    document, own = found.get("document"), found.get("own")
    if document is None or own is None or document.train_mae < _MUCH * own.train_mae:
        return ""
    X, y = generate_data(*TRAIN)
    target = standardize("document", X, y).target(y)
    return (
        "The document's cure scales the target by the mean and deviation of the inputs, which gives it mean "
        f"{target.mean():.2f} and deviation {target.std():.2f} in place of 0 and 1: an error of "
        f"{error_in_words(document.train_mae)} on average, and {error_in_words(own.train_mae)} with its own."
    )


def _beyond(found: Mapping[Way, Result]) -> str:
    own, default = found.get("own"), found.get("default")
    if own is None or default is None or own.test_mae < _MUCH * default.test_mae:
        return ""
    first, count = TEST
    return (
        f"Beyond what was trained, at {first} to {first + count - 1}, the document's network is off by "
        f"{error_in_words(own.test_mae)} even with its data well scaled, LSTMRegressor() by "
        f"{error_in_words(default.test_mae)}: its linear skip carries a trend on."
    )


def _warned(results: Sequence[Result]) -> str:
    flat = [result for result in results if result.verdict == "flat"]
    if not flat or not all("FlatPredictionWarning" in result.warned for result in flat):
        return ""
    return f"The package warned of {'the flat model' if len(flat) == 1 else f'the {len(flat)} flat models'} by itself."
