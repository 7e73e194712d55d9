"""A bare function under examination."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from unflat.diagnosis.subjects import Settings, subject_of
from unflat.errors import ModelError, ModelFailedError

X = np.arange(12.0).reshape(4, 3)


def _sum(values):
    return values.sum(axis=1)


def test_a_function_predicts_and_shows_nothing_else():
    """What it cannot show is None, and named."""
    subject = subject_of(_sum)
    np.testing.assert_array_equal(subject.predict(X), X.sum(axis=1))
    looks = (subject.layers(), subject.activations(X), subject.gates(X), subject.gradients(X, X), subject.settings())
    assert looks == (None,) * 5
    assert (subject.loss_of(X, X), subject.loss_curve(), subject.target_scale()) == (None, (), None)
    assert subject.gives_other_in_training(X) is subject.gives_other_in_evaluation(X) is None
    assert (subject.framework, subject.name) == ("function", "_sum")
    assert "layers" in subject.not_examined[0].what


def test_what_the_user_says_of_its_training_is_kept():
    """Loss and optimizer by name."""
    assert subject_of(_sum, loss="mse", optimizer="SGD").settings() == Settings(loss="mse", optimizer="sgd")


def test_tensors_lists_and_single_numbers_become_arrays():
    """Whatever holds numbers is a prediction."""
    values = torch.ones(3, requires_grad=True)
    np.testing.assert_array_equal(subject_of(lambda _: values * 2).predict(X), [2, 2, 2])
    np.testing.assert_array_equal(subject_of(lambda _: [[1], [2]]).predict(X), [[1], [2]])
    np.testing.assert_array_equal(subject_of(lambda _: 3).predict(X), [3])


def test_a_function_may_draw_and_write_without_a_trace():
    """Global generators and the user's data are as before."""

    def careless(values):
        values[:] = 0
        random.random()  # noqa: S311 - no secret
        np.random.rand()  # noqa: NPY002 - the global generator is the point
        return torch.rand(len(values))

    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 - as above
    data = X.copy()
    subject_of(careless).predict(data)
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 - as above
    assert torch.equal(states[0], after[0])
    assert states[1:] == after[1:]
    np.testing.assert_array_equal(data, X)


def test_two_calls_that_differ_are_told_from_two_alike():
    """The shift is 0 of a function of its input, and about √2 of one that draws."""
    many = np.arange(400.0)
    assert subject_of(lambda values: 2 * values).draws(many) == 0
    assert subject_of(lambda values: torch.randn(len(values))).draws(many) == pytest.approx(2**0.5, rel=0.1)


def test_errors_and_words_instead_of_numbers_are_told():
    """An error of the function's own, or a result that is no number, is an error about the model."""

    def broken(_):
        raise KeyError("sensor")

    with pytest.raises(
        ModelFailedError, match=r"broken: expected a prediction .* \(4, 3\); received KeyError: 'sensor'"
    ):
        subject_of(broken).predict(X)
    with pytest.raises(ModelFailedError, match="where numbers were expected"):
        subject_of(lambda _: ["high", "low"]).predict(X)


def test_an_interrupt_passes_through():
    """Ctrl-C is no failure of the model."""

    def interrupted(_):
        raise KeyboardInterrupt("stop")

    with pytest.raises(KeyboardInterrupt, match="stop"):
        subject_of(interrupted).predict(X)


@pytest.mark.parametrize(
    ("gave", "named"),
    [
        ({"state": np.zeros(3), "pred": np.zeros(3)}, r"a dict with 'state', 'pred'. .*\['state'\]"),
        ((torch.zeros(3, requires_grad=True), None), r"a tuple. .*\[0\]"),
        ((np.zeros(3), np.ones((3, 2))), r"a tuple. .*\[0\]"),
    ],
)
def test_several_outputs_are_named_with_the_way_to_one(gave, named):
    """A prediction beside a state is none yet."""
    with pytest.raises(ModelError, match=named):
        subject_of(lambda _: gave).predict(np.zeros((3, 2, 1)))


def test_half_precision_is_a_prediction():
    """NumPy knows no bfloat16."""
    gave = torch.tensor([0.5, 1.5], dtype=torch.bfloat16)
    assert subject_of(lambda _: gave).predict(np.zeros((2, 2, 1))).tolist() == [0.5, 1.5]
