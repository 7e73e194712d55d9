"""A PyTorch module, trained again."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from unflat.diagnosis.programs.base import Program
from unflat.diagnosis.programs.edits import KEPT_OUT, LONGER, Edit
from unflat.diagnosis.programs.preparing import prepare
from unflat.diagnosis.programs.torch_surgery import (
    batches_of,
    drawn_anew,
    edited,
    fresh,
    refusal,
    settle,
    take_samples_first,
    takes_samples_for_steps,
)
from unflat.diagnosis.subjects.described import loss_name
from unflat.diagnosis.subjects.guarding import guarded
from unflat.diagnosis.subjects.keeping import kept_randomness, uncompiled
from unflat.diagnosis.subjects.measures import batch_size_for
from unflat.diagnosis.subjects.module import TorchSubject
from unflat.diagnosis.subjects.optimizers import optimizer_name, usual_rate
from unflat.diagnosis.subjects.torch_losses import compared, objective
from unflat.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from unflat.diagnosis.programs.base import Job, Training
    from unflat.diagnosis.programs.torch_forward import Edited
    from unflat.diagnosis.subjects.torch_losses import Objective

_BY_NAME = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}

_SAMPLE = 8


class TorchProgram(Program):
    """The usual loop over batches, with the user's loss and optimizer.

    Parameters
    ----------
    module : torch.nn.Module
        The user's; copies are trained.
    training : Training
        How it was trained; with a loss and an optimizer, as `can_train` asks.

    Raises
    ------
    ConfigurationError
        If the loss is not known.
    """

    def __init__(self, module: nn.Module, training: Training) -> None:
        self._module: nn.Module = getattr(module, "_orig_mod", module)  # a compiled module's own, which can be copied
        found = objective(training.loss)
        if found is None:
            raise ConfigurationError(
                "diagnose", "loss", "the loss that the module was trained with", training.loss,
                "Give it by its name, such as loss='mse', or as a function of prediction and target.",
            )  # fmt: skip
        self._objective = found
        self._training = training
        self.epochs = training.passes
        self.assumed = tuple(self._assumptions())
        held = getattr(training.optimizer, "param_groups", None)
        held_ids = None if held is None else {id(p) for group in held for p in group["params"]}
        named = self._module.named_parameters()
        self._held = {name for name, p in named if p.requires_grad and (held_ids is None or id(p) in held_ids)}

    def refuses(self, edit: Edit) -> str | None:
        """Say why a change cannot be made to this module."""
        if edit is Edit.MASK_PADDING and self._training.padding is None:
            return "what value pads the sequences is not known"
        return refusal(self._module, edit)

    def run(self, job: Job, edits: Collection[Edit]) -> NDArray[Any]:
        """Train a fresh copy, and predict."""
        edits = frozenset(edits)
        in_layers = Edit.SWAP_AXES in edits and takes_samples_for_steps(self._module, job.X)
        data = prepare(job, edits - {Edit.SWAP_AXES} if in_layers else edits)
        devices = {p.device for p in self._module.parameters()}
        with guarded(type(self._module).__name__, job.X), kept_randomness(devices), uncompiled():
            torch.manual_seed(job.seed)  # put back when the context ends
            X, X_new = (TorchSubject(self._module).tensor(values) for values in (data.X, data.X_new))
            y = torch.as_tensor(data.y, dtype=X.dtype if X.is_floating_point() else torch.float32, device=X.device)
            copied = fresh(self._module, self._held)
            if in_layers:
                take_samples_first(copied)
            network = edited(copied, edits, X[:_SAMPLE], self._training.padding)
            epochs = (job.epochs or self._training.passes) * (LONGER if Edit.MORE_EPOCHS in edits else 1)
            aligned = not self._training.broadcasts or Edit.ALIGN_LOSS in edits
            loss = _aligned(self._objective) if aligned else self._objective
            _Loop(network, loss, self._trained(network, edits), self._training.batch_size, edits).run(X, y, epochs)
            if Edit.SETTLE_NORMS in edits:
                settle(network, batches_of(network, X, max(self._training.batch_size, _SAMPLE)))
            network.train(self._module.training and Edit.SETTLE_NORMS not in edits)
            return data.back(_predicted(network, X_new))

    def _trained(self, network: Edited, edits: Collection[Edit]) -> torch.optim.Optimizer:
        """Make the optimizer anew, over the parameters that the user's held."""
        named = network.module.named_parameters()
        # Layers that were replaced have parameters of the same names.
        parameters = [p for name, p in named if Edit.THAW in edits or name in self._held]
        kind, given = _optimizer(self._training.optimizer)
        if Edit.USUAL_RATE in edits:
            given["lr"] = usual_rate(optimizer_name(kind))
        if Edit.NO_REGULARISATION in edits:
            given["weight_decay"] = 0.0
        return kind(parameters, **given)

    def _assumptions(self) -> Iterator[str]:
        yield from self._training.assumptions()
        if not drawn_anew(self._module):
            yield "No reset_parameters() draws some parameters anew: each training began from them as they are."


