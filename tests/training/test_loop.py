import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import unflat.training.loop
from unflat.config import NetworkConfig, TrainingConfig
from unflat.errors import ConfigurationError
from unflat.network import Network, kernel
from unflat.scaling.scales import fit_input_scaling
from unflat.sequences import as_sequences, sequences_together
from unflat.sequences.batches import BatchSource
from unflat.training.callbacks import Callback
from unflat.training.examples import Examples
from unflat.training.loop import Conduct, Runtime, errors_on, processor_computes_bf16, train

SMALL = NetworkConfig(units=(5,), dropout=0.1)
BRIEF = TrainingConfig(epochs=4, batch_size=16, learning_rate=1e-2)


def examples(n=48, seed=0, slope=1.0):
    """Make examples whose target is a product that no straight line explains."""
    random = np.random.default_rng(seed)
    sequences = as_sequences(random.normal(size=(n, 6, 2)))
    scaling, _ = fit_input_scaling(sequences, "none")
    target = slope * sequences.dense()[:, -1, :1] * sequences.dense()[:, 0, 1:]
    return Examples(BatchSource(sequences), scaling, torch.from_numpy(target).float())


def network(seed=0, config=SMALL):
    """Make a small network."""
    return Network(config, features=2, outputs=1, generator=torch.Generator().manual_seed(seed))


def trained(config=BRIEF, *, validation=None, callbacks=(), seed=0, data=None):
    """Train a small network and give it with its history."""
    net = network(seed)
    conduct = Conduct(torch.Generator().manual_seed(seed), callbacks=callbacks)
    history, *_ = train(net, data or examples(), validation, config, conduct)
    return net, history


def weights(net):
    """Put all parameters into one vector."""
    return torch.cat([p.detach().flatten() for p in net.parameters()])


class Recorder(Callback):
    """Notes every call."""

    def __init__(self, stop_at=None, interrupt_at=None):
        self.calls, self.steps, self.rates = [], [], []
        self.stop_at, self.interrupt_at = stop_at, interrupt_at

    def on_start(self, plan):
        self.calls.append(("start", plan))

    def on_step(self, step, rate):
        self.steps.append(step)
        self.rates.append(rate)

    def on_epoch(self, record):
        self.calls.append(("epoch", record.epoch))
        if record.epoch == self.interrupt_at:
            raise KeyboardInterrupt
        return record.epoch == self.stop_at

    def on_end(self, history):
        self.calls.append(("end", history.stopped))


def test_same_generator_gives_the_same_bits():
    """Two trainings with equal generators end in bitwise equal weights, and a third with another does not."""
    assert torch.equal(weights(trained()[0]), weights(trained()[0]))
    assert not torch.equal(weights(trained()[0]), weights(trained(seed=1)[0]))


def test_global_generators_are_left_alone():
    """Training with dropout neither seeds nor draws from the generators of torch and NumPy."""
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - it is to be left alone
    trained()
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002 - as above


def test_loss_falls_on_learnable_data():
    """Forty epochs on a product of two inputs bring the loss well below what it was."""
    _, history = trained(TrainingConfig(epochs=40, batch_size=16, learning_rate=2e-2))
    assert history.epochs[-1].loss < 0.5 * history.epochs[0].loss


def test_one_step_of_adamw_equals_the_published_update():
    """The first step moves each spared parameter by the rate against its gradient's sign, as AdamW's equations say."""
    data, config = examples(16), TrainingConfig(epochs=1, batch_size=16, schedule="constant", clip_norm=None)
    net = network(config=NetworkConfig(units=(3,)))
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    sample = data.draw(torch.arange(16), torch.device("cpu"))
    loss = (net(sample.x) - sample.target).square().mean()
    loss.backward()
    gradient = {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}
    net.zero_grad()
    train(net, data, None, config, Conduct(torch.Generator().manual_seed(0)))
    for name in ("head.weight", "head.bias", "skip.map.weight"):
        g = gradient[name]
        decay = config.weight_decay if name == "head.weight" else 0.0
        expected = before[name] * (1 - config.learning_rate * decay) - config.learning_rate * g / (g.abs() + 1e-8)
        torch.testing.assert_close(dict(net.named_parameters())[name].detach(), expected, rtol=1e-4, atol=1e-6)


