from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from unflat.diagnosis.causes import find_causes
from unflat.diagnosis.causes.network import distance, reach
from unflat.diagnosis.causes.output import (
    frozen_parameters,
    loss_broadcast,
    output_range,
    sequences_returned,
    stale_mode,
)
from unflat.diagnosis.subjects import Layer, Settings


def squared(prediction, y):
    """Compare as torch and NumPy do, broadcasting."""
    return np.mean((np.asarray(prediction) - np.asarray(y)) ** 2)


def test_range_leaves_what_clipping_leaves(fake):
    """Of targets -2, 0 and 2, each as often, a tanh gives -1, 0 and 1 at best: R² is 1 - (2/3)/(8/3) = 0.75."""
    y = np.tile([-2.0, 0.0, 2.0], 40)
    given = np.clip(y, -1, 1) * 0.7
    layers = (Layer("head", "dense", 1, "linear"), Layer("end", "activation", 1, "tanh"))
    examination = fake(y, given, shown_layers=layers, shown_activations={"end": given[:, None]})
    cause = output_range(examination)
    assert cause.id == "output_range"
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([2 / 3, 0.75])


def test_targets_within_the_range_are_no_cause(fake):
    """A sigmoid gives all of [0, 1], its ends included."""
    y = np.tile([0.0, 0.5, 1.0], 40)
    layers = (Layer("end", "activation", 1, "sigmoid"),)
    given = np.full((120, 1), 0.5)
    assert output_range(fake(y, given[:, 0], shown_layers=layers, shown_activations={"end": given})) is None


@pytest.mark.parametrize("head", [nn.Sigmoid(), nn.Tanh(), nn.ReLU(), nn.Softmax(dim=-1)])
def test_bounded_heads_of_real_networks_are_found(trained, net, problem, head):
    """A standardized target, made twice as wide for tanh, is not within what any of these gives."""
    X, y = problem
    cause = output_range(trained(net(behind=head), X, 2 * y, epochs=10))
    assert cause.id == "output_range"
    assert cause.evidence[1].value < 0.9


def test_softmax_of_one_unit_gives_one_number(trained, net, problem):
    """It is 1 whatever comes in: no target but 1 is within."""
    X, y = problem
    cause = output_range(trained(net(behind=nn.Softmax(dim=-1)), X, y, epochs=1))
    assert cause.evidence[0].value == 1
    assert "one unit" in cause.explanation


def test_linear_head_is_no_cause(trained, net, problem):
    """Whatever fails after one epoch, it is not the range."""
    X, y = problem
    assert output_range(trained(net(), X, y, epochs=1)) is None


def test_broadcast_loss_prefers_the_mean(fake):
    """Of predictions without error it is twice the variance, 2 · 1; of the mean, once."""
    y = np.tile([-1.0, 1.0], 60)
    cause = loss_broadcast(fake(y, np.zeros((120, 1)), loss=squared))
    assert cause.id == "loss_broadcast"
    assert cause.evidence[0].value == pytest.approx(2)
    assert "below 1" in cause.evidence[0].healthy
    assert cause.confidence == pytest.approx(0.95)


def test_loss_that_brings_shapes_together_is_no_cause(fake):
    """Shapes may differ where the loss does not mind."""
    y = np.tile([-1.0, 1.0], 60)
    assert loss_broadcast(fake(y, np.zeros((120, 1)), loss=lambda p, t: squared(np.ravel(p), np.ravel(t)))) is None


def test_unknown_loss_is_judged_by_shapes_where_they_would_be_broadcast(fake):
    """Keras and scikit-learn bring targets into shape themselves; torch does not."""
    y = np.tile([-1.0, 1.0], 60)
    assert loss_broadcast(fake(y, np.zeros((120, 1)), framework="torch")) is not None
    assert loss_broadcast(fake(y, np.zeros((120, 1)), framework="keras")) is None
    assert loss_broadcast(fake(y[:, None], np.zeros((120, 1)), framework="torch")) is None


def test_broadcast_is_doubted_where_no_step_led_anywhere(fake):
    """An output that cannot have moved is near the mean of a standardized target without any broadcasting."""
    y = np.tile([-1.0, 1.0], 60)
    layers, inputs = (Layer("head", "dense", 1, "linear"),), {"head": np.ones((120, 3))}
    settings = Settings(optimizer="adam", learning_rate=1e-6, steps=100)
    examination = fake(y, np.zeros((120, 1)), loss=squared, settings=settings, shown_layers=layers, shown_inputs=inputs)
    assert loss_broadcast(examination).confidence < 0.5


