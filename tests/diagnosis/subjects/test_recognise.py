"""Which adapter a model needs."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.cluster import DBSCAN
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from torch import nn

from unflat.diagnosis.subjects import subject_of
from unflat.errors import ModelError, UnknownModelError


class _Predicts:
    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize(
    ("model", "framework", "name"),
    [
        (nn.Linear(2, 1), "torch", "Linear"),
        (Ridge(), "sklearn", "Ridge"),
        (make_pipeline(Ridge()), "sklearn", "Pipeline(Ridge)"),
        (_Predicts(), "function", "_Predicts"),
        (np.sum, "function", "sum"),
        (_Predicts().predict, "function", "_Predicts.predict"),
    ],
)
def test_each_kind_has_its_adapter(model, framework, name):
    """Frameworks by their classes, anything else that predicts as a function."""
    subject = subject_of(model)
    assert (subject.framework, subject.name) == (framework, name)


@pytest.mark.parametrize("model", [None, 3, "model.keras", np.zeros(3), DBSCAN(), nn.Linear, Ridge])
def test_anything_else_is_refused_with_what_can_be_diagnosed(model):
    """Objects that do not predict, and classes in place of models, are told apart from models."""
    with pytest.raises(UnknownModelError, match=r"a torch.nn.Module, a fitted scikit-learn .*; received an object of"):
        subject_of(model)
    assert issubclass(UnknownModelError, ModelError)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (nn.Linear, "linear.Linear'>. Give an object of it that was trained"),
        ("model.keras", "Load the model and give that"),
        (nn.Linear(1, 1).state_dict(), "with load_state_dict"),
        (SimpleNamespace(history={"loss": [1.0]}, model=None), "That is what fit returned.*history="),
        (np.zeros(3), "These are numbers, such as predictions"),
        (3, "Wrap it in a function"),
    ],
)
def test_what_stands_for_a_model_is_told_the_way_to_it(given, remedy):
    """A class, a path, weights, what Keras' fit returns and predictions are each one step away from a model."""
    with pytest.raises(UnknownModelError, match=remedy):
        subject_of(given)


def test_keras_is_not_imported_to_recognise_what_is_not_keras():
    """Looking at other models never loads Keras."""
    code = (
        "import sys; from torch import nn; from unflat.diagnosis.subjects import subject_of; "
        "subject_of(nn.Linear(2, 1)); subject_of(len); print('keras' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert result.stdout.strip() == "False"
