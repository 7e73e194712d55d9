"""scikit-learn's own checks of an estimator, and the few that cannot apply to sequences, each with its reason."""

import warnings

from sklearn.utils import estimator_checks
from sklearn.utils._testing import assert_allclose
from sklearn.utils.estimator_checks import parametrize_with_checks

from unflat.estimator import LSTMRegressor

_STEPS_NOT_FEATURES = (
    "an array (n, T) is n sequences of one feature: its columns are time steps, whose number may vary, so "
    "n_features_in_ is 1 and another number of columns is no error"
)
_NO_TABLES = (
    "a DataFrame holds rows of time steps, not sequences: it is refused with the call that cuts windows from it, "
    "make_windows"
)

NOT_FOR_SEQUENCES = {
    "check_n_features_in": _STEPS_NOT_FEATURES,
    "check_n_features_in_after_fitting": _STEPS_NOT_FEATURES,
    "check_estimators_partial_fit_n_features": _STEPS_NOT_FEATURES,
    "check_regressor_data_not_an_array": _NO_TABLES,
    "check_sample_weights_pandas_series": _NO_TABLES,
    "check_sample_weight_equivalence_on_dense_data": (
        "batches are drawn at random, so a sequence of weight two and one given twice meet different batches; their "
        "expectation is equal, their bits are not"
    ),
}


with warnings.catch_warnings():
    # scikit-learn says of each class without its base that it may fail; whether this one does is tested here.
    warnings.filterwarnings("ignore", "Estimator LSTMRegressor does not inherit", UserWarning)
    each_check = parametrize_with_checks(
        [LSTMRegressor(units=(8,), epochs=15, learning_rate=2e-2, validation_fraction=0, random_state=0)],
        expected_failed_checks=lambda _: NOT_FOR_SEQUENCES,
    )


@each_check
def test_scikit_learn_contract(estimator, check, monkeypatch):
    """The estimator keeps scikit-learn's contract, check by check, to the digits of single precision."""
    monkeypatch.setattr(estimator_checks, "assert_allclose", _close_in_single_precision)
    check(estimator)


def _close_in_single_precision(actual, desired, rtol=1e-7, atol=0.0, err_msg=""):
    """Compare to 1e-5: a product of another number of rows rounds otherwise, by some 1e-7 of what is summed."""
    assert_allclose(actual, desired, rtol=max(rtol, 1e-5), atol=max(atol, 1e-5), err_msg=err_msg)
