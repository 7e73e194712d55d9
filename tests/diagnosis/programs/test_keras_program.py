"""A Keras model, trained again."""

import numpy as np
import pytest

from unflat.diagnosis.programs import Edit, Job, Training
from unflat.diagnosis.programs.keras_program import KerasProgram, why_not
from unflat.diagnosis.programs.keras_surgery import rebuilt
from unflat.diagnosis.subjects import Settings

keras = pytest.importorskip("keras")

# Keras's own conversion of torch's tensors, which NumPy 2 finds lacking.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def sequential(*layers, rate=1e-2, loss="mse"):
    """Make a compiled model of sequences of six steps and two features."""
    model = keras.Sequential([keras.Input((6, 2)), *layers])
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss)
    return model


def usual(**options):
    """Make the model that the tests change nothing of."""
    return sequential(keras.layers.LSTM(8), keras.layers.Dense(1), **options)


def program(model, *, padding=None, epochs=25):
    """Make a program whose user trained in four steps an epoch."""
    settings = Settings(epochs=epochs, steps=epochs * 4)
    return KerasProgram(model, Training(120, model.loss, model.optimizer, settings, padding))


def job(problem, *, epochs=25, seed=1):
    """Give the problem's data to train on, and its others to predict."""
    X, y, new, _ = problem
    return Job(X, y, new, epochs, seed)


def kinds(model):
    """Name the layers' classes."""
    return [type(layer).__name__ for layer in model.layers]


def test_training_again_learns(problem, skill, untouched):
    """A new model with the user's loss, rate, epochs and batches; global generators are left alone."""
    rerun = program(usual())
    with untouched():
        prediction = rerun.run(job(problem), ())
    assert prediction.shape == (40, 1)
    assert skill(prediction, problem[3]) > 0.8


def test_the_users_model_is_not_changed(problem):
    """Weights and optimizer stay as they are, whatever is changed in new ones."""
    model = usual()
    before = [np.array(weight) for weight in model.get_weights()]
    rerun = program(model)
    edits = {edit for edit in Edit if rerun.refuses(edit) is None and edit is not Edit.SWAP_AXES}
    rerun.run(job(problem, epochs=2), edits)
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))
    assert int(model.optimizer.iterations.value) == 0


def test_the_same_seed_gives_the_same_training(problem):
    """Weights, batches and dropout come from the seed alone."""
    rerun = program(sequential(keras.layers.LSTM(4), keras.layers.Dropout(0.3), keras.layers.Dense(1)))
    first, again, other = (rerun.run(job(problem, epochs=2, seed=seed), ()) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_functional_model_is_trained_again(problem, skill):
    """Models of several branches are made of their configuration, too; layers in one row they have not."""
    given = keras.Input((6, 2))
    states = keras.layers.LSTM(8)(given)
    last = keras.layers.Flatten()(given)
    model = keras.Model(given, keras.layers.Dense(1)(keras.layers.concatenate([states, last])))
    model.compile(optimizer=keras.optimizers.Adam(1e-6), loss="mse")
    rerun = program(model)
    assert "one row" in rerun.refuses(Edit.MASK_PADDING)
    assert skill(rerun.run(job(problem, epochs=90), {Edit.USUAL_RATE}), problem[3]) > 0.5


def test_the_last_layer_is_left_linear():
    """An activation of the last layer, or a layer of its own, goes; hidden ones stay."""
    inside = sequential(
        keras.layers.LSTM(4), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(1, activation="sigmoid")
    )
    changed = rebuilt(keras, inside, {Edit.LINEAR_OUTPUT}, None)
    assert [layer.activation.__name__ for layer in changed.layers] == ["tanh", "relu", "linear"]
    apart = sequential(keras.layers.LSTM(4), keras.layers.Dense(1), keras.layers.Softmax())
    assert rebuilt(keras, apart, {Edit.LINEAR_OUTPUT}, None).layers[-1].activation.__name__ == "linear"


def test_relu_becomes_tanh():
    """Hidden units, cells and layers of their own."""
    model = sequential(
        keras.layers.LSTM(4, activation="relu"), keras.layers.Dense(3), keras.layers.ReLU(), keras.layers.Dense(1)
    )
    changed = rebuilt(keras, model, {Edit.SMOOTH_UNITS}, None)
    assert changed.layers[0].activation.__name__ == "tanh"
    assert changed.layers[2].activation.__name__ == "tanh"


def test_regularisation_is_taken_out():
    """Dropout, that of the recurrence, and penalties; and decay of the optimizer."""
    model = sequential(
        keras.layers.LSTM(4, dropout=0.9, recurrent_dropout=0.5, kernel_regularizer="l2"),
        keras.layers.Dropout(0.8),
        keras.layers.Dense(1),
    )
    model.compile(optimizer=keras.optimizers.AdamW(weight_decay=10.0), loss="mse")
    changed = rebuilt(keras, model, {Edit.NO_REGULARISATION}, None)
    assert (changed.layers[0].dropout, changed.layers[0].recurrent_dropout, changed.layers[1].rate) == (0, 0, 0)
    assert changed.layers[0].cell.kernel_regularizer is None
    assert program(model)._optimizer_for({Edit.NO_REGULARISATION}).weight_decay == 0


def test_frozen_weights_keep_their_values_until_they_are_thawed():
    """What is not trained is not drawn anew either."""
    model = usual()
    model.layers[0].trainable = False
    kept = rebuilt(keras, model, (), None)
    assert np.array_equal(kept.layers[0].get_weights()[0], model.layers[0].get_weights()[0])
    assert not np.array_equal(kept.layers[1].get_weights()[0], model.layers[1].get_weights()[0])
    assert rebuilt(keras, model, {Edit.THAW}, None).layers[0].trainable


def test_an_adapted_scale_is_kept(problem):
    """A Normalization layer's mean and deviation are data, not weights to be drawn anew."""
    scale = keras.layers.Normalization()
    scale.adapt(7 + 3 * problem[0])
    model = sequential(scale, keras.layers.LSTM(4), keras.layers.Dense(1))
    changed = rebuilt(keras, model, (), None)
    np.testing.assert_allclose(
        np.array(changed.layers[0](problem[2]).cpu()), np.array(model.layers[0](problem[2]).cpu()), rtol=1e-6
    )


def test_padding_is_masked(problem):
    """Steps of the padding's value do not change the prediction."""
    model = rebuilt(keras, usual(), {Edit.MASK_PADDING}, -1.0)
    short = problem[2].copy()
    short[:, 3:] = -1.0
    longer = np.concatenate([short, np.full_like(short, -1.0)], axis=1)
    both = (np.array(model(values).detach().cpu()) for values in (short, longer))
    np.testing.assert_allclose(next(both), next(both), rtol=1e-5)


def test_states_are_read_out_over_all_steps():
    """The last recurrent layer passes on all steps, and their mean is taken."""
    changed = rebuilt(keras, usual(), {Edit.POOL_STATES}, None)
    assert kinds(changed) == ["LSTM", "GlobalAveragePooling1D", "Dense"]
    assert changed.output_shape == (None, 1)


def test_sequences_are_no_longer_returned():
    """The last recurrent layer passes on its last step."""
    model = sequential(
        keras.layers.LSTM(4, return_sequences=True),
        keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True)),
        keras.layers.Dense(1),
    )
    assert model.output_shape == (None, 6, 1)
    assert rebuilt(keras, model, {Edit.LAST_STATE}, None).output_shape == (None, 1)


