"""A PyTorch module under examination: what is seen of it, and that nothing of it changes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from unflat.diagnosis import diagnose
from unflat.diagnosis.subjects import Settings, output_activation, subject_of
from unflat.errors import ConfigurationError, ModelError, ModelFailedError, ShapeError

Y = np.linspace(-1, 1, 9)[:, None]

LOOKS = {
    "predict": lambda subject, X: subject.predict(X),
    "activations": lambda subject, X: subject.activations(X),
    "layer_inputs": lambda subject, X: subject.layer_inputs(X),
    "gates": lambda subject, X: subject.gates(X),
    "gradients": lambda subject, X: subject.gradients(X, Y),
    "loss_of": lambda subject, _: subject.loss_of(Y, Y + 1),
    "gives_other_in_training": lambda subject, X: subject.gives_other_in_training(X),
    "gives_other_in_evaluation": lambda subject, X: subject.gives_other_in_evaluation(X),
}


class _Fails(nn.Module):
    """Draws, counts, writes into a buffer, and then raises."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.count = 0

    def forward(self, x):
        self.count += 1
        torch.rand(1)
        raise RuntimeError(f"out of luck with {tuple(self.norm(x[:, -1]).shape)}")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("training", [False, True])
def test_nothing_changes_whatever_is_looked_at(pump, sequences, witness, look, training):
    """Weights, statistics, modes, hooks, .grad, requires_grad, attributes and generators are bit for bit as before."""
    module = pump().train(training)
    module.norm.eval()
    module.dense.bias.requires_grad_(False)  # noqa: FBT003 - torch's own flag
    module.head.weight.grad = torch.full_like(module.head.weight, 7.0)
    subject = subject_of(module, loss=nn.MSELoss(), optimizer=torch.optim.SGD(module.parameters(), lr=0.1))
    with witness(module):
        LOOKS[look](subject, sequences)
    assert module.calls == 0
    assert module.remembered is None


@pytest.mark.parametrize("look", [name for name in LOOKS if name != "loss_of"])
def test_nothing_changes_when_the_module_raises(sequences, everything, same, look):
    """After an error of its own, told as such, the module is as before."""
    module = _Fails()
    subject = subject_of(module)
    before = everything(module)
    with pytest.raises(ModelFailedError, match=r"The model _Fails: expected .* \(9, 7, 3\); received .*out of luck"):
        LOOKS[look](subject, sequences)
    assert same(before, everything(module))
    assert module.count == 0


def test_predictions_are_the_modules_as_it_stands(pump, sequences):
    """In evaluation mode they are those of a call; in training mode norms use the batch and dropout acts."""
    module = pump().eval()
    with torch.no_grad():
        expected = module(torch.tensor(sequences, dtype=torch.float32)).numpy()
    np.testing.assert_array_equal(subject_of(module).predict(sequences), expected)
    np.testing.assert_array_equal(subject_of(module).predict(torch.from_numpy(sequences)), expected)
    assert np.abs(subject_of(module.train()).predict(sequences) - expected).max() > 0.01


