"""The schema of windows."""

import json
from dataclasses import replace

import pytest

from unflat.errors import ConfigurationError
from unflat.windows import WindowSchema
from unflat.windows.step import Step

SCHEMA = WindowSchema(
    targets=("OT",),
    features=("OT", "sky"),
    length=96,
    horizon=24,
    stride=2,
    time="date",
    group="site",
    categories={"sky": ("clear", "rain")},
)


def test_a_schema_survives_json():
    """What was written as JSON reads as the same schema."""
    assert WindowSchema.from_dict(json.loads(json.dumps(SCHEMA.to_dict()))) == SCHEMA


def test_how_dates_are_written_survives_json():
    """It is kept where it was found, and files of before, which do not say, are read."""
    told = replace(SCHEMA, date_format="%m/%d/%Y")
    assert WindowSchema.from_dict(json.loads(json.dumps(told.to_dict()))) == told
    assert "date_format" not in SCHEMA.to_dict()


def test_the_step_of_time_survives_json():
    """It is kept where there was one, files of before do not say, and what is none is refused."""
    told = replace(SCHEMA, step=Step(3600.0, "seconds"))
    assert WindowSchema.from_dict(json.loads(json.dumps(told.to_dict()))) == told
    assert "step" not in SCHEMA.to_dict()
    for wrong in (3600, [3600.0, "hours"], [0, "seconds"], ["1", "months"]):
        with pytest.raises(ConfigurationError, match="step"):
            WindowSchema.from_dict({**SCHEMA.to_dict(), "step": wrong})


def test_several_horizons_survive_json():
    """JSON has no tuples; the horizons come back as what they were, and the outputs with them."""
    several = replace(SCHEMA, horizon=(1, 6))
    again = WindowSchema.from_dict(json.loads(json.dumps(several.to_dict())))
    assert again == several
    assert (again.outputs, again.horizons, again.output_horizons) == (("OT+1", "OT+6"), (1, 6), (1, 6))
    assert (SCHEMA.outputs, SCHEMA.horizons, SCHEMA.output_horizons) == (("OT",), (24,), (24,))


@pytest.mark.parametrize("change", [{"lenght": 3}, {"length": 0}, {"length": "96"}, {"horizon": -1}, {"stride": True}])
def test_a_schema_cannot_be_wrong(change):
    """Unknown fields and measures that cannot be are refused, however the schema comes to be."""
    with pytest.raises(ConfigurationError, match=next(iter(change))):
        WindowSchema.from_dict({**SCHEMA.to_dict(), **change})


def test_a_missing_field_is_refused():
    """A schema from an incomplete file is not filled up in silence."""
    values = SCHEMA.to_dict()
    del values["group"]
    with pytest.raises(
        ConfigurationError,
        match="exactly the fields calendar, categories, features, group, horizon, known, length, missing, static",
    ):
        WindowSchema.from_dict(values)


def test_the_past_of_targets_is_known_only_if_all_of_it_is():
    """Every target must be a feature for a baseline to repeat it."""
    assert SCHEMA.target_in_features
    assert not WindowSchema(("a", "b"), ("a", "c"), 3).target_in_features
