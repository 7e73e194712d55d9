import warnings

import polars as pl
import pytest

from unflat import LSTMRegressor, SingleStepWarning, make_windows
from unflat.dataset import as_dataset
from unflat.estimator.inputs import warn_of_single_steps


def test_sequences_of_a_single_step_are_told_apart_from_swapped_axes(waves):
    """A series reshaped to one step of many features is the commonest mistake there is; one value each is none."""
    X, y = waves
    swapped = X[:, :, :1].transpose(0, 2, 1)
    with pytest.warns(SingleStepWarning, match=r"1 time step of \d+ features.*X\.transpose\(0, 2, 1\)") as caught:
        LSTMRegressor(units=(2,), epochs=1, n_members=1, progress=False, random_state=0).fit(swapped, y)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_single_steps(as_dataset(X, y))
        warn_of_single_steps(as_dataset(X[:, :1, :1], y))
        frame = pl.DataFrame({"x": X[:, 0, 0], "y": y.reshape(len(X), -1)[:, 0]})
        warn_of_single_steps(as_dataset(make_windows(frame, target="y", length=1)))
