"""Streams against `predict` on the sequence so far, their states, and what is refused."""

import copy
import io
import itertools
import pickle
import tracemalloc

import joblib
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from unflat import LSTMRegressor, Stream, load, make_windows
from unflat.errors import (
    ConfigurationError,
    InputTypeError,
    MissingValuesWarning,
    NonFiniteError,
    OutOfRangeWarning,
    ShapeError,
    StreamError,
)

READOUTS = [("last",), ("mean", "max"), ("max", "attention", "last", "mean")]
CHOICES = list(itertools.product(("lstm", "gru"), READOUTS, (False, True)))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_step_is_predicted_as_predict_does(choice, gappy, distinct):
    """Each cell, read-out and skip, with large numbers, gaps and two outputs: after every step of a sequence."""
    X, y = gappy
    model = distinct(X, y, **dict(zip(("cell", "readout", "skip"), choice, strict=True)))
    longest = max(X, key=len)
    stream = model.stream()
    streamed = np.array([stream.feed(step) for step in longest])
    expected = model.predict([longest[: count + 1] for count in range(len(longest))])
    assert streamed.shape == expected.shape
    assert (np.abs(streamed - expected) / y.std(axis=0)).max() < 1e-5
    np.testing.assert_array_equal(stream.predict(), streamed[-1])
    assert stream.steps.tolist() == [len(longest)]


@pytest.mark.parametrize("parameters", [
    {"units": (4,)}, {"units": (3, 2, 4), "cell": "gru"}, {"scale_target": "log"}, {"loss": "quantile"},
    {"scale_inputs": "none", "scale_target": "none"}, {"target_range": (0.0, 8.0)}, {"target_range": (0.0, 100.0)},
])  # fmt: skip
def test_every_depth_and_scale_is_streamed(parameters, distinct):
    """One layer or three, any scale; a target without an axis is a number."""
    random = np.random.default_rng(0)
    X, y = random.normal(3, 2, size=(40, 6, 2)), np.exp(random.normal(size=40))
    model = distinct(X, y, **parameters)
    stream = model.stream()
    for step in X[0]:
        prediction = stream.feed(step)
    assert np.ndim(prediction) == 0
    assert prediction == pytest.approx(model.predict(X[:1])[0], abs=1e-5 * y.std())


@pytest.mark.parametrize("features", [1, 3])
def test_a_line_that_reads_further_back_is_streamed(features):
    """A model whose line reads steps before the last predicts as `predict` does, before and after it has as many."""
    X = np.random.default_rng(0).normal(5, 2, size=(300, 14, features))
    model = LSTMRegressor(units=(4,), epochs=2, random_state=0).fit(X, X[:, -9, 0] - X[:, -3, -1])
    assert model.predictor_.network.config.lags >= 8
    stream = model.stream()
    streamed = [stream.feed(step) for step in X[0]]
    expected = model.predict([X[0, : count + 1] for count in range(14)])
    np.testing.assert_allclose(streamed, expected, atol=1e-5 * X.std())


@pytest.mark.parametrize("members", [1, 2])
def test_products_that_the_skip_reads_are_streamed(members, curved):
    """A model whose skip multiplies predicts as `predict` does, before and after it has read as many steps."""
    model, X = curved(members)
    stream = model.stream()
    streamed = [stream.feed(step) for step in X[0]]
    expected = model.predict([X[0, : count + 1] for count in range(X.shape[1])])
    np.testing.assert_allclose(streamed, expected, atol=1e-5 * np.std(expected))


def test_held_predictions_are_streamed_held(curved):
    """A stream keeps between the ends that hold its model, and its state belongs to a model with these ends alone."""
    model, X = curved(1)
    free = model.stream()
    before, state = [free.feed(step) for step in X[0]], free.state()
    model.predictor_.hold.set_ends([(-0.05, 0.05)])
    stream = model.stream()
    streamed = [stream.feed(step) for step in X[0]]
    expected = model.predict([X[0, : count + 1] for count in range(X.shape[1])])
    np.testing.assert_allclose(streamed, expected, atol=1e-5 * np.std(before))
    assert np.ptp(streamed) < np.ptp(before)
    with pytest.raises(StreamError, match="other weights or scales"):
        stream.restore(state)


