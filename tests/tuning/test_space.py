import pytest
from hypothesis import given
from hypothesis import strategies as st

from unflat import LSTMRegressor
from unflat.errors import ConfigurationError
from unflat.tuning import Choice, Space, Span
from unflat.tuning.space import changes_at, in_words, layers_of

DEFAULTS = LSTMRegressor().get_params() | {"batch_size": 64}


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ({"low": 2, "high": 1}, "'high' of Span: expected a number of at least 2; received 1"),
        ({"low": 0, "high": 1, "log": True}, "a number above 0, for a logarithmic scale; received 0"),
        ({"low": 0.5, "high": 1, "whole": True}, "'low' of Span: expected a whole number; received 0.5"),
        ({"low": "a", "high": 1}, "'low' of Span: expected a finite number; received 'a'"),
        ({"low": 0, "high": float("inf")}, "'high' of Span: expected a finite number; received inf"),
        ({"low": True, "high": 2}, "expected a finite number; received True"),
    ],
)
def test_a_span_that_cannot_be_is_refused(ends, message):
    """Ends in the wrong order, of the wrong kind or without a logarithm raise, and say what is expected."""
    with pytest.raises(ConfigurationError, match=message):
        Span(**ends)


@pytest.mark.parametrize("values", [(), [1, 2], ("a", "a")])
def test_a_choice_needs_different_values(values):
    """No value, a list, or one value twice is refused."""
    with pytest.raises(ConfigurationError, match="a tuple of one or more different values"):
        Choice(values)


@pytest.mark.parametrize(
    ("dimension", "message"),
    [
        (
            {"dropout": Span(0, 1)},
            r"'dropout' of Space: .* that are each a number in \[0, 1\); received 1",
        ),
        ({"units": Span(0, 4, whole=True)}, "'units' of Space: .* a whole number of at least 1; received 0"),
        ({"units": Span(1, 4)}, "'units' of Space: .* a whole number of at least 1; received 1.0"),
        ({"readout": Choice(("last",))}, "'readout' of Space: .* one or more, each one of 'last'.*; received 'last'"),
        ({"cell": Choice(("lstm", "rnn"))}, "'cell' of Space: .* one of 'lstm', 'gru'; received 'rnn'"),
        ({"learning_rate": 0.1}, "'learning_rate' of Space: expected a Span, a Choice or None; received 0.1"),
    ],
)
def test_a_space_holds_what_the_estimator_takes(dimension, message):
    """Each end of a range and each value of a choice must be one that the estimator's parameter may have."""
    with pytest.raises(ConfigurationError, match=message):
        Space(**dimension)


def test_an_empty_space_is_refused():
    """A search must have something to vary."""
    with pytest.raises(ConfigurationError, match="a Span or a Choice here or in another dimension"):
        Space(**dict.fromkeys(Space().dimensions))


def test_the_defaults_stand_in_the_space():
    """The model with all defaults has a place in every dimension that is varied."""
    point = Space().point_of(DEFAULTS)
    assert point == {
        "layers": 2, "units": 100, "readout": ("last", "mean", "max"), "dropout": 0.0, "learning_rate": 5e-3,
        "weight_decay": 1e-4, "batch_size": 64, "epochs_factor": 1.0,
    }  # fmt: skip


def test_what_stands_outside_has_no_place():
    """Layers that do not halve downwards have no width, and a rate beyond the range none either."""
    point = Space().point_of(DEFAULTS | {"units": (30, 7), "learning_rate": 1.0, "readout": "mean"})
    assert {"units", "learning_rate"}.isdisjoint(point)
    assert point["layers"] == 2
    assert point["readout"] == ("mean",)


@given(st.integers(1, 3), st.integers(16, 200))
def test_a_point_makes_the_parameters_that_stand_there(layers, units):
    """Parameters made at a point stand at that point again."""
    point = {"layers": layers, "units": units, "dropout": 0.25, "readout": ("attention",)}
    made = changes_at(point, DEFAULTS)
    assert point.items() <= Space().point_of(DEFAULTS | made).items()


def test_a_dimension_that_is_missing_is_the_models_own():
    """With the width alone the number of layers stays, and with the layers alone the width."""
    assert changes_at({"units": 60}, DEFAULTS) == {"units": (30, 60)}
    assert changes_at({"layers": 3}, DEFAULTS) == {"units": (25, 50, 100)}
    assert changes_at({"epochs_factor": 2.0}, DEFAULTS) == {}


def test_each_layer_has_half_of_the_next_and_at_least_one_unit():
    """Width halves downwards, as in the default."""
    assert layers_of(2, 100) == (50, 100)
    assert layers_of(3, 2) == (1, 1, 2)


@pytest.mark.parametrize(
    ("value", "words"), [(("last", "mean"), "last+mean"), (0.0012345, "0.001234"), (7, "7"), (True, "True")]
)
def test_values_as_words(value, words):
    """Tuples are joined, numbers have four digits."""
    assert in_words(value) == words


def test_a_space_prints_a_line_for_each_dimension():
    """What is not varied is not there."""
    lines = str(Space(dropout=None)).splitlines()
    assert len(lines) == 7
    assert lines[1].split(maxsplit=1) == ["units", "16 to 200, whole numbers, logarithmic"]
