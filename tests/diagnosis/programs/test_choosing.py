"""Which program a model was made by."""

import pytest
from sklearn.linear_model import Ridge
from torch import nn

from unflat.diagnosis.programs import Training, program_of
from unflat.diagnosis.programs.given import GivenProgram
from unflat.diagnosis.programs.keras_program import KerasProgram
from unflat.diagnosis.programs.learner_program import LearnerProgram
from unflat.diagnosis.programs.torch_program import TorchProgram

KNOWN = Training(100, "mse", "adam")


@pytest.mark.parametrize(
    ("model", "framework", "kind"), [(Ridge(), "sklearn", LearnerProgram), (nn.Linear(2, 1), "torch", TorchProgram)]
)
def test_a_framework_has_its_program(model, framework, kind):
    """Where enough is known, it is trained as its framework trains."""
    assert isinstance(program_of(model, framework, KNOWN), kind)


def test_the_users_own_training_goes_first():
    """Whatever the model is."""
    assert isinstance(program_of(nn.Linear(2, 1), "torch", KNOWN, fit=print), GivenProgram)


def test_a_compiled_keras_model_knows_its_training():
    """Loss and optimizer are its own; without them it says what to pass."""
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((6, 2)), keras.layers.LSTM(2), keras.layers.Dense(1)])
    assert "not compiled" in program_of(model, "keras", Training(100))
    model.compile(optimizer="adam", loss="mse")
    assert isinstance(program_of(model, "keras", Training(100)), KerasProgram)


@pytest.mark.parametrize(("model", "framework"), [(nn.Linear(2, 1), "torch"), (print, "function")])
def test_it_is_said_what_is_missing(model, framework):
    """A reason that names what to pass."""
    assert "fit=" in program_of(model, framework, Training(100))
