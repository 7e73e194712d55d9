"""A scikit-learn regressor, trained again."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingRegressor
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from unflat import LSTMRegressor
from unflat.diagnosis.programs import Edit, Job
from unflat.diagnosis.programs.learner_program import LearnerProgram


@pytest.fixture
def flat(problem):
    """Give the problem as a table, one row for each sequence."""
    X, y, new, truth = problem
    return Job(X.reshape(len(X), -1), y, new.reshape(len(new), -1), None, 1), truth


def test_a_regressor_is_fitted_again(flat, skill, untouched):
    """A clone learns what the user's did."""
    with untouched():
        prediction = LearnerProgram(Ridge()).run(flat[0], ())
    assert skill(prediction, flat[1]) > 0.95


def test_a_perceptron_takes_seed_and_changes_wherever_it_stands(flat):
    """In a pipeline, too: rate, passes, penalty and units are parameters of the step."""
    pipeline = make_pipeline(
        StandardScaler(),
        MLPRegressor(hidden_layer_sizes=(4,), learning_rate_init=1e-7, max_iter=9, alpha=5.0, activation="relu"),
    )
    program = LearnerProgram(pipeline)
    edits = {Edit.USUAL_RATE, Edit.MORE_EPOCHS, Edit.NO_REGULARISATION, Edit.SMOOTH_UNITS}
    assert all(program.refuses(edit) is None for edit in edits)
    changed = pipeline.set_params(**program._changes(edits))[-1]
    assert (changed.learning_rate_init, changed.max_iter, changed.alpha, changed.activation) == (1e-3, 45, 0, "tanh")
    first, again = (program.run(flat[0], ()) for _ in range(2))
    assert np.array_equal(first, again)


def test_what_no_parameter_does_is_refused():
    """A ridge regression has no rate; data can be changed for any."""
    program = LearnerProgram(Ridge())
    assert "no parameter" in program.refuses(Edit.USUAL_RATE)
    assert program.refuses(Edit.STANDARDIZE_TARGET) is None


def test_scales_go_around_the_whole_model(flat, skill):
    """A perceptron on a target of thousands learns once the target is standardized."""
    job, truth = flat
    given = Job(job.X, 5e4 + 1e3 * job.y, job.X_new, None, 1)
    program = LearnerProgram(MLPRegressor(hidden_layer_sizes=(16,), max_iter=300, random_state=3))
    assert skill(program.run(given, {Edit.STANDARDIZE_TARGET}), 5e4 + 1e3 * truth) > 0.7
    assert skill(program.run(given, ()), 5e4 + 1e3 * truth) < 0


def test_a_frame_keeps_its_columns(flat, skill):
    """A pipeline that selects columns by name finds them, also where data are changed."""
    job, truth = flat
    columns = [f"c{place}" for place in range(job.X.shape[1])]
    scale = ColumnTransformer([("all", StandardScaler(), columns)])
    frames = Job(pd.DataFrame(job.X, columns=columns), job.y, pd.DataFrame(job.X_new, columns=columns), None, 1)
    program = LearnerProgram(make_pipeline(scale, Ridge()))
    assert skill(program.run(frames, {Edit.STANDARDIZE_INPUTS}), truth) > 0.95


def test_what_regressors_of_ours_in_an_ensemble_warn_of_is_not_repeated(flat):
    """That they are flat is what is being measured; warnings are errors here."""
    job, _ = flat
    ours = LSTMRegressor(units=(2,), epochs=1, n_members=1, skip=False, learning_rate=1e-7, progress=False)
    assert np.isfinite(LearnerProgram(BaggingRegressor(ours, 2)).run(job, ())).all()
