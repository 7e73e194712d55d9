"""Watched trainings of Keras."""

import warnings

import numpy as np
import pytest

from unflat import DataWarning, ModelFailedError, Watch
from unflat.watch.by_keras import KerasInTraining

keras = pytest.importorskip("keras")
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras's own, on torch
    pytest.mark.usefixtures("unhurried"),
]


@pytest.fixture
def model():
    """Make a compiled model, its weights always the same."""

    def make(rate=1e-2, optimizer=None):
        layers = [
            keras.Input((8, 2)),
            keras.layers.LSTM(12, kernel_initializer=keras.initializers.GlorotUniform(seed=1),
                              recurrent_initializer=keras.initializers.Orthogonal(seed=2)),
            keras.layers.Dropout(0.1, seed=3),
            keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed=4)),
        ]  # fmt: skip
        model = keras.Sequential(layers)
        model.compile(optimizer=optimizer or keras.optimizers.Adam(rate), loss="mse")
        return model

    return make


def fit(model, X, y, *watches, **options):
    """Train in the order of the data."""
    settings = {"epochs": 6, "batch_size": 25, "verbose": 0, "shuffle": False} | options
    return model.fit(X, y, callbacks=list(watches), **settings)


def test_an_unscaled_target_is_warned_of_once_and_stopped(problem, model, collapses):
    """`fit` ends in the epoch of the warning."""
    X, y = problem()
    y = y * 1000 + 50_000
    watch = Watch(X, y, stop=True)
    history, warned = collapses(lambda: fit(model(), X, y, watch))
    assert [warning.cause for warning in warned] == ["target_scale"]
    assert len(history.epoch) == warned[0].epoch == 1
    assert watch.records[0].reach == pytest.approx(1e-2 * 72 * 13)


def test_raw_targets_beside_scaled_ones_end_nothing(problem, model):
    """A watch that was given other targets than `fit` says so, once, and lets a healthy training go on."""
    X, y = problem()
    watch = Watch(X, y * 1000 + 50_000, stop=True)
    with pytest.warns(DataWarning, match="not those that the training learns from: it reports a loss of"):
        history = fit(model(), X, y, watch)
    assert len(history.epoch) == 6
    assert not watch.failing
    assert "not those that the training learns from" in str(watch)


def test_without_stop_it_goes_on(problem, model, collapses):
    """A warning alone changes nothing."""
    X, y = problem()
    history, warned = collapses(lambda: fit(model(1e-6), X, y, Watch(X, y)))
    assert [warning.cause for warning in warned] == ["rate_too_low"]
    assert len(history.epoch) == 6


def test_nan_is_named(problem, model, collapses):
    """One value that is no number among the targets."""
    X, y = problem()
    y[3] = np.nan
    _, warned = collapses(lambda: fit(model(), X, y, Watch(X, y)))
    assert [warning.cause for warning in warned] == ["nan_in_data"]


@pytest.mark.parametrize("r2", [1.0, 0.1, 0.0])
def test_healthy_weak_and_noisy_trainings_are_left_in_peace(problem, model, collapses, r2):
    """Whatever there is to learn, and with validation data beside it."""
    X, y = problem(r2=r2)
    watch = Watch(X, y)
    _, warned = collapses(lambda: fit(model(), X, y, watch, validation_split=0.2))
    assert warned == []
    assert len(watch.records) > 10
    assert watch.records[-1].loss is not None
    assert watch.records[-1].step == 60


def test_weights_are_the_same_bits_with_and_without(problem, model):
    """Dropout and all: Keras's seeds are left alone."""
    X, y = problem()
    watch = Watch(X, y)
    alone, watched = model(), model()
    fit(alone, X, y)
    fit(watched, X, y, watch)
    assert len(watch.records) > 10
    assert all(map(np.array_equal, alone.get_weights(), watched.get_weights()))


