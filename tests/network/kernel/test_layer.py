"""The compiled layer against torch's and against the gate equations, whatever the shapes and the threads."""

import copy
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from unflat.network.kernel import LSTM, available, using
from unflat.training.loop import processor_computes_bf16

compiled = pytest.mark.skipif(not available(), reason="no kernel is compiled: `make kernel`")


@pytest.fixture
def threads():
    """Set torch's number of threads, and put it back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def layer(features, units, seed=0):
    """Make a layer whose weights all differ, both biases too."""
    generator = torch.Generator().manual_seed(seed)
    made = LSTM(features, units, batch_first=True)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.uniform_(-0.5, 0.5, generator=generator)
    return made


def draw(*shape, seed=1):
    """Draw numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def passed(module, x, mix, last):
    """Give states, last state and memory, and all gradients of a mixture of both."""
    x = x.detach().clone().requires_grad_()
    module.zero_grad()
    states, (final, memory) = module(x)
    ((states * mix).sum() + (memory[0] * last).sum()).backward()
    return [states.detach(), final.detach(), memory.detach(), x.grad, *(p.grad.clone() for p in module.parameters())]


def assert_near(ours, theirs, tolerance=1e-5):
    """Compare arrays, relative to the largest number of each, or to a tenth: hundreds of terms may nearly cancel."""
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape
        difference = float((one.double() - other.double()).abs().max())
        assert difference <= tolerance * max(float(other.double().abs().max()), 0.1)


@compiled
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 9), st.integers(1, 40), st.integers(1, 70)),
    kind=st.sampled_from(available() or ("none",)),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_all_results_are_those_of_torch_in_double_precision(shape, kind, seed):
    """States, memory and every gradient are torch's float64 results up to 1e-5, for any shape and instructions."""
    batch, steps, features, units = shape
    module, x = layer(features, units, seed), draw(batch, steps, features, seed=seed)
    mix, last = draw(batch, steps, units, seed=seed + 1), draw(batch, units, seed=seed + 2)
    exact = nn.LSTM(features, units, batch_first=True).double()
    exact.load_state_dict(module.state_dict())
    with using(kind):
        ours = passed(module, x, mix, last)
    assert_near(ours, passed(exact, x.double(), mix.double(), last.double()))


@compiled
@pytest.mark.parametrize("shape", [(128, 16, 1, 50), (128, 16, 50, 100), (150, 5, 33, 128), (3, 200, 7, 20)])
def test_all_results_are_those_of_torch_in_single_precision(shape):
    """The document's two layers, and others of unequal shares, are torch's float32 layers up to 1e-5."""
    batch, steps, features, units = shape
    module, x, mix, last = layer(features, units), draw(*shape[:3]), draw(batch, steps, units), draw(batch, units)
    ours = passed(module, x, mix, last)
    with using(None):
        theirs = passed(module, x, mix, last)
    assert not torch.equal(ours[0], theirs[0])  # they are indeed computed in two ways
    assert_near(ours, theirs)


@compiled
@pytest.mark.parametrize("kind", available())
def test_states_equal_the_gate_equations(kind, recur):
    """Every state equals the gates written out in NumPy, for weights of one bias."""
    module = layer(3, 21)
    with torch.no_grad():
        module.bias_hh_l0.zero_()
    weights = {name: p.detach().double().numpy() for name, p in module.named_parameters()}
    x = draw(5, 7, 3)
    with using(kind):
        states = module(x)[0].detach()
    for row, sequence in enumerate(x.double().numpy()):
        np.testing.assert_allclose(states[row], recur("lstm", weights, sequence), rtol=0, atol=2e-6)


@compiled
@pytest.mark.parametrize("kind", available())
def test_large_numbers_saturate_as_they_should(kind):
    """Gates driven far beyond saturation are what torch has, and a missing number is not hidden."""
    module, x = layer(2, 9), draw(6, 4, 2) * 1e4
    x[0, 0, 0], x[5, 1, 1] = torch.inf, torch.nan
    with using(kind), torch.no_grad():
        ours = module(x)[0]
    with using(None), torch.no_grad():
        theirs = module(x)[0]
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6, equal_nan=True)
    assert not ours[5, 1:].isfinite().any()


@compiled
def test_prediction_has_the_states_of_training():
    """Without gradients, when only two steps are kept, the states are the same to the last bit."""
    module, x = layer(3, 30), draw(20, 11, 3)
    with torch.no_grad():
        states, (final, memory) = module(x)
    trained, (_, trained_memory) = module(x)
    assert torch.equal(states, trained)
    assert torch.equal(memory, trained_memory)
    assert torch.equal(final[0], states[:, -1])


@compiled
@pytest.mark.parametrize("count", [1, 2, 3])
def test_results_repeat_for_a_number_of_threads(count, threads):
    """With equal threads every number is the same again; a sequence's state does not know the number at all."""
    module, x, mix, last = layer(20, 64), draw(61, 12, 20), draw(61, 12, 64), draw(61, 64)
    threads(1)
    alone = passed(module, x, mix, last)
    threads(count)
    first, again = passed(module, x, mix, last), passed(module, x, mix, last)
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert torch.equal(first[0], alone[0])
    assert_near(first, alone)