class _Loop:
    """Pass over the data in batches, and keep the best epoch where that is asked for."""

    def __init__(
        self,
        network: nn.Module,
        loss: Objective,
        optimizer: torch.optim.Optimizer,
        batch_size: int,
        edits: Collection[Edit],
    ) -> None:
        self._network = network
        self._loss = loss
        self._optimizer = optimizer
        self._batch_size = batch_size
        self._edits = edits

    def run(self, X: Tensor, y: Tensor, epochs: int) -> None:
        order = torch.randperm(len(X), device=X.device)
        kept_out = round(KEPT_OUT * len(X)) if Edit.KEEP_BEST in self._edits else 0
        judged, learned = order[:kept_out], order[kept_out:]
        best, weights = float("inf"), None
        for _ in range(epochs):
            self._epoch(X, y, learned)
            if kept_out and (error := self._error(X[judged], y[judged])) < best:
                best, weights = error, {k: v.clone() for k, v in self._network.state_dict().items()}
        if weights is not None:
            self._network.load_state_dict(weights)

    def _epoch(self, X: Tensor, y: Tensor, learned: Tensor) -> None:
        self._network.train()
        order = torch.randperm(len(learned), device=X.device)
        for batch in batches_of(self._network, learned[order], self._batch_size):
            self._optimizer.zero_grad()
            compared(self._loss, self._network(X[batch]), y[batch]).backward()
            if Edit.CLIP_AT_ONE in self._edits:
                torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            self._optimizer.step()

    @torch.no_grad()
    def _error(self, X: Tensor, y: Tensor) -> float:
        self._network.eval()
        return float(compared(self._loss, self._network(X), y))


def can_train(loss: object, optimizer: object) -> bool:
    """Whether a loss and an optimizer say enough to train with."""
    known = isinstance(optimizer, torch.optim.Optimizer) or (
        isinstance(optimizer, str) and optimizer.lower() in _BY_NAME
    )
    return known and (callable(loss) or loss_name(loss) is not None)


def _aligned(loss: Objective) -> Objective:
    """Give targets the shape of predictions, where they have as many values."""

    def compare(prediction: Tensor, target: Tensor) -> Tensor:
        return loss(prediction, target.reshape(prediction.shape) if prediction.numel() == target.numel() else target)

    return compare


@torch.no_grad()
def _predicted(network: nn.Module, X: Tensor) -> NDArray[Any]:
    return np.concatenate([network(part).double().cpu().numpy() for part in X.split(batch_size_for(X))])


def _optimizer(optimizer: Any) -> tuple[type[torch.optim.Optimizer], dict[str, Any]]:  # noqa: ANN401 - a name or an optimizer
    """Give the class of an optimizer, and what it was made with; of several groups, what the first one has."""
    if isinstance(optimizer, str):
        return _BY_NAME[optimizer.lower()], {}
    group = optimizer.param_groups[0]
    names = set(inspect.signature(type(optimizer)).parameters) & set(group) - {"params"}
    given = {name: group[name] for name in names}
    given["lr"] = group.get("max_lr", group.get("initial_lr", group["lr"]))  # schedules leave the former there
    return type(optimizer), given
