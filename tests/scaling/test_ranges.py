import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.scaling.ranges import InputRange, far, in_words
from unflat.sequences import Sequences, as_sequences

TRAIN = np.arange(20.0).reshape(5, 2, 2)  # feature 0 from 0 to 18, feature 1 from 1 to 19
RANGE = InputRange.of(as_sequences(TRAIN))


def found(X, far=1.0):
    """Look for values outside."""
    return RANGE.outside(as_sequences(np.asarray(X, dtype=float)), far)


def test_ranges_are_those_of_the_rows_that_sequences_cover():
    """Each feature's least and largest value; missing ones and rows that belong to no sequence do not count."""
    rows = np.array([[0.0, 5.0], [np.nan, 6.0], [2.0, 7.0], [1e9, -1e9]])
    ranges = InputRange.of(Sequences(rows, np.array([0]), np.array([3])))
    assert (ranges.low.tolist(), ranges.high.tolist()) == ([0.0, 5.0], [2.0, 7.0])


def test_categories_have_no_range():
    """A code that is larger than others is not outside of anything."""
    rows = np.array([[0.0, 0.0], [1.0, 3.0]])
    sequences = Sequences(rows, np.array([0]), np.array([2]), categorical=(1,))
    far = Sequences(rows * [1, 100], np.array([0]), np.array([2]), categorical=(1,))
    assert InputRange.of(sequences).outside(far, 0.5) is None


@pytest.mark.parametrize(("value", "times"), [(36.0, None), (36.1, 18.1 / 18), (-18.5, 18.5 / 18), (np.nan, None)])
def test_far_is_a_share_of_the_range(value, times):
    """At one range away it is not yet far, beyond it is, on either side; what is missing is not outside."""
    findings = found([[[value, 5.0], [1.0, 5.0]]])
    assert (None if findings is None else findings.features[0].times) == (
        None if times is None else pytest.approx(times)
    )


def test_findings_have_the_numbers():
    """How many sequences, which features, the farthest first, and how far."""
    X = np.full((10, 3, 2), 5.0)
    X[2, 1, 0], X[7, 0, 0], X[7, 2, 1] = 100.0, 60.0, -999.0
    findings = found(X)
    assert findings.sequences == 2
    assert [one.feature for one in findings.features] == ["1", "0"]
    assert findings.features[1][1:] == (100.0, 0.0, 18.0, pytest.approx(82 / 18))
    told = in_words(findings, 10, "on a line")
    assert told.startswith("2 of 10 sequences (20 %) hold values far outside")
    assert "feature 0 is 100, training saw 0 to 18 (4.56 times that range away)" in told
    assert "along the model's linear part alone" in told
    assert "Predictions are held within the range of the training targets" in in_words(findings, 10, "held")
    assert "no linear part (skip=False)" in in_words(findings, 10, "no further")


def test_a_feature_that_was_constant_has_no_range_to_go_by():
    """Another value of it is outside; the same but for rounding is not."""
    ranges = InputRange.of(as_sequences(np.full((3, 2, 1), 1e6)))
    assert ranges.outside(as_sequences(np.full((1, 2, 1), 1e6 + 1e-3)), 1.0) is None
    findings = ranges.outside(as_sequences(np.full((1, 2, 1), 2e6)), 1.0)
    assert "feature 0 is 2e+06, training saw 1e+06 to 1e+06 (a constant)" in in_words(findings, 1, "on a line")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 40))
def test_padding_and_overlap_do_not_matter(seed, n):
    """Windows that share their rows are counted as the same windows laid out one by one."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n + 3, 2)) * 10 ** random.uniform(0, 3, size=(n + 3, 1))
    shared = Sequences(rows, np.arange(n), np.full(n, 4))
    apart = as_sequences(np.stack([rows[i : i + 4] for i in range(n)]))
    assert RANGE.outside(shared, 1.0) == RANGE.outside(apart, 1.0)


def test_more_noise_of_the_same_kind_is_no_alarm():
    """Normal noise drawn ten times as often does not lie three tenths of the range beyond that of 2,000 rows."""
    random = np.random.default_rng(0)
    ranges = InputRange.of(as_sequences(random.normal(size=(200, 10, 3))))
    assert ranges.outside(as_sequences(random.normal(size=(2000, 10, 3))), far("no further")) is None


def test_numbers_come_back_from_a_file():
    """What is written is what is read."""
    again = InputRange.from_saved(RANGE.to_arrays())
    assert (again.low.tolist(), again.high.tolist()) == (RANGE.low.tolist(), RANGE.high.tolist())
