"""The loop: batches in, better weights out. It prints nothing, seeds nothing and knows nothing of raw units."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from unflat.config import OWNER
from unflat.errors import ConfigurationError
from unflat.history import EpochRecord, History
from unflat.memory import memory_kept
from unflat.sequences import sequences_together
from unflat.training.averaging import AveragedWeights
from unflat.training.callbacks import Plan
from unflat.training.capturing import Captured, CudaRecorder
from unflat.training.losses import Loss
from unflat.training.optimizing import AdamW, Constant, OneCycle, clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from unflat.config import Precision, TrainingConfig
    from unflat.history import Ending
    from unflat.network import Network
    from unflat.training.callbacks import Callback
    from unflat.training.capturing import Recorder
    from unflat.training.examples import Examples, ScaledBatch
    from unflat.training.optimizing import Pace

_ROUNDING = 64 * torch.finfo(torch.float32).eps
"""Share of a number that a sum of hundreds of float32 terms may be off by."""

_MOST_JUDGED_TOGETHER = 256
"""Sequences judged together at the most: large enough to be fast. Of long ones there are no more than predicted."""


@cache
def processor_computes_bf16() -> bool:
    """Whether this processor computes an LSTM in bfloat16; some cannot, and torch has no other way there."""
    one = torch.zeros(1, 1, 1, device="cpu")
    gates = torch.zeros(4, 1, device="cpu")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            torch.lstm(one, (one, one), (gates, gates), False, 1, 0.0, True, False, True)  # noqa: FBT003 - torch's form
    except RuntimeError:
        return False
    return True


@dataclass(frozen=True)
class Runtime:
    """Where training computes, and how exactly.

    Parameters
    ----------
    device : torch.device
        Where the network is.
    precision : {"fp32", "bf16"}
        The arithmetic of its products.

    Raises
    ------
    ConfigurationError
        If the processor cannot compute in this precision.
    """

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    precision: Precision = "fp32"

    def __post_init__(self) -> None:
        if self.precision == "bf16" and self.device.type == "cpu" and not processor_computes_bf16():
            words = "'fp32' on this processor, which computes no LSTM in bfloat16"
            raise ConfigurationError(OWNER, "precision", words, self.precision)

    def autocast(self) -> torch.autocast:
        """Compute products in this precision while the context lasts."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16")

    def recorder(self, generator: torch.Generator) -> Recorder | None:
        """Give what captures steps that draw from this generator; None where the device has nothing of the kind."""
        return CudaRecorder(self.device, generator) if self.device.type == "cuda" else None


@dataclass(frozen=True, eq=False)
class Conduct:
    """How trainings are conducted, as against what is learned and to what end: the same for all networks of a fit.

    Parameters
    ----------
    generator : torch.Generator
        The order of sequences and what dropout leaves out; on the processor.
    runtime : Runtime
        Device and precision.
    callbacks : sequence of Callback
        Who looks on, at each training.
    keep_errors : bool
        Whether to keep each network's errors on what it holds out.
    """

    generator: torch.Generator
    runtime: Runtime = field(default_factory=Runtime)
    callbacks: Sequence[Callback] = ()
    keep_errors: bool = False


class Trained(NamedTuple):
    """What a training leaves, beside the network that it trained.

    Parameters
    ----------
    history : History
        What happened; `stopped` says how it ended.
    moments : dict or None
        The optimizer's, for a later training to go on from; None where they are no numbers, since it diverged.
    errors : list of Tensor
        The errors on the validation part, target less prediction, each of shape (n, outputs): first of the weights that
        training begins with, then of every epoch. Empty where they were not to be kept.
    """

    history: History
    moments: dict[str, Any] | None
    errors: list[Tensor]