@pytest.mark.parametrize("read", ["of_extremes", "of_beginnings"])
def test_what_the_skip_reads_of_all_steps_is_streamed(read, request):
    """A model whose skip reads extremes or the first step predicts as `predict` does, and starts anew."""
    model, X, y = request.getfixturevalue(read)
    stream = model.stream()
    for sequence in X[:2]:
        stream.reset()
        streamed = [stream.feed(step) for step in sequence]
        expected = model.predict([sequence[: count + 1] for count in range(len(sequence))])
        np.testing.assert_allclose(streamed, expected, atol=1e-5 * np.std(y))


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_streams_side_by_side(data, pair):
    """Whatever the number of streams, which of them are fed, and which begin anew: each is its own sequence."""
    model, spread = pair
    count = data.draw(st.integers(1, 4))
    stream, sequences = model.stream(count), [[] for _ in range(count)]
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    for _ in range(data.draw(st.integers(1, 8))):
        chosen = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True))
        rows = random.normal([1.7e9, 5e-3], [1, 2e-3], size=(len(chosen), 2))
        rows[random.random(len(chosen)) < 0.3, 1] = np.nan
        if data.draw(st.booleans()):
            stream.reset(chosen)
            for number in chosen:
                sequences[number] = []
        for number, row in zip(chosen, rows, strict=True):
            sequences[number].append(row)
        whole = len(chosen) == count
        order = np.argsort(chosen) if whole else slice(None)
        fed = stream.feed(rows[order]) if whole else stream.feed(rows, chosen)
        expected = model.predict([np.array(sequences[number]) for number in chosen])[order]
        assert fed.shape == expected.shape
        assert (np.abs(fed - expected) / spread).max() < 1e-5
    assert stream.steps.tolist() == [len(sequence) for sequence in sequences]


@pytest.fixture(scope="module")
def pair(gappy, distinct):
    """Fit one model of everything that is kept from step to step, and give its target's spread."""
    X, y = gappy
    return distinct(X, y, readout=("last", "mean", "max", "attention")), y.std(axis=0)


def test_categories_are_streamed(distinct):
    """The steps of a model of a table are its windows' rows: numbers, codes and gaps."""
    pl = pytest.importorskip("polars")
    random = np.random.default_rng(0)
    frame = pl.DataFrame({
        "pump": random.choice(["a", "b", "c"], size=60),
        "load": random.normal(500, 20, size=60),
        "wind": [None if i % 7 == 3 else float(i % 5) for i in range(60)],
    })  # fmt: skip
    windows = make_windows(frame, target="load", length=6)
    model = distinct(windows)
    stream = model.stream(len(windows))
    for step in windows.sequences.dense().swapaxes(0, 1):
        predictions = stream.feed(step)
    np.testing.assert_allclose(predictions, model.predict(windows), atol=1e-5 * 20)


@pytest.mark.parametrize("choice", CHOICES[::4])
def test_several_networks_are_streamed(choice, gappy, distinct):
    """The mean over members after every step, for each cell, read-out and skip."""
    X, y = gappy
    model = distinct(X, y, n_members=3, **dict(zip(("cell", "readout", "skip"), choice, strict=True)))
    longest, stream = max(X, key=len), model.stream()
    streamed = np.array([stream.feed(step) for step in longest])
    expected = model.predict([longest[: count + 1] for count in range(len(longest))])
    assert (np.abs(streamed - expected) / y.std(axis=0)).max() < 1e-5


@pytest.fixture(scope="module")
def wells():
    """Windows of two wells with a price known in advance, a depth and a kind."""
    pl = pytest.importorskip("polars")
    random = np.random.default_rng(0)
    frame = pl.concat([
        pl.DataFrame({
            "hour": range(40), "well": [name] * 40, "kind": [kind] * 40, "depth": [depth] * 40,
            "price": random.normal(40, 3, size=40), "load": random.normal(500, 20, size=40),
        })
        for name, depth, kind in (("a", 12.0, "dug"), ("b", 80.0, "drilled"))
    ])  # fmt: skip
    roles = {"known": "price", "static": ["depth", "kind"], "time": "hour", "group": "well"}
    return make_windows(frame, target="load", length=5, features=["load"], **roles)


