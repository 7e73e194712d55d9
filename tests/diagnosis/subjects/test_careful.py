"""A subject whose inside may fail to be looked at."""

import numpy as np
import pytest
from torch import nn

from unflat.diagnosis import diagnose
from unflat.diagnosis.subjects.careful import CarefulSubject
from unflat.diagnosis.subjects.module import TorchSubject
from unflat.errors import ModelFailedError

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 5, 2)).astype(np.float32)


class OnlyAsItStands(nn.Module):
    """It takes whole batches in the mode that it was left in, and nothing else."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 4, batch_first=True)
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        if not self.training or x.shape[-1] != 2:
            raise ValueError("no device for this")
        return self.head(self.lstm(x)[0][:, -1])


def test_what_fails_is_not_examined_and_told():
    """The diagnosis of a model that fails when it is looked into ends as one of its predictions alone does."""
    found = diagnose(OnlyAsItStands(), X, 100 + X[:, -1, :1], loss="mse")
    told = {item.what: item.why for item in found.not_examined}
    assert found.verdict == "flat"
    assert told["activations"] == "the model predicts, but here it raised ValueError: no device for this"
    assert "gradients" in told


def test_what_succeeds_is_seen_as_it_is():
    """Errors of predictions are raised, and what can be seen is the subject's own."""
    careful = CarefulSubject(TorchSubject(OnlyAsItStands(), "mse"))
    assert careful.framework == "torch"
    assert careful.predict(X).shape == (120, 1)
    assert [layer.name for layer in careful.layers()] == ["lstm", "head"]
    assert careful.mixes_sequences(X) is None
    assert all(item.what != "gates" for item in careful.not_examined)
    with pytest.raises(ModelFailedError, match="no device"):
        careful.predict(X[..., :1])