def test_one_cycle_rises_to_the_rate_and_falls_to_almost_nothing():
    """The rate peaks at the configured one after three tenths of the steps and ends more than 500 times lower."""
    seen = Recorder()
    trained(TrainingConfig(epochs=20, batch_size=16, learning_rate=1e-2), callbacks=[seen])
    assert max(seen.rates) == pytest.approx(1e-2, rel=0.02)
    assert seen.rates.index(max(seen.rates)) == pytest.approx(0.3 * len(seen.rates), abs=2)
    assert seen.rates[-1] < 1e-2 / 500


def test_constant_rate_stays():
    """Every step has the configured rate."""
    seen = Recorder()
    trained(TrainingConfig(epochs=2, batch_size=16, learning_rate=3e-3, schedule="constant"), callbacks=[seen])
    assert set(seen.rates) == {3e-3}


def test_clipping_bounds_the_step_and_not_what_is_recorded():
    """With targets a thousand times larger the recorded norm is that before clipping, above the limit."""
    _, history = trained(data=examples(slope=1000.0))
    assert history.epochs[0].gradient_norm > 10


@pytest.mark.parametrize("averaging", [0.0, 0.3])
def test_best_weights_are_restored_from_the_validation_part(averaging):
    """The final network has exactly the validation loss of the best epoch, not of the last."""
    validation = examples(24, seed=5)
    rough = TrainingConfig(epochs=12, batch_size=8, learning_rate=0.3, schedule="constant", averaging=averaging)
    net, history = trained(rough, validation=validation)
    best = min(record.validation_loss for record in history.epochs)
    sample = validation.draw(torch.arange(24), torch.device("cpu"))
    with torch.no_grad():
        loss = (net(sample.x) - sample.target).square().mean().item()
    assert history.best_epoch < len(history.epochs)
    if history.best_epoch:
        assert loss == pytest.approx(best, rel=1e-5)
        assert history.epochs[history.best_epoch - 1].validation_loss == best
    else:
        assert loss < best


def test_weights_before_the_first_epoch_count():
    """A training that only makes things worse ends with the weights it began with, as epoch 0."""
    validation = examples(24, seed=5, slope=0.0)  # zero targets, which the zero head of a new network predicts
    net, history = trained(validation=validation)
    assert history.best_epoch == 0
    assert torch.equal(weights(net), weights(network()))


def test_early_stopping_waits_for_patience():
    """Without improvement training ends exactly `patience` epochs after the best one."""
    config = TrainingConfig(epochs=30, batch_size=16, patience=3)
    _, history = trained(config, validation=examples(24, seed=5, slope=0.0))
    assert history.stopped == "early"
    assert len(history.epochs) == 3


def test_nothing_left_to_learn_ends_training():
    """Where the errors before the first epoch are those of rounding, none is needed, whatever the units are."""
    for slope in (1.0, 1e-9, 1e6):
        data = examples(slope=slope)
        net = network()
        with torch.no_grad():
            net.skip.map.weight.zero_()
        flat = Examples(data.source, data.scaling, torch.full_like(data.targets, slope))
        with torch.no_grad():
            net.skip.map.bias.fill_(slope)
        history, *_ = train(net, flat, flat, BRIEF, Conduct(torch.Generator().manual_seed(0)))
        assert (history.stopped, len(history.epochs), history.best_epoch) == ("exact", 0, 0)


def test_what_is_kept_is_the_average_over_a_share_of_all_steps():
    """Each step the kept weights go one over the horizon of the way to those that the step led to, and more at first.

    A horizon of two of the twelve steps is full by the eleventh.
    """
    net = network()

    class Following(Callback):
        kept = torch.zeros(())

        def on_step(self, step, rate):
            reach = min(2.0, 1 + (step - 1) / 10)
            self.kept = self.kept + (weights(net) - self.kept) / reach

    following, generator = Following(), torch.Generator().manual_seed(0)
    train(net, examples(), None, replace(BRIEF, averaging=2 / 12), Conduct(generator, callbacks=[following]))
    torch.testing.assert_close(weights(net), following.kept)
    assert not torch.equal(weights(net), weights(trained()[0]))


