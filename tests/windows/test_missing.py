"""Windows of tables in which numbers stand for missing values."""

import numpy as np
import polars as pl
import pytest

from unflat import apply_schema, make_windows
from unflat.errors import AllMissingError, ConfigurationError
from unflat.windows.schema import WindowSchema

FRAME = pl.DataFrame({"load": [1.0, 2.0, -999.0, 4.0, 5.0, 6.0, 7.0], "kind": [3, 3, 9999, 4, 4, 3, 3]})


def test_they_are_missing_in_features_and_windows_without_a_target_are_left_out():
    """As if the table had been empty there: labels have no code, and no window is to predict nothing."""
    empty = FRAME.with_columns(pl.col("load").replace(-999.0, None), pl.col("kind").replace(9999, None))
    coded = make_windows(FRAME, target="load", length=2, labels="kind", missing=(-999, 9999))
    plain = make_windows(empty, target="load", length=2, labels="kind")
    assert coded.schema.missing == (-999.0, 9999.0)
    assert coded.schema.categories == plain.schema.categories == {"kind": ("3", "4")}
    np.testing.assert_array_equal(coded.y, plain.y)
    np.testing.assert_array_equal(coded.sequences.dense(), plain.sequences.dense())


def test_the_schema_carries_them_to_other_tables():
    """Also through what is written into a model's file; and files that know of none are read."""
    schema = make_windows(FRAME, target="load", length=2, features="load", missing=-999).schema
    again = WindowSchema.from_dict(schema.to_dict())
    assert again == schema
    windows = apply_schema(FRAME, again, targets=False)
    assert np.isnan(windows.sequences.rows[2, 0])
    older = {name: value for name, value in schema.to_dict().items() if name != "missing"}
    assert WindowSchema.from_dict(older).missing == ()


def test_a_column_of_codes_alone_is_empty():
    """It is refused as any other column without a value."""
    with pytest.raises(AllMissingError, match="load"):
        make_windows(pl.DataFrame({"load": [-999.0] * 9}), target="load", length=2, missing=-999)


@pytest.mark.parametrize("missing", ["NA", np.nan, [-999, np.inf], [[1, 2]], None, ["x"]])
def test_what_is_no_finite_number_is_refused(missing):
    """Missing values that are none, or text, are known without being named."""
    with pytest.raises(ConfigurationError, match="'missing' of make_windows: expected a finite number"):
        make_windows(FRAME, target="load", length=2, missing=missing)