@compiled
def test_several_python_threads_do_not_disturb_each_other():
    """Passes at the same time, of layers that share nothing, give what they give one after the other."""
    modules = [layer(10, 40, seed) for seed in range(6)]
    x, mix, last = draw(40, 15, 10), draw(40, 15, 40), draw(40, 40)
    expected = [passed(module, x, mix, last) for module in modules]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda module: passed(module, x, mix, last), modules))
    for one, other in zip(found, expected, strict=True):
        assert_near(one, other, tolerance=1e-6)


@compiled
def test_a_forked_process_goes_on():
    """After threads were used, a process that is forked off computes the same instead of waiting for them."""
    code = """
import os, torch
from unflat.network.kernel import LSTM
torch.set_num_threads(2)
module, x = LSTM(10, 64, batch_first=True), torch.ones(64, 20, 10)
states = module(x)[0].detach().numpy()
child = os.fork()
if not child:
    os._exit(0 if (module(x)[0].detach().numpy() == states).all() else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - Python itself


@compiled
def test_inputs_in_any_order_of_memory_are_read():
    """Views that are transposed, strided or expanded give what their copies give."""
    module = layer(4, 12)
    wide = draw(6, 9, 8)
    for x in (wide[..., ::2], wide.transpose(0, 1)[..., :4], wide[:1, :, :4].expand(6, 9, 4)):
        assert not x.is_contiguous()
        assert torch.equal(module(x)[0], module(x.contiguous())[0])


@compiled
def test_only_wanted_gradients_are_given():
    """A frozen weight gets no gradient, an input that wants none gets none, and the others get theirs."""
    module, x = layer(2, 5), draw(3, 4, 2)
    module.bias_hh_l0.requires_grad_(False)  # noqa: FBT003 - torch's own positional flag
    module(x)[0].sum().backward()
    assert module.bias_hh_l0.grad is None
    assert x.grad is None
    assert all(module.get_parameter(name).grad is not None for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"))


@compiled
def test_one_gradient_can_be_asked_for_twice():
    """A kept graph gives the same gradients again."""
    module, x = layer(2, 5), draw(3, 4, 2)
    loss = module(x)[0].square().sum()
    first = torch.autograd.grad(loss, list(module.parameters()), retain_graph=True)
    again = torch.autograd.grad(loss, list(module.parameters()))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))


@compiled
def test_gradients_of_gradients_are_refused():
    """Differentiating twice is an error that says so, not a wrong number."""
    module, x = layer(2, 5), draw(3, 4, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(module(x)[0].square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


@compiled
def test_weights_changed_before_the_gradients_are_noticed():
    """A weight written over between forward and backward is an error, as in torch."""
    module, x = layer(2, 5), draw(3, 4, 2)
    loss = module(x)[0].sum()
    with torch.no_grad():
        module.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@compiled
def test_gradients_that_fade_away_are_zeros():
    """Over many steps the first one's gradient falls below 1e-38 and is zero; nothing is left switched in torch."""
    module, x = layer(1, 4), draw(2, 2000, 1).requires_grad_()
    with torch.no_grad():
        module.weight_hh_l0.mul_(0.01)
    module(x)[0][:, -1].sum().backward()
    assert float(x.grad[:, 0].abs().max()) == 0
    assert float(x.grad[:, -1].abs().min()) > 0
    assert float(torch.tensor(1e-39) * 0.5) > 0


def reference(module, x, **given):
    """Give the states of torch's own layer with the same weights."""
    other = nn.LSTM(module.input_size, module.hidden_size, batch_first=True).to(module.weight_ih_l0.dtype)
    other.load_state_dict(module.state_dict())
    return other(x, **given)[0]


def test_everything_else_is_left_to_torch():
    """Double precision, a first state, one sequence without a batch and packed sequences are torch's own results."""
    module, x = layer(2, 5), draw(3, 4, 2)
    double = copy.deepcopy(module).double()
    assert torch.equal(double(x.double())[0], reference(double, x.double()))
    state = draw(1, 3, 5), draw(1, 3, 5)
    assert torch.equal(module(x, state)[0], reference(module, x, hx=state))
    assert torch.equal(module(x[0])[0], reference(module, x[0]))
    packed = nn.utils.rnn.pack_padded_sequence(x, [4, 2, 1], batch_first=True)
    assert torch.equal(module(packed)[0].data, reference(module, packed).data)


def test_a_wrong_number_of_features_is_torchs_error():
    """The kernel never reads beyond an input: torch refuses it first."""
    with pytest.raises(RuntimeError, match=r"input\.size"):
        layer(2, 5)(draw(3, 4, 3))


@pytest.mark.skipif(not processor_computes_bf16(), reason="this processor computes no LSTM in bfloat16")
def test_bfloat16_arithmetic_is_torchs():
    """Under autocast the products are bfloat16, which the kernel does not have."""
    module, x = layer(2, 5), draw(3, 4, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(module(x)[0], reference(module, x))


@compiled
@pytest.mark.parametrize("batch", [130, 256, 389])
def test_shares_of_a_prediction_change_nothing_but_rounding(batch, monkeypatch):
    """However many sequences a share has, and whoever takes it, states are those of a pass for training."""
    module, x = layer(3, 21), draw(batch, 12, 3)
    with torch.no_grad():
        together, again = module(x)[0], module(x)[0]
        monkeypatch.setattr("unflat.network.kernel.layer._ROWS_IN_CACHE", 9)
        apart = module(x)[0]
    assert torch.equal(together, again)
    assert_near((apart, module(x)[0].detach()), (together, together), tolerance=1e-6)
