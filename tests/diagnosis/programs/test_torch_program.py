"""A PyTorch module, trained again."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from unflat.diagnosis.programs import Edit, Job, Training
from unflat.diagnosis.programs.torch_program import TorchProgram, can_train
from unflat.diagnosis.programs.torch_surgery import drawn_anew, fresh
from unflat.diagnosis.subjects import Settings
from unflat.errors import ModelFailedError


class Net(nn.Module):
    """An LSTM, dropout, and a head."""

    def __init__(self, layers=1, units=8):
        super().__init__()
        self.lstm = nn.LSTM(2, units, num_layers=layers, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(units, 1)

    def forward(self, x):
        return self.head(self.drop(self.lstm(x)[0][:, -1]))


def program(network=None, *, rate=1e-2, optimizer=None, loss="mse", epochs=25, padding=None, broadcasts=False):
    """Make a program whose user trained in four steps an epoch."""
    network = network or Net()
    optimizer = optimizer or torch.optim.Adam(network.parameters(), lr=rate)
    settings = Settings(epochs=epochs, steps=epochs * 4, optimizer=type(optimizer).__name__.lower())
    return TorchProgram(network, Training(120, loss, optimizer, settings, padding, broadcasts))


def job(problem, *, epochs=25, seed=1):
    """Give the problem's data to train on, and its others to predict."""
    X, y, new, _ = problem
    return Job(X, y[:, None], new, epochs, seed)


def test_training_again_learns(problem, skill, untouched):
    """From new weights, with the user's loss, rate, epochs and batches; global generators are left alone."""
    rerun = program()
    with untouched():
        prediction = rerun.run(job(problem), ())
    assert prediction.shape == (40, 1)
    assert skill(prediction, problem[3]) > 0.8


def test_axes_are_put_right_in_layers_that_take_samples_for_steps(problem):
    """A forgotten `batch_first` is set, and the data are left as they are; the user's own layers stay."""
    network = Net()
    network.lstm.batch_first = False
    rerun = program(network)
    np.testing.assert_array_equal(rerun.run(job(problem), {Edit.SWAP_AXES}), program().run(job(problem), ()))
    assert not network.lstm.batch_first


def test_the_users_module_is_not_changed(problem):
    """Copies are trained; weights, mode and gradients of the module stay as they are."""
    network = Net().eval()
    before = copy.deepcopy(network.state_dict())
    program(network).run(job(problem, epochs=2), set(Edit) - {Edit.MASK_PADDING, Edit.FEWER_LAYERS, Edit.SWAP_AXES})
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not network.training
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not network.lstm._forward_hooks


def test_the_same_seed_gives_the_same_training(problem):
    """Weights, batches and dropout come from the seed alone."""
    first, again, other = (program().run(job(problem, epochs=2, seed=seed), ()) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_frozen_parameters_keep_their_values_until_they_are_thawed(problem):
    """What the optimizer does not hold is neither drawn anew nor trained, unless that is the change."""
    X, _, new, _ = problem
    network = Net().eval()
    with torch.no_grad():
        network.head.bias.fill_(50.0)
        network.head.weight.zero_()
    frozen = torch.optim.Adam(network.lstm.parameters(), lr=1e-2)
    kept = program(network, optimizer=frozen).run(job(problem, epochs=2), ())
    np.testing.assert_allclose(kept, 50.0)
    thawed = program(network, optimizer=frozen).run(job(problem, epochs=2), {Edit.THAW})
    assert np.all(np.abs(thawed - 50.0) > 1e-4)
    assert len(new) == len(thawed) != len(X)


def test_target_scale_is_undone_in_predictions(problem, skill):
    """A target of another scale is learned on its own, and predicted in its units."""
    X, y, new, truth = problem
    given = Job(X, (5e4 + 1e3 * y)[:, None], new, 25, 1)
    assert skill(program().run(given, {Edit.STANDARDIZE_TARGET}), 5e4 + 1e3 * truth) > 0.8
    assert skill(program().run(given, ()), 5e4 + 1e3 * truth) < 0


@pytest.mark.parametrize(
    ("broadcasts", "edits", "learns"), [(True, (), False), (True, {Edit.ALIGN_LOSS}, True), (False, (), True)]
)
def test_shapes_are_aligned_unless_the_users_loss_broadcast(problem, skill, broadcasts, edits, learns):
    """(n, 1) against (n,) is a matrix of errors only where it was one for the user, until that is the change."""
    X, y, new, truth = problem
    given = Job(X, y, new, 25, 1)

    def loss(prediction, target):
        return (prediction - target).square().mean()

    found = skill(program(loss=loss, broadcasts=broadcasts).run(given, edits), truth)
    assert found > 0.8 if learns else found < 0.3


@pytest.mark.parametrize("rate", [1e-6, 30.0])
def test_a_usual_rate_learns(problem, skill, rate):
    """A rate far off learns nothing; the optimizer's usual one does."""
    other = program(rate=rate)
    unchanged = skill(other.run(job(problem, epochs=60), ()), problem[3])
    cured = skill(other.run(job(problem, epochs=60), {Edit.USUAL_RATE}), problem[3])
    assert not unchanged > 0.2
    assert cured > 0.4


def test_an_optimizer_gives_its_class_and_settings():
    """Momentum, decay and the rate before a schedule are those of the user; the state is not."""
    network = Net()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    torch.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.param_groups[0]["lr"] = 1e-9
    rerun = program(network, optimizer=optimizer)
    made = rerun._trained(_behind(network), ())
    assert isinstance(made, torch.optim.SGD)
    group = made.param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.1, 0.9, 0.01)
    assert rerun._trained(_behind(network), {Edit.NO_REGULARISATION}).param_groups[0]["weight_decay"] == 0


