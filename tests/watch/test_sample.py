"""The sequences that a watch looks at."""

import numpy as np
import pytest
import torch

from unflat import InputError, InputTypeError, make_windows
from unflat.watch.sample import choose


def test_same_data_give_the_same_sample(problem):
    """The choice is made once and for all, ascending, without any global generator."""
    X, y = problem(n=1000)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002 - it is to be left alone
    first, again = choose(X, y, 50), choose(X, y, 50)
    assert np.array_equal(first.places, again.places)
    assert len(first.places) == 100
    assert (np.diff(first.places) > 0).all()
    assert np.array_equal(first.seen.X, again.seen.X)
    assert len(first.seen.y) == 50
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002 - as above


def test_sequences_keep_their_targets(problem):
    """Each sequence that is taken stands beside its own target."""
    X, _ = problem(n=400)
    sample = choose(X, X[:, -1, 0], 60)
    assert np.array_equal(sample.seen.y[:, 0], np.asarray(sample.seen.X)[:, -1, 0])
    assert np.array_equal(sample.learned.y[:, 0], sample.learned.values[:, -1, 0])


def test_several_inputs_are_told_from_sequences(problem):
    """As the diagnosis says it: what is wanted is one array."""
    X, y = problem(n=40)
    with pytest.raises(InputTypeError, match="a list of 2, each as long as y"):
        choose([X, X[:, 0]], y, 50)


def test_few_sequences_are_all_seen(problem):
    """Of no more than are asked for, none is left out."""
    X, y = problem(n=40)
    assert len(choose(X, y, 50).seen.y) == 40


@pytest.mark.parametrize("where", ["X", "y"])
def test_values_that_are_no_numbers_are_evidence_and_not_looked_at(problem, where):
    """A faulty sequence is kept apart: it does not spoil the figures of the others."""
    X, y = problem()
    (X if where == "X" else y)[7] = np.nan
    sample = choose(X, y, 300)
    assert sample.faulty
    assert np.isfinite(sample.seen.y).all()
    assert np.isfinite(sample.seen.values).all()
    assert len(sample.evidence.y) == 64 + 1
    assert not choose(*problem(), 300).faulty


def test_ragged_lists_tensors_frames_and_windows(problem):
    """Whatever a model is given can be watched with."""
    pd = pytest.importorskip("pandas")
    X, y = problem()
    assert isinstance(choose([row[: 4 + i % 4] for i, row in enumerate(X)], y, 20).seen.X, list)
    assert isinstance(choose(torch.from_numpy(X), torch.from_numpy(y), 20).seen.X, torch.Tensor)
    assert choose(pd.DataFrame(X[:, :, 0]), pd.Series(y), 20).seen.values.shape == (20, 8, 1)
    windows = make_windows(pd.DataFrame({"a": np.arange(90.0), "b": y[:90]}), target="b", length=6)
    assert choose(windows, None, 20).apart == 6


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (np.zeros((30, 4, 1)), None, "a target for each sequence"),
        (np.zeros((30, 4, 1)), np.zeros(29), "as many targets as sequences, 30"),
        (np.zeros((30, 4, 1)), np.full(30, np.nan), "at least 10 targets that are numbers"),
        (np.zeros((3, 4, 1)), np.zeros(3), "at least 10 targets that are numbers"),
    ],
)
def test_data_that_cannot_be_watched_with_are_refused(X, y, said):
    """The message says what would have been right."""
    with pytest.raises(InputError, match=said):
        choose(X, y, 20)
