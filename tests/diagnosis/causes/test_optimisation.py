from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from unflat.diagnosis.causes.optimisation import (
    gradient_clipped,
    over_regularised,
    rate_too_high,
    rate_too_low,
    too_few_updates,
)
from unflat.diagnosis.subjects import Gradients, Layer, Settings

Y = np.tile([-1.0, 1.0], 60)
FLAT = np.zeros(120)
HEAD = {"shown_layers": (Layer("head", "dense", 1, "linear"),), "shown_inputs": {"head": np.full((120, 3), 0.5)}}


def adam(rate, steps):
    """Say how it was trained."""
    return Settings(optimizer="adam", learning_rate=rate, steps=steps)


def test_short_reach_of_a_low_rate_is_the_rates(fake):
    """1,000 steps of 1e-5 reach 0.01 · 2.5 = 0.025 of the way of 2; steps there were enough of."""
    examination = fake(Y, FLAT, settings=adam(1e-5, 1000), **HEAD)
    cause = rate_too_low(examination)
    assert cause.id == "rate_too_low"
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([0.025, 1e-5, 1000])
    assert cause.confidence == pytest.approx(0.9)
    assert too_few_updates(examination) is None


def test_short_reach_of_few_steps_is_theirs(fake):
    """Ten steps of 1e-2 reach 0.1 · 2.5 = 0.25 of the way of 2; the rate is a usual one."""
    examination = fake(Y, FLAT, settings=adam(1e-2, 10), **HEAD)
    cause = too_few_updates(examination)
    assert cause.id == "too_few_updates"
    assert cause.evidence[0].value == pytest.approx(0.25)
    assert rate_too_low(examination) is None


def test_a_reach_that_goes_most_of_the_way_does_not_keep_predictions_together(fake):
    """Most of the way to the targets was to be had, and none was gone: something else holds the output back."""
    settings = Settings(optimizer="adam", learning_rate=1e-3, steps=500)
    near = HEAD | {"shown_inputs": {"head": np.full((120, 3), 0.5)}}
    assert too_few_updates(fake(Y, FLAT, settings=settings, losses=[1.0, 1.0, 1.1, 1.0], **near)) is None
    assert too_few_updates(fake(Y, 0.4 * Y, settings=settings, losses=[1.0, 1.0, 1.1, 1.0], **near)) is not None


def test_blame_is_shared_by_how_far_each_is_off(fake):
    """A rate a hundred times too low and a third of the steps: log 100 to log 3."""
    examination = fake(Y, FLAT, settings=adam(1e-5, 100), **HEAD)
    low, few = rate_too_low(examination), too_few_updates(examination)
    assert few.confidence / low.confidence == pytest.approx(np.log(3) / np.log(100))


def test_two_explanations_of_one_falling_loss_are_equals(fake):
    """Where neither rate nor steps are known, both may be why the loss was still falling."""
    examination = fake(Y, FLAT, losses=np.linspace(2, 1, 20))
    low, few = rate_too_low(examination), too_few_updates(examination)
    assert low.confidence == few.confidence > 0
    assert low.evidence[0].value == pytest.approx(1 - 1.0 / (1 + 4 / 19))


@pytest.mark.parametrize(("rate", "named"), [(0.0005, True), (0.001, False), (0.005, False)])
def test_a_usual_rate_is_not_too_low(fake, rate, named):
    """To raise it to a usual one would change nothing, or lower it; the steps are named still."""
    examination = fake(Y, FLAT, losses=np.linspace(2, 1, 20), settings=adam(rate, 400))
    assert (rate_too_low(examination) is not None) is named
    assert too_few_updates(examination) is not None


@pytest.mark.parametrize(("rate", "found"), [(1e-3, True), (1e-2, False)])
def test_a_loss_that_falls_along_a_line_at_a_low_rate_has_not_arrived(fake, rate, found):
    """Plain descent has no reach; a loss that lost a fifth, evenly, was on its way all the time."""
    settings = Settings(optimizer="sgd", learning_rate=rate, steps=400)
    low = rate_too_low(fake(Y, FLAT, losses=np.linspace(1, 0.8, 20), settings=settings))
    assert (low is not None) is found
    if found:
        assert low.evidence[0].value == pytest.approx(0.2)
        assert low.cure.words == "Raise the learning rate to a usual one, 0.01 for sgd, or use Adam."


def test_arrived_training_is_no_cause(fake):
    """A loss that fell and stands, at a usual rate, after many steps, says that training was over."""
    examination = fake(Y, FLAT, losses=[2.0, 1.2, 1.0, 1.0, 1.0, 1.0], settings=adam(1e-2, 1000), **HEAD)
    assert rate_too_low(examination) is None
    assert too_few_updates(examination) is None


def test_silent_states_are_not_the_rates_fault(fake):
    """Where the states are zero the reach is short for another reason."""
    silent = {"shown_layers": HEAD["shown_layers"], "shown_inputs": {"head": np.zeros((120, 3))}}
    assert too_few_updates(fake(Y, FLAT, settings=adam(1e-2, 150), **silent)) is None


