"""A Keras 3 model under examination."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from unflat.diagnosis.subjects import output_activation, subject_of
from unflat.diagnosis.subjects.keeping import kept_randomness
from unflat.errors import ConfigurationError, ModelError, ModelFailedError

keras = pytest.importorskip("keras")
layers = keras.layers

# Keras's own conversion of torch's tensors, which NumPy 2 finds lacking.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

ON_TORCH = pytest.mark.skipif(keras.backend.backend() != "torch", reason="Keras does not run on torch here")

X = np.random.default_rng(5).normal(size=(9, 7, 3)).astype(np.float32)
Y = X.sum(axis=(1, 2))[:, None]


@pytest.fixture(autouse=True)
def _same_weights():
    """Draw the same weights in every run, and leave the generators as they were."""
    with kept_randomness():
        keras.utils.set_random_seed(0)
        yield


def _model(*parts, compiled=True):
    model = keras.Sequential([layers.Input((7, 3)), *parts])
    if compiled:
        model.compile(optimizer=keras.optimizers.Adam(0.02, clipnorm=0.5), loss="mse")
    return model


def _usual():
    model = _model(
        layers.LSTM(4, return_sequences=True, dropout=0.2),
        layers.Dropout(0.3),
        layers.GRU(5),
        layers.BatchNormalization(),
        layers.Dense(1, activation="sigmoid"),
    )
    model.fit(X, Y, epochs=2, batch_size=3, verbose=0)
    return model


def _array(value):
    return value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def _witness(model):
    """Everything that could change: variables, the optimizer's, calls of layers, and global generators."""
    seeds = keras.src.backend.common.global_state.get_global_attribute("global_seed_generator")
    numpy_state = np.random.get_state()  # noqa: NPY002 - it is to be left alone
    return (
        [_array(v.value).tolist() for v in (*model.variables, *model.optimizer.variables)],
        [sorted(layer.__dict__) for layer in model.layers],
        None if seeds is None else _array(seeds.state.value).tolist(),
        (torch.get_rng_state().tolist(), random.getstate(), numpy_state[1].tolist(), numpy_state[2]),
    )


LOOKS = {
    "predict": lambda subject: subject.predict(X),
    "activations": lambda subject: subject.activations(X),
    "gates": lambda subject: subject.gates(X),
    "gradients": lambda subject: subject.gradients(X, Y),
    "loss_of": lambda subject: subject.loss_of(Y, Y),
    "gives_other_in_training": lambda subject: subject.gives_other_in_training(X),
    "settings": lambda subject: subject.settings(),
}


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_changes_whatever_is_looked_at(look):
    """Weights, statistics, seeds, optimizer, layers and generators are bit for bit as before."""
    model = _usual()
    subject = subject_of(model)
    before = _witness(model)
    LOOKS[look](subject)
    assert _witness(model) == before


def test_nothing_changes_when_the_model_raises():
    """A layer that draws, counts and raises is told as the model's error and put back."""

    class Fails(layers.Layer):
        def __init__(self):
            super().__init__()
            self.count = self.add_weight(name="count", trainable=False, initializer="zeros")

        def call(self, x):
            if not isinstance(x, keras.KerasTensor) and self.count.trainable is False and self.built_once:
                self.count.assign_add(1.0)
                keras.random.normal((2,))
                raise ValueError("out of luck")
            return x

        built_once = False

    model = _model(layers.Flatten(), Fails(), layers.Dense(1))
    model.layers[1].built_once = True
    before = _witness(model)
    with pytest.raises(ModelFailedError, match=r"\(9, 7, 3\); received .*out of luck"):
        subject_of(model).predict(X)
    with pytest.raises(ModelFailedError, match="out of luck"):
        subject_of(model).activations(X)
    assert _witness(model) == before


