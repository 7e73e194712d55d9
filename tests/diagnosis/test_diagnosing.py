"""The one call on real small models: the verdict is right, the model is as it was, and bad data end in no traceback."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from unflat.diagnosis import CAUSE_IDS, diagnose
from unflat.errors import InputTypeError, ModelError, ShapeError, TooFewSamplesError
from unflat.estimator import LSTMRegressor
from unflat.windows import make_windows

GENERATOR = np.random.default_rng(21)
X = GENERATOR.normal(size=(300, 6, 2))
Y = X[:, -1, 0] + X[:, 2, 1] + 0.2 * GENERATOR.normal(size=300)
SHORT = X[:, -1, 0] + 0.2 * GENERATOR.normal(size=300)
TABLE = X.reshape(300, -1)
TRAIN, TEST = slice(0, 200), slice(200, 300)


def good(values):
    """Predict what can be predicted."""
    return values[:, -1, 0] + values[:, 2, 1]


class Net(nn.Module):
    """A small LSTM whose head gives (n, 1)."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 8, batch_first=True)
        self.head = nn.Linear(8, 1)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def trained(y, steps=150):
    """Train a small LSTM by hand."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Net()
    inputs, targets = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return net, optimizer, losses


@pytest.mark.parametrize("gradients_off", [torch.no_grad, torch.inference_mode])
def test_it_is_the_same_where_gradients_are_off(gradients_off):
    """Second opinion, gradients and proof are those that they are elsewhere, and the caller's mode stays."""
    net, optimizer, losses = trained(Y, steps=3)
    perceptron = MLPRegressor(
        hidden_layer_sizes=(4,), tol=1e-2, learning_rate_init=1e-2, max_iter=500, random_state=0
    ).fit(TABLE, Y)
    inputs = X.astype(np.float32)

    def seen():
        flat = diagnose(net, inputs, Y, history=losses, optimizer=optimizer, loss="mse", prove=True, budget=1)
        good = diagnose(perceptron, TABLE, Y)
        return (
            flat.verdict,
            flat.causes,
            len(flat.proof.trials) > 0,
            good.verdict,
            good.causes,
            good.references.together.r2,
        )

    elsewhere = seen()
    with gradients_off():
        here = seen()
        assert not torch.is_grad_enabled()
    assert [str(part) for part in here] == [str(part) for part in elsewhere]


def test_it_is_the_same_in_double_precision():
    """What torch makes by default, the learners beside a good model make in single precision."""
    before = torch.get_default_dtype()
    single = diagnose(good, X, Y)
    torch.set_default_dtype(torch.float64)
    try:
        double = diagnose(good, X, Y)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(before)
    assert (double.verdict, str(double.references.together)) == (single.verdict, str(single.references.together))


def test_a_healthy_model_of_each_kind_gets_no_cause():
    """Function, scikit-learn pipeline, torch module and our own estimator, well trained, are healthy."""
    pipeline = make_pipeline(StandardScaler(), Ridge()).fit(TABLE, Y)
    net, optimizer, losses = trained(Y)
    own = LSTMRegressor(units=(8,), epochs=5, random_state=0).fit(X, SHORT)
    found = [
        diagnose(good, X, Y),
        diagnose(pipeline, TABLE, Y),
        diagnose(
            net, torch.tensor(X, dtype=torch.float32), Y[:, None], history=losses, optimizer=optimizer, loss="mse"
        ),
        diagnose(own, X, SHORT),
    ]
    assert [(each.framework, each.verdict, each.causes) for each in found] == [
        ("function", "healthy", ()), ("sklearn", "healthy", ()), ("torch", "healthy", ()), ("unflat", "healthy", ()),
    ]  # fmt: skip


def test_a_constant_is_flat_where_there_is_something_to_learn():
    """A model that gives the mean is flat on learnable data, and there is no signal where targets are shuffled."""
    flat = diagnose(DummyRegressor().fit(TABLE, Y), TABLE, Y)
    assert flat.verdict == "flat"
    assert flat.spread == (0.0,)
    shuffled = np.random.default_rng(0).permutation(Y)
    assert diagnose(DummyRegressor().fit(TABLE, shuffled), TABLE, shuffled).verdict == "no_signal"


