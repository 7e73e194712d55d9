"""The contract's own parts: the activation that predictions come out of."""

from __future__ import annotations

import numpy as np

from unflat.diagnosis.subjects import Layer, output_activation

LAYERS = (Layer("dense", "dense", 1, "linear"), Layer("act", "activation", 1, "sigmoid"), Layer("drop", "dropout"))


def test_the_last_activation_is_the_outputs_if_its_values_are_the_predictions():
    """Layers without an activation are passed over, and shapes may differ by axes of one."""
    values = np.array([[0.1], [0.7]])
    assert output_activation(LAYERS, {"dense": values * 3, "act": values}, values[:, 0]) == "sigmoid"


def test_an_activation_that_is_scaled_afterwards_is_not_the_outputs():
    """What the last activation gives must be the predictions themselves."""
    values = np.array([[0.1], [0.7]])
    assert output_activation(LAYERS, {"act": values}, values * 100) is None
    assert output_activation(LAYERS, {"act": values}, np.ones(3)) is None
    assert output_activation(LAYERS, {}, values) is None
    assert output_activation((), {}, values) is None


def test_predictions_that_are_not_numbers_have_an_activation_as_others():
    """NaN is NaN before and after, without a word from NumPy, whose warnings are errors in these tests."""
    values = np.array([[0.1], [np.nan]])
    assert output_activation(LAYERS, {"act": values}, values[:, 0]) == "sigmoid"
