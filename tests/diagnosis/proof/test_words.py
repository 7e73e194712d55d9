"""A proof in words."""

import pytest

from unflat.diagnosis.proof import LeftOut, Proof, Trial
from unflat.diagnosis.proof.words import conclusion, left_out, remarks, rows, title


@pytest.fixture
def proof():
    """Give the proof of the document's raw case."""
    alone = Trial(("target_scale",), (), "standardize the target", (0.4, 0.5, 0.6), (-1.0,) * 3, 0.0001, 9.0, "proven")
    both = Trial(
        ("target_scale", "input_scale"), ("target_scale",), "standardize the inputs", (0.99,) * 3, (0.4, 0.5, 0.6),
        0.02, 3.0, "proven",
    )  # fmt: skip
    return Proof((alone, both), (LeftOut(("overfit",), "no time was left"),), (-1.0,) * 3, ("Shortened.",), 41.7, 60.0)


def test_the_title_says_what_was_done(proof):
    """How often, and how long it took."""
    assert title(proof) == "Proof: copies were trained again, 3 times with each change, in 42 s"
    assert title(Proof()) == "Proof: no cure was tried"


def test_the_conclusion_names_the_order_and_the_gain(proof):
    """What was proven first comes first."""
    assert conclusion(proof) == (
        "Proven, one added to the other: the cures of target_scale, then of input_scale; held-out skill rose from "
        "-1.000 to 0.990."
    )
    assert conclusion(Proof(proof.trials[:1], (), (-1.0,) * 3)).startswith("Proven: the cure of target_scale;")
    assert conclusion(Proof()) == "So nothing is proven."


def test_the_table_holds_every_trial(proof):
    """Beside the training unchanged, with what each was compared with."""
    assert rows(proof)[1:] == [
        ("nothing", "-1.000", "", "", ""),
        ("standardize the target (target_scale)", "0.500", "-1.000", "< 0.001", "PROVEN"),
        ("standardize the inputs, beside the cure of target_scale", "0.990", "0.500", "0.020", "PROVEN"),
    ]
    assert rows(Proof()) == []


def test_notes_and_what_was_left_out_are_read(proof):
    """Nothing is passed over in silence."""
    assert list(remarks(proof))[-1] == "Shortened."
    assert list(left_out(proof)) == ["overfit: no time was left"]
