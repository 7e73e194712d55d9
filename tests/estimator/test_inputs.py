import warnings

import numpy as np
import polars as pl
import pytest
import torch

from unflat import LSTMRegressor, SingleStepWarning, make_windows
from unflat.config import NetworkConfig, ScalingConfig
from unflat.dataset import as_dataset
from unflat.estimator.inputs import missing_where_complete, warn_of_single_steps
from unflat.fitting.preparing import prepare
from unflat.parting import Parting


def test_missing_where_training_was_complete(waves):
    """Only features that had no gap in training are reported, and padding is no gap."""
    X, y = waves
    gappy = X.copy()
    gappy[0, 3, 0] = np.nan
    parting = Parting.alike(as_dataset(gappy, y))
    ready = prepare(parting, NetworkConfig(units=(3,)), ScalingConfig(), torch.Generator().manual_seed(0))
    both = X.copy()
    both[1, 2] = np.nan
    assert missing_where_complete(ready.predictor, as_dataset(both, y).sequences) == ["1"]
    padded = X.copy()
    padded[:, :2] = np.nan
    assert missing_where_complete(ready.predictor, as_dataset(padded, y).sequences) == []


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
