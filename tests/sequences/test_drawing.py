"""Positions drawn evenly from a range."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.sequences.drawing import evenly


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 700))
def test_evenly_spans_the_range(n, most):
    """Drawn positions ascend, stay inside, are nearly as many as asked, and leave no wide hole."""
    drawn = evenly(n, most)
    assert (np.diff(drawn) > 0).all()
    assert 0 <= drawn[0] <= drawn[-1] < n
    assert min(n, most) / 2 <= len(drawn) <= min(n, most)
    assert np.diff(drawn, prepend=-1, append=n).max() <= 2 * max(n / most, 1) + 1


def test_evenly_has_no_period():
    """Of hourly rows, one in 24, every hour of the day is drawn about as often."""
    hours = np.bincount(evenly(24 * 2400, 2400) % 24, minlength=24)
    assert hours.min() > 80
    assert hours.max() < 120
