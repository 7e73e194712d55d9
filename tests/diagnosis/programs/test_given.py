"""A training that the user gives as a function."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn

from unflat.diagnosis.programs import Edit, Job
from unflat.diagnosis.programs.given import GivenProgram
from unflat.errors import ModelFailedError


def network():
    """Make a module that bounds its output."""
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())


def fit(model, X, y):
    """Train in place, as users do."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    X, y = torch.as_tensor(X), torch.as_tensor(y)[:, None]
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X), y).backward()
        optimizer.step()


def test_a_module_is_trained_by_its_users_function(problem, skill, untouched):
    """On a copy with new weights, changed where the change is the module's own."""
    model = network()
    before = [p.clone() for p in model.parameters()]
    program, job = GivenProgram(model, fit), Job(*problem[:3], None, 1)
    with untouched():
        cured, unchanged = program.run(job, {Edit.LINEAR_OUTPUT}), program.run(job, ())
    assert skill(cured, problem[3]) > 0.8
    assert skill(unchanged, problem[3]) < 0.6
    assert all(torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))


def test_tensors_stay_tensors(problem):
    """The function gets sequences in the kind that the user's came in."""
    seen = []

    def note(model, X, y):
        seen.append(type(X))
        fit(model, X, y)

    GivenProgram(network(), note).run(Job(torch.from_numpy(problem[0]), problem[1], problem[2], None, 1), ())
    assert seen == [torch.Tensor]


def test_a_function_may_give_a_function(problem, skill):
    """What predicts need be no model: the trained one is whatever comes back."""

    def train(_model, X, y):
        ridge = Ridge().fit(X.reshape(len(X), -1), y)
        return lambda values: ridge.predict(values.reshape(len(values), -1))

    program = GivenProgram(lambda values: values, train)
    assert skill(program.run(Job(*problem[:3], None, 1), {Edit.STANDARDIZE_TARGET}), problem[3]) > 0.95


@pytest.mark.parametrize("result", [[0.5, 0.1], (torch.optim.SGD([torch.zeros(1)]), [0.5, 0.1]), {"loss": [0.1]}, 0.1])
def test_losses_that_fit_returns_leave_the_model_that_it_trained(problem, result):
    """A history or an optimizer is no model: the copy was trained in place."""

    def note(model, X, y):
        fit(model, X, y)
        return result

    job = Job(*problem[:3], None, 1)
    np.testing.assert_array_equal(GivenProgram(network(), note).run(job, ()), GivenProgram(network(), fit).run(job, ()))


def test_a_model_beside_losses_is_the_trained_one(problem, skill):
    """Many a training loop returns both."""

    def train(_model, X, y):
        return [0.5, 0.1], make_pipeline(FunctionTransformer(lambda x: x.reshape(len(x), -1)), Ridge()).fit(X, y)

    assert skill(GivenProgram(network(), train).run(Job(*problem[:3], None, 1), ()), problem[3]) > 0.95


def test_what_happens_inside_fit_is_refused():
    """A rate that only the user's function knows cannot be changed from outside."""
    assert "inside fit" in GivenProgram(network(), fit).refuses(Edit.USUAL_RATE)
    assert "nn.LSTM" in GivenProgram(network(), fit).refuses(Edit.POOL_STATES)
    assert "more than 2" in GivenProgram(network(), fit).refuses(Edit.FEWER_LAYERS)
    assert "inside fit" in GivenProgram(print, fit).refuses(Edit.LINEAR_OUTPUT)
    assert GivenProgram(print, fit).refuses(Edit.STANDARDIZE_INPUTS) is None


def test_an_error_in_fit_is_told_as_such(problem):
    """What the user's function raises names it."""

    def broken(_model, _X, _y):
        raise ValueError("no such file")

    with pytest.raises(ModelFailedError, match="no such file"):
        GivenProgram(network(), broken).run(Job(*problem[:3], None, 1), ())


# Keras's own conversion of torch's tensors, which NumPy 2 finds lacking.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_a_keras_model_is_copied_compiled(problem, skill):
    """A new model with the same compiled state is what the function gets."""
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((6, 2)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse")
    before = np.array(model.get_weights()[0])

    def train(fresh, X, y):
        fresh.fit(X, y, epochs=20, verbose=0)

    assert skill(GivenProgram(model, train).run(Job(*problem[:3], None, 1), ()), problem[3]) > 0.8
    assert np.array_equal(before, model.get_weights()[0])


# Keras's own conversion of torch's tensors, which NumPy 2 finds lacking.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_a_keras_copy_draws_weights_by_the_seed_and_keeps_what_was_adapted(problem, untouched):
    """Each seed has weights of its own, the same each time; a scale stays, also inside a model within."""
    keras = pytest.importorskip("keras")
    scale = keras.layers.Normalization()
    scale.adapt(300 + 50 * problem[0])
    within = keras.Sequential([keras.Input((6, 2)), scale])
    model = keras.Sequential([keras.Input((6, 2)), within, keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    seen = []

    def note(fresh, _X, _y):
        seen.append([np.array(weight) for weight in fresh.get_weights()])

    program = GivenProgram(model, note)
    with untouched():
        for seed in (1, 1, 2):
            program.run(Job(*problem[:3], None, seed), ())
    first, again, other = seen
    for mine, theirs in zip(first[:2], model.get_weights()[:2], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert not np.array_equal(first[-2], other[-2])
