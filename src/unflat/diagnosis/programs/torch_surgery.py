"""A copy of a torch module with new weights, changed as cures say."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from unflat.diagnosis.programs.edits import LAYERS_LEFT, Edit
from unflat.diagnosis.programs.torch_forward import Edited
from unflat.diagnosis.subjects.keeping import kept_randomness
from unflat.diagnosis.subjects.measures import MIXED
from unflat.diagnosis.subjects.module import TorchSubject
from unflat.diagnosis.subjects.torch_units import NORMS, STACKED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from torch import Tensor


def fresh(module: nn.Module, trained: Collection[str]) -> nn.Module:
    """Copy a module, with new weights wherever its parts know how to draw them.

    Parameters
    ----------
    module : torch.nn.Module
        The user's; it is not changed.
    trained : collection of str
        Names of the parameters that its training changes. All others keep their values.

    Returns
    -------
    torch.nn.Module
        The copy, in training mode. Global randomness is drawn from: keep it around the call.
    """
    copied = _copied(module).train()
    _draw(copied)
    with torch.no_grad():
        for (name, own), kept in zip(copied.named_parameters(), module.parameters(), strict=True):
            if name not in trained:
                own.copy_(kept)
    return copied


def drawn_anew(module: nn.Module) -> bool:
    """Whether `fresh` draws every parameter anew: on a copy without any number, none is left without one."""
    with kept_randomness({p.device for p in module.parameters()}), torch.no_grad():
        try:
            copied = _copied(module)
            for parameter in copied.parameters():
                parameter.fill_(torch.nan)
            _draw(copied)
        except Exception:  # noqa: BLE001 - a module's own code may raise anything; a training tells it
            return False
        return not any(bool(parameter.isnan().any()) for parameter in copied.parameters())


def _copied(module: nn.Module) -> nn.Module:
    """Copy a module; of a tensor that a pass left in it, which torch does not copy, the values."""
    left: dict[int, Any] = {}
    for part in module.modules():
        for tensor in _tensors(tuple(vars(part).values())):
            if not tensor.is_leaf:
                left[id(tensor)] = tensor.detach().clone()
    return copy.deepcopy(module, left)


def _tensors(value: object) -> Iterator[Tensor]:
    """Give the tensors in a value, in tuples, lists and mappings as well."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, tuple | list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)


def _draw(module: nn.Module) -> None:
    """Let each part draw its weights; what a parametrization makes them of is worked out from them."""
    for part in module.modules():
        reset = getattr(part, "reset_parameters", None)
        if not callable(reset):
            continue
        with parametrize.cached():  # else what is drawn into such a weight is lost
            reset()
            made: Any = part.parametrizations if parametrize.is_parametrized(part) else ()
            drawn = {name: getattr(part, name).detach().clone() for name in made}
        for name, weight in drawn.items():
            with suppress(RuntimeError):  # of one that cannot be worked out backwards
                setattr(part, name, weight)


def edited(module: nn.Module, edits: Collection[Edit], sample: Tensor, padding: float | None) -> Edited:
    """Change a fresh copy.

    Parameters
    ----------
    module : torch.nn.Module
        What `fresh` gave; it is changed.
    edits : collection of Edit
        What to change.
    sample : Tensor of shape (n, T, F)
        Some sequences.
    padding : float or None
        The value that sequences are padded with at their end.

    Returns
    -------
    Edited
        The module, behind its changed forward pass.
    """
    if Edit.FEWER_LAYERS in edits:
        _shorten(module)
    if Edit.NO_REGULARISATION in edits:
        _without_dropout(module)
    if Edit.THAW in edits:
        module.requires_grad_(requires_grad=True)
    if Edit.SMOOTH_UNITS in edits:
        for part in module.modules():
            if isinstance(part, nn.RNN):
                part.nonlinearity, part.mode = "tanh", "RNN_TANH"
    return Edited(module, edits, sample, padding)


def takes_samples_for_steps(module: nn.Module, X: object) -> bool:
    """Whether layers read the sequences of a batch as their steps: axes are wrong in the layers, not in the data."""
    return (TorchSubject(module, None, None).mixes_sequences(X) or 0.0) >= MIXED


def take_samples_first(module: nn.Module) -> None:
    """Have every recurrent and attention layer take samples first, as `batch_first=True` does."""
    for part in module.modules():
        if isinstance(part, nn.RNNBase | nn.MultiheadAttention):
            part.batch_first = True


def batches_of(module: nn.Module, values: Tensor, size: int) -> list[Tensor]:
    """Split values into batches.

    Parameters
    ----------
    module : torch.nn.Module
        What is trained on them.
    values : Tensor of shape (n, ...)
        Sequences, or their places.
    size : int
        How many are in a batch.

    Returns
    -------
    list of Tensor
        In their order; norms, which can make nothing of a last batch of one, get it with the one before.
    """
    batches = list(values.split(size))
    if len(batches) > 1 and len(batches[-1]) == 1 and any(isinstance(part, NORMS) for part in module.modules()):
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def settle(module: nn.Module, batches: list[Tensor]) -> None:
    """Gather the statistics of all norms anew, each batch counting alike.

    Parameters
    ----------
    module : torch.nn.Module
        Trained; left in training mode.
    batches : list of Tensor
        Training sequences.
    """
    norms = [part for part in module.modules() if isinstance(part, NORMS) and part.track_running_stats]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for an average of all batches
    module.train()
    with torch.no_grad():
        for batch in batches:
            module(batch)


def refusal(module: nn.Module, edit: Edit) -> str | None:
    """Say why a change of the recurrent layers cannot be made to a module; None where it can."""
    stacks = [part for part in module.modules() if isinstance(part, STACKED)]
    if edit is Edit.FEWER_LAYERS and not any(stack.num_layers > LAYERS_LEFT for stack in stacks):
        return f"its layers are not stacked in one nn.LSTM or nn.GRU of more than {LAYERS_LEFT}"
    if edit in {Edit.POOL_STATES, Edit.MASK_PADDING} and not stacks:
        return "it has no nn.LSTM, nn.GRU or nn.RNN"
    return None


def _shorten(module: nn.Module) -> None:
    for path, part in list(module.named_modules()):
        if isinstance(part, STACKED) and part.num_layers > LAYERS_LEFT:
            weight = next(part.parameters())
            shorter = _stack_of(part)(
                part.input_size,
                part.hidden_size,
                num_layers=LAYERS_LEFT,
                bias=part.bias,
                batch_first=part.batch_first,
                dropout=part.dropout,
                bidirectional=part.bidirectional,
            )
            module.set_submodule(path, shorter.to(weight.device, weight.dtype))


def _stack_of(part: nn.Module) -> Callable[..., nn.Module]:
    return next(kind for kind in STACKED if isinstance(part, kind))


def _without_dropout(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, STACKED):
            part.dropout = 0.0
        elif hasattr(part, "p") and "dropout" in type(part).__name__.lower():
            object.__setattr__(part, "p", 0.0)  # the rate is a plain attribute
