"""Numbers and verdicts as a person would read them aloud."""

from __future__ import annotations

from math import floor, isinf, isnan, log10
from typing import TYPE_CHECKING

from unflat.baselines import RIDGE
from unflat.metrics import FLAT_SPREAD, NOTICEABLE

if TYPE_CHECKING:
    from unflat.metrics import OutputScores

_DIGITS = 4
_SMALLEST, _LARGEST = 1e-4, 1e9
_TWICE, _FEW = 2.0, 10.0
_CONSTANT = "because the target is constant"


def number(value: float) -> str:
    """Write a number with four significant digits, whole digits never rounded away.

    Parameters
    ----------
    value : float
        Any number.

    Returns
    -------
    str
        Such as '0.01234', '1,234,567' or '1.234e-12'; 'undefined' for nan.
    """
    if isnan(value):
        return "undefined"
    if isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if value == 0:
        return "0"
    if not _SMALLEST <= abs(value) < _LARGEST:
        return f"{value:.{_DIGITS - 1}e}"
    return f"{value:,.{max(_DIGITS - 1 - floor(log10(abs(value))), 0)}f}"


def ratio(value: float) -> str:
    """Write a score that is near 0 or 1 with four decimals.

    Parameters
    ----------
    value : float
        R², spread or skill.

    Returns
    -------
    str
        Such as '0.9123' or '-1.0000'; others as `number` writes them.
    """
    return f"{value:.{_DIGITS}f}" if abs(value) < _FEW else number(value)


def percent(share: float) -> str:
    """Write a share in percent, 100 % for nothing less than the whole.

    Parameters
    ----------
    share : float
        A share, not negative.

    Returns
    -------
    str
        Such as '25 %', '6.61 %' or 'more than 99.9 %'.
    """
    written = f"{100 * share:.3g}"
    if written == "100" and share < 1:
        return "more than 99.9 %"
    return f"{written} %" if "e" not in written else f"{number(100 * share)} %"


def spread_in_words(spread: float) -> str:
    """Say what a spread means.

    Parameters
    ----------
    spread : float
        Standard deviation of the predictions over that of the targets.

    Returns
    -------
    str
        A clause without a full stop.
    """
    if isnan(spread):
        return _CONSTANT
    if spread < FLAT_SPREAD:
        return f"flat: the predictions vary {percent(spread)} as much as the targets"
    if spread < _TWICE:
        return f"the predictions vary {percent(spread)} as much as the targets"
    return f"the predictions vary {number(spread)} times as much as the targets"


def r2_in_words(r2: float) -> str:
    """Say what R² means.

    Parameters
    ----------
    r2 : float
        Share of the target's variance explained.

    Returns
    -------
    str
        A clause without a full stop.
    """
    return _CONSTANT if isnan(r2) else "1 is perfect, 0 no better than the mean of these targets"


def mape_in_words(mape: float | None) -> tuple[str, str]:
    """Write a mean absolute percentage error, and say what it means.

    Parameters
    ----------
    mape : float or None
        As a share.

    Returns
    -------
    value, meaning : str
        The number, and a clause without a full stop.
    """
    if mape is None:
        return "undefined", "because targets are near zero"
    return percent(mape), "mean absolute error, relative to each target"


def verdict(scores: OutputScores, baseline: str) -> str:
    """Say whether a model is better than a baseline, and by how much.

    Parameters
    ----------
    scores : OutputScores
        The model's scores, with its skills.
    baseline : str
        The baseline's name.

    Returns
    -------
    str
        Such as "better: MSE 25 % lower than ridge's".
    """
    skill = scores.skills[baseline]
    whose = f"{baseline}'s" if baseline == RIDGE else f"the {baseline}'s"
    if isnan(skill):
        return "cannot be compared"
    if scores.beats(baseline):
        return f"better: MSE {percent(skill)} lower than {whose}"
    if skill > -NOTICEABLE:
        return f"no better: the same MSE as {whose}"
    if isinf(skill):
        return f"no better: {whose} is 0"
    if 1 - skill < _TWICE:
        return f"no better: MSE {percent(-skill)} higher than {whose}"
    return f"no better: MSE {number(1 - skill)} times {whose}"
