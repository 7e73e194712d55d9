"""Configurations cannot be wrong: constraints, their words, and that values are plain."""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction
from math import inf, nan
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unflat.config import (
    AtLeast,
    Checked,
    EachOf,
    Interval,
    NetworkConfig,
    OneOf,
    OneOrAscending,
    ScalingConfig,
    TrainingConfig,
    TrueOrFalse,
)
from unflat.errors import ConfigurationError

CONFIGS = (NetworkConfig, ScalingConfig, TrainingConfig)
CLOSED = st.sampled_from(["both", "left", "right", "neither"])
NOT_NUMBERS = st.one_of(st.none(), st.booleans(), st.text(), st.binary(), st.lists(st.integers()), st.complex_numbers())


@settings(max_examples=80, deadline=None)
@given(st.floats(-5, 5), st.floats(-5, 5), st.one_of(st.floats(), st.integers(), st.fractions()), CLOSED)
def test_an_interval_admits_what_lies_inside(low, high, value, closed):
    """A number is admitted if it lies between the bounds, or on one that belongs to the interval; NaN never is."""
    inside = low < value < high
    on_left = value == low and closed in {"both", "left"} and (low < high or closed == "both")
    on_right = value == high and closed in {"both", "right"} and (low < high or closed == "both")
    expected = inside or (low <= high and (on_left or on_right))
    assert Interval(low, high, closed).admits(value) is expected


@settings(max_examples=40, deadline=None)
@given(NOT_NUMBERS)
def test_numbers_alone_are_admitted_as_numbers(value):
    """Text, containers, None and truth values are no numbers, though Python counts True as 1."""
    assert not Interval(-inf, inf).admits(value)
    assert not AtLeast(-(10**9)).admits(value)


@settings(max_examples=40, deadline=None)
@given(st.integers(), st.integers())
def test_at_least_admits_whole_numbers_from_its_bound(low, value):
    """Whole numbers are admitted from the bound upwards, numpy's too, and no fraction of the same size."""
    assert AtLeast(low).admits(value) is (value >= low)
    assert not AtLeast(low).admits(float(low))
    assert not AtLeast(low).admits(Fraction(low) + Fraction(1, 2))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-3, 3), max_size=4))
def test_each_of_admits_tuples_of_admitted_items(values):
    """Every item must meet the constraint, there must be one, and a list is no tuple."""
    constraint = EachOf(AtLeast(1))
    assert constraint.admits(tuple(values)) is (len(values) > 0 and min(values) >= 1)
    assert not constraint.admits(values)


def test_one_of_admits_its_choices_alone():
    """Other texts, and what is no text, are not admitted."""
    constraint = OneOf(("lstm", "gru"))
    assert constraint.admits("gru")
    assert not any(map(constraint.admits, ("LSTM", "", None, 0, ["lstm"], ("lstm",))))


def test_true_or_false_admits_no_number():
    """1 and 0 are not truth values."""
    assert [TrueOrFalse().admits(value) for value in (True, False, 1, 0, None, "True")] == [True, True] + 4 * [False]


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (Interval(0, 1), "a number in [0, 1]"),
        (Interval(0, inf, "neither"), "a number in (0, inf)"),
        (Interval(0.5, 2, "left"), "a number in [0.5, 2)"),
        (Interval(-1, 1, "right"), "a number in (-1, 1]"),
        (AtLeast(1), "a whole number of at least 1"),
        (OneOf(("a", "b")), "one of 'a', 'b'"),
        (EachOf(AtLeast(2)), "one or more, each a whole number of at least 2"),
        (TrueOrFalse(), "True or False"),
    ],
)
def test_constraints_read_as_words(constraint, words):
    """A constraint is its own wording in messages."""
    assert str(constraint) == words


@pytest.mark.parametrize("config", CONFIGS)
def test_defaults_are_valid_and_every_field_is_constrained(config):
    """The defaults can be built, and no field takes just anything."""
    values = config()
    for field in dataclasses.fields(config):
        with pytest.raises(ConfigurationError, match=f"'{field.name}' of LSTMRegressor") as raised:
            dataclasses.replace(values, **{field.name: object()})
        assert raised.value.name == field.name


