import numpy as np
import torch

from unflat.config import NetworkConfig, ScalingConfig
from unflat.dataset import as_dataset
from unflat.estimator.inputs import missing_where_complete
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