@memory_kept()
def train(
    network: Network,
    training: Examples,
    validation: Examples | None,
    config: TrainingConfig,
    conduct: Conduct,
    *,
    moments: dict[str, Any] | None = None,
    turn: tuple[int, int] = (1, 1),
) -> Trained:
    """Train a network in place.

    What is judged after each epoch, and kept, is the average of the weights over the latest steps. With a validation
    part, that of the epoch with the lowest validation loss is restored at the end; the weights before the first epoch
    count as epoch 0. Without one, the last average stays; of a training that diverged or was interrupted, that of the
    epoch with the lowest training loss is restored.

    Parameters
    ----------
    network : Network
        What to train, on the device of its conduct.
    training, validation : Examples
        The parts; None for no validation.
    config : TrainingConfig
        Loss, schedule, limits.
    conduct : Conduct
        Where it computes, what it draws by, who looks on, and what is kept.
    moments : dict or None
        The optimizer's moments of an earlier training to go on from.
    turn : tuple of int
        Which network of one fit it is, from 1, and how many there are to be: callbacks are told.

    Returns
    -------
    Trained
        What happened, and what was kept. An interrupt by Ctrl-C ends it like any other end.
    """
    loop, callbacks = _Loop(network, config, conduct, training), conduct.callbacks
    loop.go_on_from(moments)
    exact = 0.0 if validation is None else loop.rounding(validation)
    best = _Best(network, None if validation is None else loop.evaluate(validation))
    records: list[EpochRecord] = []
    for callback in callbacks:
        callback.on_start(Plan(config.epochs, loop.steps, len(training), *turn))
    # Where the weights that it begins with leave nothing but rounding, there is nothing to train.
    is_exact = best.loss < exact
    stopped: Ending = "exact" if is_exact else "interrupted"  # unless the loop comes to an end of its own
    try:
        for record in () if is_exact else loop.epochs(validation):
            records.append(record)
            with loop.average.in_place():
                best.offer(record)
            # Every callback sees every epoch, also when an earlier one asks to stop.
            asked = [bool(callback.on_epoch(record)) for callback in callbacks]
            if ending := _ending(record, best, config, asked, exact):
                stopped = ending
                break
    except KeyboardInterrupt:
        pass
    finally:
        loop.average.settle()
        if validation is not None or stopped in {"diverged", "interrupted"}:
            best.restore()
        history = History(tuple(records), stopped, best.epoch if best.restored else len(records))
        for callback in callbacks:
            callback.on_end(history)
    return Trained(history, None if stopped == "diverged" else loop.moments(), loop.errors)


def _ending(record: EpochRecord, best: _Best, config: TrainingConfig, asked: list[bool], exact: float) -> Ending | None:
    """Say why this epoch is the last, or None if it is not."""
    if not math.isfinite(record.loss):
        return "diverged"
    if any(asked):
        return "callback"
    if record.epoch == config.epochs:
        return "finished"
    if best.loss < exact:
        return "exact"
    waited = record.epoch - best.epoch
    if config.patience is not None and record.validation_loss is not None and waited >= config.patience:
        return "early"
    return None


class _Best:
    """The weights of the best epoch so far."""

    def __init__(self, network: Network, loss: float | None) -> None:
        self._network = network
        self._weights = _copied(network)
        self.loss = math.inf if loss is None else loss
        self.epoch = 0
        self.restored = False

    def offer(self, record: EpochRecord) -> None:
        """Keep the network's weights if this epoch is the best."""
        if math.isfinite(record.loss) and record.judged_loss < self.loss:
            self.loss, self._weights, self.epoch = record.judged_loss, _copied(self._network), record.epoch

    def restore(self) -> None:
        """Put the kept weights back."""
        self._network.load_state_dict(self._weights)
        self.restored = True


def _copied(network: Network) -> dict[str, Any]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


