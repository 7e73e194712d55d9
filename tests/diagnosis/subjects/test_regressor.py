"""Our own estimator under examination."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError

from unflat import LSTMRegressor
from unflat.diagnosis.subjects import Settings, subject_of
from unflat.errors import ModelFailedError, ShapeError, UnflatWarning
from unflat.sequences import as_sequences
from unflat.sequences.batches import BatchSource

LOOKS = {
    "predict": lambda subject, X, _: subject.predict(X),
    "activations": lambda subject, X, _: subject.activations(X),
    "layer_inputs": lambda subject, X, _: subject.layer_inputs(X),
    "gates": lambda subject, X, _: subject.gates(X),
    "gradients": lambda subject, X, y: subject.gradients(X, y),
    "loss_of": lambda subject, _, y: subject.loss_of(y, y),
}


def _fitted(X, y, **options):
    options = {"units": (4, 3), "epochs": 2, "random_state": 0, "progress": False, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnflatWarning)  # two epochs are no training
        return LSTMRegressor(**{"n_members": 1} | options).fit(X, y)


@pytest.fixture(scope="module")
def data():
    """Sequences around 1000, and a target that depends on them."""
    random = np.random.default_rng(0)
    X = random.normal(1000, 50, size=(40, 6, 2))
    return X, 3 * X[:, -1, 0] + np.sort(X[:, :, 1], axis=1)[:, -2]


@pytest.fixture(scope="module")
def ragged(data):
    """Cut the same to two to six steps."""
    X, y = data
    return [sequence[: 2 + i % 5] for i, sequence in enumerate(X)], y


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_changes_whatever_is_looked_at(data, everything, same, look):
    """The predictor and every global generator are bit for bit as before."""
    model = _fitted(*data)
    before = everything(model.predictor_)
    LOOKS[look](subject_of(model), *data)
    assert same(before, everything(model.predictor_))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gates_reproduce_each_layers_states(ragged, cell, bidirectional):
    """Within every sequence's own length the states that follow from the gates are the layer's."""
    X, y = ragged
    subject = subject_of(_fitted(X, y, cell=cell, bidirectional=bidirectional))
    gates, activations = subject.gates(X), subject.activations(X)
    inside = np.arange(6) < np.array([len(sequence) for sequence in X])[:, None]
    assert list(gates) == ["layers.0", "layers.1"]
    for name, layer in gates.items():
        np.testing.assert_allclose(layer.states[inside], activations[name][inside], atol=1e-5)
        assert all(np.isnan(values[~inside]).all() for values in layer.values.values())
        assert all(np.isfinite(values[inside]).all() for values in layer.values.values())


def test_layers_in_order_with_their_sizes(data):
    """Dropout stands where it acts, the skip last; the bias that is held at zero is no parameter."""
    model = _fitted(*data, dropout=0.2)
    layers = subject_of(model).layers()
    assert [(layer.name, layer.kind, layer.units) for layer in layers] == [
        ("layers.0", "recurrent", 4),
        ("dropout.1", "dropout", None),
        ("layers.1", "recurrent", 3),
        ("readout", "pooling", 9),
        ("dropout.2", "dropout", None),
        ("head", "dense", 1),
        ("skip", "line", 1),
    ]
    assert layers[0].parameters == layers[0].trainable == 4 * 4 * (2 + 4 + 1)
    assert layers[1].rate == 0.2
    assert [layer.returns_sequences for layer in layers[:3]] == [True, None, True]
    assert subject_of(_fitted(*data, readout="last")).layers()[1].returns_sequences is False


def test_settings_are_the_estimators(data):
    """What was set is told, what it chose itself is left open, and epochs are those that ran."""
    model = _fitted(*data, loss="huber", learning_rate=0.01, weight_decay=0.0, batch_size=np.int64(16), clip_norm=None)
    subject = subject_of(model)
    assert subject.settings() == Settings(loss="huber", optimizer="adamw", learning_rate=0.01, epochs=2, batch_size=16)
    assert subject_of(_fitted(*data)).settings().batch_size is None
    assert subject.loss_curve() == tuple(record.loss for record in model.history_.epochs)
    assert (subject.framework, subject.name, subject.not_examined) == ("unflat", "LSTMRegressor", ())


def test_the_inside_adds_up_to_the_prediction(data):
    """Head plus skip, put back by the target's scale, is what the model predicts."""
    X, y = data
    subject = subject_of(_fitted(X, y))
    inside, scale = subject.activations(X), subject.target_scale()
    predicted = (inside["head"] + inside["skip"]) * scale.scale + scale.center
    np.testing.assert_allclose(predicted[:, 0], subject.predict(X), rtol=1e-5)
    assert not scale.logarithmic
    assert subject_of(_fitted(X, y, scale_target="log")).target_scale().logarithmic


