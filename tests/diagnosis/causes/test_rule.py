"""How a cure is worded for the model that was examined."""

import ast
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from unflat.diagnosis.causes.activity import _GATES_CODE
from unflat.diagnosis.causes.data import _DROP_CODE
from unflat.diagnosis.causes.depth import _SHALLOW_CODE
from unflat.diagnosis.causes.fit import _LESS_CODE
from unflat.diagnosis.causes.optimisation import _CLIP_CODE, _EPOCHS_CODE, _LOWER_RATE_CODE, _RATE_CODE
from unflat.diagnosis.causes.output import _FROZEN_CODE
from unflat.diagnosis.causes.rule import cure_for
from unflat.diagnosis.causes.scale import _INPUT_CODE, _TARGET_CODE
from unflat.diagnosis.guide import explain
from unflat.diagnosis.records import CAUSE_IDS
from unflat.diagnosis.subjects import Settings
from unflat.diagnosis.subjects.keras_model import KerasSubject
from unflat.diagnosis.subjects.learner import LearnerSubject


class Seen:
    """An examination of which only the model matters."""

    def __init__(self, model):
        self.subject = LearnerSubject(model)


@pytest.mark.parametrize(
    ("model", "before"),
    [
        (MLPRegressor(), ""),
        (make_pipeline(StandardScaler(), MLPRegressor()), "mlpregressor__"),
        (TransformedTargetRegressor(make_pipeline(StandardScaler(), MLPRegressor())), "regressor__mlpregressor__"),
    ],
)
def test_parameters_are_called_as_the_whole_model_does(model, before):
    """A perceptron in a pipeline is a step of it, whose parameters have longer names."""
    code = cure_for(Seen(model), "Less.", _LESS_CODE).code
    assert f"model.set_params({before}early_stopping=True, {before}alpha=1e-2).fit(X, y)" in code
    names = {"model": model}
    exec(code.partition(".fit")[0], names)  # noqa: S102 - the code under test
    assert model.get_params()[f"{before}early_stopping"] is True


def test_names_that_are_no_pythons_are_put_in_a_mapping():
    """A step may be called by any words."""
    model = Pipeline([("my net", MLPRegressor())])
    code = cure_for(Seen(model), "Wider.", _SHALLOW_CODE).code
    assert "**{'my net__hidden_layer_sizes': (64, 64)}" in code
    assert ast.parse(code)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (None, "epochs=50"),
        (Settings(batch_size=16), "epochs=50, batch_size=16"),
        (Settings(epochs=80, batch_size=128), "epochs=80, batch_size=128"),
        (Settings(epochs=3), "epochs=50"),
        (Settings(epochs=3, planned_epochs=60), "epochs=60"),
    ],
)
@pytest.mark.parametrize("code", [_TARGET_CODE, _INPUT_CODE, _DROP_CODE, _LESS_CODE])
def test_cures_of_keras_train_as_long_as_the_model_was(code, settings, said):
    """Left to itself, `fit` makes one pass over the data, which cures nothing; nor do the few of a stopped one."""
    seen = SimpleNamespace(subject=SimpleNamespace(framework="keras"), settings=settings)
    found = cure_for(seen, "So.", code).code
    assert said in found
    assert found.count(".fit(") == found.count(said)


def test_patience_is_left_as_it_is():
    """Where early stopping ends the training, many epochs are no slip."""
    seen = SimpleNamespace(subject=SimpleNamespace(framework="keras"), settings=Settings(epochs=3))
    assert "epochs=500," in cure_for(seen, "Longer.", _EPOCHS_CODE).code


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, on torch
@pytest.mark.parametrize("code", [_TARGET_CODE, _INPUT_CODE, _DROP_CODE, _GATES_CODE, _FROZEN_CODE, _CLIP_CODE])
def test_cures_of_keras_keep_the_loss_and_the_optimizer(code):
    """Only what a cure is about changes: the loss of none, the optimizer of that of gates."""
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((4, 1)), keras.layers.LSTM(2), keras.layers.Dense(1)])
    model.compile(keras.optimizers.RMSprop(0.02, clipvalue=0.5), keras.losses.Huber(2.0))
    X, y = np.zeros((8, 4, 1), "float32"), np.arange(8.0)
    model.fit(X, y, epochs=2, verbose=0)
    found = cure_for(SimpleNamespace(subject=KerasSubject(model), settings=KerasSubject(model).settings()), "So.", code)
    names = {"keras": keras, "model": model, "X": X, "y": y, "X_new": X}
    exec(found.code.replace("epochs=50", "verbose=0"), names)  # noqa: S102 - the code under test
    cured = names.get("fresh", model)
    assert isinstance(cured.loss, keras.losses.Huber)
    if code is _GATES_CODE:
        return
    assert isinstance(cured.optimizer, keras.optimizers.RMSprop)
    assert float(cured.optimizer.learning_rate) == pytest.approx(0.02)
    limits = (cured.optimizer.clipvalue, cured.optimizer.clipnorm)
    assert limits == ((None, 1.0) if code is _CLIP_CODE else (0.5, None))


def test_cures_of_a_model_that_was_never_compiled_say_all_of_it():
    """There is nothing to take over; what the user says is taken."""
    settings = Settings(loss="mae", optimizer="sgd")
    seen = SimpleNamespace(subject=SimpleNamespace(framework="keras"), settings=settings)
    assert "fresh.compile(optimizer='sgd', loss='mae')" in cure_for(seen, "So.", _DROP_CODE).code


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("cause", "code"),
    [
        ("frozen_parameters", _FROZEN_CODE),
        ("gradient_clipped", _CLIP_CODE),
        ("rate_too_high", _LOWER_RATE_CODE),
        ("rate_too_low", _RATE_CODE),
        ("saturated_gates", _GATES_CODE),
        ("too_few_updates", _EPOCHS_CODE),
    ],
)
def test_the_page_of_a_cause_shows_the_cure_for_keras_that_a_diagnosis_prints(cause, code, language):
    """Line by line, but for what stands in comments."""
    shown = [line.partition("#")[0].strip() for line in explain(cause, language).splitlines()]
    printed = [line.partition("#")[0].strip() for line in code["keras"].splitlines()]
    assert printed == [line for line in shown if line in printed]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("cause", CAUSE_IDS)
def test_no_page_compiles_a_model_with_another_loss(cause, language):
    """Cures keep the model's own; whoever compiles without an optimizer gets another as well."""
    compiled = [line for line in explain(cause, language).splitlines() if ".compile(" in line]
    assert all("optimizer=" in line and "loss=model.loss" in line for line in compiled)
