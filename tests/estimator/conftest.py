"""What the tests of the estimator share."""

import pytest

from unflat.estimator import LSTMRegressor


@pytest.fixture(scope="session")
def small():
    """Make an estimator of one network, that trains in a fraction of a second."""

    def make(**parameters):
        given = {"units": (6,), "epochs": 25, "learning_rate": 2e-2, "n_members": 1, "random_state": 0}
        return LSTMRegressor(**given | parameters)

    return make
