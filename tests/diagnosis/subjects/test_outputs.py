"""Models that return more than a prediction."""

import numpy as np
import pytest
import torch

from unflat.diagnosis.material.inputs import beside_targets
from unflat.diagnosis.subjects.outputs import outputs_of

N, STEPS = 6, 3
ONE, TWO, FLAT, SEQUENCE = (torch.randn(N, *rest) for rest in ((1,), (2,), (), (STEPS, 4)))
STATE = (torch.zeros(1, N, 4), torch.zeros(1, N, 4))
CALL = "model(torch.as_tensor(X).float())"


def remedy(gave, width):
    """Say what to do where an output of another width is asked for."""
    return outputs_of(gave, N).remedy(lambda shape: shape == ((width,) if width else ()))


@pytest.mark.parametrize("gave", [ONE, (ONE,), [ONE], {"pred": ONE}, (ONE, None), ({"pred": ONE}, 0.5)])
def test_one_tensor_is_no_choice(gave):
    """Whatever it is wrapped in."""
    assert outputs_of(gave, N) is None


@pytest.mark.parametrize(
    ("gave", "width", "advice"),
    [
        ((STATE, ONE), 1, f"{CALL}[1]"),
        ((SEQUENCE, STATE, ONE), 1, f"{CALL}[2]"),
        ((ONE, (TWO, STATE)), 2, f"{CALL}[1][0]"),
        ([ONE, {"mean": TWO}], 2, f"{CALL}[1]['mean']"),
        ((ONE, ONE), 2, f"torch.cat({CALL}[:2], dim=1)"),
        ((ONE, TWO, STATE), 3, f"torch.cat({CALL}[:2], dim=1)"),
        ((FLAT, FLAT, FLAT), 3, f"torch.stack({CALL}[:3], dim=1)"),
        ((SEQUENCE, STATE), 1, f"layer({CALL}[0])"),
        ((ONE, STATE), 2, f"layer({CALL}[0])"),
    ],
)
def test_the_way_to_the_targets_output_is_named(gave, width, advice):
    """The function that the advice gives takes that output out, and no other; where none fits, it says so."""
    said = remedy(gave, width)
    assert f"diagnose(lambda X: {advice}, X, y)" in said
    names = {"torch": torch, "model": lambda _: gave, "layer": lambda _: torch.zeros(N, width), "X": np.zeros(N)}
    taken = eval(advice, names)  # noqa: S307 - our own advice
    assert taken.shape == (N, width)
    assert ("trained on" in said) == ("layer" in advice)


def test_another_output_of_the_same_shape_could_be_meant():
    """A second head may be the one that targets belong to; a state never is."""
    assert outputs_of((ONE, ONE), N).alike == "[1]"
    assert outputs_of((ONE, STATE), N).alike is None
    assert outputs_of((STATE, ONE), N).alike is None


def test_where_steps_seem_to_come_first_the_prediction_is_taken_out_as_well():
    """One function mends both."""
    outputs = outputs_of((torch.zeros(STEPS, 20, 1), STATE), 99)
    with pytest.raises(ValueError, match=r"transpose\(0, 1\)\)\[0\], X, y\)"):
        beside_targets(np.zeros((STEPS, 20, 1)), (20,), STEPS, outputs=outputs)
