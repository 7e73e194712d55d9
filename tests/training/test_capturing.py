"""Steps that a device is told once: a stand-in for it on the processor, and the device itself where there is one."""

from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

from unflat.config import NetworkConfig, TrainingConfig
from unflat.errors import CaptureWarning
from unflat.network import Network
from unflat.scaling.scales import fit_input_scaling
from unflat.sequences import as_sequences
from unflat.sequences.batches import BatchSource
from unflat.training.examples import Examples
from unflat.training.loop import Conduct, Runtime, train

CONFIG = NetworkConfig(units=(5, 4), dropout=0.3)
PLAN = TrainingConfig(epochs=7, batch_size=20, learning_rate=1e-2, averaging=0.1)
SEQUENCES = 48
"""Two batches of 20 and one of 8 in each epoch."""


@dataclass
class Device:
    """Does captured work again in the same memory, as a CUDA graph does."""

    generator: torch.Generator
    parameters: list[torch.Tensor]
    aside_count: int = 0
    recorded: list[int] = field(default_factory=list)

    @contextmanager
    def aside(self):
        self.aside_count += 1
        yield

    def record(self, work):
        state = self.generator.get_state()
        results = work()
        gradients = [parameter.grad for parameter in self.parameters]
        self.generator.set_state(state)  # capturing draws nothing
        place = len(self.recorded)
        self.recorded.append(0)

        def replay():
            self.recorded[place] += 1
            for mine, anew in zip(results, work(), strict=True):
                mine.copy_(anew)
            for mine, parameter in zip(gradients, self.parameters, strict=True):
                mine.copy_(parameter.grad)

        return results, replay


class Unable(Device):
    """Cannot capture anything."""

    def record(self, work):
        message = "operation not permitted when stream is capturing"
        raise RuntimeError(message)


@dataclass(frozen=True)
class WithDevice(Runtime):
    """A processor whose steps a stand-in captures."""

    devices: list[Device] = field(default_factory=list)
    kind: type[Device] = Device
    network: Network | None = None

    def recorder(self, generator):
        moved = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.devices.append(self.kind(generator, moved))
        return self.devices[-1]


def examples(lengths=None):
    """Make examples whose target is a product that no straight line explains."""
    random = np.random.default_rng(3)
    steps = lengths or [6] * SEQUENCES
    raw = [random.normal(size=(length, 2)) for length in steps]
    sequences = as_sequences(np.stack(raw) if lengths is None else raw)
    scaling, _ = fit_input_scaling(sequences, "none")
    target = np.array([values[-1, 0] * values[0, 1] for values in raw])[:, None]
    weights = torch.from_numpy(random.uniform(0.5, 1.5, SEQUENCES)).float()
    return Examples(BatchSource(sequences), scaling, torch.from_numpy(target).float(), weights)


def trained(kind=None, data=None, device="cpu"):
    """Train a small network, with a stand-in or without, and give its weights, its losses and the stand-in."""
    network = Network(CONFIG, features=2, outputs=1, generator=torch.Generator().manual_seed(0)).to(device)
    where = torch.device(device)
    runtime = Runtime(where) if kind is None else WithDevice(where, kind=kind, network=network)
    data = data or examples()
    history, *_ = train(network, data, data, PLAN, Conduct(torch.Generator().manual_seed(1), runtime))
    weights = torch.cat([parameter.detach().cpu().flatten() for parameter in network.parameters()])
    return weights, [record.loss for record in history.epochs], None if kind is None else runtime.devices[0]


def test_captured_steps_train_as_steps_told_one_by_one():
    """The same weights, bit for bit: dropout, weights of sequences and a smaller last batch included."""
    told, losses, _ = trained()
    captured, captured_losses, device = trained(Device)
    assert torch.equal(captured, told)
    assert captured_losses == losses
    full, last = device.recorded
    assert (full, last) == (2 * PLAN.epochs - 3, PLAN.epochs - 3)
    assert device.aside_count == 6


def test_sequences_of_unequal_length_are_not_captured():
    """Nearly each of their batches has a shape of its own."""
    data = examples(lengths=[3 + place % 4 for place in range(SEQUENCES)])
    told, _, _ = trained(data=data)
    network = Network(CONFIG, features=2, outputs=1, generator=torch.Generator().manual_seed(0))
    runtime = WithDevice(kind=Device, network=network)
    train(network, data, data, PLAN, Conduct(torch.Generator().manual_seed(1), runtime))
    assert runtime.devices == []
    assert torch.equal(torch.cat([parameter.detach().flatten() for parameter in network.parameters()]), told)


def test_a_device_that_cannot_capture_trains_all_the_same():
    """It says so once, and steps are told one by one."""
    told, losses, _ = trained()
    with pytest.warns(CaptureWarning, match=r"cannot capture .*operation not permitted.* one by one") as warned:
        captured, captured_losses, _ = trained(Unable)
    assert len(warned) == 1
    assert torch.equal(captured, told)
    assert captured_losses == losses


def test_the_processor_captures_nothing():
    """There a step is not told from afar."""
    assert Runtime().recorder(torch.Generator()) is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_captures_what_it_is_told(monkeypatch):
    """On the device itself the weights are those of steps told one by one, but for rounding."""
    captured, captured_losses, _ = trained(device="cuda")
    monkeypatch.setattr(Runtime, "recorder", lambda *_: None)
    told, losses, _ = trained(device="cuda")
    torch.testing.assert_close(captured, told, atol=1e-4, rtol=1e-4)
    assert captured_losses == pytest.approx(losses, rel=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_captures_every_network_without_a_warning():
    """Nothing in a network waits for the processor, which no graph could hold: warnings are errors here."""
    for config in (
        NetworkConfig(units=(4,), lags=2, moments=True, products=2, extremes=True, first=True),
        NetworkConfig(cell="gru", units=(4,), bidirectional=True, readout=("attention", "last")),
        NetworkConfig(units=(4,), skip=False, embedded=((0, 1),)),
    ):
        network = Network(config, features=2, outputs=1, generator=torch.Generator().manual_seed(0)).to("cuda")
        runtime = Runtime(torch.device("cuda"))
        train(network, examples(), None, PLAN, Conduct(torch.Generator().manual_seed(1), runtime))
