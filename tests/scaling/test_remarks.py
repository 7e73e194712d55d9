from typing import get_args

import numpy as np
import pytest

from unflat.errors import MissingValuesWarning, OutOfRangeWarning
from unflat.scaling.ranges import Beyond, InputRange, beyond_of
from unflat.scaling.remarks import complete_of, missing_where_complete, remarks
from unflat.sequences import Context, Sequences, as_sequences

X = np.arange(24.0).reshape(4, 3, 2)
RANGES = InputRange.of(as_sequences(X))


def with_gaps(*places):
    """Give sequences of which some values are missing."""
    gappy = X.copy()
    for place in places:
        gappy[place] = np.nan
    return as_sequences(gappy)


def test_missing_where_training_was_complete():
    """Only features that had no gap in training are reported."""
    assert missing_where_complete(with_gaps((1, 1)), [1]) == ["1"]
    assert missing_where_complete(with_gaps((1, 1)), [0, 1]) == ["0", "1"]
    assert missing_where_complete(with_gaps((1, 1, 0)), [1]) == []
    assert missing_where_complete(with_gaps(), [0, 1]) == []


def test_padding_is_no_gap():
    """What lies before or after a sequence is written as missing, and belongs to none."""
    rows = np.array([[np.nan], [1.0], [2.0], [np.nan]])
    assert missing_where_complete(Sequences(rows, np.array([1]), np.array([2])), [0]) == []
    assert missing_where_complete(Sequences(rows, np.array([1]), np.array([3])), [0]) == ["0"]


def test_what_stands_beside_sequences_has_gaps_of_its_own():
    """It is named after the features, and counted by itself."""
    beside = Context(np.array([[1.0, np.nan]] * 4), np.arange(4), 0, ("size", "place"))
    given = with_gaps((0, 1, 0))
    given = Sequences(given.rows, given.starts, given.lengths, context=(beside,))
    assert missing_where_complete(given, [0, 1], [0, 1]) == ["0", "'place'"]
    assert missing_where_complete(given, [1], [0]) == []


@pytest.mark.parametrize(
    ("numeric", "with_missing", "complete"), [([0, 2, 5], [], [0, 2, 5]), ([0, 2, 5], [1], [0, 5]), ([3], [0], [])]
)
def test_columns_with_missing_values_are_counted_among_the_numbers(numeric, with_missing, complete):
    """The second number is the third column where the second holds labels."""
    assert complete_of(np.array(numeric), np.array(with_missing, dtype=int)) == complete


def test_each_kind_of_remark_is_made_once():
    """Gaps first, then what lies far outside; nothing of what training saw."""
    assert list(remarks(as_sequences(X), RANGES, "held", [0, 1])) == []
    odd = with_gaps((0, 1), (3, 1))
    odd.rows[4] = 1e3
    gaps, outside = remarks(odd, RANGES, "held", [0, 1])
    assert isinstance(gaps, MissingValuesWarning)
    assert "had none in training: 0, 1." in str(gaps)
    assert isinstance(outside, OutOfRangeWarning)
    assert "1 of 4 sequences" in str(outside)
    assert "held within" in str(outside)


@pytest.mark.parametrize(("skip", "straight"), [(True, True), (True, False), (False, False)])
def test_a_model_that_is_held_does_not_go_on_along_a_line(skip, straight):
    """Whether it has one or not."""
    assert beyond_of(holds=True, skip=skip, straight=straight) == "held"


def test_a_curve_goes_on_as_a_line_at_best():
    """Only what is straight goes on as it was, and only what has a linear part goes on at all."""
    assert beyond_of(holds=False, skip=True, straight=True) == "straight"
    assert beyond_of(holds=False, skip=True, straight=False) == "on a line"
    assert beyond_of(holds=False, skip=False, straight=False) == "no further"


def test_what_noise_does_is_no_remark():
    """Of 1,000 sequences, 9 that lie 0.4 ranges outside are passed over, 10 are not, and one 0.6 outside is not."""
    ranges = InputRange(np.zeros(1), np.ones(1))

    def remarked(count, value):
        X = np.full((1000, 2, 1), 0.5)
        X[:count, 0] = value
        return len(list(remarks(as_sequences(X), ranges, "on a line", [])))

    assert [remarked(9, 1.4), remarked(10, 1.4), remarked(1, 1.6)] == [0, 1, 1]


def test_what_is_straight_may_go_farther():
    """Half a range outside deserves a warning of every model but a straight line, and two ranges of that, too."""
    X = np.full((1, 3, 2), RANGES.high + 0.5 * (RANGES.high - RANGES.low))
    told = {beyond: list(remarks(as_sequences(X), RANGES, beyond, [])) for beyond in get_args(Beyond)}
    assert [beyond for beyond, found in told.items() if not found] == ["straight"]
    (far,) = remarks(as_sequences(X + 2 * (RANGES.high - RANGES.low)), RANGES, "straight", [])
    assert "go on along a straight line" in str(far)
