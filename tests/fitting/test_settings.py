import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unflat.errors import ConfigurationError
from unflat.estimator import LSTMRegressor
from unflat.fitting.settings import batch_size_for, choose_device, epochs_for, scaling_config


def test_a_range_may_be_a_list():
    """As it comes out of JSON or YAML, where there are no tuples."""
    parameters = LSTMRegressor(target_range=[0, None]).get_params()
    assert scaling_config(parameters).target_range == (0, None)


@given(st.integers(1, 10**8))
def test_batch_size_is_a_power_of_two_near_three_roots(n):
    """Within its bounds the batch size is the power of two nearest to 3 sqrt(n) on a logarithmic scale."""
    size = batch_size_for(n)
    assert 16 <= size <= 256
    assert size & (size - 1) == 0
    if 16 < size < 256:
        assert abs(math.log2(size) - math.log2(3 * math.sqrt(n))) <= 0.5


@given(st.integers(1, 10**8), st.integers(1, 4096))
def test_epochs_make_enough_steps(n, batch_size):
    """Epochs are those of about 1,500 steps, within their bounds."""
    epochs = epochs_for(n, batch_size)
    assert 10 <= epochs <= 100
    if 10 < epochs < 100:
        assert 0 <= epochs * n / batch_size - 1500 < n / batch_size + 1


def test_devices(monkeypatch):
    """The processor is always there; a device that is not is refused with those that are."""
    assert choose_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    with pytest.raises(ConfigurationError, match=r"'auto' or a device of this machine \('cpu'\); received 'cuda:1'"):
        choose_device("cuda:1")
    with pytest.raises(ConfigurationError, match=r"a device of this machine \('cpu'\); received 'cpu:first'"):
        choose_device("cpu:first")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == torch.device("cuda")
