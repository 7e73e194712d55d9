"""What came of trying cures."""

import pytest

from unflat.diagnosis.proof import Proof, Trial


def trial(*cures, outcome="proven", beside=(), skill=0.5):
    """Make a trial."""
    return Trial(cures, beside, "", (skill,) * 3, (0.0,) * 3, 0.01, 2.0, outcome)


@pytest.mark.parametrize(
    ("trials", "proven"),
    [
        ((), ()),
        ((trial("input_scale", outcome="refuted"),), ()),
        ((trial("input_scale", skill=0.3), trial("target_scale", skill=0.8)), ("target_scale",)),
        (
            (trial("target_scale"), trial("target_scale", "input_scale", beside=("target_scale",))),
            ("target_scale", "input_scale"),
        ),
        (
            (trial("target_scale"), trial("target_scale", "input_scale", outcome="unsettled")),
            ("target_scale",),
        ),
        (
            (trial("a", outcome="refuted"), trial("b", outcome="refuted"), trial("a", "b")),
            ("a", "b"),
        ),
    ],
)  # fmt: skip
def test_proven_is_the_longest_chain(trials, proven):
    """Cures that were proven one after the other; of several first ones the best."""
    assert Proof(trials).proven == proven