def _behind(network):
    class Behind(nn.Module):
        module = network

    return Behind()


def test_fewer_layers_keep_the_rest(problem, skill):
    """A stack of many becomes one of two; one of two refuses."""
    deep = program(Net(layers=4))
    assert deep.refuses(Edit.FEWER_LAYERS) is None
    assert "more than 2" in program(Net(layers=2)).refuses(Edit.FEWER_LAYERS)
    assert skill(deep.run(job(problem, epochs=60), {Edit.FEWER_LAYERS}), problem[3]) > 0.7


def test_what_cannot_be_changed_is_refused():
    """Padding that is not known, and read-outs of a module without a recurrence."""
    assert "not known" in program().refuses(Edit.MASK_PADDING)
    assert program(padding=0.0).refuses(Edit.MASK_PADDING) is None
    assert "nn.LSTM" in program(nn.Sequential(nn.Flatten(), nn.Linear(12, 1))).refuses(Edit.POOL_STATES)


def test_the_best_epoch_is_kept(problem, skill):
    """Noise learned by heart is left behind where the best epoch on other sequences is kept."""
    X, y, new, truth = problem
    noisy = y + 1.5 * np.random.default_rng(3).normal(size=len(y)).astype(np.float32)
    given = Job(X, noisy[:, None], new, 120, 1)
    wide = program(Net(units=32), epochs=120)
    assert skill(wide.run(given, {Edit.KEEP_BEST}), truth) > skill(wide.run(given, ()), truth) + 0.1


def test_norms_are_settled_and_used(problem, skill):
    """A module left in training mode predicts by its own statistics after the change."""
    network = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(12, momentum=1e-6), nn.Linear(12, 1)).eval()
    X, y, new, truth = problem
    given = Job(100 + 20 * X, y[:, None], 100 + 20 * new, 40, 1)
    rerun = program(network)
    assert skill(rerun.run(given, {Edit.SETTLE_NORMS}), truth) > 0.8 > skill(rerun.run(given, ()), truth)


def test_what_is_not_known_is_said():
    """Epochs and batch size that nothing tells are assumed aloud."""
    network = Net()
    unknown = TorchProgram(network, Training(120, "mse", torch.optim.Adam(network.parameters())))
    assert any("how long" in said for said in unknown.assumed)
    assert any("batch size" in said for said in unknown.assumed)
    assert program().assumed == ()


def test_a_weight_behind_a_parametrization_is_drawn_anew():
    """By what it is made of; one that a pass makes of others, whatever is drawn into it, is said to be kept."""
    plain, normed = nn.Linear(12, 8), weight_norm(nn.Linear(12, 8))
    names = {name for name, _ in normed.named_parameters()}
    with torch.random.fork_rng():
        torch.manual_seed(3)
        drawn = fresh(plain, {"weight", "bias"})
        torch.manual_seed(3)
        of_parts = fresh(normed, names)
    torch.testing.assert_close(of_parts.weight, drawn.weight)
    assert drawn_anew(normed)

    class Scaled(nn.Linear):
        def __init__(self):
            super().__init__(12, 8)
            self.scale = nn.Parameter(torch.ones(8))

    assert not drawn_anew(Scaled())


def test_a_tensor_that_a_pass_left_in_the_module_is_copied(problem):
    """Attention weights kept for a look at them keep no module from being trained again."""

    class Kept(Net):
        def forward(self, x):
            states, _ = self.lstm(x)
            self.seen = [torch.softmax(states.mean(dim=2), 1)]
            return self.head((self.seen[0][..., None] * states).sum(1))

    network = Kept()
    network(torch.from_numpy(problem[0]))
    assert program(network).run(job(problem, epochs=1), ()).shape == (40, 1)


def test_whole_numbers_are_given_as_the_diagnosis_gives_them(problem):
    """In the module's precision, since there is no embedding that looks them up."""
    X, y, new, _ = problem
    whole, new = ((10 * values).round().astype(np.int64) for values in (X, new))
    assert program().run(Job(whole, y[:, None], new, 1, 1), ()).shape == (40, 1)


@pytest.mark.parametrize("edits", [(), {Edit.SETTLE_NORMS}])
def test_a_last_batch_of_one_goes_with_the_one_before(problem, edits):
    """Norms can make nothing of it alone: 91 sequences in batches of 30 are three batches."""
    X, y, new, _ = problem
    network = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(12), nn.Linear(12, 1))
    given = Job(X[:91], y[:91, None], new, 1, 1)
    assert np.isfinite(program(network).run(given, edits)).all()


def test_batches_are_worked_out_from_epochs_and_steps():
    """Four steps an epoch of 120 sequences are batches of 30."""
    assert program()._training.batch_size == 30


@pytest.mark.parametrize(
    ("loss", "optimizer", "known"),
    [("mse", "adam", True), (nn.MSELoss(), "SGD", True), (None, "adam", False), ("mse", None, False)],
)
def test_training_needs_a_loss_and_an_optimizer(loss, optimizer, known):
    """Names are enough; one without the other is not."""
    assert can_train(loss, optimizer) is known


def test_an_error_of_the_module_is_told_as_such(problem):
    """What the module raises names the module."""
    X, y, _, _ = problem
    with pytest.raises(ModelFailedError, match="Net"):
        program().run(Job(X[..., :1], y[:, None], X[..., :1], 1, 0), ())
