"""The changes that cures consist of."""

from unflat.diagnosis import CAUSE_IDS
from unflat.diagnosis.programs.edits import EDITS, NO_RETRAINING, Edit, in_words


def test_every_cause_has_a_change_or_a_reason():
    """A cure is tried by training again, or it is said why it cannot be: one of the two, for each cause."""
    assert set(EDITS) | set(NO_RETRAINING) == set(CAUSE_IDS)
    assert not set(EDITS) & set(NO_RETRAINING)


def test_every_change_belongs_to_a_cure():
    """No change stands there that no cure makes."""
    assert frozenset().union(*EDITS.values()) == set(Edit)


def test_changes_read_as_one_instruction():
    """Several changes are named in one order, however they were put together."""
    assert in_words(frozenset({Edit.STANDARDIZE_INPUTS, Edit.STANDARDIZE_TARGET})) == (
        "standardize the target, and standardize the inputs"
    )