def test_the_rate_of_a_schedule_is_the_highest_to_come(problem, model):
    """A rate that rises only later is reckoned with before the first step."""
    X, y = problem()
    rising = keras.optimizers.schedules.PolynomialDecay(1e-4, 72, end_learning_rate=1e-2)
    watch = Watch(X, y)
    fit(model(optimizer=keras.optimizers.Adam(rising)), X, y, watch)
    assert watch.records[0].reach == pytest.approx(1e-2 * 72 * 13, rel=0.05)


@pytest.mark.parametrize("compiled", [1e-6, 1e-3])
def test_a_rate_that_a_callback_raises_is_no_collapse(problem, model, collapses, compiled):
    """Whether warmed up from what was compiled, or from below: how high it is going to be, nobody knows."""
    X, y = problem()
    warm = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-6 * 10 ** min(4, epoch))
    watch = Watch(X, y, stop=True)
    history, warned = collapses(lambda: fit(model(compiled), X, y, warm, watch, epochs=30))
    assert warned == []
    assert len(history.epoch) == 30
    assert watch.records[-1].loss_over_mean[0] < 0.5


def test_a_rate_that_a_callback_lowers_leaves_the_highest(problem, model):
    """What was seen of it bounds what is left."""
    X, y = problem()
    watch = Watch(X, y)
    falls = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-2 / (epoch + 1))
    fit(model(), X, y, falls, watch)
    assert watch.records[-2].reach == pytest.approx(1e-2 * (72 - watch.records[-2].step) * 13)


@pytest.mark.parametrize("breaks", [False, True])
def test_a_look_inside_ends_no_training(problem, collapses, monkeypatch, breaks):
    """A model of one batch size is looked at; and where a look inside fails, the training is watched without."""
    X, y = problem()
    model = keras.Sequential([keras.Input(batch_shape=(50, 8, 2)), keras.layers.LSTM(12), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(1e-2), "mse")
    if breaks:
        error = ModelFailedError("The model", (16, 8, 2), ValueError("no"))
        monkeypatch.setattr(KerasInTraining, "activations", lambda *_: (_ for _ in ()).throw(error))
    watch = Watch(X, y)
    history, warned = collapses(lambda: fit(model, X, y, watch, batch_size=50, epochs=2))
    assert (warned, len(history.epoch)) == ([], 2)
    assert (watch.records[0].reach is None) == breaks


def test_a_generator_that_does_not_say_its_length(problem, model):
    """The plan is known after the first epoch; until then, no reach is."""
    X, y = problem()

    def batches():
        for first in range(0, 300, 25):
            yield X[first : first + 25], y[first : first + 25, None]

    watch = Watch(X, y)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Your input ran out of data")
        model().fit(batches(), epochs=1, verbose=0, shuffle=False, callbacks=[watch])
    assert watch.records[0].reach is None
    assert watch.records[-1].step == 12


def test_a_later_start_counts_only_what_is_left(problem, model):
    """`initial_epoch` shortens the plan."""
    X, y = problem()
    watch = Watch(X, y)
    fit(model(), X, y, watch, initial_epoch=4)
    assert [watch.records[-1].step, watch.records[-1].epoch] == [24, 6]


def test_a_sample_that_does_not_fit_is_an_error_before_the_first_step(problem, model):
    """The message names the model."""
    X, y = problem()
    with pytest.raises(ModelFailedError, match="sequential"):
        fit(model(), X, y, Watch(X[:, :, :1], y))


def test_keras_need_not_wait_for_each_step():
    """Events that are passed over are marked as Keras marks its own, so that it may go on while a step computes."""
    utils = pytest.importorskip("keras.src.utils")
    assert utils.is_default(Watch.on_train_batch_end)
    assert not utils.is_default(Watch.on_epoch_end)
    wanted = {name for name in dir(keras.callbacks.Callback) if name.startswith("on_")}
    assert wanted <= set(dir(Watch))
