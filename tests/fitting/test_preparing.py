import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from unflat.config import NetworkConfig, ScalingConfig
from unflat.dataset import as_dataset
from unflat.errors import ConstantTargetError
from unflat.fitting.learning import examples
from unflat.fitting.preparing import prepare
from unflat.network import predict_all
from unflat.network.lines.line import PENALTIES
from unflat.parting import Parting
from unflat.sequences.batches import BatchSource

NETWORK, SCALES = NetworkConfig(units=(3,)), ScalingConfig()


def prepared(X, y, **given):
    """Prepare a small predictor and give it with its data."""
    data = as_dataset(X, y, **given)
    return prepare(Parting.alike(data), NETWORK, SCALES, torch.Generator().manual_seed(0)), data


def test_prediction_before_the_first_step_is_the_ridge_regression(waves):
    """A prepared predictor, head at zero, is scikit-learn's ridge on the standardized last and mean step."""
    X, _ = waves
    y = 3 * X[:, -1, 0] + X[:, :, 1].mean(axis=1) + np.random.default_rng(1).normal(0, 30, size=len(X))
    ready, data = prepared(X, y)
    scaled = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
    design = np.concatenate([scaled[:, -1], scaled.mean(axis=1)], axis=1)
    ridges = [Ridge(penalty).fit(design, (y - y.mean()) / y.std()) for penalty in PENALTIES]
    predicted = (predict_all(ready.predictor, data.sequences)[:, 0] - y.mean()) / y.std()
    assert any(np.allclose(predicted, ridge.predict(design), atol=1e-5) for ridge in ridges)


def test_weights_have_a_mean_of_one(waves):
    """The unit of the weights does not matter, down to the smallest: only their ratios do."""
    X, y = waves
    weights = np.linspace(1, 3, len(y))
    for unit in (1.0, 1e-60, 1e60):
        ready, data = prepared(X, y, sample_weight=weights * unit)
        drawn = examples(data, ready.predictor).weights
        np.testing.assert_allclose(drawn.numpy(), weights / weights.mean(), rtol=1e-6)


def test_constant_output_is_named(waves):
    """Of several outputs the constant one is named with its value."""
    X, y = waves
    with pytest.raises(ConstantTargetError, match=r"The target y1: expected values that differ; received 3 in all 120"):
        prepared(X, np.column_stack([y, np.full(len(y), 3.0)]))


def test_constant_features_are_reported(waves):
    """Features with one value in all training rows are handed back by number."""
    X, y = waves
    ready, _ = prepared(np.concatenate([X, np.ones((120, 8, 1))], axis=2), y)
    assert ready.constant == ("2",)


def test_examples_are_scaled_and_share_the_rows(waves):
    """Targets are scaled once; sequences are scaled when they are drawn."""
    X, y = waves
    ready, data = prepared(X, y)
    drawn = examples(data, ready.predictor).draw(torch.arange(5), torch.device("cpu"))
    np.testing.assert_allclose(drawn.target[:, 0].numpy(), (y[:5] - y.mean()) / y.std(), rtol=1e-5)
    expected = ready.predictor.inputs(BatchSource(data.sequences).draw(torch.arange(5)).values)
    assert torch.equal(drawn.x, expected)
