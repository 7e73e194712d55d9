"""What the regressor's notes say adapts to the data, held against the code."""

from __future__ import annotations

import pytest

from unflat.conformal import ENOUGH_OF_A_GROUP
from unflat.estimator import LSTMRegressor
from unflat.network.embedding import MOST_ONE_HOT, embedding_width
from unflat.network.lines import line
from unflat.parting import parts
from unflat.scaling import limits, lone

NOTES = " ".join((LSTMRegressor.__doc__ or "").partition("    Notes\n")[2].partition("    Examples\n")[0].split())


@pytest.mark.parametrize(
    "told",
    [
        f"Below {parts.FEWEST_TO_HOLD_OUT} nothing is held out",
        f"fewer than {parts.FEW} sequences",
        f"n up to {parts._MOST_IN_FEW_SERIES:,}",
        f"n up to {parts._MOST_FOR_BOTH:,}, with n T up to {parts._MOST_STEPS_FOR_BOTH:,}",
        f"holds out {parts.FEWEST_TO_HOLD_OUT} or more",
        f"up to {line.MOST_WIDE:,} numbers; or products, up to {line.MOST_CURVED}",
        f"less than {line._NEARLY_NOTHING} of the error",
        f"A group with {ENOUGH_OF_A_GROUP} sequences",
        f"more than {MOST_ONE_HOT}, up to {embedding_width(10**6)} learned numbers",
        f"Of {lone._FEWEST} or more",
    ],
)
def test_thresholds_are_those_of_the_code(told):
    """Each number that the notes give stands in the module that goes by it."""
    assert told in NOTES


def test_shares_in_words_are_those_of_the_code():
    """A fifth, a half, one in twenty, three times."""
    assert (parts._SEVERAL, parts._TENTH, parts._LEAST_LEFT, parts._MOST_BETWEEN) == (5, 0.1, 0.5, 0.5)
    assert (1 / limits._PILE, limits._STEEP) == (20, 3)
