import numpy as np
import pytest

from unflat.diagnosis.causes.data import _DROP, constant_target, nan_in_data


def test_nan_in_data_counts_what_is_missing(fake):
    """Three NaN among the inputs and one infinite target are counted beside the predictions they spoiled."""
    X = np.ones((20, 4, 2))
    X[0, 1, 0] = X[5, 2, 1] = X[7, 0, 0] = np.nan
    y = np.arange(20.0)
    y[3] = np.inf
    cause = nan_in_data(fake(y, np.full(20, np.nan), X=X))
    assert cause.id == "nan_in_data"
    assert [evidence.value for evidence in cause.evidence] == [1, 3, 1]
    assert cause.confidence == pytest.approx(0.95)


def test_nan_that_a_model_copes_with_is_no_cause(fake):
    """Missing inputs are none of the model's troubles where it gives numbers all the same."""
    X = np.ones((20, 4, 2))
    X[0, 1, 0] = np.nan
    assert nan_in_data(fake(np.arange(20.0), np.zeros(20), X=X)) is None


def test_padding_beyond_a_sequences_end_is_not_missing(fake):
    """NaN that no value follows are the end of a short sequence; predictions that are NaN have another reason."""
    X = np.ones((20, 4, 2))
    X[3, 2:] = np.nan
    assert nan_in_data(fake(np.arange(20.0), np.full(20, np.nan), X=X)) is None
    X[3, 3] = 1.0
    assert nan_in_data(fake(np.arange(20.0), np.full(20, np.nan), X=X)).evidence[1].value == 2


def test_nan_in_held_out_data_is_named_as_such(fake):
    """A NaN in one of ten held-out sequences spoils a tenth of the predictions."""
    X, prediction = np.ones((10, 4, 1)), np.arange(10.0)
    X[2, 1], prediction[2] = np.nan, np.nan
    held_out = (X, np.arange(10.0), prediction)
    cause = nan_in_data(fake(np.arange(20.0), np.arange(20.0), held_out=held_out))
    assert "held-out" in cause.evidence[0].what
    assert cause.evidence[2].value == pytest.approx(0.1)


def test_nan_in_training_data_spoils_a_real_network(trained, net, problem):
    """One NaN among 9,000 values makes every weight and prediction of a network NaN; without it there is none."""
    X, y = problem
    assert nan_in_data(trained(net(), X, y, epochs=1)) is None
    X[3, 2, 1] = np.nan
    cause = nan_in_data(trained(net(), X, y, epochs=1))
    assert cause.evidence[1].value == 1
    assert cause.evidence[2].value == 1


def test_constant_target_is_found_up_to_rounding(fake):
    """A target of one value is constant, also where it differs in the last digit; one that varies a little is not."""
    assert constant_target(fake(np.full(20, 3.7), np.zeros(20))).confidence == 1
    almost = np.full(20, 3.7) + np.tile([0, 4e-16], 10)
    assert constant_target(fake(almost, np.zeros(20))).evidence[0].value <= 2
    assert constant_target(fake(np.full(20, 3.7) + np.tile([0, 1e-9], 10), np.zeros(20))) is None


def test_one_constant_output_of_two_is_named_with_less_confidence(fake):
    """The other output may still be learned."""
    y = np.column_stack([np.arange(20.0), np.full(20, 2.0)])
    cause = constant_target(fake(y, np.zeros((20, 2))))
    assert "target 1" in cause.evidence[0].what
    assert cause.confidence == pytest.approx(0.5)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2)])
def test_the_cure_leaves_out_sequences_of_any_shape(shape):
    """Rows of a table and sequences of several features alike are left out where a value or the target is missing."""
    names = {"X": np.ones(shape), "y": np.array([1.0, np.nan, 3.0, 4.0])}
    names["X"][0, 1] = np.nan
    exec(_DROP, names)  # noqa: S102 - the code under test
    assert names["X"].shape == (2, *shape[1:])
    assert names["y"].tolist() == [3.0, 4.0]
