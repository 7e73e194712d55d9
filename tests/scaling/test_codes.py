"""Numbers that look as if they stood for missing values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unflat.scaling.codes import Code, missing_code

RANDOM = np.random.default_rng(0)
TEMPERATURE, RAIN, COUNTS = RANDOM.normal(15, 8, 500), RANDOM.exponential(3, 500), RANDOM.poisson(4, 500)


def coded(values, code, times=5):
    """Put a code in the place of some values."""
    values = np.asarray(values, dtype=np.float64).copy()
    values[np.arange(times) * 7 + 3] = code
    return values


@pytest.mark.parametrize(
    ("values", "code"),
    [(TEMPERATURE, -999), (TEMPERATURE, 9999), (TEMPERATURE, -99.9), (RAIN, 999), (RAIN, -1), (RAIN, -200)],
)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_codes_that_stand_apart_are_found_and_counted(values, code, kind):
    """Made of nines and far from all others, or the only negative number among positive ones."""
    found = missing_code(coded(values, code).astype(kind))
    assert found == Code(pytest.approx(code), 5)


@pytest.mark.parametrize(
    "values",
    [
        TEMPERATURE,
        RAIN,
        COUNTS.astype(float),
        coded(TEMPERATURE, -999, times=1),  # once: a mistyped number, which is drawn in
        coded(COUNTS, -1),  # the next step down from 0
        coded(COUNTS, -3) - 3,  # negative numbers are usual
        coded(RANDOM.uniform(0, 98, 500), 99),  # the end of a range of per cents
        np.where(RANDOM.random(500) < 0.9, 999.0, RANDOM.normal(size=500)),  # what is usual
        np.where(RANDOM.random(500) < 0.1, 999.0, RANDOM.integers(0, 5, 500)),  # a level among few
        np.where(RANDOM.random(500) < 0.1, 120.0, RAIN),  # far, and no code
        np.full(500, np.nan),
        np.full(500, -999.0),
        np.empty(0),
    ],
)
def test_usual_values_are_none(values):
    """Neither heavy tails, counts, levels, caps nor single mistakes are called so."""
    assert missing_code(values) is None


@given(arrays(np.float64, st.integers(0, 60), elements=st.floats(-1e6, 1e6) | st.just(np.nan) | st.just(-999.0)))
def test_what_is_found_is_there_so_often(values):
    """Whatever the values, nothing is warned of, and the order says nothing."""
    found = missing_code(values)
    assert found == missing_code(values[::-1])
    if found is not None:
        assert np.count_nonzero(values == found.value) == found.copies >= 2