def test_low_rate_and_few_steps_of_real_networks(trained, net, problem):
    """A network learns with Adam at 1e-2 in 300 steps; not at 1e-5, and not in ten."""
    X, y = problem
    good = trained(net(), X, y)
    assert rate_too_low(good) is None
    assert too_few_updates(good) is None
    assert rate_too_low(trained(net(), X, y, rate=1e-5)).confidence > 0.8
    assert too_few_updates(trained(net(), X, y, epochs=1)).confidence > 0.8


def test_rate_that_throws_the_weights_out_is_too_high(trained, net, problem):
    """Plain gradient descent at 1e6 ends in NaN from finite data; at 0.1 it learns."""
    X, y = problem
    network = net()
    examination = trained(network, X, y, optimizer=torch.optim.SGD(network.parameters(), lr=1e6), epochs=3)
    cause = rate_too_high(examination)
    assert cause.id == "rate_too_high"
    assert cause.evidence[0].value == pytest.approx(1e6)
    network = net()
    steady = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    assert rate_too_high(trained(network, X, y, optimizer=steady)) is None


def test_rises_are_measured_against_falls(fake):
    """A loss that goes 4, 1, 3, 1, 3 falls by 5 and rises by 4."""
    cause = rate_too_high(fake(Y, FLAT, losses=[4, 1, 3, 1, 3]))
    assert cause.evidence[0].value == pytest.approx(0.8)
    assert cause.confidence == pytest.approx(0.5)
    assert rate_too_high(fake(Y, FLAT, losses=[4, 3, 2, 1.9, 2.0])) is None


@pytest.mark.parametrize(("rate", "confidence"), [(0.5, 0.92), (0.03, 0.6), (0.005, None)])
def test_high_rates_of_adam_are_graded(fake, rate, confidence):
    """A step of 0.1 and more replaces initial weights; one of 0.02 changes them by a tenth; 0.005 is usual."""
    cause = rate_too_high(fake(Y, FLAT, settings=adam(rate, 1000)))
    assert (None if cause is None else cause.confidence) == confidence


def test_a_rate_is_high_beside_what_is_usual_of_its_optimizer(fake):
    """Adadelta's usual rate of 1, at which plain descent is thrown out, is not too high for it."""
    rates = {name: Settings(optimizer=name, learning_rate=1.0, steps=1000) for name in ("adadelta", "sgd")}
    found = {name: rate_too_high(fake(Y, FLAT, settings=settings)) for name, settings in rates.items()}
    assert found["adadelta"] is None
    assert found["sgd"].confidence == 0.6


def test_clipped_reach_is_computed_by_hand(fake):
    """100 steps of 0.1, cut to 0.01: the output moves by at most 0.1 · √(3 · 0.25 + 1) of the way of 2."""
    settings = Settings(optimizer="sgd", learning_rate=0.1, steps=100, clip_norm=0.01)
    gradients = Gradients({}, {}, None, norm=0.7)
    cause = gradient_clipped(fake(Y, FLAT, settings=settings, shown_gradients=gradients, **HEAD))
    assert cause.id == "gradient_clipped"
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([0.1 * np.sqrt(1.75), 0.01, 0.7])


def test_clipping_is_no_cause_where_it_cuts_nothing_or_is_undone(fake):
    """A gradient below the norm it is cut to is whole; and Adam divides by its size."""
    gradients = Gradients({}, {}, None, norm=0.005)
    settings = Settings(optimizer="sgd", learning_rate=0.1, steps=100, clip_norm=0.01)
    assert gradient_clipped(fake(Y, FLAT, settings=settings, shown_gradients=gradients, **HEAD)) is None
    gradients = Gradients({}, {}, None, norm=0.7)
    settings = Settings(optimizer="adam", learning_rate=0.1, steps=100, clip_norm=0.01)
    assert gradient_clipped(fake(Y, FLAT, settings=settings, shown_gradients=gradients, **HEAD)) is None


def test_clipping_stops_a_real_network(trained, net, problem):
    """Plain gradient descent at 0.1 cut to 0.001 gets nowhere, and cut to 1 does not suffer from it."""
    X, y = problem

    def descend(clip):
        network = net()
        return trained(network, X, y, optimizer=torch.optim.SGD(network.parameters(), lr=0.1), clip=clip, epochs=10)

    assert gradient_clipped(descend(0.001)).confidence > 0.9
    assert gradient_clipped(descend(1.0)) is None


def test_dropout_and_decay_that_leave_nothing(trained, net, problem):
    """Dropout of 0.95 and a decay of 1 keep a network from its training data; 0.2 and 1e-4 do not."""
    X, y = problem
    assert over_regularised(trained(net(between=nn.Dropout(0.95)), X, y)).evidence[0].value == pytest.approx(0.95)
    network = net()
    heavy = torch.optim.Adam(network.parameters(), lr=1e-2, weight_decay=1.0)
    assert over_regularised(trained(network, X, y, optimizer=heavy)).evidence[1].value == pytest.approx(1)
    network = net(between=nn.Dropout(0.2))
    light = torch.optim.Adam(network.parameters(), lr=1e-2, weight_decay=1e-4)
    assert over_regularised(trained(network, X, y, optimizer=light)) is None