def test_predictions_are_those_of_keras():
    """In the shape and with the values of `model.predict`."""
    model = _usual()
    np.testing.assert_allclose(subject_of(model).predict(X), model.predict(X, verbose=0), atol=1e-6)
    assert subject_of(model).predict(X.astype(np.float64)).shape == (9, 1)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.LSTM(4, return_sequences=True),
        lambda: layers.LSTM(4, return_sequences=True, use_bias=False),
        lambda: layers.LSTM(4, return_sequences=True, activation="relu", recurrent_activation="hard_sigmoid"),
        lambda: layers.GRU(4, return_sequences=True),
        lambda: layers.GRU(4, return_sequences=True, reset_after=False),
        lambda: layers.GRU(4, return_sequences=True, use_bias=False),
        lambda: layers.RNN(layers.GRUCell(4), return_sequences=True),
        lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        lambda: layers.Bidirectional(layers.GRU(4, return_sequences=True, reset_after=False)),
    ],
)
@pytest.mark.parametrize("masked", [False, True])
def test_gates_reproduce_the_layers_states(layer, masked):
    """The states that follow from the gates are the layer's, wherever a step is not masked."""
    data = X.copy()
    data[2, 4:] = data[3, :2] = data[5, 3:5] = 0
    recurrent = layer()
    model = _model(
        layers.Masking(0.0) if masked else layers.Dropout(0.1), recurrent, layers.TimeDistributed(layers.Dense(1))
    )
    for weight in recurrent.trainable_weights:
        weight.assign(np.random.default_rng(1).uniform(-0.9, 0.9, weight.shape))  # biases too, which begin at zero
    subject = subject_of(model)
    gates, activations = subject.gates(data)[recurrent.name], subject.activations(data)[recurrent.name]
    inside = (data != 0).any(axis=2) if masked else np.ones((9, 7), dtype=bool)
    np.testing.assert_allclose(gates.states[inside], activations[inside], atol=1e-5)
    for values in gates.values.values():
        assert values.shape == activations.shape
        assert np.isfinite(values[inside]).all()
        assert np.isnan(values[~inside]).all()


def test_a_layer_that_reads_backward_gives_its_gates_in_the_order_of_the_steps():
    """Keras gives such a layer's states in the order of reading; ours are the same, turned."""
    subject = subject_of(_model(layers.LSTM(4, return_sequences=True, go_backwards=True), layers.Flatten()))
    (gates,), activations = subject.gates(X).values(), subject.activations(X)
    np.testing.assert_allclose(gates.states[:, ::-1], next(iter(activations.values())), atol=1e-5)


def test_a_state_that_is_given_or_kept_is_begun_with():
    """The decoder of an encoder, and a stateful layer, do not begin at zero."""
    inputs = layers.Input((7, 3))
    _, h, c = layers.LSTM(4, return_state=True)(inputs)
    decoded = layers.LSTM(4, return_sequences=True, name="decoder")(inputs, initial_state=[h, c])
    subject = subject_of(keras.Model(inputs, decoded))
    np.testing.assert_allclose(subject.gates(X)["decoder"].states, subject.predict(X), atol=1e-5)
    stateful = keras.Sequential([layers.Input(batch_shape=(3, 7, 3)), layers.GRU(4, stateful=True)])
    stateful(X[:3])
    subject = subject_of(stateful)
    before = _array(stateful.layers[0].states[0].value).tolist()
    (gates,), (states,) = subject.gates(X).values(), subject.activations(X).values()
    np.testing.assert_allclose(gates.states[:, -1], states, atol=1e-5)
    assert subject.predict(X[:7]).shape == (7, 4)
    assert _array(stateful.layers[0].states[0].value).tolist() == before
    assert np.abs(before).max() > 0


def test_layers_with_kinds_sizes_and_activations():
    """Wrappers are one layer, nested models are opened, statistics of norms are no parameters."""
    inner = keras.Sequential(
        [layers.Input((7, 3)), layers.Bidirectional(layers.LSTM(2, return_sequences=True))], name="inner"
    )
    model = _model(
        inner,
        layers.TimeDistributed(layers.Dense(5, activation="relu")),
        layers.GRU(3),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.Dropout(0.3),
        layers.Dense(1),
    )
    model.layers[-1].trainable = False
    found = subject_of(model).layers()
    assert [(layer.kind, layer.activation) for layer in found] == [
        ("recurrent", "tanh"), ("dense", "relu"), ("recurrent", "tanh"), ("norm", None), ("activation", "leaky_relu"),
        ("dropout", None), ("dense", "linear"),
    ]  # fmt: skip
    assert found[0].name.startswith("inner/")
    assert [layer.returns_sequences for layer in found] == [True, None, False, None, None, None, None]
    assert (found[3].trainable, found[3].parameters, found[5].rate) == (6, 6, 0.3)
    assert (found[6].trainable, found[6].parameters) == (0, 4)
    subject = subject_of(model)
    subject.activations(X)
    assert [layer.units for layer in subject.layers()] == [4, 5, 3, 3, 3, 3, 1]


