"""Numbers that look as if they stood for missing values, in the data of a model that is examined."""

import numpy as np
import pytest

from unflat import diagnose

RANDOM = np.random.default_rng(0)


def coded(code, *, padded=False):
    """Make sequences whose last step is the target, with a code in both; or padded with it at their ends."""
    X = RANDOM.normal(20, 5, size=(300, 6, 2))
    if padded:
        X[np.arange(300) % 3 > 0, 4:] = code
        return X, X[:, 0, 0].copy()
    X[::15, 3, 0], X[::20, -1, 1] = code, code
    return X, X[:, -1, 1].copy()


def last_step(X):
    """Predict the second feature's last value, which is the target to the last bit."""
    return X[:, -1, 1]


def codes(diagnosis):
    """Take what is said of codes."""
    return [item for item in diagnosis.not_examined if "stands for missing values" in item.what]


@pytest.mark.parametrize("code", [-999.0, 9999.0])
def test_a_healthy_model_is_told_of_what_all_learners_take_for_a_number(code):
    """Nobody it is held against knows better, so the verdict says nothing of it: the code and its columns are named."""
    X, y = coded(code)
    diagnosis = diagnose(last_step, X, y)
    (told,) = codes(diagnosis)
    assert told.what == f"whether {code:g} in feature 0, feature 1, the target y stands for missing values"
    assert f"missing={code:g} of make_windows" in told.why
    assert told.what in " ".join(str(diagnosis).split())


def test_padding_is_no_code():
    """What a masking layer leaves out stands at the ends of sequences, and is meant to."""
    X, y = coded(-999.0, padded=True)
    assert codes(diagnose(lambda X: X[:, 0, 0], X, y)) == []


def test_usual_data_have_none():
    """Nothing is said where nothing stands apart."""
    X = RANDOM.normal(size=(200, 5, 1))
    assert codes(diagnose(lambda X: X[:, -1, 0], X, X[:, -1, 0])) == []