@pytest.mark.parametrize("parameters", [{}, {"skip": False}, {"n_members": 2, "cell": "gru"}])
def test_what_stands_beside_is_fed_with_each_step(parameters, wells, distinct):
    """All streams, some of them, or a single one; a state holds it as well."""
    model = distinct(wells, **parameters)
    steps, beside = wells.sequences.dense().swapaxes(0, 1), wells.sequences.context_at(slice(None))
    stream, expected = model.stream(len(wells)), model.predict(wells)
    for step in steps:
        predictions = stream.feed(step, context=beside)
    np.testing.assert_allclose(predictions, expected, atol=1e-5 * 20)
    other = model.stream(len(wells))
    other.restore(stream.state())
    np.testing.assert_array_equal(other.predict(), predictions)
    other.reset([1, 4])
    for step in steps:
        some = other.feed(step[[4, 1]], [4, 1], context=beside[[4, 1]])
    np.testing.assert_allclose(some, expected[[4, 1]], atol=1e-5 * 20)
    alone = model.stream()
    for step in steps:
        prediction = alone.feed(step[3], context=beside[3])
    assert prediction == pytest.approx(expected[3], abs=1e-5 * 20)


def test_what_stands_beside_must_be_there_and_fit(wells, pair, distinct):
    """Without it, with other columns, or where none belongs: an error by name, and the stream is as it was."""
    stream, step = distinct(wells).stream(2), np.full((2, 1), 500.0)
    with pytest.raises(StreamError, match=r"price\+1, depth, kind beside it, as in training; received nothing"):
        stream.feed(step)
    with pytest.raises(ShapeError, match=r"context: expected shape \(2, 3\): price\+1, depth, kind of each stream"):
        stream.feed(step, context=[40.0, 12.0, 0.0])
    with pytest.raises(NonFiniteError, match="context"):
        stream.feed(step, context=[[40.0, np.inf, 0.0]] * 2)
    with pytest.warns(OutOfRangeWarning, match=r"feature 'price\+1' is 900"):
        stream.feed(step, context=[[900.0, 12.0, 0.0]] * 2)
    with pytest.warns(MissingValuesWarning, match="none in training: 'depth'"):
        stream.feed(step, context=[[40.0, np.nan, 0.0]] * 2)
    with pytest.raises(StreamError, match="nothing beside it, as in training; received a context"):
        pair[0].stream().feed([1.7e9, 5e-3], context=[1.0])


def test_a_state_is_plain_arrays_and_goes_on_anywhere(gappy, pair):
    """Through a file and into another stream of the same model: what follows is the same, bit for bit."""
    model, _ = pair
    first, second = max(gappy[0], key=len)[:5], gappy[0][1]
    stream = model.stream()
    for step in first:
        stream.feed(step)
    file = io.BytesIO()
    np.savez(file, **stream.state())
    file.seek(0)
    other = model.stream()
    other.feed(second[0])
    with np.load(file, allow_pickle=False) as state:
        other.restore(state)
    np.testing.assert_array_equal(other.predict(), stream.predict())
    np.testing.assert_array_equal(other.feed(second[0]), stream.feed(second[0]))
    assert other.steps.tolist() == [6]


def test_a_state_is_a_copy(gappy, pair):
    """Feeding on does not change a state that was taken."""
    stream = pair[0].stream()
    stream.feed(gappy[0][0][0])
    before = stream.state()
    copies = {name: array.copy() for name, array in before.items()}
    stream.feed(gappy[0][1][0])
    assert all(np.array_equal(before[name], copies[name]) for name in copies)


def by_joblib(stream):
    """Store a stream, and read it again."""
    file = io.BytesIO()
    joblib.dump(stream, file)
    file.seek(0)
    return joblib.load(file)


def by_pickle(stream):
    """Take a stream to another process."""
    return pickle.loads(pickle.dumps(stream))  # noqa: S301 - our own


COPIES = [by_pickle, by_joblib, copy.deepcopy, copy.copy]


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_copy_goes_on_by_itself(copied, cell, gappy, distinct):
    """Pickled, copied or stored by joblib, it predicts step by step as the original, which does not notice."""
    model = distinct(*gappy, cell=cell, readout=("last", "mean", "max", "attention"), n_members=2)
    stream, steps = model.stream(), max(gappy[0], key=len)
    for step in steps[:4]:
        stream.feed(step)
    before, other = stream.predict(), copied(stream)
    streamed = [other.feed(step) for step in steps[4:]]
    np.testing.assert_array_equal(stream.predict(), before)
    np.testing.assert_array_equal(streamed, [stream.feed(step) for step in steps[4:]])
    assert len(np.unique(streamed, axis=0)) == len(steps) - 4


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_streams_beside_something_goes_on_by_itself(copied, wells, distinct):
    """All streams or some of them, with what stands beside each, and its state is one of the same model."""
    model = distinct(wells)
    steps, beside = wells.sequences.dense().swapaxes(0, 1), wells.sequences.context_at(slice(None))
    stream = model.stream(len(wells))
    stream.feed(steps[0], context=beside)
    other = copied(stream)
    np.testing.assert_array_equal(other.feed(steps[1], context=beside), stream.feed(steps[1], context=beside))
    fed = [each.feed(steps[2][[4, 1]], [4, 1], context=beside[[4, 1]]) for each in (other, stream)]
    np.testing.assert_array_equal(*fed)
    assert other.steps.tolist() == stream.steps.tolist()
    other.restore(stream.state())