def test_a_model_that_is_a_class_of_its_own_is_seen_inside():
    """Layers that `call` uses are met in the order of the calls."""

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.head, self.recurrent = layers.Dense(1), layers.LSTM(4)

        def call(self, x):
            return self.head(self.recurrent(x))

    model = Own()
    model(X)
    subject = subject_of(model)
    activations = subject.activations(X)
    assert list(activations) == [layer.name for layer in subject.layers()]
    assert [layer.kind for layer in subject.layers()] == ["recurrent", "dense"]
    np.testing.assert_array_equal(list(activations.values())[-1], subject.predict(X))
    np.testing.assert_allclose(subject.layer_inputs(X)[model.head.name], activations[model.recurrent.name])


def test_the_compiled_state_gives_the_settings():
    """Loss, optimizer, rate and clipping as compiled; steps, epochs and losses as the last fit left them."""
    model = _usual()
    subject = subject_of(model)
    settings = subject.settings()
    assert (settings.loss, settings.optimizer, settings.clip_norm) == ("mse", "adam", 0.5)
    assert settings.learning_rate == pytest.approx(0.02)
    assert (settings.epochs, settings.steps, settings.weight_decay) == (2, 6, None)
    assert subject.loss_curve() == pytest.approx(model.history.history["loss"])
    assert subject_of(model, loss="mae").settings().loss == "mae"


def test_the_rate_of_a_schedule_is_its_highest():
    """A rate that has decayed is told as it began."""
    model = _model(layers.Flatten(), layers.Dense(1))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=1, decay_rate=0.1)
    model.compile(optimizer=keras.optimizers.SGD(schedule), loss=keras.losses.Huber())
    model.fit(X, Y, epochs=3, verbose=0)
    settings = subject_of(model).settings()
    assert (settings.loss, settings.optimizer, settings.steps) == ("huber", "sgd", 3)
    assert settings.learning_rate == pytest.approx(0.5)


def test_an_uncompiled_model_is_examined_as_far_as_it_goes():
    """Predictions and layers are there; loss and optimizer are named as not examined."""
    subject = subject_of(_model(layers.Flatten(), layers.Dense(1), compiled=False))
    assert subject.predict(X).shape == (9, 1)
    assert subject.settings() is None
    assert subject.loss_of(Y, Y) is None
    assert subject.gates(X) is None
    missing = [missed.what for missed in subject.not_examined if missed.what != "gradients"]
    assert missing == ["gates", "the model's own loss", "optimizer and learning rate"]


def test_a_model_that_was_never_built_is_refused():
    """Looking at it would draw its weights."""
    with pytest.raises(ModelError, match="expected a built model; received one without weights"):
        subject_of(keras.Sequential([layers.Dense(1)]))


def test_several_outputs_are_refused():
    """A prediction is one array, and how to take one out of several is said."""
    inputs = layers.Input((3,))
    model = keras.Model(inputs, [layers.Dense(1)(inputs), layers.Dense(1)(inputs)])
    with pytest.raises(ModelError, match=r"Give a function .*model\.predict\(X\)\[0\]"):
        subject_of(model).predict(X[:, 0])


@pytest.mark.parametrize("size", [4, 32])
def test_the_inside_of_a_model_of_one_batch_size_is_that_of_any_other(size):
    """Batches are filled up and cut, and nothing else changes: not activations, gates nor gradients."""
    made = [layers.LSTM(4), layers.Dense(1)]
    model = keras.Sequential([layers.Input(batch_shape=(size, *X.shape[1:])), *made])
    free = keras.Sequential([layers.Input(X.shape[1:]), layers.LSTM(4), layers.Dense(1)])
    free.set_weights(model.get_weights())
    n = min(size, len(X), 6)
    one, other = subject_of(model), subject_of(free)
    for look in (lambda subject: subject.activations(X[:n]), lambda subject: subject.layer_inputs(X[:n])):
        for seen, expected in zip(look(one).values(), look(other).values(), strict=True):
            np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-6)
    (seen,), (expected,) = one.gates(X[:n]).values(), other.gates(X[:n]).values()
    np.testing.assert_allclose(seen.states, expected.states, rtol=1e-5, atol=1e-6)
    y = np.arange(float(n))[:, None]
    (seen, expected) = (subject.gradients(X[:n], y) for subject in (one, other))
    assert seen.norm == pytest.approx(expected.norm, rel=1e-4)


def test_the_loss_is_keras_own():
    """The mean of squares; a row against a column is brought to one rank, as in `fit`."""
    subject = subject_of(_model(layers.Flatten(), layers.Dense(1)))
    prediction, y = np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])
    assert subject.loss_of(prediction, y) == pytest.approx(5)
    assert subject.loss_of(prediction, y[:, 0]) == pytest.approx(5)