def test_predictions_in_batches_are_those_at_once():
    """More steps than are predicted together come in several batches, in order."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 << 12, 1))
    X = np.random.default_rng(0).normal(size=(70, 1 << 12, 3)).astype(np.float32)
    expected = module(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(subject_of(module).predict(X), expected, rtol=1e-4, atol=1e-5)


def test_layers_stand_in_the_order_of_the_pass(pump, sequences):
    """Not as they were made, an activation that is called as a function among them."""
    module = pump(num_layers=2, bidirectional=True)
    subject = subject_of(module)
    subject.predict(sequences)
    layers = subject.layers()
    assert [layer.name for layer in layers] == [
        "recurrent[0]", "recurrent[1]", "norm", "drop", "dense", "dense.relu", "head",
    ]  # fmt: skip
    assert [layer.kind for layer in layers] == [
        "recurrent", "recurrent", "norm", "dropout", "dense", "activation", "dense",
    ]  # fmt: skip
    assert [layer.units for layer in layers] == [10, 10, 10, 10, 4, 4, 1]
    assert [layer.returns_sequences for layer in layers[:3]] == [True, False, None]
    assert (layers[3].rate, layers[5].activation) == (0.4, "relu")
    assert sum(layer.parameters for layer in layers) == sum(p.numel() for p in module.parameters())


def test_keys_are_the_layers_names(pump, sequences):
    """Activations and inputs are found under the names that the layers have."""
    subject = subject_of(pump(nn.GRU, num_layers=3))
    subject.predict(sequences)
    names = {layer.name for layer in subject.layers()}
    assert set(subject.activations(sequences)) == set(subject.layer_inputs(sequences)) == names
    assert set(subject.gates(sequences)) == {"recurrent[0]", "recurrent[1]", "recurrent[2]"}


def test_what_the_head_reads_gives_the_predictions(pump, sequences):
    """The input of the last dense layer, through its weights, is the prediction."""
    module = pump().eval()
    subject = subject_of(module)
    h = subject.layer_inputs(sequences)["head"]
    weight, bias = module.head.weight.detach().numpy(), module.head.bias.detach().numpy()
    np.testing.assert_allclose(h @ weight.T + bias, subject.predict(sequences), atol=1e-6)
    np.testing.assert_array_equal(subject.activations(sequences)["head"], subject.predict(sequences))


def test_an_activation_that_writes_in_place_does_not_hide_what_came_before():
    """The layer before keeps its negative values in the record, and so does the activation's input."""
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
    with torch.no_grad():
        module[0].weight.copy_(-torch.eye(2))
        module[0].bias.zero_()
    subject = subject_of(module)
    X = np.array([[1.0, 2.0]])
    np.testing.assert_array_equal(subject.activations(X)["0"], [[-1, -2]])
    np.testing.assert_array_equal(subject.layer_inputs(X)["1"], [[-1, -2]])
    np.testing.assert_array_equal(subject.activations(X)["1"], [[0, 0]])


def test_the_users_data_are_not_written_to():
    """A module that works in place works on a copy."""
    X = np.ones((3, 2), dtype=np.float32)
    module = nn.Sequential(nn.ReLU(inplace=True), nn.Threshold(2.0, 9.0, inplace=True))
    assert subject_of(module).predict(X).max() == 9
    np.testing.assert_array_equal(X, 1)
    tensor = torch.ones(3, 2)
    subject_of(module).predict(tensor)
    assert tensor.max() == 1