def test_a_state_does_not_grow(gappy, pair):
    """Constant memory: after a thousand steps the state is as large as after one, and nothing else was kept."""
    stream = pair[0].stream()
    step = np.ascontiguousarray(gappy[0][0][0])
    stream.feed(step)
    size = sum(array.nbytes for array in stream.state().values())
    tracemalloc.start()
    for _ in range(1000):
        stream.feed(step)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(array.nbytes for array in stream.state().values()) == size
    assert grown < 4096


def test_a_state_of_another_model_is_refused(gappy, pair, distinct):
    """Other weights or scales, another number of streams, or an array left out: the stream stays as it was."""
    model, _ = pair
    stream = model.stream()
    before = stream.feed(gappy[0][0][0])
    other = distinct(*gappy, readout=("last", "mean", "max", "attention"), scale_inputs="robust")
    with pytest.raises(StreamError, match="one of a model with other weights or scales"):
        stream.restore(other.stream().state())
    with pytest.raises(StreamError, match=r"'steps' of the state: expected shape \(1, 1\); received .*\(2, 1\)"):
        stream.restore(model.stream(2).state())
    incomplete = stream.state()
    del incomplete["network_0_layer_0_memory"]
    with pytest.raises(StreamError, match=r"'network_0_layer_0_memory' of the state: .* received a state without it"):
        stream.restore(incomplete)
    np.testing.assert_array_equal(stream.predict(), before)


def test_no_weight_of_another_model_passes_for_the_same(wells, distinct):
    """Where a single parameter is another, be it of the attention or of what is mixed with columns, it is refused."""
    model = distinct(wells, readout=("attention", "max"))
    state = model.stream().state()
    for parameter in model.predictor_.parameters():
        before = parameter.detach().clone()
        if parameter.requires_grad:
            with torch.no_grad():
                parameter.mul_(1.5)
            with pytest.raises(StreamError, match="other weights or scales"):
                model.stream().restore(state)
            with torch.no_grad():
                parameter.copy_(before)
    model.stream().restore(state)


def test_a_state_outlives_the_process_of_its_model(gappy, pair, tmp_path):
    """A model that was saved and loaded takes up what a stream of the first has left."""
    model, _ = pair
    stream = model.stream()
    before = stream.feed(gappy[0][0][0])
    model.save(tmp_path / "m.unflat")
    other = load(tmp_path / "m.unflat").stream()
    other.restore(stream.state())
    np.testing.assert_array_equal(other.predict(), before)


@pytest.mark.parametrize("state", ["state.npz", None, [1.0]])
def test_a_state_is_a_mapping(state, pair):
    """A path is none yet, nor is nothing."""
    with pytest.raises(StreamError, match=r"expected what state\(\) gave, or numpy\.load of it; received a"):
        pair[0].stream().restore(state)


def test_training_on_does_not_reach_a_stream(gappy, distinct):
    """A stream keeps the weights of when it began."""
    model = distinct(*gappy)
    streams, step = [model.stream(), model.stream()], gappy[0][0][0]
    expected = streams[0].feed(step)
    with torch.no_grad():
        for parameter in model.predictor_.parameters():
            parameter.add_(1)
    np.testing.assert_array_equal(streams[1].feed(step), expected)


def test_a_model_that_reads_backward_cannot_be_streamed(gappy, distinct):
    """The end of the sequence is not there yet; the message says what to do."""
    with pytest.raises(StreamError, match="fit with bidirectional=False, or predict for the sequence so far"):
        distinct(*gappy, bidirectional=True).stream()