def test_without_validation_the_last_weights_stay():
    """Nothing is restored, and the best epoch is the last."""
    net, history = trained()
    assert history.best_epoch == len(history.epochs) == 4
    assert history.stopped == "finished"
    assert history.epochs[-1].validation_loss is None
    assert not torch.equal(weights(net), weights(network()))


def test_errors_on_the_validation_part_are_those_of_every_epoch():
    """The first are of the weights before training, and their mean squares are the losses that were recorded."""
    net, validation = network(), examples(20, seed=1)
    conduct = Conduct(torch.Generator().manual_seed(0), keep_errors=True)
    history, _, errors = train(net, examples(), validation, BRIEF, conduct)
    assert [tuple(one.shape) for one in errors] == [(20, 1)] * (1 + len(history.epochs))
    assert torch.equal(
        errors[0], validation.targets - network()(validation.draw(torch.arange(20), torch.device("cpu")).x)
    )
    recorded = [record.validation_loss for record in history.epochs]
    assert [float(one.square().mean()) for one in errors[1:]] == pytest.approx(recorded)


def test_long_sequences_are_judged_a_few_at_a_time():
    """Of a validation part no more steps are in memory than a prediction takes, and its loss is that of the whole."""
    sequences = as_sequences(np.random.default_rng(0).normal(size=(70, 2000, 1)))
    scaling, _ = fit_input_scaling(sequences, "none")
    data = Examples(BatchSource(sequences), scaling, torch.arange(70.0)[:, None])
    net = Network(SMALL, features=1, outputs=1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = net(torch.from_numpy(sequences.dense()).float(), None)
    seen = []
    net.register_forward_pre_hook(lambda _, arguments: seen.append(len(arguments[0])))
    error = errors_on(net, data, Runtime())
    assert sum(seen) == 70
    assert max(seen) <= sequences_together(2000) < 70
    torch.testing.assert_close(error, data.targets - whole, rtol=0, atol=1e-4)


def test_interrupt_keeps_the_best_weights_so_far():
    """Ctrl-C in the third epoch ends training in good order, with the best weights of the epochs that were done."""
    seen = Recorder(interrupt_at=3)
    net, history = trained(callbacks=[seen], validation=examples(24, seed=5))
    assert history.stopped == "interrupted"
    assert seen.calls[-1] == ("end", "interrupted")
    assert torch.isfinite(weights(net)).all()
    best = min([*history.epochs], key=lambda record: record.validation_loss)
    assert history.best_epoch in {0, best.epoch}


def test_divergence_ends_training_with_finite_weights():
    """A rate that overflows is noticed in its epoch, and the weights from before are restored."""
    wild = TrainingConfig(epochs=50, batch_size=16, learning_rate=1e30, schedule="constant", clip_norm=None)
    net, history = trained(wild)
    assert history.stopped == "diverged"
    assert len(history.epochs) < 50
    assert not math.isfinite(history.epochs[-1].loss)
    assert torch.isfinite(weights(net)).all()


def test_every_callback_sees_everything_and_may_stop():
    """Start, each step, each epoch and the end reach every callback, also when the first one asks to stop."""
    first, second = Recorder(stop_at=2), Recorder()
    _, history = trained(callbacks=[first, second])
    assert history.stopped == "callback"
    assert first.calls == second.calls
    assert [call[0] for call in first.calls] == ["start", "epoch", "epoch", "end"]
    assert first.calls[0][1].steps == 3
    assert first.steps == [1, 2, 3, 4, 5, 6]


def test_error_in_a_callback_reaches_the_caller_after_everyone_was_told():
    """An exception is not swallowed, and on_end still runs, so that a progress bar is taken away."""

    class Breaks(Callback):
        def on_epoch(self, record):
            raise RuntimeError("broken callback")

    seen = Recorder()
    with pytest.raises(RuntimeError, match="broken callback"):
        trained(callbacks=[Breaks(), seen])
    assert seen.calls[-1][0] == "end"


def test_zero_weight_is_absence():
    """Sequences of weight zero leave no trace, whatever their targets are."""
    data = examples(32)
    ones = torch.ones(32)
    ones[16:] = 0
    spoilt = data.targets.clone()
    spoilt[16:] = 1e6
    calm = Examples(data.source, data.scaling, data.targets, ones)
    wild = Examples(data.source, data.scaling, spoilt, ones)
    assert torch.equal(weights(trained(data=calm)[0]), weights(trained(data=wild)[0]))


def test_moments_carry_over():
    """Going on with an earlier training's moments differs from starting with none, and gives new ones."""
    config = TrainingConfig(epochs=1, batch_size=16, schedule="constant")

    def going_on_from(moments):
        net, generator = network(), torch.Generator().manual_seed(0)
        after = train(net, examples(), None, config, Conduct(generator), moments=moments).moments
        return after, {float(count) for group in after["groups"] for count in group.steps}, weights(net)

    moments, steps, fresh = going_on_from(None)
    assert steps == {3.0}
    _, steps, later = going_on_from(moments)
    assert steps == {6.0}
    assert not torch.equal(fresh, later)
    assert going_on_from(moments)[1] == {6.0}  # what was given is as it was


def test_a_training_that_diverged_leaves_no_moments():
    """They are no numbers, and would stop all later training."""
    wild = TrainingConfig(epochs=3, batch_size=16, learning_rate=1e30, clip_norm=1e30)
    left = train(network(), examples(), None, wild, Conduct(torch.Generator().manual_seed(0)))
    assert left.history.stopped == "diverged"
    assert left.moments is None


def test_a_processor_without_bf16_is_told_of(monkeypatch):
    """Before anything is trained, with what to choose in its stead; other devices and fp32 are not asked."""
    monkeypatch.setattr(unflat.training.loop, "processor_computes_bf16", lambda: False)
    with pytest.raises(ConfigurationError, match=r"'precision' of .*: expected 'fp32' on this processor"):
        Runtime(torch.device("cpu"), "bf16")
    assert Runtime(torch.device("cpu")).precision == "fp32"
    assert Runtime(torch.device("cuda"), "bf16").precision == "bf16"


@pytest.mark.skipif(not processor_computes_bf16(), reason="this processor computes no LSTM in bfloat16")
def test_bf16_trains_close_to_fp32():
    """The coarser products reach a loss near that of the exact ones."""
    losses = {}
    for precision in ("fp32", "bf16"):
        config = TrainingConfig(epochs=15, batch_size=16, learning_rate=1e-2, precision=precision)
        net = network()
        conduct = Conduct(torch.Generator().manual_seed(0), Runtime(torch.device("cpu"), precision))
        history, *_ = train(net, examples(), None, config, conduct)
        losses[precision] = history.epochs[-1].loss
        assert next(net.parameters()).dtype == torch.float32
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.2)
    assert losses["bf16"] != losses["fp32"]


@pytest.mark.skipif(not kernel.available(), reason="no kernel is compiled: `make kernel`")
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_kernel_and_torch_end_alike(bidirectional):
    """Trainings by the compiled layers and by torch's differ by rounding alone, over many steps and both ways."""
    shape = NetworkConfig(units=(12, 20), dropout=0.1, bidirectional=bidirectional)
    ends = []
    for engine in (kernel.available()[0], None):
        net = network(config=shape)
        with kernel.using(engine):
            history, *_ = train(net, examples(), None, BRIEF, Conduct(torch.Generator().manual_seed(0)))
        ends.append((history.epochs[-1].loss, weights(net)))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-3)
    torch.testing.assert_close(ends[0][1], ends[1][1], rtol=0, atol=1e-3)
    assert not torch.equal(ends[0][1], ends[1][1])
