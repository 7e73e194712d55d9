"""Watched loops of PyTorch: what is seen, what is said, what is left alone."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from unflat import ConfigurationError, DataWarning, ModelFailedError, ShapeError, Watch

FAULTS = {
    "target_scale": ((1000, 50_000), {}),
    "target_scale, centred": ((10_000, 0), {}),
    "rate_too_low": ((1, 0), {"rate": 1e-6}),
    "rate_too_high": ((1, 0), {"rate": 1e3, "optimizer": torch.optim.SGD}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_warned_of_once_with_its_cause(problem, train, collapses, fault):
    """Each fault is named while the training goes on, long before its end, and never twice."""
    (scale, level), options = FAULTS[fault]
    X, y = problem()
    (_, watch), warned = collapses(lambda: train(X, y * np.float32(scale) + np.float32(level), **options))
    assert [warning.cause for warning in warned] == [fault.partition(",")[0]]
    assert watch.failing
    assert not watch.stopped
    assert warned[0].step < 30 * 6 / 4
    assert warned[0].epoch == 1 + (warned[0].step - 1) // 6
    assert f"`{watch.cause}`" in Path(warned[0].page).read_text("utf-8")
    assert f"unflat explain {watch.cause}." in str(warned[0])
    assert warned[0].cause in str(warned[0])


@pytest.mark.parametrize("where", ["X", "y"])
def test_a_single_nan_in_the_data_is_named(problem, train, collapses, where):
    """One value that is no number makes all weights NaN, and the data are blamed, not the rate."""
    X, y = problem()
    if where == "X":
        X[200, 3, 0] = np.nan
    else:
        y[200] = np.nan
    (_, watch), warned = collapses(lambda: train(X, y, epochs=10))
    assert [warning.cause for warning in warned] == ["nan_in_data"]
    assert np.isnan(warned[0].spread[0])
    assert not watch.records[-1].finite


def test_dead_units_are_seen_at_once(problem, train, collapses, dead_net):
    """A layer that gives nothing but zeros is found in the first tenth of the training."""
    (_, watch), warned = collapses(lambda: train(*problem(), make=dead_net))
    assert [warning.cause for warning in warned] == ["dead_units"]
    assert warned[0].step <= 18
    assert {record.dead for record in watch.records if record.dead is not None} == {1.0}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("r2", [1.0, 0.15, 0.05, 0.0])
def test_healthy_weak_and_noisy_trainings_are_left_in_peace(problem, train, collapses, seed, r2):
    """Strong signal, weak signal and none: no warning, though all of them begin flat."""
    (_, watch), warned = collapses(lambda: train(*problem(seed, r2), seed=seed))
    assert warned == []
    assert len(watch.records) > 10
    assert not watch.failing


@pytest.mark.parametrize("options", [{"rate": 1e-3, "epochs": 60}, {"rate": 0.05, "optimizer": torch.optim.SGD}])
def test_slow_trainings_that_arrive_are_left_in_peace(problem, train, collapses, options):
    """A low rate that suffices, and plain gradient descent, are healthy."""
    (_, watch), warned = collapses(lambda: train(*problem(), **options))
    assert warned == []
    assert watch.records[-1].loss_over_mean[0] < 0.5


def test_a_rate_that_a_loop_raises_by_hand_is_no_collapse(problem, net, unhurried, collapses):  # noqa: ARG001 - as in `train`
    """It begins at almost nothing, and what it is going to be is written nowhere."""
    X, y = problem()
    torch.manual_seed(0)
    network = net()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-6)
    watch = Watch(X, y[:, None], model=network, optimizer=optimizer, loss="mse", steps=180, stop=True)

    def loop():
        for epoch in range(30):
            for index in torch.randperm(300).split(50):
                optimizer.param_groups[0]["lr"] = 1e-2 * min(1, (epoch + 1) / 10) ** 3
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(network(torch.from_numpy(X[index])), torch.from_numpy(y[index])[:, None])
                loss.backward()
                optimizer.step()
                if watch.step(loss, epoch=epoch + 1):
                    return
        watch.close()

    _, warned = collapses(loop)
    assert warned == []
    assert watch.records[0].reach == pytest.approx(1e-5 * 180 * 17)
    assert watch.records[-1].reach is None
    assert watch.records[-1].step == 180


@pytest.mark.parametrize("loss", ["mse", None])
def test_raw_targets_beside_scaled_ones_end_nothing(problem, net, unhurried, loss):  # noqa: ARG001 - as in `train`
    """A watch that was given other targets than the loop says so, once, and never says to stop."""
    X, y = problem()
    module = net()
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-2)
    watch = Watch(X, y * 1000 + 50_000, model=module, optimizer=optimizer, loss=loss, steps=60, stop=True)
    inputs, targets = torch.from_numpy(X), torch.from_numpy(y)[:, None]

    def step():
        optimizer.zero_grad()
        error = nn.functional.mse_loss(module(inputs), targets)
        error.backward()
        optimizer.step()
        return watch.step(error)

    with pytest.warns(DataWarning, match="not those that the training learns from: it reports a loss of"):
        said = [step() for _ in range(60)]
    assert not any(said)
    assert not watch.failing


def test_stop_ends_a_failing_training_and_no_other(problem, train, collapses):
    """`step` says True from the warning on, and only where it was asked to."""
    X, y = problem()
    (_, watch), _ = collapses(lambda: train(X, y * 1000 + 50_000, stop=True))
    assert watch.stopped
    assert watch.records[-1].step < 45
    (_, healthy), _ = collapses(lambda: train(X, y, stop=True))
    assert not healthy.stopped
    assert healthy.records[-1].step == 180


def test_weights_are_the_same_bits_with_and_without(problem, train, collapses):
    """Dropout, order and every weight: the watched training is the unwatched one, also where it warns."""
    X, y = problem()
    for target in (y, y * 1000 + 50_000):
        (alone, _), _ = collapses(lambda target=target: train(X, target, watched=False))
        (watched, watch), _ = collapses(lambda target=target: train(X, target))
        assert len(watch.records) > 10
        for one, other in zip(alone.parameters(), watched.parameters(), strict=True):
            assert torch.equal(one, other)


@pytest.mark.usefixtures("unhurried")
def test_mode_hooks_gradients_and_randomness_are_left_alone(problem, net):
    """Between two looks nothing of the module, and nothing global, differs."""
    X, y = problem()
    network = net()
    network.lstm.eval()  # a user's own mixture of modes
    network(torch.from_numpy(X[:5])).sum().backward()

    def everything():
        return (
            [part.training for part in network.modules()],
            [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in network.modules()],
            [p.grad.tolist() for p in network.parameters()],
            [sorted(part.__dict__) for part in network.modules()],
            torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist(),  # noqa: NPY002 - as it is
        )  # fmt: skip

    before = everything()
    with Watch(X, y, model=network, optimizer=torch.optim.Adam(network.parameters()), steps=10) as watch:
        for _ in range(4):
            watch.step(0.1)
        assert len(watch.records) == 5
        assert everything() == before
    assert everything() == before


@pytest.mark.usefixtures("unhurried")
def test_one_call_a_step_suffices(problem, net):
    """Without a context the first step begins, and `close` looks for the last time."""
    X, y = problem()
    watch = Watch(X, y, model=net(), steps=300)
    assert not watch.step()
    assert not watch.step(torch.tensor(0.5, requires_grad=True), epoch=2)
    watch.close()
    assert [(record.step, record.epoch, record.loss) for record in watch.records[-1:]] == [(2, 2, 0.5)]
    assert watch.records[0].step == 0


def test_looks_keep_to_their_share(problem, net, collapses):
    """With a share of nothing, a training is seen before its first step and at its end, and not between."""

    def idle():
        with Watch(*problem(), model=net(), steps=50, share=0.0) as watch:
            for _ in range(50):
                watch.step()
        return watch

    watch, _ = collapses(idle)
    assert [record.step for record in watch.records] == [0, 50]


def test_figures_are_those_of_the_sample(problem, net):
    """Spread, error and offset are what NumPy makes of the predictions in evaluation mode."""
    X, y = problem()
    X, y = X[:100], y[:100]
    network = net()
    with Watch(X, y, model=network, steps=1) as watch:
        pass
    network.eval()
    with torch.no_grad():
        prediction = network(torch.from_numpy(X)).numpy()[:, 0].astype(float)
    first = watch.records[0]
    assert first.spread[0] == pytest.approx(prediction.std() / y.std(), rel=1e-5)
    assert first.loss_over_mean[0] == pytest.approx(np.mean((prediction - y) ** 2) / y.var(), rel=1e-5)
    assert first.offset[0] == pytest.approx((prediction.mean() - y.mean()) / y.std(), rel=1e-5)


def test_the_reach_is_the_formula(problem, net):
    """Before the first step it is lr · S · (H + 1), 1e-3 · 200 · 17; not known where steps or rate are not."""
    X, y = problem()
    network = net()
    adam, sgd = (kind(network.parameters(), lr=1e-3) for kind in (torch.optim.Adam, torch.optim.SGD))
    reaches = []
    for optimizer, steps in ((adam, 200), (adam, None), (sgd, 200)):
        with Watch(X, y, model=network, optimizer=optimizer, steps=steps) as watch:
            reaches.append(watch.records[0].reach)
    assert reaches == [pytest.approx(3.4), None, None]


def test_the_reach_of_unbounded_states_is_not_known(problem, net):
    """Rectified units may grow without bound, and with them what a step moves."""
    X, y = problem()
    network = net(rectified=True)
    optimizer = torch.optim.Adam(network.parameters())
    with Watch(X, y, model=network, optimizer=optimizer, steps=200) as watch:
        assert watch.records[0].reach is None


def test_a_sample_that_does_not_fit_the_module_is_an_error_before_the_first_step(problem, net):
    """It is said at once, with the module's own error in it."""
    X, y = problem()
    with pytest.raises(ModelFailedError, match="Net"):
        Watch(X[:, :, :1], y, model=net()).step()
    with pytest.raises(ShapeError, match="prediction"):
        Watch(X, np.column_stack([y, y]), model=net()).step()