def test_an_unknown_cell_cannot_be_streamed(gappy, distinct):
    """A cell without a step is named, beside those that have one."""
    model = distinct(*gappy)
    object.__setattr__(model.predictor_.network.config, "cell", "xlstm")
    with pytest.raises(StreamError, match="one of the cells 'lstm', 'gru'; received 'xlstm'"):
        model.stream()


def test_a_model_that_is_not_fitted_cannot_be_streamed():
    """As everywhere in scikit-learn."""
    with pytest.raises(NotFittedError, match="not fitted yet"):
        LSTMRegressor().stream()


@pytest.mark.parametrize("streams", [0, 2.5, True])
def test_a_number_of_streams_is_whole(streams, pair):
    """One at least, or None."""
    with pytest.raises(ConfigurationError, match="a whole number of at least 1 or None"):
        pair[0].stream(streams)


@pytest.mark.parametrize(("x", "error", "message"), [
    ([1.0, 2.0, 3.0], ShapeError, r"x: expected shape \(2,\), 2 features of each stream.*received.*\(3,\)"),
    ([[1.0, 2.0]], ShapeError, r"received shape \(1, 2\)"),
    (5.0, ShapeError, r"received shape \(\)"),
    ([1.0, np.inf], NonFiniteError, r"inf among the values"),
    (["a", "b"], InputTypeError, "values that are not"),
])  # fmt: skip
def test_a_step_that_does_not_fit_is_refused(x, error, message, pair):
    """Another number of features, another shape, infinite, or text: nothing is taken in."""
    stream = pair[0].stream()
    with pytest.raises(error, match=message):
        stream.feed(x)
    assert stream.steps.tolist() == [0]


def test_steps_of_several_streams_have_a_row_each(pair):
    """As many rows as there are streams, or as are named."""
    stream = pair[0].stream(3)
    assert len(stream) == 3
    with pytest.raises(ShapeError, match=r"expected shape \(3, 2\)"):
        stream.feed(np.ones((2, 2)))
    with pytest.raises(ShapeError, match=r"expected shape \(1, 2\)"):
        stream.feed(np.ones((2, 2)), [1])


@pytest.mark.parametrize("numbers", [[3], [-1], [0, 0], [0.5], [], [[0]], "a"])
def test_numbers_of_streams_that_do_not_exist(numbers, pair):
    """Out of range, twice, no whole numbers, or none."""
    with pytest.raises(StreamError, match="whole numbers from 0 to 2, each once"):
        pair[0].stream(3).reset(numbers)


def test_nothing_is_predicted_before_the_first_step(pair):
    """Of several streams, the first that waits is named."""
    stream = pair[0].stream(3)
    stream.feed(np.full((2, 2), [1.7e9, 4e-3]), [0, 2])
    with pytest.raises(StreamError, match="none in stream 1"):
        stream.predict()


def test_missing_values_where_there_were_none_are_told(gappy, pair):
    """As `predict` warns; the value is read as the center."""
    step = gappy[0][0][0].copy()
    step[0] = np.nan
    with pytest.warns(MissingValuesWarning, match="none in training: 0") as told:
        fed = pair[0].stream().feed(step)
    assert told[0].filename == __file__
    with pytest.warns(MissingValuesWarning, match="none in training"):
        expected = pair[0].predict([step[None]])
    np.testing.assert_allclose(fed, expected[0], rtol=1e-5)


def test_values_far_outside_of_the_training_are_told(gappy, pair):
    """As `predict` warns, at the step where it happens."""
    stream = pair[0].stream(2)
    stream.feed([gappy[0][0][0], gappy[0][1][0]])
    with pytest.warns(OutOfRangeWarning, match="1 of 2 sequences .* feature 0 is 0, training saw") as told:
        stream.feed([gappy[0][0][0], [0.0, 5e-3]])
    assert told[0].filename == __file__


def test_a_single_feature_needs_no_axis(distinct):
    """A number, a list or an array of any type of numbers, for one stream and for several."""
    X = np.random.default_rng(0).normal(10, 2, size=(40, 5))
    model = distinct(X, X[:, -1])
    forms = (X[0, 0], [X[0, 0]], np.array([X[0, 0]]), torch.tensor([X[0, 0]]))
    assert len({float(model.stream().feed(form)) for form in forms}) == 1
    assert isinstance(model.stream(), Stream)
    several = model.stream(2)
    alone = [float(model.stream().feed(value)) for value in X[:2, 0]]
    assert several.feed(X[:2, 0]).tolist() == pytest.approx(alone, rel=1e-6)  # products of two rows round otherwise