WRONG = [
    (NetworkConfig, "cell", "rnn", "one of 'lstm', 'gru'; received 'rnn'"),
    (NetworkConfig, "units", (), r"one or more, each a whole number of at least 1; received \(\)"),
    (NetworkConfig, "units", (8, 0), r"received \(8, 0\)"),
    (NetworkConfig, "units", 8, "received 8"),
    (NetworkConfig, "bidirectional", 1, "True or False; received 1"),
    (NetworkConfig, "dropout", 1.0, r"a number in \[0, 1\); received 1\.0"),
    (NetworkConfig, "dropout", nan, "received nan"),
    (NetworkConfig, "readout", ("last", "sum"), "each one of 'last', 'mean', 'max', 'attention'"),
    (NetworkConfig, "embedded", ((0, 12), (12, 0)), "pairs of a block's first column and its width"),
    (NetworkConfig, "n_members", 0, "a whole number of at least 1; received 0"),
    (ScalingConfig, "scale_inputs", "log", "one of 'standard', 'robust', 'minmax', 'none'"),
    (ScalingConfig, "scale_target", None, "'log', 'none'; received None"),
    (
        ScalingConfig,
        "target_range",
        (1, 1),
        r"'auto', or a pair of numbers \(low, high\), None for an open end or None",
    ),
    (ScalingConfig, "target_range", (0, "1"), r"received \(0, '1'\)"),
    (ScalingConfig, "target_range", (0,), r"received \(0,\)"),
    (ScalingConfig, "target_range", (0, nan), r"received \(0, nan\)"),
    (TrainingConfig, "loss", "mape", "one of 'mse', 'mae', 'huber', 'quantile'"),
    (TrainingConfig, "quantile", 1, r"a number in \(0, 1\); received 1"),
    (TrainingConfig, "epochs", 0, "a whole number of at least 1; received 0"),
    (TrainingConfig, "epochs", 2.0, r"received 2\.0"),
    (TrainingConfig, "batch_size", True, "received True"),
    (TrainingConfig, "learning_rate", 0, r"a number in \(0, inf\); received 0"),
    (TrainingConfig, "learning_rate", inf, "received inf"),
    (TrainingConfig, "learning_rate", "0.1", "received '0.1'"),
    (TrainingConfig, "weight_decay", -1e-9, r"a number in \[0, inf\); received -1e-09"),
    (TrainingConfig, "epsilon", 0.0, r"a number in \(0, inf\)"),
    (TrainingConfig, "clip_norm", 0, r"a number in \(0, inf\) or None; received 0"),
    (TrainingConfig, "patience", 0, "a whole number of at least 1 or None; received 0"),
    (TrainingConfig, "epochs", None, "a whole number of at least 1; received None"),
    (TrainingConfig, "precision", "fp16", "one of 'fp32', 'bf16'"),
    (TrainingConfig, "schedule", "cosine", "one of 'one-cycle', 'constant'"),
]


@pytest.mark.parametrize(("config", "name", "value", "message"), WRONG)
def test_a_wrong_value_is_refused_with_what_it_may_be(config, name, value, message):
    """A value outside its constraint raises, naming parameter, constraint and value."""
    with pytest.raises(ConfigurationError, match=f"The parameter '{name}' of LSTMRegressor: expected .*{message}"):
        config(**{name: value})


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        (NetworkConfig, "dropout", 0),
        (NetworkConfig, "units", (1,)),
        (NetworkConfig, "readout", ("attention",)),
        (TrainingConfig, "clip_norm", None),
        (TrainingConfig, "patience", None),
        (TrainingConfig, "weight_decay", 0),
        (TrainingConfig, "quantile", 0.999),
    ],
)
def test_values_at_the_border_are_taken(config, name, value):
    """Bounds that belong to a constraint, and None where it is offered, are taken as they are."""
    assert getattr(config(**{name: value}), name) == value


def test_numpys_numbers_become_pythons_own():
    """Values that a parameter search drew with numpy are kept as plain numbers, which JSON can hold."""
    network = NetworkConfig(units=(np.int64(8), np.int32(4)), dropout=np.float32(0.25), skip=np.False_)
    training = TrainingConfig(epochs=np.int64(3), learning_rate=np.float64(0.01), loss=np.str_("mae"))
    assert json.loads(json.dumps(dataclasses.asdict(network)))["units"] == [8, 4]
    assert (network.dropout, network.skip) == (0.25, False)
    assert type(training.epochs) is int
    assert json.loads(json.dumps(dataclasses.asdict(training)))["loss"] == "mae"


@pytest.mark.parametrize("config", CONFIGS)
def test_a_configuration_cannot_be_changed(config):
    """A built configuration is frozen, and equal to another of the same values."""
    values = config()
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field"):
        setattr(values, dataclasses.fields(config)[0].name, "other")
    assert values == config()
    assert hash(values) == hash(config())


def test_messages_name_whom_the_user_set_the_value_on():
    """A dataclass of another owner says so in its messages."""

    @dataclasses.dataclass(frozen=True)
    class Cut(Checked):
        length: Annotated[int, AtLeast(1)]
        label: str = "free"

        @classmethod
        def _owner(cls):
            return "make_windows"

    assert Cut(2, label="anything").label == "anything"
    with pytest.raises(ConfigurationError, match="'length' of make_windows: expected a whole number of at least 1"):
        Cut(0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1, 5), max_size=4))
def test_several_numbers_must_ascend(numbers):
    """A tuple is admitted if it is not empty, ascends and stays above the bound; a number as by `AtLeast`."""
    ascending = numbers == sorted(set(numbers)) and len(numbers) > 0 and min(numbers) >= 0
    assert OneOrAscending(0).admits(tuple(numbers)) == ascending
    assert not OneOrAscending(0).admits(numbers)
    assert all(OneOrAscending(0).admits(number) == (number >= 0) for number in numbers)
    assert str(OneOrAscending(1)) == "a whole number of at least 1, or several in ascending order"