@pytest.mark.parametrize("as_module", [True, False])
def test_the_output_activation_is_found_as_a_module_and_as_a_function(as_module):
    """A sigmoid head is one whichever way it is written; scaled afterwards it is not."""

    class Head(nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.dense, self.squash, self.factor = nn.Linear(2, 1), nn.Sigmoid(), factor

        def forward(self, x):
            z = self.dense(x)
            return (self.squash(z) if as_module else torch.sigmoid(z)) * self.factor

    X = np.random.default_rng(0).normal(size=(5, 2))
    for factor, expected in [(1, "sigmoid"), (100, None)]:
        subject = subject_of(Head(factor))
        prediction = subject.predict(X)
        assert output_activation(subject.layers(), subject.activations(X), prediction) == expected


def test_parameters_outside_the_optimizer_are_not_trained(pump, sequences):
    """A layer that the optimizer was not given, or that is frozen, has parameters and none that are trained."""
    module = pump()
    module.norm.requires_grad_(False)  # noqa: FBT003 - torch's own flag
    optimizer = torch.optim.Adam([*module.dense.parameters(), *module.norm.parameters()], lr=1e-3)
    subject = subject_of(module, loss="mse", optimizer=optimizer)
    subject.predict(sequences)
    counts = {layer.name: (layer.trainable, layer.parameters) for layer in subject.layers()}
    assert counts["dense"] == (24, 24)
    assert counts["norm"] == (0, 10)
    assert counts["head"] == (0, 5)
    assert set(subject.gradients(sequences, Y).by_layer) == {"dense"}


def test_parameters_of_no_layer_are_counted(sequences):
    """A parameter that the module holds itself, and a layer that is never called, come first and as others."""

    class Loose(nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = nn.Parameter(torch.ones(2))
            self.used, self.unused = nn.Linear(3, 1), nn.Linear(3, 4)

        def forward(self, x):
            return self.used(x[:, -1]) * self.factor.mean()

    subject = subject_of(Loose())
    subject.predict(sequences)
    assert [(layer.name, layer.kind, layer.parameters) for layer in subject.layers()] == [
        ("parameters", "other", 2),
        ("unused", "other", 16),
        ("used", "dense", 4),
    ]


def test_settings_and_what_is_not_examined(pump):
    """Loss and optimizer are told where they were given, and named as not examined where not."""
    module = pump()
    known = subject_of(module, loss=nn.L1Loss(), optimizer=torch.optim.Adam(module.parameters(), lr=0.02))
    assert known.settings() == Settings(loss="mae", optimizer="adam", learning_rate=0.02)
    assert known.not_examined == ()
    assert (known.name, known.framework) == ("Pump", "torch")
    unknown = subject_of(nn.Linear(3, 1))
    assert unknown.settings() is None
    assert unknown.loss_of(Y, Y) is None
    assert unknown.gates(np.ones((2, 3))) is None
    missing = [missed.what for missed in unknown.not_examined]
    assert missing == ["gates", "the model's own loss", "optimizer and learning rate"]


def test_the_loss_is_taken_of_shapes_as_they_come():
    """A column against a row broadcasts, silently, as it did in training; in one shape it is the plain mean."""
    subject = subject_of(nn.Linear(1, 1), loss=nn.MSELoss())
    prediction, y = np.array([[0.0], [2.0]]), np.array([1.0, 5.0])
    assert subject.loss_of(prediction, y[:, None]) == pytest.approx((1 + 9) / 2)
    assert subject.loss_of(prediction, y) == pytest.approx((1 + 25 + 1 + 9) / 4)


def test_a_loss_that_takes_one_shape_only_gets_it():
    """A cross entropy of a column refuses a row: whoever trained with it brought both into one shape."""
    subject = subject_of(nn.Sequential(nn.Linear(1, 1), nn.Sigmoid()), loss=nn.BCELoss())
    prediction, y = np.array([[0.25], [0.5]]), np.array([0.0, 1.0])
    assert subject.loss_of(prediction, y) == pytest.approx(-np.log([0.75, 0.5]).mean(), rel=1e-5)
    assert subject.gradients(np.ones((2, 1), dtype=np.float32), y) is not None


def test_a_loss_of_each_value_is_averaged():
    """A loss without reduction is still one number."""
    subject = subject_of(nn.Linear(1, 1), loss=nn.MSELoss(reduction="none"))
    assert subject.loss_of(np.array([0.0, 2.0]), np.array([1.0, 5.0])) == pytest.approx(5)


@pytest.mark.parametrize("loss", ["no such loss", 3])
def test_an_unknown_loss_is_refused_with_those_that_are_known(loss):
    """Names are few; anything else must be callable."""
    with pytest.raises(ConfigurationError, match=r"'loss' of diagnose: expected .*'mse', 'mae'"):
        subject_of(nn.Linear(1, 1), loss=loss)


def test_gradients_of_a_linear_model_by_hand():
    """For a mean squared error they are 2/n X'(Xw - y); by step those of the inputs."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(6, 1, bias=False)).double()
    random = np.random.default_rng(2)
    X, y = random.normal(size=(8, 3, 2)), random.normal(size=(8, 1))
    w = module[1].weight.detach().numpy().T
    flat = X.reshape(8, 6)
    error = flat @ w - y
    expected = 2 / 8 * flat.T @ error
    gradients = subject_of(module, loss="mse").gradients(X, y)
    norm = np.linalg.norm(expected)
    assert gradients.by_layer == {"1": pytest.approx(norm)}
    assert gradients.by_parameter == {"1.weight": pytest.approx(norm / np.linalg.norm(w))}
    assert (gradients.loss, gradients.value, gradients.norm) == (
        "mse",
        pytest.approx((error**2).mean()),
        pytest.approx(norm),
    )
    by_input = (2 / 8 * error * w.T).reshape(8, 3, 2)
    np.testing.assert_allclose(gradients.by_step, np.sqrt((by_input**2).sum(axis=(0, 2))))


def test_gradients_stand_in_the_order_of_the_layers_and_need_no_loss(pump, sequences):
    """Without a loss they are those of the squared error, whatever axes of one the target lacks."""
    subject = subject_of(pump(num_layers=2))
    subject.predict(sequences)
    flat, column = subject.gradients(sequences, Y[:, 0]), subject.gradients(sequences, Y)
    assert list(flat.by_layer) == ["recurrent[0]", "recurrent[1]", "norm", "dense", "head"]
    assert flat.by_layer == column.by_layer
    assert flat.loss == "mse"
    assert flat.by_step.shape == (7,)


def test_a_zero_parameter_has_no_relative_gradient_and_a_frozen_module_none():
    """Relative to zero is not a number; where nothing is trained there is nothing to name."""
    module = nn.Linear(2, 1)
    nn.init.zeros_(module.bias)
    X = np.ones((4, 2))
    gradients = subject_of(module).gradients(X, np.ones((4, 1)))
    assert math.isnan(gradients.by_parameter["bias"])
    assert gradients.by_step is None
    module.requires_grad_(False)  # noqa: FBT003 - torch's own flag
    assert subject_of(module).gradients(X, np.ones((4, 1))).by_layer == {}


def test_a_module_left_in_training_mode_is_told_from_one_in_evaluation(pump, sequences):
    """The shift is 0 in evaluation mode and large in training mode with dropout."""
    module = pump()
    assert subject_of(module.eval()).gives_other_in_evaluation(sequences) == 0
    assert subject_of(module.train()).gives_other_in_evaluation(sequences) > 0.1


def test_stale_statistics_of_a_norm_are_told_from_fresh_ones():
    """Statistics that never saw the data shift the predictions by many deviations; those of the data not at all."""
    X = np.random.default_rng(0).normal(50, 3, size=(64, 4))
    module = nn.Sequential(nn.BatchNorm1d(4, momentum=None), nn.Dropout(0.5), nn.Linear(4, 1))
    nn.init.ones_(module[2].weight)  # the sum of four values of 50 ± 3
    assert subject_of(module).gives_other_in_training(X) > 20
    module(torch.tensor(X, dtype=torch.float32))
    assert subject_of(module).gives_other_in_training(X) < 0.02
    assert subject_of(module[1:]).gives_other_in_training(X) is None


def test_whole_numbers_stay_whole_for_an_embedding():
    """Codes reach an embedding as codes; other modules read them as numbers."""
    module = nn.Sequential(nn.Embedding(5, 2), nn.Flatten(), nn.Linear(6, 1))
    codes = np.array([[0, 1, 4], [2, 2, 3]])
    subject = subject_of(module)
    assert subject.predict(codes).shape == (2, 1)
    assert subject.gradients(codes, np.ones((2, 1))).by_step is None
    assert subject_of(nn.Linear(3, 1)).predict(codes).shape == (2, 1)


def test_a_prediction_that_comes_with_a_state_is_the_first_of_both(sequences):
    """A bare recurrence returns its states and its memory; the states are the prediction."""
    layer = nn.GRU(3, 2, batch_first=True)
    expected = layer(torch.tensor(sequences, dtype=torch.float32))[0].detach().numpy()
    np.testing.assert_array_equal(subject_of(layer).predict(sequences), expected)


def test_a_module_that_returns_no_tensor_is_told_so(sequences):
    """What is no prediction is an error about the model."""

    class Wordy(nn.Module):
        def forward(self, x):
            return "a number"

    with pytest.raises(ModelFailedError, match=r"The model Wordy.*It returned no tensor"):
        subject_of(Wordy()).predict(sequences)


def test_a_functional_activation_inside_a_layer_is_the_layers_own(sequences):
    """What a leaf module computes with functions is not listed beside it."""

    class Swish(nn.Module):
        def forward(self, x):
            return x * torch.sigmoid(x)

    subject = subject_of(nn.Sequential(nn.Linear(3, 2), Swish()))
    subject.predict(sequences)
    assert [layer.name for layer in subject.layers()] == ["0", "1"]


def test_two_functions_behind_two_layers_are_two_layers(sequences):
    """Each activation is named by the layer before it."""

    class Deep(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 1)

        def forward(self, x):
            return functional.relu(self.b(functional.relu(self.a(x[:, -1]))))

    subject = subject_of(Deep())
    activations = subject.activations(sequences)
    assert list(activations) == ["a", "a.relu", "b", "b.relu"]
    np.testing.assert_array_equal(activations["a.relu"], np.maximum(activations["a"], 0))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_scripted_module_predicts_and_says_what_it_hides():
    """TorchScript shows no layers; predictions and gradients are there, and the rest is named as not examined."""
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    X = np.random.default_rng(0).normal(size=(9, 3))
    scripted, plain = subject_of(torch.jit.script(module), loss="mse"), subject_of(module, loss="mse")
    np.testing.assert_allclose(scripted.predict(X), plain.predict(X), rtol=1e-5)
    assert scripted.layers() is scripted.activations(X) is scripted.layer_inputs(X) is scripted.gates(X) is None
    assert scripted.not_examined[0].what == "layers, activations and gates"
    assert scripted.gradients(X, Y).norm == pytest.approx(plain.gradients(X, Y).norm, rel=1e-5)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("place", ["whole", "part"])
def test_what_is_compiled_in_place_is_seen_through(place):
    """A module that was told to compile itself, or one that holds a compiled layer, gives what it does without."""

    def made():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))

    with torch.random.fork_rng():
        plain, module = made(), made()
    if place == "whole":
        module.compile(backend="eager")
    else:
        module[0] = torch.compile(module[0], backend="eager")
    X = np.random.default_rng(0).normal(size=(9, 3))
    given, wanted = subject_of(module), subject_of(plain)
    np.testing.assert_allclose(given.predict(X), wanted.predict(X), rtol=1e-6)
    for seen, right in zip(given.activations(X).values(), wanted.activations(X).values(), strict=True):
        np.testing.assert_allclose(seen, right, rtol=1e-6)
    assert given.gradients(X, Y).norm == pytest.approx(wanted.gradients(X, Y).norm, rel=1e-5)


def test_lists_of_sequences_come_in_other_company_too():
    """Of a layer that reads the sequences of a batch as its steps, a list shows the same as an array."""

    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(3, 4), nn.Linear(4, 1)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    X = np.random.default_rng(0).normal(size=(9, 7, 3))
    subject = subject_of(Turned())
    assert subject.mixes_sequences(list(X)) == subject.mixes_sequences(X) > 0


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_compiled_module_is_seen_through(pump, sequences):
    """What `torch.compile` wraps is the module that is examined, under its own name and with all its layers."""
    module = pump().eval()
    subject = subject_of(torch.compile(module))
    assert subject.name == "Pump"
    np.testing.assert_array_equal(subject.predict(sequences), subject_of(module).predict(sequences))
    assert set(subject.gates(sequences)) == {"recurrent"}


@pytest.mark.parametrize("others", [{}, {"state": torch.zeros(1)}])
def test_a_mapping_of_one_tensor_is_the_prediction(sequences, others):
    """As models of Hugging Face return it; of several, none is taken, and the way to one is said."""

    class Named(nn.Linear):
        def forward(self, x):
            return {"pred": super().forward(x[:, -1])} | others

    subject = subject_of(Named(3, 1))
    if not others:
        assert subject.predict(sequences).shape == (9, 1)
        return
    with pytest.raises(ModelError, match=r"a dict with 'pred', 'state'\. Give a function .*float\(\)\)\['pred'\]"):
        subject.predict(sequences)


class TwoHeads(nn.Linear):
    """Both columns, apart, beside a state."""

    def forward(self, x):
        """Give them."""
        first, second = super().forward(x[:, -1]).split(1, dim=1)
        return first, second, (x.transpose(0, 1),)


def test_of_several_outputs_the_first_is_the_prediction_and_the_others_are_told(sequences):
    """A second head could be the one that is meant; it is named, with the way to it."""
    subject = subject_of(TwoHeads(3, 2))
    assert subject.outputs() is None
    np.testing.assert_array_equal(subject.predict(sequences), outputs_apart(subject, sequences)[0])
    told = {remark.what: remark.why for remark in subject.not_examined}
    assert told["the model's other outputs"].endswith("diagnose(lambda X: model(torch.as_tensor(X).float())[1], X, y)")


def outputs_apart(subject, sequences):
    """Ask the module itself."""
    return [part.detach().numpy() for part in subject._module(subject.tensor(sequences))[:2]]


def test_targets_are_not_blamed_for_outputs_that_come_apart(sequences):
    """The error gives the function that joins them, and the diagnosis of that function is made."""
    module, targets = TwoHeads(3, 2), np.random.default_rng(0).normal(size=(len(sequences), 2))
    with pytest.raises(ShapeError, match=r"a tuple of 3.*lambda X: torch\.cat\(model\(.*\)\[:2\], dim=1\)"):
        diagnose(module, sequences, targets)
    assert diagnose(lambda X: torch.cat(module(torch.as_tensor(X).float())[:2], dim=1), sequences, targets).targets