def test_an_unscaled_target_is_flat_and_named():
    """A network trained on a raw target is flat, and the first cause is the target's scale."""
    net, optimizer, losses = trained(1000 * Y + 50_000, steps=30)
    result = diagnose(
        net, torch.tensor(X, dtype=torch.float32), (1000 * Y + 50_000)[:, None],
        history=losses, optimizer=optimizer, loss="mse",
    )  # fmt: skip
    assert result.verdict == "flat"
    assert result.causes[0].id == "target_scale"
    assert all(cause.id in CAUSE_IDS for cause in result.causes)


def test_predictions_that_are_no_numbers_have_diverged():
    """A model that gives NaN has diverged, and its figures are undefined rather than wrong."""
    result = diagnose(lambda values: good(values) * np.nan, X, Y)
    assert result.verdict == "diverged"
    assert np.isnan(result.r2[0])
    assert "300 predictions are not numbers" in str(result)


def test_repeating_the_last_value_is_seen_on_windows_of_a_table():
    """Windows know where the target's past stands, so a model that repeats it is recognised."""
    frame = pl.DataFrame({"load": np.cumsum(np.random.default_rng(0).normal(size=400))})
    result = diagnose(lambda values: values[:, -1, 0], make_windows(frame, target="load", length=5))
    assert result.verdict == "copies_last"
    assert result.targets == ("load",)
    assert result.training.skills["last value"] == (0.0,)


@pytest.mark.parametrize("pair", [tuple, list])
def test_held_out_data_decide(pair):
    """A model that knows its training data and nothing else fails on the others."""
    known = dict(zip(X[:, 0, 0].tolist(), Y, strict=True))
    memory = {key: value for key, value in known.items() if key in set(X[TRAIN, 0, 0].tolist())}

    def by_heart(values):
        return np.array([memory.get(value, 0.0) for value in values[:, 0, 0].tolist()])

    assert diagnose(by_heart, X[TRAIN], Y[TRAIN]).verdict == "healthy"
    result = diagnose(by_heart, X[TRAIN], Y[TRAIN], validation=pair((X[TEST], Y[TEST])))
    assert result.verdict == "flat"
    assert result.training.r2 == 1
    assert result.judgement.part == "held-out"


@pytest.mark.parametrize("shape", [(300,), (300, 1), (300, 1, 1), (300, 6), (300, 6, 1)])
def test_predictions_of_another_shape_are_compared_with_their_own_target(shape):
    """Nothing is broadcast: columns are columns, and of all time steps the last counts."""

    def model(values):
        steps = np.zeros((len(values), 6))
        steps[:, -1] = good(values)
        return steps.reshape(shape) if np.prod(shape) > 300 else good(values).reshape(shape)

    assert diagnose(model, X, Y).r2[0] == pytest.approx(diagnose(good, X, Y).r2[0])


def test_nan_and_infinity_are_findings():
    """Broken inputs and targets end in a verdict about the rest, or in one that predictions are no numbers."""
    broken, targets = X.copy(), Y.copy()
    broken[0, 0, 0], broken[1, 3, 1], targets[2], targets[3] = np.nan, np.inf, np.nan, -np.inf
    result = diagnose(good, broken, targets)
    assert result.verdict == "healthy"
    assert result.training.n == 298
    broken[5, -1, 0] = np.nan
    result = diagnose(good, broken, targets)
    assert result.verdict == "diverged"
    assert result.causes[0].id == "nan_in_data"
    str(result), result.to_json(), result._repr_html_(), result.plot()


def test_a_constant_target_is_named():
    """There is nothing to learn, and that is the cause."""
    result = diagnose(lambda values: np.full(len(values), 5.0), X, np.full(300, 5.0))
    assert result.verdict == "no_signal"
    assert [cause.id for cause in result.causes][:1] == ["constant_target"]