def test_shapes_alone_are_weaker_evidence_than_a_loss_that_is_known(fake):
    """Of any network at the mean that gives (n, 1), shapes say the same: a loss that is known decides."""
    y = np.tile([-1.0, 1.0], 60)
    assert loss_broadcast(fake(y, np.zeros((120, 1)), framework="torch")).confidence < 0.5
    assert loss_broadcast(fake(y, np.zeros((120, 1)), framework="torch", loss=squared)).confidence > 0.9


def test_broadcast_is_doubted_beside_dropout_that_leaves_nothing_and_a_loss_that_still_falls(fake):
    """Dropout of 0.95 keeps a network at the mean by itself; a loss on its way there has not come to rest there."""
    y = np.tile([-1.0, 1.0], 60)
    layers = (Layer("dropout", "other", None, "linear", rate=0.95),)
    assert loss_broadcast(fake(y, np.zeros((120, 1)), loss=squared, shown_layers=layers)).confidence < 0.5
    falls, rests = np.linspace(1.1, 0.98, 20), 1 + 0.1 * np.exp(-np.arange(20.0))
    assert loss_broadcast(fake(y, np.zeros((120, 1)), loss=squared, losses=falls)).confidence < 0.5
    assert loss_broadcast(fake(y, np.zeros((120, 1)), loss=squared, losses=rests)).confidence > 0.9


def test_first_targets_that_vary_more_do_not_speak_for_all(fake):
    """Broadcast, no loss falls below the variance of all targets; of a series that calms down, the first say more."""
    y = np.concatenate([np.tile([-2.0, 2.0], 40), np.tile([-0.5, 0.5], 160)])
    assert loss_broadcast(fake(y, np.zeros((400, 1)), loss=squared, losses=(1.0, y.var()))) is not None


def test_our_own_straight_line_is_meant_to_stand_still(fake):
    """What the estimator does not train by gradients is no frozen layer."""
    y = np.tile([-1.0, 1.0], 60)
    for kind, named in (("other", True), ("line", False)):
        layers = (Layer("layers.0", "recurrent", 8, parameters=9, trainable=9), Layer("skip", kind, 1, parameters=9))
        assert (frozen_parameters(fake(y, 0 * y, shown_layers=layers)) is not None) is named


def test_broadcast_loss_flattens_a_real_network(trained, net, problem):
    """The same network, trained on (n, 1) and on (n,): the second is flat."""
    X, y = problem
    assert loss_broadcast(trained(net(), X, y)) is None
    examination = trained(net(), X, y[:, 0])
    assert examination.training.spread[0] < 0.1
    assert loss_broadcast(examination).confidence == pytest.approx(0.95)


@pytest.mark.parametrize("epochs", [10, 40])
def test_a_loss_that_lies_at_the_means_while_one_shape_would_pull_was_broadcast(trained, net, problem, epochs):
    """Also after few steps, of which the bound on how far they lead says that they hardly could have got anywhere."""
    X, y = problem
    examination = trained(net(layers=2), X, y[:, 0], rate=1e-3, epochs=epochs)
    assert reach(examination) < distance(examination.training.y).max()
    first, *_ = find_causes(examination)
    assert first.id == "loss_broadcast"
    assert first.confidence == pytest.approx(0.95)
    assert loss_broadcast(replace(examination, losses=())).confidence < 0.5


def test_prediction_for_every_step_is_counted(trained, net, problem):
    """Ten predictions for the ten steps of a sequence with one target; one of them is as it should be."""
    X, y = problem
    every = trained(net(read="each"), X, y, epochs=1, loss=lambda p, t: ((p - t[:, None]) ** 2).mean())
    cause = sequences_returned(every)
    assert cause.id == "sequences_returned"
    assert [evidence.value for evidence in cause.evidence] == [10, 10]
    assert loss_broadcast(every) is None
    assert sequences_returned(trained(net(), X, y, epochs=1)) is None


def test_as_many_outputs_as_steps_are_no_cause(fake):
    """Four targets of a sequence of four steps are what was asked for."""
    y = np.arange(80.0).reshape(20, 4)
    assert sequences_returned(fake(y, y * 0)) is None


def test_mode_moves_predictions(fake):
    """Predictions that move by 0.8 deviations between modes are the mode's; 0.3 are of the batch."""
    y = np.tile([-1.0, 1.0], 60)
    assert stale_mode(fake(y, np.zeros(120), modes=(None, 0.8))).evidence[0].value == pytest.approx(0.8)
    assert stale_mode(fake(y, np.zeros(120), modes=(0.8, 0.0))).evidence[1].value == pytest.approx(0.8)
    assert stale_mode(fake(y, np.zeros(120), modes=(0.3, 0.3))) is None
    assert stale_mode(fake(y, y, modes=(0.8, 0.8))) is None