def test_decoupled_decay_may_be_larger(fake):
    """AdamW takes 0.3 where a penalty of Adam's would hold all weights at nothing."""

    def by(optimizer):
        return fake(Y, FLAT, settings=Settings(optimizer=optimizer, weight_decay=0.3))

    assert over_regularised(by("adam")) is not None
    assert over_regularised(by("adamw")) is None


def test_a_loss_that_falls_by_less_than_a_step_was_cut_on_the_way(trained, net, problem):
    """A loop of PyTorch does not say what it cuts to; its loss falls by far less than one step would lower it."""
    X, y = problem

    def descend(clip):
        network = net()
        examination = trained(
            network, X, y, optimizer=torch.optim.SGD(network.parameters(), lr=0.1), clip=clip, epochs=10
        )
        return replace(examination, settings=replace(examination.settings, clip_norm=None))

    cause = gradient_clipped(descend(1e-4))
    assert cause.id == "gradient_clipped"
    assert cause.evidence[0].value < 0.001
    assert gradient_clipped(descend(None)) is None


@pytest.mark.parametrize(
    ("losses", "cut"),
    [
        (np.linspace(1.0, 0.9, 20), True),
        (np.linspace(1.0, 0.9, 20) + 0.004 * (-1.0) ** np.arange(20), True),
        (0.8 + 0.2 * np.exp(-np.arange(20.0)), False),
        (np.ones(20), True),
    ],
)
def test_cut_steps_make_the_loss_fall_along_a_line(fake, losses, cut):
    """Steps of one length lower the loss by as much each; one that fell at once, and lies still, was not cut."""
    settings, gradients = Settings(optimizer="sgd", learning_rate=0.3), Gradients({}, {}, None, norm=0.7)
    cause = gradient_clipped(fake(Y, FLAT, settings=settings, shown_gradients=gradients, losses=losses.tolist()))
    assert (cause is not None) is cut


def test_cut_steps_are_measured_by_the_loss_that_training_saw(trained, net, problem):
    """A loop that squeezes predictions (n, 1) goes along that loss's gradient, not along one that is broadcast."""
    X, y = problem
    network = net()
    sgd = torch.optim.SGD(network.parameters(), lr=0.1)
    examination = trained(network, X, y, optimizer=sgd, clip=1e-4, epochs=10)
    examination = replace(examination, settings=replace(examination.settings, clip_norm=None))
    expected = float(gradient_clipped(examination).evidence[0].healthy.split()[1].rstrip(","))
    flat_targets = replace(examination.training, y_shape=examination.training.y_shape[:1])
    squeezed = gradient_clipped(replace(examination, training=flat_targets))
    assert float(squeezed.evidence[0].healthy.split()[1].rstrip(",")) == pytest.approx(expected, rel=0.01)


def test_a_far_too_high_rate_is_named_where_only_new_data_fare_badly(fake):
    """What a rate of 1 learned by heart it learned by chance; a rate of 0.03 is not blamed for what is overfit."""
    held_out = (np.zeros((120, 4, 1)), Y, FLAT)
    assert rate_too_high(fake(Y, Y, held_out=held_out, settings=adam(1.0, 1000))).confidence == pytest.approx(0.92)
    assert rate_too_high(fake(Y, Y, held_out=held_out, settings=adam(0.03, 1000))) is None


@pytest.mark.parametrize(("penalty", "confidence"), [(0.01, None), (0.2, 0.8), (1.0, 0.93)])
def test_penalties_of_layers_are_regularisation(fake, penalty, confidence):
    """A square penalty that a layer keeps counts as decay does: five times too much is beyond doubt."""
    layers = (Layer("lstm", "recurrent", 8, penalty=penalty), Layer("head", "dense", 1, "linear"))
    cause = over_regularised(fake(Y, FLAT, shown_layers=layers, settings=adam(1e-3, 1000)))
    assert (None if cause is None else cause.confidence) == confidence


def test_so_few_steps_are_a_cause_without_a_course_of_the_loss(fake):
    """Ninety steps of a usual rate reach the targets, and have hardly begun; a hundred and twenty, or long ones, have.

    Nothing is a cause where the model does as well as it could, or where the loss came to rest.
    """
    far = {**HEAD, "shown_inputs": {"head": np.full((120, 3), 50.0)}}
    cause = too_few_updates(fake(Y, FLAT, settings=adam(5e-3, 90), **far))
    assert cause.evidence[0].value == 90
    assert cause.confidence == pytest.approx(0.65)
    assert too_few_updates(fake(Y, FLAT, settings=adam(5e-3, 120), **far)) is None
    assert too_few_updates(fake(Y, FLAT, settings=adam(0.05, 90), **far)) is None
    assert too_few_updates(fake(Y, Y, settings=adam(5e-3, 90), **far)) is None
    assert too_few_updates(fake(Y, FLAT, losses=(2, 1, 1, 1), settings=adam(5e-3, 90), **far)) is None