def test_a_loss_that_keras_does_not_know_is_refused():
    """A name with a mistake in it is not passed over."""
    with pytest.raises(ConfigurationError, match="'loss' of diagnose: expected a loss that Keras knows"):
        subject_of(_model(layers.Flatten(), layers.Dense(1)), loss="msee")


@pytest.mark.parametrize("loss", ["binary_crossentropy", "poisson", lambda y, prediction: (y - prediction) ** 2])
def test_functions_get_both_in_one_rank(loss):
    """`fit` wraps a function so: some functions refuse other ranks, and some would broadcast them."""
    subject = subject_of(_model(layers.Flatten(), layers.Dense(1)), loss=loss)
    prediction, y = np.array([[0.25], [0.5]]), np.array([[0.0], [1.0]])
    assert subject.loss_of(prediction, y[:, 0]) == pytest.approx(subject.loss_of(prediction, y))


@ON_TORCH
def test_gradients_of_a_linear_model_by_hand():
    """For a mean squared error they are 2/n X'(Xw - y)."""
    model = _model(layers.Flatten(), layers.Dense(1, use_bias=False, name="dense"))
    subject = subject_of(model)
    w = _array(model.layers[-1].kernel.value)
    flat = X.reshape(9, 21)
    error = flat @ w - Y
    gradients = subject.gradients(X, Y)
    norm = np.linalg.norm(2 / 9 * flat.T @ error)
    assert gradients.by_layer == {"dense": pytest.approx(norm, rel=1e-5)}
    assert list(gradients.by_parameter.values()) == [pytest.approx(norm / np.linalg.norm(w), rel=1e-5)]
    assert gradients.value == pytest.approx((error**2).mean(), rel=1e-5)
    assert gradients.by_step.shape == (7,)


@ON_TORCH
def test_gradients_by_layer_stand_in_the_order_of_the_layers():
    """The recurrences first, the head last; a frozen layer is not among them."""
    model = _usual()
    model.layers[0].trainable = False
    gradients = subject_of(model).gradients(X, Y)
    assert list(gradients.by_layer) == [model.layers[place].name for place in (2, 3, 4)]


def test_stale_statistics_of_a_norm_are_told_from_fresh_ones():
    """Statistics that never saw the data shift the predictions; those of the data do not; dropout never acts."""
    data = np.random.default_rng(0).normal(50, 3, size=(64, 4)).astype(np.float32)
    norm = layers.BatchNormalization()
    model = keras.Sequential(
        [layers.Input((4,)), norm, layers.Dropout(0.5), layers.Dense(1, kernel_initializer="ones")]
    )
    assert subject_of(model).gives_other_in_training(data) > 20
    norm.moving_mean.assign(data.mean(axis=0))
    norm.moving_variance.assign(data.var(axis=0))
    assert subject_of(model).gives_other_in_training(data) < 0.01
    assert subject_of(_model(layers.Flatten(), layers.Dense(1))).gives_other_in_training(X) is None


def test_the_output_activation_of_a_head():
    """A sigmoid head is one whether it stands in the layer or behind it."""
    for head in ([layers.Dense(1, activation="sigmoid")], [layers.Dense(1), layers.Activation("sigmoid")]):
        subject = subject_of(_model(layers.Flatten(), *head))
        activations = subject.activations(X)
        assert output_activation(subject.layers(), activations, subject.predict(X)) == "sigmoid"


def test_a_layer_may_give_things_by_name():
    """Of several things in a mapping the first is what it passes on."""

    class Named(layers.Layer):
        def call(self, x):
            return {"mean": keras.ops.mean(x, axis=1), "last": x[:, -1]}

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.states, self.named, self.head = layers.LSTM(4, return_sequences=True), Named(), layers.Dense(1)

        def call(self, x, training=None):
            return self.head(self.named(self.states(x))["mean"])

    model = Own()
    model(X)
    activations = subject_of(model).activations(X)
    np.testing.assert_allclose(activations[model.named.name], activations[model.states.name].mean(axis=1), rtol=1e-5)


def test_tensors_that_take_gradients_are_sequences_too():
    """A tensor of torch's is predicted as the array that it holds, whether or not gradients go through it."""
    subject, given = subject_of(_usual()), torch.tensor(X, requires_grad=True)
    np.testing.assert_array_equal(subject.predict(given), subject.predict(X))
    assert subject.activations(given).keys() == subject.activations(X).keys()
    assert given.grad is None
