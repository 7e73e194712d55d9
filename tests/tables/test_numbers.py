"""Numbers in text."""

import polars as pl
import pytest

from unflat.errors import ColumnTypeError
from unflat.tables.numbers import numbers_in_text, refuse_spoilt_numbers, without_points


def test_text_of_whole_numbers_is_whole():
    """Text becomes numbers only if every value is one."""
    assert numbers_in_text(pl.Series(["1", None, "3"])).to_list() == [1, None, 3]
    assert numbers_in_text(pl.Series(["1", "2.5"])).to_list() == [1.0, 2.5]
    assert numbers_in_text(pl.Series(["1", "x"])) is None
    assert numbers_in_text(pl.Series([None], dtype=pl.String)) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (["7,380,500", "985", None, "-1,200.5"], [7380500.0, 985.0, None, -1200.5]),
        (["6,728,005", "5,749,400"], [6728005, 5749400]),
        (["$325.25", "$1,331.5"], [325.25, 1331.5]),
        (["-0.30%", "12%"], [-0.3, 12.0]),
        (["1.5 %", "2 %"], [1.5, 2.0]),
        (["79.34K", "1.2M", "-", None, "950"], [79340.0, 1.2e6, None, None, 950.0]),
        (["12,34", "1.200,5", "7"], [12.34, 1200.5, 7.0]),
        (["1.200,50 €", "0,5 €"], [1200.5, 0.5]),
        (["1\u202f234,5", "\u22122,25"], [1234.5, -2.25]),
    ],
)
def test_numbers_as_people_write_them_are_numbers(text, numbers):
    """Thousands are parted, shortened and signed in many ways; a comma is decimal where it cannot part thousands."""
    assert numbers_in_text(pl.Series("", text)).to_list() == numbers


@pytest.mark.parametrize(
    "text",
    [
        ["0,123", "1,234"],
        ["12,34", "1.5"],
        ["1.5m", "3k"],
        ["-"],
        ["5%", "5"],
        ["$5", "€5", "5"],
        ["1,234,5"],
        [",123"],
        ["1,,234"],
    ],
)
def test_other_commas_and_signs_are_no_numbers(text):
    """A comma that may be a decimal one, or a sign that some values lack, is not guessed at."""
    assert numbers_in_text(pl.Series(text)) is None


@pytest.mark.parametrize("missing", ["-", "--", ".", "#DIV/0!"])
def test_what_stands_for_missing_only_among_numbers(missing):
    """A dash or a dot among numbers is a missing one, and no mistake."""
    column = pl.Series("rate", ["3.4", missing, "3.8"])
    assert numbers_in_text(column).to_list() == [3.4, None, 3.8]
    with pytest.raises(ColumnTypeError, match=r"received '3\.\.5' in row 2"):
        refuse_spoilt_numbers(pl.Series("rate", ["3.4", missing, "3..5", "3.6", "1"]))


@pytest.mark.parametrize(("text", "expected"), [(["1.200", "900"], ["1200", "900"]), (["1.2", "900"], ["1.2", "900"])])
def test_points_part_thousands_where_commas_are_decimal(text, expected):
    """Only if all values look so: 1.2 is no number of thousands."""
    assert without_points(pl.Series(text)).to_list() == expected