def test_several_outputs_are_judged_each():
    """One flat output among two makes the model flat."""
    result = diagnose(lambda values: np.column_stack([good(values), 0 * good(values)]), X, np.column_stack([Y, -Y]))
    assert [output.verdict for output in result.judgement.outputs] == ["healthy", "flat"]
    assert result.verdict == "flat"


def test_nothing_of_the_users_is_changed():
    """Weights, mode, optimizer state, data and the random states are as they were."""
    net, optimizer, losses = trained(1000 * Y, steps=3)
    net.eval()
    net.head.train()
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    inputs, state = torch.tensor(X, dtype=torch.float32), torch.random.get_rng_state()
    drawn = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that must not change
    diagnose(net, inputs, 1000 * Y[:, None], history=losses, optimizer=optimizer, loss="mse")
    assert all(torch.equal(weights[name], value) for name, value in net.state_dict().items())
    assert (net.training, net.lstm.training, net.head.training) == (False, False, True)
    assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.get_state()[1], drawn)  # noqa: NPY002 - as above
    np.testing.assert_array_equal(inputs.numpy(), X.astype(np.float32))


def test_the_same_call_gives_the_same_diagnosis():
    """Without a seed, too, nothing depends on chance or on what was drawn before."""
    first = diagnose(good, X, Y).to_dict()
    np.random.default_rng().normal(size=3)
    assert diagnose(good, X, Y).to_dict() == first
    assert diagnose(good, X, Y, random_state=0).to_dict() == first


def test_what_could_not_be_looked_at_is_said():
    """A bare function shows no layers, no losses, and no held-out data were given."""
    items = " ".join(f"{item.what}: {item.why}" for item in diagnose(good, X, Y).not_examined)
    assert "layers, activations, gates and gradients" in items
    assert "validation=(X, y)" in items
    assert "history=" in items
    full = diagnose(good, X[TRAIN], Y[TRAIN], validation=(X[TEST], Y[TEST]), history=[1.0, 0.5])
    assert len(full.not_examined) == 1
    assert full.losses.training == (1.0, 0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"y": Y[:9]}, ShapeError, "as many targets as sequences, 300"),
        ({"validation": X}, InputTypeError, r"validation: expected a tuple \(X, y\)"),
        ({"validation": (X[:, :, :1], Y)}, ShapeError, "The validation data: expected 2 features and 1 outputs"),
        ({"validation": (X[:1], Y[:1])}, TooFewSamplesError, "the validation y: expected at least 2"),
        ({"raw": X}, InputTypeError, r"raw: expected a tuple \(X, y\)"),
        ({"raw": (X[:9], Y[:9])}, ShapeError, r"The raw y: expected shape \(300, 1\)"),
        ({"history": 3.0}, InputTypeError, "history: expected a History"),
        ({"model": lambda values: values[:7, 0, 0]}, ShapeError, "The model's prediction for X"),
        ({"model": lambda _: 1 / 0}, ModelError, "division by zero"),
        ({"model": 3}, ModelError, "int"),
    ],
)
def test_what_cannot_be_diagnosed_says_why(arguments, error, message):
    """Bad calls end in one error that names the argument, never in a traceback from inside."""
    call = {"model": good, "y": Y} | arguments
    with pytest.raises(error, match=message):
        diagnose(call.pop("model"), X, **call)


def test_it_takes_seconds():
    """On 3,000 sequences of 16 steps a diagnosis is done in less than five seconds."""
    values = np.random.default_rng(0).normal(size=(3000, 16, 1))
    y = np.abs(values[:, -1, 0]) + np.random.default_rng(1).normal(size=3000)
    begun = time.process_time()
    diagnose(lambda inputs: 0 * inputs[:, 0, 0], values, y, validation=(values[:500], y[:500]))
    assert time.process_time() - begun < 10  # of both cores


def test_what_a_perceptron_remembers_of_its_losses_is_read():
    """Where nobody passes a history, the model's own curve is looked at."""
    model = MLPRegressor(hidden_layer_sizes=(8,), solver="adam", max_iter=2000, tol=1e-2, random_state=0).fit(
        TABLE, SHORT
    )
    assert diagnose(model, TABLE, SHORT).losses.training == tuple(model.loss_curve_)
