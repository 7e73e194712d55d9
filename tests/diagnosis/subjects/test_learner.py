"""scikit-learn regressors under examination."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from unflat.diagnosis.subjects import output_activation, subject_of
from unflat.errors import ModelFailedError

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(100, 10, size=(60, 4))
Y = 50 * X[:, 0] + 7


def _perceptron(**options):
    return MLPRegressor(hidden_layer_sizes=(5, 3), max_iter=20, random_state=0, **options)


def _fitted(model, y=Y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_a_perceptrons_last_layer_gives_its_predictions(activation):
    """Rebuilt layer by layer, the network predicts what scikit-learn does."""
    model = _fitted(_perceptron(activation=activation))
    subject = subject_of(model)
    activations = subject.activations(X)
    np.testing.assert_allclose(list(activations.values())[-1][:, 0], model.predict(X), rtol=1e-9)
    dense = [layer for layer in subject.layers() if layer.kind == "dense"]
    assert [(layer.units, layer.parameters) for layer in dense] == [(5, 25), (3, 18), (1, 4)]
    assert output_activation(subject.layers(), activations, subject.predict(X)) == "linear"
    name = {"logistic": "sigmoid"}.get(activation, activation)
    between = {layer.activation for layer in subject.layers() if layer.kind == "activation"}
    assert between == (set() if activation == "identity" else {name})


def test_a_perceptrons_settings_and_losses():
    """Solver, rate, penalty, passes and steps are read off the fitted model."""
    model = _fitted(_perceptron(batch_size=16, learning_rate_init=0.02, alpha=0.5))
    subject = subject_of(model)
    settings = subject.settings()
    assert (settings.loss, settings.optimizer, settings.learning_rate) == ("mse", "adam", 0.02)
    assert (settings.epochs, settings.batch_size, settings.steps) == (20, 16, 20 * 4)
    assert settings.weight_decay == 0.5
    assert subject.loss_curve() == pytest.approx(model.loss_curve_)
    assert [missed.what for missed in subject.not_examined] == ["gates"]


def test_a_solver_without_batches_has_no_rate_and_no_steps():
    """L-BFGS takes all data at once."""
    settings = subject_of(_fitted(_perceptron(solver="lbfgs"))).settings()
    assert (settings.optimizer, settings.learning_rate, settings.steps, settings.batch_size) == (
        "lbfgs",
        None,
        None,
        None,
    )


def test_pipelines_and_transformed_targets_are_opened():
    """The network at the heart reads scaled inputs, and the scale of the target is told."""
    inner = TransformedTargetRegressor(_perceptron(), transformer=StandardScaler())
    model = _fitted(make_pipeline(StandardScaler(), "passthrough", inner))
    subject = subject_of(model)
    assert subject.name == "Pipeline(MLPRegressor)"
    read = subject.layer_inputs(X)["0"]
    np.testing.assert_allclose(read, StandardScaler().fit_transform(X))
    scale = subject.target_scale()
    np.testing.assert_allclose([scale.center[0], scale.scale[0]], [Y.mean(), Y.std()])
    np.testing.assert_allclose(
        list(subject.activations(X).values())[-1][:, 0] * scale.scale + scale.center, model.predict(X)
    )


def test_gradients_are_of_the_scaled_target():
    """The loss that they are of is the one the perceptron made small."""
    model = _fitted(TransformedTargetRegressor(_perceptron(), transformer=StandardScaler()))
    gradients = subject_of(model).gradients(X, Y)
    assert gradients.value == pytest.approx(np.mean((model.predict(X) - Y) ** 2) / Y.var())
    assert len(gradients.by_layer) == 3


def test_a_target_that_is_bent_has_no_scale():
    """A logarithm is no shift and stretch, and nothing is told rather than something wrong."""
    bent = TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp, check_inverse=False)
    assert subject_of(_fitted(bent)).target_scale() is None
    stepped = TransformedTargetRegressor(Ridge(), transformer=FunctionTransformer(np.log, np.exp))
    assert subject_of(_fitted(stepped)).target_scale() is None


def test_several_transformed_targets_have_a_scale_each():
    """Of any regressor; where a transformer gives fewer columns than it takes, there is none."""
    targets = np.column_stack([Y, 3.0 + 20.0 * Y])
    scaled = _fitted(TransformedTargetRegressor(Ridge(), transformer=StandardScaler()), targets)
    found = subject_of(scaled).target_scale()
    np.testing.assert_allclose(found.center, targets.mean(axis=0))
    np.testing.assert_allclose(found.scale, targets.std(axis=0))
    fewer = _fitted(TransformedTargetRegressor(Ridge(), transformer=PCA(1)), targets)
    assert subject_of(fewer).target_scale() is None


def test_a_perceptron_reads_what_a_step_gives_as_few_values():
    """Marks of bins come as a matrix that holds few values; they are read as any other."""
    bins = KBinsDiscretizer(3, strategy="uniform")
    model = _fitted(make_pipeline(bins, _perceptron()))
    subject = subject_of(model)
    read = next(iter(subject.layer_inputs(X).values()))
    np.testing.assert_array_equal(read, model[0].transform(X).toarray())


def test_a_search_is_opened():
    """What is examined is its best estimator."""
    model = _fitted(GridSearchCV(_perceptron(), {"alpha": [1e-4]}, cv=2))
    assert subject_of(model).layers() is not None


@pytest.mark.parametrize("model", [Ridge(), RandomForestRegressor(3, random_state=0)])
def test_other_regressors_only_predict(model):
    """What they cannot show is named."""
    subject = subject_of(_fitted(model))
    np.testing.assert_array_equal(subject.predict(X), model.predict(X))
    inside = (
        subject.layers(),
        subject.activations(X),
        subject.layer_inputs(X),
        subject.gradients(X, Y),
        subject.settings(),
    )
    assert inside == (None,) * 5
    assert type(model).__name__ in subject.not_examined[0].why
    assert subject.framework == "sklearn"


def test_the_model_and_the_data_are_not_changed(everything, same):
    """Coefficients, data and generators are as before."""
    model = _fitted(_perceptron())
    before, data = [w.copy() for w in model.coefs_], X.copy()
    subject = subject_of(model)
    witness = everything(_Nothing())
    subject.predict(X), subject.activations(X), subject.gradients(X, Y)
    assert same(witness, everything(_Nothing()))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.coefs_, strict=True))
    np.testing.assert_array_equal(X, data)


class _Nothing:
    """A module without anything, to look at generators alone."""

    def state_dict(self):
        return {}

    def parameters(self):
        return []

    def buffers(self):
        return []

    def modules(self):
        return []


def test_a_regressor_that_raises_is_told_as_such():
    """Data of other features, or a model that is not fitted, end in an error about the model."""
    with pytest.raises(ModelFailedError, match=r"The model Ridge: .*X has 2 features"):
        subject_of(_fitted(Ridge())).predict(X[:, :2])
    with pytest.raises(ModelFailedError, match="not fitted"):
        subject_of(Ridge()).predict(X)


@pytest.mark.parametrize(
    ("regressor", "y", "gains"),
    [
        (SVR(), Y, True),
        (Lasso(alpha=0.1), Y / 1e5, True),
        (Lasso(alpha=1e4), Y, False),
        (Ridge(alpha=1e9), Y, False),
        (KNeighborsRegressor(50), Y, False),
        (DecisionTreeRegressor(min_samples_leaf=30), Y, False),
        (RandomForestRegressor(5, min_samples_leaf=30), Y, False),
        (HistGradientBoostingRegressor(learning_rate=1e-3, max_iter=3), Y, False),
        (DummyRegressor(), Y, False),
    ],
)
def test_copies_tell_whether_a_learner_gains_by_a_target_of_deviation_one(regressor, y, gains):
    """Penalties and tolerances have a size of their own, squared errors none; the user's is not fitted again."""
    model = _fitted(make_pipeline(StandardScaler(), regressor), y)
    before = model.predict(X)
    found = subject_of(model).relearned(X, y)
    if gains:
        assert found.standardized > found.as_given + 0.3
    else:
        assert found.standardized <= found.as_given + 1e-6
    np.testing.assert_array_equal(model.predict(X), before)


def test_copies_learn_what_the_regressor_did():
    """A logarithm around it comes first, so that copies of a line explain the logarithm's share, in both ways."""
    y = np.exp(X[:, :2] / 20)
    model = TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp).fit(X, y)
    assert subject_of(model).relearned(X, y) == pytest.approx((1.0, 1.0), abs=1e-3)


def test_a_perceptron_is_not_fitted_for_that():
    """Its layers and steps show what a scale does to it."""
    assert subject_of(_fitted(_perceptron())).relearned(X, Y) is None