def test_the_first_and_the_last_recurrent_layer_stay():
    """Of five, two are left, and they fit together."""
    layers = [keras.layers.LSTM(4, return_sequences=True) for _ in range(4)]
    model = sequential(*layers, keras.layers.LSTM(3), keras.layers.Dense(1))
    changed = rebuilt(keras, model, {Edit.FEWER_LAYERS}, None)
    assert kinds(changed) == ["LSTM", "LSTM", "Dense"]
    assert "no more than two" in program(usual()).refuses(Edit.FEWER_LAYERS)


def test_axes_are_swapped(problem):
    """The model takes time and features the other way round."""
    swapped = Job(problem[0].swapaxes(1, 2), problem[1], problem[2].swapaxes(1, 2), 2, 1)
    model = keras.Sequential([keras.Input((2, 6)), keras.layers.LSTM(4), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    assert program(model).run(swapped, {Edit.SWAP_AXES}).shape == (40, 1)


def test_gradients_are_clipped_at_one():
    """A clip of almost nothing gives way to one at a norm of 1; the rest of the optimizer stays."""
    model = usual()
    model.compile(optimizer=keras.optimizers.SGD(0.3, momentum=0.7, clipvalue=1e-6), loss="mse")
    optimizer = program(model)._optimizer_for({Edit.CLIP_AT_ONE})
    assert (optimizer.global_clipnorm, optimizer.clipvalue, optimizer.momentum) == (1.0, None, 0.7)
    assert float(optimizer.learning_rate.value) == pytest.approx(0.3)
    usual_rate = program(model)._optimizer_for({Edit.USUAL_RATE}).learning_rate.value
    assert float(usual_rate) == pytest.approx(1e-2)


def test_targets_take_the_shape_of_the_output(problem):
    """(n,) becomes (n, 1), as the output is; what does not fit stays."""
    model = usual()
    assert program(model)._targets(model, problem[1], {Edit.ALIGN_LOSS}).shape == (120, 1)
    assert program(model)._targets(model, problem[1], ()).shape == (120,)


def test_target_scale_is_undone_in_predictions(problem, skill):
    """A target of another scale is learned on its own, and predicted in its units."""
    X, y, new, truth = problem
    given = Job(X, 5e4 + 1e3 * y, new, 25, 1)
    assert skill(program(usual()).run(given, {Edit.STANDARDIZE_TARGET}), 5e4 + 1e3 * truth) > 0.8


def test_the_best_epoch_is_kept(problem, skill):
    """Noise learned by heart is left behind where the best epoch on other sequences is kept."""
    X, y, new, truth = problem
    noisy = y + 1.5 * np.random.default_rng(3).normal(size=len(y)).astype(np.float32)
    wide = program(sequential(keras.layers.LSTM(32), keras.layers.Dense(1)), epochs=80)
    given = Job(X, noisy, new, 80, 1)
    assert skill(wide.run(given, {Edit.KEEP_BEST}), truth) > skill(wide.run(given, ()), truth) + 0.1


def test_it_is_said_why_a_model_cannot_be_trained_again():
    """Not compiled, a class of its own, or states carried on: each has its reason."""

    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    model = usual()
    known = Training(120, "mse", "adam")
    assert why_not(keras, model, known) is None
    assert "not compiled" in why_not(keras, model, Training(120))
    assert "class of its own" in why_not(keras, Own(), known)
    stateful = keras.Sequential([keras.Input((6, 2), batch_size=4), keras.layers.LSTM(2, stateful=True)])
    assert "carries states" in why_not(keras, stateful, known)