class _Loop:
    """Optimizer, schedule and the two passes over data."""

    def __init__(self, network: Network, config: TrainingConfig, conduct: Conduct, training: Examples) -> None:
        self.steps = math.ceil(len(training) / config.batch_size)
        self._network = network
        self._config = config
        self._conduct = conduct
        self._runtime = conduct.runtime
        self._training = training
        self._loss = Loss.of(config)
        self.errors: list[Tensor] = []
        self._dropout = _on_device(conduct.generator, conduct.runtime.device)
        self._optimizer = AdamW(network.named_parameters(), decay=config.weight_decay, epsilon=config.epsilon)
        steps = self.steps * config.epochs
        is_constant = config.schedule == "constant"
        self._pace = Constant(config.learning_rate) if is_constant else OneCycle(config.learning_rate, steps)
        self.average = AveragedWeights(self._optimizer.parameters, config.averaging * steps)
        # Where sequences have unequal lengths, nearly every batch has a shape of its own: there is nothing to repeat.
        recorder = conduct.runtime.recorder(self._dropout) if training.alike else None
        parameters = self._optimizer.parameters
        self._descent = self._descend if recorder is None else Captured(self._descend, parameters, recorder)

    def go_on_from(self, moments: dict[str, Any] | None) -> None:
        """Take over the optimizer's moments of an earlier training, where there are any."""
        if moments:
            self._optimizer.go_on_from(moments)

    def moments(self) -> dict[str, Any]:
        """Give the optimizer's moments."""
        return self._optimizer.moments()

    def epochs(self, validation: Examples | None) -> Iterator[EpochRecord]:
        """Pass over the data epoch by epoch."""
        for number in range(1, self._config.epochs + 1):
            yield self._epoch(number, validation)

    def _epoch(self, number: int, validation: Examples | None) -> EpochRecord:
        """Pass over the training part once, then judge on the validation part."""
        began = time.perf_counter()
        total, norm = (
            torch.zeros((), dtype=torch.float32, device=self._runtime.device),
            torch.zeros((), dtype=torch.float32, device=self._runtime.device),
        )
        step = (number - 1) * self.steps
        order = self._shuffled(len(self._training))
        for batch in self._training.batches(order, self._config.batch_size, self._runtime.device):
            pace = self._pace(step)
            loss, step_norm = self._step(batch, pace)
            total += loss * len(batch.x)
            norm = torch.maximum(norm, step_norm)
            step += 1
            for callback in self._conduct.callbacks:
                callback.on_step(step, pace.rate)
        return EpochRecord(
            number,
            float(total) / len(self._training),
            None if validation is None else self._judged(validation),
            pace.rate,
            float(norm),
            time.perf_counter() - began,
        )

    def _step(self, batch: ScaledBatch, pace: Pace) -> tuple[Tensor, Tensor]:
        loss, norm = self._descent(batch)
        self._optimizer.step(pace)
        self.average.follow()
        return loss, norm

    def _descend(self, batch: ScaledBatch) -> tuple[Tensor, Tensor]:
        """Compute the gradients, and give the loss and their norm."""
        self._optimizer.forget_gradients()
        with self._runtime.autocast():
            prediction = self._network(batch.x, batch.lengths, self._dropout, batch.context)
        loss = self._loss(prediction, batch.target, batch.weight)
        loss.backward()
        return loss.detach(), clip(self._optimizer.parameters, self._config.clip_norm)

    def _judged(self, validation: Examples) -> float:
        with self.average.in_place():
            return self.evaluate(validation)

    @torch.no_grad()
    def evaluate(self, examples: Examples) -> float:
        """Average the loss over all examples, without dropout, and keep their errors where these are wanted."""
        total = 0.0
        errors: list[Tensor] = []
        for batch, prediction in _predicted(self._network, examples, self._runtime):
            total += float(self._loss(prediction, batch.target, batch.weight)) * len(batch.x)
            if self._conduct.keep_errors:
                errors.append((batch.target - prediction).float().cpu())
        if errors:
            self.errors.append(torch.cat(errors))
        return total / len(examples)

    def rounding(self, examples: Examples) -> float:
        """Give the loss of errors as small as float32's rounding of the targets: less cannot be learned."""
        size = _ROUNDING * float(examples.targets.abs().mean())
        error = torch.full((1, 1), size, dtype=torch.float32, device="cpu")
        return float(self._loss(torch.zeros_like(error), error))

    def _shuffled(self, n: int) -> Tensor:
        # Numbers of 32 bits, half the memory, wherever they reach.
        kind = torch.int32 if n <= torch.iinfo(torch.int32).max else torch.int64
        return torch.randperm(n, generator=self._conduct.generator, dtype=kind, device="cpu")


def _predicted(network: Network, examples: Examples, runtime: Runtime) -> Iterator[tuple[ScaledBatch, Tensor]]:
    """Go through all examples, a batch at a time, with what is predicted for them without dropout."""
    together = min(_MOST_JUDGED_TOGETHER, sequences_together(examples.source.longest))
    for index in torch.arange(len(examples), device="cpu").split(together):
        batch = examples.draw(index, runtime.device)
        with runtime.autocast():
            prediction = network(batch.x, batch.lengths, context=batch.context)
        yield batch, prediction


@torch.no_grad()
def errors_on(network: Network, examples: Examples, runtime: Runtime) -> Tensor:
    """Give the errors of a network, target less prediction, of shape (n, outputs), on the processor."""
    found = _predicted(network, examples, runtime)
    return torch.cat([(batch.target - prediction).float().cpu() for batch, prediction in found])


def _on_device(generator: torch.Generator, device: torch.device) -> torch.Generator:
    """Give the generator itself on the processor, or one on the device that is seeded by it."""
    if device.type == "cpu":
        return generator
    seed = int(torch.randint(2**62, (), generator=generator, device="cpu"))
    return torch.Generator(device).manual_seed(seed)
