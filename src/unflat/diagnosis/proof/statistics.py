"""Whether a change made trainings better, or chance did."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unflat.diagnosis.proof.records import Outcome

SIGNIFICANT = 0.05
LARGE_ENOUGH = 0.5
"""The p-value and the effect at which a mutant counts as killed: Jahangirova & Tonella 2020 (ISSTA), DeepCrime, 4.2."""

NOTICEABLE = 0.01
"""Gain in skill below which nobody would notice a cure: a hundredth of the target's variance."""

_ROUNDING = 1e-9
"""Gain in skill up to which trainings are the same: sums in another order differ by less."""

CLEAR = 0.1
"""Gain that does not turn round in a longer training: of 22 changes proven, most of them in shortened trainings, the
one that did not hold at full length had gained 0.05."""


class Comparison(NamedTuple):
    """How two sets of trainings compare.

    Parameters
    ----------
    p_value : float
        How likely so large a mean gain is by chance: a paired t-test, one-sided.
    effect : float
        Cohen's d: the mean gain over the pooled deviation of both.
    outcome : str
        Proven: significant, large enough, and noticeable. Refuted: with as much certainty, the gain is not noticeable.
        Of trainings that were much shortened, the gain or the loss must be clear beside.
    """

    p_value: float
    effect: float
    outcome: Outcome


def compare(changed: Sequence[float], control: Sequence[float], *, shortened: bool = False) -> Comparison:
    """Compare the skills of trainings with a change and without it, seed by seed.

    Parameters
    ----------
    changed, control : sequence of float
        Skills of the same two or more seeds.
    shortened : bool
        Whether they are of trainings so short that a small difference may turn round later.

    Returns
    -------
    Comparison
        What they say.
    """
    cured, before = np.asarray(changed), np.asarray(control)
    gain = float(np.mean(cured - before))
    p_value = _p_of_gain(cured - before)
    effect = _cohens_d(cured, before)
    if p_value < SIGNIFICANT and effect >= LARGE_ENOUGH and gain >= (CLEAR if shortened else NOTICEABLE):
        return Comparison(p_value, effect, "proven")
    refuted = _p_of_gain(before + NOTICEABLE - cured) < SIGNIFICANT and not (shortened and gain > -CLEAR)
    return Comparison(p_value, effect, "refuted" if refuted else "unsettled")


def _p_of_gain(gains: np.ndarray) -> float:
    """Test whether gains are above 0: Student's t, one-sided."""
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    if error <= _ROUNDING:  # all alike
        return 0.0 if gains.mean() > _ROUNDING else 1.0
    return float(stats.t.sf(gains.mean() / error, df=len(gains) - 1))


def _cohens_d(changed: np.ndarray, control: np.ndarray) -> float:
    """Divide the gain by the pooled deviation (Cohen 1988, Statistical Power Analysis, 2.5)."""
    gain = float(changed.mean() - control.mean())
    pooled = float(np.sqrt((changed.var(ddof=1) + control.var(ddof=1)) / 2))
    if pooled == 0:
        return float(np.sign(gain)) * np.inf if gain else 0.0
    return gain / pooled
