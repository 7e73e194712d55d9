import numpy as np
import pytest

from unflat.diagnosis.causes.depth import too_deep_narrow, vanishing_gradient
from unflat.diagnosis.subjects import Gradients, Layer

Y = np.tile([-1.0, 1.0], 50)
FLAT = np.zeros(100)


def deep(units, count):
    """Stack recurrent layers, with a head."""
    stack = [Layer(f"lstm[{k}]", "recurrent", units, "tanh", returns_sequences=True) for k in range(count)]
    return (*stack, Layer("head", "dense", 1, "linear"))


@pytest.mark.parametrize(("first", "found"), [(1e-5, True), (2e-3, False)])
def test_gradient_vanishes_over_layers_below_a_thousandth(fake, first, found):
    """The first layer's gradient over the last's, 1, is what counts."""
    gradients = Gradients({}, {"a": first, "b": 0.1, "c": 1.0}, None)
    cause = vanishing_gradient(fake(Y, FLAT, shown_gradients=gradients))
    assert (cause is not None) == found
    if cause is not None:
        assert cause.evidence[0].value == pytest.approx(first)


def test_gradient_lost_over_time_counts_where_the_signal_lies_early(fake):
    """Of 40 steps the first holds the target, and nothing of the gradient; where the last does, it is no matter."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(200, 40, 1)), random.normal(size=200)
    early, late = X.copy(), X.copy()
    early[:, 0, 0], late[:, -1, 0] = y, y
    gradients = Gradients({}, {"a": 1.0, "b": 1.0}, np.logspace(-8, 0, 40))
    cause = vanishing_gradient(fake(y, y * 0, X=early, shown_gradients=gradients))
    assert cause.evidence[0].value == pytest.approx(np.logspace(-8, 0, 40)[9])
    assert vanishing_gradient(fake(y, y * 0, X=late, shown_gradients=gradients)) is None


def test_many_narrow_layers_are_found_with_what_they_lose(fake):
    """States deviate by 1 in the first of eight layers of four units, and by 0.01 in the last."""
    states = np.tile([-1.0, 1.0], 50)[:, None] * np.ones((100, 4))
    shown = {"lstm[0]": states, "lstm[7]": states / 100}
    cause = too_deep_narrow(fake(Y, FLAT, shown_layers=deep(4, 8), shown_activations=shown))
    assert cause.id == "too_deep_narrow"
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([0.01, 8, 4])
    assert cause.confidence == pytest.approx(0.85)


def test_layers_that_lose_nothing_are_not_said_to(fake):
    """Where states of the last layer vary as those of the first do, only the error has a long way."""
    states = np.tile([-1.0, 1.0], 50)[:, None] * np.ones((100, 4))
    cause = too_deep_narrow(
        fake(Y, FLAT, shown_layers=deep(4, 8), shown_activations={"lstm[0]": states, "lstm[7]": states})
    )
    assert "alike" not in cause.explanation


@pytest.mark.parametrize(("units", "count"), [(4, 2), (64, 8)])
def test_few_layers_or_wide_ones_are_no_cause(fake, units, count):
    """Two narrow layers train, and so do eight wide ones."""
    assert too_deep_narrow(fake(Y, FLAT, shown_layers=deep(units, count))) is None


def test_deep_narrow_network_is_found_as_it_fails(trained, net, problem):
    """Eight layers of four units learn nothing where one layer does."""
    X, y = problem
    cause = too_deep_narrow(trained(net(units=4, layers=8), X, y, rate=3e-3, epochs=10))
    assert cause.evidence[0].value < 0.1
    assert too_deep_narrow(trained(net(), X, y, rate=3e-3, epochs=10)) is None


@pytest.mark.parametrize(
    ("count", "activation", "found"), [(6, "sigmoid", True), (3, "sigmoid", False), (6, "tanh", False)]
)
def test_many_sigmoid_layers_let_no_error_through(fake, count, activation, found):
    """Six slopes of a quarter leave 1/4096, whatever the gradient is by now; a sigmoid at the very end is another's."""
    y = np.random.default_rng(0).normal(size=200)
    layers = (*(Layer(f"dense{i}", "dense", 32, activation) for i in range(count)), Layer("head", "dense", 1, "linear"))
    cause = vanishing_gradient(fake(y, 0.5 * y, shown_layers=layers))
    assert (cause is not None) == found
    if found:
        assert cause.evidence[0].value == pytest.approx(4.0**-count)


def test_layers_may_lose_what_only_new_data_show(fake):
    """Eight layers of four that know their training data, and do badly on others, are too many still."""
    held_out = (np.zeros((len(Y), 4, 1)), Y, 0 * Y)
    assert too_deep_narrow(fake(Y, Y, held_out=held_out, shown_layers=deep(4, 8))).id == "too_deep_narrow"
    assert too_deep_narrow(fake(Y, Y, held_out=(*held_out[:2], Y), shown_layers=deep(4, 8))) is None
