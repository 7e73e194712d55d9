"""Reading the .ts files of the archives."""

import numpy as np
import pytest

from unflat.errors import TimeGapWarning, UnreadableTableError
from unflat.tables import read_ts

HEADER = """# a comment
@problemName Rain
@timestamps false
@univariate false
@targetlabel true
@data
"""


@pytest.fixture
def written(tmp_path):
    """Write a .ts file."""

    def write(text):
        path = tmp_path / "rain.ts"
        path.write_text(text)
        return path

    return write


def test_dimensions_become_features_and_lengths_may_differ(written):
    """Values of each dimension go down the rows, ? is missing, and the last part is the target."""
    sequences, y = read_ts(written(HEADER + "1,2,3:10,?,30:0.5\n\n# between\n4,5:40,50:-7\n"))
    assert y.tolist() == [0.5, -7.0]
    assert sequences.lengths.tolist() == [3, 2]
    np.testing.assert_array_equal(sequences.rows, [[1, 10], [2, np.nan], [3, 30], [4, 40], [5, 50]])


@pytest.mark.parametrize(
    "stamps", [("0", "0.5", "1"), ("2024-01-01 00:00:00", "2024-01-01 01:00:00", "2024-01-01T02:00:00")]
)
def test_time_stamps_give_way_to_their_values(written, stamps):
    """Values with time stamps, be they numbers or dates with colons of their own, are read as those without."""
    a, b, c = stamps
    text = f"({a},1),({b},?), ({c},3):({a},10),({b},20),({c},30):0.5\n4,5:40,50:-7\n"
    sequences, y = read_ts(written("@timestamps true\n@data\n" + text))
    assert y.tolist() == [0.5, -7.0]
    np.testing.assert_array_equal(sequences.rows, [[1, 10], [np.nan, 20], [3, 30], [4, 40], [5, 50]])


def test_uneven_time_stamps_are_told(written):
    """Steps of different length in time are read as steps, and a warning says of how many sequences."""
    text = "@data\n(0,1),(1,2),(2,3):4\n(0,1),(1,2),(5,3):4\n(2024-01-01,1),(2024-02-01,2),(2024-03-01,3):4\n"
    with pytest.warns(
        TimeGapWarning, match=r"2 of 3 sequences of .*rain\.ts, the first in line 3, differ in time"
    ) as told:
        sequences, _ = read_ts(written(text))
    assert told[0].filename == __file__
    assert sequences.lengths.tolist() == [3, 3, 3]


def test_a_missing_end_is_no_padding(written):
    """What the file writes as missing stays a time step."""
    sequences, _ = read_ts(written(HEADER + "?,2,?:1\n"))
    assert sequences.lengths.tolist() == [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER, "sequences after a line @data"),
        ("1,2:3\n", "a header line that starts with @.*in line 1"),
        (HEADER + "1,2:3\n1,x:3\n", "'x' in line 8"),
        (HEADER + "1,2:?\n", r"a number as target; received '\?' in line 7"),
        (HEADER + "1,2\n", "no colon in line 7"),
        (HEADER + "1,2:1,2,3:4\n", "dimensions of one length; received 2 and 3 in line 7"),
        (HEADER + "1,2:4\n1,2:3,4:5\n", "1 dimensions, as in the first sequence; received 2 in line 8"),
        (HEADER + "1,inf:4\n", "an infinite one in line 7"),
        (HEADER + "?,?:4\n", "nothing but missing ones in line 7"),
        (HEADER + "(0,1),2:3\n", r"pairs \(time stamp,value\).*in line 7"),
        (HEADER + "(0,1),(1,2):(0,1),(2,2):3\n", "the same time stamps in every dimension.*in line 7"),
        (HEADER + "(0,1),(0,2):3\n", "time stamps that ascend.*in line 7"),
        (HEADER + "(0,1),(nan,2):3\n", "time stamps that ascend.*in line 7"),
        (HEADER + "(noon,1):3\n", "numbers or ISO dates; received 'noon' in line 7"),
        (HEADER + "(0,one):3\n", "'one' in line 7"),
        ("@classLabel true a b\n@data\n1,2:a\n", "classification in line 1"),
        ("@targetlabel false\n@data\n1,2\n", "a target on each line.*in line 1"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(written, text, message):
    """An error names the file and the line."""
    with pytest.raises(UnreadableTableError, match=message):
        read_ts(written(text))


def test_other_encodings_are_refused(tmp_path):
    """A file that is not UTF-8 is named, with the byte."""
    path = tmp_path / "rain.ts"
    path.write_bytes("# Zürich\n".encode("latin-1"))
    with pytest.raises(UnreadableTableError, match="text in UTF-8; received the byte 0xfc"):
        read_ts(path)


def test_a_missing_file_is_refused(tmp_path):
    """A path that leads nowhere is named."""
    with pytest.raises(UnreadableTableError, match=r"none\.ts.*No such file"):
        read_ts(tmp_path / "none.ts")