def test_the_first_layer_reads_scaled_inputs(data):
    """What reaches the network has mean 0 and deviation 1, wherever the raw data lie."""
    X, y = data
    read = subject_of(_fitted(X, y)).layer_inputs(X)["layers.0"]
    assert abs(read.mean()) < 0.2
    assert abs(read.std() - 1) < 0.2


def test_the_loss_is_that_of_the_scaled_target(data):
    """The squared error of a constant shift is the shift in deviations, squared, whatever the axes."""
    X, y = data
    subject = subject_of(_fitted(X, y))
    scale = subject.target_scale().scale[0]
    assert subject.loss_of(y + 2 * scale, y[:, None]) == pytest.approx(4)


def test_gradients_are_those_of_autograd(data):
    """The whole norm is the one that a backward pass through the network gives."""
    X, y = data
    model = _fitted(X, y)
    gradients = subject_of(model).gradients(X, y)
    predictor = model.predictor_
    values, lengths, _ = BatchSource(as_sequences(X)).draw(torch.arange(len(X)))
    scaled = predictor.target(torch.from_numpy(y[:, None])).float()
    loss = (predictor.network(predictor.inputs(values), lengths) - scaled).square().mean()
    trained = [p for p in predictor.network.parameters() if p.requires_grad]
    squares = sum(float(g.square().sum()) for g in torch.autograd.grad(loss, trained))
    assert gradients.norm == pytest.approx(squares**0.5, rel=1e-4)
    assert gradients.value == pytest.approx(loss.item(), rel=1e-5)
    # Where the skip reads more than the last and the mean step it is not trained.
    moved = [] if predictor.network.skip.terms.many else ["skip"]
    assert list(gradients.by_layer) == ["layers.0", "layers.1", "head", *moved]
    assert gradients.by_step.shape == (6,)


def test_predictions_are_the_estimators_and_its_warnings_are_not_repeated(data):
    """Missing values, of which the estimator warns whoever calls it, are no news here."""
    X, y = data
    model = _fitted(X, y)
    np.testing.assert_array_equal(subject_of(model).predict(X), model.predict(X))
    holes = X.copy()
    holes[0, 2, 1] = np.nan
    assert np.isfinite(subject_of(model).predict(holes)).all()


def test_errors_of_the_estimator_keep_their_words(data):
    """What the estimator says of bad input is said as it is; what it is not fit for, too."""
    X, y = data
    subject = subject_of(_fitted(X, y))
    with pytest.raises(ShapeError, match="features"):
        subject.predict(X[:, :, :1])
    with pytest.raises(NotFittedError, match="not fitted"):
        subject_of(LSTMRegressor())


def test_a_failure_inside_is_told_as_the_models(data):
    """Data that only the inside trips over end in an error about the model, not in torch's traceback."""
    X, y = data
    subject = subject_of(_fitted(X, y))
    with pytest.raises((ModelFailedError, ShapeError), match=r"LSTMRegressor|features"):
        subject.activations(X[:, :, :1])