def test_a_module_of_several_outputs_is_told_how_to_give_one(problem):
    """The output that fits is named; a watch needs a module, which may return that alone."""
    X, y = problem()

    class Inside(nn.Linear):
        def forward(self, x):
            return x, super().forward(x[:, -1])

    with pytest.raises(ShapeError, match=r"\[1\] fits.*or a module whose forward returns that alone"):
        Watch(X, y, model=Inside(X.shape[2], 1)).step()


def test_a_loop_without_a_module_is_refused(problem):
    """`step` needs to know whom to ask."""
    with pytest.raises(ConfigurationError, match="'model' of Watch"):
        Watch(*problem()).step()


def test_an_error_in_the_loop_is_not_hidden(problem, net):
    """The context passes a user's own error on."""
    with pytest.raises(ZeroDivisionError, match="mine"), Watch(*problem(), model=net()):
        raise ZeroDivisionError("mine")


@pytest.mark.usefixtures("unhurried")
def test_batch_norm_keeps_its_statistics(problem):
    """Looking is no training: running statistics stand still."""
    X, y = problem()
    network = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16), nn.Linear(16, 1))
    mean = network[1].running_mean.clone()
    with Watch(X, y, model=network, steps=200) as watch:
        watch.step()
    assert torch.equal(network[1].running_mean, mean)
    assert network.training
