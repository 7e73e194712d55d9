"""A regressor of this package, trained again."""

import warnings
from copy import copy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from unflat import LSTMRegressor
from unflat.diagnosis.programs import Edit, Job
from unflat.diagnosis.programs.regressor_program import RegressorProgram
from unflat.errors import UnflatWarning


@pytest.fixture(scope="module")
def fitted(problem):
    """Give a model of one network whose scales are switched off, fitted to a target of thousands."""
    model = LSTMRegressor(
        units=(4,), epochs=8, n_members=1, skip=False, scale_target="none", scale_inputs="none", readout="last",
        random_state=5, progress=False,
    )  # fmt: skip
    with pytest.warns(UserWarning, match=r"flat|worse|baseline|constant|mean"):
        model.fit(problem[0], 5e4 + 1e3 * problem[1])
    return model


def test_a_clone_is_fitted_with_the_cure(fitted, problem, skill, untouched):
    """The target's scale is a parameter; the user's model is not fitted again."""
    weights = {name: value.clone() for name, value in fitted.predictor_.state_dict().items()}
    program = RegressorProgram(fitted)
    job = Job(problem[0], 5e4 + 1e3 * problem[1], problem[2], 60, 1)
    with untouched():
        cured, unchanged = program.run(job, {Edit.STANDARDIZE_TARGET}), program.run(job, ())
    assert skill(cured, 5e4 + 1e3 * problem[3]) > 0.5
    assert skill(unchanged, 5e4 + 1e3 * problem[3]) < 0
    assert all((fitted.predictor_.state_dict()[name] == value).all() for name, value in weights.items())
    assert program.epochs == 8


def test_the_seed_is_the_jobs(fitted, problem):
    """The user's own seed does not make all trainings alike."""
    first, other = (RegressorProgram(fitted).run(Job(*problem[:3], 2, seed), ()) for seed in (1, 2))
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("edit", "parameters"),
    [
        (Edit.TAME_INPUTS, {"scale_inputs": "robust"}),
        (Edit.POOL_STATES, {"readout": ("last", "mean", "max")}),
        (Edit.NO_REGULARISATION, {"dropout": 0.0, "weight_decay": 0.0}),
    ],
)
def test_changes_are_parameters(fitted, edit, parameters):
    """Each sets what LSTMRegressor has for it, to a value that it takes."""
    changes = RegressorProgram(fitted)._changes({edit})
    assert changes == parameters
    assert set(changes) <= set(fitted.get_params())


def test_fewer_layers_are_the_first_and_the_last(fitted):
    """Of four, these; of one, it refuses."""
    assert "no more than two" in RegressorProgram(fitted).refuses(Edit.FEWER_LAYERS)
    deep = RegressorProgram(copy(fitted).set_params(units=(4, 3, 2, 5)))
    assert deep._changes({Edit.FEWER_LAYERS}) == {"units": (4, 5)}


def test_what_no_parameter_does_is_refused(fitted):
    """Its head is linear and its loss strict: there is nothing to change."""
    assert "no parameter" in RegressorProgram(fitted).refuses(Edit.LINEAR_OUTPUT)


@pytest.mark.parametrize(
    "around",
    [
        make_pipeline,
        TransformedTargetRegressor,
        lambda model: GridSearchCV(model, {"clip_norm": [1.0]}, cv=2),
        lambda model: make_pipeline(TransformedTargetRegressor(model)),
    ],
)
def test_what_is_around_it_is_trained_with_it(fitted, problem, around):
    """The cure reaches the regressor within, silently, and a search keeps what it found."""
    job = Job(problem[0], 5e4 + 1e3 * problem[1], problem[2], 2, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnflatWarning)
        whole = RegressorProgram(around(clone(fitted)).fit(job.X, job.y))
    assert whole.epochs == 8
    alone = RegressorProgram(fitted)
    for edits in ({Edit.STANDARDIZE_TARGET, Edit.CLIP_AT_ONE}, {Edit.CLIP_AT_ONE}):
        np.testing.assert_allclose(whole.run(job, edits), alone.run(job, edits))