@pytest.mark.parametrize(("moved", "found"), [(0.3, True), (0.1, False)])
def test_a_small_noise_counts_where_little_is_missing(fake, reached, moved, found):
    """Others explain 1, the model 0.91: of these 0.09 a noise of 0.3 deviations makes all, one of 0.1 a ninth."""
    y = np.tile([-1.0, 1.0], 60)
    given = y + 0.3 * np.tile([1.0, 1.0, -1.0, -1.0], 30)
    examination = fake(y, given, references=reached(1.0), modes=(None, moved))
    assert (stale_mode(examination) is not None) is found


def test_dropout_that_is_always_on_is_found(trained, net, problem):
    """In evaluation mode, too, two predictions differ: no mode is at fault."""
    X, y = problem

    class AlwaysOn(nn.Module):
        def forward(self, x):
            return nn.functional.dropout(x, 0.9)

    cause = stale_mode(trained(net(between=AlwaysOn()), X, y, epochs=1))
    assert cause.evidence[0].value > 0.5
    assert "training=self.training" in cause.cure.code


def test_norm_whose_statistics_never_followed_is_found(trained, net, problem):
    """With a momentum of almost nothing a batch norm keeps the mean 0 and deviation 1 that it began with."""
    X, y = problem
    assert stale_mode(trained(net(between=nn.BatchNorm1d(8)), X, y)) is None
    cause = stale_mode(trained(net(between=nn.BatchNorm1d(8, momentum=1e-6)), X, y))
    assert cause.evidence[1].value > 0.5


def test_frozen_share_is_counted(fake):
    """Of 60 parameters of a recurrence and 6 of a head only the head's are trained: a tenth, all but one in eleven."""
    y = np.tile([-1.0, 1.0], 60)
    layers = (Layer("lstm", "recurrent", 5, "tanh", 0, 60), Layer("head", "dense", 1, "linear", 6, 6))
    cause = frozen_parameters(fake(y, np.zeros(120), shown_layers=layers))
    assert [evidence.value for evidence in cause.evidence] == pytest.approx([6 / 66, 1])
    assert "lstm" in cause.explanation


def test_norms_and_single_biases_may_be_frozen(fake):
    """Statistics are not trained, nor is the second of two biases."""
    y = np.tile([-1.0, 1.0], 60)
    layers = (
        Layer("lstm", "recurrent", 5, "tanh", 50, 60),
        Layer("norm", "norm", 5, None, 0, 10),
        Layer("head", "dense", 1, "linear", 6, 6),
    )
    assert frozen_parameters(fake(y, np.zeros(120), shown_layers=layers)) is None


def test_parameters_that_no_optimizer_holds_are_frozen(trained, net, problem):
    """An optimizer of one bias leaves a real network where it was."""
    X, y = problem
    network = net()
    optimizer = torch.optim.Adam([network.head.bias], lr=1e-2)
    cause = frozen_parameters(trained(network, X, y, optimizer=optimizer, epochs=5))
    assert cause.evidence[0].value == pytest.approx(1 / sum(p.numel() for p in network.parameters()))
    assert frozen_parameters(trained(net(), X, y, epochs=1)) is None


def test_a_training_that_takes_no_step_is_found(trained, net, problem):
    """The loss is the same to rounding, although there is a gradient; a tiny rate moves weights, by almost nothing."""

    class Standing(torch.optim.Adam):
        def step(self, closure=None):
            """Do what an optimizer does whose step is never called."""

    X, y = problem
    still = net()
    cause = frozen_parameters(trained(still, X, y, optimizer=Standing(still.parameters(), lr=1e-2), epochs=8))
    assert "No step was taken" in cause.explanation
    assert cause.evidence[0].value < 1e-6
    assert compile(cause.cure.code, "<cure>", "exec")
    assert frozen_parameters(trained(net(), X, y, rate=1e-6, epochs=8)) is None


def test_a_loss_that_lies_still_for_want_of_a_gradient_is_no_step_left_out(trained, net, problem):
    """Behind a softmax of one unit nothing moves, however many steps are taken."""
    X, y = problem
    assert frozen_parameters(trained(net(behind=nn.Softmax(-1)), X, y, epochs=8)) is None


def test_a_loss_below_the_means_was_not_broadcast(fake):
    """Broadcast, the loss of targets of variance 1 is 1 at least; training that ended at 0.5 compared one with one."""
    y = np.tile([-1.0, 1.0], 60)
    assert loss_broadcast(fake(y, np.zeros((120, 1)), loss=squared, losses=(1.0, 0.5))) is None
    assert loss_broadcast(fake(y, np.zeros((120, 1)), loss=squared, losses=(1.2, 1.0))) is not None


def test_a_network_that_was_never_trained_is_not_called_broadcast(trained, net, problem):
    """Where training with a squeeze came to nothing, the gradient of a broadcast loss has not come to rest either."""
    X, y = problem
    still = trained(net(), X, y[:, 0], rate=1e-7, epochs=2)
    assert loss_broadcast(still).confidence < 0.5
